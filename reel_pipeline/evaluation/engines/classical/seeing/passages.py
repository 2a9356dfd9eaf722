"""Transitions that a cut list declares and that can be one: a slide, short, whose two pictures tile the frame.

Any other counts as undeclared. Whether the frames show what is declared is seen by `motion.py`, from frame to frame,
and by `sides.py`, against the photos.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from reel_pipeline.media.boxes import area, intersection, union
from reel_pipeline.records import BoxPx, Cut, CutList, Span, Transition, TransitionKind

MAX_PASSAGE_S = 0.6
"""14 frames at 24 fps. Anything longer is no transition but a picture of its own."""
MIN_SIDE_SHARE = 0.2
"""Share of the frame that each side must have in the frame where they are most alike in size: 216 of 1080 columns."""


@dataclass(frozen=True)
class Passage:
    """An honoured transition of `frame_count` frames, with the first of which the entering shot's cut begins.

    `middle_frame`: that in which the two sides are most alike in size; `leaving_px_xywh`, `entering_px_xywh`: the
    frame's two parts there, `leaving_px_moved`, `entering_px_moved`: how far to the right each picture is then from
    where it lies in its own cut. `pushed_px`: how far to the left both went with each frame, and with the first after
    the transition. In pixels of the reel.
    """

    frame_count: int
    middle_frame: int
    leaving_px_xywh: BoxPx
    entering_px_xywh: BoxPx
    leaving_px_moved: int
    entering_px_moved: int
    pushed_px: tuple[int, ...]


def passages(cut_list: CutList, fps: float) -> dict[int, Passage]:
    """First frame of the entering cut -> the transition that it begins with, for all that are honoured."""
    found = {}
    for before, cut in pairwise(cut_list.cuts):
        for transition in cut_list.transitions:
            if (
                transition.start_frame == cut.start_frame
                and (transition.from_shot, transition.to_shot) == (before.shot, cut.shot)
                and (passage := _passage(transition, cut, cut_list, fps))
            ):
                found[cut.start_frame] = passage
    return found


def without_fleeting(cut_list: CutList, fps: float, clear_frames: int) -> CutList:
    """The cut list without the overlays that lie in a transition alone, `clear_frames` around it included: what covers
    something there has to be seen where the two shots are looked at by themselves."""
    spans = [
        (start - 1 - clear_frames, start + passage.frame_count + clear_frames)
        for start, passage in passages(cut_list, fps).items()
    ]
    tracks = [
        track.model_copy(update={"boxes": tuple(box for box in track.boxes if not _is_fleeting(box, spans))})
        for track in cut_list.overlays
    ]
    return cut_list.model_copy(update={"overlays": tuple(tracks)})


def _is_fleeting(box: Span, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first < box.start_frame and box.stop_frame <= last for first, last in spans)


def _passage(transition: Transition, cut: Cut, cut_list: CutList, fps: float) -> Passage | None:
    too_long = transition.frame_count > MAX_PASSAGE_S * fps or transition.frame_count >= cut.frame_count
    if transition.kind is not TransitionKind.SLIDE or too_long:
        return None
    sides = list(_sides(transition, cut_list.format.frame_px_xywh))
    width = cut_list.format.width_px
    # What pushes comes in from the right: its left edge is how far it has still to go, and the other's width.
    edges = [width, *(leaving[2] for _, leaving, _ in sides), 0]
    pushed = tuple(before - after for before, after in pairwise(edges))
    if len(sides) < transition.frame_count or min(pushed) < 0:
        return None
    smaller = [min(area(leaving), area(entering)) for _, leaving, entering in sides]
    frame, leaving, entering = sides[smaller.index(max(smaller))]
    if max(smaller) < MIN_SIDE_SHARE * area(cut_list.format.frame_px_xywh):
        return None
    return Passage(transition.frame_count, frame, leaving, entering, leaving[2] - width, leaving[2], pushed)


def _sides(transition: Transition, whole: BoxPx) -> Iterator[tuple[int, BoxPx, BoxPx]]:
    """Each frame in which the leaving picture, on the left, and the entering one tile the frame, with what of it each
    has."""
    nothing = (0, 0, 0, 0)
    for frame in range(transition.start_frame, transition.stop_frame):
        leaving, entering = (
            intersection(track.box_at(frame) or nothing, whole) for track in (transition.leaving, transition.entering)
        )
        parts = [part for part in (leaving, entering) if area(part)]
        is_whole = bool(parts) and union(parts) == whole and sum(map(area, parts)) == area(whole)
        if is_whole and (len(parts) == 1 or leaving[0] + leaving[2] == entering[0]):
            yield frame, leaving, entering
