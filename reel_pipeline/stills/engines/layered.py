"""The embedded still engine: the untouched photo at its native scale on its extended backdrop or a mat."""

import numpy as np

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import area, holds, intersection, moved, rows_and_columns, union
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, Ground, GroundKind, Rung, Subject, SubjectKind, WindowPx
from reel_pipeline.stills.engines import Keyframe, StillRequest
from reel_pipeline.stills.engines.border import Border, Floats, measure
from reel_pipeline.stills.engines.extend import extend_backdrop, mat
from reel_pipeline.stills.engines.parallax import MOST_GROWTH, part, trusted
from reel_pipeline.stills.framing import MAX_UPSCALE, Box, Layout, Scene
from reel_pipeline.stills.layout import lay_out

_MARGIN_PX = 4
"""Canvas beyond the camera's windows, so that interpolation never reads past it."""
_MAT_APART = 28.0
"""Levels by which a mat may differ from the plain backdrop of the photo on it."""
_WHOLE_PRODUCT = 0.9
"""A focus of less than this share of the product's box is a close-up."""


class Layered:
    name: str
    revision: str

    def keyframe(self, request: StillRequest) -> Keyframe:
        layers, take = request.layers, request.take
        if take.rung not in (Rung.STILL_MOTION, Rung.PARALLAX):
            raise RenderError(
                f"The layered still engine makes still_motion and parallax, not {take.rung}; choose another engine."
            )
        height, width = layers.pixels.shape[:2]
        focus = _within(take.focus_px_xywh, width, height)
        product = _product(take.subjects)
        close_up = product is not None and area(focus) < _WHOLE_PRODUCT * area(product)
        around = _within(product, width, height) if product and close_up else focus
        border = measure(layers.pixels, layers.alpha, around)
        scene = Scene(
            width,
            height,
            border.open_sides,
            Box(*union((border.content_px_xywh, focus))),
            Box(*focus),
            _must_show(focus, take.subjects),
            close_up,
            MAX_UPSCALE / (1 + MOST_GROWTH) if take.rung is Rung.PARALLAX else MAX_UPSCALE,
            request.format,
        )
        layout = lay_out(scene, take.motion)
        return _compose(request, layout, border)


def _within(box: BoxPx, width: int, height: int) -> BoxPx:
    inside = intersection(box, (0, 0, width, height))
    if min(inside[2:]) < 2:
        raise RenderError(f"The shot's focus {box} lies outside its {width} x {height} photo; plan the shot again.")
    return inside


def _product(subjects: tuple[Subject, ...]) -> BoxPx | None:
    return next((subject.box_px_xywh for subject in subjects if subject.kind is SubjectKind.PRODUCT), None)


def _must_show(focus: BoxPx, subjects: tuple[Subject, ...]) -> Box | None:
    """Labels and faces that the focus holds."""
    boxes = [subject.box_px_xywh for subject in subjects if subject.kind is not SubjectKind.PRODUCT]
    parts = [box for box in boxes if holds(focus, box)]
    return Box(*union(parts)) if parts else None


def _compose(request: StillRequest, layout: Layout, border: Border) -> Keyframe:
    layers, take = request.layers, request.take
    left, top, right, bottom = _canvas_edges(layout)
    shown = intersection(layout.shown, (left, top, right - left, bottom - top))
    photo_box = moved(shown, -left, -top)
    plate = _canvas(layers.pixels, take.seed, layout, border, _ground_colour(request.palette, border))
    lock = np.zeros(plate.shape[:2], np.uint8)
    lock[rows_and_columns(photo_box)] = 255
    start, end = _moved_window(layout.start, left, top), _moved_window(layout.end, left, top)
    product = depth = move = None
    if take.rung is Rung.PARALLAX:
        alpha = _placed(trusted(layers.alpha, layers.confidence), shown, photo_box, plate)
        depth = None if layers.depth is None else _placed(layers.depth, shown, photo_box, plate)
        floor = photo_box[1] + photo_box[3] if layout.panel else bottom - top
        ground = photo_box if layout.on_mat else (0, 0, right - left, floor)
        plate, product, move = part(plate, alpha, ground, end, request.format)
    return Keyframe(
        plate,
        product,
        depth,
        lock,
        (1.0, 0.0, float(left), 0.0, 1.0, float(top)),
        photo_box,
        moved(take.focus_px_xywh, -left, -top),
        tuple(
            Subject(kind=subject.kind, box_px_xywh=moved(subject.box_px_xywh, -left, -top)) for subject in take.subjects
        ),
        start,
        end,
        _ground(layout, photo_box, (start, end), move.disclosed_share if move else 0.0),
        move,
    )


def _ground(layout: Layout, photo: BoxPx, windows: tuple[WindowPx, ...], disclosed_share: float) -> Ground:
    """What lies around the photo's own pixels, and the most of the frame that it takes.

    `photo`: where they lie on the canvas. `disclosed_share`: of the frame, what parallax uncovers of the filled
    background. Width and height that the photo fills change in one direction between the two windows, so the ends tell
    the least of either.
    """
    columns, rows = (
        min(_overlap(window[axis], window[axis + 2], photo[axis], photo[axis + 2]) for window in windows)
        for axis in (0, 1)
    )
    share = round(1 - columns * rows, 6)
    around = GroundKind.MAT if layout.on_mat or layout.panel else GroundKind.EXTENDED
    return Ground(kind=around if share else GroundKind.PHOTO, share=min(1.0, share + disclosed_share))


def _overlap(start: float, length: float, low: float, size: float) -> float:
    """Share of the stretch from `start` on that lies in the one from `low` on."""
    return max(0.0, min(start + length, low + size) - max(start, low)) / length


def _canvas(pixels: Pixels, seed: int, layout: Layout, border: Border, ground_colour: Floats) -> Pixels:
    """HWC RGB uint8: the photo where it is shown, and what lies around it."""
    left, top, right, bottom = _canvas_edges(layout)
    height, width = pixels.shape[:2]
    if not layout.on_mat:
        floor = height if layout.panel else bottom
        plate = extend_backdrop(pixels, border.backdrop, (-left, -top, right - width, floor - height), seed)
        if not layout.panel:
            return plate
        return np.vstack([plate, mat(pixels, (bottom - height, right - left), ground_colour)])
    plate = mat(pixels[rows_and_columns(layout.shown)], (bottom - top, right - left), ground_colour)
    shown = intersection(layout.shown, (left, top, right - left, bottom - top))
    plate[rows_and_columns(moved(shown, -left, -top))] = pixels[rows_and_columns(shown)]
    return plate


def _placed(of_photo: Pixels, shown: BoxPx, photo_box: BoxPx, plate: Pixels) -> Pixels:
    """A HW picture of the photo's size where the photo lies on the canvas, 0 elsewhere."""
    placed = np.zeros(plate.shape[:2], np.uint8)
    placed[rows_and_columns(photo_box)] = of_photo[rows_and_columns(shown)]
    return placed


def _ground_colour(palette: tuple[str, ...], border: Border) -> Floats:
    """RGB of mats and panels: the brand's background, drawn near to the photo's own where that is plain."""
    brand = np.array([int(palette[0].lstrip("#")[at : at + 2], 16) for at in (0, 2, 4)], np.float32)
    if not border.backdrop:
        return brand
    backdrop = np.concatenate(list(border.backdrop.values())).mean(axis=0)
    return np.asarray(backdrop + np.clip(brand - backdrop, -_MAT_APART, _MAT_APART), np.float32)


def _canvas_edges(layout: Layout) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in photo pixels: both windows and a margin; even sides, as yuv420p needs."""
    boxes = (layout.start, layout.end)
    left = int(np.floor(min(b[0] for b in boxes))) - _MARGIN_PX
    top = int(np.floor(min(b[1] for b in boxes))) - _MARGIN_PX
    right = int(np.ceil(max(b[0] + b[2] for b in boxes))) + _MARGIN_PX
    bottom = int(np.ceil(max(b[1] + b[3] for b in boxes))) + _MARGIN_PX
    return left, top, right + (right - left) % 2, bottom + (bottom - top) % 2


def _moved_window(window: WindowPx, left: int, top: int) -> WindowPx:
    return window[0] - left, window[1] - top, window[2], window[3]
