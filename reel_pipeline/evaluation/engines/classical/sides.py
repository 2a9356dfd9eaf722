"""A transition, side by side: the frame in which both shots are best seen, each held against its own photo.

Of a transition's other frames `seeing/motion.py` sees only that each is the one before it, pushed on, so what is
declared has to be here: each shot's picture, moved as far as the slide has come. Anything else is an unplanned change.
"""

from dataclasses import replace

import numpy as np

from reel_pipeline.evaluation.engines import Charge
from reel_pipeline.evaluation.engines.classical.comparing.choice import detail_share
from reel_pipeline.evaluation.engines.classical.comparing.tiles import CLEARLY_OFF
from reel_pipeline.evaluation.engines.classical.examiner import (
    MAX_LEAP,
    MIN_FRAME_DETAIL,
    SHOWN_BY_NONE,
    Examiner,
    Findings,
)
from reel_pipeline.evaluation.engines.classical.seeing.footage import Sample
from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS
from reel_pipeline.evaluation.engines.classical.seeing.overlays import scaled
from reel_pipeline.evaluation.engines.classical.seeing.passages import Passage
from reel_pipeline.evaluation.engines.classical.seeing.references import Placement
from reel_pipeline.evaluation.engines.classical.seeing.scenes import Scene
from reel_pipeline.evaluation.engines.classical.views import Unplaced, View, Viewer

UNEXPLAINED = "beside another shot it shows something that none of the photos explains"


def examine_sides(examiner: Examiner, leaving: Scene, entering: Scene, passage: Passage) -> None:
    """Add to the findings what is found on either side of a transition, each side's to its own scene."""
    viewer = examiner.viewer
    scale = viewer.footage.scale
    sample = next((one for one in viewer.footage.samples if one.index == passage.middle_frame), None)
    for scene, part, moved, end in (
        (leaving, passage.leaving_px_xywh, passage.leaving_px_moved, -1),
        (entering, passage.entering_px_xywh, passage.entering_px_moved, 0),
    ):
        if sample and scene in examiner.ends:
            pose = examiner.ends[scene][end]
            shifted = np.array([[1, 0, moved * scale], [0, 1, 0], [0, 0, 1.0]])
            expected = replace(pose, matrix=shifted @ pose.matrix)
            _examine_side(examiner, scene, sample.only(scaled(part, scale)), expected)


def _examine_side(examiner: Examiner, scene: Scene, side: Sample, expected: Placement) -> None:
    """What can't be told here is no doubt: the shot was looked at in its own frames. A picture that no photo explains
    is one."""
    known, aside = examiner.findings, Findings()
    examiner.findings = aside
    seen = _seen(examiner.viewer, side, expected)
    if isinstance(seen, View):
        examiner.weigh(scene, [seen])
    else:
        examiner.judge_unplaced(scene, side, seen)
    examiner.findings = known
    known.charges += aside.charges
    if isinstance(seen, View) and not _is_at(seen, expected):
        known.charges.append((scene, Charge("jump_cut", 100.0, side.time_s)))
    if _is_unexplained(side, seen):
        examiner.cannot(scene, UNEXPLAINED)
    if (scene, SHOWN_BY_NONE) in aside.unverifiable:
        examiner.cannot(scene, SHOWN_BY_NONE)


def _seen(viewer: Viewer, side: Sample, expected: Placement) -> View | Unplaced:
    """The side where the slide has its shot's photo, if that explains it well, else where it is found and better
    explained. The first is as exact as the shot's own frames are; half a picture may be fitted askew."""
    placed = viewer.placed(side, expected)
    if placed and not (placed.comparison.mismatch() > CLEARLY_OFF).any():
        return placed
    found = viewer.view(side, expected.photo)
    if placed is None or not isinstance(found, View) or not _is_at(found, expected):
        return placed or found
    return max(placed, found, key=lambda view: view.comparison.explained_share())


def _is_unexplained(side: Sample, seen: View | Unplaced) -> bool:
    """Whether no photo explains it though it has detail, or the one on which it was laid unsurely leaves some out."""
    if isinstance(seen, Unplaced):
        return detail_share(side.y, seen.hidden) >= MIN_FRAME_DETAIL
    return seen.placement.inliers < SURE_INLIERS and bool((seen.comparison.mismatch() > CLEARLY_OFF).any())


def _is_at(view: View, expected: Placement) -> bool:
    """Whether the view shows that photo there, give or take what a camera moves during a transition."""
    if view.placement.photo != expected.photo or view.sample.part is None:
        return False
    x, y, width, height = view.sample.part
    middle = np.array([x + width / 2, y + height / 2, 1.0])
    where = view.pose.matrix @ np.linalg.inv(expected.matrix) @ middle
    off = 100 * float(np.hypot(*(where[:2] / where[2] - middle[:2]))) / min(view.rgb.shape[:2])
    return bool(off < MAX_LEAP)
