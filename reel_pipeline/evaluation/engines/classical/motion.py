"""How the picture moves from frame to frame: a few numbers a frame at a small size, then the stretches they form.

Thresholds and verdicts are `temporal.py`'s business.
"""

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

STILL_LAG_S_FRAMES = 12
"""Stillness compares frames this far apart: a zoom of 2 % a second moves an edge by a pixel of the reel meanwhile."""
_REFRESH_FRAMES = 8
_MIN_TRACKS = 12


@dataclass
class Steps:
    """Per frame: `mean_luma` and `dark_share` (share of pixels below 20) in limited-range luma; `change`: mean absolute
    difference to the frame before at 68 px width, grey levels; `moved`: share of the detailed pixels that differ from
    `STILL_LAG_S_FRAMES` ago (nan where there is none); `shift`: (dx, dy, log scale, rotation) to the frame before in
    widths, at the picture's middle (nan where it can't be told)."""

    mean_luma: list[float] = field(default_factory=list)
    dark_share: list[float] = field(default_factory=list)
    change: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    shift: list[tuple[float, float, float, float]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)


class MotionMeter:
    """Fed every frame's luma in order; remembers only the last few small ones."""

    def __init__(self, width_px: int) -> None:
        self.steps = Steps()
        self._width = width_px
        self._recent: deque[Pixels] = deque(maxlen=STILL_LAG_S_FRAMES)
        self._tiny: Pixels | None = None
        self._points: NDArray[np.float32] | None = None
        self._age = 0

    def see(self, luma: Pixels) -> bool:
        """One frame's full-size luma, HW uint8. True when the picture changed as at a hard cut."""
        height = max(16, round(luma.shape[0] * self._width / luma.shape[1]))
        small = np.asarray(cv2.resize(luma, (self._width, height), interpolation=cv2.INTER_AREA), np.uint8)
        tiny = np.asarray(cv2.resize(small, (68, max(4, height // 4)), interpolation=cv2.INTER_AREA), np.uint8)
        steps = self.steps
        steps.mean_luma.append(float(small.mean()))
        steps.dark_share.append(float((small < 20).mean()))
        change = float(cv2.absdiff(tiny, self._tiny).mean()) if self._tiny is not None else 0.0
        usual = float(np.median(steps.change[-12:])) if steps.change else 0.0
        is_cut = self._tiny is not None and change > max(5.0, 5.0 * usual)
        steps.change.append(change)
        if is_cut:
            steps.cuts.append(len(steps.mean_luma) - 1)
            self._points = None
        steps.shift.append(self._shift(small, is_cut))
        steps.moved.append(_moved(self._recent[0], small) if len(self._recent) == STILL_LAG_S_FRAMES else float("nan"))
        self._recent.append(small)
        self._tiny = tiny
        return is_cut

    def _shift(self, small: Pixels, is_cut: bool) -> tuple[float, float, float, float]:
        """Similarity between the last frame and this one from tracked corners (Lucas-Kanade, RANSAC)."""
        unknown = (float("nan"),) * 4
        if is_cut or not self._recent:
            return unknown
        last = self._recent[-1]
        if self._points is None or self._age >= _REFRESH_FRAMES or len(self._points) < 2 * _MIN_TRACKS:
            found_points = cv2.goodFeaturesToTrack(last, 120, 0.01, 6)
            self._points = None if found_points is None else np.asarray(found_points, np.float32)
            self._age = 0
        if self._points is None or len(self._points) < _MIN_TRACKS:
            self._points = None
            return unknown
        guess = self._points.copy()
        found, ok, _ = cv2.calcOpticalFlowPyrLK(last, small, self._points, guess, winSize=(11, 11), maxLevel=3)
        good = ok.ravel() == 1
        before, after = self._points[good], found[good]
        self._points, self._age = np.asarray(after, np.float32), self._age + 1
        if len(after) < _MIN_TRACKS:
            return unknown
        matrix, _ = cv2.estimateAffinePartial2D(before, after, method=cv2.RANSAC, ransacReprojThreshold=0.7)
        if matrix is None:
            return unknown
        middle = np.array([small.shape[1] / 2, small.shape[0] / 2, 1.0])
        dx, dy = matrix @ middle - middle[:2]
        a, b = matrix[0, 0], matrix[1, 0]
        turn, growth = float(np.arctan2(b, a)), float(np.log(np.hypot(a, b)))
        return float(dx) / self._width, float(dy) / self._width, growth, turn


def _moved(before: Pixels, now: Pixels) -> float:
    """Share of the detailed pixels (gradient above 8 levels) whose luma differs by more than a codec's noise."""
    gradient = cv2.morphologyEx(before, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    detailed = gradient > 16
    count = int(detailed.sum())
    if count < 60:
        return float((cv2.absdiff(before, now) > 6).mean() > 0.001)
    changed = cv2.absdiff(before, now).astype(np.float32) > np.maximum(5.0, 0.12 * gradient)
    return float((changed & detailed).sum()) / count
