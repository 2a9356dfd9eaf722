"""A gallery photo, prepared once to be looked for in many frames, and where it lies in one of them."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.planes import Matrix
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx

FEATURE_SIDE_PX = 900
"""Longest side at which keypoints are looked for on a photo: one of 2400x3000 px is reduced to 720x900."""
WORKING_SIDE_PX = 540
"""Short side of the frame at which photo and frame are compared; a pixel there is two of a reel 1080 px wide."""
_PLAIN_LAB = 6.0
"""Distance in Lab up to which a border pixel has the ground's colour: white of L* 94 beside white of L* 100 still
does."""
_PRODUCT_LAB = 8
"""Distance in Lab to the ground from which on a pixel is the product's."""


@dataclass(frozen=True)
class Features:
    """Keypoints of one picture. `points`: (N, 2) float32, (x, y) in its own pixels, however far it was reduced for the
    search; `descriptors`: (N, 128) float32 in [0, 1], RootSIFT."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]


@dataclass(frozen=True)
class Placement:
    """Where a photo lies in a frame. `photo`: its index in the gallery; `matrix`: from photo to kept-frame pixels;
    `inliers`: how many keypoints agree on that, 0 where it was found photometrically."""

    photo: int
    matrix: Matrix
    inliers: int

    @property
    def linear(self) -> Matrix:
        """2x2 float64: how a step on the photo is seen in the frame, near the photo's first pixel."""
        return np.asarray(self.matrix[:2, :2] / self.matrix[2, 2])

    @property
    def scale(self) -> float:
        """Frame pixels per photo pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.linear))))


class Reference:
    """One gallery photo, HWC RGB uint8. What is derived from it is computed once, when it is first asked for."""

    def __init__(self, index: int, rgb: Pixels) -> None:
        self.index, self.rgb = index, rgb
        self.height_px, self.width_px = rgb.shape[:2]

    @cached_property
    def luma(self) -> Pixels:
        """HW uint8."""
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def features(self) -> Features:
        return find_features(self.luma, FEATURE_SIDE_PX, 2000)

    @cached_property
    def _off_ground(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How far each pixel is in Lab from the border's median colour, HW float32 at 160 px width; and the same of the
        border's own pixels alone, sorted, (N,)."""
        size = (160, max(8, round(160 * self.height_px / self.width_px)))
        small = cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        middle = np.median(border, axis=0)
        away = np.linalg.norm(lab - middle, axis=2).astype(np.float32)
        return away, np.sort(np.linalg.norm(border - middle, axis=1)).astype(np.float32)

    @cached_property
    def is_on_plain_ground(self) -> bool:
        """Whether nine tenths of the border have one colour, so that no background could be seen to move."""
        return bool(np.percentile(self._off_ground[1], 90) <= _PLAIN_LAB)

    @cached_property
    def product_box(self) -> BoxPx:
        """The box, in photo pixels, around what differs from the border's colour; the whole photo where the border has
        no one colour, or where next to nothing differs."""
        away, border = self._off_ground
        whole = (0, 0, self.width_px, self.height_px)
        if np.percentile(border, 60) > _PLAIN_LAB:
            return whole
        differs = cv2.medianBlur((away > _PRODUCT_LAB).astype(np.uint8), 3)
        if differs.mean() < 0.005:
            return whole
        x, y, width, height = cv2.boundingRect(differs)
        factor = self.width_px / 160
        return round(x * factor), round(y * factor), round(width * factor), round(height * factor)


def find_features(luma: Pixels, side_px: int, count: int) -> Features:
    """The `count` strongest SIFT keypoints of HW uint8 reduced to `side_px` on the long side. The contrast threshold is
    low, as plain cloth has no strong corners."""
    scale = min(1.0, side_px / max(luma.shape))
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else luma
    keypoints, descriptors = cv2.SIFT.create(nfeatures=count, contrastThreshold=0.02).detectAndCompute(small, None)
    if descriptors is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    points = (np.array([keypoint.pt for keypoint in keypoints], np.float32) + 0.5) / scale - 0.5
    normal = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return Features(points, normal.astype(np.float32))


def is_sane(matrix: Matrix, reference: Reference) -> bool:
    """Whether a camera could have seen the photo so: neither mirrored, nor one side squeezed to under half of the
    other, nor turned inside out at a corner."""
    width, height = reference.width_px, reference.height_px
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    depth = corners @ (matrix[2] / matrix[2, 2])
    if depth.min() < 0.4 or depth.max() > 2.5:
        return False
    linear = matrix[:2, :2] / matrix[2, 2]
    if np.linalg.det(linear) <= 0:
        return False
    stretch = np.linalg.svd(linear, compute_uv=False)
    return bool(stretch[1] > 0.05 and stretch[0] / stretch[1] < 2.0)
