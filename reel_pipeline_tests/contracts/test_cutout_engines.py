"""What every cutout engine promises."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.frames.engines import CutoutEngine
from reel_pipeline.media.photo import Pixels

ENGINES = ["matting"]
TRUSTED = 0.6


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> CutoutEngine:
    return open_engine("cutout", request.param)


def disc(
    colour: tuple[int, int, int], backdrop: int | Pixels, size: tuple[int, int] = (600, 480)
) -> tuple[Pixels, NDArray[np.bool_]]:
    """A patterned disc on a backdrop (grey level or HWC RGB), antialiased, and its true mask."""
    height, width = size
    rng = np.random.default_rng(5)
    body = np.clip(np.array(colour) + rng.normal(0, 6, (height, width, 3)), 0, 255)
    mask = np.zeros((4 * height, 4 * width), np.uint8)
    cv2.ellipse(mask, (2 * width, 2 * height), (int(1.2 * width), int(1.1 * height)), 20, 0, 360, 255, -1)
    alpha = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)[..., None] / 255.0
    behind = np.full((height, width, 3), backdrop, np.float64) if isinstance(backdrop, int) else backdrop
    return np.rint(alpha * body + (1 - alpha) * behind).astype(np.uint8), alpha[..., 0] > 0.5


def iou(alpha: Pixels, truth: NDArray[np.bool_]) -> float:
    found = alpha > 127
    return float((found & truth).sum() / (found | truth).sum())


@pytest.mark.parametrize("backdrop", [255, 0, 200])
def test_a_product_on_a_plain_backdrop_is_cut_out_and_trusted(engine: CutoutEngine, backdrop: int) -> None:
    picture, truth = disc((170, 60, 50), backdrop)
    matte = engine.cut_out(picture)
    assert iou(matte.alpha, truth) > 0.97
    assert matte.confidence > TRUSTED


def test_a_backdrop_that_darkens_smoothly_is_still_one_backdrop(engine: CutoutEngine) -> None:
    ramp = np.repeat(np.linspace(250, 215, 600)[:, None, None], 480, axis=1) * np.ones((1, 1, 3))
    picture, truth = disc((40, 80, 150), ramp.astype(np.uint8))
    matte = engine.cut_out(picture)
    assert iou(matte.alpha, truth) > 0.97


def test_a_soft_shadow_is_not_product(engine: CutoutEngine) -> None:
    _, body = disc((170, 60, 50), 255)
    shadow = np.zeros((600, 480), np.float32)
    cv2.ellipse(shadow, (250, 450), (190, 60), 0, 0, 360, 70.0, -1)
    behind = np.repeat((250 - cv2.GaussianBlur(shadow, (0, 0), 22))[..., None], 3, axis=2)
    picture, truth = disc((170, 60, 50), behind.astype(np.uint8))
    assert (truth == body).all()
    assert iou(engine.cut_out(picture).alpha, truth) > 0.95


def test_a_hole_shows_the_backdrop(engine: CutoutEngine) -> None:
    picture, truth = disc((60, 90, 60), 255)
    cv2.circle(picture, (240, 300), 60, (255, 255, 255), -1, cv2.LINE_AA)
    matte = engine.cut_out(picture)
    assert matte.alpha[300, 240] == 0
    assert truth[300, 240]


def test_white_on_white_is_not_trusted(engine: CutoutEngine) -> None:
    picture, _ = disc((253, 253, 253), 255)
    assert engine.cut_out(picture).confidence < TRUSTED / 2


def test_a_busy_background_is_not_trusted(engine: CutoutEngine) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (30, 24, 3), dtype=np.uint8)
    behind = np.asarray(cv2.resize(noise, (480, 600), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture, _ = disc((170, 60, 50), behind)
    assert engine.cut_out(picture).confidence < TRUSTED / 2


def test_an_empty_picture_has_no_product(engine: CutoutEngine) -> None:
    matte = engine.cut_out(np.full((300, 200, 3), 255, np.uint8))
    assert matte.confidence == 0
    assert not matte.alpha.any()


def test_the_files_own_transparency_is_kept(engine: CutoutEngine) -> None:
    picture, truth = disc((170, 60, 50), 255)
    own = np.where(truth, 255, 0).astype(np.uint8)
    matte = engine.cut_out(picture, own)
    assert (matte.alpha == own).all()
    assert matte.confidence > TRUSTED
    assert engine.cut_out(picture, np.full_like(own, 255)).confidence == 0


def test_nothing_is_printed_and_the_answer_is_repeatable(
    engine: CutoutEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, _ = disc((170, 60, 50), 255)
    first, second = engine.cut_out(picture), engine.cut_out(picture)
    assert (first.alpha == second.alpha).all()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**16), st.integers(64, 500), st.integers(64, 400))
def test_any_picture_gets_an_alpha_of_its_size(name: str, seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    side = int(rng.integers(1, 8))
    blot = cv2.resize(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), (width, height))
    matte = open_engine("cutout", name).cut_out(np.asarray(blot.reshape(height, width, 3), np.uint8))
    assert matte.alpha.shape == (height, width)
    assert matte.alpha.dtype == np.uint8
    assert 0 <= matte.confidence <= 1


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="matting"):
        open_engine("cutout", "rembg")
