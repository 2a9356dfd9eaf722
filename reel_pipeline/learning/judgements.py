"""The judgement table, verdicts joined with people's decisions over all products: what everything else here reads.

Three scopes of rows: `score`, one a reel and fault kind that the judge measured; `shot`, one a reel and shot; `fault`,
one a fault that the judge or a person named.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reel_pipeline.learning.sampling import is_spot_check
from reel_pipeline.records import Judgement, Review, Shown
from reel_pipeline.store import blob_key

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "sku": "string",
    "video_sha256": "string",
    "edition": "string",
    "generator": "string",  # the engine that moved the pictures
    "scope": "string",  # score | shot | fault
    "verdict": "string",  # the judge's
    "kind": "string",  # fault kind; empty for a shot
    "score": "Float64",  # the judge's; higher is worse
    "threshold": "Float64",  # the gate that the verdict was made with
    "decision": "string",  # a person's: approved | rejected; of the shot in shot rows, of the reel in others
    "named_by": "string",  # fault rows: judge | person
    "severity": "string",  # a person's faults: minor | major | critical
    "objects": "boolean",  # score rows: does a person object to this kind? unknown where a rejection doesn't name it
    "spot_check": "boolean",  # the decision is a blind one
    "weight": "Float64",  # 1 / chance of being reviewed; empty where a person chose to say something
    "shot": "Int64",
    "photo": "string",
    "view_class": "string",
    "rung": "string",
    "motion": "string",
    "take_index": "Int64",
    "scene": "string",
    "clip_key": "string",  # the shot's MP4: its place in the store
    "x_px": "Int64",  # fault rows: the box in the frame
    "y_px": "Int64",
    "width_px": "Int64",
    "height_px": "Int64",
}


@dataclass(frozen=True)
class Case:
    """All that is known of one judged reel. A platform's rejection is no label: it follows the platform's own rules."""

    sku: str
    judgement: Judgement
    shown: Shown | None = None
    review: Review | None = None
    spot_check: Review | None = None

    @property
    def decision(self) -> Review | None:
        """A person's decision, the blind one first."""
        if self.spot_check:
            return self.spot_check
        return self.review if self.review and not self.review.platform else None

    @property
    def weight(self) -> float | None:
        """1 over the chance that a person is asked: 12.5 for a spot check of 8 %. None for a decision that nobody asked
        for: that someone spoke up depends on what they saw.

        A reel that was drawn counts however its answer came: a person who speaks first is not asked again.
        """
        if self.shown is None or self.decision is None:
            return None
        chance = self.shown.review_propensity
        drawn = chance == 1 or is_spot_check(self.judgement.video_sha256, chance)
        return 1 / chance if drawn or self.spot_check else None


def build(cases: Iterable[Case]) -> "pd.DataFrame":
    """The table, in the order of `cases`; columns and types as in `COLUMNS`."""
    import pandas as pd

    rows = [row for case in cases for row in _rows(case)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def to_parquet(table: "pd.DataFrame") -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def from_parquet(data: bytes) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_parquet(io.BytesIO(data)).astype(COLUMNS)


def _rows(case: Case) -> Iterator[dict[str, Any]]:
    judged, decision, shown = case.judgement, case.decision, case.shown
    reel = {
        "sku": case.sku,
        "video_sha256": judged.video_sha256,
        "edition": shown.edition if shown else None,
        "generator": shown.generator if shown else None,
        "verdict": judged.verdict.value,
        "decision": _word(decision.approved) if decision else None,
        "spot_check": case.spot_check is not None,
        "weight": case.weight,
    }
    for kind, threshold in judged.thresholds.items():
        row = {"scope": "score", "kind": kind, "score": judged.scores[kind], "threshold": threshold}
        yield {**reel, **row, "objects": _objects(decision, kind)}
    made_of: dict[int | None, dict[str, Any]] = {
        shot.shot: {**shot.model_dump(mode="json", exclude={"clip"}), "clip_key": blob_key(shot.clip)}
        for shot in (shown.shots if shown else ())
    }
    for number, shot in made_of.items():
        yield {**reel, **shot, "scope": "shot", "decision": _decision_on(decision, number)}
    for fault in judged.faults:
        row = {"scope": "fault", "named_by": "judge", "kind": fault.kind, "score": fault.score, "shot": fault.shot}
        yield {**reel, **made_of.get(fault.shot, {}), **row, "threshold": fault.threshold, **_box(fault.region_px_xywh)}
    for named in decision.faults if decision else ():
        row = {"scope": "fault", "named_by": "person", "kind": named.kind, "severity": named.severity.value}
        box = _box(named.box_px_xywh) if named.box_px_xywh else {}
        yield {**reel, **made_of.get(named.shot, {}), **row, "shot": named.shot, **box}


def _word(approved: bool) -> str:
    return "approved" if approved else "rejected"


def _box(box_px_xywh: tuple[int, int, int, int]) -> dict[str, int]:
    return dict(zip(("x_px", "y_px", "width_px", "height_px"), box_px_xywh, strict=True))


def _objects(decision: Review | None, kind: str) -> bool | None:
    """Who approves objects to nothing; who rejects objects to what they name and may have stopped looking there."""
    if decision is None or decision.approved:
        return None if decision is None else False
    return True if any(fault.kind == kind for fault in decision.faults) else None


def _decision_on(decision: Review | None, shot: int | None) -> str | None:
    """A rejection says nothing of the shots that it doesn't name."""
    if decision is None:
        return None
    named = {*decision.shots, *(fault.shot for fault in decision.faults)}
    return _word(decision.approved) if decision.approved or shot in named else None
