"""The product as the reel shows it beside the product as the photo has it, on one grid: what a second opinion sees."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from reel_pipeline.evaluation.engines import HIDDEN, PAIR_SIDE_PX, Pair
from reel_pipeline.evaluation.engines.classical.seeing.footage import watch
from reel_pipeline.evaluation.engines.classical.seeing.overlays import listed, scaled
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix
from reel_pipeline.evaluation.engines.classical.seeing.references import Reference
from reel_pipeline.evaluation.engines.classical.seeing.registration import candidates
from reel_pipeline.evaluation.engines.classical.seeing.scenes import planned_scenes
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, CutList

_MIN_SIDE_PX = 32
"""Least side of the product's box in the frame: in a smaller one there is nothing to see."""
_MOST_HIDDEN = 0.6
"""Share of the product's box. Under captions that cover 65 % of it, it isn't worth a question."""


def aligned_pairs(video: Path, cut_list: CutList, photos: Sequence[Pixels]) -> list[Pair]:
    """One pair for each shot in which a photo could be found, in the reel's order. `photos`: HWC RGB uint8."""
    footage = watch(video, cut_list)
    references = [Reference(index, photo) for index, photo in enumerate(photos)]
    pairs = []
    for scene in planned_scenes(cut_list, footage.fps, footage.frame_count):
        inside = [sample for sample in footage.samples if scene.start <= sample.index < scene.stop]
        sample = None if scene.is_card or not inside else inside[len(inside) // 2]
        places = candidates(references, sample.y, None) if sample else []
        if sample is None or not places:
            continue
        captions = listed(cut_list, sample.index, sample.y.shape, footage.scale)
        found = references[places[0].photo]
        frame = sample.rgb(footage.matrices[0])
        crops = _crops(found.rgb, found.product_box, places[0].matrix, frame, captions)
        if crops:
            box, photo, shown = crops
            at = round(sample.time_s, 3)
            pairs.append(Pair(scene.number, at, scaled(box, 1 / footage.scale), photo, shown))
    return pairs


def _crops(
    photo: Pixels, product: BoxPx, matrix: Matrix, frame: Pixels, captions: Mask
) -> tuple[BoxPx, Pixels, Pixels] | None:
    """The product's box in the frame, and it in the photo and in the frame; None where too little of it is seen.

    `matrix`: 3x3 from photo to frame pixels. `captions`: HW, what is drawn over the frame.
    """
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
    scale = min(1.0, PAIR_SIDE_PX / max(right - left, bottom - top))
    crops = []
    for picture in (placed, frame):
        shown = np.where(hidden[..., None], np.uint8(HIDDEN), picture)[top:bottom, left:right]
        crops.append(np.asarray(cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8))
    return (left, top, right - left, bottom - top), crops[0], crops[1]
