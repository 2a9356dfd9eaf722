"""A rest that the cut list declares is no frozen picture; declared stillness is no loophole either."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Opinion, Passport
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Span, Verdict
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.filming import SMALL, Fault, make_clip
from reel_pipeline_tests.drawing import product_photo

REST = Fault("rest", "28 frames", frames=faults.hold(28))
STILL = Fault("frozen", "", frames=faults.freeze)


@cache
def gallery() -> tuple[Pixels, ...]:
    return (product_photo(1, "NORTH TEA\n250 g"),)


def frozen(path: Path, fault: Fault, holds: tuple[tuple[int, int], ...], count: int) -> bool:
    opinion = judged(path, fault, holds, count)
    return "frozen" in {charge.kind for charge in opinion.charges}


def judged(path: Path, fault: Fault, holds: tuple[tuple[int, int], ...], count: int) -> Opinion:
    cut_list = make_clip(path, gallery(), replace(fault, has_card=False), 3, SMALL, shots=1, frames_a_shot=count)
    spans = tuple(Span(start_frame=start, frame_count=frames) for start, frames in holds)
    listed = cut_list.model_copy(update={"holds": spans})
    return open_engine("judge", "classical").judge(path, listed, gallery(), lambda _: Passport())


def test_a_declared_rest_is_accepted_and_an_undeclared_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    opinion = judged(path, REST, ((16, 28),), 60)
    assert opinion.verdict is Verdict.ACCEPT, opinion
    assert frozen(path, REST, (), 60)


@pytest.mark.parametrize(
    ("fault", "holds", "count"),
    [
        (Fault("rest", "34 frames", frames=faults.hold(34)), ((20, 34),), 74),
        (Fault("rest", "34 frames", frames=faults.hold(34)), ((20, 17), (38, 16)), 74),
        (REST, ((10, 28),), 48),
        (STILL, ((16, 28),), 60),
    ],
    ids=["too long", "in two parts", "most of the shot", "nothing moves"],
)
def test_declaring_stillness_is_no_loophole(
    tmp_path: Path, fault: Fault, holds: tuple[tuple[int, int], ...], count: int
) -> None:
    assert frozen(tmp_path / "clip.mp4", fault, holds, count)


@pytest.mark.parametrize("is_eased", [True, False])
def test_only_a_hard_stop_before_a_rest_is_jerk(tmp_path: Path, is_eased: bool) -> None:
    """A pan of 2.2 % of the width a frame, a rest of a second, and on."""

    def panned(frames: list[Pixels]) -> list[Pixels]:
        speed = np.ones(len(frames))
        speed[10:34] = 0
        if is_eased:
            speed = np.convolve(np.pad(speed, 5, mode="edge"), np.hanning(13)[1:-1] / np.hanning(13).sum(), "valid")
        at = np.concatenate([[0], speed.cumsum()[:-1]]) * 0.022 * frames[0].shape[1]
        wide = cv2.copyMakeBorder(frames[0], 0, 0, 300, 300, cv2.BORDER_REFLECT)
        size = frames[0].shape[1::-1]
        return [
            np.asarray(cv2.warpAffine(wide, np.array([[1, 0, -x], [0, 1, 0]]), size, flags=cv2.INTER_CUBIC), np.uint8)
            for x in at
        ]

    opinion = judged(tmp_path / "clip.mp4", Fault("pan", "", frames=panned), ((12, 20),), 44)
    assert ({"jerk", "jump_cut"} & {charge.kind for charge in opinion.charges} == set()) == is_eased, opinion.scores
    assert "frozen" not in {charge.kind for charge in opinion.charges}
