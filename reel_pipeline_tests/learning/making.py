"""Simulated catalogues of judged reels and simulated people of known bias: the truth that learning is held against."""

from dataclasses import dataclass

import numpy as np

from reel_pipeline.learning.calibration import Labels
from reel_pipeline.learning.curves import Numbers
from reel_pipeline.learning.judgements import Case
from reel_pipeline.learning.sampling import is_spot_check, review_propensity
from reel_pipeline.records import (
    Blob,
    Judgement,
    Motion,
    Review,
    ReviewFault,
    Rung,
    Shown,
    ShownShot,
    Verdict,
    ViewClass,
)

GATES = {"color_drift": 4.5, "warped_logo": 1.0}


@dataclass(frozen=True)
class Reviewer:
    """Objects as likely as not at 2**`shift` times the gate, ever more surely above; answers at random in `lapse`."""

    shift: float
    slope: float = 3.0
    lapse: float = 0.0

    def objects(self, ratios: Numbers) -> Numbers:
        """P(objection) at scores of `ratios` times the gate."""
        sure = 1 / (1 + np.exp(-self.slope * (np.log2(np.maximum(ratios, 1e-9)) - self.shift)))
        return np.asarray(self.lapse / 2 + (1 - self.lapse) * sure)


REVIEWERS = {
    "agrees with the gate": Reviewer(0.0),
    "strict, half the gate": Reviewer(-1.0),
    "lenient, twice the gate": Reviewer(1.0),
    "strict and careless": Reviewer(-1.0, lapse=0.2),
}


def ratios(count: int, rng: np.random.Generator) -> Numbers:
    """Scores over the gate as a judge meets them: log-normal, one in five above."""
    return np.asarray(2.0 ** rng.normal(-1.0, 1.2, count))


def labels(reviewer: Reviewer, count: int, rng: np.random.Generator, gate: float = 1.0) -> Labels:
    """Decisions about `count` reels of as many products, each asked for."""
    seen = ratios(count, rng)
    objects = (rng.random(count) < reviewer.objects(seen)).astype(float)
    return Labels(seen * gate, objects, np.ones(count), rng.integers(0, 5, count))


def sha(number: int) -> str:
    return f"{number:064x}"


def case(number: int, scores: dict[str, float], verdict: Verdict | None = None) -> Case:
    """A judged reel of two shots; its verdict follows from `GATES` unless given."""
    guilty = any(score >= GATES[kind] for kind, score in scores.items())
    verdict = verdict or (Verdict.REJECT if guilty else Verdict.ACCEPT)
    shots = tuple(
        ShownShot(
            shot=shot,
            photo=f"photo{shot}",
            view_class=ViewClass.FLAT_STUDIO if shot == 1 else ViewClass.LIFESTYLE,
            rung=Rung.STILL_MOTION,
            motion=Motion.PUSH_IN if number % 2 else Motion.PAN_LEFT,
            take_index=0,
            scene="The product from the front.",
            clip=Blob(sha256=sha(10**6 + 10 * number + shot), size_bytes=1, suffix=".mp4"),
        )
        for shot in (1, 2)
    )
    propensity = review_propensity(verdict, person_decides_accepts=False)
    shown = Shown(
        sku=f"SKU-{number}",
        edition="main",
        video=Blob(sha256=sha(number), size_bytes=1, suffix=".mp4"),
        generator="warp",
        shots=shots,
        review_propensity=propensity,
    )
    judgement = Judgement(video_sha256=sha(number), verdict=verdict, scores=scores, thresholds=GATES)
    return Case(shown.sku, judgement, shown)


def review(number: int, objected: dict[str, int | None]) -> Review:
    """A person's word: fault kind -> shot; nothing objected is an approval."""
    faults = tuple(ReviewFault(kind=kind, shot=shot) for kind, shot in objected.items())
    return Review(
        video_sha256=sha(number), approved=not faults, reason="looked at it", reviewer="person:test", faults=faults
    )


def catalog(count: int, reviewer: Reviewer, rng: np.random.Generator) -> list[Case]:
    """What a workspace holds after `count` reels of which only the spot checks were looked at, blindly."""
    cases = []
    seen = ratios(count, rng)
    objects = rng.random(count) < reviewer.objects(seen)
    for number in range(count):
        made = case(number, {"color_drift": 0.1, "warped_logo": float(seen[number])})
        assert made.shown is not None
        if is_spot_check(made.judgement.video_sha256, made.shown.review_propensity):
            said = review(number, {"warped_logo": 1} if objects[number] else {})
            made = Case(made.sku, made.judgement, made.shown, spot_check=said)
        cases.append(made)
    return cases
