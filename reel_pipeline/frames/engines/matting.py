"""The embedded cutout engine: border backdrop model, GrabCut, then closed-form matting of a narrow band.

    border -> backdrop surface -> grown through soft shadows -> GrabCut at `MASK_SIDE_PX` -> trimap
    -> closed-form matting (Levin et al. 2008, pymatting) at `MATTE_SIDE_PX` -> guided upsampling to the photo's size

Works where the backdrop is one smooth surface. Elsewhere it still answers, with a confidence that says not to trust it.
"""

import contextlib
import importlib
import sys
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.frames.backdrop import INLIER_DE, Backdrop, Plane, connected_to_border, read_backdrop, to_lab
from reel_pipeline.frames.engines import Mask, Matte
from reel_pipeline.media.boxes import grown, intersection, rows_and_columns
from reel_pipeline.media.photo import Pixels, fit
from reel_pipeline.records import BoxPx

MASK_SIDE_PX = 384
MATTE_SIDE_PX = 1024
PLAIN_SHARE = 0.45
"""Share of the border that must lie on one surface before an outline is looked for at all."""
EXACT_DE, SURE_DE = 0.6, 14.0
"""CIE76 distance from the backdrop below which a pixel is its very colour, and beyond which it can only be something
else or a hard shadow."""
HOLE_DE, MIN_HOLE_SHARE = 2.5, 0.002
LEEWAY_PX = 5
MIN_LIT_SHARE = 0.35
WHITE_L = 98.5
HARD_STEP_DE, MAX_HARD_STRUCTURE, MAX_HARD_STRUCTURE_ON_WHITE = 1.2, 1.2, 0.3
"""Where two thirds of the subject look like shadow, or what looks like shadow has hard structure, it is a pale product
and nothing is taken. On white, cloth and soles look like shadow (mostly over 0.37 in the development photos); on a
toned backdrop only shadows do, and the hardest has 1.04."""
SOFT_STEP_DE = 0.8
SHADOW_DEPTH_L, SHADOW_CHROMA = 42.0, 5.0
SHADOW_STEP_DE = 2.2
"""A soft shadow on the backdrop's own hue changes by less than this per pixel at `MASK_SIDE_PX`; an outline by more."""
BAND_SHARE = 0.006
HOPELESS = 0.15


class MattingCutout:
    name: str
    revision: str

    def cut_out(self, rgb: Pixels, own_alpha: Pixels | None = None) -> Matte:
        if own_alpha is not None:
            return Matte(own_alpha, _own_alpha_confidence(own_alpha))
        small = fit(rgb, MASK_SIDE_PX)
        lab = to_lab(small)
        backdrop = read_backdrop(lab)
        if backdrop.plain_share < PLAIN_SHARE:
            mask = _central_mask(small)
            return Matte(_upsampled(mask.astype(np.float32), rgb), round(HOPELESS * backdrop.plain_share, 4))
        mask, subject_share, agreement = _plain_mask(small, lab, backdrop)
        confidence = min(
            _confidence(mask, backdrop),
            _ramp(subject_share, 0.4, 0.85),
            _ramp(agreement, 0.8, 0.97),
            1 - _ramp(_structure_outside(lab, mask, SOFT_STEP_DE if _is_white(backdrop) else HARD_STEP_DE), 0.25, 1.2),
        )
        if not mask.any():
            return Matte(np.zeros(rgb.shape[:2], np.uint8), 0.0)
        return Matte(_upsampled(_matte(rgb, mask), rgb), round(confidence, 4))


def _plain_mask(small: Pixels, lab: Plane, backdrop: Backdrop) -> tuple[Mask, float, float]:
    """The product's mask, the share of all that differs from the backdrop that it keeps, and how two outlines agree.

    By distance from the backdrop, with and without what looks like a soft shadow; then by GrabCut, which may only move
    the outline by `LEEWAY_PX`: left free it eats white cloth on white.
    """
    subject = _without_specks(~(backdrop.is_backdrop | _true_holes(backdrop)))
    shadow = _shadow(lab, backdrop) & subject
    lit = _without_specks(subject & ~shadow)
    allowed = MAX_HARD_STRUCTURE_ON_WHITE if _is_white(backdrop) else MAX_HARD_STRUCTURE
    if lit.sum() < MIN_LIT_SHARE * subject.sum() or _structure_outside(lab, lit, HARD_STEP_DE) > allowed:
        lit = subject
    if not lit.any():
        return lit, 0.0, 0.0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * LEEWAY_PX + 1, 2 * LEEWAY_PX + 1))
    seeds = np.where(lit, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[backdrop.distance < EXACT_DE] = cv2.GC_BGD
    seeds[cv2.erode(lit.astype(np.uint8), kernel, borderValue=1) > 0] = cv2.GC_FGD
    seeds[cv2.dilate(lit.astype(np.uint8), kernel) == 0] = cv2.GC_BGD
    far = lit & (backdrop.distance > SURE_DE)
    seeds[cv2.erode(far.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = cv2.GC_FGD
    if not (seeds == cv2.GC_BGD).any():
        return lit, 1.0, 0.0
    cut = _grab_cut(small, seeds, (0, 0, 0, 0), cv2.GC_INIT_WITH_MASK)
    return cut, _iou(lit, subject), _iou(cut, lit)


def _true_holes(backdrop: Backdrop) -> Mask:
    """Enclosed regions of exactly the backdrop's colour whose whole rim is unlike it: seen through the product.

    A blown-out white garment fades into its white patches instead.
    """
    exact = (backdrop.distance < HOLE_DE + 3 * backdrop.noise_de) & ~backdrop.is_backdrop
    count, labels, stats, _ = cv2.connectedComponentsWithStats(exact.astype(np.uint8), connectivity=4)
    holes = np.zeros(exact.shape, bool)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < MIN_HOLE_SHARE * exact.size:
            continue
        hole = labels == label
        rim = (cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~hole
        if np.percentile(backdrop.distance[rim], 30) > INLIER_DE:
            holes |= hole
    return holes


def _shadow(lab: Plane, backdrop: Backdrop) -> Mask:
    """What is reached from the backdrop, through openings of 5 px and more, by small steps through darker pixels of its
    own hue."""
    darker = backdrop.colour_lab[0] - lab[..., 0]
    off_hue = np.linalg.norm(lab[..., 1:] - np.array(backdrop.colour_lab[1:], np.float32), axis=2)
    soft = (darker > -2) & (darker < SHADOW_DEPTH_L) & (off_hue < SHADOW_CHROMA) & (_step(lab, 1.0) < SHADOW_STEP_DE)
    passable = (backdrop.is_backdrop | soft).astype(np.uint8)
    kernel = np.ones((5, 5), np.uint8)
    wide = connected_to_border(cv2.erode(passable, kernel, borderValue=1) > 0)
    reached = (cv2.dilate(wide.astype(np.uint8), kernel) > 0) & (passable > 0)
    return np.asarray(reached & ~backdrop.is_backdrop, bool)


def _structure_outside(lab: Plane, mask: Mask, step_de: float) -> float:
    """Pixels well outside the mask that change by more than `step_de` a pixel, per pixel of the mask's outline.

    A clean cut leaves nothing behind: lost sleeves and soles do, and so do shadows.
    """
    outside = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    outline = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    left = (_step(lab, 0.8) > step_de) & outside
    return float(left.sum() / max(1, outline.sum()))


def _step(lab: Plane, blur_px: float) -> Plane:
    """CIE76 change per pixel."""
    smooth = cv2.GaussianBlur(lab, (0, 0), blur_px)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(np.sqrt((across**2 + down**2).sum(axis=2)), np.float32)


def _is_white(backdrop: Backdrop) -> bool:
    return backdrop.colour_lab[0] > WHITE_L


def _iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _central_mask(small: Pixels) -> Mask:
    """A guess for a busy photo: GrabCut from a central rectangle."""
    height, width = small.shape[:2]
    rectangle = (width // 10, height // 10, width - width // 5, height - height // 5)
    return _grab_cut(small, np.zeros((height, width), np.uint8), rectangle, cv2.GC_INIT_WITH_RECT)


def _grab_cut(small: Pixels, labels: Pixels, rectangle: BoxPx, start: int) -> Mask:
    """Two rounds of GrabCut (Rother et al. 2004) on HWC RGB uint8 from `labels` or `rectangle`; the same every time."""
    cv2.setRNGSeed(1)
    bgr = np.ascontiguousarray(small[..., ::-1])
    found = cv2.grabCut(bgr, labels, rectangle, np.zeros((1, 65)), np.zeros((1, 65)), 2, start)[0]
    return _without_specks((found == cv2.GC_FGD) | (found == cv2.GC_PR_FGD))


def _matte(rgb: Pixels, mask: Mask) -> NDArray[np.float32]:
    """HW float32 alpha in [0, 1] at `MATTE_SIDE_PX` or the photo's size if smaller; solved in the mask's box only."""
    picture = fit(rgb, min(MATTE_SIDE_PX, max(rgb.shape[:2])))
    height, width = picture.shape[:2]
    soft = np.asarray(cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    inside = (soft > 0.5).astype(np.uint8)
    reach = max(2, round(BAND_SHARE * max(height, width)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    trimap = np.full((height, width), 0.5)
    trimap[cv2.erode(inside, kernel, borderValue=1) > 0] = 1.0
    trimap[cv2.dilate(inside, kernel) == 0] = 0.0
    alpha = np.asarray(trimap == 1.0, np.float32)
    x, y, w, h = cv2.boundingRect((trimap > 0).astype(np.uint8))
    part = rows_and_columns(intersection(grown((x, y, w, h), 8), (0, 0, width, height)))
    known = trimap[part]
    if (known == 0.0).any() and (known == 1.0).any() and (known == 0.5).any():
        alpha[part] = _solved(picture[part], known, soft[part])
    return alpha


def _solved(rgb: Pixels, trimap: NDArray[np.float64], soft: NDArray[np.float32]) -> NDArray[np.float32]:
    """Closed-form alpha, stretched by 4 % at both ends; `soft` in the band where the solver does not converge."""
    pymatting: Any = importlib.import_module("pymatting")  # untyped, and seconds to import: only where it is needed

    # Plain backdrops make the matrix nearly singular: starting with a larger diagonal shift converges as well.
    preconditioner = partial(pymatting.ichol, shifts=(1e-2, 1e-1, 1.0))
    try:
        with contextlib.redirect_stdout(sys.stderr):  # pymatting prints its warnings; stdout belongs to the caller
            alpha = pymatting.estimate_alpha_cf(
                rgb.astype(np.float64) / 255,
                trimap,
                preconditioner=preconditioner,
                cg_kwargs={"rtol": 1e-4, "maxiter": 2000},
            )
    except ValueError:
        alpha = np.where(trimap == 0.5, soft, trimap)
    return np.asarray(np.clip((alpha - 0.04) / 0.92, 0, 1), np.float32)


def _upsampled(alpha: NDArray[np.float32], rgb: Pixels) -> Pixels:
    """To the photo's size, edges following the photo: fast guided filter (He and Sun 2015) on the luma."""
    height, width = rgb.shape[:2]
    if alpha.shape == (height, width):
        return np.asarray(np.rint(alpha * 255), np.uint8)
    small = cv2.resize(rgb, alpha.shape[::-1], interpolation=cv2.INTER_AREA)
    guide = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    box = (5, 5)
    mean_guide, mean_alpha = cv2.blur(guide, box), cv2.blur(alpha, box)
    slope = (cv2.blur(guide * alpha, box) - mean_guide * mean_alpha) / (cv2.blur(guide**2, box) - mean_guide**2 + 1e-3)
    offset = cv2.blur(mean_alpha - slope * mean_guide, box)
    slope = cv2.blur(slope, box)
    full = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    large = cv2.resize(slope, (width, height)) * full + cv2.resize(offset, (width, height))
    plain = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    edge = cv2.dilate(((alpha > 0.02) & (alpha < 0.98)).astype(np.uint8), np.ones((3, 3), np.uint8))
    wide = cv2.resize(edge, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(np.rint(np.clip(np.where(wide, large, np.rint(plain)), 0, 1) * 255), np.uint8)


def _confidence(mask: Mask, backdrop: Backdrop) -> float:
    """What the finished mask shows of itself, in [0, 1], the weakest of four.

    The border is one surface; the rim stands off the backdrop (3 to 10 CIE76); the mask is not ragged; it covers a
    sensible share of the photo.
    """
    if not mask.any():
        return 0.0
    rim = mask & ~(cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=1) > 0)
    contrast = float(np.percentile(backdrop.distance[rim], 25)) if rim.any() else 0.0
    share = float(mask.mean())
    doubts = (
        _ramp(backdrop.plain_share, PLAIN_SHARE, 0.85),
        _ramp(contrast - backdrop.noise_de, 3.0, 10.0),
        _ramp(_solidity(mask), 0.6, 0.95),
        min(_ramp(share, 0.005, 0.03), 1 - _ramp(share, 0.85, 0.98)),
    )
    return min(doubts)


def _solidity(mask: Mask) -> float:
    """Share of the mask that survives opening by 1 % of the picture's side: ragged and fragmentary masks lose much."""
    reach = max(3, round(0.01 * max(mask.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return float(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel).sum() / max(1, mask.sum()))


def _own_alpha_confidence(alpha: Pixels) -> float:
    """A file's own transparency is its maker's outline: trusted unless it is nearly all or nearly nothing."""
    share = float((alpha > 127).mean())
    return round(min(_ramp(share, 0.001, 0.02), 1 - _ramp(share, 0.97, 1.0)), 4)


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _filled(mask: Mask) -> Mask:
    """With the holes that do not reach the edge of the picture closed, where they are small."""
    holes = ~mask & ~connected_to_border(~mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < 0.002 * mask.size
    small[0] = False
    return np.asarray(mask | small[labels], bool)


def _without_specks(mask: Mask) -> Mask:
    """Parts of at least 1 % of the largest one's area, small holes closed."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    if not areas.any():
        return np.zeros_like(mask)
    return _filled(np.asarray((areas >= 0.01 * areas.max())[labels] & (labels > 0), bool))
