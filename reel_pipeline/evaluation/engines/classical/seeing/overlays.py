"""What lies over the picture by the cut list, or because it is lettering on a card."""

import numpy as np

from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask
from reel_pipeline.media.boxes import grown, intersection, rows_and_columns
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import read_text
from reel_pipeline.records import BoxPx, CutList

MARGIN_PX = 10
"""Kept-frame pixels that are hidden around a listed box: soft shadows and the codec's ringing."""
PLATE = 1.2
"""How far a plate or button reaches beyond the letters on it, in heights of the line: 48 px around letters of 40 px."""


def listed(cut_list: CutList, frame: int, shape: tuple[int, int], scale: float) -> Mask:
    """HW bool of `shape`, True under the overlays that the cut list names for frame number `frame`. `scale`: kept-frame
    pixels per pixel of the reel."""
    hidden = np.zeros(shape, np.bool_)
    for overlay in cut_list.overlays:
        box = overlay.box_at(frame)
        if box:
            hide(hidden, scaled(box, scale))
    return hidden


def scaled(box: BoxPx, factor: float) -> BoxPx:
    """The box in a picture `factor` times as large."""
    x, y, width, height = (round(value * factor) for value in box)
    return x, y, width, height


def hide(hidden: Mask, box: BoxPx, margin: int = MARGIN_PX) -> None:
    """Set `hidden` (HW bool) to True in the box and `margin` pixels around it."""
    hidden[rows_and_columns(intersection(grown(box, margin), (0, 0, hidden.shape[1], hidden.shape[0])))] = True


def lettered(frame: Pixels) -> Mask:
    """HW bool: True on the lines of text in HWC RGB uint8, with as much around each as a plate or button takes."""
    hidden = np.zeros(frame.shape[:2], np.bool_)
    for line in read_text(frame):
        hide(hidden, line.box_px_xywh, round(PLATE * line.box_px_xywh[3]))
    return hidden
