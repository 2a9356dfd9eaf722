"""Where a frame shows which gallery photo: a 3x3 matrix from photo pixels to kept-frame pixels.

Keypoints first (SIFT with MAGSAC); where a product has too little texture for them, a direct photometric search.
Whether the frame shows the photo faithfully is `tiles.py`'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx

Matrix = NDArray[np.float64]

FEATURE_SIDE_PX = 900
WORKING_WIDTH_PX = 540
_TRACKING_WIDTH_PX = 360
"""Enough to find a photo again that the scene is known to show; the comparison refines the place."""
MIN_INLIERS = 14
SURE_INLIERS = 30
"""With this many the photo is the right one, however badly the frame shows it."""
_STRONG_JPEG = 30
_SEARCH_WIDTH_PX = 135
_FINE_WIDTH_PX = 270
_SEARCH_SCALES = np.geomspace(0.3, 2.6, 19)
"""Displayed width of the photo over the frame's width: photos are shown at 0.4 to 1.6 of their own scale."""
_MIN_SEARCH_NCC = 0.55
_MAX_STRETCH = 1.15
"""A place in which a photo is wider or narrower by more is some other edge than its own."""
_TRIED = 3
"""Of the search's places, as many are refined: a smooth product's best one may be the wrong side of its outline."""
_PLAIN_LAB = 6.0
_OFF_GROUND_LEVELS = 8
_SAME_SHAPE = 0.15
"""Log of the ratio of two boxes' shapes."""
_MIN_OUTLINE_PX = 12


@dataclass(frozen=True)
class Features:
    """`points` (N, 2) in the picture's own pixels, `descriptors` (N, 128) RootSIFT float32."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]


@dataclass(frozen=True)
class Placement:
    """Photo `photo` lies in the frame by `matrix`. `inliers`: keypoints that agree; 0 when found photometrically."""

    photo: int
    matrix: Matrix
    inliers: int

    @property
    def linear(self) -> Matrix:
        """The 2x2 affine part at the photo's origin."""
        return np.asarray(self.matrix[:2, :2] / self.matrix[2, 2])

    @property
    def scale(self) -> float:
        """Frame pixels per photo pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.linear))))


class Reference:
    """One gallery photo, prepared once a call."""

    def __init__(self, index: int, rgb: Pixels) -> None:
        self.index, self.rgb = index, rgb
        self.height_px, self.width_px = rgb.shape[:2]

    @cached_property
    def luma(self) -> Pixels:
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def features(self) -> Features:
        return find_features(self.luma, FEATURE_SIDE_PX, 2000)

    @cached_property
    def is_recognisable(self) -> bool:
        """Whether it is found by its keypoints, smaller and after a strong compression, as a clip would show it."""
        width_px = min(self.width_px, round(0.9 * WORKING_WIDTH_PX))
        coded = cv2.imencode(".jpg", _reduced(self.luma, width_px)[0], [cv2.IMWRITE_JPEG_QUALITY, _STRONG_JPEG])[1]
        lossy = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        place = place_by_features(self, _frame_features(lossy, WORKING_WIDTH_PX, 2000))
        return place is not None and place.inliers >= SURE_INLIERS

    @cached_property
    def _off_ground(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Distance in Lab to the border's middle colour, HW at 160 px width, and of the border's own pixels, sorted."""
        size = (160, max(8, round(160 * self.height_px / self.width_px)))
        small = cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        middle = np.median(border, axis=0)
        away = np.linalg.norm(lab - middle, axis=2).astype(np.float32)
        return away, np.sort(np.linalg.norm(border - middle, axis=1)).astype(np.float32)

    @cached_property
    def is_on_plain_ground(self) -> bool:
        """Whether there is no background that could be seen to move."""
        return bool(np.percentile(self._off_ground[1], 90) <= _PLAIN_LAB)

    @cached_property
    def product_box(self) -> BoxPx:
        """Box of what differs from the border's colour where the border is plain, else the whole photo."""
        away, border = self._off_ground
        whole = (0, 0, self.width_px, self.height_px)
        if np.percentile(border, 60) > _PLAIN_LAB:
            return whole
        differs = cv2.medianBlur((away > 8).astype(np.uint8), 3)
        if differs.mean() < 0.005:
            return whole
        x, y, width, height = cv2.boundingRect(differs)
        factor = self.width_px / 160
        return round(x * factor), round(y * factor), round(width * factor), round(height * factor)


def find_features(luma: Pixels, side_px: int, count: int) -> Features:
    """SIFT on HW uint8 reduced to `side_px`; a low contrast threshold, as plain cloth has no strong corners."""
    scale = min(1.0, side_px / max(luma.shape))
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else luma
    keypoints, descriptors = cv2.SIFT.create(nfeatures=count, contrastThreshold=0.02).detectAndCompute(small, None)
    if descriptors is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    points = (np.array([keypoint.pt for keypoint in keypoints], np.float32) + 0.5) / scale - 0.5
    normal = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return Features(points, normal.astype(np.float32))


def place_by_features(reference: Reference, frame: Features) -> Placement | None:
    """Similarity by RANSAC, freed to an affine by MAGSAC, to a homography only where that explains far more."""
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
        if agreeing > 1.4 * inliers + 6 and _is_sane(projective, reference):
            matrix, inliers = projective, agreeing
    if inliers < MIN_INLIERS or not _is_sane(matrix, reference):
        return None
    return Placement(reference.index, matrix.astype(np.float64), inliers)


def place_by_picture(reference: Reference, frame_luma: Pixels) -> tuple[float, Placement] | None:
    """Search over scales by normalised correlation at a small size, refined by ECC. `frame_luma`: HW uint8, kept frame.

    With it comes the correlation there.
    """
    small, to_small = _reduced(frame_luma, _SEARCH_WIDTH_PX)
    scales = _SEARCH_SCALES * _SEARCH_WIDTH_PX / reference.width_px
    found = sorted((_search(reference, small, float(scale)) for scale in scales), key=lambda place: -place[0])
    places = [matrix for score, matrix in found[:_TRIED] if score > _MIN_SEARCH_NCC]
    outlined = _by_outline(reference, small)
    tried = [_refine(reference, small, matrix) for matrix in (*outlined, *places)]
    coarse = max((place for place in tried if place), key=lambda place: place[0], default=None)
    if coarse is None:
        return None
    fine, to_fine = _reduced(frame_luma, _FINE_WIDTH_PX)
    exact = _refine(reference, fine, to_fine @ np.linalg.inv(to_small) @ coarse[1])
    score, matrix = exact or coarse
    return score, Placement(reference.index, np.linalg.inv(to_fine if exact else to_small) @ matrix, 0)


def _reduced(luma: Pixels, width_px: int) -> tuple[Pixels, Matrix]:
    """The picture at `width_px`, and the 3x3 map to it."""
    size = (width_px, max(1, round(luma.shape[0] * width_px / luma.shape[1])))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, _scaling(size[0] / luma.shape[1], size[1] / luma.shape[0])


def _scaling(x: float, y: float) -> Matrix:
    """From the pixels of a picture to those of it resized."""
    return np.array([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5], [0, 0, 1.0]])


def _search(reference: Reference, frame: Pixels, scale: float) -> tuple[float, Matrix]:
    """Best place of the photo at one scale: the product in the frame if it fits, else the frame's middle in it."""
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
        return float(score), _moved(at_x - left, at_y - top) @ _scaling(scale, scale)
    rows, columns = frame.shape
    y0, y1, x0, x1 = rows // 4, rows * 6 // 10, columns // 8, columns * 7 // 8
    middle = frame[y0:y1, x0:x1]
    if middle.shape[0] > photo.shape[0] or middle.shape[1] > photo.shape[1] or middle.std() < 4:
        return nothing
    answer = cv2.matchTemplate(photo, middle, cv2.TM_CCOEFF_NORMED)
    _, score, _, (at_x, at_y) = cv2.minMaxLoc(answer)
    return float(score), _moved(x0 - at_x, y0 - at_y) @ _scaling(scale, scale)


def _moved(x: int, y: int) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _by_outline(reference: Reference, frame: Pixels) -> list[Matrix]:
    """Where the box of what stands off the frame's ground has the product's shape: the product put into it."""
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
    """ECC (Evangelidis and Psarakis 2008) over affine maps: from the search's scale step to a fraction of a pixel; with
    the correlation there."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    photo = cv2.resize(reference.luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    factor = _scaling(photo.shape[1] / reference.width_px, photo.shape[0] / reference.height_px)
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
    return (float(score), refined) if _is_sane(refined, reference) and stretch[0] < _MAX_STRETCH * stretch[1] else None


def _freed(matrix: Matrix, source: NDArray[np.float32], target: NDArray[np.float32]) -> Matrix:
    """The affine that the similarity's inliers agree on."""
    affine, _ = cv2.estimateAffine2D(source, target, method=cv2.USAC_MAGSAC, ransacReprojThreshold=2.0)
    return matrix if affine is None else np.vstack([affine, [0, 0, 1]])


def _distinct(points: NDArray[np.float32]) -> int:
    """SIFT reports one place several times, once an orientation."""
    return len(np.unique(np.round(points / 2).astype(np.int64), axis=0)) if len(points) else 0


def _is_sane(matrix: Matrix, reference: Reference) -> bool:
    """Neither mirrored, nor squeezed beyond recognition, nor turned inside out at a corner."""
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


def _frame_features(luma: Pixels, width_px: int, count: int) -> Features:
    side = round(max(luma.shape) * min(1.0, width_px / luma.shape[1]))
    return find_features(luma, side, count)


def candidates(references: Sequence[Reference], frame_luma: Pixels, prefer: int | None) -> list[Placement]:
    """The photos that the frame may show, likeliest first; `prefer` alone where it is certain. HW uint8, kept frame.

    A detail crop and the photo it was cut from both fit the same frame: which one it is shows in the comparison.
    """
    if prefer is not None:
        placement = place_by_features(references[prefer], _frame_features(frame_luma, _TRACKING_WIDTH_PX, 900))
        if placement and placement.inliers >= SURE_INLIERS:
            return [placement]
    features = _frame_features(frame_luma, WORKING_WIDTH_PX, 2000)
    placements = [place for reference in references if (place := place_by_features(reference, features))]
    placements.sort(key=lambda place: -place.inliers)
    placements = [place for place in placements if place.inliers > 0.3 * placements[0].inliers][:3]
    if placements and placements[0].inliers >= SURE_INLIERS:
        return placements
    placed = {place.photo for place in placements}
    others = [reference for reference in references if reference.index not in placed]
    found = [answer for reference in others if (answer := place_by_picture(reference, frame_luma))]
    return [*placements, *(answer[1] for answer in sorted(found, key=lambda answer: -answer[0])[:1])]
