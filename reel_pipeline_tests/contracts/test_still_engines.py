"""What every still engine promises, whatever it does to a photo."""

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import ParallaxRefused, RenderError
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    BoxPx,
    Format,
    GroundKind,
    Motion,
    Rung,
    Subject,
    SubjectKind,
    Take,
)
from reel_pipeline.stills.engines import Keyframe, PhotoLayers, StillEngine, StillRequest
from reel_pipeline_tests.reels.making import box_of, packshot, scene

PALETTE = ("#f4f1ec", "#1d1d1b", "#8a6d4b")
FORMATS = {"9:16": VERTICAL, "4:5": PORTRAIT, "1:1": SQUARE, "16:9": LANDSCAPE}
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


def keyframe(
    engine: StillEngine,
    pixels: Pixels,
    motion: Motion,
    rung: Rung = Rung.STILL_MOTION,
    format: Format = VERTICAL,
    label: BoxPx | None = None,
) -> Keyframe:
    focus = box_of(pixels.shape[1], pixels.shape[0])
    subjects = (Subject(kind=SubjectKind.PRODUCT, box_px_xywh=focus),)
    subjects += (Subject(kind=SubjectKind.LABEL, box_px_xywh=label),) if label else ()
    take = Take(photo="photo", rung=rung, motion=motion, focus_px_xywh=focus, subjects=subjects)
    layers = PhotoLayers(pixels, alpha_of(pixels), depth=alpha_of(pixels), confidence=0.9)
    return engine.keyframe(StillRequest(layers, take, PALETTE, format=format))


def in_depth(engine: StillEngine, pixels: Pixels, alpha: Pixels | None, focus: BoxPx, confidence: float) -> Keyframe:
    take = Take(photo="p", rung=Rung.PARALLAX, motion=Motion.PARALLAX, focus_px_xywh=focus)
    return engine.keyframe(StillRequest(PhotoLayers(pixels, alpha, confidence=confidence), take, PALETTE))


def seen_share(made: Keyframe) -> float:
    """The least share of the frame that locked pixels take, at any moment of the camera's path."""
    shares = []
    for t in np.linspace(0, 1, 9):
        x, y, w, h = ((1 - t) * np.array(made.camera_start) + t * np.array(made.camera_end)).tolist()
        matrix = np.array([[200 / w, 0, -x * 200 / w], [0, 200 / h, -y * 200 / h]])
        shares.append(float(cv2.warpAffine(made.lock_mask, matrix, (200, 200)).mean()) / 255)
    return min(shares)


@pytest.mark.parametrize(
    ("name", "motion", "shape"),
    [(name, motion, "9:16") for name in PHOTOS for motion in Motion]
    + [(name, Motion.PUSH_IN, shape) for name in PHOTOS for shape in ("4:5", "1:1", "16:9")],
)
def test_locked_pixels_are_the_photos_and_the_camera_stays_on_the_canvas(
    engine: StillEngine, name: str, motion: Motion, shape: str
) -> None:
    pixels, format = PHOTOS[name], FORMATS[shape]
    made = keyframe(engine, pixels, motion, format=format)
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
        assert w * 1.6001 >= format.width_px
        assert abs(w / h / format.aspect - 1) < 1e-6
        fx, fy, fw, fh = made.focus_px_xywh
        assert x - 1 <= fx
        assert fx + fw <= x + w + 1
        assert y - 1 <= fy
        assert fy + fh <= y + h + 1


@pytest.mark.parametrize("shape", ["9:16", "16:9"])
@pytest.mark.parametrize("name", PHOTOS)
def test_the_ground_says_how_much_of_the_frame_no_photo_shows(engine: StillEngine, name: str, shape: str) -> None:
    made = keyframe(engine, PHOTOS[name], Motion.PULL_OUT, format=FORMATS[shape])
    assert abs(made.ground.share - (1 - seen_share(made))) < 0.02
    assert (made.ground.share == 0) == (made.ground.kind is GroundKind.PHOTO)
    assert made.ground.kind is not GroundKind.EXTENDED or "packshot" in name or name == "black on black"


@pytest.mark.parametrize("shape", FORMATS)
def test_a_label_stays_in_frame_and_keeps_its_place_on_the_canvas(engine: StillEngine, shape: str) -> None:
    label = (560, 860, 300, 40)
    for motion in Motion:
        made = keyframe(engine, PHOTOS["square scene"], motion, format=FORMATS[shape], label=label)
        (_, product), (kind, (x, y, w, h)) = ((subject.kind, subject.box_px_xywh) for subject in made.subjects)
        assert product == made.focus_px_xywh
        assert kind is SubjectKind.LABEL
        assert (x + made.canvas_to_photo[2], y + made.canvas_to_photo[5], w, h) == label
        for left, top, width, height in (made.camera_start, made.camera_end):
            assert left <= x
            assert x + w <= left + width
            assert top <= y
            assert y + h <= top + height


@pytest.mark.parametrize("shape", FORMATS)
def test_a_caption_has_room_above_a_product_before_a_free_backdrop(engine: StillEngine, shape: str) -> None:
    format = FORMATS[shape]
    made = keyframe(engine, packshot(1600, 1600), Motion.PUSH_IN, format=format)
    for _, y, _, h in (made.camera_start, made.camera_end):
        above_px = (made.focus_px_xywh[1] - y) * format.height_px / h
        assert above_px >= format.safe_zone_px_xywh[1] + 200 * format.px_per_design_px


@pytest.mark.parametrize(
    ("name", "shape"),
    [("square scene", "9:16"), *(("square packshot", shape) for shape in FORMATS)],
)
def test_parallax_layers_blend_back_into_the_photo(engine: StillEngine, name: str, shape: str) -> None:
    pixels = PHOTOS[name]
    made = keyframe(engine, pixels, Motion.PARALLAX, Rung.PARALLAX, FORMATS[shape])
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
    made = in_depth(engine, pixels, alpha, (390, 320, 420, 600), 0.9)
    assert np.abs(made.plate.astype(int) - 236).max() <= 4


def test_a_part_that_the_outline_missed_forbids_parallax(engine: StillEngine) -> None:
    pixels = np.full((1200, 1200, 3), 236, np.uint8)
    pixels[400:900, 400:800] = (150, 30, 40)
    pixels[340:400, 470:476] = (60, 50, 40)  # a hook
    alpha = np.zeros((1200, 1200), np.uint8)
    alpha[400:900, 400:800] = 255
    with pytest.raises(ParallaxRefused, match="parts of its product"):
        in_depth(engine, pixels, alpha, (400, 340, 400, 560), 0.9)


def test_what_a_mats_edge_cuts_does_not_slide_under_it(engine: StillEngine) -> None:
    pixels = np.full((1000, 1000, 3), 20, np.uint8)
    pixels[:, 300:700] = (170, 160, 150)
    alpha = np.zeros((1000, 1000), np.uint8)
    alpha[:, 300:700] = 255
    with pytest.raises(ParallaxRefused, match="cut off"):
        in_depth(engine, pixels, alpha, (300, 0, 400, 1000), 0.9)


def test_a_texture_goes_on_behind_the_product_as_far_as_it_can_be_seen(engine: StillEngine) -> None:
    stripes = np.where(np.arange(1400) // 20 % 2, 200, 90)[None, :, None]
    pixels = np.broadcast_to(stripes, (1400, 1400, 3)).astype(np.uint8).copy()
    pixels[400:1000, 500:900] = (150, 30, 40)
    alpha = np.zeros((1400, 1400), np.uint8)
    alpha[400:1000, 500:900] = 255
    made = in_depth(engine, pixels, alpha, (500, 400, 400, 600), 0.9)
    assert made.parallax is not None
    assert made.parallax.disclosed_px <= 4
    y = 400 - round(made.canvas_to_photo[5])
    x = 500 - round(made.canvas_to_photo[2])
    just_inside = made.plate[y + 4, x + 60 : x + 340, 0].astype(int)
    assert np.abs(just_inside - pixels[380, 560:840, 0]).mean() < 25, "stripes go on, they don't blur into grey"


def test_what_can_only_be_shown_by_inventing_is_refused(engine: StillEngine) -> None:
    pixels = PHOTOS["square scene"]
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
            in_depth(engine, pixels, alpha, box_of(1440, 1440), confidence)


def test_the_same_take_is_made_the_same_way_twice(engine: StillEngine) -> None:
    one, two = (keyframe(engine, PHOTOS["square packshot"], Motion.PUSH_IN) for _ in range(2))
    assert np.array_equal(one.plate, two.plate)


def test_a_rung_the_engine_cannot_climb_is_refused(engine: StillEngine) -> None:
    with pytest.raises(RenderError, match="diffusion"):
        keyframe(engine, PHOTOS["square packshot"], Motion.PUSH_IN, Rung.DIFFUSION)


def test_a_focus_outside_its_photo_is_refused(engine: StillEngine) -> None:
    take = Take(photo="p", rung=Rung.STILL_MOTION, motion=Motion.PUSH_IN, focus_px_xywh=(900, 900, 50, 50))
    with pytest.raises(RenderError, match="outside"):
        engine.keyframe(StillRequest(PhotoLayers(PHOTOS["square packshot"]), take, PALETTE))
