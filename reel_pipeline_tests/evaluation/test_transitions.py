"""A declared slide is judged side by side; whatever else a cut list calls one is seen for what it is."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Opinion, Passport
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import CutList, TimedBox, Track, Verdict
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.filming import SMALL
from reel_pipeline_tests.drawing import product_photo
from reel_pipeline_tests.evaluation.slides import CUT_FRAMES, PASSING, Joined, columns, pushed, slide

WIDE = (960, 540)


@cache
def gallery() -> tuple[Pixels, Pixels]:
    return product_photo(1, "NORTH TEA\n250 g"), product_photo(2, "NORTH TEA\nback", size_px=(900, 900))


def opinion_on(path: Path, cut_list: CutList) -> Opinion:
    return open_engine("judge", "classical").judge(path, cut_list, gallery(), lambda _: Passport())


def named(opinion: Opinion) -> set[tuple[str, int | None]]:
    return {(charge.kind, charge.shot) for charge in opinion.charges}


@pytest.mark.parametrize("size", [(540, 960), WIDE])
def test_accepts_a_slide_that_is_one(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "reel.mp4"
    cut_list = slide(path, gallery(), size)
    opinion = opinion_on(path, cut_list)
    assert opinion.verdict is Verdict.ACCEPT, opinion
    assert opinion.scores["verified_shots"] == 2
    undeclared = opinion_on(path, cut_list.model_copy(update={"transitions": ()}))
    assert undeclared.verdict is not Verdict.ACCEPT, "its frames are looked at as any other"


def test_a_fault_on_one_side_is_charged_to_its_shot(tmp_path: Path) -> None:
    path, first, second = tmp_path / "reel.mp4", *gallery()
    other = product_photo(8, "SALT SOAP\n90 g")
    opinion = opinion_on(path, slide(path, gallery(), passing=(first, other)))
    assert opinion.verdict is Verdict.REJECT
    assert {shot for _, shot in named(opinion)} == {2}
    bent = faults.warp(6)(first, np.random.default_rng(2))
    opinion = opinion_on(path, slide(path, gallery(), passing=(bent, second)))
    assert opinion.verdict is Verdict.REJECT
    assert {shot for _, shot in named(opinion)} == {1}


def dissolved(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
    share = column / leaving.shape[1]
    return np.asarray(cv2.addWeighted(leaving, share, entering, 1 - share, 0), np.uint8)


def cut_hard(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
    return leaving if column > leaving.shape[1] / 3 else entering


def wiped(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
    """As a slide, but neither picture moves."""
    return np.hstack([leaving[:, :column], entering[:, column:]])


@pytest.mark.parametrize("joined", [dissolved, cut_hard, wiped])
def test_what_is_no_slide_is_not_hidden_by_calling_it_one(tmp_path: Path, joined: Joined) -> None:
    path = tmp_path / "reel.mp4"
    opinion = opinion_on(path, slide(path, gallery(), joined=joined))
    assert opinion.verdict is Verdict.REJECT, opinion
    assert {"jump_cut", "wrong_product"} & {kind for kind, _ in named(opinion)}


def test_a_black_picture_in_a_slide_is_seen(tmp_path: Path) -> None:
    def blackened(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
        return pushed(leaving, entering, column) if column > 100 else np.zeros_like(leaving)

    path = tmp_path / "reel.mp4"
    assert ("black", 2) in named(opinion_on(path, slide(path, gallery(), joined=blackened)))


def test_a_slide_that_lasts_too_long_or_does_not_fill_the_frame_counts_as_undeclared(tmp_path: Path) -> None:
    path = tmp_path / "reel.mp4"
    assert opinion_on(path, slide(path, gallery(), frames=18)).verdict is not Verdict.ACCEPT
    cut_list = slide(path, gallery())
    (passing,) = cut_list.transitions
    narrower = [box.model_copy(update={"box_px_xywh": (0, 0, 40, 960)}) for box in passing.leaving.boxes]
    gap = passing.model_copy(update={"leaving": Track(kind="leaving", boxes=tuple(narrower))})
    assert opinion_on(path, cut_list.model_copy(update={"transitions": (gap,)})).verdict is not Verdict.ACCEPT
    assert PASSING < 0.6 * 24 < 18


def test_every_frame_of_a_slide_is_seen_to_be_pushed_on(tmp_path: Path) -> None:
    """In the one frame that is held against the photos all is well, or a box lies over it."""
    at = columns(SMALL[0])
    middle = max(range(PASSING), key=lambda number: min(at[number], SMALL[0] - at[number]))
    other = cv2.resize(product_photo(8, "SALT SOAP\n90 g"), SMALL)

    def flashed(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
        return pushed(leaving, entering if column == at[middle] else np.asarray(other, np.uint8), column)

    def replaced(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
        return np.asarray(other, np.uint8)

    path = tmp_path / "reel.mp4"
    assert ("jump_cut", 2) in named(opinion_on(path, slide(path, gallery(), joined=flashed)))
    cut_list = slide(path, gallery(), joined=replaced)
    cover = TimedBox(start_frame=CUT_FRAMES + middle, frame_count=1, box_px_xywh=(0, 0, *SMALL))
    covered = cut_list.model_copy(update={"overlays": (*cut_list.overlays, Track(kind="caption", boxes=(cover,)))})
    assert ("wrong_product", 2) in named(opinion_on(path, covered))
