"""What every layout shares: the scene and its answer, windows within bounds, and the camera's path between two of them.

All coordinates are photo pixels, x right, y down. Next: `layout.py` and `mats.py`.
"""

from dataclasses import dataclass

from reel_pipeline.records import VERTICAL, BoxPx, Format, Motion, WindowPx

MAX_UPSCALE = 1.6
"""DESIGN.md section 3: beyond it the softness of the photo shows."""
ZOOM = 1.14
"""Wide over tight window of a push or pull: about 5 % a second in a 3 s shot, clearly alive and still calm."""
MIN_ZOOM = 1.06
"""Where the photo has no pixels for more: about 2 % a second, the least that is seen to move."""
_PAN, _PAN_IN_SCENE, LEAST_PAN = 0.12, 0.24, 0.05
"""Travel of a pan in window widths: before a backdrop, in a scene, and the least that reads as motion."""
FAR = 1e6
"""Photo pixels: where a window's bounds are when nothing bounds it."""


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
    """What a layout has to respect. `width`, `height`: of the photo, in pixels; `format`: of the reel.

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
    max_upscale: float = MAX_UPSCALE
    format: Format = VERTICAL


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


@dataclass(frozen=True)
class Bounds:
    """How far a window may reach; endless on open sides."""

    left: float
    top: float
    right: float
    bottom: float

    def least_scale(self, format: Format) -> float:
        """Output pixels per photo pixel at which the largest allowed window is exactly reached."""
        return max(format.width_px / (self.right - self.left), format.height_px / (self.bottom - self.top))


def path(scene: Scene, bounds: Bounds, tight: Box, wide: Box, motion: Motion) -> tuple[WindowPx, WindowPx]:
    """Start and end windows. A pan that has no room to travel becomes a zoom, so that no shot stands still."""
    if motion in (Motion.PAN_LEFT, Motion.PAN_RIGHT):
        ends = _pan(scene, bounds, tight, wide)
        if ends is not None:
            return ends if motion is Motion.PAN_RIGHT else ends[::-1]
    return (as_window(tight), as_window(wide)) if motion is Motion.PULL_OUT else (as_window(wide), as_window(tight))


def _pan(scene: Scene, bounds: Bounds, tight: Box, wide: Box) -> tuple[WindowPx, WindowPx] | None:
    """The leftmost and rightmost windows of a pan that keeps focus and labels in frame, None without room for one."""
    w, h = (tight.w + wide.w) / 2, (tight.h + wide.h) / 2
    y = (tight.y + wide.y) / 2
    margin = 0.02 * w
    low, high = bounds.left, bounds.right - w
    # Of a close-up, the focus is only where to look: a pan may pass over its edges.
    for wanted in (None if scene.close_up else scene.focus, scene.must):
        if wanted is not None and wanted.w + 2 * margin <= w:
            low = max(low, wanted.x + wanted.w + margin - w)
            high = min(high, wanted.x - margin)
    travel = w * (_PAN if scene.open_sides else _PAN_IN_SCENE)
    middle = (tight.cx + wide.cx) / 2 - w / 2
    left, right = max(low, middle - travel / 2), min(high, middle + travel / 2)
    if right - left < LEAST_PAN * w:
        return None
    return (left, y, w, h), (right, y, w, h)


def as_window(box: Box) -> WindowPx:
    return box.x, box.y, box.w, box.h


def keep(start: float, length: float, wanted_start: float, wanted_length: float) -> float:
    """Shift `start` so that the wanted stretch lies inside; unchanged where it can't."""
    if wanted_length > length:
        return start
    return clamp(start, wanted_start + wanted_length - length, wanted_start)


def clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high)) if low <= high else (low + high) / 2


def holds(window: Box, box: Box) -> bool:
    """Whether all of `box` lies in the window, give or take a pixel of the photo."""
    return _inside(box.x, box.w, window.x, window.w) and _inside(box.y, box.h, window.y, window.h)


def _inside(start: float, length: float, low: float, size: float) -> bool:
    return start >= low - 1 and start + length <= low + size + 1


def cuts(start: float, length: float, full: float) -> int:
    """At how many ends of an axis the photo cuts what lies from `start` on."""
    return (start <= 0.015 * full) + (start + length >= 0.985 * full)
