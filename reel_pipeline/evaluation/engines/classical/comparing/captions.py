"""Captions that no cut list names, told from the picture by how they behave.

A caption stays where it is on the screen while the photo moves under it; a detail that someone invented on the product
moves with the product. Where the camera hardly moves the two look alike, and only lettering is taken for an overlay.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.comparing.tiles import CLEARLY_OFF, Comparison
from reel_pipeline.evaluation.engines.classical.seeing.overlays import PLATE, hide
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix
from reel_pipeline.media.boxes import grown, intersection, moved, rows_and_columns, union
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import read_text
from reel_pipeline.records import BoxPx

_MIN_PARALLAX_PX = 3.0
"""Kept-frame pixels that the photo must have moved between two frames before it shows what stayed on the screen."""
_SAME_LEVELS = 9.0
"""Grey levels by which a patch differs from itself after a codec; another picture differs by four times as much."""


def unlisted(seen: Sequence[tuple[Comparison, Pixels]]) -> list[Mask]:
    """For each frame of one scene, HW bool, True on what lies over the picture. `seen`: each comparison with its frame
    (HWC RGB uint8, kept size)."""
    masks = [np.zeros(frame.shape[:2], np.bool_) for _, frame in seen]
    patches = [_patches(comparison, frame.shape[:2]) for comparison, frame in seen]
    for here, (comparison, frame) in enumerate(seen):
        unsure = []
        for box in patches[here]:
            verdicts = [
                _stays_on_screen(box, comparison.photo_to_frame, frame, other.photo_to_frame, other_frame)
                for there, (other, other_frame) in enumerate(seen)
                if there != here
            ]
            if True in verdicts:
                hide(masks[here], box, 4)
            elif False not in verdicts or _is_absent(box, frame, [other for _, other in seen]):
                unsure.append(box)
        for box in _lettering(frame, unsure):
            hide(masks[here], box, round(PLATE * box[3]))
    return masks


def _patches(comparison: Comparison, shape: tuple[int, int]) -> list[BoxPx]:
    """The eight largest boxes, in kept-frame pixels, around what does not match, with neighbours joined. `shape`:
    (height, width) of the frame."""
    off = (comparison.mismatch() > CLEARLY_OFF).astype(np.uint8)
    screen = cv2.warpPerspective(off, comparison.to_frame, (shape[1], shape[0]), flags=cv2.INTER_NEAREST)
    joined = cv2.dilate(screen, np.ones((15, 31), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    boxes = [tuple(int(value) for value in stats[label, :4]) for label in range(1, count)]
    return sorted(((x, y, w, h) for x, y, w, h in boxes), key=lambda box: -box[2] * box[3])[:8]


def _stays_on_screen(box: BoxPx, here: Matrix, frame: Pixels, there: Matrix, other: Pixels) -> bool | None:
    """True if a box shows the same in both frames though the photo moved, False if it went with the photo, None if that
    can't be told. `here`, `there`: from photo pixels to those of `frame` and `other`, HWC RGB uint8."""
    x, y, width, height = box
    middle = np.array([[[x + width / 2, y + height / 2]]], np.float64)
    follow = there @ np.linalg.inv(here)
    way = cv2.perspectiveTransform(middle, follow)[0, 0] - middle[0, 0]
    if float(np.hypot(*way)) < _MIN_PARALLAX_PX:
        return None
    place = rows_and_columns(box)
    at_place = cv2.absdiff(frame[place], other[place])
    size, how = (frame.shape[1], frame.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    went = cv2.warpPerspective(other, follow, size, flags=how)
    with_photo = cv2.absdiff(frame[place], went[place])
    stayed, followed = float(_strong(at_place)), float(_strong(with_photo))
    if stayed < 0.6 * followed:
        return True
    return False if followed < 0.6 * stayed else None


def _strong(difference: NDArray[Any]) -> float:
    """Mean, in grey levels, over the fifth of the pixels of HWC uint8 that differ most: those of a caption's letters,
    not of the photo between them."""
    flat = np.sort(difference.max(2).ravel())
    return float(flat[-max(1, len(flat) // 5) :].mean())


def _is_absent(box: BoxPx, frame: Pixels, others: Sequence[Pixels]) -> bool:
    """Whether some other frame of the scene shows something else there, as when a caption comes or goes."""
    place = rows_and_columns(box)
    return any(_strong(cv2.absdiff(frame[place], other[place])) > 4 * _SAME_LEVELS for other in others)


def _lettering(frame: Pixels, boxes: Sequence[BoxPx]) -> list[BoxPx]:
    """Boxes of the level lines of text in and between the places in question. `frame`: HWC RGB uint8."""
    if not boxes:
        return []
    around = intersection(grown(union(boxes), 20), (0, 0, frame.shape[1], frame.shape[0]))
    found = []
    for line in read_text(np.ascontiguousarray(frame[rows_and_columns(around)]), max_lines=8):
        (x0, y0), (x1, y1) = line.quad_px[:2]
        if abs(y1 - y0) < 0.06 * abs(x1 - x0):
            found.append(moved(line.box_px_xywh, around[0], around[1]))
    return found
