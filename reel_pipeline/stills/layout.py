"""Where a photo stands in a 9:16 frame and how the camera moves over it: geometry only, no pixels.

Three layouts. `stage`: the photo and, beyond its open sides, its own extended backdrop fill the frame. `panel`: a stage
for a product that its photo cuts below and that is too low to fill the frame: it stands on a plain panel. `mat`: the
photo, or the largest upright crop of it that keeps the product, lies on a mat, full width where its size allows.
All coordinates are photo pixels, x right, y down; a window may reach beyond the photo on its open sides.
"""

from dataclasses import dataclass

from reel_pipeline.records import REEL_HEIGHT_PX, REEL_WIDTH_PX, BoxPx, Motion, WindowPx

MAX_UPSCALE = 1.6
"""DESIGN.md section 3: beyond it the softness of the photo shows."""
ZOOM = 1.14
"""Wide over tight window of a push or pull: about 5 % a second in a 3 s shot, clearly alive and still calm."""
MIN_ZOOM = 1.06
HEADER = 0.265
"""Captions stand in the top of the safe zone (from 14 % down); where the backdrop is free, the product starts below."""
FOOT = 0.88
MIDDLE = 0.53
"""A product that leaves room stands a little below the middle, as the caption weighs above it."""
SIDE = 0.065
"""Just over the 6 % that a phone's own buttons take."""
_PAN, _PAN_IN_SCENE, _LEAST_PAN = 0.12, 0.24, 0.05
"""Travel of a pan in window widths: before a backdrop, in a scene, and the least that reads as motion."""
_CLOSER_CUT = 0.2
"""Share of a product that its photo already cuts which the frame may cut off besides."""
_TALL_MAT, _MAT_MIDDLE = 0.66, 0.53
_LEAST_STANDING = 0.55
"""A product that ends at its photo's lower edge fills the frame from below; one lower than this stands on a panel."""
_PANEL_TOP = 0.78
_FAR = 1e6
_MAT_ASPECTS = (1.25, 1.0)


@dataclass(frozen=True)
class Box:
    """x, y, width, height in photo pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2


@dataclass(frozen=True)
class Scene:
    """What a layout has to respect.

    `open_sides`: where the photo's own backdrop may be extended. `content`: everything that is not backdrop. `focus`:
    what must stay in frame. `must`: label lines and faces, which may not be cut even where the photo cuts the product.
    `close_up`: the focus is a part of the product, and the frame is to be filled by it.
    """

    width: int
    height: int
    open_sides: frozenset[str]
    content: Box
    focus: Box
    must: Box | None = None
    close_up: bool = False


@dataclass(frozen=True)
class Layout:
    """`shown`: the part of the photo that lies on the canvas. `on_mat`: outside it is a mat, not extended backdrop.

    `panel`: the backdrop is extended, but what is below the photo is a plain panel in the mat's colour.
    """

    start: WindowPx
    end: WindowPx
    shown: BoxPx
    on_mat: bool = False
    panel: bool = False


def lay_out(scene: Scene, motion: Motion) -> Layout:
    """The stage where everything that must be seen fits on it, else the mat."""
    low = "bottom" not in scene.open_sides and "top" in scene.open_sides
    if low and not scene.close_up and scene.content.h * _fitting_scale(scene) < _LEAST_STANDING * REEL_HEIGHT_PX:
        standing = _stage(scene, motion, panel=True)
        if standing is not None:
            return standing
    return _stage(scene, motion) or _mat(scene, motion)


@dataclass(frozen=True)
class _Bounds:
    """How far a window may reach; endless on open sides."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def least_scale(self) -> float:
        """Output pixels per photo pixel at which the largest allowed window is exactly reached."""
        return max(REEL_WIDTH_PX / (self.right - self.left), REEL_HEIGHT_PX / (self.bottom - self.top))


def _stage(scene: Scene, motion: Motion, panel: bool = False) -> Layout | None:
    bounds = _Bounds(
        -_FAR if "left" in scene.open_sides else 0.0,
        -_FAR if "top" in scene.open_sides else 0.0,
        _FAR if "right" in scene.open_sides else float(scene.width),
        _FAR if "bottom" in scene.open_sides or panel else float(scene.height),
    )
    least = bounds.least_scale
    if least * MIN_ZOOM > MAX_UPSCALE:
        return None
    fitting = min(_fitting_scale(scene), _panel_scale(scene)) if panel else _fitting_scale(scene)
    tight_scale = min(max(fitting, least * MIN_ZOOM), MAX_UPSCALE)
    tight, wide = (_place(scene, bounds, s, panel) for s in (tight_scale, max(tight_scale / ZOOM, least)))
    if not _shows_all(scene, tight):
        return None
    start, end = _path(scene, bounds, tight, wide, motion)
    return Layout(start, end, (0, 0, scene.width, scene.height), panel=panel)


def _fitting_scale(scene: Scene) -> float:
    """The scale at which the content fills the part of the frame that is meant for it."""
    if scene.close_up:
        return min(REEL_WIDTH_PX / scene.focus.w, REEL_HEIGHT_PX / scene.focus.h)
    if not scene.open_sides:
        # A scene all around: the camera comes so close that the product fills most of the frame, and no closer.
        return min(0.62 * REEL_WIDTH_PX / scene.focus.w, 0.55 * REEL_HEIGHT_PX / scene.focus.h)
    top, bottom = _band(scene)
    side = SIDE * len(scene.open_sides & {"left", "right"})
    return min(
        (bottom - top) * REEL_HEIGHT_PX / scene.content.h,
        (1.0 - side) * REEL_WIDTH_PX / scene.content.w,
    )


def _panel_scale(scene: Scene) -> float:
    """The scale at which the content reaches from the caption's foot down to the panel."""
    return (_PANEL_TOP - HEADER) * REEL_HEIGHT_PX / (scene.height - scene.content.y)


def _band(scene: Scene) -> tuple[float, float]:
    """The stretch of the frame's height that is meant for the content, as shares from the top."""
    if scene.close_up:
        return 0.0, 1.0
    return HEADER if "top" in scene.open_sides else 0.0, FOOT if "bottom" in scene.open_sides else 1.0


def _place(scene: Scene, bounds: _Bounds, scale: float, panel: bool = False) -> Box:
    """The window of this scale that puts the content where it belongs and cuts nothing that must be seen."""
    w, h = REEL_WIDTH_PX / scale, REEL_HEIGHT_PX / scale
    subject = scene.content if scene.open_sides and not scene.close_up else scene.focus
    if panel:
        y = scene.height - _PANEL_TOP * h
    else:
        top, bottom = _band(scene)
        half = subject.h / h / 2
        y = subject.cy - _clamp(MIDDLE, top + half, bottom - half) * h
    x = subject.cx - w / 2
    for wanted in (scene.focus, scene.must):
        if wanted is not None:
            x = _keep(x, w, wanted.x, wanted.w)
            y = _keep(y, h, wanted.y, wanted.h)
    return Box(_clamp(x, bounds.left, bounds.right - w), _clamp(y, bounds.top, bounds.bottom - h), w, h)


def _keep(start: float, length: float, wanted_start: float, wanted_length: float) -> float:
    """Shift `start` so that the wanted stretch lies inside; unchanged where it can't."""
    if wanted_length > length:
        return start
    return _clamp(start, wanted_start + wanted_length - length, wanted_start)


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high)) if low <= high else (low + high) / 2


def _shows_all(scene: Scene, window: Box) -> bool:
    """Focus and must lie inside; where the photo itself cuts the product, the frame may cut it a little closer.

    A product that the photo cuts on both sides of an axis is a close-up there, and may be cut freely.
    """
    if scene.must is not None and not _holds(window, scene.must):
        return False
    for start, length, full, low, size in (
        (scene.focus.x, scene.focus.w, scene.width, window.x, window.w),
        (scene.focus.y, scene.focus.h, scene.height, window.y, window.h),
    ):
        cuts = (start <= 0.015 * full) + (start + length >= 0.985 * full)
        spare = (0.0, _CLOSER_CUT, 1.0)[cuts] * length
        if start < low - 1 - spare or start + length > low + size + 1 + spare:
            return False
    return True


def _holds(window: Box, box: Box) -> bool:
    return _inside(box.x, box.w, window.x, window.w) and _inside(box.y, box.h, window.y, window.h)


def _inside(start: float, length: float, low: float, size: float) -> bool:
    return start >= low - 1 and start + length <= low + size + 1


def _path(scene: Scene, bounds: _Bounds, tight: Box, wide: Box, motion: Motion) -> tuple[WindowPx, WindowPx]:
    """Start and end windows. A pan that has no room to travel becomes a zoom, so that no shot stands still."""
    if motion in (Motion.PAN_LEFT, Motion.PAN_RIGHT):
        ends = _pan(scene, bounds, tight, wide)
        if ends is not None:
            return ends if motion is Motion.PAN_RIGHT else ends[::-1]
    return (_window(tight), _window(wide)) if motion is Motion.PULL_OUT else (_window(wide), _window(tight))


def _pan(scene: Scene, bounds: _Bounds, tight: Box, wide: Box) -> tuple[WindowPx, WindowPx] | None:
    """The leftmost and rightmost windows of a pan that keeps focus and labels in frame, None without room for one."""
    w, h = (tight.w + wide.w) / 2, (tight.h + wide.h) / 2
    y = (tight.y + wide.y) / 2
    margin = 0.02 * w
    low, high = bounds.left, bounds.right - w
    for wanted in (scene.focus, scene.must):
        if wanted is not None and wanted.w + 2 * margin <= w:
            low = max(low, wanted.x + wanted.w + margin - w)
            high = min(high, wanted.x - margin)
    travel = w * (_PAN if scene.open_sides else _PAN_IN_SCENE)
    middle = (tight.cx + wide.cx) / 2 - w / 2
    left, right = max(low, middle - travel / 2), min(high, middle + travel / 2)
    if right - left < _LEAST_PAN * w:
        return None
    return (left, y, w, h), (right, y, w, h)


def _window(box: Box) -> WindowPx:
    return box.x, box.y, box.w, box.h


def _mat(scene: Scene, motion: Motion) -> Layout:
    crop = _mat_crop(scene)
    # Full width when the crop has the pixels for it; a smaller picture is shown smaller, never blown up.
    zoom = ZOOM if crop.w * MAX_UPSCALE >= REEL_WIDTH_PX * ZOOM else MIN_ZOOM
    wide_scale = min(REEL_WIDTH_PX / crop.w, MAX_UPSCALE / zoom, 0.8 * REEL_HEIGHT_PX / crop.h)
    # Coming closer must not push the product out of the sides.
    wide_scale = min(wide_scale, REEL_WIDTH_PX / (1.02 * scene.focus.w) / zoom)
    full_width = wide_scale * crop.w > REEL_WIDTH_PX - 1
    bounds = _Bounds(crop.x, 0.0, crop.x + crop.w, 0.0) if full_width else _Bounds(-_FAR, 0.0, _FAR, 0.0)
    tall = wide_scale * crop.h > _TALL_MAT * REEL_HEIGHT_PX
    wide, tight = (_on_mat(scene, crop, bounds, scale, tall) for scale in (wide_scale, wide_scale * zoom))
    start, end = _path(scene, bounds, tight, wide, motion)
    return Layout(start, end, (round(crop.x), round(crop.y), round(crop.w), round(crop.h)), on_mat=True)


def _on_mat(scene: Scene, crop: Box, bounds: _Bounds, scale: float, tall: bool) -> Box:
    """A window over the mat: a tall picture stands on the frame's lower edge, others hang in the middle."""
    w, h = REEL_WIDTH_PX / scale, REEL_HEIGHT_PX / scale
    y = crop.y + crop.h - h if tall else crop.cy - _MAT_MIDDLE * h
    x = _keep(crop.cx - w / 2, w, scene.focus.x, scene.focus.w)
    return Box(_clamp(x, bounds.left, bounds.right - w), y, w, h)


def _mat_crop(scene: Scene) -> Box:
    """The largest upright crop that keeps focus and labels with some air; the whole photo when none does."""
    for aspect in _MAT_ASPECTS:
        w = min(scene.width, scene.height / aspect)
        h = min(float(scene.height), w * aspect)
        if h / w <= scene.height / scene.width + 1e-6:
            continue
        x = _clamp(scene.focus.cx - w / 2, 0, scene.width - w)
        y = _clamp(scene.focus.cy - h / 2, 0, scene.height - h)
        crop = Box(round(x), round(y), round(w), round(h))
        air = Box(crop.x + 0.03 * w, crop.y, 0.94 * w, crop.h)
        if all(_holds(air, box) for box in (scene.focus, scene.must) if box is not None):
            return crop
    return Box(0, 0, scene.width, scene.height)
