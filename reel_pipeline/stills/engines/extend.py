"""Paint beyond a photo's edges: its own plain backdrop carried on, or a mat. The photo itself is untouched."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels
from reel_pipeline.stills.engines.border import strip

Floats = NDArray[np.float32]
_LARGEST_DRIFT = 10.0
_MAT_TINT = 0.12


def extend_backdrop(pixels: Pixels, backdrop: dict[str, Floats], pads: tuple[int, int, int, int], seed: int) -> Pixels:
    """HWC RGB uint8 with `pads` (left, top, right, bottom) pixels added; where a pad is negative the photo is cropped.

    `backdrop`: (length, 3) colours along the open sides; a closed side gets only a few pixels, which repeat its edge.
    Each side goes on as the harmonic continuation of its edge: the colour at distance d is the edge's own profile
    blurred over about d pixels, so a shadow that touches the edge melts away instead of streaking. A fall-off of the
    backdrop runs out softly. Grain matches the photo's.
    """
    left, top, right, bottom = pads
    height, width = pixels.shape[:2]
    rows = slice(max(0, -top), height - max(0, -bottom))
    middle = pixels[rows, max(0, -left) : width - max(0, -right)]
    random = np.random.default_rng(seed)
    grain = _grain(pixels)

    def beyond(picture: Pixels, side: str, pad: int, profile: Floats | None) -> list[Pixels]:
        if pad <= 0:
            return []
        if profile is None:
            profile = strip(picture, side, 1)[0].astype(np.float32)
        return [_beyond(profile, _drift(pixels, side, pad), side, grain, random)]

    profiles = {side: profile[rows] if side in ("left", "right") else profile for side, profile in backdrop.items()}
    west = beyond(middle, "left", left, profiles.get("left"))
    east = beyond(middle, "right", right, profiles.get("right"))
    wide = np.hstack([*west, middle, *east])
    # The corners continue what was painted at the sides, so that both directions agree there.
    for side in ("top", "bottom"):
        if side in profiles:
            before, after = ([strip(part, side, 1)[0].astype(np.float32) for part in parts] for parts in (west, east))
            core = profiles[side][max(0, -left) : width - max(0, -right)]
            profiles[side] = np.concatenate([*before, core, *after])
    north = beyond(wide, "top", top, profiles.get("top"))
    south = beyond(wide, "bottom", bottom, profiles.get("bottom"))
    return np.ascontiguousarray(np.vstack([*north, wide, *south]))


def _beyond(profile: Floats, drift: Floats, side: str, grain: float, random: np.random.Generator) -> Pixels:
    """As many pixels outside one side as `drift` has rows, oriented like the picture."""
    painted = _blurred_with_distance(profile, np.arange(1, len(drift) + 1, dtype=np.float32)) + drift[:, None, :]
    noise = random.standard_normal(painted.shape[:2], dtype=np.float32)
    painted += (grain * noise)[..., None] * (profile.mean() < 254.5)
    rows: Pixels = np.clip(np.rint(painted), 0, 255).astype(np.uint8)
    if side == "top":
        return rows[::-1]
    if side == "bottom":
        return rows
    return np.swapaxes(rows[::-1] if side == "left" else rows, 0, 1)


def _blurred_with_distance(profile: Floats, distance: Floats) -> Floats:
    """(pad, length, 3): the profile, blurred over a width that grows with the distance, as a harmonic function is."""
    widest = max(2.0, profile.shape[0] / 2)
    sigmas = [1.0]
    while sigmas[-1] < min(widest, float(distance[-1])):
        sigmas.append(sigmas[-1] * 2)
    column = profile[:, None, :]
    levels = np.stack([_blur_along(column, sigma) for sigma in sigmas])
    position = np.clip(np.log2(np.maximum(distance, 1.0)), 0, len(sigmas) - 1)
    lower = np.minimum(position.astype(np.int32), max(0, len(sigmas) - 2))
    upper = np.minimum(lower + 1, len(sigmas) - 1)
    share = (position - lower).astype(np.float32)[:, None, None]
    return np.asarray(levels[lower] * (1 - share) + levels[upper] * share, np.float32)


def _blur_along(column: Floats, sigma: float) -> Floats:
    size = (int(6 * sigma) | 1) + 2
    kernel = cv2.getGaussianKernel(size, sigma)
    return np.asarray(
        cv2.sepFilter2D(column, -1, np.ones(1), kernel, borderType=cv2.BORDER_REPLICATE)[:, 0, :], np.float32
    )


def _drift(pixels: Pixels, side: str, pad: int) -> Floats:
    """(pad, 3): the backdrop's own fall-off towards this edge, running out over an eighth of the photo."""
    distance = np.arange(1, pad + 1, dtype=np.float32)
    reach = pixels.shape[1] if side in ("left", "right") else pixels.shape[0]
    step = max(4, reach // 40)
    if reach < 4 * step:
        return np.zeros((distance.size, 3), np.float32)
    band = strip(pixels, side, 2 * step).astype(np.float32)
    slope = np.median(band[:step].mean(axis=0) - band[step:].mean(axis=0), axis=0) / step
    length = reach / 8
    total = np.clip(slope * length, -_LARGEST_DRIFT, _LARGEST_DRIFT)
    return np.asarray((1 - np.exp(-distance / length))[:, None] * total, np.float32)


def _grain(pixels: Pixels) -> float:
    """Standard deviation of the photo's own noise at its border, in levels; at least what dithers a gradient."""
    edges = [strip(pixels, side, 12) for side in ("left", "top", "right", "bottom")]
    fine = [e.astype(np.float32).mean(axis=2) for e in edges]
    noise = np.concatenate([(f - cv2.GaussianBlur(f, (0, 0), 1.5)).ravel() for f in fine])
    return float(np.clip(1.4826 * np.median(np.abs(noise)), 0.35, 3.0))


def mat(pixels: Pixels, size: tuple[int, int], colour: Floats) -> Pixels:
    """(height, width) of calm colour for a photo to lie on, tinted faintly by the photo."""
    height, width = size
    tiny = cv2.GaussianBlur(cv2.resize(pixels, (9, 16), interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 3.0)
    tinted = tiny * _MAT_TINT + colour * (1 - _MAT_TINT)
    smooth = cv2.resize(tinted, (width, height), interpolation=cv2.INTER_CUBIC)
    dither = np.random.default_rng(0).standard_normal((height, width, 1), dtype=np.float32) * 0.5
    return np.asarray(np.clip(np.rint(smooth + dither), 0, 255), np.uint8)
