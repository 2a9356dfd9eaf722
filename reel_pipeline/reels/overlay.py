"""Bitmaps blended over video in YUV: converted once, mixed per frame on their own box only."""

from dataclasses import dataclass

import numpy as np

from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import Plane, Planes


@dataclass(frozen=True)
class Bitmap:
    """An RGBA picture at an even place: `rgba` HWC uint8 with even height and width, `x` and `y` in output pixels."""

    rgba: Pixels
    x: int
    y: int

    @property
    def box_px_xywh(self) -> tuple[int, int, int, int]:
        return self.x, self.y, self.rgba.shape[1], self.rgba.shape[0]


class Blender:
    """Mixes one bitmap into pictures at any strength."""

    def __init__(self, bitmap: Bitmap) -> None:
        self._colour = Planes.from_rgb(np.ascontiguousarray(bitmap.rgba[..., :3]))
        alpha = bitmap.rgba[..., 3].astype(np.float32) / 255
        height, width = alpha.shape
        half = alpha.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
        self._alpha, self._half = alpha, half
        self._x, self._y = bitmap.x, bitmap.y

    def mix(self, picture: Planes, strength: float) -> None:
        """Draw in place; `strength` in [0, 1] fades the whole bitmap."""
        x, y = self._x, self._y
        _mix(picture.y, self._colour.y, self._alpha * strength, x, y)
        _mix(picture.u, self._colour.u, self._half * strength, x // 2, y // 2)
        _mix(picture.v, self._colour.v, self._half * strength, x // 2, y // 2)


def _mix(plane: Plane, colour: Plane, alpha: np.ndarray, x: int, y: int) -> None:
    height, width = colour.shape
    part = plane[y : y + height, x : x + width]
    part[...] = np.rint(part + alpha * (colour.astype(np.float32) - part)).astype(np.uint8)
