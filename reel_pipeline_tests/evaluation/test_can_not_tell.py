"""What the judge may and may not say about products without keypoints, scenes that no photo explains, and frames that
are a little wrong everywhere."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Opinion, Passport, regated
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Verdict
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.cases import CLEAN
from reel_pipeline_tests.bench.filming import SMALL, Fault, make_clip
from reel_pipeline_tests.drawing import product_photo


def as_taken(picture: Pixels, seed: int = 1) -> Pixels:
    """As sharp as a camera's, with grain."""
    grain = np.random.default_rng(seed).normal(0, 1.0, (*picture.shape[:2], 1))
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + grain, 0, 255).astype(np.uint8)


def pot() -> Pixels:
    """A cylinder in one colour, on a ground that gets darker."""
    picture = np.repeat(np.linspace(246, 222, 1000), 900).reshape(1000, 900, 1).repeat(3, 2).astype(np.uint8)
    across = np.linspace(-1, 1, 400)
    picture[300:760, 260:660] = np.outer(1 - 0.4 * across**2, (150, 96, 62)).astype(np.uint8)
    cv2.ellipse(picture, (460, 300), (200, 28), 0, 0, 360, (96, 70, 52), -1, cv2.LINE_AA)
    return as_taken(picture)


def voucher() -> Pixels:
    picture = np.full((900, 900, 3), (240, 240, 244), np.uint8)
    cv2.rectangle(picture, (110, 260), (790, 640), (52, 40, 96), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (110, 560), (790, 590), (196, 60, 64), -1, cv2.LINE_AA)
    return as_taken(picture)


def shelf() -> Pixels:
    """A grain that runs along the board."""
    picture = np.full((600, 1800, 3), 250, np.uint8)
    rows, columns = np.mgrid[:260, :1560].astype(np.float32)
    grain = 12 * np.sin(rows / 6 + 1.5 * np.sin(columns / 300)) + 6 * np.sin(rows / 2.7)
    picture[170:430, 120:1680] = np.clip(np.array((190, 150, 104)) + grain[..., None], 0, 255).astype(np.uint8)
    return as_taken(picture)


def bowl() -> Pixels:
    picture = np.full((1000, 900, 3), 246, np.uint8)
    cv2.ellipse(picture, (450, 430), (300, 260), 0, 0, 180, (150, 96, 62), -1, cv2.LINE_AA)
    return as_taken(picture)


WHOLE, CLOSE = 3, 5
"""Seeds of camera paths that show a photo whole, and from nearer."""


def opinion_on(path: Path, filmed: Pixels, photo: Pixels, fault: Fault = CLEAN, seed: int = WHOLE) -> Opinion:
    cut_list = make_clip(path, (filmed,), fault, seed, SMALL, shots=1, frames_a_shot=26, card_frames=0)
    return open_engine("judge", "classical").judge(path, cut_list, (photo,), lambda _: Passport())


@pytest.mark.parametrize("draw", [pot, voucher, shelf])
def test_a_smooth_product_that_only_moves_is_verified(tmp_path: Path, draw: Callable[[], Pixels]) -> None:
    opinion = opinion_on(tmp_path / "clip.mp4", draw(), draw())
    assert opinion.verdict is Verdict.ACCEPT, opinion


@pytest.mark.parametrize("draw", [voucher, shelf])
def test_of_an_edge_alone_it_can_not_be_told_whose_it_is(tmp_path: Path, draw: Callable[[], Pixels]) -> None:
    opinion = opinion_on(tmp_path / "clip.mp4", draw(), draw(), seed=CLOSE)
    assert opinion.verdict is Verdict.ABSTAIN, opinion


def test_a_detail_that_was_made_up_on_a_smooth_product_is_rejected(tmp_path: Path) -> None:
    opinion = opinion_on(tmp_path / "clip.mp4", pot(), pot(), Fault("dot", "12 %", faults.dot(12)))
    assert "invented_detail" in {charge.kind for charge in opinion.charges}


def test_another_smooth_product_is_not_accepted(tmp_path: Path) -> None:
    assert opinion_on(tmp_path / "clip.mp4", bowl(), pot()).verdict is not Verdict.ACCEPT


def test_a_scene_that_no_photo_explains_is_not_accepted_whatever_the_gate(tmp_path: Path) -> None:
    path, photos = tmp_path / "clip.mp4", (product_photo(1, "NORTH TEA\n250 g"), product_photo(8, "SALT SOAP\n90 g"))
    cut_list = make_clip(path, photos, CLEAN, 3, SMALL, shots=2, frames_a_shot=26)
    judge = regated(open_engine("judge", "classical"), {"wrong_product": 2.0})
    opinion = judge.judge(path, cut_list, photos[:1], lambda _: Passport())
    assert "wrong_product" in opinion.scores, "another product, which the gate lets through"
    assert opinion.verdict is Verdict.ABSTAIN, opinion


def knitted(seed: int) -> Pixels:
    """Cloth with a smooth patch; `seed` of its fine fibres, the coarse ones are always the same."""
    rng = np.random.default_rng(3), np.random.default_rng(seed)
    coarse, fine = (cv2.GaussianBlur(each.normal(0, 1, (1250, 1000)), (0, 0), 3) for each in rng)
    picture = np.array((150, 120, 110)) + (34 * coarse / coarse.std() + 9 * fine / fine.std())[..., None]
    picture[520:760, 330:670] = (206, 200, 190)
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_a_frame_that_is_a_little_wrong_everywhere_hides_no_detail(tmp_path: Path) -> None:
    """The fine fibres are others, by less than is a fault; on the smooth patch there are faint stripes."""
    photo, filmed = as_taken(knitted(1)), knitted(3)
    filmed[560:720, 400:600] = np.where((np.arange(200) // 9 % 2)[None, :, None], 214, 192)
    opinion = opinion_on(tmp_path / "clip.mp4", as_taken(filmed, 2), photo)
    assert "invented_detail" in {charge.kind for charge in opinion.charges}, opinion
