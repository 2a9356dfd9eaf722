"""Which photos, motions and rungs people accept, shot by shot; for people to read, and for the planner to prefer by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("view_class", "motion", "rung")
"""Columns of the judgement table by whose values shots are counted."""
_Z = 1.96
"""95 % of a normal distribution lie within so many standard deviations of its mean."""


@dataclass(frozen=True)
class Acceptance:
    """Of `decided` shots whose `by` (one of `SPLITS`) is `value`, people accepted `accepted`.

    `lowest` to `highest` is the 95 % interval of the rate.
    """

    by: str
    value: str
    decided: int
    accepted: int
    lowest: float
    highest: float

    @property
    def rate(self) -> float:
        return self.accepted / self.decided


def acceptance(table: "pd.DataFrame") -> Iterator[Acceptance]:
    """How often people accept what kind of shot. Counted are all shots of approved reels and, of rejected ones, those
    that the rejection names; it says nothing of the others."""
    shots = table[table.scope == "shot"].dropna(subset=["decision"])
    for by in SPLITS:
        for value, group in shots.groupby(by):
            accepted = int((group.decision == "approved").sum())
            yield Acceptance(by, str(value), len(group), accepted, *wilson(accepted, len(group)))


def preferred(found: Iterable[Acceptance]) -> list[str]:
    """Motions and kinds of photo, best first, that people accept more often than another of their sort: the whole 95 %
    interval lies above the other's."""
    rows = sorted((row for row in found if row.by != "rung"), key=lambda row: -row.rate)
    return [row.value for row in rows if any(row.by == other.by and row.lowest > other.highest for other in rows)]


def wilson(accepted: int, decided: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): 0.49 to 0.94 for 8 of 10. `decided` is at least 1."""
    rate, spread = accepted / decided, _Z**2 / decided
    middle = (rate + spread / 2) / (1 + spread)
    half = _Z * sqrt(rate * (1 - rate) / decided + spread / (4 * decided)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
