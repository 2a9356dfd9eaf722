"""Which of the photos that fit a frame it shows, and how much of the frame that photo leaves out.

Each candidate was placed by `seeing/registration.py` and compared by `tiles.py`.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from reel_pipeline.evaluation.engines.classical.comparing.colour import STEP_PX, colour_difference
from reel_pipeline.evaluation.engines.classical.comparing.tiles import Comparison
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, size_at
from reel_pipeline.evaluation.engines.classical.seeing.references import WORKING_SIDE_PX, Placement, Reference
from reel_pipeline.media.photo import Pixels

NEARLY_AS_GOOD = 0.01
"""Two photos are equally good if what they leave unexplained differs by less than this share of the most detail that
any of them explains: by 300 of 30000 pixels."""
OTHER_COLOUR = 6.0
"""CIEDE2000 from which on a block counts as unexplained, when several photos are compared with one frame."""
_SIDE_PX = 270
"""Short side of the frame on which shares of it are measured."""
_EDGE_LEVELS = 30
"""Grey levels within 3 px that make a sharp edge; a blurred backdrop has none."""


def fittest(
    pairs: Sequence[tuple[Placement, Comparison]], references: Sequence[Reference], luma: Pixels, hidden: Mask
) -> tuple[Placement, Comparison] | None:
    """The photo that leaves least of the frame unexplained, inside its area or beyond; of equals the one that explains
    most. `luma`: HW uint8, kept frame; `hidden`: HW bool, True under an overlay.

    A detail crop and its source explain the same detail, but only one ends where the frame does; two colourways may be
    the same picture but for the colour. What a smaller photo would leave unjudged beyond its rim counts against it.
    """
    if len(pairs) < 2:
        return next(iter(pairs), None)
    matched = [_on_screen(comparison, luma) for _, comparison in pairs]
    to_grid = (WORKING_SIDE_PX / _SIDE_PX) ** 2 * min(1.0, min(luma.shape) / WORKING_SIDE_PX) ** 2
    unexplained = []
    for place, comparison in pairs:
        beyond = _beyond(references[place.photo], comparison, luma)
        others = max(int((mask & beyond).sum()) for mask in matched)
        edges = outside_share(references[place.photo], comparison, luma, hidden) * beyond.size
        unexplained.append(_contradicted(comparison) + to_grid * (others + edges))
    noise = NEARLY_AS_GOOD * max(comparison.explained()[0] for _, comparison in pairs)
    close = [pair for pair, left in zip(pairs, unexplained, strict=True) if left <= min(unexplained) + noise]
    return max(close, key=lambda pair: pair[1].explained()[0])


def product_share(reference: Reference, comparison: Comparison, luma: Pixels) -> float:
    """Share in [0, 1] of the product's box that lies in the frame. `luma`: HW, for its size."""
    x, y, width, height = reference.product_box
    corners = np.array([[[x, y], [x + width, y], [x + width, y + height], [x, y + height]]], np.float64)
    hull = cv2.perspectiveTransform(corners, comparison.photo_to_frame)[0].astype(np.float32)
    rows, columns = luma.shape
    frame = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    return float(cv2.intersectConvexConvex(hull, frame)[0]) / max(1.0, float(cv2.contourArea(hull)))


def outside_share(reference: Reference, comparison: Comparison, luma: Pixels, hidden: Mask) -> float:
    """Share in [0, 1] of the frame that has sharp edges beyond the photo's rim, where an honest backdrop is plain or
    blurred. `luma`: HW uint8, `hidden`: HW bool, kept frame."""
    size = _size(luma)
    small = cv2.GaussianBlur(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    open_here = cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) == 0
    edges = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > _EDGE_LEVELS
    found = edges & _beyond(reference, comparison, luma) & open_here
    return float(cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)).mean())


def _beyond(reference: Reference, comparison: Comparison, luma: Pixels) -> Mask:
    """HW bool at `_SIDE_PX`: where the frame lies outside the photo, 5 px clear of its rim."""
    size = _size(luma)
    right, bottom = float(reference.width_px), float(reference.height_px)
    corners = np.array([[[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]]])
    hull = cv2.perspectiveTransform(corners, comparison.photo_to_frame)[0] * (_SIDE_PX / min(luma.shape))
    photo = cv2.fillConvexPoly(np.zeros(size[::-1], np.uint8), np.rint(hull).astype(np.int32), 1)
    return np.asarray(cv2.dilate(photo, np.ones((11, 11), np.uint8)) == 0, np.bool_)


def _on_screen(comparison: Comparison, luma: Pixels) -> Mask:
    """HW bool at `_SIDE_PX`: where the frame has detail that the photo explains."""
    scale = _SIDE_PX / min(luma.shape)
    matrix = np.diag([scale, scale, 1.0]) @ comparison.to_frame
    matched = comparison.matched().astype(np.uint8)
    return np.asarray(cv2.warpPerspective(matched, matrix, _size(luma), flags=cv2.INTER_NEAREST) > 0, np.bool_)


def _size(luma: Pixels) -> tuple[int, int]:
    """(width, height) of a frame reduced to `_SIDE_PX`."""
    return size_at(_SIDE_PX, luma.shape)


def _contradicted(comparison: Comparison) -> int:
    """Grid pixels whose detail or colour is not the photo's, and those of the photo's detail that was cropped away."""
    difference, valid = colour_difference(comparison, 1.0)
    other_colour = int((difference[valid] > OTHER_COLOUR).sum()) * STEP_PX * STEP_PX
    cropped = int(((comparison.detail > 8) & ~comparison.uncropped).sum())
    return comparison.explained()[1] + other_colour + cropped


def detail_share(luma: Pixels, hidden: Mask) -> float:
    """Share in [0, 1] of the frame, at 270 px on its short side, whose contrast within 9 px is above 8 grey levels.
    `luma`: HW uint8, `hidden`: HW bool, kept frame; what is hidden counts as plain."""
    size = _size(luma)
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    mean = cv2.blur(small, (9, 9))
    contrast = np.sqrt(np.maximum(cv2.blur(small * small, (9, 9)) - mean * mean, 0))
    shown = cv2.resize((~hidden).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return float(((contrast > 8) & shown).mean())


def open_share(comparison: Comparison) -> float:
    """Of the photo's detail that is in the frame, the share in [0, 1] that neither overlay nor glare hides."""
    detailed = comparison.detail > 6
    detailed = detailed if detailed.sum() > 200 else np.ones_like(detailed)
    rim = np.zeros_like(detailed)
    rim[8:-8, 8:-8] = True
    shown = detailed & rim & comparison.uncropped
    return float(comparison.valid[shown].mean()) if shown.any() else 0.0
