"""Labels -> which photo each shot shows, what must stay in frame, and how the camera may move.

The camera path itself is made in `stills/`; here only what is safe and in which order to try it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from reel_pipeline.media.boxes import area, intersection, union
from reel_pipeline.records import (
    REEL_HEIGHT_PX,
    REEL_WIDTH_PX,
    BoxPx,
    Frame,
    Motion,
    Preferences,
    Role,
    Rung,
    Take,
    ViewClass,
)

MAX_UPSCALE = 1.6
MIN_WINDOW_PX = (REEL_WIDTH_PX / MAX_UPSCALE, REEL_HEIGHT_PX / MAX_UPSCALE)
"""The smallest part of a photo (width, height) that may fill the frame: 675 x 1200."""
MIN_CLOSE_HEIGHT_PX = 900
"""A lower photo without a backdrop to extend has no upright part of 3:4 that is 675 px wide."""
TINY_SIDE_PX = 400
"""A photo this small covers less than a third of the frame's width: used only when there is nothing larger."""
BLURRED = 0.6
"""A photo is soft when its sharpness is below this share of the gallery's median: sharp ones have 0.3 to 0.46."""
MAX_AVOID_BOXES = 12
MAX_TAKES = 4
WHOLE = 0.9
"""A focus box that covers this share of the product box shows the whole product."""
PAN_ROOM = 0.12
"""A pan is seen as one only if the window can travel this share of its width."""

PREFERRED: dict[Role, tuple[ViewClass, ...]] = {
    Role.OPENING: (ViewClass.LIFESTYLE, ViewClass.MODEL_WORN, ViewClass.FLAT_STUDIO),
    Role.REVEAL: (ViewClass.FLAT_STUDIO, ViewClass.MODEL_WORN, ViewClass.LIFESTYLE),
    Role.TEXTURE: (ViewClass.DETAIL_CROP,),
    Role.DETAIL: (ViewClass.DETAIL_CROP, ViewClass.FLAT_STUDIO, ViewClass.MODEL_WORN, ViewClass.LIFESTYLE),
}
MAX_SHOTS = 6
MOTIONS: dict[Role, tuple[Motion, ...]] = {
    Role.OPENING: (Motion.PUSH_IN, Motion.PULL_OUT),
    Role.REVEAL: (Motion.PULL_OUT, Motion.PUSH_IN),
    Role.TEXTURE: (Motion.PAN_RIGHT, Motion.PUSH_IN, Motion.PULL_OUT),
    Role.DETAIL: (Motion.PAN_LEFT, Motion.PULL_OUT, Motion.PUSH_IN),
}
"""In order of preference; a pan is left out where the photo gives it no room."""


@dataclass(frozen=True)
class View:
    """One framing of one photo."""

    frame: Frame
    focus_px_xywh: BoxPx


def choose_views(frames: tuple[Frame, ...], prefer: Preferences) -> list[tuple[Role, View]]:
    """2 to 6 framings in the order shown. Where photos are few one comes twice, if possible with a close-up between."""
    unused = _ranked(frames)
    opening = _take(Role.OPENING, unused, prefer) or unused.pop(0)
    reveal = _take(Role.REVEAL, unused, prefer)
    texture = _take(Role.TEXTURE, unused, prefer)
    first = (Role.OPENING, _whole(opening))
    second = (Role.REVEAL, _whole(reveal or opening))
    close = _whole(texture) if texture else None
    if close is None or _narrow(close.frame):
        close = _closer(_ranked(frames), opening) or close
    shown = [first, second]
    if close:
        shown.insert(2 if reveal else 1, (Role.TEXTURE, close))
    while len(shown) < MAX_SHOTS and (another := _take(Role.DETAIL, unused, prefer)):
        shown.append((Role.DETAIL, _whole(another)))
    if len(shown) == 2 and reveal:
        shown.append((Role.DETAIL, first[1]))
    return shown


def _take(role: Role, unused: list[Frame], prefer: Preferences) -> Frame | None:
    """The best unused frame of the class this role likes most; removes it from `unused`.

    The opening shows the product whole, if any frame does.
    """
    classes = sorted(PREFERRED[role], key=_rank(prefer))
    fitting = [frame for kind in classes for frame in unused if frame.view_class is kind]
    if role is Role.OPENING:
        fitting.sort(key=_is_cut_at_a_corner)
    if not fitting:
        return None
    unused.remove(fitting[0])
    return fitting[0]


def _is_cut_at_a_corner(frame: Frame) -> bool:
    """Whether the product leaves its photo across two sides that meet: a close-up, whatever its class. A scene of which
    all is taken for the product touches every side, and an arm that wears it is rightly cut."""
    if frame.view_class is ViewClass.MODEL_WORN:
        return False
    x, y, w, h = clip_box(frame.product_box_px_xywh, frame)
    near = 0.01 * min(frame.width_px, frame.height_px)
    across = (x <= near) + (x + w >= frame.width_px - near)
    along = (y <= near) + (y + h >= frame.height_px - near)
    return across == 1 and along == 1


def _rank(prefer: Preferences) -> Callable[[Motion | ViewClass], int]:
    """A sorting key: what is preferred first, in that order; the others keep theirs."""
    return lambda choice: prefer.index(choice) if choice in prefer else len(prefer)


def _whole(frame: Frame) -> View:
    return View(frame, whole_focus(frame))


def takes_for(
    role: Role,
    view: View,
    frames: tuple[Frame, ...],
    shown: list[tuple[View, Motion]],
    prefer: Preferences,
) -> tuple[Take, ...]:
    """Other motions of the same framing first, then the next best photos of a fitting class, at most `MAX_TAKES`.

    `shown`: the framings and motions of the shots before, none of which is repeated if another one is possible.
    """
    motions = [
        motion for motion in MOTIONS[role] if not _is_pan(motion) or has_pan_room(view.frame, view.focus_px_xywh)
    ]
    rank = _rank(prefer)
    motions.sort(key=lambda motion: ((view, motion) in shown, bool(shown) and motion is shown[-1][1], rank(motion)))
    others = [frame for frame in _ranked(frames) if frame.photo != view.frame.photo]
    others.sort(key=lambda frame: frame.view_class not in PREFERRED[role])
    tries = [(view, motion) for motion in motions[:2]]
    tries += [(_whole(frame), Motion.PUSH_IN) for frame in others]
    return tuple(
        Take(
            photo=tried.frame.photo,
            rung=Rung.STILL_MOTION,
            motion=motion,
            focus_px_xywh=tried.focus_px_xywh,
            avoid_px_xywh=_avoid(tried.frame),
            seed=index,
        )
        for index, (tried, motion) in enumerate(tries[:MAX_TAKES])
    )


def whole_focus(frame: Frame) -> BoxPx:
    """The product's box; of a close-up, which fills its photo, the part that a 9:16 window can hold while it moves."""
    box = clip_box(frame.product_box_px_xywh, frame)
    if (
        frame.view_class is not ViewClass.DETAIL_CROP
        or frame.width_px < MIN_WINDOW_PX[0]
        or frame.height_px < MIN_WINDOW_PX[1]
    ):
        return box
    height = max(MIN_WINDOW_PX[1], frame.height_px * 0.88)
    width = height * REEL_WIDTH_PX / REEL_HEIGHT_PX
    if width > frame.width_px:
        width, height = frame.width_px, frame.width_px * REEL_HEIGHT_PX / REEL_WIDTH_PX
    return _centred(box, round(width), round(height), frame)


def clip_box(box: BoxPx, frame: Frame) -> BoxPx:
    """The part of a box that lies inside its photo, the whole photo where none does."""
    photo = (0, 0, frame.width_px, frame.height_px)
    inside = intersection(box, photo)
    return inside if area(inside) else photo


def window_width_px(focus: BoxPx) -> float:
    """Width of the tightest 9:16 window that holds the focus box."""
    return max(focus[2], focus[3] * REEL_WIDTH_PX / REEL_HEIGHT_PX)


def has_pan_room(frame: Frame, focus: BoxPx) -> bool:
    """Whether a window within `MAX_UPSCALE` can travel sideways inside the photo."""
    window = max(window_width_px(focus), MIN_WINDOW_PX[0])
    return min(frame.width_px - window, window - focus[2]) >= PAN_ROOM * window or (
        frame.width_px - window >= PAN_ROOM * window and frame.view_class is ViewClass.DETAIL_CROP
    )


def is_closer(frame: Frame, focus: BoxPx) -> bool:
    """Whether the focus is a part of the product instead of the whole of it."""
    whole = whole_focus(frame)
    return focus[2] * focus[3] < WHOLE * whole[2] * whole[3]


def _ranked(frames: tuple[Frame, ...]) -> list[Frame]:
    """Best first: large and sharp enough, sure of what it shows, of this very colourway, in the shop's own order."""
    median = sorted(frame.sharpness for frame in frames)[len(frames) // 2]
    large = [frame for frame in frames if min(frame.width_px, frame.height_px) >= TINY_SIDE_PX]
    return sorted(
        large or frames,
        key=lambda frame: (
            frame.sharpness < BLURRED * median,
            frame.unsure,
            _narrow(frame),
            frame.variant is None,
            frame.position,
        ),
    )


def _narrow(frame: Frame) -> bool:
    return frame.width_px < MIN_WINDOW_PX[0]


def _closer(best: list[Frame], opening: Frame) -> View | None:
    """A part of the product at full sharpness: its label if one was read, else its middle; not of the opening photo
    if there is another.
    """
    for frame in sorted(best, key=lambda frame: (not frame.label_text, frame is opening, -frame.width_px)):
        if frame.height_px < MIN_CLOSE_HEIGHT_PX and not frame.backdrop_is_plain:
            continue
        box = clip_box(frame.product_box_px_xywh, frame)
        width = max(MIN_WINDOW_PX[0], 0.6 * min(box[2], box[3] * REEL_WIDTH_PX / REEL_HEIGHT_PX))
        if width > frame.width_px:
            continue
        focus = _centred(_label_box(frame) or box, round(width), round(width * REEL_HEIGHT_PX / REEL_WIDTH_PX), frame)
        if is_closer(frame, focus):
            return View(frame, focus)
    return None


def _label_box(frame: Frame) -> BoxPx | None:
    boxes = [line.box_px_xywh for line in frame.label_text]
    return clip_box(union(boxes), frame) if boxes else None


def _centred(box: BoxPx, width_px: int, height_px: int, frame: Frame) -> BoxPx:
    """A box of this size around the middle of `box`, moved and cut so that it lies inside the photo."""
    width, height = min(width_px, frame.width_px), min(height_px, frame.height_px)
    left = round(box[0] + box[2] / 2 - width / 2)
    top = round(box[1] + box[3] / 2 - height / 2)
    return min(max(0, left), frame.width_px - width), min(max(0, top), frame.height_px - height), width, height


def _avoid(frame: Frame) -> tuple[BoxPx, ...]:
    boxes = [frame.product_box_px_xywh, *frame.face_boxes_px_xywh]
    boxes += sorted((line.box_px_xywh for line in frame.label_text), key=lambda box: -area(box))
    clipped = [clip_box(box, frame) for box in boxes]
    return tuple(dict.fromkeys(clipped))[:MAX_AVOID_BOXES]


def _is_pan(motion: Motion) -> bool:
    return motion in (Motion.PAN_LEFT, Motion.PAN_RIGHT)
