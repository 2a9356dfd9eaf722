"""A photo, or the largest upright crop of it that keeps the product, on a mat: geometry only."""

from reel_pipeline.records import Motion, WindowPx
from reel_pipeline.stills.framing import (
    FAR,
    LEAST_PAN,
    MIN_ZOOM,
    ZOOM,
    Bounds,
    Box,
    Layout,
    Scene,
    clamp,
    cuts,
    holds,
    keep,
    path,
)

_TALL_MAT, _MAT_MIDDLE = 0.66, 0.53
"""A picture that takes more than 0.66 of the frame's height stands on its lower edge; a lower one hangs with its middle
at 0.53 of the height, a little low, as the caption weighs above it."""
_MAT_SHARES = (1350 / 1920, 1080 / 1920)
"""How much of the frame's height the crops take that are tried, where they are as wide as the frame; the taller one
first. In 9:16 they are 1.25 times as high as wide, and square."""
_TALLEST = 0.8
"""The most of the frame's height that a picture on a mat takes."""
_LOW_SCENE, _ACROSS = 0.85, 1.2
"""A scene lower than this share of its width is panned across at this many times the scale that shows all of it: more
would cut off what fills its middle two thirds."""


def lay_on_mat(scene: Scene, motion: Motion) -> Layout:
    width, height = scene.format.width_px, scene.format.height_px
    crop = _mat_crop(scene)
    across = _across(scene, motion) if crop.w == scene.width else None
    if across is not None:
        return Layout(*across, (0, 0, scene.width, scene.height), on_mat=True)
    # Full width when the crop has the pixels for it; a smaller picture is shown smaller, never blown up.
    zoom = ZOOM if crop.w * scene.max_upscale >= width * ZOOM else MIN_ZOOM
    wide_scale = min(width / crop.w, scene.max_upscale / zoom, _TALLEST * height / crop.h)
    # Coming closer must not push the product out of the sides.
    wide_scale = min(wide_scale, width / (1.02 * scene.focus.w) / zoom)
    full_width = wide_scale * crop.w > width - 1
    bounds = Bounds(crop.x, 0.0, crop.x + crop.w, 0.0) if full_width else Bounds(-FAR, 0.0, FAR, 0.0)
    tall = wide_scale * crop.h > _TALL_MAT * height
    wide, tight = (_on_mat(scene, crop, bounds, scale, tall) for scale in (wide_scale, wide_scale * zoom))
    start, end = path(scene, bounds, tight, wide, motion)
    return Layout(start, end, (round(crop.x), round(crop.y), round(crop.w), round(crop.h)), on_mat=True)


def _across(scene: Scene, motion: Motion) -> tuple[WindowPx, WindowPx] | None:
    """A pan over the whole width of a low scene, which so lies taller on the mat; None where its product or label is
    whole in the photo and so has to stay whole."""
    if scene.height > _LOW_SCENE * scene.width or cuts(scene.focus.x, scene.focus.w, scene.width) < 2:
        return None
    scale = min(_ACROSS * scene.format.width_px / scene.width, scene.max_upscale)
    w, h = scene.format.width_px / scale, scene.format.height_px / scale
    if scene.height > _TALLEST * h:
        return None
    travel = scene.width - w
    if travel < LEAST_PAN * w or (scene.must and not (travel <= scene.must.x and scene.must.x + scene.must.w <= w)):
        return None
    y = scene.height / 2 - _MAT_MIDDLE * h
    left, right = (0.0, y, w, h), (travel, y, w, h)
    return (right, left) if motion in (Motion.PAN_LEFT, Motion.PULL_OUT) else (left, right)


def _on_mat(scene: Scene, crop: Box, bounds: Bounds, scale: float, tall: bool) -> Box:
    """A window over the mat: a tall picture stands on the frame's lower edge, others hang in the middle."""
    w, h = scene.format.width_px / scale, scene.format.height_px / scale
    y = crop.y + crop.h - h if tall else crop.cy - _MAT_MIDDLE * h
    x = keep(crop.cx - w / 2, w, scene.focus.x, scene.focus.w)
    return Box(clamp(x, bounds.left, bounds.right - w), y, w, h)


def _mat_crop(scene: Scene) -> Box:
    """The largest upright crop that keeps focus and labels with some air; the whole photo when none does."""
    for share in _MAT_SHARES:
        aspect = share * scene.format.height_px / scene.format.width_px
        w = min(scene.width, scene.height / aspect)
        h = min(float(scene.height), w * aspect)
        if h / w <= scene.height / scene.width + 1e-6:
            continue
        x = clamp(scene.focus.cx - w / 2, 0, scene.width - w)
        y = clamp(scene.focus.cy - h / 2, 0, scene.height - h)
        crop = Box(round(x), round(y), round(w), round(h))
        air = Box(crop.x + 0.03 * w, crop.y, 0.94 * w, crop.h)
        if all(holds(air, box) for box in (scene.focus, scene.must) if box is not None):
            return crop
    return Box(0, 0, scene.width, scene.height)
