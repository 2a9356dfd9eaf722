"""The stretches between cuts: the cut list's shots where there is one, else what lies between hard cuts."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.footage import Footage, Sample
from reel_pipeline.evaluation.engines.classical.seeing.motion import Steps
from reel_pipeline.records import CutList

MOVED_SHARE = 0.03
"""A frame stands still if less than this share of its detail has moved in half a second. A zoom of 4 % in 1.5 s moves
0.3 and more, a frozen frame 0."""


@dataclass(frozen=True)
class Scene:
    """One stretch between cuts, in frames of the video. `number`: the shot's in the cut list, None where there is no
    list. `is_card`: it is the end card, which shows text instead of the product."""

    start: int
    count: int
    number: int | None = None
    is_card: bool = False

    @property
    def stop(self) -> int:
        return self.start + self.count


def planned_scenes(cut_list: CutList, frame_count: int) -> list[Scene]:
    """The cut list's shots, as far as the video goes."""
    return [
        Scene(cut.start_frame, min(cut.frame_count, frame_count - cut.start_frame), cut.shot, cut.photo is None)
        for cut in cut_list.cuts
        if cut.start_frame < frame_count
    ]


def seen_scenes(footage: Footage, shows_a_photo: Callable[[Sample], bool]) -> list[Scene]:
    """The stretches between hard cuts. The last one is taken for an end card if it mostly stands still, is mostly of
    one colour, and shows none of the photos."""
    edges = [0, *footage.steps.cuts, footage.frame_count]
    scenes = [Scene(start, stop - start) for start, stop in pairwise(edges) if stop > start]
    last = scenes[-1]
    samples = [sample for sample in footage.samples if last.start <= sample.index < last.stop]
    is_calm = bool(samples) and still_frames(footage.steps, last).mean() >= 0.5 and all(map(_is_mostly_flat, samples))
    if len(scenes) > 1 and is_calm and not shows_a_photo(samples[-1]):
        scenes[-1] = Scene(last.start, last.count, is_card=True)
    return scenes


def _is_mostly_flat(sample: Sample) -> bool:
    """Whether it looks like a designed card: seven tenths of it lie within 4 grey levels of its commonest one."""
    counts = np.bincount(sample.y.ravel(), minlength=256)
    common = int(np.argmax(counts))
    return bool(counts[max(0, common - 4) : common + 5].sum() > 0.7 * counts.sum())


def still_frames(steps: Steps, scene: Scene) -> NDArray[np.bool_]:
    """One bool for each frame of the scene: True in a stretch of at least `still_lag_frames` that stands still."""
    moved, lag = np.array(steps.moved[scene.start : scene.stop]), steps.still_lag_frames
    still = np.zeros(len(moved), np.bool_)
    for index in range(lag, len(moved)):
        if moved[index] < MOVED_SHARE:
            still[index - lag : index + 1] = True
    if len(moved) <= lag and len(moved) > 2:
        still[:] = max(steps.change[scene.start + 1 : scene.stop]) < 0.05
    return still
