"""Photo against frame in the photo's coordinates, window by window: the worst window shows what a mean hides.

What a deviation is called is `faults/`'s business.
"""

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.alignment import aligned, flow_between, stretch_percent
from reel_pipeline.evaluation.engines.classical.comparing.grid import Grid, clear_of_rim, uncropped_part
from reel_pipeline.evaluation.engines.classical.comparing.light import (
    focused_alike,
    levelled,
    overexposed,
    smeared_share,
)
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
"""1 - NCC from which on a window is looked at; the gate of `invented_detail`, 0.4, is higher."""
RESIDUAL_LEVELS = 7.0
"""Grey levels: a window whose residual, after a gain and an offset, is below this differs by no more than a codec makes
it. Where the photo is rich in detail, a codec may take more: up to the next number."""
MAX_RESIDUAL_LEVELS = 14.0
"""Grey levels: a window with more differs, whatever the codec."""
_STRONG_JPEG = 15
"""Quality at which JPEG takes from a photo, at working scale, as much as H.264 takes at CRF 30 to 35."""
_RESIDUAL_OVER_LOSS = 1.8
"""How much more than that a window of an honest clip may lack: 1.75 times in the worst percentile of 18 clips."""
_MIN_VALID_SHARE = 0.6
"""Of a window's 289 pixels, the share that must lie open for it to count: 174."""
_EDGE_LEVELS = 4.0
"""Local contrast up to which the photo is smooth."""


@dataclass(frozen=True)
class Comparison:
    """One frame and the photo that it shows, on one grid (`grid.py`), with what is left between them at each pixel.

    `photo_rgb`, `frame_rgb`: HWC RGB uint8, as they are. `photo`, `frame`: HW float32 in [0, 255], the frame in the
    photo's light and the photo in the frame's focus. All other planes are HW too:

    - `valid`: bool, neither covered by an overlay nor cropped nor outside the frame; `uncropped`: bool, not cropped
    - `ncc`: float32 in [-1, 1], of the window around each pixel; `residual`: float32, the standard deviation, in grey
      levels, of what differs in it
    - `flow`: (H, W, 2) float32, (dx, dy) from photo to frame
    - `detail`: the photo's local contrast, in grey levels; `tolerance`: the residual, in grey levels, that a strong
      compression of the photo would leave, whatever the frame is like

    `to_frame`, `photo_to_frame`: to kept-frame pixels, from grid and from photo pixels. `product_width_px`: in grid
    pixels. `photo_size_px`: (width, height). `stretch_percent`: how far one axis is scaled more than the other.
    `smear`: share of the photo's fine contrast that the frame lacks, before the photo was given its focus.
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
        """HW float32 in [0, 2]: 1 - NCC where the residual is more than a codec's, else 0."""
        return np.where((self.residual > self.tolerance) & self.valid, 1 - self.ncc, 0).astype(np.float32)

    def explained(self) -> tuple[int, int]:
        """How many grid pixels with detail in the frame match, and how many with detail in either picture don't."""
        matched = self.matched()
        either = self.valid & ((local_contrast(self.frame) > 8) | (self.detail > 8))
        return int(matched.sum()), int((either & ~self._matching()).sum())

    def matched(self) -> Mask:
        """HW bool: detail in the frame that the photo has too."""
        return np.asarray(self.valid & (local_contrast(self.frame) > 8) & self._matching(), np.bool_)

    def _matching(self) -> Mask:
        return np.asarray((self.ncc > 0.7) | (self.residual < self.tolerance), np.bool_)

    def explained_share(self) -> float:
        """Of the detail in either picture, the share that matches; 0 with fewer than 200 detailed pixels."""
        matching, other = self.explained()
        return matching / (matching + other) if matching + other >= 200 else 0.0


def compare(reference: Reference, placement: Placement, frame_rgb: Pixels, hidden: Mask) -> Comparison | None:
    """A frame held against the photo that `placement` puts into it; None where too little of the photo is visible.

    `frame_rgb`: HWC RGB uint8, kept frame; `hidden`: HW bool of the same size, True under an overlay.
    """
    grid = Grid.of(reference, placement, frame_rgb)
    if grid is None:
        return None
    fetch = partial(grid.frame_pixels, frame_rgb, hidden)
    photo_rgb, (frame_on_grid, seen) = grid.photo_pixels(), fetch(placement.matrix)
    photo, frame = blurred_luma(photo_rgb), blurred_luma(frame_on_grid)
    uncropped = uncropped_part(photo, frame, seen)
    valid = clear_of_rim(seen) & uncropped
    matrix = aligned(grid, placement, photo, frame, valid, fetch)
    if matrix is not placement.matrix:
        # The frame is fetched again, once, from where it really has the photo.
        frame_on_grid, seen = fetch(matrix)
        valid = clear_of_rim(seen) & uncropped
        frame = blurred_luma(frame_on_grid)
    frame, gain = levelled(photo, frame, valid)
    valid &= ~overexposed(photo_rgb, frame_on_grid, gain)
    smear = smeared_share(photo, frame, valid)
    photo = focused_alike(photo, valid, smear)
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
    """The residual, HW float32 in grey levels, that a strong compression would leave around each pixel of HWC RGB
    uint8."""
    coded = cv2.imencode(".jpg", photo_rgb, [cv2.IMWRITE_JPEG_QUALITY, _STRONG_JPEG])[1]
    lossy = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    lost = local_contrast(blurred_luma(photo_rgb) - blurred_luma(lossy))
    return np.asarray(np.clip(_RESIDUAL_OVER_LOSS * lost, RESIDUAL_LEVELS, MAX_RESIDUAL_LEVELS), np.float32)


def clear_of_edges(comparison: Comparison) -> Comparison:
    """The same comparison, valid only where the photo is smooth, a window clear of its edges."""
    edges = cv2.dilate((comparison.detail > _EDGE_LEVELS).astype(np.uint8), np.ones((2 * WINDOW_PX + 1,) * 2, np.uint8))
    return replace(comparison, valid=comparison.valid & (edges == 0))


def correlate(photo: Plane, frame: Plane, valid: Mask, window_px: int = WINDOW_PX) -> tuple[Plane, Plane]:
    """NCC in [-1, 1] of the window around each pixel, the best over shifts of one pixel, and the least residual in grey
    levels; both HW float32. `photo`, `frame`: HW float32 in [0, 255]; only `valid` pixels count."""
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
