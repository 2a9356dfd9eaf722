"""Which photos, motions and rungs people accept, shot by shot; for people to read, and for the planner to prefer by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("view_class", "motion", "rung")
_Z = 1.96


@dataclass(frozen=True)
class Acceptance:
    """Of `decided` shots with `by` = `value`, people accepted `accepted`; the rate lies between the two with 95 %."""

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
    """Shots of approved reels, and those that a rejection names; it says nothing of the others."""
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
    """The 95 % interval of a share (Wilson 1927)."""
    rate, spread = accepted / decided, _Z**2 / decided
    middle = (rate + spread / 2) / (1 + spread)
    half = _Z * sqrt(rate * (1 - rate) / decided + spread / (4 * decided)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
