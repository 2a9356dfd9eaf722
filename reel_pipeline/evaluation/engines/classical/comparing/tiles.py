"""Photo against frame in the photo's coordinates, window by window: the worst window shows what a mean hides.

What a deviation is called is `faults/`'s business.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.alignment import (
    affine_part,
    flow_between,
    plainest_fit,
    stretch_percent,
)
from reel_pipeline.evaluation.engines.classical.comparing.grid import Grid, clear_of_rim, uncropped_part
from reel_pipeline.evaluation.engines.classical.comparing.light import (
    focused_alike,
    levelled,
    overexposed,
    smeared_share,
)
from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS
from reel_pipeline.evaluation.engines.classical.seeing.planes import (
    WINDOW_PX,
    Mask,
    Matrix,
    Plane,
    blurred_luma,
    box_mean,
    local_contrast,
)
from reel_pipeline.evaluation.engines.classical.seeing.references import Placement, Reference
from reel_pipeline.media.photo import Pixels

CLEARLY_OFF = 0.25
"""1 - NCC from which on a window is looked at; its gate is stricter."""
RESIDUAL_LEVELS = 7.0
"""A window whose residual after a gain and offset is below this differs by no more than a codec makes it."""
MAX_RESIDUAL_LEVELS = 14.0
_STRONG_JPEG = 15
"""Quality at which JPEG takes from a photo, at working scale, what H.264 takes at CRF 30 to 35."""
_RESIDUAL_OVER_LOSS = 1.8
"""How much more than that a window of an honest clip may lack: 1.75 in the worst percentile of 18 clips."""
_MIN_VALID_SHARE = 0.6
_EDGE_LEVELS = 4.0


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
    grid = Grid.of(reference, placement, frame_rgb)
    if grid is None:
        return None
    photo_rgb = grid.photo_pixels()
    frame_on_grid, seen = grid.frame_pixels(frame_rgb, hidden, placement.matrix)
    photo, frame = blurred_luma(photo_rgb), blurred_luma(frame_on_grid)
    uncropped = uncropped_part(photo, frame, seen)
    valid = clear_of_rim(seen) & uncropped
    detail = local_contrast(photo)
    matrix = placement.matrix
    if placement.inliers >= SURE_INLIERS:
        flow = flow_between(photo, levelled(photo, frame, valid)[0], valid)
        correction = affine_part(flow, valid & (detail > 6))
        fit = matrix if correction is None else grid.corrected(matrix, correction)
    else:
        fit = plainest_fit(grid, matrix, photo, valid, lambda fit: grid.frame_pixels(frame_rgb, hidden, fit))
    if fit is not matrix:
        # The frame is fetched again, once, from where it really has the photo.
        matrix = fit
        frame_on_grid, seen = grid.frame_pixels(frame_rgb, hidden, matrix)
        valid = clear_of_rim(seen) & uncropped
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
