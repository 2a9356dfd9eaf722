"""What a photo's border tells: on which sides its plain backdrop reaches the edge, and what is not backdrop.

Only the outermost pixels count, in levels of RGB, because what is painted beyond them has to meet them; which pixels
are backdrop to the eye is for `frames/backdrop.py`. Next: `layout.py` decides with it, `extend.py` paints beyond the
open sides.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels, fit
from reel_pipeline.records import BoxPx

Floats = NDArray[np.float32]
SIDES = ("left", "top", "right", "bottom")
_TOLERANCE = 12.0
"""Largest channel difference (of 255) between backdrop and its smooth model; studio sweeps measured up to 9."""
_STRICT_TOLERANCE = 5.0
"""Where the product's box reaches the edge, pale cloth is told from paper only by being almost perfectly even."""
_SOFT_LIMIT = 40.0
"""Deepest studio shadow that is still carried on as backdrop, in levels."""
_MOST_GRAZED = 0.15
"""A packshot trimmed to its outline touches an edge only with the tip of a curve, which widens inwards; a product that
is cut off doesn't."""
_PALE_SHARE = 0.4
"""A cutout's edge is a few pixels wide and overstates what touches; but white cloth on white is seen by it alone."""
_LEAST_BACKDROP = 0.35
"""Share of the border that must be backdrop before any of it is believed."""


@dataclass(frozen=True)
class Border:
    """`open_sides`: where only backdrop touches the edge. `content_px_xywh`: everything else, or the whole photo.

    `backdrop`: per open side (length, 3) its colour along the edge, bridged where the product grazes it.
    """

    open_sides: frozenset[str]
    content_px_xywh: BoxPx
    backdrop: dict[str, Floats]


def strip(pixels: Pixels, side: str, depth: int) -> Pixels:
    """(depth, length, C): the outermost rows of one side, outermost first, running left to right or top to bottom."""
    turned = {
        "left": lambda: pixels[:, :depth].swapaxes(0, 1),
        "right": lambda: pixels[:, ::-1][:, :depth].swapaxes(0, 1),
        "top": lambda: pixels[:depth],
        "bottom": lambda: pixels[::-1][:depth],
    }
    return np.asarray(turned[side]())


def measure(pixels: Pixels, alpha: Pixels | None, focus: BoxPx) -> Border:
    """HWC RGB uint8, HW alpha of the product or None, the product's box in pixels."""
    height, width = pixels.shape[:2]
    depth = int(np.clip(round(0.008 * min(height, width)), 2, 12))
    profiles: dict[str, Floats] = {}
    rough: dict[str, Floats] = {}
    for side in SIDES:
        band = strip(pixels, side, depth).astype(np.float32)
        profiles[side] = band.mean(axis=0)
        rough[side] = band.std(axis=0).max(axis=1)
    places = {side: _places(side, profiles[side].shape[0]) for side in SIDES}
    model = _fit(np.concatenate([profiles[s] for s in SIDES]), np.concatenate([places[s] for s in SIDES]))
    whole = (0, 0, width, height)
    if model is None:
        return Border(frozenset(), whole, {})
    touching = _touching(focus, width, height)
    backdrop = {}
    for side in SIDES:
        off = np.abs(profiles[side] - _terms(places[side]) @ model).max(axis=1)
        if side in touching:
            if _is_bare(pixels, side, _terms(places[side]) @ model):
                # The product is said to fill the photo, yet nothing stands out here: pale cloth, not paper.
                continue
            covered = (off > _STRICT_TOLERANCE) | (rough[side] > 6.0)
        else:
            covered = ((off > _TOLERANCE) & ~_is_soft(profiles[side], off)) | (rough[side] > 6.0)
        if alpha is not None:
            covered |= strip(alpha, side, 2).max(axis=0) > 127
        if _longest_run(covered) <= max(4, 0.012 * covered.size) and covered.mean() <= 0.03:
            backdrop[side] = _bridged(profiles[side], covered)
            continue
        outermost, inside = (
            _covered_line(pixels, side, line, _terms(places[side]) @ model) for line in (0, max(8, depth))
        )
        grazed = _longest_run(outermost)
        pale = 0 if alpha is None else _longest_run(strip(alpha, side, 1)[0] > 127)
        if max(grazed, pale * _PALE_SHARE) <= _MOST_GRAZED * outermost.size and grazed <= 0.5 * _longest_run(inside):
            backdrop[side] = _bridged(strip(pixels, side, 1)[0].astype(np.float32), outermost)
    if not backdrop:
        return Border(frozenset(), whole, {})
    return Border(frozenset(backdrop), _content(pixels, alpha, model), backdrop)


def _covered_line(pixels: Pixels, side: str, line: int, backdrop: Floats) -> NDArray[np.bool_]:
    """Where the product lies on the one-pixel line that is `line` pixels inside a side."""
    colours = strip(pixels, side, line + 1)[line].astype(np.float32)
    return np.asarray(np.abs(colours - backdrop).max(axis=1) > _TOLERANCE)


def _is_bare(pixels: Pixels, side: str, backdrop: Floats) -> bool:
    """Whether the outer twentieth of a side shows nothing but backdrop."""
    band = strip(pixels, side, max(8, min(pixels.shape[:2]) // 20)).astype(np.float32)
    standing_out = (np.abs(band - backdrop).max(axis=2) > _TOLERANCE).any(axis=0)
    return bool(_longest_run(standing_out) <= 0.01 * standing_out.size)


def _is_soft(profile: Floats, off: Floats) -> NDArray[np.bool_]:
    """Where an edge strays from the model without any edge of its own: a studio shadow or a vignette."""
    reach = max(2, profile.shape[0] // 50)
    padded = np.pad(profile, ((reach, reach), (0, 0)), mode="edge")
    change = np.abs(padded[2 * reach :] - padded[: -2 * reach]).max(axis=1)
    return np.asarray((change < 9.0) & (off < _SOFT_LIMIT))


def _bridged(profile: Floats, covered: NDArray[np.bool_]) -> Floats:
    """The profile with its covered stretches filled from their neighbours."""
    bridged, at = profile.copy(), np.arange(profile.shape[0])
    if covered.any():
        wide = np.convolve(covered, np.ones(9), mode="same") > 0
        for channel in range(3):
            bridged[wide, channel] = np.interp(at[wide], at[~wide], profile[~wide, channel])
    return bridged


def _places(side: str, length: int) -> Floats:
    """(length, 2) positions in [-1, 1] of the points along one side."""
    along = np.linspace(-1.0, 1.0, length, dtype=np.float32)
    edge = np.full(length, -1.0 if side in ("left", "top") else 1.0, np.float32)
    return np.stack([edge, along] if side in ("left", "right") else [along, edge], axis=1)


def _terms(places: Floats) -> Floats:
    x, y = places[..., 0], places[..., 1]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _fit(colours: Floats, places: Floats) -> Floats | None:
    """(6, 3) coefficients of a quadratic backdrop through most of the border, None when there is no such backdrop."""
    bins = (colours // 16).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    mode = np.bincount(bins).argmax()
    off = np.abs(colours - np.median(colours[bins == mode], axis=0)).max(axis=1)
    terms = _terms(places)
    inliers = off <= 28.0
    coefficients: Floats | None = None
    for tolerance in (28.0, 20.0, 14.0, _TOLERANCE):
        if inliers.mean() < _LEAST_BACKDROP:
            return None
        chosen = terms[inliers]
        gram = chosen.T @ chosen + 0.02 * inliers.sum() * np.diag([0.0, 0.1, 0.1, 1.0, 1.0, 1.0])
        coefficients = np.linalg.solve(gram, chosen.T @ colours[inliers]).astype(np.float32)
        inliers = np.abs(colours - terms @ coefficients).max(axis=1) <= tolerance
    return coefficients if inliers.mean() >= _LEAST_BACKDROP else None


def _touching(focus: BoxPx, width: int, height: int) -> set[str]:
    x, y, w, h = focus
    reach = {"left": x, "top": y, "right": width - x - w, "bottom": height - y - h}
    return {side for side, gap in reach.items() if gap <= 0.01 * min(width, height)}


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _content(pixels: Pixels, alpha: Pixels | None, model: Floats) -> BoxPx:
    """The box of everything that differs from the backdrop, soft shadows aside."""
    height, width = pixels.shape[:2]
    side_px = min(512, max(height, width))
    scale = side_px / max(height, width)
    small = fit(pixels, side_px).astype(np.float32)
    ys, xs = np.meshgrid(np.linspace(-1, 1, small.shape[0]), np.linspace(-1, 1, small.shape[1]), indexing="ij")
    backdrop = _terms(np.stack([xs, ys], axis=-1).astype(np.float32)) @ model
    mask = (np.abs(small - backdrop).max(axis=2) > 20.0).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if alpha is not None:
        mask = np.maximum(mask, (fit(alpha, side_px) > 96).astype(np.uint8))
    x, y, w, h = cv2.boundingRect(mask)
    if w == 0:
        return 0, 0, width, height
    left, top = int(x / scale), int(y / scale)
    return left, top, min(width - left, round(w / scale)), min(height - top, round(h / scale))
