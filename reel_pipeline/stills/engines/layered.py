"""The embedded still engine: the untouched photo at its native scale on its extended backdrop or a mat."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import RenderError
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, Rung, Take, WindowPx
from reel_pipeline.stills.engines import Keyframe, PhotoLayers
from reel_pipeline.stills.engines.border import Border, Floats, measure
from reel_pipeline.stills.engines.extend import extend_backdrop, mat
from reel_pipeline.stills.layout import Box, Layout, Scene, lay_out

_MARGIN_PX = 4
"""Canvas beyond the camera's windows, so that interpolation never reads past it."""
_LABEL_SHARE = 0.6
"""An avoid box of more than this share of the focus is the product itself; smaller ones are labels and faces."""
_WHOLE_PRODUCT = 0.9
"""A focus of less than this share of the product's box is a close-up."""


class Layered:
    name = "layered"
    revision = "2"

    def keyframe(self, layers: PhotoLayers, take: Take, palette: tuple[str, ...]) -> Keyframe:
        if take.rung not in (Rung.STILL_MOTION, Rung.PARALLAX):
            raise RenderError(
                f"The layered still engine makes still_motion and parallax, not {take.rung}; choose another engine."
            )
        height, width = layers.pixels.shape[:2]
        focus = _within(take.focus_px_xywh, width, height)
        border = measure(layers.pixels, layers.alpha, focus)
        scene = Scene(
            width,
            height,
            border.open_sides,
            Box(*_union((border.content_px_xywh, focus))),
            Box(*focus),
            _must_show(focus, take.avoid_px_xywh),
            _is_close_up(focus, take.avoid_px_xywh),
        )
        layout = lay_out(scene, take.motion)
        return _compose(layers, take, layout, border, palette)


def _within(box: BoxPx, width: int, height: int) -> BoxPx:
    x, y = min(max(box[0], 0), width - 1), min(max(box[1], 0), height - 1)
    right, bottom = min(box[0] + box[2], width), min(box[1] + box[3], height)
    if right - x < 2 or bottom - y < 2:
        raise RenderError(f"The shot's focus {box} lies outside its {width} x {height} photo; plan the shot again.")
    return x, y, right - x, bottom - y


def _union(boxes: tuple[BoxPx, ...]) -> BoxPx:
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return left, top, max(b[0] + b[2] for b in boxes) - left, max(b[1] + b[3] for b in boxes) - top


def _is_close_up(focus: BoxPx, avoid: tuple[BoxPx, ...]) -> bool:
    """Whether the focus is a part of the product: the largest box to avoid is the product itself."""
    return focus[2] * focus[3] < _WHOLE_PRODUCT * max((box[2] * box[3] for box in avoid), default=0)


def _must_show(focus: BoxPx, avoid: tuple[BoxPx, ...]) -> Box | None:
    """Labels and faces that the focus holds."""
    x, y, w, h = focus
    parts = tuple(
        (left, top, width, height)
        for left, top, width, height in avoid
        if width * height < _LABEL_SHARE * w * h
        and x <= left
        and y <= top
        and left + width <= x + w
        and top + height <= y + h
    )
    return Box(*_union(parts)) if parts else None


def _compose(layers: PhotoLayers, take: Take, layout: Layout, border: Border, palette: tuple[str, ...]) -> Keyframe:
    left, top, right, bottom = _canvas_edges(layout)
    x, y, w, h = layout.shown
    height, width = layers.pixels.shape[:2]
    background = _background(palette)
    if layout.on_mat:
        plate = mat(layers.pixels[y : y + h, x : x + w], (bottom - top, right - left), background)
        shown = (max(x, left), max(y, top), min(x + w, right), min(y + h, bottom))
        plate[shown[1] - top : shown[3] - top, shown[0] - left : shown[2] - left] = layers.pixels[
            shown[1] : shown[3], shown[0] : shown[2]
        ]
    else:
        floor = height if layout.panel else bottom
        pads = (-left, -top, right - width, floor - height)
        plate = extend_backdrop(layers.pixels, border.backdrop, pads, take.seed)
        if layout.panel:
            plate = np.vstack([plate, mat(layers.pixels, (bottom - height, right - left), background)])
        shown = (max(0, left), max(0, top), min(width, right), min(height, bottom))
    lock = np.zeros(plate.shape[:2], np.uint8)
    photo_box = (shown[0] - left, shown[1] - top, shown[2] - shown[0], shown[3] - shown[1])
    lock[photo_box[1] : photo_box[1] + photo_box[3], photo_box[0] : photo_box[0] + photo_box[2]] = 255
    product = depth = None
    if take.rung is Rung.PARALLAX:
        plate, product, depth = _parallax_layers(layers, plate, shown, photo_box)
    return Keyframe(
        plate,
        product,
        depth,
        lock,
        (1.0, 0.0, float(left), 0.0, 1.0, float(top)),
        photo_box,
        _moved(take.focus_px_xywh, left, top),
        tuple(_moved(box, left, top) for box in take.avoid_px_xywh),
        _moved_window(layout.start, left, top),
        _moved_window(layout.end, left, top),
    )


def _background(palette: tuple[str, ...]) -> tuple[int, int, int]:
    red, green, blue = (int(palette[0].lstrip("#")[at : at + 2], 16) for at in (0, 2, 4))
    return red, green, blue


def _canvas_edges(layout: Layout) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in photo pixels: both windows and a margin; even sides, as yuv420p needs."""
    boxes = (layout.start, layout.end)
    left = int(np.floor(min(b[0] for b in boxes))) - _MARGIN_PX
    top = int(np.floor(min(b[1] for b in boxes))) - _MARGIN_PX
    right = int(np.ceil(max(b[0] + b[2] for b in boxes))) + _MARGIN_PX
    bottom = int(np.ceil(max(b[1] + b[3] for b in boxes))) + _MARGIN_PX
    return left, top, right + (right - left) % 2, bottom + (bottom - top) % 2


def _moved(box: BoxPx, left: int, top: int) -> BoxPx:
    return box[0] - left, box[1] - top, box[2], box[3]


def _moved_window(window: WindowPx, left: int, top: int) -> WindowPx:
    return window[0] - left, window[1] - top, window[2], window[3]


def _parallax_layers(
    layers: PhotoLayers, plate: Pixels, shown: tuple[int, int, int, int], photo_box: BoxPx
) -> tuple[Pixels, Pixels, Pixels]:
    """Plate with the product painted out, product RGBA, depth; all of the canvas's size.

    The clip engine lets the product grow faster than the plate, so it covers ever more of the plate and what lay
    hidden behind it never shows. Where the alpha is partial both layers hold the photo's pixel, so that their
    blend is the photo bit for bit.
    """
    if layers.alpha is None:
        raise RenderError("A parallax shot needs the product's cutout, and this photo has none; use push_in instead.")
    place = np.s_[photo_box[1] : photo_box[1] + photo_box[3], photo_box[0] : photo_box[0] + photo_box[2]]
    part = np.s_[shown[1] : shown[3], shown[0] : shown[2]]
    alpha = np.zeros(plate.shape[:2], np.uint8)
    alpha[place] = layers.alpha[part]
    product = np.dstack([plate, alpha])
    depth = np.zeros_like(alpha)
    if layers.depth is not None:
        depth[place] = layers.depth[part]
    core = cv2.erode(alpha, np.ones((5, 5), np.uint8)) == 255
    around = cv2.dilate(alpha, np.ones((9, 9), np.uint8)) == 0
    filled = plate.copy()
    filled[core] = _from_around(plate, around)[core]
    return filled, product, depth


def _from_around(pixels: Pixels, known: NDArray[np.bool_]) -> Pixels:
    """Every pixel from the nearest known ones, by ever coarser averages (push-pull)."""
    weight = known.astype(np.float32)
    levels: list[tuple[Floats, Floats]] = [(pixels.astype(np.float32) * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 2:
        colour, share = levels[-1]
        size = (max(1, share.shape[1] // 2), max(1, share.shape[0] // 2))
        halves = (np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32) for a in (colour, share))
        levels.append((next(halves), next(halves)))
    colour, share = levels.pop()
    whole = colour / np.maximum(share, 1e-6)[..., None]
    for colour, share in reversed(levels):
        coarse = cv2.resize(whole, share.shape[::-1], interpolation=cv2.INTER_LINEAR)
        certain = np.clip(share, 0, 1)[..., None]
        whole = certain * (colour / np.maximum(share, 1e-6)[..., None]) + (1 - certain) * coarse
    return np.asarray(np.clip(np.rint(whole), 0, 255), np.uint8)
