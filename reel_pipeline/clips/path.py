"""The camera's path over a canvas, frame by frame: geometry only."""

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.boxes import holds
from reel_pipeline.records import BoxPx, Format, Still, TimedBox, Track, WindowPx

_EASE = 0.5
"""Share of the path that eases; the rest runs evenly, so the first and last frames move at half speed, not at none."""
_TRACK_FRAMES = 6
"""A quarter of a second: how long each box of a track holds."""


def camera_path(still: Still, frame_count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The camera's windows on the canvas and those through which the product is seen, both (frame_count, 4) x, y,
    width, height in pixels: the same where nothing moves apart."""
    windows = camera_windows(still.camera_start, still.camera_end, frame_count)
    move = still.parallax
    return windows, near_windows(windows, move.growth, move.anchor_px) if move else windows


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


def tracks_of(still: Still, frame_count: int, format: Format) -> tuple[Track, ...]:
    """Where the still's subjects, and its photo unless that fills the frame, lie while the camera runs its path."""
    windows, near = camera_path(still, frame_count)
    tracks = [_track(subject.kind.value, subject.box_px_xywh, near, format) for subject in still.subjects]
    photo = still.photo_box_px_xywh
    if not (holds(photo, still.camera_start) and holds(photo, still.camera_end)):
        tracks.append(_track("photo", photo, windows, format))
    return tuple(track for track in tracks if track.boxes)


def _track(kind: str, box: BoxPx, windows: NDArray[np.float64], format: Format) -> Track:
    """Pieces of a canvas box's way, each with all of the frame, in output pixels, that it touches meanwhile; none where
    it never shows as much as a pixel."""
    left, top, right, bottom = _touched(box, windows, format)
    if right - left < 1 or bottom - top < 1:
        return Track(kind=kind)
    boxes = []
    for start in range(0, len(windows), _TRACK_FRAMES):
        part = windows[start : start + _TRACK_FRAMES]
        left, top, right, bottom = _touched(box, part, format)
        if right > left and bottom > top:
            x, y = int(left), int(top)
            seen = x, y, int(np.ceil(right)) - x, int(np.ceil(bottom)) - y
            boxes.append(TimedBox(start_frame=start, frame_count=len(part), box_px_xywh=seen))
    return Track(kind=kind, boxes=tuple(boxes))


def _touched(box: BoxPx, windows: NDArray[np.float64], format: Format) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what a canvas box touches of the frame through any of the windows."""
    x, y, w, h = box
    scale = format.width_px / windows[:, 2]
    return (
        max(0.0, float(((x - windows[:, 0]) * scale).min())),
        max(0.0, float(((y - windows[:, 1]) * scale).min())),
        min(float(format.width_px), float(((x + w - windows[:, 0]) * scale).max())),
        min(float(format.height_px), float(((y + h - windows[:, 1]) * scale).max())),
    )
