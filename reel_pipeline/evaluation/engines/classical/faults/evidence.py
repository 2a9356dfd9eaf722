"""The picture that proves a fault: photo crop beside frame crop beside their difference."""

import cv2
import numpy as np

from reel_pipeline.media.photo import Pixels, encode_jpeg
from reel_pipeline.records import BoxPx

_PANEL_PX = 220
"""Longest side of a panel: evidence is three of them and two gaps, 672 px wide at most."""
_GAP_PX = 6


def side_by_side(photo: Pixels, frame: Pixels, box: BoxPx) -> bytes:
    """JPEG of three equal panels: the box with some surroundings in the photo, in the frame, and three times their
    difference. Pictures are HWC RGB uint8 on one grid, `box` in its pixels."""
    x, y, width, height = box
    side = max(48, round(1.6 * max(width, height)))
    left, top = max(0, x + width // 2 - side // 2), max(0, y + height // 2 - side // 2)
    crops = [picture[top : top + side, left : left + side] for picture in (photo, frame)]
    difference = cv2.absdiff(crops[0], crops[1])
    crops.append(np.asarray(np.minimum(difference.astype(np.int32) * 3, 255), np.uint8))
    scale = _PANEL_PX / max(crops[0].shape[:2])
    size = (max(1, round(crops[0].shape[1] * scale)), max(1, round(crops[0].shape[0] * scale)))
    panels = [np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC), np.uint8) for crop in crops]
    for panel in panels[:2]:
        corner = (round((x - left) * scale), round((y - top) * scale))
        opposite = (round((x + width - left) * scale), round((y + height - top) * scale))
        cv2.rectangle(panel, corner, opposite, (230, 30, 30), 2)
    gap = np.full((size[1], _GAP_PX, 3), 255, np.uint8)
    row = np.hstack([panels[0], gap, panels[1], gap, panels[2]])
    return encode_jpeg(row, 3 * _PANEL_PX + 2 * _GAP_PX, quality=70)


def frame_alone(frame: Pixels) -> bytes:
    """JPEG of a whole frame, HWC RGB uint8, where there is no photo to hold against it."""
    return encode_jpeg(frame, 480, quality=70)
