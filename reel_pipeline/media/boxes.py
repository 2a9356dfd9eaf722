"""Arithmetic of upright boxes (x, y, width, height) in pixels: x to the right, y down.

`(10, 20, 30, 40)` holds the columns 10 to 39 and the rows 20 to 59. What a box is drawn around the rooms know.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.records import BoxPx, WindowPx


def area(box: BoxPx) -> int:
    return box[2] * box[3]


def union(boxes: Iterable[BoxPx]) -> BoxPx:
    """The smallest box that holds all of them; there must be one."""
    corners = [(x, y, x + w, y + h) for x, y, w, h in boxes]
    left, top = (min(corner[axis] for corner in corners) for axis in (0, 1))
    right, bottom = (max(corner[axis] for corner in corners) for axis in (2, 3))
    return left, top, right - left, bottom - top


def intersection(one: BoxPx, other: BoxPx) -> BoxPx:
    """What both hold; without width or height where they lie apart."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    return left, top, max(0, right - left), max(0, bottom - top)


def holds(outer: BoxPx, inner: WindowPx) -> bool:
    """Whether all of `inner` lies in `outer`; edges may touch."""
    x, y, w, h = inner
    return outer[0] <= x and outer[1] <= y and x + w <= outer[0] + outer[2] and y + h <= outer[1] + outer[3]


def grown(box: BoxPx, by_px: int) -> BoxPx:
    """The box with so much more around it on all four sides; less where it is negative."""
    return box[0] - by_px, box[1] - by_px, box[2] + 2 * by_px, box[3] + 2 * by_px


def moved(box: BoxPx, right_px: int, down_px: int) -> BoxPx:
    return box[0] + right_px, box[1] + down_px, box[2], box[3]


def scaled_inside(box: BoxPx, scale: float, size_px: tuple[int, int]) -> BoxPx:
    """A box of a reduced picture in the pixels of the picture, inside its (height, width) and at least 1 px a side."""
    height, width = size_px
    left, top = max(0, round(box[0] * scale)), max(0, round(box[1] * scale))
    right, bottom = min(width, round((box[0] + box[2]) * scale)), min(height, round((box[1] + box[3]) * scale))
    return left, top, max(1, right - left), max(1, bottom - top)


def rows_and_columns(box: BoxPx) -> tuple[slice, slice]:
    """Where a box lies in an HW or HWC array: `picture[rows_and_columns(box)]`. The box may not begin outside of it."""
    x, y, w, h = box
    return np.s_[y : y + h, x : x + w]


def box_around(mask: NDArray[np.bool_]) -> BoxPx:
    """The smallest box that holds everything that is set in an HW bool mask; the whole picture where nothing is."""
    if not mask.any():
        return 0, 0, mask.shape[1], mask.shape[0]
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)
