"""What passes between camera and product, such as a hand: it comes in over the picture's edge, shows what the photo
does not have, and does not stay where it is on the photo.

A detail that was made up stays on the product or has no way in. What is behind a passing thing can't be seen, so the
judge hides it like a caption and says that a person has to look.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.fidelity import CLEARLY_OFF
from reel_pipeline.evaluation.engines.classical.tiles import Comparison, Mask, Plane
from reel_pipeline.media.photo import Pixels

_MAP_PX = 240
"""Width of the photo on which the frames of a scene are held against each other."""
_OTHER_LEVELS = 18.0
_EDGE_PX = 8
_MIN_SHARE = 0.003
_REACH_PX = 24
"""On the grid: what is found again on the photo within this far was moved, not brought."""
_NOVEL_LEVELS = 15.0
_MIN_UNLIKE = 0.02
"""Share of the thing whose structure is not the photo's: a product in another colour is no passing thing."""
_SAME_PLACE = 0.75
"""Intersection over union, in the photo, from which on two frames show a thing in the same place."""
_MARGIN_PX = 13


def passing(comparisons: Sequence[Comparison], shapes: Sequence[tuple[int, int]]) -> list[Mask]:
    """One mask a frame, of `shapes` (rows, columns), kept-frame pixels. Every comparison is with the same photo."""
    brought = [_brought(comparison) for comparison in comparisons]
    nothing = [np.zeros(shape, np.bool_) for shape in shapes]
    if len(comparisons) < 2 or not any(mask.any() for mask in brought):
        return nothing
    to_map = [_to_map(comparison) for comparison in comparisons]
    rows = 2 * _MAP_PX
    on_map = [_warped(mask, matrix, (rows, _MAP_PX)) for mask, matrix in zip(brought, to_map, strict=True)]
    moving = _moving(on_map)
    if not moving.any():
        return nothing
    masks = []
    for comparison, mask, matrix, shape in zip(comparisons, brought, to_map, shapes, strict=True):
        kept = mask & _warped(moving, np.asarray(np.linalg.inv(matrix), np.float64), (mask.shape[0], mask.shape[1]))
        grown = cv2.dilate(kept.astype(np.uint8), np.ones((_MARGIN_PX, _MARGIN_PX), np.uint8)) > 0
        masks.append(_warped(np.asarray(grown, np.bool_), comparison.to_frame, shape))
    return masks


def _brought(comparison: Comparison) -> Mask:
    """Grid pixels of the things that differ from the photo, reach its edge and are found nowhere near on it."""
    photo, frame = _soft(comparison.photo_rgb), _soft(comparison.frame_rgb)
    if comparison.valid.any():
        light = np.median(photo[comparison.valid], axis=0) / np.maximum(np.median(frame[comparison.valid], axis=0), 1)
        frame = np.asarray(frame * light, np.float32)
    mismatched = comparison.mismatch() > CLEARLY_OFF
    other = ((np.abs(photo - frame).max(2) > _OTHER_LEVELS) | mismatched) & comparison.valid
    opened = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    )
    rows, columns = other.shape
    found = np.zeros(other.shape, np.bool_)
    for label in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[label])
        at_edge = min(x, y, columns - x - width, rows - y - height) <= _EDGE_PX
        here = np.s_[y : y + height, x : x + width]
        mask = labels[here] == label
        unlike = float(mismatched[here][mask].mean())
        if at_edge and area >= _MIN_SHARE * other.size and unlike > _MIN_UNLIKE and _is_novel(photo, frame, here, mask):
            found |= labels == label
    return found


def _soft(rgb: Pixels) -> Plane:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.5), np.float32)


def _is_novel(photo: Plane, frame: Plane, here: tuple[slice, slice], mask: Mask) -> bool:
    pad = cv2.copyMakeBorder(photo, _REACH_PX, _REACH_PX, _REACH_PX, _REACH_PX, cv2.BORDER_REPLICATE)
    rows, columns = here
    area = pad[rows.start : rows.stop + 2 * _REACH_PX, columns.start : columns.stop + 2 * _REACH_PX]
    area, thing = np.ascontiguousarray(area), np.ascontiguousarray(frame[here])
    weight = np.repeat(mask[..., None], 3, axis=2).astype(np.float32)
    answer = cv2.matchTemplate(area, thing, cv2.TM_SQDIFF, mask=weight)
    return float(np.sqrt(max(0.0, float(answer.min())) / max(1.0, float(weight.sum())))) > _NOVEL_LEVELS


def _to_map(comparison: Comparison) -> NDArray[np.float64]:
    to_photo = np.linalg.inv(comparison.photo_to_frame) @ comparison.to_frame
    scale = _MAP_PX / comparison.photo_size_px[0]
    return np.asarray(np.diag([scale, scale, 1.0]) @ to_photo)


def _moving(on_map: Sequence[Mask]) -> Mask:
    """Of the places where something was brought in any frame, those where it does not stay."""
    anywhere = np.any(on_map, axis=0).astype(np.uint8)
    count, labels = cv2.connectedComponents(anywhere)
    moving = np.zeros(anywhere.shape, np.bool_)
    for label in range(1, count):
        place = labels == label
        seen = [mask & place for mask in on_map]
        seen = [mask for mask in seen if mask.any()]
        same = min((float((a & b).sum() / (a | b).sum()) for a in seen for b in seen), default=1.0)
        if len(seen) < 2 or same < _SAME_PLACE:
            moving |= place
    return moving


def _warped(mask: Mask, matrix: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    size = (shape[1], shape[0])
    warped = cv2.warpPerspective(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(warped > 0, np.bool_)
