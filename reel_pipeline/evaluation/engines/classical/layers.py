"""Parallax: whether the background moves apart from what stands before it, which one plane can't explain."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.registration import Matrix
from reel_pipeline.evaluation.engines.classical.tiles import Comparison, Mask

_SAMPLES = 3000
_TOLERANCE_PX = 0.8
_MIN_APART_PX = 1.5
_MIN_BACKGROUND, _MIN_PRODUCT = 0.5, 0.07
"""Least shares of the structure that move with either layer."""
_MIN_BOTH = 0.76
"""Share that moves with either: warps of 1 to 4 % came to 0.75 at most, parallax of 3 to 5 % to 0.75 and more."""
_MIN_SPREAD = 0.55
"""Area of the background's hull over the picture's: 0.66 and more behind a product, 0.3 on a drawn label."""
_OUTSIDE = 1.5
"""How much farther from the middle the background lies, in medians."""
_MAX_SCALE_APART = 0.1


def moves_in_two_layers(comparison: Comparison) -> bool:
    """Whether nearly all motion is explained by a similarity of the background and another, of what it surrounds."""
    rows, columns = np.nonzero(comparison.valid & (comparison.detail > 6))
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    source = np.stack([columns, rows], 1).astype(np.float32)
    target = source + comparison.flow[rows, columns]
    background, behind = _similarity(source, target)
    if background is None or behind.mean() < _MIN_BACKGROUND:
        return False
    rest, moved = source[~behind], target[~behind]
    product, before = _similarity(rest, moved)
    share = before.sum() / len(source)
    if product is None or share < _MIN_PRODUCT or behind.mean() + share < _MIN_BOTH:
        return False
    expected = cv2.transform(rest[before][None], background)[0]
    apart = float(np.median(np.linalg.norm(expected - moved[before], axis=1)))
    if apart < _MIN_APART_PX or abs(_scale(product) / _scale(background) - 1) > _MAX_SCALE_APART:
        return False
    return _surrounds(source[behind], rest[before], comparison.photo.shape[1], comparison.photo.shape[0])


def _surrounds(outer: NDArray[np.float32], inner: NDArray[np.float32], width: int, height: int) -> bool:
    middle = np.array([width / 2, height / 2])
    far, near = (float(np.median(np.linalg.norm(points - middle, axis=1))) for points in (outer, inner))
    return far > _OUTSIDE * near and float(cv2.contourArea(cv2.convexHull(outer))) > _MIN_SPREAD * width * height


def _similarity(source: NDArray[np.float32], target: NDArray[np.float32]) -> tuple[Matrix | None, Mask]:
    """2x3 map that most agree on, and who does; None for too few points."""
    nobody = np.zeros(len(source), np.bool_)
    if len(source) < 60:
        return None, nobody
    found, agree = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE_PX)
    if found is None:
        return None, nobody
    return np.asarray(found, np.float64), np.asarray(agree.ravel() == 1, np.bool_)


def _scale(matrix: Matrix) -> float:
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))
