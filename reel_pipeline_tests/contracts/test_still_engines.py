"""What every still engine promises, whatever it does to a photo."""

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import ParallaxRefused, RenderError
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Motion, Rung, Take
from reel_pipeline.stills.engines import Keyframe, PhotoLayers, StillEngine
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
    return open_engine("stills", request.param)


def alpha_of(pixels: Pixels) -> Pixels:
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    x, y, w, h = box_of(pixels.shape[1], pixels.shape[0])
    alpha[y : y + h, x : x + w] = 255
    alpha[y, x : x + w] = 120
    return alpha


def keyframe(engine: StillEngine, pixels: Pixels, motion: Motion, rung: Rung = Rung.STILL_MOTION) -> Keyframe:
    focus = box_of(pixels.shape[1], pixels.shape[0])
    take = Take(photo="photo", rung=rung, motion=motion, focus_px_xywh=focus, avoid_px_xywh=(focus,))
    return engine.keyframe(PhotoLayers(pixels, alpha_of(pixels), alpha_of(pixels), 0.9), take, PALETTE)


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
    assert made.parallax is not None
    assert 0.01 <= made.parallax.growth <= 0.05


@pytest.mark.parametrize(("outline_off_px", "soft"), [(0, 0), (0, 3), (3, 0), (-3, 3)])
def test_the_plate_holds_nothing_of_a_product_whose_outline_is_a_little_off(
    engine: StillEngine, outline_off_px: int, soft: int
) -> None:
    pixels = np.full((1200, 1200, 3), 236, np.uint8)
    cv2.ellipse(pixels, (600, 620), (210, 300), 0, 0, 360, (150, 30, 40), -1)
    alpha = np.zeros((1200, 1200), np.uint8)
    cv2.ellipse(alpha, (600, 620), (210 + outline_off_px, 300 + outline_off_px), 0, 0, 360, 255, -1)
    if soft:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), soft), np.uint8)
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=(390, 320, 420, 600))
    made = engine.keyframe(PhotoLayers(pixels, alpha, None, 0.9), take, PALETTE)
    assert np.abs(made.plate.astype(int) - 236).max() <= 4


def test_a_part_that_the_outline_missed_forbids_parallax(engine: StillEngine) -> None:
    pixels = np.full((1200, 1200, 3), 236, np.uint8)
    pixels[400:900, 400:800] = (150, 30, 40)
    pixels[340:400, 470:476] = (60, 50, 40)  # a hook
    alpha = np.zeros((1200, 1200), np.uint8)
    alpha[400:900, 400:800] = 255
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=(400, 340, 400, 560))
    with pytest.raises(ParallaxRefused, match="parts of its product"):
        engine.keyframe(PhotoLayers(pixels, alpha, None, 0.9), take, PALETTE)


def test_what_a_mats_edge_cuts_does_not_slide_under_it(engine: StillEngine) -> None:
    pixels = np.full((1000, 1000, 3), 20, np.uint8)
    pixels[:, 300:700] = (170, 160, 150)
    alpha = np.zeros((1000, 1000), np.uint8)
    alpha[:, 300:700] = 255
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=(300, 0, 400, 1000))
    with pytest.raises(ParallaxRefused, match="cut off"):
        engine.keyframe(PhotoLayers(pixels, alpha, None, 0.9), take, PALETTE)


def test_a_texture_goes_on_behind_the_product_as_far_as_it_can_be_seen(engine: StillEngine) -> None:
    stripes = np.where(np.arange(1400) // 20 % 2, 200, 90)[None, :, None]
    pixels = np.broadcast_to(stripes, (1400, 1400, 3)).astype(np.uint8).copy()
    pixels[400:1000, 500:900] = (150, 30, 40)
    alpha = np.zeros((1400, 1400), np.uint8)
    alpha[400:1000, 500:900] = 255
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=(500, 400, 400, 600))
    made = engine.keyframe(PhotoLayers(pixels, alpha, None, 0.9), take, PALETTE)
    assert made.parallax is not None
    assert made.parallax.disclosed_px <= 4
    y = 400 - round(made.canvas_to_photo[5])
    x = 500 - round(made.canvas_to_photo[2])
    just_inside = made.plate[y + 4, x + 60 : x + 340, 0].astype(int)
    assert np.abs(just_inside - pixels[380, 560:840, 0]).mean() < 25, "stripes go on, they don't blur into grey"


def test_what_can_only_be_shown_by_inventing_is_refused(engine: StillEngine) -> None:
    pixels = PHOTOS["square scene"]
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=box_of(1440, 1440))
    comb = np.zeros((1440, 1440), np.uint8)
    comb[200:1300, 200:1300] = 255
    comb[300:1300, 300:1300] = np.where(np.arange(1000) // 60 % 2, 255, 0)
    everything = np.full((1440, 1440), 255, np.uint8)
    for alpha, confidence, why in (
        (None, 1.0, "close-up"),
        (alpha_of(pixels), 0.4, "can't be told surely"),
        (everything, 0.9, "fills it"),
        (comb, 0.9, "no photo shows"),
    ):
        with pytest.raises(ParallaxRefused, match=why):
            engine.keyframe(PhotoLayers(pixels, alpha, None, confidence), take, PALETTE)


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
