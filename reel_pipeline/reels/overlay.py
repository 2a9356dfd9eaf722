"""Bitmaps blended over video in YUV: converted once, mixed per frame on their own box only."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

if TYPE_CHECKING:
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
        from reel_pipeline.media.video import Planes

        self._colour = Planes.from_rgb(np.ascontiguousarray(bitmap.rgba[..., :3]))
        alpha = bitmap.rgba[..., 3].astype(np.float32) / 255
        height, width = alpha.shape
        half = alpha.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3), dtype=np.float32)
        self._alpha, self._half = alpha, half
        self._x, self._y = bitmap.x, bitmap.y

    def mix(self, picture: "Planes", strength: float = 1.0, lower_px: int = 0) -> None:
        """Draw in place; `strength` in [0, 1] fades the whole bitmap, `lower_px` (even) moves it down."""
        x, y = self._x, self._y + lower_px
        alpha, half = self._alpha * np.float32(strength), self._half * np.float32(strength)
        _mix(picture.y, self._colour.y, alpha, x, y)
        _mix(picture.u, self._colour.u, half, x // 2, y // 2)
        _mix(picture.v, self._colour.v, half, x // 2, y // 2)


def flat(colour: tuple[int, int, int], width_px: int, height_px: int) -> "Planes":
    """A picture of one RGB colour (0 to 255 each); both sides must be even."""
    from reel_pipeline.media.video import Planes

    dot = Planes.from_rgb(np.full((2, 2, 3), colour, np.uint8))
    return Planes(
        np.full((height_px, width_px), dot.y[0, 0]),
        np.full((height_px // 2, width_px // 2), dot.u[0, 0]),
        np.full((height_px // 2, width_px // 2), dot.v[0, 0]),
    )


def evened(rgba: Pixels) -> Pixels:
    """The HWC RGBA uint8 bitmap with a transparent column or row added where a side is odd."""
    height, width = rgba.shape[:2]
    return np.pad(rgba, ((0, height % 2), (0, width % 2), (0, 0)))


def _mix(plane: "Plane", colour: "Plane", alpha: NDArray[np.floating], x: int, y: int) -> None:
    height, width = colour.shape
    part = plane[y : y + height, x : x + width]
    part[...] = np.rint(part + alpha * (colour.astype(np.float32) - part)).astype(np.uint8)
