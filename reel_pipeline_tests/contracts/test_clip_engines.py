"""What every clip engine promises, in every format."""

import numpy as np
import pytest

from reel_pipeline.clips.engines import Animated, ClipEngine, ClipRequest
from reel_pipeline.clips.path import camera_path
from reel_pipeline.engines import ENGINES, open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.media.boxes import box_around, grown, holds, union
from reel_pipeline.media.video import Planes, to_rgb
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    Format,
    Parallax,
    Subject,
    SubjectKind,
    WindowPx,
)
from reel_pipeline_tests.clips.making import keyframe

FORMATS = {"9:16": VERTICAL, "4:5": PORTRAIT, "1:1": SQUARE, "16:9": LANDSCAPE}
DOTS = ((500, 540), (900, 540), (700, 840))


@pytest.fixture(params=sorted(name for room, name in ENGINES if room == "clips"))
def engine(request: pytest.FixtureRequest) -> ClipEngine:
    return open_engine("clips", request.param)


@pytest.fixture(params=FORMATS)
def format(request: pytest.FixtureRequest) -> Format:
    return FORMATS[request.param]


def animated(engine: ClipEngine, request: ClipRequest) -> tuple[list[Planes], Animated]:
    frames: list[Planes] = []
    said = engine.animate(request, frames.append)
    return frames, said


def window(format: Format, x: float, y: float, larger: float = 1.0) -> WindowPx:
    """A camera window of the format's own size, or larger by a factor, from (x, y) on the canvas."""
    return x, y, larger * format.width_px, larger * format.height_px


def dotted(format: Format) -> np.ndarray:
    """Soft dots on grey, 320 and 280 px larger than the frame: their centres can be found to a hundredth of a pixel."""
    y, x = np.mgrid[0 : format.height_px + 280, 0 : format.width_px + 320]
    picture = np.full((*y.shape, 3), 90.0)
    for cx, cy in DOTS:
        picture += 120 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 14.0**2))[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def centre(picture: Planes, near: tuple[float, float]) -> tuple[float, float]:
    x0, y0 = round(near[0]), round(near[1])
    part = picture.y[y0 - 60 : y0 + 61, x0 - 60 : x0 + 61].astype(float)
    weight = np.clip(part - part.min() - 4, 0, None)
    ys, xs = np.mgrid[-60:61, -60:61]
    return x0 + (xs * weight).sum() / weight.sum(), y0 + (ys * weight).sum() / weight.sum()


def test_frames_are_as_many_and_as_large_as_asked_and_the_same_twice(engine: ClipEngine, format: Format) -> None:
    request = keyframe(dotted(format), window(format, 10, 20, 1.1), window(format, 60, 60), 7, format)
    frames, said = animated(engine, request)
    height, width = format.height_px, format.width_px
    assert len(frames) == 7
    assert all(f.y.shape == (height, width) and f.u.shape == f.v.shape == (height // 2, width // 2) for f in frames)
    again, said_again = animated(engine, request)
    assert said == said_again
    for one, other in zip(frames, again, strict=True):
        assert all(np.array_equal(getattr(one, plane), getattr(other, plane)) for plane in "yuv")


def test_motion_is_exact_below_a_pixel_and_even(engine: ClipEngine, format: Format) -> None:
    request = keyframe(dotted(format), window(format, 100, 200), window(format, 112.5, 203.2), 13, format)
    frames, _ = animated(engine, request)
    for picture, (x, y, _, _) in zip(frames, camera_path(request.still, 13)[0], strict=True):
        expected = 500.5 - x - 0.5, 540.5 - y - 0.5
        found = centre(picture, expected)
        assert np.hypot(found[0] - expected[0], found[1] - expected[1]) < 0.12


def test_the_first_and_the_last_frame_are_those_that_pin_the_clip(engine: ClipEngine, format: Format) -> None:
    plate, product = striped_box(format)
    ends = window(format, 10, 20, 1.1), window(format, 60, 60)
    request = keyframe(plate, *ends, 5, format, product, parallax=moved_apart(0.03))
    frames, _ = animated(engine, request)
    for pinned, frame in ((request.start_frame, frames[0]), (request.end_frame, frames[-1])):
        assert pinned.shape == (format.height_px, format.width_px, 3)
        assert np.abs(pinned.astype(int) - to_rgb(frame)).max() <= 1
    assert np.abs(request.start_frame.astype(int) - request.end_frame).max() > 50


def test_an_unmoved_camera_at_native_scale_keeps_the_picture(engine: ClipEngine, format: Format) -> None:
    picture = dotted(format)[: format.height_px, : format.width_px]
    request = keyframe(picture, window(format, 0, 0), window(format, 0, 0), 1, format)
    (frame,), _ = animated(engine, request)
    assert np.abs(to_rgb(frame).astype(int) - picture).max() <= 4


def test_fine_detail_of_a_large_photo_does_not_alias(engine: ClipEngine) -> None:
    picture = np.zeros((3840, 2160, 3), np.uint8)
    picture[:, ::2] = 255  # one-pixel stripes at half scale can only be grey
    whole = window(VERTICAL, 0, 0, 2)
    (frame,), _ = animated(engine, keyframe(picture, whole, whole, 1))
    assert frame.y[100:-100, 100:-100].std() < 6


BOX = (600, 700, 200, 200)


def striped_box(format: Format) -> tuple[np.ndarray, np.ndarray]:
    """A grey plate with dots, and a striped box of 200 px that stands before it."""
    plate = dotted(format)
    x, y, w, h = BOX
    product = plate.copy()
    product[y : y + h : 8, x : x + w] = 240
    alpha = np.zeros(plate.shape[:2], np.uint8)
    alpha[y : y + h, x : x + w] = 255
    return plate, np.dstack([product, alpha])


def moved_apart(growth: float, ground: tuple[int, int, int, int] = (0, 0, 9999, 9999)) -> Parallax:
    """The product of `striped_box` comes nearer about the middle of its foot."""
    return Parallax(
        growth=growth, anchor_px=(700.0, 900.0), disclosed_px=0.0, disclosed_share=0.0, ground_px_xywh=ground
    )


def test_a_product_that_comes_nearer_moves_and_its_plate_does_not(engine: ClipEngine, format: Format) -> None:
    plate, product = striped_box(format)
    stands = window(format, 150, 200)
    frames, _ = animated(engine, keyframe(plate, stands, stands, 10, format, product, parallax=moved_apart(0.03)))
    change = np.abs(frames[0].y.astype(int) - frames[-1].y)
    assert change[240:440, 300:800].max() <= 1
    assert change[500:700, 450:650].max() > 30
    foot = [np.flatnonzero(frame.y[:, 550] > 150)[-1] for frame in frames]
    assert np.ptp(foot) <= 8, "it stands where it stood, but for a stripe's own growth"


def test_a_stencil_hides_the_product_outside_its_box(engine: ClipEngine) -> None:
    plate, product = striped_box(VERTICAL)
    ends = window(VERTICAL, 150, 200), window(VERTICAL, 190, 280, 1000 / 1080)
    apart = keyframe(plate, *ends, 10, product=product, parallax=moved_apart(0.2, BOX))
    alone, _ = animated(engine, keyframe(plate, *ends, 10))
    for number, frame in enumerate(animated(engine, apart)[0]):
        x, y, w, _ = camera_path(apart.still, 10)[0][number]
        scale = 1080 / w
        left, right, top = ((BOX[0] - x) * scale, (BOX[0] + BOX[2] - x) * scale, (BOX[1] - y) * scale)
        rows, columns = np.nonzero(np.abs(frame.y.astype(int) - alone[number].y) > 2)
        assert columns.min() >= int(left)
        assert columns.max() <= int(right)
        assert rows.min() >= int(top)


@pytest.mark.parametrize("comes_nearer", [False, True])
def test_tracks_hold_their_subject_in_every_frame(engine: ClipEngine, format: Format, comes_nearer: bool) -> None:
    patches = {SubjectKind.PRODUCT: (255, 0, 0), SubjectKind.LABEL: (0, 0, 255)}
    boxes = {SubjectKind.PRODUCT: (380, 500, 300, 260), SubjectKind.LABEL: (500, 560, 90, 60)}
    plate = np.full((format.height_px + 280, format.width_px + 320, 3), 128, np.uint8)
    over = plate.copy()
    for kind, (x, y, w, h) in boxes.items():
        over[y : y + h, x : x + w] = patches[kind]
    alpha = (over != plate).any(axis=2).astype(np.uint8) * 255
    request = keyframe(
        plate if comes_nearer else over,
        window(format, 10, 20, 1.12),
        window(format, 260, 200),
        13,
        format,
        np.dstack([over, alpha]) if comes_nearer else None,
        parallax=moved_apart(0.05) if comes_nearer else None,
        subjects=tuple(Subject(kind=kind, box_px_xywh=box) for kind, box in boxes.items()),
    )
    frames, said = animated(engine, request)
    tracks = {track.kind: track for track in said.tracks}
    for kind in boxes:
        seen = [box_around(_shown(frame, kind)) for frame in frames]
        for number, (x, y, w, h) in enumerate(seen):
            assert holds(grown(tracks[kind].box_at(number), 1), (x, y, w, h)), (kind, number)
        for piece in tracks[kind].boxes:
            needed = union(seen[piece.start_frame : piece.stop_frame])
            assert holds(grown(needed, 3), piece.box_px_xywh), "and no more than the piece needs"


def _shown(frame: Planes, kind: SubjectKind) -> np.ndarray:
    """HW bool: where the blue label is seen, or the red product with its label."""
    red, green, blue = (to_rgb(frame)[..., channel].astype(int) for channel in range(3))
    label = blue - green > 127
    return label if kind is SubjectKind.LABEL else label | (red - green > 127)


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="warp"):
        open_engine("clips", "magic")
