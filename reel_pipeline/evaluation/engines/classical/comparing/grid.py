"""The grid on which photo and frame are compared: the visible part of the photo at working scale."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix, Plane
from reel_pipeline.evaluation.engines.classical.seeing.references import WORKING_SIDE_PX, Placement, Reference
from reel_pipeline.media.photo import Pixels

MIN_SIDE_PX = 48
"""Grid pixels a side, not quite three windows; of a smaller part of a photo nothing can be said."""
_CALM_LEVELS = 2.0
"""Grey levels by which a calm row of a mat may differ from its own smooth course."""
_CROPPED_LEVELS = 6.0
"""Grey levels by which a calm row must differ from the photo's to be a mat and not the photo's own backdrop."""
_RINGING = 0.05
"""Share of a hard edge that a codec leaves beside it: next to an edge of 200 levels a row that differs by 10 is
calm."""
_MAX_CROP = 0.6
"""Share of the grid's height or width beyond which it is not a crop but another picture."""


class Grid:
    """The part of one photo that the frame shows, at the scale at which a frame with a short side of 540 px shows it.

    `box`: that part in photo pixels, `scale`: grid pixels per photo pixel, `size`: (width, height) in grid pixels,
    `to_photo`: from grid to photo pixels.
    """

    def __init__(self, reference: Reference, box: tuple[int, int, int, int], scale: float) -> None:
        self.reference, self.scale = reference, scale
        self.box = box
        left, top, width, height = box
        self.size = (max(1, round(width * scale)), max(1, round(height * scale)))
        kx, ky = self.size[0] / width, self.size[1] / height
        self.to_photo = np.array([[1 / kx, 0, left + 0.5 / kx - 0.5], [0, 1 / ky, top + 0.5 / ky - 0.5], [0, 0, 1.0]])

    @classmethod
    def of(cls, reference: Reference, placement: Placement, frame: Pixels) -> "Grid | None":
        """None where fewer than `MIN_SIDE_PX` grid pixels a side are visible. `frame`: HWC, for its size."""
        height, width = frame.shape[:2]
        corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
        back = cv2.perspectiveTransform(corners, np.linalg.inv(placement.matrix))[0]
        x0, y0 = np.floor(np.maximum(back.min(0), 0)).astype(int)
        x1, y1 = np.ceil(np.minimum(back.max(0), (reference.width_px, reference.height_px))).astype(int)
        scale = placement.scale * min(1.0, WORKING_SIDE_PX / min(width, height))
        if min(x1 - x0, y1 - y0) * scale < MIN_SIDE_PX:
            return None
        return cls(reference, (int(x0), int(y0), int(x1 - x0), int(y1 - y0)), scale)

    def photo_pixels(self) -> Pixels:
        """The photo on the grid, HWC RGB uint8."""
        left, top, width, height = self.box
        part = self.reference.rgb[top : top + height, left : left + width]
        how = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, self.size, interpolation=how), np.uint8)

    @property
    def middle(self) -> NDArray[np.float64]:
        """(x, y) of the grid's middle in photo pixels, float64."""
        left, top, width, height = self.box
        return np.array([left + width / 2, top + height / 2])

    def to_frame(self, matrix: Matrix) -> Matrix:
        """From grid to frame pixels, if `matrix` takes photo to frame pixels."""
        return np.asarray(matrix @ self.to_photo)

    def frame_pixels(self, frame: Pixels, hidden: Mask, matrix: Matrix) -> tuple[Pixels, Mask]:
        """The frame fetched onto the grid, HWC RGB uint8, and where the grid lies in the frame and under no overlay, HW
        bool. `frame`: HWC RGB uint8, `hidden`: HW bool of its size, `matrix`: from photo to frame pixels."""
        reduce = min(1.0, WORKING_SIDE_PX / min(frame.shape[:2]))
        small = cv2.resize(frame, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA) if reduce < 1 else frame
        shown = cv2.resize((~hidden).astype(np.uint8), (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
        kx, ky = small.shape[1] / frame.shape[1], small.shape[0] / frame.shape[0]
        shrink = np.array([[kx, 0, 0.5 * kx - 0.5], [0, ky, 0.5 * ky - 0.5], [0, 0, 1.0]])
        whole = shrink @ self.to_frame(matrix)
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        pixels = cv2.warpPerspective(small, whole, self.size, flags=how, borderMode=cv2.BORDER_REPLICATE)
        seen = cv2.warpPerspective(shown, whole, self.size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        return np.asarray(pixels, np.uint8), np.asarray(seen > 0, np.bool_)

    def corrected(self, matrix: Matrix, correction: Matrix) -> Matrix:
        """`matrix`, from photo to frame pixels, after a `correction` on the grid."""
        return np.asarray(matrix @ self.to_photo @ correction @ np.linalg.inv(self.to_photo))


def clear_of_rim(seen: Mask) -> Mask:
    """HW bool, three pixels less at the grid's edges and one less elsewhere: at its rim the photo may be blended with
    what the maker put around it."""
    inner = seen.astype(np.uint8)
    inner[:2], inner[-2:], inner[:, :2], inner[:, -2:] = 0, 0, 0, 0
    return np.asarray(cv2.erode(inner, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def uncropped_part(photo: Plane, frame: Plane, seen: Mask) -> Mask:
    """HW bool, False where the maker cropped the photo and put a mat there: rows or columns at a side that are calm and
    not the photo's. `photo`, `frame`: HW float32 in [0, 255]; `seen`: HW bool, where there is a frame at all."""
    keep = np.ones(photo.shape, np.bool_)
    differs, weight = np.abs(frame - photo), seen.astype(np.float32)
    for axis in (0, 1):
        # A mat may have a gradient of light: calm is smooth, not constant.
        size = (41, 1) if axis == 0 else (1, 41)
        smooth = cv2.blur(frame * weight, size) / np.maximum(cv2.blur(weight, size), 1e-3)
        rough, apart = (plane if axis == 0 else plane.T for plane in (np.abs(frame - smooth), differs))
        there, view = (mask if axis == 0 else mask.T for mask in (seen & keep, keep))
        for step in (1, -1):
            count = _cropped_rows(rough[::step], apart[::step], there[::step])
            if 0 < count <= _MAX_CROP * len(view):
                # Three rows more: photo and ground are blended there.
                view[::step][: count + 3] = False
    return keep


def _cropped_rows(rough: Plane, apart: Plane, seen: Mask) -> int:
    """How many rows from the first on are calm, up to the last one that differs from the photo.

    `rough`: HW float32, how far the frame is from its own smooth course; `apart`: how far from the photo.
    """
    count = 0
    for number, open_here in enumerate(seen):
        if open_here.sum() <= 8:
            continue
        off = np.percentile(apart[number][open_here], 97)
        # What a codec leaves beside a hard edge grows with the edge.
        if np.percentile(rough[number][open_here], 97) >= max(_CALM_LEVELS, _RINGING * off):
            break
        # Calm rows that equal the photo are its own backdrop.
        if off > _CROPPED_LEVELS:
            count = number + 1
    return count
