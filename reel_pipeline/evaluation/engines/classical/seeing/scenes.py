"""The stretches between cuts: the cut list's shots where there is one, else what lies between hard cuts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.footage import Footage, Sample
from reel_pipeline.evaluation.engines.classical.seeing.motion import Steps
from reel_pipeline.evaluation.engines.classical.seeing.passages import Passage, passages
from reel_pipeline.records import CutList

MOVED_SHARE = 0.03
"""A frame stands still if less than this share of its detail has moved in half a second. A zoom of 4 % in 1.5 s moves
0.3 and more, a frozen frame 0."""


@dataclass(frozen=True)
class Scene:
    """One stretch between cuts, in frames of the video. `number`: the shot's in the cut list, None where there is no
    list. `is_card`: it is the end card, which shows text instead of the product. `enters`: the transition from the
    scene before, whose frames come before `start` and are no part of either scene."""

    start: int
    count: int
    number: int | None = None
    is_card: bool = False
    enters: Passage | None = None

    @property
    def stop(self) -> int:
        return self.start + self.count

    @property
    def with_transition(self) -> "Scene":
        """The scene from the first frame on in which something of it is seen."""
        lead = self.enters.frame_count if self.enters else 0
        return replace(self, start=self.start - lead, count=self.count + lead)


def planned_scenes(cut_list: CutList, fps: float, frame_count: int) -> list[Scene]:
    """The cut list's shots, as far as the video goes."""
    entered = passages(cut_list, fps)
    scenes = []
    for cut in cut_list.cuts:
        enters = entered.get(cut.start_frame)
        start = max(0, cut.start_frame + (enters.frame_count if enters else 0))
        stop = min(cut.stop_frame, frame_count)
        if start < stop:
            scenes.append(Scene(start, stop - start, cut.shot, cut.photo is None, enters))
    return scenes


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
