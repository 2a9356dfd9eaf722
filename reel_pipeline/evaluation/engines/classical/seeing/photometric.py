"""Registration by the pixels themselves, for products with too little texture for keypoints.

The photo is slid over the frame at some scales, or its outline laid on the frame's; the best few places are refined.
"""

import cv2
import numpy as np

from reel_pipeline.evaluation.engines.classical.seeing.planes import Matrix, reduced, scaling, size_at
from reel_pipeline.evaluation.engines.classical.seeing.references import Placement, Reference, is_sane
from reel_pipeline.media.photo import Pixels

_SEARCH_SIDE_PX = 135
"""Short side of the frame while the photo is searched for at all scales."""
_FINE_SIDE_PX = 270
"""Short side of the frame at which the best place is refined a second time: an error of 0.2 px here is 0.8 px of a
reel."""
_SEARCH_SCALES = np.geomspace(0.3, 2.6, 19)
"""Width of the photo as it is shown, over the frame's short side, in steps of 13 %: photos are shown at 0.4 to 1.6 of
their own scale."""
_MIN_SEARCH_NCC = 0.55
"""Correlation below which a place is none; whether a better one is believed is decided in `views.py`."""
_MAX_STRETCH = 1.15
"""One axis scaled by more than 15 % over the other: the photo was fitted to some other edge than its own."""
_TRIED = 3
"""How many of the search's places are refined. A smooth product's best one may be the wrong side of its outline."""
_OFF_GROUND_LEVELS = 8
"""Grey levels from the frame's border from which on a pixel is no ground: 238 on a ground of 246 still is."""
_SAME_SHAPE = 0.15
"""Log of one box's width over height, over the other's: 100x200 px and 116x200 px are the same shape, 118x200 is
not."""
_MIN_OUTLINE_PX = 12
"""Least side, at search size, of what is laid on the frame."""


def place_by_picture(reference: Reference, frame_luma: Pixels) -> tuple[float, Placement] | None:
    """The correlation in [-1, 1] at the best place, and the place; None where nothing is alike. `frame_luma`: HW uint8,
    kept frame.
    """
    small, to_small = reduced(frame_luma, size_at(_SEARCH_SIDE_PX, frame_luma.shape)[0])
    scales = _SEARCH_SCALES * _SEARCH_SIDE_PX / reference.width_px
    found = sorted((_search(reference, small, float(scale)) for scale in scales), key=lambda place: -place[0])
    places = [matrix for score, matrix in found[:_TRIED] if score > _MIN_SEARCH_NCC]
    outlined = _by_outline(reference, small)
    tried = [_refine(reference, small, matrix) for matrix in (*outlined, *places)]
    coarse = max((place for place in tried if place), key=lambda place: place[0], default=None)
    if coarse is None:
        return None
    fine, to_fine = reduced(frame_luma, size_at(_FINE_SIDE_PX, frame_luma.shape)[0])
    exact = _refine(reference, fine, to_fine @ np.linalg.inv(to_small) @ coarse[1])
    score, matrix = exact or coarse
    return score, Placement(reference.index, np.linalg.inv(to_fine if exact else to_small) @ matrix, 0)


def _search(reference: Reference, frame: Pixels, scale: float) -> tuple[float, Matrix]:
    """Correlation and matrix of the best place at one scale: of the product in the frame if it fits there, else of the
    frame's middle in the photo. `frame`: HW uint8; `scale`: frame pixels per photo pixel."""
    size = (max(4, round(reference.width_px * scale)), max(4, round(reference.height_px * scale)))
    photo = cv2.resize(reference.luma, size, interpolation=cv2.INTER_AREA)
    x, y, width, height = (round(value * scale) for value in reference.product_box)
    left, top = max(0, x - 3), max(0, y - 3)
    part = photo[top : y + height + 3, left : x + width + 3]
    nothing = 0.0, np.eye(3)
    if part.shape[0] <= frame.shape[0] and part.shape[1] <= frame.shape[1]:
        if min(part.shape) < 12 or part.std() < 4:
            return nothing
        answer = cv2.matchTemplate(frame, part, cv2.TM_CCOEFF_NORMED)
        _, score, _, (at_x, at_y) = cv2.minMaxLoc(answer)
        return float(score), _moved(at_x - left, at_y - top) @ scaling(scale, scale)
    rows, columns = frame.shape
    y0, y1, x0, x1 = rows // 4, rows * 6 // 10, columns // 8, columns * 7 // 8
    middle = frame[y0:y1, x0:x1]
    if middle.shape[0] > photo.shape[0] or middle.shape[1] > photo.shape[1] or middle.std() < 4:
        return nothing
    answer = cv2.matchTemplate(photo, middle, cv2.TM_CCOEFF_NORMED)
    _, score, _, (at_x, at_y) = cv2.minMaxLoc(answer)
    return float(score), _moved(x0 - at_x, y0 - at_y) @ scaling(scale, scale)


def _moved(x: int, y: int) -> Matrix:
    """The map that shifts by (x, y) pixels."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _by_outline(reference: Reference, frame: Pixels) -> list[Matrix]:
    """If what stands off the frame's ground has a box of the product's shape, the map that puts the product into it; at
    most one. `frame`: HW uint8."""
    x, y, width, height = reference.product_box
    ground = np.median(np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]]))
    differs = cv2.medianBlur((cv2.absdiff(frame, np.full_like(frame, ground)) > _OFF_GROUND_LEVELS).astype(np.uint8), 3)
    left, top, wide, high = cv2.boundingRect(differs)
    if min(wide, high) < _MIN_OUTLINE_PX or abs(np.log(wide / width * height / high)) > _SAME_SHAPE:
        return []
    scale = float(np.sqrt(wide / width * high / height))
    move_x, move_y = left + wide / 2 - scale * (x + width / 2), top + high / 2 - scale * (y + height / 2)
    return [np.array([[scale, 0, move_x], [0, scale, move_y], [0, 0, 1.0]])]


def _refine(reference: Reference, frame: Pixels, matrix: Matrix) -> tuple[float, Matrix] | None:
    """`matrix` brought from the search's scale step to a fraction of a pixel by ECC over affine maps (Evangelidis and
    Psarakis 2008), with the correlation there; None where that fails. `frame`: HW uint8."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    photo = cv2.resize(reference.luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    factor = scaling(photo.shape[1] / reference.width_px, photo.shape[0] / reference.height_px)
    warp = matrix @ np.linalg.inv(factor)
    # What of the photo lies in the frame: ECC warps its second picture onto its first.
    left, top = np.maximum(0, np.floor(-warp[:2, 2])).astype(int)
    seen = np.ascontiguousarray(photo[top : top + frame.shape[0], left : left + frame.shape[1]])
    if min(seen.shape) < _MIN_OUTLINE_PX:
        return None
    crop = _moved(-left, -top)
    try:
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-8)
        everywhere = np.full(frame.shape, 255, np.uint8)
        start = (warp @ np.linalg.inv(crop)).astype(np.float32)[:2]
        score, found = cv2.findTransformECC(seen, frame, start, cv2.MOTION_AFFINE, stop, everywhere, 5)
    except cv2.error:
        return None
    if score < _MIN_SEARCH_NCC:
        return None
    refined = np.vstack([found, [0, 0, 1]]).astype(np.float64) @ crop @ factor
    stretch = np.linalg.svd(refined[:2, :2])[1]
    return (float(score), refined) if is_sane(refined, reference) and stretch[0] < _MAX_STRETCH * stretch[1] else None
