"""The placement refined on the grid, from a keypoint's accuracy to a tenth of a pixel, and what flow is left then."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.grid import Grid
from reel_pipeline.evaluation.engines.classical.comparing.light import levelled
from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix, Plane, blurred_luma, local_contrast
from reel_pipeline.evaluation.engines.classical.seeing.references import Placement
from reel_pipeline.media.photo import Pixels

_AS_GOOD, _AS_GOOD_LEVELS = 1.1, 0.05
"""Factor and grey levels: a similarity that leaves 1.1 levels of difference is preferred to an affine map that leaves
1."""


def aligned(
    grid: Grid,
    placement: Placement,
    photo: Plane,
    frame: Plane,
    valid: Mask,
    fetch: Callable[[Matrix], tuple[Pixels, Mask]],
) -> Matrix:
    """The placement's matrix refined: by dense flow where keypoints are sure of it, else by the pixels alone. The very
    same object where nothing better was found.

    `photo`, `frame`: HW float32 in [0, 255] on the grid, `valid`: HW bool, the pixels that count; `fetch`: the frame on
    the grid under another matrix, as `Grid.frame_pixels`.
    """
    matrix = placement.matrix
    if placement.inliers < SURE_INLIERS:
        return _plainest_fit(grid, matrix, photo, valid, fetch)
    flow = flow_between(photo, levelled(photo, frame, valid)[0], valid)
    correction = _affine_part(flow, valid & (local_contrast(photo) > 6))
    return matrix if correction is None else grid.corrected(matrix, correction)


def flow_between(photo: Plane, frame: Plane, valid: Mask) -> NDArray[np.float32]:
    """Where each pixel of the photo went in the frame, by dense flow (DIS, Kroeger 2016): (H, W, 2) float32, (dx, dy)
    in pixels. `photo`, `frame`: HW float32 in [0, 255]; where not `valid`, the photo stands in for the frame."""
    shown = np.where(valid, frame, photo).astype(np.uint8)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    nothing = np.zeros((*photo.shape, 2), np.float32)
    return np.asarray(search.calc(photo.astype(np.uint8), shown, nothing), np.float32)


def _affine_part(flow: NDArray[np.float32], where: Mask) -> Matrix | None:
    """The affine map that most of the flow agrees with, by reweighted least squares; None with fewer than 400 pixels.

    `flow`: (H, W, 2) float32 as from `flow_between`, `where`: HW bool, the pixels that count.
    """
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
    grid: Grid, matrix: Matrix, photo: Plane, valid: Mask, fetch: Callable[[Matrix], tuple[Pixels, Mask]]
) -> Matrix:
    """`matrix`, from photo to frame pixels, refined by the pixels alone, as flow along a smooth outline leads astray.

    The answer is a similarity where that is as good as an affine map, since a plain picture may not tell its stretch.
    `photo`: HW float32 on the grid; `fetch`: the frame on the grid under another matrix, as `Grid.frame_pixels`.
    """

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
    """The two similarities that turn as the affine `matrix` does, move `middle` (x, y) as it does, and scale both axes
    by one of its two scales."""
    left, scales, right = np.linalg.svd(matrix[:2, :2])
    found = []
    for scale in scales:
        similar = np.eye(3)
        similar[:2, :2] = scale * left @ right
        similar[:2, 2] = matrix[:2, :2] @ middle + matrix[:2, 2] - similar[:2, :2] @ middle
        found.append(similar)
    return found


def _affine_fit(photo: Plane, frame: Plane, valid: Mask) -> Matrix:
    """The affine map from photo to frame (HW float32) by ECC, on the grid; the identity where it finds none."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-8)
    start, where = np.eye(2, 3, dtype=np.float32), valid.astype(np.uint8)
    try:
        found = cv2.findTransformECC(photo, frame, start, cv2.MOTION_AFFINE, stop, where, 1)[1]
    except cv2.error:
        return np.eye(3)
    return np.vstack([found, [0, 0, 1]]).astype(np.float64)


def _similar_fit(photo: Plane, frame: Plane, valid: Mask) -> Matrix:
    """The similarity from photo to frame (HW float32), on the grid, by inverse compositional alignment (Baker and
    Matthews 2004): first on blurred pictures, then on sharper ones."""
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
    """By how many % one axis is scaled more than the other at the photo's middle: diag(1.03, 1, 1) gives 3.

    `matrix`: from photo to frame pixels; `size_px`: the photo's (width, height).
    """
    x, y = size_px[0] / 2, size_px[1] / 2
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    u, v = (matrix[:2] @ np.array([x, y, 1.0])) / w
    jacobian = (matrix[:2, :2] - np.outer([u, v], matrix[2, :2])) / w
    stretch = np.linalg.svd(jacobian, compute_uv=False)
    return float(100 * (stretch[0] / stretch[1] - 1))
