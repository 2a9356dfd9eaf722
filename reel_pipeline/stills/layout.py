"""Where a photo stands in the frame and how the camera moves over it: geometry only, no pixels.

Three layouts. `stage`: the photo and, beyond its open sides, its own extended backdrop fill the frame. `panel`: a stage
for a product that its photo cuts below and that is too low to fill the frame: it stands on a plain panel. `mat`: the
photo, or the largest upright crop of it that keeps the product, lies on a mat, full width where its size allows.
All coordinates are photo pixels, x right, y down; a window may reach beyond the photo on its open sides.
"""

from reel_pipeline.records import Format, Motion
from reel_pipeline.stills.framing import FAR, MIN_ZOOM, ZOOM, Bounds, Box, Layout, Scene, clamp, cuts, holds, keep, path
from reel_pipeline.stills.mats import lay_on_mat

CAPTION_PX = 239.8
"""Height of a caption where the frame's short side is 1080 px. Captions stand in the top of the format's safe zone, and
where the backdrop is free the product starts below: in 9:16 at 269 + 239.8 of 1920 px, which is 26.5 % down."""
FOOT = 0.88
"""Where the part of the frame ends that is meant for the product; below it is the backdrop that it stands on."""
MIDDLE = 0.53
"""A product that leaves room stands a little below the middle, as the caption weighs above it."""
_AIR_PX = 5.2
"""What a product keeps clear of the safe zone's sides, where the frame's short side is 1080 px: in 9:16 it comes no
nearer to the frame's edge than 65 + 5.2 px."""
_CLOSER_CUT = 0.2
"""Share of a product that its photo already cuts which the frame may cut off besides."""
_LEAST_STANDING = 0.55
"""A product that its photo cuts below fills the frame from there up to this share, or stands on a panel; one that is
cut above hangs down as far, or its photo lies on a mat."""
_PANEL_TOP = 0.78
"""Where the plain panel begins, as a share of the frame's height: at 1498 of 1920 px."""


def lay_out(scene: Scene, motion: Motion) -> Layout:
    """The stage where everything that must be seen fits on it, else the mat."""
    if _leaves_one_end_empty(scene):
        standing = _stage(scene, motion, panel=True) if "top" in scene.open_sides else None
        return standing or lay_on_mat(scene, motion)
    return _stage(scene, motion) or lay_on_mat(scene, motion)


def _leaves_one_end_empty(scene: Scene) -> bool:
    """Whether a product that its photo cuts above or below would hang or stand there, too low to fill the frame."""
    if scene.close_up or len(scene.open_sides & {"top", "bottom"}) != 1:
        return False
    scale = min(_fitting_scale(scene), scene.max_upscale)
    return scene.content.h * scale < _LEAST_STANDING * scene.format.height_px


def _stage(scene: Scene, motion: Motion, panel: bool = False) -> Layout | None:
    bounds = Bounds(
        -FAR if "left" in scene.open_sides else 0.0,
        -FAR if "top" in scene.open_sides else 0.0,
        FAR if "right" in scene.open_sides else float(scene.width),
        FAR if "bottom" in scene.open_sides or panel else float(scene.height),
    )
    least = bounds.least_scale(scene.format)
    if least * MIN_ZOOM > scene.max_upscale:
        return None
    fitting = min(_fitting_scale(scene), _panel_scale(scene)) if panel else _fitting_scale(scene)
    tight_scale = min(max(fitting, least * MIN_ZOOM), scene.max_upscale)
    tight, wide = (_place(scene, bounds, s, panel) for s in (tight_scale, max(tight_scale / ZOOM, least)))
    if not _shows_all(scene, tight):
        return None
    start, end = path(scene, bounds, tight, wide, motion)
    return Layout(start, end, (0, 0, scene.width, scene.height), panel=panel)


def _fitting_scale(scene: Scene) -> float:
    """The scale at which the content fills the part of the frame that is meant for it."""
    width, height = scene.format.width_px, scene.format.height_px
    if scene.close_up:
        return min(width / scene.focus.w, height / scene.focus.h)
    if not scene.open_sides:
        # A scene all around: the camera comes so close that the product fills most of the frame, and no closer.
        return min(0.62 * width / scene.focus.w, 0.55 * height / scene.focus.h)
    top, bottom = _band(scene)
    side = _side(scene.format) * len(scene.open_sides & {"left", "right"})
    return min((bottom - top) * height / scene.content.h, (1.0 - side) * width / scene.content.w)


def _header(format: Format) -> float:
    """Where captions end, as a share of the frame's height."""
    return (format.safe_zone_px_xywh[1] + CAPTION_PX * format.px_per_design_px) / format.height_px


def _side(format: Format) -> float:
    """What stays free between a product and either side of the frame, as a share of the frame's width."""
    return (format.safe_zone_px_xywh[0] + _AIR_PX * format.px_per_design_px) / format.width_px


def _panel_scale(scene: Scene) -> float:
    """The scale at which the content reaches from the caption's foot down to the panel."""
    return (_PANEL_TOP - _header(scene.format)) * scene.format.height_px / (scene.height - scene.content.y)


def _band(scene: Scene) -> tuple[float, float]:
    """The stretch of the frame's height that is meant for the content, as shares from the top."""
    if scene.close_up:
        return 0.0, 1.0
    return _header(scene.format) if "top" in scene.open_sides else 0.0, FOOT if "bottom" in scene.open_sides else 1.0


def _place(scene: Scene, bounds: Bounds, scale: float, panel: bool = False) -> Box:
    """The window of this scale that puts the content where it belongs and cuts nothing that must be seen."""
    w, h = scene.format.width_px / scale, scene.format.height_px / scale
    subject = scene.content if scene.open_sides and not scene.close_up else scene.focus
    if panel:
        y = scene.height - _PANEL_TOP * h
    else:
        top, bottom = _band(scene)
        half = subject.h / h / 2
        y = subject.cy - clamp(MIDDLE, top + half, bottom - half) * h
    x = subject.cx - w / 2
    for wanted in (scene.focus, scene.must):
        if wanted is not None:
            x = keep(x, w, wanted.x, wanted.w)
            y = keep(y, h, wanted.y, wanted.h)
    return Box(clamp(x, bounds.left, bounds.right - w), clamp(y, bounds.top, bounds.bottom - h), w, h)


def _shows_all(scene: Scene, window: Box) -> bool:
    """Focus and must lie inside; where the photo itself cuts the product, the frame may cut it a little closer.

    A product that the photo cuts on both sides of an axis is a close-up there, and may be cut freely.
    """
    if scene.must is not None and not holds(window, scene.must):
        return False
    for start, length, full, low, size in (
        (scene.focus.x, scene.focus.w, scene.width, window.x, window.w),
        (scene.focus.y, scene.focus.h, scene.height, window.y, window.h),
    ):
        spare = (0.0, _CLOSER_CUT, 1.0)[cuts(start, length, full)] * length
        if start < low - 1 - spare or start + length > low + size + 1 + spare:
            return False
    return True
