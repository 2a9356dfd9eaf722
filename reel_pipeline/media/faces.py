"""Faces in a picture: a local binary pattern cascade that scikit-image ships, and the colour of skin; offline.

Every room that needs to know where faces are looks through here; what a face means is the caller's business. The
cascade was trained on frontal faces: profiles, and faces that the picture's rim cuts, are mostly missed.
"""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import EngineUnavailable
from reel_pipeline.media.boxes import area, rows_and_columns, scaled_inside
from reel_pipeline.media.photo import Pixels, fit
from reel_pipeline.records import BoxPx

FACE_SIDE_PX = 480
MIN_FACE_PX = 24
MIN_FACE_SKIN = 0.4
"""Share of a face box that must look like skin: the cascade also fires on lenses, buckles and lace."""
SURE_HITS = 4
"""Windows that must agree on a face before it is believed: scikit-image's own default."""
_SKIN_SIDE_PX = 320


def find_faces(rgb: Pixels, hits: int = SURE_HITS) -> tuple[BoxPx, ...]:
    """Frontal faces in HWC RGB uint8, largest first, in its pixels; at least a twentieth of its longer side.

    `hits`: how many windows must agree on one; fewer find more faces, and more that are none.
    """
    skin = skin_mask(fit(rgb, _SKIN_SIDE_PX))
    scale = FACE_SIDE_PX / max(skin.shape)
    size = (round(skin.shape[1] * scale), round(skin.shape[0] * scale))
    largest = (round(0.7 * min(size)),) * 2
    # Most products have no skin about them, and the cascade is slow.
    if largest[0] <= MIN_FACE_PX or skin.sum() < MIN_FACE_SKIN * (MIN_FACE_PX / scale - 1) ** 2:
        return ()
    found = _cascade().detect_multi_scale(
        img=cv2.resize(rgb, size, interpolation=cv2.INTER_AREA),
        scale_factor=1.2,
        step_ratio=1,
        min_size=(MIN_FACE_PX, MIN_FACE_PX),
        max_size=largest,
        min_neighbor_number=hits,
    )
    faces = []
    for hit in found:
        box: BoxPx = (int(hit["c"]), int(hit["r"]), int(hit["width"]), int(hit["height"]))
        x, y, w, h = (round(value / scale) for value in box)
        inside = skin[rows_and_columns((x, y, w, h))]
        if inside.size and inside.mean() >= MIN_FACE_SKIN:
            faces.append(scaled_inside(box, max(rgb.shape[:2]) / FACE_SIDE_PX, rgb.shape[:2]))
    return tuple(sorted(faces, key=lambda face: -area(face)))


def skin_mask(rgb: Pixels) -> NDArray[np.bool_]:
    """HWC RGB uint8 -> HW bool: where the colour is that of skin.

    The usual range in YCrCb (Chai and Ngan 1999: Cr 133 to 173, Cb 77 to 127), a little narrower here, and R > G > B,
    neither grey nor garish. Single pixels are left out.
    """
    ycrcb = cv2.cvtColor(cv2.GaussianBlur(rgb, (5, 5), 0), cv2.COLOR_RGB2YCrCb).astype(np.int16)
    red, green, blue = (rgb[..., channel].astype(np.int16) for channel in range(3))
    mask = (ycrcb[..., 1] >= 138) & (ycrcb[..., 1] <= 173) & (ycrcb[..., 2] >= 85) & (ycrcb[..., 2] <= 127)
    spread = red - np.minimum(green, blue)
    mask &= (ycrcb[..., 0] > 50) & (red > green) & (green >= blue - 8) & (spread > 18) & (spread < 140)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(opened > 0, bool)


@cache
def _cascade() -> Any:
    import skimage
    from skimage.feature import Cascade

    file = Path(skimage.__file__).parent / "data" / "lbpcascade_frontalface_opencv.xml"
    if not file.is_file():
        raise EngineUnavailable("scikit-image lacks its face cascade; install scikit-image 0.26 again.")
    return Cascade(str(file))
