"""Sharpness over a scene: a focus pull only gets sharper and leaves half the scene sharp; all else counts in full."""

from collections.abc import Sequence
from statistics import median

_CLEARLY = 0.15


def lasting_smear(smears: Sequence[float]) -> float:
    """What a scene's frames, in order, have lost for good: the median, or the worst where it was sharper before."""
    worst = max(range(len(smears)), key=lambda index: smears[index])
    was_sharper = any(value < smears[worst] - _CLEARLY for value in smears[:worst])
    return smears[worst] if was_sharper else float(median(smears))
