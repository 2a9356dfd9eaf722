"""What passes between camera and product, such as a hand: it comes in over the picture's edge, shows what the photo
does not have, and does not stay where it is on the photo.

A detail that was made up stays on the product or has no way in. What is behind a passing thing can't be seen, so the
judge hides it like a caption and says that a person has to look.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from reel_pipeline.evaluation.engines.classical.comparing.tiles import CLEARLY_OFF, Comparison
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix, Plane
from reel_pipeline.media.photo import Pixels

_MAP_PX = 240
"""Width of the map, a small copy of the photo, on which the frames of a scene are held against each other."""
_OTHER_LEVELS = 18.0
"""Grey levels in any channel from which on a colour is another one."""
_EDGE_PX = 8
"""Grid pixels from the photo's edge within which a thing came in over it."""
_MIN_SHARE = 0.003
"""Share of the grid that a passing thing takes at least: 1555 of 540x960 pixels."""
_REACH_PX = 24
"""Grid pixels: what the photo has this near to where the frame shows it was moved, not brought."""
_NOVEL_LEVELS = 15.0
"""Grey levels, root mean square, by which a thing must differ from all that the photo has nearby to be a new one."""
_MIN_UNLIKE = 0.02
"""Share of the thing whose structure is not the photo's, at least: a product in another colour is no passing thing."""
_SAME_PLACE = 0.75
"""Intersection over union, on the map, from which on two frames show a thing in the same place: a square of 40 px that
moved by 5 has 0.78."""
_MARGIN_PX = 13
"""Side of the square by which a mask is grown: 6 px in each direction."""


def passing(comparisons: Sequence[Comparison], frames: Sequence[Pixels]) -> list[Mask]:
    """For each frame (HWC RGB uint8) HW bool of its size: True where something passes before the product. The frames
    are those of one scene; every comparison is with the same photo."""
    lit = [(comparison, *_lit_alike(comparison)) for comparison in comparisons]
    other = [_other(*seen) for seen in lit]
    brought = [_brought(*seen, mask) for seen, mask in zip(lit, other, strict=True)]
    nothing = [np.zeros(frame.shape[:2], np.bool_) for frame in frames]
    if len(comparisons) < 2 or not any(mask.any() for mask in brought):
        return nothing
    to_map = [_to_map(comparison) for comparison in comparisons]
    rows = 2 * _MAP_PX
    on_map = [_warped(mask, matrix, (rows, _MAP_PX)) for mask, matrix in zip(brought, to_map, strict=True)]
    moving = _moving(on_map) & ~_appearing(comparisons, frames, brought, on_map, to_map)
    if not moving.any():
        return nothing
    masks = []
    for comparison, mask, matrix, frame in zip(comparisons, other, to_map, frames, strict=True):
        # Of a thing that only just comes in, a sliver is seen, too small to be told for what it is.
        kept = mask & _warped(moving, np.asarray(np.linalg.inv(matrix), np.float64), (mask.shape[0], mask.shape[1]))
        grown = cv2.dilate(kept.astype(np.uint8), np.ones((_MARGIN_PX, _MARGIN_PX), np.uint8)) > 0
        masks.append(_warped(np.asarray(grown, np.bool_), comparison.to_frame, frame.shape[:2]))
    return masks


def _lit_alike(comparison: Comparison) -> tuple[Plane, Plane]:
    """Photo and frame, HWC RGB float32 in [0, 255], softened, the frame in the photo's light channel by channel."""
    photo, frame = _soft(comparison.photo_rgb), _soft(comparison.frame_rgb)
    # A black ground tells nothing about the light.
    lit = comparison.valid & (np.minimum(photo, frame).min(2) > _OTHER_LEVELS)
    if lit.any():
        frame = np.asarray(frame * np.median(photo[lit] / frame[lit], axis=0), np.float32)
    return photo, frame


def _other(comparison: Comparison, photo: Plane, frame: Plane) -> Mask:
    """HW bool on the grid: colour or structure is not the photo's. Pictures as from `_lit_alike`."""
    differs = np.abs(photo - frame).max(2) > _OTHER_LEVELS
    return np.asarray((differs | (comparison.mismatch() > CLEARLY_OFF)) & comparison.valid, np.bool_)


def _brought(comparison: Comparison, photo: Plane, frame: Plane, other: Mask) -> Mask:
    """Of the pixels in `other`, the things that reach the photo's edge and are found nowhere near on it; HW bool."""
    mismatched = comparison.mismatch() > CLEARLY_OFF
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
    """HWC RGB uint8 -> HWC float32, blurred."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.5), np.float32)


def _is_novel(photo: Plane, frame: Plane, here: tuple[slice, slice], mask: Mask) -> bool:
    """Whether the photo has nothing like the thing within `_REACH_PX`. `here`: the box of the thing on the grid,
    `mask`: HW bool in that box."""
    pad = cv2.copyMakeBorder(photo, _REACH_PX, _REACH_PX, _REACH_PX, _REACH_PX, cv2.BORDER_REPLICATE)
    rows, columns = here
    area = pad[rows.start : rows.stop + 2 * _REACH_PX, columns.start : columns.stop + 2 * _REACH_PX]
    area, thing = np.ascontiguousarray(area), np.ascontiguousarray(frame[here])
    weight = np.repeat(mask[..., None], 3, axis=2).astype(np.float32)
    answer = cv2.matchTemplate(area, thing, cv2.TM_SQDIFF, mask=weight)
    return float(np.sqrt(max(0.0, float(answer.min())) / max(1.0, float(weight.sum())))) > _NOVEL_LEVELS


def _to_map(comparison: Comparison) -> Matrix:
    """From grid pixels to those of the map."""
    to_photo = np.linalg.inv(comparison.photo_to_frame) @ comparison.to_frame
    scale = _MAP_PX / comparison.photo_size_px[0]
    return np.asarray(np.diag([scale, scale, 1.0]) @ to_photo)


def _moving(on_map: Sequence[Mask]) -> Mask:
    """HW bool on the map: of the places where something was brought in any frame, those where it does not stay."""
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


def _appearing(
    comparisons: Sequence[Comparison],
    frames: Sequence[Pixels],
    brought: Sequence[Mask],
    on_map: Sequence[Mask],
    to_map: Sequence[Matrix],
) -> Mask:
    """HW bool on the map: places where one frame alone shows a thing that ends at the photo's edge. Nothing came in
    there; somebody made it up. `brought`: HW bool on each grid, `on_map` the same on the map, `to_map`: from grid to
    map."""
    appearing = np.zeros(on_map[0].shape, np.bool_)
    for at, mask in enumerate(on_map):
        others = np.any([other for number, other in enumerate(on_map) if number != at], axis=0)
        count, labels = cv2.connectedComponents(mask.astype(np.uint8))
        for label in range(1, count):
            place = np.asarray(labels == label, np.bool_)
            shape = (brought[at].shape[0], brought[at].shape[1])
            thing = brought[at] & _warped(place, np.asarray(np.linalg.inv(to_map[at]), np.float64), shape)
            beside = frames[at - 1]
            if not (others & place).any() and not _goes_on(comparisons[at], thing, frames[at], beside):
                appearing |= place
    return appearing


def _goes_on(comparison: Comparison, thing: Mask, frame: Pixels, other: Pixels) -> bool:
    """Whether the thing goes on beyond the grid: out of the frame, where `other` shows something else, or in its own
    colour."""
    rows, columns = thing.shape
    y, x = np.nonzero(thing)
    pairs = np.concatenate(
        [
            np.stack([x, y, x + push[0], y + push[1]], 1)[near]
            for near, push in (
                (x < _EDGE_PX, (-2 * _EDGE_PX, 0)),
                (y < _EDGE_PX, (0, -2 * _EDGE_PX)),
                (x >= columns - _EDGE_PX, (2 * _EDGE_PX, 0)),
                (y >= rows - _EDGE_PX, (0, 2 * _EDGE_PX)),
            )
        ]
    )
    if not len(pairs):
        return False
    ends = pairs.reshape(1, -1, 2).astype(np.float64)
    there = np.rint(cv2.perspectiveTransform(ends, comparison.to_frame)[0]).astype(int).reshape(-1, 2, 2)
    inside = ((there >= 0) & (there < (frame.shape[1], frame.shape[0]))).all((1, 2))
    if inside.mean() < 0.5:
        return True
    (x, y), (beyond_x, beyond_y) = there[inside].transpose(1, 2, 0)
    here, beyond, before = (
        picture.astype(np.int16) for picture in (frame[y, x], frame[beyond_y, beyond_x], other[beyond_y, beyond_x])
    )
    goes_on = (np.abs(beyond - before).max(1) > _OTHER_LEVELS) | (np.abs(beyond - here).max(1) < _OTHER_LEVELS)
    return float(goes_on.mean()) > 0.5


def _warped(mask: Mask, matrix: Matrix, shape: tuple[int, int]) -> Mask:
    """HW bool of `shape` (height, width): where `matrix` takes the mask."""
    size = (shape[1], shape[0])
    warped = cv2.warpPerspective(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(warped > 0, np.bool_)
