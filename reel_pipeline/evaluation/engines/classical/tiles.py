"""Photo against frame in the photo's coordinates, window by window: the worst window shows what a mean hides.

Works on the grid: the visible part of the photo at the scale at which the frame, at 540 px width, shows it. What a
deviation is called is `fidelity.py`'s business.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.light import focused_alike, levelled, overexposed, smeared_share
from reel_pipeline.evaluation.engines.classical.planes import (
    WINDOW_PX,
    Mask,
    Plane,
    blurred_luma,
    box_mean,
    local_contrast,
)
from reel_pipeline.evaluation.engines.classical.registration import (
    SURE_INLIERS,
    WORKING_WIDTH_PX,
    Matrix,
    Placement,
    Reference,
)
from reel_pipeline.media.photo import Pixels

MIN_SIDE_PX = 48
RESIDUAL_LEVELS = 7.0
"""A window whose residual after a gain and offset is below this differs by no more than a codec makes it."""
MAX_RESIDUAL_LEVELS = 14.0
_STRONG_JPEG = 15
"""Quality at which JPEG takes from a photo, at working scale, what H.264 takes at CRF 30 to 35."""
_RESIDUAL_OVER_LOSS = 1.8
"""How much more than that a window of an honest clip may lack: 1.75 in the worst percentile of 18 clips."""
_MIN_VALID_SHARE = 0.6
_EDGE_LEVELS = 4.0
_AS_GOOD, _AS_GOOD_LEVELS = 1.1, 0.05
_CALM_LEVELS = 2.0
_CROPPED_LEVELS = 6.0
_RINGING = 0.05
_MAX_CROP = 0.6


@dataclass(frozen=True)
class Comparison:
    """All planes are HW on the grid. `to_frame`: grid pixels -> kept-frame pixels, `photo_to_frame` from photo pixels.

    `valid`: neither covered by an overlay nor cropped nor outside the frame; `uncropped`: not cropped. `ncc` in [-1, 1]
    and `residual` (grey levels, standard deviation) per window centre; `flow` (H, W, 2): from photo to frame after the
    affine part; `detail`: the photo's local contrast, grey levels; `tolerance`: the residual, in grey levels, that a
    strong compression would leave there of the photo, whatever the frame is like. `photo` is as blurred as `frame`,
    whose light is brought to the photo's; `smear`: the share of fine contrast that the frame had lost before.
    """

    photo_rgb: Pixels
    frame_rgb: Pixels
    photo: Plane
    frame: Plane
    to_frame: Matrix
    photo_to_frame: Matrix
    valid: Mask
    uncropped: Mask
    ncc: Plane
    residual: Plane
    flow: NDArray[np.float32]
    detail: Plane
    tolerance: Plane
    product_width_px: float
    photo_size_px: tuple[int, int]
    stretch_percent: float
    smear: float

    def mismatch(self) -> Plane:
        """1 - NCC where the residual is more than a codec's, else 0."""
        return np.where((self.residual > self.tolerance) & self.valid, 1 - self.ncc, 0).astype(np.float32)

    def explained(self) -> tuple[int, int]:
        """How many grid pixels with detail in the frame match, and how many with detail in either picture don't."""
        matched = self.matched()
        either = self.valid & ((local_contrast(self.frame) > 8) | (self.detail > 8))
        return int(matched.sum()), int((either & ~self._matching()).sum())

    def matched(self) -> Mask:
        """Grid pixels with detail in the frame that the photo has too."""
        return np.asarray(self.valid & (local_contrast(self.frame) > 8) & self._matching(), np.bool_)

    def _matching(self) -> Mask:
        return np.asarray((self.ncc > 0.7) | (self.residual < self.tolerance), np.bool_)

    def explained_share(self) -> float:
        """Of the detail, the share that matches; 0 where there is too little to tell."""
        matching, other = self.explained()
        return matching / (matching + other) if matching + other >= 200 else 0.0


def compare(reference: Reference, placement: Placement, frame_rgb: Pixels, hidden: Mask) -> Comparison | None:
    """`frame_rgb`: HWC RGB uint8, kept frame; `hidden`: HW of the same size, True under an overlay.

    None where fewer than `MIN_SIDE_PX` grid pixels a side are visible.
    """
    grid = _Grid.of(reference, placement, frame_rgb)
    if grid is None:
        return None
    photo_rgb = grid.photo_pixels()
    frame_on_grid, seen = grid.frame_pixels(frame_rgb, hidden, placement.matrix)
    photo, frame = blurred_luma(photo_rgb), blurred_luma(frame_on_grid)
    uncropped = _uncropped(photo, frame, seen)
    valid = _clear_of_rim(seen) & uncropped
    detail = local_contrast(photo)
    matrix = placement.matrix
    if placement.inliers >= SURE_INLIERS:
        flow = flow_between(photo, levelled(photo, frame, valid)[0], valid)
        correction = _affine_part(flow, valid & (detail > 6))
        fit = matrix if correction is None else grid.corrected(matrix, correction)
    else:
        fit = _plainest_fit(grid, matrix, photo, valid, lambda fit: grid.frame_pixels(frame_rgb, hidden, fit))
    if fit is not matrix:
        # The frame is fetched again, once, from where it really has the photo.
        matrix = fit
        frame_on_grid, seen = grid.frame_pixels(frame_rgb, hidden, matrix)
        valid = _clear_of_rim(seen) & uncropped
        frame = blurred_luma(frame_on_grid)
    frame, gain = levelled(photo, frame, valid)
    valid &= ~overexposed(photo_rgb, frame_on_grid, gain)
    smear = smeared_share(photo, frame, valid)
    photo = focused_alike(photo, frame, valid, smear)
    flow = flow_between(photo, frame, valid)
    ncc, residual = correlate(photo, frame, valid)
    width, size_px = reference.product_box[2] * grid.scale, (reference.width_px, reference.height_px)
    covered = valid & (box_mean(valid.astype(np.float32)) > _MIN_VALID_SHARE)
    return Comparison(
        photo_rgb, frame_on_grid, photo, frame, grid.to_frame(matrix), matrix, covered, uncropped, ncc,
        residual, flow, local_contrast(photo), _tolerance(photo_rgb), float(width), size_px,
        stretch_percent(matrix, size_px), smear,
    )  # fmt: skip


def _tolerance(photo_rgb: Pixels) -> Plane:
    """What a strong compression takes from each window of the photo, HWC RGB uint8, and as much as any leaves."""
    coded = cv2.imencode(".jpg", photo_rgb, [cv2.IMWRITE_JPEG_QUALITY, _STRONG_JPEG])[1]
    lossy = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    lost = local_contrast(blurred_luma(photo_rgb) - blurred_luma(lossy))
    return np.asarray(np.clip(_RESIDUAL_OVER_LOSS * lost, RESIDUAL_LEVELS, MAX_RESIDUAL_LEVELS), np.float32)


def clear_of_edges(comparison: Comparison) -> Comparison:
    """The same where the photo is smooth, well clear of its edges."""
    edges = cv2.dilate((comparison.detail > _EDGE_LEVELS).astype(np.uint8), np.ones((2 * WINDOW_PX + 1,) * 2, np.uint8))
    return replace(comparison, valid=comparison.valid & (edges == 0))


class _Grid:
    """The visible part of one photo, sampled at working scale."""

    def __init__(self, reference: Reference, box: tuple[int, int, int, int], scale: float) -> None:
        self.reference, self.scale = reference, scale
        self.left, self.top, width, height = box
        self.box = box
        self.size = (max(1, round(width * scale)), max(1, round(height * scale)))
        kx, ky = self.size[0] / width, self.size[1] / height
        self.to_photo = np.array(
            [[1 / kx, 0, self.left + 0.5 / kx - 0.5], [0, 1 / ky, self.top + 0.5 / ky - 0.5], [0, 0, 1.0]]
        )

    @classmethod
    def of(cls, reference: Reference, placement: Placement, frame: Pixels) -> "_Grid | None":
        height, width = frame.shape[:2]
        corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
        back = cv2.perspectiveTransform(corners, np.linalg.inv(placement.matrix))[0]
        x0, y0 = np.floor(np.maximum(back.min(0), 0)).astype(int)
        x1, y1 = np.ceil(np.minimum(back.max(0), (reference.width_px, reference.height_px))).astype(int)
        scale = placement.scale * min(1.0, WORKING_WIDTH_PX / width)
        if min(x1 - x0, y1 - y0) * scale < MIN_SIDE_PX:
            return None
        return cls(reference, (int(x0), int(y0), int(x1 - x0), int(y1 - y0)), scale)

    def photo_pixels(self) -> Pixels:
        left, top, width, height = self.box
        part = self.reference.rgb[top : top + height, left : left + width]
        how = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, self.size, interpolation=how), np.uint8)

    @property
    def middle(self) -> NDArray[np.float64]:
        """In photo pixels."""
        left, top, width, height = self.box
        return np.array([left + width / 2, top + height / 2])

    def to_frame(self, matrix: Matrix) -> Matrix:
        return np.asarray(matrix @ self.to_photo)

    def frame_pixels(self, frame: Pixels, hidden: Mask, matrix: Matrix) -> tuple[Pixels, Mask]:
        """The frame fetched onto the grid, and where it lies in the frame and under no overlay."""
        reduce = min(1.0, WORKING_WIDTH_PX / frame.shape[1])
        small = cv2.resize(frame, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA) if reduce < 1 else frame
        shown = cv2.resize((~hidden).astype(np.uint8), (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
        kx, ky = small.shape[1] / frame.shape[1], small.shape[0] / frame.shape[0]
        shrink = np.array([[kx, 0, 0.5 * kx - 0.5], [0, ky, 0.5 * ky - 0.5], [0, 0, 1.0]])
        whole = shrink @ self.to_frame(matrix)
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        pixels = cv2.warpPerspective(small, whole, self.size, flags=how, borderMode=cv2.BORDER_REPLICATE)
        seen = cv2.warpPerspective(shown, whole, self.size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        return np.asarray(pixels, np.uint8), np.asarray(seen > 0, np.bool_)

    def corrected(self, matrix: Matrix, correction: Matrix) -> Matrix:
        return np.asarray(matrix @ self.to_photo @ correction @ np.linalg.inv(self.to_photo))


def _clear_of_rim(seen: Mask) -> Mask:
    """Two pixels in: at its rim the photo may be blended with what the maker put around it."""
    inner = seen.astype(np.uint8)
    inner[:2], inner[-2:], inner[:, :2], inner[:, -2:] = 0, 0, 0, 0
    return np.asarray(cv2.erode(inner, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _uncropped(photo: Plane, frame: Plane, seen: Mask) -> Mask:
    """False where the maker cropped the photo: rows or columns at a side that are one calm colour, not the photo's."""
    keep = np.ones(photo.shape, np.bool_)
    differs, weight = np.abs(frame - photo), seen.astype(np.float32)
    for axis in (0, 1):
        # A mat may have a gradient of light: calm is smooth, not constant.
        size = (41, 1) if axis == 0 else (1, 41)
        smooth = cv2.blur(frame * weight, size) / np.maximum(cv2.blur(weight, size), 1e-3)
        rough, apart = (plane if axis == 0 else plane.T for plane in (np.abs(frame - smooth), differs))
        there, view = (mask if axis == 0 else mask.T for mask in (seen & keep, keep))
        for step in (1, -1):
            count = _cropped_rows(rough[::step], apart[::step], there[::step])
            if 0 < count <= _MAX_CROP * len(view):
                # Three rows more: photo and ground are blended there.
                view[::step][: count + 3] = False
    return keep


def _cropped_rows(rough: Plane, apart: Plane, seen: Mask) -> int:
    """How many rows from the first on are calm, up to the last one that differs from the photo."""
    count = 0
    for number, open_here in enumerate(seen):
        if open_here.sum() <= 8:
            continue
        off = np.percentile(apart[number][open_here], 97)
        # What a codec leaves beside a hard edge grows with the edge.
        if np.percentile(rough[number][open_here], 97) >= max(_CALM_LEVELS, _RINGING * off):
            break
        # Calm rows that equal the photo are its own backdrop.
        if off > _CROPPED_LEVELS:
            count = number + 1
    return count


def correlate(photo: Plane, frame: Plane, valid: Mask, window_px: int = WINDOW_PX) -> tuple[Plane, Plane]:
    """Best NCC over shifts of a pixel, and the residual left at it; HW float32, only `valid` pixels count."""
    weight = valid.astype(np.float32)
    total = np.maximum(box_mean(weight, window_px), 1e-3)
    photo_mean = box_mean(photo * weight, window_px) / total
    photo_var = np.maximum(box_mean(photo * photo * weight, window_px) / total - photo_mean**2, 0)
    best = np.full(photo.shape, -1, np.float32)
    residual = np.full(photo.shape, 255, np.float32)
    padded = cv2.copyMakeBorder(frame, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    rows, columns = photo.shape
    for dy in range(3):
        for dx in range(3):
            moved = padded[dy : dy + rows, dx : dx + columns]
            mean = box_mean(moved * weight, window_px) / total
            var = np.maximum(box_mean(moved * moved * weight, window_px) / total - mean**2, 0)
            covariance = box_mean(moved * photo * weight, window_px) / total - mean * photo_mean
            ncc = covariance / np.sqrt(np.maximum(var * photo_var, 1.0))
            np.maximum(best, ncc, out=best)
            # Either picture may hold what the other lacks.
            left = np.sqrt(np.maximum(np.maximum(var, photo_var) * (1 - np.clip(ncc, 0, 1) ** 2), 0))
            np.minimum(residual, left, out=residual)
    return np.clip(best, -1, 1), residual


def flow_between(photo: Plane, frame: Plane, valid: Mask) -> NDArray[np.float32]:
    """Dense flow (DIS, Kroeger 2016) from photo to frame; what is hidden is filled from the photo."""
    shown = np.where(valid, frame, photo).astype(np.uint8)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    nothing = np.zeros((*photo.shape, 2), np.float32)
    return np.asarray(search.calc(photo.astype(np.uint8), shown, nothing), np.float32)


def _affine_part(flow: NDArray[np.float32], where: Mask) -> Matrix | None:
    """The affine that most of the flow agrees with, by reweighted least squares; None with too little of it."""
    rows, columns = np.nonzero(where)
    if len(rows) < 400:
        return None
    step = max(1, len(rows) // 6000)
    rows, columns = rows[::step], columns[::step]
    design = np.stack([columns, rows, np.ones(len(rows))], 1).astype(np.float64)
    moved = flow[rows, columns].astype(np.float64)
    weight = np.ones(len(rows))
    solution: NDArray[np.float64] = np.zeros((3, 2))
    for _ in range(6):
        found = np.linalg.lstsq(design * weight[:, None], moved * weight[:, None], rcond=None)[0]
        solution = np.asarray(found, np.float64)
        error = np.linalg.norm(moved - design @ solution, axis=1)
        weight = 1 / np.sqrt(1 + (error / max(0.15, 1.5 * float(np.median(error)))) ** 2)
    return np.vstack([solution.T + np.array([[1, 0, 0], [0, 1, 0]]), [0, 0, 1]])


def _plainest_fit(
    grid: _Grid, matrix: Matrix, photo: Plane, valid: Mask, fetch: Callable[[Matrix], tuple[Pixels, Mask]]
) -> Matrix:
    """`matrix` refined by the pixels alone, as flow along a smooth outline leads astray: to a similarity where that is
    as good as an affine map, since a plain picture may not tell its stretch."""

    def shown(fit: Matrix) -> tuple[Plane, Mask]:
        pixels, seen = fetch(fit)
        both = valid & seen
        return levelled(photo, blurred_luma(pixels), both)[0], both

    def error(fit: Matrix) -> float:
        frame, both = shown(fit)
        return float(np.abs(photo - frame)[both].mean()) if both.any() else 255.0

    affine = grid.corrected(matrix, _affine_fit(photo, *shown(matrix)))
    best, fit = min(((error(fit), fit) for fit in (matrix, affine)), key=lambda one: one[0])
    starts = _similarities(matrix, grid.middle)
    similar = [grid.corrected(start, _similar_fit(photo, *shown(start))) for start in starts]
    least, nearest = min(((error(fit), fit) for fit in similar), key=lambda one: one[0])
    return nearest if least < _AS_GOOD * best + _AS_GOOD_LEVELS else fit


def _similarities(matrix: Matrix, middle: NDArray[np.float64]) -> list[Matrix]:
    """The two that turn as the affine `matrix` does, move `middle` as it does, and scale all by one of its scales."""
    left, scales, right = np.linalg.svd(matrix[:2, :2])
    found = []
    for scale in scales:
        similar = np.eye(3)
        similar[:2, :2] = scale * left @ right
        similar[:2, 2] = matrix[:2, :2] @ middle + matrix[:2, 2] - similar[:2, :2] @ middle
        found.append(similar)
    return found


def _affine_fit(photo: Plane, frame: Plane, valid: Mask) -> Matrix:
    """The affine from photo to frame by ECC; no change where it finds none."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-8)
    start, where = np.eye(2, 3, dtype=np.float32), valid.astype(np.uint8)
    try:
        found = cv2.findTransformECC(photo, frame, start, cv2.MOTION_AFFINE, stop, where, 1)[1]
    except cv2.error:
        return np.eye(3)
    return np.vstack([found, [0, 0, 1]]).astype(np.float64)


def _similar_fit(photo: Plane, frame: Plane, valid: Mask) -> Matrix:
    """The similarity from photo to frame by inverse compositional alignment (Baker and Matthews 2004)."""
    rows, columns = photo.shape
    to_middle = np.array([[1, 0, -columns / 2], [0, 1, -rows / 2], [0, 0, 1.0]])
    fit = np.eye(3)
    for sigma_px in (2.0, 0.5):
        template, moving = (cv2.GaussianBlur(plane, (0, 0), sigma_px) for plane in (photo, frame))
        across, down = (cv2.Sobel(template, cv2.CV_32F, *order, scale=1 / 8)[valid] for order in ((1, 0), (0, 1)))
        y, x = (places - size / 2 for places, size in zip(np.nonzero(valid), photo.shape, strict=True))
        slopes = np.stack([across * x + down * y, down * x - across * y, across, down], 1)
        normal = np.linalg.pinv(slopes.T @ slopes) @ slopes.T
        for _ in range(12):
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            shown = cv2.warpPerspective(moving, fit, (columns, rows), flags=how, borderMode=cv2.BORDER_REPLICATE)
            grow, turn, right, lower = normal @ (shown - template)[valid]
            step = np.array([[1 + grow, -turn, right], [turn, 1 + grow, lower], [0, 0, 1]])
            fit = fit @ np.linalg.inv(to_middle) @ np.linalg.inv(step) @ to_middle
    return fit


def stretch_percent(matrix: Matrix, size_px: tuple[int, int]) -> float:
    """By how much one axis is scaled more than the other at the photo's middle."""
    x, y = size_px[0] / 2, size_px[1] / 2
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    u, v = (matrix[:2] @ np.array([x, y, 1.0])) / w
    jacobian = (matrix[:2, :2] - np.outer([u, v], matrix[2, :2])) / w
    stretch = np.linalg.svd(jacobian, compute_uv=False)
    return float(100 * (stretch[0] / stretch[1] - 1))
