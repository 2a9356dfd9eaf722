"""How the picture moves from frame to frame: a few numbers a frame at a small size, then the stretches they form.

What the numbers mean is the business of `faults/temporal.py`.
"""

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, size_at
from reel_pipeline.media.photo import Pixels

Points = NDArray[np.float32]
"""(N, 1, 2) float32, (x, y) in pixels of the small frame."""
Similarity = tuple[float, float, float, float]
"""How the picture moves from one frame to another: (dx, dy, log scale, radians) at its middle, dx and dy as shares of
its short side. A push-in of 1 % a frame is (0, 0, 0.00995, 0). All nan where it can't be told."""
_UNKNOWN: Similarity = (float("nan"),) * 4

STILL_LAG_S = 0.5
"""A frame is compared with the one this long before it to see whether the picture stands still: in that time a zoom of
2 % a second moves an edge by a pixel of the reel."""
_REFRESH_S = 1 / 3
"""After this long the corners that are tracked are chosen anew: 8 frames at 24 fps."""
_MIN_TRACKS = 12
"""Fewer corners that agree tell nothing of how the picture moves."""
_GRID = 4, 6
"""Columns and rows of cells, each of which gets six corners of its own: else all would be on the letters of a bright
plate, and none on a dark product."""
_MOVED_PX = 0.05
"""Pixels of the small frame, 0.2 px of a reel. A track that moves less stands still, as captions do while the picture
moves behind them."""


@dataclass
class Steps:
    """A few numbers for every frame of a video, in order.

    `mean_luma`: in limited-range levels, black is 16. `dark_share`: share of the pixels below level 20. `change`: mean
    absolute difference to the frame before, in grey levels at 68 px width; in a slide, to that one pushed on. `moved`:
    share of the detailed pixels that differ from those `still_lag_frames` before, nan for the first frames. `shift`:
    from the frame before to this one. `seam`: from the last frame to the first. `cuts`: indices of frames that begin a
    new picture, or in a slide another one than is pushed on.
    """

    still_lag_frames: int
    mean_luma: list[float] = field(default_factory=list)
    dark_share: list[float] = field(default_factory=list)
    change: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    shift: list[Similarity] = field(default_factory=list)
    seam: Similarity = _UNKNOWN
    cuts: list[int] = field(default_factory=list)


class MotionMeter:
    """Fed every frame's luma in order; remembers only the last few small ones."""

    def __init__(self, short_side_px: int, fps: float) -> None:
        self.steps = Steps(still_lag_frames=max(1, round(STILL_LAG_S * fps)))
        self._side = short_side_px
        self._refresh_frames = max(1, round(_REFRESH_S * fps))
        self._recent: deque[Pixels] = deque(maxlen=self.steps.still_lag_frames)
        self._calm: deque[float] = deque(maxlen=self.steps.still_lag_frames)
        self._tiny: Pixels | None = None
        self._hidden: Mask | None = None
        self._points: Points | None = None
        self._first: Pixels | None = None
        self._age = 0

    def see(self, luma: Pixels, pushed: float | None = None, hidden: Mask | None = None) -> bool:
        """One frame's full-size luma, HW uint8. True when the picture changed as at a hard cut. `pushed`: by which
        share of its width a slide has pushed the picture to the left since the frame before; a slide is no measure of
        how much the picture usually changes. `hidden`: HW bool of any size, what lies still over the slide."""
        size = size_at(self._side, luma.shape)
        small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
        tiny = np.asarray(cv2.resize(small, (68, size[1] // 4), interpolation=cv2.INTER_AREA), np.uint8)
        steps = self.steps
        steps.mean_luma.append(float(small.mean()))
        steps.dark_share.append(float((small < 20).mean()))
        if pushed is None:
            change = float(cv2.absdiff(tiny, self._tiny).mean()) if self._tiny is not None else 0.0
        else:
            change = self._change_pushed(small, tiny, pushed, hidden)
        usual = float(np.median(self._calm)) if self._calm else 0.0
        is_cut = self._tiny is not None and change > max(5.0, 5.0 * usual)
        steps.change.append(change)
        if pushed is None:
            self._calm.append(change)
        if is_cut:
            steps.cuts.append(len(steps.mean_luma) - 1)
        if is_cut or pushed is not None:
            self._points = None
        steps.shift.append(self._shift(small, is_cut or pushed is not None))
        steps.moved.append(_moved(self._recent[0], small) if len(self._recent) == self._recent.maxlen else float("nan"))
        self._recent.append(small)
        self._first = small if self._first is None else self._first
        self._tiny, self._hidden = tiny, hidden
        return is_cut

    def _change_pushed(self, small: Pixels, tiny: Pixels, pushed: float, hidden: Mask | None) -> float:
        """What differs from the frame before pushed to the left, where that can be told; infinite where nowhere."""
        if not self._recent:
            return 0.0
        size, tiny_size = small.shape[::-1], tiny.shape[::-1]
        shown = [
            np.full_like(small, 255) if mask is None else cv2.resize(np.where(mask, 0, 255).astype(np.uint8), size)
            for mask in (self._hidden, hidden)
        ]
        push = np.array([[1, 0, -pushed * size[0]], [0, 1, 0]])
        before, shown[0] = (cv2.warpAffine(picture, push, size) for picture in (self._recent[-1], shown[0]))
        seen = cv2.resize(np.minimum(*shown), tiny_size, interpolation=cv2.INTER_AREA) > 250
        differs = cv2.absdiff(cv2.resize(before, tiny_size, interpolation=cv2.INTER_AREA), tiny)
        return float(differs[seen].mean()) if seen.any() else float("inf")

    def seam(self) -> Similarity:
        """From the last frame seen to the first: what a viewer sees where the video starts again."""
        if self._first is None:
            return _UNKNOWN
        last = self._recent[-1]
        return _similarity(*_tracked(last, self._first, _corners(last)), self._first)

    def _shift(self, small: Pixels, is_cut: bool) -> Similarity:
        if is_cut or not self._recent:
            return _UNKNOWN
        last = self._recent[-1]
        if self._points is None or self._age >= self._refresh_frames or len(self._points) < 2 * _MIN_TRACKS:
            self._points, self._age = _corners(last), 0
        before, after = _tracked(last, small, self._points)
        self._points, self._age = after, self._age + 1
        return _similarity(before, after, small)


def _corners(luma: Pixels) -> Points:
    """The sharpest six corners of each cell of HW uint8."""
    found = [np.empty((0, 1, 2), np.float32)]
    for rows in np.array_split(np.arange(luma.shape[0]), _GRID[1]):
        for columns in np.array_split(np.arange(luma.shape[1]), _GRID[0]):
            cell = luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            points = cv2.goodFeaturesToTrack(cell, 6, 0.05, 6)
            if points is not None:
                found.append(np.asarray(points + np.array([columns[0], rows[0]]), np.float32))
    return np.concatenate(found)


def _tracked(last: Pixels, now: Pixels, points: Points) -> tuple[Points, Points]:
    """The points in `last` and where they are in `now` (HW uint8; Lucas-Kanade), without those that were lost."""
    if not len(points):
        return points, points
    found, ok, _ = cv2.calcOpticalFlowPyrLK(last, now, points, points.copy(), winSize=(11, 11), maxLevel=3)
    good = ok.ravel() == 1
    return points[good], np.asarray(found[good], np.float32)


def _similarity(before: Points, after: Points, frame: Pixels) -> Similarity:
    """What most of the points do (RANSAC). Where enough of them move, only those count that do. `frame`: HW, for its
    size."""
    moving = np.abs(after - before).max(axis=(1, 2)) > _MOVED_PX
    if moving.sum() >= _MIN_TRACKS:
        before, after = before[moving], after[moving]
    if len(after) < _MIN_TRACKS:
        return _UNKNOWN
    matrix, inliers = cv2.estimateAffinePartial2D(before, after, method=cv2.RANSAC, ransacReprojThreshold=0.7)
    if matrix is None or inliers.sum() < _MIN_TRACKS:
        return _UNKNOWN
    height, width = frame.shape[:2]
    middle = np.array([width / 2, height / 2, 1.0])
    dx, dy = (matrix @ middle - middle[:2]) / min(width, height)
    a, b = matrix[0, 0], matrix[1, 0]
    return float(dx), float(dy), float(np.log(np.hypot(a, b))), float(np.arctan2(b, a))


def _moved(before: Pixels, now: Pixels) -> float:
    """Share of the detailed pixels (gradient above 16 levels) whose luma differs by more than a codec's noise. HW
    uint8.

    Where a picture has next to no detail: 1 if more than a thousandth of it differs, else 0.
    """
    gradient = cv2.morphologyEx(before, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    detailed = gradient > 16
    count = int(detailed.sum())
    if count < 60:
        return float((cv2.absdiff(before, now) > 6).mean() > 0.001)
    changed = cv2.absdiff(before, now).astype(np.float32) > np.maximum(5.0, 0.12 * gradient)
    return float((changed & detailed).sum()) / count
