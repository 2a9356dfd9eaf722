"""Light and focus, which a photo and a frame of it may have different without any fault.

The frame is brought to the photo's light and the photo to the frame's focus, so that what is left is the product's.
"""

import cv2
import numpy as np

from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Plane, local_contrast
from reel_pipeline.media.photo import Pixels

_MAX_GAIN = 1.5
"""A frame that is more than 1.5 times as bright or dark as the photo is left as it is."""
_LEAST_SPREAD = 8.0
"""Standard deviation of the photo, in grey levels, from which on a gain can be told from an offset."""
_CLIPPED = 250.0
"""Grey level from which on a pixel may have been brighter than it could be stored."""
_BRIGHTER = 1.02
"""Gain up to which nothing is called overexposed: a photo's 245 becomes 250."""
_OTHER_COLOUR_LEVELS = 40.0
"""In any channel: what is farther from the photo under a brighter light is another colour."""
_FOCUS_FROM = 0.3
"""Share of fine contrast that a frame must lack before the photo is blurred for the comparison."""
_FOCUS_SIGMAS_PX = np.geomspace(0.5, 8, 13)
"""The blurs that are tried: half a grid pixel to eight, in steps of 26 %."""


def levelled(photo: Plane, frame: Plane, valid: Mask) -> tuple[Plane, float]:
    """The frame with the gain and offset that most pixels agree on taken out of it, HW float32 in [0, 255]; and that
    gain, 1 where none could be told. `photo`, `frame`: HW float32 in [0, 255]; only `valid` pixels count."""
    exposed = valid & (photo < _CLIPPED) & (frame < _CLIPPED)
    x, y = photo[exposed][::7].astype(np.float64), frame[exposed][::7].astype(np.float64)
    if len(x) < 200 or x.std() < _LEAST_SPREAD:
        return frame, 1.0
    weight, gain, offset = np.ones(len(x)), 1.0, 0.0
    for _ in range(8):
        mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
        spread = np.average((x - mean_x) ** 2, weights=weight)
        gain = float(np.average((x - mean_x) * (y - mean_y), weights=weight) / max(spread, 1e-3))
        offset = float(mean_y - gain * mean_x)
        error = y - gain * x - offset
        weight = 1 / (1 + (error / max(1.0, 1.5 * float(np.median(np.abs(error))))) ** 2)
    if not 1 / _MAX_GAIN < gain < _MAX_GAIN:
        return frame, 1.0
    return np.asarray(np.clip((frame - offset) / gain, 0, 255), np.float32), gain


def overexposed(photo_rgb: Pixels, frame_rgb: Pixels, gain: float) -> Mask:
    """HW bool: what a light brighter than the photo's takes to full scale, so that nothing can be told of it. A colour
    that this light would not make of the photo is none of its doing. Pictures HWC RGB uint8; `gain` as from
    `levelled`."""
    if gain < _BRIGHTER:
        return np.zeros(photo_rgb.shape[:2], np.bool_)
    lit = photo_rgb.astype(np.float32) * gain
    is_light = np.abs(np.minimum(lit, 255) - frame_rgb).max(2) < _OTHER_COLOUR_LEVELS
    clipped = ((lit.max(2) >= _CLIPPED) & is_light).astype(np.uint8)
    return np.asarray(cv2.dilate(clipped, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def smeared_share(photo: Plane, frame: Plane, valid: Mask) -> float:
    """Share in [0, 1] of the photo's fine contrast that the frame lacks, over the sharpest tenth of the photo. It may
    be three pixels away. 0 where the photo has next to nothing sharp. HW float32 in [0, 255]; only `valid` counts."""
    sharp = valid & (local_contrast(photo) > 6)
    if sharp.sum() < 300:
        return 0.0
    before = _fine_contrast(photo)
    sharpest = sharp & (before >= np.percentile(before[sharp], 90))
    return _lacking(float(before[sharpest].mean()), _fine_contrast(frame), sharpest)


def _lacking(expected: float, found: Plane, where: Mask) -> float:
    return float(np.clip(1 - found[where].mean() / max(expected, 1e-3), 0, 1))


def _fine_contrast(plane: Plane) -> Plane:
    """The largest step (absolute Laplacian) within three pixels of each one, HW float32 in grey levels."""
    steps = np.abs(cv2.Laplacian(plane, cv2.CV_32F))
    return np.asarray(cv2.dilate(steps, np.ones((7, 7), np.uint8)), np.float32)


def focused_alike(photo: Plane, valid: Mask, smear: float) -> Plane:
    """The photo, HW float32 in [0, 255], blurred until its fine contrast is the frame's: out of focus, what is left to
    see is compared. `smear`: as from `smeared_share`."""
    if smear < _FOCUS_FROM:
        return photo
    blurred = [np.asarray(cv2.GaussianBlur(photo, (0, 0), float(sigma)), np.float32) for sigma in _FOCUS_SIGMAS_PX]
    return min(blurred, key=lambda plane: abs(smeared_share(photo, plane, valid) - smear))
