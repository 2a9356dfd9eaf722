"""Tables from a results file of `judging.py`: `python -m reel_pipeline_tests.bench.tables RESULTS.jsonl [--split odd]`.

Even-numbered SKUs are for choosing gates, odd ones for reporting. `--thresholds` shows, from the even ones, which
gates would let 5 % of the honest clips be rejected, and what they would do to recall there; adopting them is a person's
edit of `thresholds.toml`. Only the lines of the judge that wrote the last one count.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline_tests.bench.cases import NAMES
from reel_pipeline_tests.bench.judging import read

FALSE_REJECTS = 0.05
_RESAMPLES = 500
Row = dict[str, Any]


def of_split(rows: Sequence[Row], split: str) -> list[Row]:
    wanted = {"even": (0,), "odd": (1,), "all": (0, 1)}[split]
    return [row for row in rows if int(row["sku"].split("-")[-1]) % 2 in wanted]


def judge_score(row: Row) -> float:
    """The worst of its scores in gates: from 1 on it is rejected, or left to a person where that is a face_artifact's.
    What could not be placed at all is worst."""
    return max((row["scores"][kind] / gate for kind, gate in row["thresholds"].items()), default=0.0)


def baseline_score(name: str) -> Callable[[Row], float]:
    return lambda row: float(row["baselines"].get(name, np.nan))


def auroc(honest: Sequence[float], faulty: Sequence[float]) -> float:
    """Share of pairs in which the faulty clip scores higher; ties count half."""
    low, high = (np.array([value for value in values if np.isfinite(value)]) for values in (honest, faulty))
    if not len(low) or not len(high):
        return float("nan")
    return float((high[:, None] > low).mean() + 0.5 * (high[:, None] == low).mean())


def gate_for(rows: Sequence[Row], score: Callable[[Row], float]) -> float:
    """The least score that at most `FALSE_REJECTS` of the honest clips reach."""
    values = [score(row) for row in rows if row["honest"] and np.isfinite(score(row))]
    if not values:
        return float("nan")
    return float(np.nextafter(np.quantile(values, 1 - FALSE_REJECTS, method="higher"), np.inf))


def interval(rows: Sequence[Row], hit: Callable[[Row], bool]) -> tuple[float, float]:
    """95 % of the recalls when products are drawn again with replacement."""
    by_product: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        by_product[row["sku"]].append(hit(row))
    groups, rng = list(by_product.values()), np.random.default_rng(0)
    draws = rng.integers(len(groups), size=(_RESAMPLES, len(groups)))
    shares = [np.concatenate([groups[index] for index in draw]).mean() for draw in draws]
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def fault_table(rows: Sequence[Row], tuning: Sequence[Row]) -> str:
    """Recall per kind and severity as shipped and at 5 % false rejects, the gate of the latter chosen on `tuning`."""
    gate = gate_for(tuning, judge_score)
    simple = {name: gate_for(tuning, baseline_score(name)) for name in ("ssim", "consistency", "ocr")}
    honest = [judge_score(row) for row in rows if row["honest"]]
    lines = [
        f"Gate at {FALSE_REJECTS:.0%} false rejects, chosen on the tuning split: {gate:.2f} times the shipped gates.",
        "",
        "| fault | severity | clips | rejected (95 %) | named | abstain | recall at 5 % | AUROC"
        " | SSIM | consistency | OCR |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (kind, _, severity), found in _grouped([row for row in rows if not row["honest"]]):
        low, high = interval(found, _is_rejected)
        others = " | ".join(_recall(found, baseline_score(name), at) for name, at in simple.items())
        area = auroc(honest, [judge_score(row) for row in found])
        lines.append(
            f"| {kind} | {severity} | {len(found)} | {_share(found, _is_rejected):.2f} ({low:.2f} to {high:.2f}) |"
            f" {_share(found, _is_named):.2f} | {_share(found, _is_abstain):.2f} |"
            f" {_recall(found, judge_score, gate)} | {area:.2f} | {others} |"
        )
    return "\n".join(lines)


def honest_table(rows: Sequence[Row]) -> str:
    lines = ["| honest clip | severity | clips | rejected | abstain | named |", "|---|---|---|---|---|---|"]
    for (kind, _, severity), found in _grouped([row for row in rows if row["honest"]]):
        named = ", ".join(sorted({name for row in found for name in row["named"]}))
        share = f"{_share(found, _is_rejected):.2f} | {_share(found, _is_abstain):.2f}"
        lines.append(f"| {kind} | {severity} | {len(found)} | {share} | {named} |")
    return "\n".join(lines)


def half_table(rows: Sequence[Row]) -> str:
    """The severity at which the share rejected passes a half, between the two that were tried around it."""
    lines = ["| fault | half are rejected from |", "|---|---|"]
    for kind, group in groupby(_grouped([row for row in rows if not row["honest"]]), lambda item: item[0][0]):
        points = [(amount, _share(found, _is_rejected)) for (_, amount, _), found in group]
        lines.append(f"| {kind} | {_crossing(points)} |")
    return "\n".join(lines)


def _crossing(points: Sequence[tuple[float, float]]) -> str:
    if points[0][1] >= 0.5:
        return f"{points[0][0]:g} or less"
    for (low, before), (high, after) in pairwise(points):
        if after >= 0.5:
            return f"{low + (high - low) * (0.5 - before) / (after - before):.2g}"
    return f"more than {points[-1][0]:g}"


def candidate_gates(rows: Sequence[Row]) -> dict[str, float]:
    """Kind -> gate at which no honest clip's share over `FALSE_REJECTS` is rejected by all kinds together.

    Every kind gets the same quantile of its own honest scores, raised until the sum of false rejects fits. No gate
    falls below the shipped one: honest scores alone do not say what a fault scores.
    """
    honest = [row for row in rows if row["honest"]]
    for quantile in np.linspace(1 - FALSE_REJECTS, 1, 26):
        scores = {kind: [row["scores"].get(kind, 0.0) for row in honest] for kind in thresholds()}
        least = {kind: float(np.quantile(values, quantile)) for kind, values in scores.items()}
        gates = {kind: max(now, least[kind]) for kind, now in thresholds().items()}
        rejected = [any(row["scores"].get(kind, 0.0) > gate for kind, gate in gates.items()) for row in honest]
        if np.mean(rejected) <= FALSE_REJECTS:
            return gates
    return gates


def gates_table(rows: Sequence[Row]) -> str:
    gates, faulty = candidate_gates(rows), [row for row in rows if not row["honest"]]
    lines = ["| kind | shipped | at 5 % false rejects |", "|---|---|---|"]
    lines += [f"| {kind} | {now:g} | {gates[kind]:.3g} |" for kind, now in thresholds().items()]
    after = _share(faulty, lambda row: any(row["scores"].get(kind, 0.0) > gate for kind, gate in gates.items()))
    honest = [row for row in rows if row["honest"]]
    now, recall = _share(honest, _is_rejected), _share(faulty, _is_rejected)
    lines += ["", f"{len(honest)} honest and {len(faulty)} faulty clips: as shipped, false rejects {now:.3f}, recall"]
    lines += [f"{recall:.3f}; with these gates, recall {after:.3f}."]
    return "\n".join(lines)


def _grouped(rows: Sequence[Row]) -> list[tuple[tuple[str, float, str], list[Row]]]:
    groups: dict[tuple[str, float, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["kind"], row["amount"], row["severity"]].append(row)
    return sorted(groups.items())


def _is_rejected(row: Row) -> bool:
    return bool(row["verdict"] == "reject")


def _is_abstain(row: Row) -> bool:
    return bool(row["verdict"] == "abstain")


def _is_named(row: Row) -> bool:
    return bool(NAMES.get(row["kind"], {row["kind"]}) & set(row["named"]))


def _share(rows: Sequence[Row], hit: Callable[[Row], bool]) -> float:
    return float(np.mean([hit(row) for row in rows])) if rows else float("nan")


def _recall(rows: Sequence[Row], score: Callable[[Row], float], gate: float) -> str:
    values = [score(row) for row in rows if np.isfinite(score(row))]
    return f"{np.mean(np.array(values) >= gate):.2f}" if values and np.isfinite(gate) else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--without", nargs="*", default=(), help="kinds to leave out, such as hand")
    parser.add_argument("--split", choices=("even", "odd", "all"), default="odd")
    parser.add_argument("--thresholds", action="store_true", help="gates from the even SKUs and what they would change")
    arguments = parser.parse_args()
    rows = [row for row in read(arguments.results) if row["kind"] not in arguments.without]
    rows = [row for row in rows if row["revision"] == rows[-1]["revision"]]
    tuning, shown = of_split(rows, "even"), of_split(rows, arguments.split)
    if arguments.thresholds:
        print(gates_table(tuning))
        return
    products = len({row["sku"] for row in shown})
    print(f"{len(shown)} clips of {products} products ({arguments.split} SKUs).\n")
    print("\n\n".join((honest_table(shown), fault_table(shown, tuning), half_table(shown))))


if __name__ == "__main__":
    main()
