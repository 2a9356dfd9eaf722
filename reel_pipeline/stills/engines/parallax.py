"""A photo taken apart into product and background, so that the product can come nearer before it.

Three promises. At the start the two layers together are the photo, bit for bit. The background is filled behind the
product from what surrounds it, so the product is never seen twice. What a move shows of that fill stays within a few
pixels along the outline; a photo that can't keep to it gets no parallax. Carrying out the move is `clips/`'s business.

The product's layer carries a narrow soft rim of its surroundings. Its colours there are what must be laid over the
filled background to give the photo, so there is no halo and no seam, and an outline that is a little off tears nothing.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import ParallaxRefused
from reel_pipeline.media.boxes import rows_and_columns
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, Format, Parallax, WindowPx
from reel_pipeline.stills.engines.border import Floats

Mask = NDArray[np.bool_]
MOST_GROWTH, LEAST_GROWTH = 0.035, 0.01
"""How much more than its background the product grows over a clip; less than the least can't be seen."""
MIN_CONFIDENCE = 0.5
"""Of the cutout: below it, parts of the product may stand on either side of the outline, and would tear apart."""
_SOLID = 25
"""Alpha of 255 above which a pixel belongs to the product."""
_PLAIN_RIM_PX, _TEXTURED_RIM_PX = (12.0, 24.0), (3.0, 6.0)
"""Of the reel: how much the product carries along around its outline, and in what width that ends softly. Over a plain
background nobody sees a wide one: it brings along what the outline missed, and shadows have no seam."""
_PLAIN_DISCLOSED_PX, _TEXTURED_DISCLOSED_PX = 12.0, 4.0
"""Of the reel: the widest strip of filled background that may come into view."""
_REACH_PX = 36.0
"""Of the reel: how far the background goes on behind the outline, at least what fades and what comes into view."""
_TEXTURE_LEVELS, _SHARP_LEVELS = 8.0, 15.0
"""Deviation of a pixel from its surroundings: 97th percentile of a texture, and what is sharp on a plain background."""
_MOST_LEFT = 0.025
"""Sharp pixels beside the rim per pixel of the outline. It turns away 6 of 75 real photos with a sure cutout: a hook, a
sole's edge or a loop that the outline missed, fringes, lace."""
_MOST_SLIDE_PX = 8.0
"""Of the reel: how far a foot may move on its own shadow."""
_FOOT_SHARE = 0.05
"""Of the product's height: how much of its lower end is its foot."""
_ANCHORS = (0.0, 0.25, 0.5)
"""Heights above the foot, in heights of the product, of the point about which it may grow."""
_STEP = 0.002
"""Growth is tried in steps of this, from the most that there is room for down to the least that can be seen."""
_LEAST_BACKGROUND = 0.04
"""Of the photo: with less around the product there is nothing that it could move before."""
_SIDE = 0.005
"""Of the frame's width: what stays free between the grown product and the frame's edge."""


def part(plate: Pixels, alpha: Pixels, ground: BoxPx, end: WindowPx, format: Format) -> tuple[Pixels, Pixels, Parallax]:
    """HWC RGB background without the product, HWC RGBA product of the same size, and how far they move apart.

    `plate`: HWC RGB uint8 canvas with the photo on it; `alpha`: HW uint8, its product; `ground`: the part of the canvas
    that is the photo or its extended backdrop, no mat or panel; `end`: the closest camera window. Raises
    `ParallaxRefused`.
    """
    on_ground = np.zeros(alpha.shape, np.bool_)
    on_ground[rows_and_columns(ground)] = True
    scale = format.width_px / end[2]
    is_plain = _is_plain(plate, alpha, on_ground, scale)
    opacity = _carried(alpha, on_ground, scale, *(_PLAIN_RIM_PX if is_plain else _TEXTURED_RIM_PX))
    hidden = opacity > 0
    background = on_ground & ~hidden
    if not (alpha > 127).any() or background.sum() < _LEAST_BACKGROUND * on_ground.sum():
        raise ParallaxRefused(_refusal("its product fills it, so there is no background to move"))
    filled = _filled(plate, hidden, background, _REACH_PX / scale)
    limit_px = _PLAIN_DISCLOSED_PX if is_plain else _TEXTURED_DISCLOSED_PX
    move = _farthest(opacity == 255, ground, end, format, limit_px)
    front, behind = _layers(plate, filled, opacity)
    return behind, np.dstack([front, opacity]), move


def trusted(alpha: Pixels | None, confidence: float) -> Pixels:
    """The cutout's alpha, HW uint8, where it can be trusted with parallax; raises `ParallaxRefused` elsewhere."""
    if alpha is None:
        raise ParallaxRefused(_refusal("it is a close-up without a background"))
    if confidence < MIN_CONFIDENCE:
        raise ParallaxRefused(_refusal("its product can't be told surely from what is around it"))
    return alpha


def _refusal(why: str) -> str:
    return f"This photo allows no honest parallax, because {why}."


def _is_plain(plate: Pixels, alpha: Pixels, ground: Mask, scale: float) -> bool:
    """Whether what surrounds the product has no texture; shadows are none.

    Raises `ParallaxRefused` where it is plain but for something sharp, as hooks and soles are that the outline missed:
    they would stay behind and be seen twice.
    """
    product = (alpha > _SOLID).astype(np.uint8)
    distance = cv2.distanceTransform(1 - product, cv2.DIST_L2, 5) * scale
    ring = (distance > _PLAIN_RIM_PX[0]) & (distance < _REACH_PX) & ground
    grey = cv2.cvtColor(plate, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), max(1.0, 2 / scale)))[ring]
    if fine.size == 0 or np.percentile(fine, 97) >= _TEXTURE_LEVELS:
        return False
    outline_px = int((product - cv2.erode(product, np.ones((3, 3), np.uint8))).sum())
    if (fine > _SHARP_LEVELS).sum() > _MOST_LEFT * outline_px:
        raise ParallaxRefused(_refusal("parts of its product can't be told from the background"))
    return True


def _carried(alpha: Pixels, ground: Mask, scale: float, rim_px: float, fade_px: float) -> Pixels:
    """HW uint8 opacity of the product's layer: all of the product and a rim around it, which ends softly."""
    outside = (alpha <= _SOLID).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5) * scale
    fade = np.clip((distance - rim_px) / fade_px, 0.0, 1.0)
    opacity = np.rint(255 * (1 - fade * fade * (3 - 2 * fade)))
    return np.where(ground, opacity, 0).astype(np.uint8)


def _filled(plate: Pixels, hidden: Mask, background: Mask, reach_px: float) -> Pixels:
    """The canvas with what is hidden filled from the background.

    The background is mirrored at the outline, so that its texture and its shadows go on; up to `reach_px` farther in it
    goes over into what the whole surroundings blend to.
    """
    blend = _from_around(plate, background)
    distance, labels = cv2.distanceTransformWithLabels(
        hidden.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(~hidden)
    nearest = np.zeros((int(labels.max()) + 1, 2), np.int32)
    nearest[labels[rows, columns]] = np.stack([rows, columns], 1)
    at = np.argwhere(hidden & (distance < reach_px))
    edge = nearest[labels[at[:, 0], at[:, 1]]]
    mirror = np.clip(2 * edge - at, 0, np.array(hidden.shape) - 1)
    known = background[mirror[:, 0], mirror[:, 1]][:, None]
    mirror = np.where(known, mirror, edge)
    share = np.sqrt(1 - distance[at[:, 0], at[:, 1]] / reach_px)[:, None]
    reflected = plate[mirror[:, 0], mirror[:, 1]] * share + blend[at[:, 0], at[:, 1]] * (1 - share)
    filled = np.where(hidden[..., None], blend, plate)
    filled[at[:, 0], at[:, 1]] = np.rint(reflected).astype(np.uint8)
    return filled


def _from_around(pixels: Pixels, known: Mask) -> Pixels:
    """Every pixel from the nearest known ones, by ever coarser averages (push-pull)."""
    weight = known.astype(np.float32)
    levels: list[tuple[Floats, Floats]] = [(pixels.astype(np.float32) * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 2:
        colour, share = levels[-1]
        size = (max(1, share.shape[1] // 2), max(1, share.shape[0] // 2))
        halves = (np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32) for a in (colour, share))
        levels.append((next(halves), next(halves)))
    colour, share = levels.pop()
    whole = colour / np.maximum(share, 1e-6)[..., None]
    for colour, share in reversed(levels):
        coarse = cv2.resize(whole, share.shape[::-1], interpolation=cv2.INTER_LINEAR)
        certain = np.clip(share, 0, 1)[..., None]
        whole = certain * (colour / np.maximum(share, 1e-6)[..., None]) + (1 - certain) * coarse
    return np.asarray(np.clip(np.rint(whole), 0, 255), np.uint8)


def _layers(photo: Pixels, filled: Pixels, opacity: Pixels) -> tuple[Pixels, Pixels]:
    """Product colours and background that blend into `photo` exactly, as `records.Still` says.

    In the rim the background goes over from the photo P to the fill B as the opacity a grows, and the product's colour
    makes up for it: a (P + (1 - a)(P - B)) + (1 - a)(P - a (P - B)) = P. Neither is ever far from the photo.
    """
    front, behind = photo.copy(), filled.copy()
    rim = np.nonzero((opacity > 0) & (opacity < 255))
    share = opacity[rim].astype(np.float32)[:, None] / 255
    wanted = photo[rim].astype(np.float32)
    apart = wanted - filled[rim]
    colour = np.clip(np.rint(wanted + (1 - share) * apart), 0, 255)
    back = np.rint(wanted - share * apart)
    off = np.rint(colour * share + back * (1 - share)) != wanted
    back = np.where(off, np.clip(np.rint((wanted - share * colour) / (1 - share)), 0, 255), back)
    exact = np.rint(colour * share + back * (1 - share)) == wanted
    front[rim], behind[rim] = np.where(exact, colour, wanted), np.where(exact, back, wanted)
    return front, behind


@dataclass(frozen=True)
class _Foot:
    """Where a product stands: the middle of its foot, its lowest row, its height and half its foot's width, in canvas
    pixels. `is_cut`: what it stands on is beyond the photo."""

    x: float
    bottom: float
    rise: float
    reach: float
    is_cut: bool


def _farthest(solid: Mask, ground: BoxPx, end: WindowPx, format: Format, limit_px: float) -> Parallax:
    """The largest growth, about one of a few points, that discloses no more than `limit_px` and keeps all in frame."""
    seen = _through(solid, end, format)
    scale = format.width_px / end[2]
    foot = _foot(solid, ground)
    best: Parallax | None = None
    for height in _anchors(foot, ground, end) if seen.any() else ():
        anchor = foot.x, foot.bottom - height * foot.rise
        slide_px = 0.0 if foot.is_cut else scale * float(np.hypot(foot.reach, height * foot.rise))
        most = min(MOST_GROWTH, _MOST_SLIDE_PX / max(1.0, slide_px), _room(solid, end, anchor))
        about = (anchor[0] - end[0]) * scale, (anchor[1] - end[1]) * scale
        for growth in np.arange(most, best.growth if best else LEAST_GROWTH, -_STEP):
            disclosed = seen & ~_grown(seen, about, float(growth))
            widest_px = _width(disclosed)
            if widest_px <= limit_px:
                best = Parallax(
                    growth=round(float(growth), 5),
                    anchor_px=(round(anchor[0], 2), round(anchor[1], 2)),
                    disclosed_px=round(widest_px, 1),
                    disclosed_share=round(float(disclosed.mean()), 6),
                    ground_px_xywh=ground,
                )
                break
    if best is None:
        raise ParallaxRefused(_refusal("its product could not come nearer without showing what no photo shows"))
    return best


def _anchors(foot: _Foot, ground: BoxPx, end: WindowPx) -> tuple[float, ...]:
    """The heights about which the product may grow: where it is cut at an edge that shows, it may not pass under it."""
    top, floor = ground[1], ground[1] + ground[3]
    if foot.bottom - foot.rise <= top and top > end[1] + 1:
        raise ParallaxRefused(_refusal("its product is cut off where the picture ends"))
    return _ANCHORS[:1] if foot.is_cut and floor < end[1] + end[3] - 1 else _ANCHORS


def _through(mask: Mask, window: WindowPx, format: Format) -> Mask:
    """A canvas mask as the frame shows it, HW of the format's size."""
    scale = format.width_px / window[2]
    matrix = np.array([[scale, 0.0, -window[0] * scale], [0.0, scale, -window[1] * scale]])
    seen = cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, (format.width_px, format.height_px))
    return np.asarray(seen > 127, np.bool_)


def _grown(seen: Mask, about: tuple[float, float], growth: float) -> Mask:
    factor = 1 + growth
    matrix = np.array([[factor, 0.0, -growth * about[0]], [0.0, factor, -growth * about[1]]])
    larger = cv2.warpAffine(seen.astype(np.uint8) * 255, matrix, seen.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(larger > 127, np.bool_)


def _width(strip: Mask) -> float:
    """Width of the widest part of a mask in pixels."""
    if not strip.any():
        return 0.0
    padded = cv2.copyMakeBorder(strip.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max()) - 1


def _foot(solid: Mask, ground: BoxPx) -> _Foot:
    rows = np.flatnonzero(solid.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(solid[bottom - max(1, round(_FOOT_SHARE * (bottom - top))) : bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return _Foot((left + right) / 2, bottom, bottom - top, (right - left) / 2, bottom >= ground[1] + ground[3])


def _room(solid: Mask, end: WindowPx, anchor: tuple[float, float]) -> float:
    """How much the product may grow about `anchor` before a side that the last frame shows would leave it."""
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    x, y, w, _ = end
    margin = _SIDE * w
    sides = (
        (anchor[0] - columns[0], anchor[0] - (x + margin)),
        (columns[-1] + 1 - anchor[0], x + w - margin - anchor[0]),
        (anchor[1] - rows[0], anchor[1] - (y + margin)),
    )
    shown = [room / reach - 1 for reach, room in sides if reach > 0 and room >= reach]
    return min(shown, default=MOST_GROWTH)
