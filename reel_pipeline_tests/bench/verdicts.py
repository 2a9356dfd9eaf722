"""Holds a run's states and verdicts against those kept in `verdicts/`, product by product.

    reel-pipeline run --source ../shared/photos --json > run.json
    python -m reel_pipeline_tests.bench.verdicts run.json [--keep NAME]

Prints how many products there are of each state and verdict, and every product that differs from the newest kept file
(their names begin with the date). `--keep NAME` writes this run down as `verdicts/NAME.csv`.
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

KEPT = Path(__file__).with_name("verdicts")
COLUMNS = ("sku", "state", "public", "verdict", "shots", "reasons")
COMPARED = ("state", "verdict", "shots", "reasons")
Rows = dict[str, dict[str, str]]


def rows_of(run: Path) -> Rows:
    """SKU -> its row as text, from the JSON document of `reel-pipeline run`; an item that errored is `failed`."""
    rows = {}
    for product in json.loads(run.read_text())["products"]:
        row = {"state": "failed", "reasons": [product["error"]]} if "error" in product else product
        row = {**row, "shots": _joined(row.get("shots")), "reasons": _joined(row.get("reasons"))}
        rows[product["sku"]] = {column: str(row.get(column) or "") for column in COLUMNS} | {"sku": product["sku"]}
    return dict(sorted(rows.items()))


def kept(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as text:
        return {row["sku"]: {column: row.get(column) or "" for column in COLUMNS} for row in csv.DictReader(text)}


def keep(rows: Rows, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


def differences(before: Rows, after: Rows) -> list[str]:
    """One sentence a product and column that is another one now."""
    found = []
    for sku in sorted(before.keys() | after.keys()):
        old, new = before.get(sku), after.get(sku)
        if old is None or new is None:
            found.append(f"{sku}: {'new' if old is None else 'gone'}")
            continue
        found += [
            f"{sku}: {column} was {old[column] or 'none'!r}, is {new[column] or 'none'!r}"
            for column in COMPARED
            if old[column] != new[column]
        ]
    return found


def _joined(values: object) -> str:
    return " / ".join(str(value) for value in values) if isinstance(values, list) else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, metavar="RUN.json")
    parser.add_argument("--keep", metavar="NAME")
    options = parser.parse_args()
    rows = rows_of(options.run)
    newest = max(KEPT.glob("*.csv"), default=None)
    print(f"{len(rows)} products")
    for (state, verdict), count in Counter((row["state"], row["verdict"]) for row in rows.values()).most_common():
        print(f"  {count:4} {state}, {verdict or 'no verdict'}")
    if newest:
        print(f"against {newest.name}:")
        print("\n".join(differences(kept(newest), rows)) or "  nothing differs")
    if options.keep:
        KEPT.mkdir(exist_ok=True)
        keep(rows, KEPT / f"{options.keep}.csv")


if __name__ == "__main__":
    main()
