"""What every comparison does to a plane: luma at one sharpness, window means, local contrast."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]

WINDOW_PX = 17
_BLUR_SIGMA_PX = 0.8
"""On both pictures: levels out the interpolation kernels of whoever made the video."""


def blurred_luma(rgb: Pixels) -> Plane:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _BLUR_SIGMA_PX), np.float32)


def box_mean(plane: NDArray[np.float32], window_px: int = WINDOW_PX) -> Plane:
    size = (window_px, window_px)
    return np.asarray(cv2.boxFilter(plane, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT), np.float32)


def local_contrast(plane: Plane) -> Plane:
    mean = box_mean(plane)
    return np.sqrt(np.maximum(box_mean(plane * plane) - mean * mean, 0))


def reduced(luma: Pixels, width_px: int) -> tuple[Pixels, Matrix]:
    """The picture at `width_px`, and the 3x3 map to it."""
    size = (width_px, max(1, round(luma.shape[0] * width_px / luma.shape[1])))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, scaling(size[0] / luma.shape[1], size[1] / luma.shape[0])


def scaling(x: float, y: float) -> Matrix:
    """From the pixels of a picture to those of it resized."""
    return np.array([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5], [0, 0, 1.0]])
