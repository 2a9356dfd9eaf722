"""Colour of photo against frame, in means of small blocks: what a codec leaves of colour is no finer."""

from collections.abc import Callable

import cv2
import numpy as np

from reel_pipeline.evaluation.engines.classical.comparing.tiles import Comparison
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Plane
from reel_pipeline.media.photo import Pixels

STEP_PX = 9
"""Side of a block in grid pixels, nine chroma samples of a reel 1080 px wide: what a codec leaves of colour is no
finer."""


def colour_difference(comparison: Comparison, gain: float) -> tuple[Plane, Mask]:
    """CIEDE2000 between the means of blocks of `STEP_PX` grid pixels, and which blocks count: both HW in blocks,
    float32 and bool. The photo's lightness is first multiplied by `gain`."""
    from skimage import color

    photo, frame, valid = _coarse(comparison)
    photo = photo * np.array([gain, 1, 1], np.float32)
    ciede2000: Callable[..., Plane] = color.deltaE_ciede2000
    difference = np.asarray(ciede2000(photo, frame), np.float32)
    return difference, valid


def lightness_gain(comparison: Comparison) -> float:
    """Frame over photo in L*, the median over the blocks: 1.1 where the frame is a tenth lighter. 1 with too few
    blocks."""
    photo, frame, valid = _coarse(comparison)
    enough = valid & (photo[..., 0] > 8)
    return float(np.median(frame[..., 0][enough] / photo[..., 0][enough])) if enough.sum() > 10 else 1.0


def _coarse(comparison: Comparison) -> tuple[Plane, Plane, Mask]:
    """Photo and frame as means of blocks in Lab, HWC float32, and HW bool: a block counts when nearly all of it is
    valid."""
    rows, columns = comparison.photo.shape
    size = (max(1, columns // STEP_PX), max(1, rows // STEP_PX))

    def reduced(rgb: Pixels) -> Plane:
        small = cv2.resize(rgb.astype(np.float32) / 255, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)

    share = cv2.resize(comparison.valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return reduced(comparison.photo_rgb), reduced(comparison.frame_rgb), share > 0.95
