"""What can be measured on one photo whatever the classifier: sharpness, a fingerprint for duplicates, texture.

OpenCV is imported late. View classes are `classify.py`'s business.
"""

import numpy as np

from reel_pipeline.frames.backdrop import Plane, to_lab
from reel_pipeline.media.photo import Pixels, fit
from reel_pipeline.records import BoxPx, Material, Record, TextLine

REVISION = "4"
"""Bump when `measure` gives other results for the same photo."""
SHARPNESS_SIDE_PX = 512
"""The long side at which sharpness and texture are measured, so that they don't depend on the photo's resolution."""
EDGE_WINDOW_PX = 15
"""An edge's height is the difference of brightest and darkest pixel in a square of this side around it."""
GRAIN_SIGMA_PX = 0.7
"""Blur before measuring, in which grain of single pixels disappears and edges don't."""
MIN_EDGE_LEVELS = 6.0
"""Of 255: an edge that is lower is not told from grain."""
_ACROSS = np.array([-0.5, 0.0, 0.5]), np.array([1.0])
MAX_HASH_BITS = 6
"""Of 64: more that differ, and two photos are not one picture, whatever their colours."""
MAX_ASPECT_RATIO = 1.03
"""Saved at another size a picture's shape is off by a rounded pixel: 1000 x 1500 against 667 x 1000 is 1.0005."""
THUMBNAIL_PX = 32
MAX_MEAN_DE, MAX_WORST_DE = 2.5, 9.0
"""Two files are one picture when their thumbnails differ by no more than re-encoding does (CIE76, mean and 99th
percentile over the cells)."""
TEXTURED_SHARE = 0.45
"""Share of the product's middle that must ripple before the product counts as textured."""
TEXTURED_STEP = 6.0
"""Levels of 255 by which a ripple stands off its surroundings on average."""
TEXT_HEAVY_LETTERS = 12
"""So many letters and digits make a product text-heavy, as a label does and a monogram doesn't; so do 4 that are
large."""
TEXT_HEAVY_AREA_SHARE = 0.02
"""Large is what takes this share of the product's box: of 600 x 1000 px a line of 200 x 60 px."""


class Measures(Record):
    """What one photo measures.

    `sharpness`: which share of a strong edge's height lies within one pixel, at 512 px: 0.3 to 0.46 in sharp photos,
    0.1 where every edge is a ramp of ten pixels, 0 where nothing stands out. `textured`: fine structure nearly
    everywhere on the product. `aspect`: width over height. `hash_hex`: 64-bit DCT hash. `thumbnail_hex`: HWC RGB uint8
    of `THUMBNAIL_PX` a side.
    """

    sharpness: float
    textured: bool
    aspect: float
    hash_hex: str
    thumbnail_hex: str


def measure(rgb: Pixels, product_box_px_xywh: BoxPx) -> Measures:
    """From HWC RGB uint8; texture is looked for in the middle of the product's box."""
    import cv2

    height, width = rgb.shape[:2]
    small = np.asarray(cv2.resize(rgb, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA), np.uint8)
    return Measures(
        sharpness=round(_sharpness(rgb), 4),
        textured=_is_textured(rgb, product_box_px_xywh),
        aspect=round(width / height, 6),
        hash_hex=f"{_dct_hash(rgb):016x}",
        thumbnail_hex=small.tobytes().hex(),
    )


def same_picture(one: Measures, other: Measures) -> bool:
    """Whether two files show one picture, re-encoded or resized; another colour of the same product is another one."""
    if max(one.aspect, other.aspect) > MAX_ASPECT_RATIO * min(one.aspect, other.aspect):
        return False
    if (int(one.hash_hex, 16) ^ int(other.hash_hex, 16)).bit_count() > MAX_HASH_BITS:
        return False
    distance = np.linalg.norm(_thumbnail_lab(one) - _thumbnail_lab(other), axis=2)
    return bool(distance.mean() <= MAX_MEAN_DE and np.percentile(distance, 99) <= MAX_WORST_DE)


def visible_materials(
    measures: Measures, text: tuple[TextLine, ...], product_box_px_xywh: BoxPx, box_is_product: bool
) -> tuple[Material, ...]:
    """Only what pixels alone can tell; glass, metal and regulated goods need the product's facts.

    `box_is_product` is False for a scene, where grass and stone would count as the product's texture.
    """
    letters = sum(sum(character.isalnum() for character in line.text) for line in text)
    area = sum(line.box_px_xywh[2] * line.box_px_xywh[3] for line in text)
    box_area = product_box_px_xywh[2] * product_box_px_xywh[3]
    found = []
    if measures.textured and box_is_product:
        found.append(Material.TEXTURED)
    if letters >= TEXT_HEAVY_LETTERS or (letters >= 4 and area >= TEXT_HEAVY_AREA_SHARE * box_area):
        found.append(Material.TEXT_HEAVY)
    return tuple(found)


def _thumbnail_lab(measures: Measures) -> Plane:
    values = np.frombuffer(bytes.fromhex(measures.thumbnail_hex), np.uint8)
    return to_lab(values.reshape(THUMBNAIL_PX, THUMBNAIL_PX, 3))


def _sharpness(rgb: Pixels) -> float:
    """Relative to the edge's own height: white on white and black on black are as sharp as black on white."""
    import cv2

    small = fit(rgb, min(SHARPNESS_SIDE_PX, max(rgb.shape[:2])))
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), GRAIN_SIGMA_PX)
    around = np.ones((EDGE_WINDOW_PX, EDGE_WINDOW_PX), np.uint8)
    height = cv2.dilate(smooth, around) - cv2.erode(smooth, around)
    step = np.hypot(*(cv2.sepFilter2D(smooth, -1, *kernels) for kernels in (_ACROSS, _ACROSS[::-1])))
    strong = height >= max(MIN_EDGE_LEVELS, 0.5 * float(np.percentile(height, 99)))
    return float(np.percentile((cv2.dilate(step, around)[strong] / height[strong]), 75)) if strong.any() else 0.0


def _dct_hash(rgb: Pixels) -> int:
    """The signs of the 8 x 8 lowest DCT coefficients about their median (pHash), as 64 bits."""
    import cv2

    grey = cv2.cvtColor(cv2.resize(rgb, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _is_textured(rgb: Pixels, box: BoxPx) -> bool:
    """Knit, lace, weave: most of the product's middle changes by several grey levels within two pixels at 512 px."""
    import cv2

    x, y, width, height = box
    middle = rgb[y + height // 5 : y + height - height // 5, x + width // 5 : x + width - width // 5]
    if min(middle.shape[:2]) < 8:
        return False
    scale = SHARPNESS_SIDE_PX / max(rgb.shape[:2])
    size = (max(8, round(middle.shape[1] * scale)), max(8, round(middle.shape[0] * scale)))
    grey = cv2.cvtColor(cv2.resize(middle, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    ripple = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2.0))
    return bool((cv2.blur(ripple, (9, 9)) > TEXTURED_STEP).mean() > TEXTURED_SHARE)
