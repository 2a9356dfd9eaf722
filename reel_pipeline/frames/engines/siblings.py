"""What the other photos of the same gallery say about one: is it a piece of a sibling, seen closer?

SIFT keypoints (Lowe 2004) and a RANSAC similarity between each pair at a small size.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.frames.engines import Observation
from reel_pipeline.media.photo import Pixels, fit

MATCH_SIDE_PX = 400
MAX_COMPARED = 12
MIN_INLIERS = 10
RATIO = 0.8
Keypoints = tuple[NDArray[np.float32], NDArray[np.float32]]


def gallery_features(observations: Sequence[Observation], gallery: Sequence[Pixels]) -> list[dict[str, float]]:
    """Per photo (HWC RGB uint8), in order: how much closer than its siblings it looks, and what they are like."""
    closer = closeness(gallery)
    largest = max(max(rgb.shape[:2]) for rgb in gallery)
    found = []
    for index, (seen, rgb) in enumerate(zip(observations, gallery, strict=True)):
        others = [other.features for number, other in enumerate(observations) if number != index] or [seen.features]
        found.append(
            {
                "closer": float(np.clip(np.log2(max(closer[index], 1.0)), 0.0, 2.0)) / 2,
                "smaller_file": 1 - max(rgb.shape[:2]) / largest,
                "first": float(index == 0),
                "alone": float(len(gallery) == 1),
                "siblings_plain": float(np.mean([other["border_plain"] for other in others])),
                "siblings_skin": float(np.mean([other["skin_some"] for other in others])),
                "siblings_faces": max(other["faces"] for other in others),
            }
        )
    return found


def closeness(gallery: Sequence[Pixels]) -> list[float]:
    """Per photo (HWC RGB uint8): the largest factor by which it magnifies what a sibling also shows.

    Relative to the frame: a label that spans half of one photo and a quarter of another gives 2 for the first. 1
    when nothing is shared or nothing is magnified. Galleries beyond `MAX_COMPARED` photos are compared in part.
    """
    points = [_keypoints(rgb) for rgb in gallery[:MAX_COMPARED]]
    best = [1.0] * len(gallery)
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            factor = _magnification(points[i], points[j])
            if factor:
                best[i] = max(best[i], factor)
                best[j] = max(best[j], 1 / factor)
    return best


def _keypoints(rgb: Pixels) -> Keypoints:
    """Positions in units of the frame's diagonal, and RootSIFT descriptors."""
    grey = cv2.cvtColor(fit(rgb, MATCH_SIDE_PX, enlarging=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    keypoints, descriptors = cv2.SIFT.create(nfeatures=500).detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    roots = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    positions = np.array([point.pt for point in keypoints], np.float32) / np.float32(np.hypot(*grey.shape[::-1]))
    return positions, roots.astype(np.float32)


def _magnification(ours: Keypoints, theirs: Keypoints) -> float | None:
    """How much larger shared content is in our frame than in theirs; None when too little is shared."""
    if min(len(ours[0]), len(theirs[0])) < MIN_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(theirs[1], ours[1], k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < MIN_INLIERS:
        return None
    source = np.array([theirs[0][match.queryIdx] for match in good]) * 400
    target = np.array([ours[0][match.trainIdx] for match in good]) * 400
    cv2.setRNGSeed(1)
    matrix, inliers = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=4.0)
    if matrix is None or int(inliers.sum()) < MIN_INLIERS:
        return None
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))
