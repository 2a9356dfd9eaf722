"""What every still engine promises, whatever it does to a photo."""

import numpy as np
import pytest

from reel_pipeline.errors import RenderError
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Motion, Rung, Take
from reel_pipeline.stills.engines import Keyframe, PhotoLayers, StillEngine, open_engine
from reel_pipeline_tests.reels.making import box_of, packshot, scene

PALETTE = ("#f4f1ec", "#1d1d1b", "#8a6d4b")
PHOTOS = {
    "square packshot": packshot(),
    "small packshot": packshot(220, 220),
    "wide packshot": packshot(1280, 455),
    "tall packshot": packshot(500, 1200),
    "square scene": scene(),
    "wide scene": scene(1600, 1040),
    "small scene": scene(480, 640),
    "black on black": np.full((600, 600, 3), 3, np.uint8),
}


@pytest.fixture(params=["layered"])
def engine(request: pytest.FixtureRequest) -> StillEngine:
    return open_engine(request.param)


def alpha_of(pixels: Pixels) -> Pixels:
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    x, y, w, h = box_of(pixels.shape[1], pixels.shape[0])
    alpha[y : y + h, x : x + w] = 255
    alpha[y, x : x + w] = 120
    return alpha


def keyframe(engine: StillEngine, pixels: Pixels, motion: Motion, rung: Rung = Rung.STILL_MOTION) -> Keyframe:
    focus = box_of(pixels.shape[1], pixels.shape[0])
    take = Take(photo="photo", rung=rung, motion=motion, focus_px_xywh=focus, avoid_px_xywh=(focus,))
    return engine.keyframe(PhotoLayers(pixels, alpha_of(pixels), alpha_of(pixels)), take, PALETTE)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("motion", Motion)
def test_locked_pixels_are_the_photos_and_the_camera_stays_on_the_canvas(
    engine: StillEngine, name: str, motion: Motion
) -> None:
    pixels = PHOTOS[name]
    made = keyframe(engine, pixels, motion)
    _, _, left, _, _, top = made.canvas_to_photo
    rows, columns = np.nonzero(made.lock_mask)
    assert rows.size > 0
    assert np.array_equal(made.plate[rows, columns], pixels[rows + int(top), columns + int(left)])
    height, width = made.plate.shape[:2]
    for x, y, w, h in (made.camera_start, made.camera_end):
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        assert w * 1.6001 >= 1080


@pytest.mark.parametrize("name", ["square packshot", "square scene"])
def test_parallax_layers_blend_back_into_the_photo(engine: StillEngine, name: str) -> None:
    pixels = PHOTOS[name]
    made = keyframe(engine, pixels, Motion.PARALLAX, Rung.PARALLAX)
    assert made.product is not None
    alpha = made.product[..., 3:].astype(float) / 255
    together = np.rint(made.product[..., :3] * alpha + made.plate * (1 - alpha))
    _, _, left, _, _, top = made.canvas_to_photo
    rows, columns = np.nonzero(made.lock_mask)
    assert np.array_equal(together[rows, columns], pixels[rows + int(top), columns + int(left)])
    x, y, w, h = made.focus_px_xywh
    hidden = made.plate[y + h // 2, x + w // 2].astype(int)
    assert np.abs(hidden - made.product[y + h // 2, x + w // 2, :3]).max() > 20, "the plate must not hold the product"


def test_the_same_take_is_made_the_same_way_twice(engine: StillEngine) -> None:
    one, two = (keyframe(engine, PHOTOS["square packshot"], Motion.PUSH_IN) for _ in range(2))
    assert np.array_equal(one.plate, two.plate)


def test_a_rung_the_engine_cannot_climb_is_refused(engine: StillEngine) -> None:
    with pytest.raises(RenderError, match="diffusion"):
        keyframe(engine, PHOTOS["square packshot"], Motion.PUSH_IN, Rung.DIFFUSION)


def test_a_focus_outside_its_photo_is_refused(engine: StillEngine) -> None:
    take = Take(photo="p", rung=Rung.STILL_MOTION, motion=Motion.PUSH_IN, focus_px_xywh=(900, 900, 50, 50))
    with pytest.raises(RenderError, match="outside"):
        engine.keyframe(PhotoLayers(PHOTOS["square packshot"]), take, PALETTE)
