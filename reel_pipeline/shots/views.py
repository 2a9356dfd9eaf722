"""Labels -> which photo each shot shows, what must stay in frame, and how the camera may move.

The camera path itself is made in `stills/`; here only what is safe and in which order to try it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from reel_pipeline.media.boxes import area, intersection, union
from reel_pipeline.records import (
    VERTICAL,
    BoxPx,
    Format,
    Frame,
    Motion,
    Preferences,
    Role,
    Rung,
    Subject,
    SubjectKind,
    Take,
    ViewClass,
)

MAX_UPSCALE = 1.6
"""How many times a photo may be enlarged: 675 px of it may fill a frame that is 1080 px wide, and no fewer."""
MIN_CLOSE_SHARE = 0.75
"""How high a photo without a backdrop to extend has to be for a close-up, as a share of the smallest window's height.
In 9:16 that window is 675 x 1200 px; a photo lower than 900 px has no upright part of 3:4 that is 675 px wide."""
TINY_SIDE_PX = 400
"""A photo with a shorter side is used only when there is nothing larger: enlarged 1.6 times, 400 px are 640 of the
frame's 1080."""
BLURRED = 0.6
"""A photo is soft when its sharpness is below this share of the gallery's median: at a median of 0.4, below 0.24. Sharp
photos have 0.3 to 0.46."""
MAX_SUBJECTS = 12
MAX_TAKES = 4
WHOLE = 0.9
"""A focus box that has at least this share of the product box's area shows the whole product, a smaller one a part."""
CLOSE_SHARE, MOST_SHARE = 0.88, 0.94
"""Of a close-up, 0.88 of its photo's height is to stay in frame. In formats wider than 9:16 that would often take more
than 0.94 of the photo's width, which leaves the camera no room: then it is 0.88 of the width. Of 1200 x 1500 px a 9:16
reel keeps 742 x 1320, a square one 1056 x 1056."""
PAN_ROOM = 0.12
"""A pan is seen as one only if the window can travel this share of its width: 81 px for a window 675 px wide."""

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


def choose_views(frames: tuple[Frame, ...], prefer: Preferences, format: Format) -> list[tuple[Role, View]]:
    """2 to 6 framings in the order shown. Where photos are few one comes twice, if possible with a close-up between."""
    unused = _ranked(frames, format)
    opening = _take(Role.OPENING, unused, prefer) or unused.pop(0)
    reveal = _take(Role.REVEAL, unused, prefer)
    texture = _take(Role.TEXTURE, unused, prefer)
    first = (Role.OPENING, _whole(opening, format))
    second = (Role.REVEAL, _whole(reveal or opening, format))
    close = _whole(texture, format) if texture else None
    if close is None or _narrow(close.frame, format):
        close = _closer(_ranked(frames, format), opening, format) or close
    shown = [first, second]
    if close:
        shown.insert(2 if reveal else 1, (Role.TEXTURE, close))
    while len(shown) < MAX_SHOTS and (another := _take(Role.DETAIL, unused, prefer)):
        shown.append((Role.DETAIL, _whole(another, format)))
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


def _whole(frame: Frame, format: Format) -> View:
    return View(frame, whole_focus(frame, format))


def takes_for(
    role: Role,
    view: View,
    frames: tuple[Frame, ...],
    shown: list[tuple[View, Motion]],
    prefer: Preferences,
    format: Format,
) -> tuple[Take, ...]:
    """Other motions of the same framing first, then the next best photos of a fitting class, at most `MAX_TAKES`.

    `shown`: the framings and motions of the shots before, none of which is repeated if another one is possible.
    """
    can_pan = has_pan_room(view.frame, view.focus_px_xywh, format)
    motions = [motion for motion in MOTIONS[role] if can_pan or not _is_pan(motion)]
    rank = _rank(prefer)
    motions.sort(key=lambda motion: ((view, motion) in shown, bool(shown) and motion is shown[-1][1], rank(motion)))
    others = [frame for frame in _ranked(frames, format) if frame.photo != view.frame.photo]
    others.sort(key=lambda frame: frame.view_class not in PREFERRED[role])
    tries = [(view, motion) for motion in motions[:2]]
    tries += [(_whole(frame, format), Motion.PUSH_IN) for frame in others]
    return tuple(
        Take(
            photo=tried.frame.photo,
            rung=Rung.STILL_MOTION,
            motion=motion,
            focus_px_xywh=tried.focus_px_xywh,
            subjects=_subjects(tried.frame),
            seed=index,
        )
        for index, (tried, motion) in enumerate(tries[:MAX_TAKES])
    )


def min_window_px(format: Format) -> tuple[float, float]:
    """Width and height of the smallest part of a photo that may fill the frame: 675 x 1200 in 9:16."""
    return format.width_px / MAX_UPSCALE, format.height_px / MAX_UPSCALE


def whole_focus(frame: Frame, format: Format) -> BoxPx:
    """The product's box; of a close-up, which fills its photo, the part that a window can hold while it moves."""
    box = clip_box(frame.product_box_px_xywh, frame)
    least_width, least_height = min_window_px(format)
    is_close_up = frame.view_class is ViewClass.DETAIL_CROP
    if not is_close_up or frame.width_px < least_width or frame.height_px < least_height:
        return box
    height = max(least_height, CLOSE_SHARE * frame.height_px)
    width = height * format.width_px / format.height_px
    most, kept = (MOST_SHARE, CLOSE_SHARE) if format.aspect > VERTICAL.aspect else (1.0, 1.0)
    if width > most * frame.width_px:
        width = max(least_width, kept * frame.width_px)
        height = width * format.height_px / format.width_px
    return _centred(box, round(width), round(height), frame)


def clip_box(box: BoxPx, frame: Frame) -> BoxPx:
    """The part of a box that lies inside its photo, the whole photo where none does."""
    photo = (0, 0, frame.width_px, frame.height_px)
    inside = intersection(box, photo)
    return inside if area(inside) else photo


def window_width_px(focus: BoxPx, format: Format) -> float:
    """Width of the tightest window of the format's shape that holds the focus box."""
    return max(focus[2], focus[3] * format.width_px / format.height_px)


def has_pan_room(frame: Frame, focus: BoxPx, format: Format) -> bool:
    """Whether a window within `MAX_UPSCALE` can travel sideways inside the photo."""
    window = max(window_width_px(focus, format), min_window_px(format)[0])
    return min(frame.width_px - window, window - focus[2]) >= PAN_ROOM * window or (
        frame.width_px - window >= PAN_ROOM * window and frame.view_class is ViewClass.DETAIL_CROP
    )


def is_closer(frame: Frame, focus: BoxPx, format: Format) -> bool:
    """Whether the focus is a part of the product instead of the whole of it."""
    whole = whole_focus(frame, format)
    return focus[2] * focus[3] < WHOLE * whole[2] * whole[3]


def _ranked(frames: tuple[Frame, ...], format: Format) -> list[Frame]:
    """Best first: large and sharp enough, sure of what it shows, of this very colourway, in the shop's own order."""
    median = sorted(frame.sharpness for frame in frames)[len(frames) // 2]
    large = [frame for frame in frames if min(frame.width_px, frame.height_px) >= TINY_SIDE_PX]
    return sorted(
        large or frames,
        key=lambda frame: (
            frame.sharpness < BLURRED * median,
            frame.unsure,
            _narrow(frame, format),
            frame.variant is None,
            frame.position,
        ),
    )


def _narrow(frame: Frame, format: Format) -> bool:
    return frame.width_px < min_window_px(format)[0]


def _closer(best: list[Frame], opening: Frame, format: Format) -> View | None:
    """A part of the product at full sharpness: its label if one was read, else its middle; not of the opening photo
    if there is another.
    """
    least_width, least_height = min_window_px(format)
    for frame in sorted(best, key=lambda frame: (not frame.label_text, frame is opening, -frame.width_px)):
        if frame.height_px < MIN_CLOSE_SHARE * least_height and not frame.backdrop_is_plain:
            continue
        box = clip_box(frame.product_box_px_xywh, frame)
        width = max(least_width, 0.6 * min(box[2], box[3] * format.width_px / format.height_px))
        if width > frame.width_px:
            continue
        height = width * format.height_px / format.width_px
        focus = _centred(_label_box(frame) or box, round(width), round(height), frame)
        if is_closer(frame, focus, format):
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


def _subjects(frame: Frame) -> tuple[Subject, ...]:
    """The product, faces and label lines, the largest ones first; a box that is two of them counts as the first."""
    lines = sorted((line.box_px_xywh for line in frame.label_text), key=lambda box: -area(box))
    found = [(frame.product_box_px_xywh, SubjectKind.PRODUCT)]
    found += [(box, SubjectKind.FACE) for box in frame.face_boxes_px_xywh]
    found += [(box, SubjectKind.LABEL) for box in lines]
    kinds: dict[BoxPx, SubjectKind] = {}
    for box, kind in found:
        kinds.setdefault(clip_box(box, frame), kind)
    return tuple(Subject(kind=kind, box_px_xywh=box) for box, kind in kinds.items())[:MAX_SUBJECTS]


def _is_pan(motion: Motion) -> bool:
    return motion in (Motion.PAN_LEFT, Motion.PAN_RIGHT)
