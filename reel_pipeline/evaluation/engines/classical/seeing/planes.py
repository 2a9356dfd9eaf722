"""What every comparison does to a plane: luma at one sharpness, window means, local contrast, another size."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

Plane = NDArray[np.float32]
"""HW float32; grey levels in [0, 255] unless it is said otherwise."""
Mask = NDArray[np.bool_]
"""HW bool."""
Matrix = NDArray[np.float64]
"""3x3 float64, maps (x, y, 1) in pixels of one picture to those of another; (0, 0) is the middle of the first pixel."""

WINDOW_PX = 17
"""Side of the windows in which photo and frame are compared: 3 % of a working picture 540 px wide."""
_BLUR_SIGMA_PX = 0.8
"""Blur that both pictures get, so that the resizing kernel of whoever made the video makes no difference. It takes
detail finer than about 2 px."""


def blurred_luma(rgb: Pixels) -> Plane:
    """HWC RGB uint8 -> HW float32 in [0, 255]."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _BLUR_SIGMA_PX), np.float32)


def box_mean(plane: Plane, window_px: int = WINDOW_PX) -> Plane:
    """Mean of the window around each pixel, HW float32; beyond the edge the picture is mirrored."""
    size = (window_px, window_px)
    return np.asarray(cv2.boxFilter(plane, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT), np.float32)


def local_contrast(plane: Plane) -> Plane:
    """Standard deviation in the window around each pixel, HW float32 in grey levels. A checkerboard of levels
    100 and 140 has 20."""
    mean = box_mean(plane)
    return np.sqrt(np.maximum(box_mean(plane * plane) - mean * mean, 0))


def reduced(luma: Pixels, width_px: int) -> tuple[Pixels, Matrix]:
    """HW uint8 resized to `width_px`, and the map from the picture's pixels to those of the small one."""
    size = (width_px, max(1, round(luma.shape[0] * width_px / luma.shape[1])))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, scaling(size[0] / luma.shape[1], size[1] / luma.shape[0])


def size_at(short_side_px: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """(width, height) of a picture of `shape` (height, width, ...) resized to so many pixels on its short side:
    1080x1920 at 270 is 270x480."""
    height, width = shape[:2]
    short = min(height, width)
    return round(width * short_side_px / short), round(height * short_side_px / short)


def scaling(x: float, y: float) -> Matrix:
    """The map from a picture's pixels to those of the same picture resized by `x` and `y`, corner on corner."""
    return np.array([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5], [0, 0, 1.0]])
