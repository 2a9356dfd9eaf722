"""Whether what was found out of place stays so: a warp that changes from frame to frame is a product that bends."""

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.tiles import Comparison
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask

_WINDOW_PX = 25
"""Side of the window, in grid pixels, over which flow is averaged: 5 % of a working picture's width."""
_MIN_POINTS = 400
"""Places that two frames must have in common before anything is said of them."""
_POINTS = 4000
"""Places that are looked at, roughly: a full grid has half a million pixels, and neighbours move alike."""


def bending_percent(comparisons: Sequence[Comparison]) -> float:
    """How far places on a product move between two frames beyond what the camera does, in % of the product's width: the
    90th percentile of the worst pair of frames. Every comparison is with the same photo; one alone gives 0."""
    return max((_between(one, other) for one, other in combinations(comparisons, 2)), default=0.0)


def _between(one: Comparison, other: Comparison) -> float:
    """As `bending_percent`, of one pair; 0 where too little can be seen in both."""
    first, known = _smooth_flow(one)
    rows, columns = np.nonzero(known)
    step = max(1, len(rows) // _POINTS)
    places = np.stack([columns[::step], rows[::step]], 1).astype(np.float64)
    if len(places) < _MIN_POINTS:
        return 0.0
    across = np.linalg.inv(other.to_frame) @ other.photo_to_frame @ np.linalg.inv(one.photo_to_frame) @ one.to_frame
    there = np.rint(cv2.perspectiveTransform(places[None], across)[0]).astype(int)
    second, also_known = _smooth_flow(other)
    height, width = also_known.shape
    inside = (there >= 0).all(1) & (there[:, 0] < width) & (there[:, 1] < height)
    here, there = places[inside].astype(int), there[inside]
    both = also_known[there[:, 1], there[:, 0]]
    here, there = here[both], there[both]
    if len(here) < _MIN_POINTS:
        return 0.0
    before = first[here[:, 1], here[:, 0]] / one.product_width_px
    after = second[there[:, 1], there[:, 0]] / other.product_width_px
    return 100 * float(np.percentile(np.linalg.norm(after - before, axis=1), 90))


def _smooth_flow(comparison: Comparison) -> tuple[NDArray[np.float32], Mask]:
    """Flow averaged over the window's pixels with structure, (H, W, 2) float32, and where there are enough of them, HW
    bool."""
    known = (comparison.valid & (comparison.detail > 8)).astype(np.float32)
    size = (_WINDOW_PX, _WINDOW_PX)
    share = cv2.blur(known, size)
    flow = cv2.blur(comparison.flow * known[..., None], size) / np.maximum(share, 1e-3)[..., None]
    return np.asarray(flow, np.float32), np.asarray((share > 0.5) & (known > 0), np.bool_)
