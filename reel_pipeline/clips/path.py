"""The camera's path over a canvas, frame by frame: geometry only."""

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.records import REEL_HEIGHT_PX, REEL_WIDTH_PX, BoxPx, WindowPx

_EASE = 0.5
"""Share of the path that eases; the rest runs evenly, so the first and last frames move at half speed, not at none."""


def camera_windows(start: WindowPx, end: WindowPx, frame_count: int) -> NDArray[np.float64]:
    """(frame_count, 4) windows from `start` to `end`.

    The width changes by a constant factor per step, which the eye reads as a constant zoom; the centre moves in
    proportion to the width, so that the point the camera heads for stays still in the frame.
    """
    eased = _eased(frame_count)
    (x0, y0, w0, h0), (x1, y1, w1, h1) = start, end
    widths = w0 * (w1 / w0) ** eased
    heights = widths * (h0 / w0)
    share = (widths - w0) / (w1 - w0) if abs(w1 / w0 - 1) > 1e-3 else eased
    centre_x = x0 + w0 / 2 + share * ((x1 + w1 / 2) - (x0 + w0 / 2))
    centre_y = y0 + h0 / 2 + share * ((y1 + h1 / 2) - (y0 + h0 / 2))
    return np.stack([centre_x - widths / 2, centre_y - heights / 2, widths, heights], axis=1)


def near_windows(windows: NDArray[np.float64], growth: float, anchor: tuple[float, float]) -> NDArray[np.float64]:
    """The windows through which a layer is seen that grows by `growth` about a canvas point meanwhile."""
    factor = (1 + growth * _eased(len(windows)))[:, None]
    point = np.array(anchor)
    return np.hstack([point + (windows[:, :2] - point) / factor, windows[:, 2:] / factor])


def _eased(frame_count: int) -> NDArray[np.float64]:
    """Share of the path behind the camera at each frame, 0 to 1."""
    time = np.linspace(0.0, 1.0, frame_count) if frame_count > 1 else np.zeros(1)
    return np.asarray((1 - _EASE) * time + _EASE * time * time * (3 - 2 * time))


def seen_at(box: BoxPx, windows: NDArray[np.float64]) -> BoxPx | None:
    """The part of the frame, in output pixels, that a canvas box touches at any time; None when it never shows."""
    x, y, w, h = box
    scale = REEL_WIDTH_PX / windows[:, 2]
    left = max(0.0, float(((x - windows[:, 0]) * scale).min()))
    top = max(0.0, float(((y - windows[:, 1]) * scale).min()))
    right = min(float(REEL_WIDTH_PX), float(((x + w - windows[:, 0]) * scale).max()))
    bottom = min(float(REEL_HEIGHT_PX), float(((y + h - windows[:, 1]) * scale).max()))
    if right - left < 1 or bottom - top < 1:
        return None
    x_out, y_out = int(left), int(top)
    return x_out, y_out, int(np.ceil(right)) - x_out, int(np.ceil(bottom)) - y_out
