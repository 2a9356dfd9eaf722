"""What the camera sees of a keyframe along its path: sub-pixel affine warps of the canvas's YUV planes.

Where the camera stands at each frame is `clips/path.py`'s business.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.clips.engines import ClipRequest
from reel_pipeline.clips.path import camera_path
from reel_pipeline.media.video import Plane, Planes
from reel_pipeline.records import BoxPx, Format

_OVERSAMPLING = 2.0
"""The canvas is resampled once so that the closest window is twice the output size, then read bilinearly: a quarter of
the time of a bicubic read at 1:1, and no softer at any phase (worst gain at the photo's Nyquist 0.7 against 0)."""


def film(request: ClipRequest, at: Sequence[int]) -> Iterator[Planes]:
    """The frames with these numbers, each of the request's format: the product's layer, if any, over its plate."""
    windows, near = camera_path(request.still, request.frame_count)
    scale = _OVERSAMPLING * request.format.width_px / float(windows[:, 2].min())
    plate, factors = _planes(request.plate, scale)
    if request.product is None:
        for number in at:
            yield _seen(plate, windows[number] * factors, request.format)
        return
    front, _ = _planes(np.ascontiguousarray(request.product[..., :3]), scale)
    opacity = _opacity(request.product[..., 3], front)
    move = request.still.parallax
    for number in at:
        back, over, weight = (
            _seen(canvas, through[number] * factors, request.format)
            for canvas, through in ((plate, windows), (front, near), (opacity, near))
        )
        if move:
            weight = _inside(weight, move.ground_px_xywh, windows[number])
        yield Planes(
            _blend(back.y, over.y, weight.y), _blend(back.u, over.u, weight.u), _blend(back.v, over.v, weight.u)
        )


def _planes(rgb: NDArray[np.uint8], scale: float) -> tuple[Planes, NDArray[np.float64]]:
    """The canvas in YUV at `scale`, by area when shrinking, and the factors a window scales by."""
    height, width = rgb.shape[:2]
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    if scale < 1.0:
        planes = Planes.from_rgb(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    else:
        small = Planes.from_rgb(rgb)
        half = (size[0] // 2, size[1] // 2)
        planes = Planes(_enlarged(small.y, size), _enlarged(small.u, half), _enlarged(small.v, half))
    x, y = size[0] / width, size[1] / height
    return planes, np.array([x, y, x, y])


def _enlarged(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _seen(canvas: Planes, window: NDArray[np.float64], format: Format) -> Planes:
    half, width, height = window / 2, format.width_px, format.height_px
    return Planes(
        _warp(canvas.y, window, width, height),
        _warp(canvas.u, half, width // 2, height // 2),
        _warp(canvas.v, half, width // 2, height // 2),
    )


def _warp(plane: Plane, window: NDArray[np.float64], width: int, height: int) -> Plane:
    """One window of a plane at output size. Pixel centres lie at .5, hence the half-pixel shifts."""
    scale_x, scale_y = window[2] / width, window[3] / height
    matrix = np.array(
        [
            [scale_x, 0.0, window[0] + 0.5 * scale_x - 0.5],
            [0.0, scale_y, window[1] + 0.5 * scale_y - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(plane, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.uint8)


def _opacity(alpha: NDArray[np.uint8], like: Planes) -> Planes:
    """The product's opacity at the size of its luma, and of its chroma; the third plane is the second."""
    y = np.asarray(cv2.resize(alpha, like.y.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    half = np.asarray(cv2.resize(y, like.u.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return Planes(y, half, half)


def _inside(opacity: Planes, box: BoxPx, window: NDArray[np.float64]) -> Planes:
    """Opacity only inside a box of the plate; its rim, between pixels, is as opaque as it covers of them."""
    planes = []
    for plane in (opacity.y, opacity.u):
        scale = plane.shape[1] / window[2]
        across, down = (
            _coverage((box[axis] - window[axis]) * scale, box[axis + 2] * scale, plane.shape[1 - axis])
            for axis in (0, 1)
        )
        planes.append(np.asarray(np.rint(plane * down[:, None] * across), np.uint8))
    return Planes(planes[0], planes[1], planes[1])


def _coverage(start: float, length: float, count: int) -> NDArray[np.float32]:
    """Share of each of `count` unit pixels that lies in [start, start + length]."""
    pixels = np.arange(count)
    covered = np.clip(np.minimum(pixels + 1, start + length) - np.maximum(pixels, start), 0, 1)
    return np.asarray(covered, np.float32)


def _blend(back: Plane, over: Plane, opacity: Plane) -> Plane:
    weight = opacity.astype(np.uint16)
    return ((over * weight + back * (255 - weight) + 127) // 255).astype(np.uint8)
