"""The product as the reel shows it beside the product as the photo has it, on one grid: what a second opinion sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reel_pipeline.media.photo import Pixels, encode_jpeg
from reel_pipeline.records import BoxPx, CutList

SIDE_PX = 640
_GAP_PX = 16
_HIDDEN = 128
"""Grey level of what can't be compared: captions, and what the photo doesn't reach."""
_MIN_SIDE_PX = 32


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
    import cv2

    from reel_pipeline.evaluation.engines.classical.footage import watch
    from reel_pipeline.evaluation.engines.classical.overlays import listed, scaled
    from reel_pipeline.evaluation.engines.classical.registration import Reference, candidates

    footage = watch(video, cut_list)
    references = [Reference(index, photo) for index, photo in enumerate(photos)]
    pairs = []
    for cut in cut_list.cuts:
        inside = [s for s in footage.samples if cut.start_frame <= s.index < cut.start_frame + cut.frame_count]
        if cut.photo is None or not inside:
            continue
        sample = inside[len(inside) // 2]
        places = candidates(references, sample.y, None)
        if not places:
            continue
        reference, matrix = references[places[0].photo], places[0].matrix
        height, width = sample.y.shape
        photo = cv2.warpPerspective(reference.rgb, matrix, (width, height), flags=cv2.INTER_AREA)
        whole = np.full(reference.rgb.shape[:2], 255, np.uint8)
        reached = cv2.warpPerspective(whole, matrix, (width, height)) > 250
        hidden = ~reached | listed(cut_list, sample.index, sample.y.shape, footage.scale)
        frame = sample.rgb(footage.matrices[0])
        for picture in (photo, frame):
            picture[hidden] = _HIDDEN
        x, y, w, h = reference.product_box
        corners = np.array([[[x, y], [x + w, y], [x, y + h], [x + w, y + h]]], np.float64)
        placed = cv2.perspectiveTransform(corners, matrix)[0]
        left, top = (int(max(0, value)) for value in placed.min(0))
        right, bottom = min(width, int(placed[:, 0].max())), min(height, int(placed[:, 1].max()))
        if right - left < _MIN_SIDE_PX or bottom - top < _MIN_SIDE_PX or hidden[top:bottom, left:right].all():
            continue
        scale = min(1.0, SIDE_PX / max(right - left, bottom - top))
        crops = [
            np.asarray(cv2.resize(rgb[top:bottom, left:right], None, fx=scale, fy=scale), np.uint8)
            for rgb in (photo, frame)
        ]
        region = scaled((left, top, right - left, bottom - top), 1 / footage.scale)
        pairs.append(Pair(cut.shot, round(sample.index / footage.fps, 3), region, crops[0], crops[1]))
    return pairs
