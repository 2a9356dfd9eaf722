"""Sharpness over a scene. A focus pull, which only gets sharper and leaves half of the scene sharp, is no fault."""

from collections.abc import Sequence
from statistics import median

from reel_pipeline.evaluation.engines import Charge

_CLEARLY = 0.15
"""Share of fine contrast: a frame that lacks 0.5 was sharper before if an earlier one lacks less than 0.35."""


def with_lasting_smear(found: Sequence[Sequence[Charge]]) -> list[list[Charge]]:
    """The charges of a scene's frames, in order, without the smears that a focus pull explains."""
    smears = [charge.score for charges in found for charge in charges if charge.kind == "smear"]
    limit = lasting_smear(smears) if smears else 0.0
    return [[charge for charge in charges if charge.kind != "smear" or charge.score <= limit] for charges in found]


def lasting_smear(smears: Sequence[float]) -> float:
    """How much fine contrast a scene lacks for good, from what its frames lack, in order: the worst frame's if one
    before it was sharper, else the median's. 0.8, 0.4, 0.1 (a focus pull) gives 0.4, and 0.1, 0.4, 0.8 gives 0.8."""
    worst = max(range(len(smears)), key=lambda index: smears[index])
    was_sharper = any(value < smears[worst] - _CLEARLY for value in smears[:worst])
    return smears[worst] if was_sharper else float(median(smears))
