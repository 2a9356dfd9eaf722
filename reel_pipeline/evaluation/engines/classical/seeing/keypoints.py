"""Registration by keypoints: SIFT (Lowe 2004), matched by the ratio test, fitted by RANSAC and MAGSAC.

`photometric.py` is for products that have too few.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.planes import Matrix, reduced
from reel_pipeline.evaluation.engines.classical.seeing.references import (
    WORKING_SIDE_PX,
    Features,
    Placement,
    Reference,
    find_features,
    is_sane,
)
from reel_pipeline.media.photo import Pixels

MIN_INLIERS = 14
"""Keypoints that must agree before a place is considered at all."""
SURE_INLIERS = 30
"""With this many the photo is the right one, however badly the frame shows it: nothing else is then looked for."""
_STRONG_JPEG = 30
"""JPEG quality of the copy in which a photo has to be found again."""


def place_by_features(reference: Reference, frame: Features) -> Placement | None:
    """Where the photo lies in the frame; None where fewer than `MIN_INLIERS` keypoints agree.

    A similarity is fitted first, then freed to an affine map. A homography is taken only where it explains far more:
    with 40 inliers to the similarity it needs 63.
    """
    photo = reference.features
    if min(len(photo.points), len(frame.points)) < MIN_INLIERS:
        return None
    near = cv2.BFMatcher(cv2.NORM_L2).knnMatch(frame.descriptors, photo.descriptors, k=2)
    kept = [first for first, second in near if first.distance < 0.8 * second.distance]
    if len(kept) < MIN_INLIERS:
        return None
    source = photo.points[[match.trainIdx for match in kept]]
    target = frame.points[[match.queryIdx for match in kept]]
    similarity, mask = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=4.0)
    if similarity is None:
        return None
    inside = mask.ravel() == 1
    matrix, inliers = np.vstack([similarity, [0, 0, 1]]), _distinct(source[inside])
    if inliers >= MIN_INLIERS:
        matrix = _freed(matrix, source[inside], target[inside])
    homography, agree = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 3.0, maxIters=4000, confidence=0.999)
    if homography is not None:
        agreeing = _distinct(source[agree.ravel() == 1])
        projective = np.asarray(homography / homography[2, 2], np.float64)
        if agreeing > 1.4 * inliers + 6 and is_sane(projective, reference):
            matrix, inliers = projective, agreeing
    if inliers < MIN_INLIERS or not is_sane(matrix, reference):
        return None
    return Placement(reference.index, matrix.astype(np.float64), inliers)


def _freed(matrix: Matrix, source: NDArray[np.float32], target: NDArray[np.float32]) -> Matrix:
    """The affine map that the similarity's inliers agree on. `source`, `target`: (N, 2) float32, photo and frame."""
    affine, _ = cv2.estimateAffine2D(source, target, method=cv2.USAC_MAGSAC, ransacReprojThreshold=2.0)
    return matrix if affine is None else np.vstack([affine, [0, 0, 1]])


def _distinct(points: NDArray[np.float32]) -> int:
    """How many places (N, 2) name, counting those within 2 px once: SIFT reports a place again for each orientation."""
    return len(np.unique(np.round(points / 2).astype(np.int64), axis=0)) if len(points) else 0


def frame_features(luma: Pixels, short_side_px: int, count: int) -> Features:
    """As `find_features`, by the short side instead of the long one. HW uint8."""
    side = round(max(luma.shape) * min(1.0, short_side_px / min(luma.shape)))
    return find_features(luma, side, count)


def is_recognisable(picture: Reference, shown_px: int = WORKING_SIDE_PX) -> bool:
    """Whether a photo would be found by its keypoints in a clip that shows it `shown_px` wide: it is looked for in a
    smaller, strongly compressed copy of itself."""
    width_px = min(picture.width_px, round(0.9 * shown_px))
    coded = cv2.imencode(".jpg", reduced(picture.luma, width_px)[0], [cv2.IMWRITE_JPEG_QUALITY, _STRONG_JPEG])[1]
    lossy = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    place = place_by_features(picture, frame_features(lossy, WORKING_SIDE_PX, 2000))
    return place is not None and place.inliers >= SURE_INLIERS
