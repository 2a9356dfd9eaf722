"""The product as the reel shows it beside the product as the photo has it, on one grid: what a second opinion sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels, encode_jpeg
from reel_pipeline.records import BoxPx, CutList

SIDE_PX = 640
_GAP_PX = 16
HIDDEN = 128
"""Grey level of what can't be compared: captions, and what the photo doesn't reach."""
_MIN_SIDE_PX = 32
_MOST_HIDDEN = 0.6


@dataclass(frozen=True)
class Pair:
    """`photo` and `frame`: HWC RGB uint8 of one size, aligned. `region_px_xywh`: where they lie in the reel's frame."""

    shot: int | None
    time_s: float
    region_px_xywh: BoxPx
    photo: Pixels
    frame: Pixels


def side_by_side(left: Pixels, right: Pixels) -> bytes:
    """JPEG of two pictures of one size, a white gap between them."""
    gap = np.full((left.shape[0], _GAP_PX, 3), 255, np.uint8)
    return encode_jpeg(np.hstack([left, gap, right]), 2 * SIDE_PX + _GAP_PX, quality=90)


def aligned_pairs(video: Path, cut_list: CutList, photos: Sequence[Pixels]) -> list[Pair]:
    """One pair a shot in which a photo could be found, in the reel's order. `photos`: HWC RGB uint8."""
    from reel_pipeline.evaluation.engines.classical.seeing.footage import watch
    from reel_pipeline.evaluation.engines.classical.seeing.overlays import listed, scaled
    from reel_pipeline.evaluation.engines.classical.seeing.references import Reference
    from reel_pipeline.evaluation.engines.classical.seeing.registration import candidates

    footage = watch(video, cut_list)
    references = [Reference(index, photo) for index, photo in enumerate(photos)]
    pairs = []
    for cut in cut_list.cuts:
        inside = [s for s in footage.samples if cut.start_frame <= s.index < cut.start_frame + cut.frame_count]
        sample = inside[len(inside) // 2] if cut.photo and inside else None
        places = candidates(references, sample.y, None) if sample else []
        if sample is None or not places:
            continue
        captions = listed(cut_list, sample.index, sample.y.shape, footage.scale)
        found = references[places[0].photo]
        frame = sample.rgb(footage.matrices[0])
        crops = _crops(found.rgb, found.product_box, places[0].matrix, frame, captions)
        if crops:
            box, photo, shown = crops
            at = round(sample.index / footage.fps, 3)
            pairs.append(Pair(cut.shot, at, scaled(box, 1 / footage.scale), photo, shown))
    return pairs


def _crops(
    photo: Pixels, product: BoxPx, matrix: NDArray[np.float64], frame: Pixels, captions: NDArray[np.bool_]
) -> tuple[BoxPx, Pixels, Pixels] | None:
    """The product's box in the frame, and it in the photo and in the frame; None where too little of it is seen.

    `matrix`: 3x3 from photo to frame pixels. `captions`: HW, what is drawn over the frame.
    """
    import cv2

    # The warp does not average: a photo that is shown smaller is made smaller first.
    factor = min(1.0, float(np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2])))))
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    shrunk = matrix @ np.diag([1 / factor, 1 / factor, 1.0])
    height, width = frame.shape[:2]
    whole = np.full(small.shape[:2], 255, np.uint8)
    placed = np.asarray(cv2.warpPerspective(small, shrunk, (width, height)), np.uint8)
    hidden = captions | (cv2.warpPerspective(whole, shrunk, (width, height)) < 250)
    x, y, w, h = product
    corners = cv2.perspectiveTransform(np.array([[[x, y], [x + w, y], [x, y + h], [x + w, y + h]]], np.float64), matrix)
    left, top = (int(value) for value in np.maximum(corners[0].min(0), 0))
    right, bottom = (int(value) for value in np.minimum(corners[0].max(0), (width, height)))
    if min(right - left, bottom - top) < _MIN_SIDE_PX or hidden[top:bottom, left:right].mean() > _MOST_HIDDEN:
        return None
    scale = min(1.0, SIDE_PX / max(right - left, bottom - top))
    crops = []
    for picture in (placed, frame):
        shown = np.where(hidden[..., None], np.uint8(HIDDEN), picture)[top:bottom, left:right]
        crops.append(np.asarray(cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8))
    return (left, top, right - left, bottom - top), crops[0], crops[1]
