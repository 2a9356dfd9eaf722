"""How well restricted goods are told by their names: `python -m reel_pipeline_tests.bench.restricted FILE.csv...`

A file has the columns title, product_type, description, tags (separated by `|`), language and kind, `none` for innocent
goods. `shots/restricted_names.csv` was written without knowledge of the table of words, and so was
`restricted_held_out.csv` beside this file, whose names no word of the table may be taken from: it is for reporting.
"""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.restricted import restricted_kind

NAMES = Path(__file__).parents[1] / "shots" / "restricted_names.csv"


class Score(NamedTuple):
    restricted: int
    missed: list[str]
    innocent: int
    held: list[str]


def score(path: Path) -> Score:
    made = Score(0, [], 0, [])
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tags = tuple(tag for tag in row["tags"].split("|") if tag)
            facts = Facts(
                title=row["title"],
                description=row["description"],
                product_type=row["product_type"],
                vendor="",
                colour="",
                tags=tags,
            )
            kind = restricted_kind(facts)
            if row["kind"] == "none":
                made = made._replace(innocent=made.innocent + 1)
                if kind:
                    made.held.append(f"{row['title']} ({kind})")
            else:
                made = made._replace(restricted=made.restricted + 1)
                if not kind:
                    made.missed.append(f"{row['title']} ({row['kind']})")
    return made


def main() -> None:
    for path in [Path(name) for name in sys.argv[1:]] or [NAMES]:
        made = score(path)
        print(f"{path}: found {made.restricted - len(made.missed)} of {made.restricted} restricted,")
        print(f"held {len(made.held)} of {made.innocent} innocent")
        for name in made.missed:
            print(f"  missed: {name}")
        for name in made.held:
            print(f"  held: {name}")


if __name__ == "__main__":
    main()
