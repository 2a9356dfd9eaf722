"""What every clip engine promises."""

import numpy as np
import pytest

from reel_pipeline.clips.engines import ClipEngine, KeyframeLayers
from reel_pipeline.clips.path import camera_windows, near_windows
from reel_pipeline.engines import open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.media.video import Planes, to_rgb


@pytest.fixture(params=["warp"])
def engine(request: pytest.FixtureRequest) -> ClipEngine:
    return open_engine("clips", request.param)


def dotted(width: int = 1400, height: int = 2400) -> np.ndarray:
    """Soft dots on grey: their centres can be found to a hundredth of a pixel."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.full((height, width, 3), 90.0)
    for cx, cy in ((500, 900), (900, 900), (700, 1400)):
        picture += 120 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 14.0**2))[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def centre(picture: Planes, near: tuple[float, float]) -> tuple[float, float]:
    x0, y0 = round(near[0]), round(near[1])
    part = picture.y[y0 - 60 : y0 + 61, x0 - 60 : x0 + 61].astype(float)
    weight = np.clip(part - part.min() - 4, 0, None)
    ys, xs = np.mgrid[-60:61, -60:61]
    return x0 + (xs * weight).sum() / weight.sum(), y0 + (ys * weight).sum() / weight.sum()


def test_frames_are_as_many_and_as_large_as_asked(engine: ClipEngine) -> None:
    windows = camera_windows((10, 20, 1200, 2133.33), (60, 60, 1080, 1920), 7)
    frames = list(engine.frames(KeyframeLayers(dotted(), None), windows, windows))
    assert len(frames) == 7
    assert all(f.y.shape == (1920, 1080) and f.u.shape == f.v.shape == (960, 540) for f in frames)


def test_motion_is_exact_below_a_pixel_and_even(engine: ClipEngine) -> None:
    windows = camera_windows((100, 200, 1080, 1920), (112.5, 203.2, 1080, 1920), 25)
    frames = list(engine.frames(KeyframeLayers(dotted(), None), windows, windows))
    for picture, (x, y, _, _) in zip(frames, windows, strict=True):
        expected = 500.5 - x - 0.5, 900.5 - y - 0.5
        found = centre(picture, expected)
        assert np.hypot(found[0] - expected[0], found[1] - expected[1]) < 0.12


def test_an_unmoved_camera_at_native_scale_keeps_the_picture(engine: ClipEngine) -> None:
    picture = dotted(1080, 1920)
    (frame,) = engine.frames(KeyframeLayers(picture, None), *2 * [np.array([[0.0, 0.0, 1080.0, 1920.0]])])
    assert np.abs(to_rgb(frame).astype(int) - picture).max() <= 4


def test_fine_detail_of_a_large_photo_does_not_alias(engine: ClipEngine) -> None:
    height, width = 3840, 2160
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, ::2] = 255  # one-pixel stripes at half scale can only be grey
    (frame,) = engine.frames(KeyframeLayers(picture, None), *2 * [np.array([[0.0, 0.0, 2160.0, 3840.0]])])
    assert frame.y[100:-100, 100:-100].std() < 6


def striped_box() -> tuple[np.ndarray, np.ndarray]:
    """A grey plate with dots, and a striped box of 200 px that stands before it."""
    plate = dotted()
    product = plate.copy()
    product[1300:1500:8, 600:800] = 240
    alpha = np.zeros(plate.shape[:2], np.uint8)
    alpha[1300:1500, 600:800] = 255
    return plate, np.dstack([product, alpha])


def test_a_product_that_comes_nearer_moves_and_its_plate_does_not(engine: ClipEngine) -> None:
    windows = camera_windows((150, 200, 1080, 1920), (150, 200, 1080, 1920), 10)
    near = near_windows(windows, 0.03, (700.0, 1500.0))
    frames = list(engine.frames(KeyframeLayers(*striped_box()), windows, near))
    change = np.abs(frames[0].y.astype(int) - frames[-1].y)
    assert change[600:800, 300:800].max() <= 1
    assert change[1100:1300, 450:650].max() > 30
    foot = [np.flatnonzero(frame.y[:, 550] > 150)[-1] for frame in frames]
    assert np.ptp(foot) <= 8, "it stands where it stood, but for a stripe's own growth"


def test_a_stencil_hides_the_product_outside_its_box(engine: ClipEngine) -> None:
    windows = camera_windows((150, 200, 1080, 1920), (190, 280, 1000, 1777.8), 10)
    near = near_windows(windows, 0.2, (700.0, 1500.0))
    plate, product = striped_box()
    framed = KeyframeLayers(plate, product, (600, 1300, 200, 200))
    alone = list(engine.frames(KeyframeLayers(plate, None), windows, windows))
    for number, frame in enumerate(engine.frames(framed, windows, near)):
        x, y, w, _ = windows[number]
        scale = 1080 / w
        left, right, top = ((600 - x) * scale, (800 - x) * scale, (1300 - y) * scale)
        differs = np.abs(frame.y.astype(int) - alone[number].y) > 2
        rows, columns = np.nonzero(differs)
        assert columns.min() >= int(left)
        assert columns.max() <= int(right)
        assert rows.min() >= int(top)


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="warp"):
        open_engine("clips", "magic")
