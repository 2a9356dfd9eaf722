"""What every comparison does to a plane: luma at one sharpness, window means, local contrast."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

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
