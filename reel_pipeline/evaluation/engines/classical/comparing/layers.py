"""Parallax: background and product move apart, which one plane can't explain but two can.

The photo is taken apart into what moves with either plane and put together again as the frame shows it, so that every
test compares like with like. Whether the two parts are a product and its background is then for a person to say: a
label that slid over its product looks the same.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.alignment import flow_between, stretch_percent
from reel_pipeline.evaluation.engines.classical.comparing.tiles import Comparison, correlate
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix, Plane, blurred_luma, local_contrast
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import Quad

_SAMPLES = 3000
"""Pixels of the flow from which the two motions are fitted, at most twice as many."""
_TOLERANCE_PX = 0.8
"""Grid pixels up to which a pixel's flow agrees with a motion."""
_MIN_APART_PX = 1.2
"""Grid pixels by which the motions must differ, in the median; two that differ by less are one plane and its noise."""
_MAX_SCALE_APART = 0.12
"""By how much a push-in may enlarge one layer more than the other: 1.12 times."""
_MIN_EITHER = 0.95
"""Share of the structure that the two layers together must explain: 0.96 to 1 in parallax, 0.64 to 0.95 in warps of
4 %."""
_MIN_OUTER, _MIN_INNER = 0.15, 0.05
"""Least shares of the structure that move with the background and with the product: 300 and 100 of 2000 pixels."""
_MIN_SPREAD = 0.4
"""Least area of the background's convex hull over the picture's: 0.40 to 0.92 behind a product."""
_MAX_INNER_SPREAD = 0.75
"""Most area of the product's convex hull over the background's: a product as wide as its background is none."""
_OUTSIDE = 1.15
"""How many times as far from the middle the background lies, in medians: 230 px where the product's is 200."""
_MATCHES = 0.8
"""NCC from which on a window is explained by a layer."""
_LABEL_PX = 31
"""Side of the window, in grid pixels, over which it is decided which layer a pixel belongs to."""


@dataclass(frozen=True)
class Layered:
    """`comparison`: the frame with the photo put together from both layers, not valid on the seam between them.
    `inner`: HW bool on the grid, True on the inner layer, which is the product's if all is honest; `inner_moved`,
    `outer_moved`: how the layers moved, on the grid, from photo to frame."""

    comparison: Comparison
    inner: Mask
    inner_moved: Matrix
    outer_moved: Matrix

    def is_inner(self, quad_px: Quad, photo_to_grid: Matrix) -> bool:
        """Whether the middle of what the photo has at `quad_px`, four corners in photo pixels, is on the inner
        layer."""
        middle = np.asarray(quad_px, np.float64).mean(0)[None, None]
        x, y = np.rint(cv2.perspectiveTransform(middle, self.inner_moved @ photo_to_grid)[0, 0]).astype(int)
        rows, columns = self.inner.shape
        return bool(0 <= x < columns and 0 <= y < rows and self.inner[y, x])


@dataclass(frozen=True)
class _Plane:
    """The photo as one motion shows it. `rgb`: HWC RGB uint8; `matches`: HW bool, where the frame
    looks like that; `residual`: HW float32 in grey levels, as in `Comparison`."""

    rgb: Pixels
    matches: Mask
    residual: Plane


def in_two_layers(comparison: Comparison) -> Layered | None:
    """The comparison with a photo in two layers; None where one plane is enough or two are not, or where neither layer
    lies around the other."""
    found = _two_motions(comparison)
    if found is None:
        return None
    first, second = (_shown(comparison, matrix) for matrix in found)
    structured = comparison.valid & (comparison.detail > 6)
    is_second = _mean(first.residual, structured) > _mean(second.residual, structured)
    apart = _apart(comparison, *found)
    seam = _edge(is_second, 2 + 2 * apart)
    shown = structured & ~seam
    sides = [np.argwhere(shown & (is_second == side))[:, ::-1].astype(np.float32) for side in (False, True)]
    outer = _outer(sides, comparison.photo.shape)
    explained = np.where(is_second, second.matches, first.matches)
    if outer is None or float(explained[shown].mean()) < _MIN_EITHER:
        return None
    photo_rgb = np.where(is_second[..., None], second.rgb, first.rgb)
    inner, moved = (is_second, found) if outer == 0 else (~is_second, found[::-1])
    return Layered(_compared(comparison, np.asarray(photo_rgb, np.uint8), moved[1], seam), inner, moved[1], moved[0])


def _two_motions(comparison: Comparison) -> tuple[Matrix, Matrix] | None:
    """The motion that most of the flow agrees with, and that of the rest; on the grid, from photo to frame."""
    rows, columns = np.nonzero(comparison.valid & (comparison.detail > 6))
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    source = np.stack([columns, rows], 1).astype(np.float32)
    target = source + comparison.flow[rows, columns]
    first, agree = _affine(source, target)
    if first is None:
        return None
    second, _ = _affine(source[~agree], target[~agree])
    if second is None or abs(_scale(second) / _scale(first) - 1) > _MAX_SCALE_APART:
        return None
    return (first, second) if _apart(comparison, first, second) >= _MIN_APART_PX else None


def _affine(source: NDArray[np.float32], target: NDArray[np.float32]) -> tuple[Matrix | None, Mask]:
    """The affine map from `source` to `target`, (N, 2) float32, that most agree on, and (N,) bool: who does. None for
    fewer than 60 points."""
    nobody = np.zeros(len(source), np.bool_)
    if len(source) < 60:
        return None, nobody
    found, agree = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE_PX)
    if found is None:
        return None, nobody
    return np.vstack([found, [0, 0, 1]]).astype(np.float64), np.asarray(agree.ravel() == 1, np.bool_)


def _scale(matrix: Matrix) -> float:
    """By how much it enlarges: 1.1 makes a side of 100 px one of 110."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def _apart(comparison: Comparison, first: Matrix, second: Matrix) -> float:
    """Grid pixels between the two motions, the median over the structure."""
    places = np.argwhere(comparison.valid & (comparison.detail > 6))[::97, ::-1].astype(np.float64)
    one, other = (cv2.perspectiveTransform(places[None], matrix)[0] for matrix in (first, second))
    return float(np.median(np.linalg.norm(one - other, axis=1)))


def _shown(comparison: Comparison, moved: Matrix) -> _Plane:
    """The photo under one motion, held against the frame."""
    size, how = (comparison.photo.shape[1], comparison.photo.shape[0]), cv2.INTER_CUBIC
    warped = cv2.warpPerspective(comparison.photo_rgb, moved, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    rgb = np.asarray(warped, np.uint8)
    ncc, residual = correlate(blurred_luma(rgb), comparison.frame, comparison.valid)
    matches = np.asarray((ncc > _MATCHES) | (residual < comparison.tolerance), np.bool_)
    return _Plane(rgb, matches, residual)


def _mean(residual: Plane, where: Mask) -> Plane:
    """Mean residual around each pixel over those in `where`, HW float32; beyond 60 levels it counts as 60."""
    weight, size = where.astype(np.float32), (_LABEL_PX, _LABEL_PX)
    limited = np.minimum(residual, 60) * weight
    return np.asarray(cv2.blur(limited, size) / np.maximum(cv2.blur(weight, size), 1e-2), np.float32)


def _edge(mask: Mask, reach_px: float) -> Mask:
    """HW bool: the mask's outline and what is within `reach_px` of it."""
    edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    side = 2 * int(reach_px) + 1
    return np.asarray(cv2.dilate(edge, np.ones((side, side), np.uint8)) > 0, np.bool_)


def _outer(sides: list[NDArray[np.float32]], shape: tuple[int, ...]) -> int | None:
    """Which of two sets of points, (N, 2) float32, lies around the other: 0, 1 or None. `shape`: (height, width)."""
    count = sum(map(len, sides))
    if min(map(len, sides)) < 4:
        return None
    middle = np.array([shape[1] / 2, shape[0] / 2])
    far = [float(np.median(np.linalg.norm(points - middle, axis=1))) for points in sides]
    spread = [float(cv2.contourArea(cv2.convexHull(points))) for points in sides]
    outer = int(far[1] > far[0])
    inner = 1 - outer
    enough = len(sides[outer]) > _MIN_OUTER * count and len(sides[inner]) > _MIN_INNER * count
    wide = spread[outer] > _MIN_SPREAD * shape[0] * shape[1] and spread[inner] < _MAX_INNER_SPREAD * spread[outer]
    return outer if enough and wide and far[outer] > _OUTSIDE * far[inner] else None


def _compared(comparison: Comparison, photo_rgb: Pixels, moved: Matrix, seam: Mask) -> Comparison:
    """As `comparison`, with the photo as both layers show it, HWC RGB uint8. `moved`: how the product's layer moved;
    `seam`: HW bool, what is not compared."""
    photo, valid = blurred_luma(photo_rgb), comparison.valid & ~seam
    ncc, residual = correlate(photo, comparison.frame, valid)
    photo_to_grid = np.linalg.inv(comparison.to_frame) @ comparison.photo_to_frame
    matrix = np.asarray(comparison.to_frame @ moved @ photo_to_grid, np.float64)
    return replace(
        comparison,
        photo_rgb=photo_rgb,
        photo=photo,
        photo_to_frame=matrix,
        valid=valid,
        ncc=ncc,
        residual=residual,
        flow=flow_between(photo, comparison.frame, valid),
        detail=local_contrast(photo),
        stretch_percent=stretch_percent(matrix, comparison.photo_size_px),
    )
