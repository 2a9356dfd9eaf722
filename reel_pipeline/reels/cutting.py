"""Which part of each clip the reel shows when, how one shot follows another, and the cut list that says so.

The timeline sets the rhythm. A shot either replaces the one before at once or pushes it out; the two are never mixed,
as a dissolve would show two photos as one product.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import union
from reel_pipeline.records import (
    BoxPx,
    Clip,
    ClipEdition,
    Cut,
    CutList,
    Format,
    Segment,
    Span,
    Subject,
    SubjectKind,
    TimedBox,
    Track,
    Transition,
    TransitionKind,
    VoiceEdition,
)
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes
    from reel_pipeline.reels.end_card import EndCard
    from reel_pipeline.reels.overlay import Bitmap

_SUBJECTS = frozenset(SubjectKind)


@dataclass(frozen=True)
class Part:
    """What is seen in one stretch of the timeline: a clip from its frame `clip_start_frame` on; None is the end card.

    `goes_on_frames`: so many frames more of the clip are seen while the next shot pushes it out.
    """

    segment: Segment
    clip: Clip | None = None
    clip_start_frame: int = 0
    goes_on_frames: int = 0

    def subjects_during(self, span: Span) -> Iterator[Subject]:
        """Product, labels and faces, each with the box that holds it throughout `span` (in frames of the reel)."""
        seen = common(self.segment, span)
        if self.clip is None or seen is None:
            return
        in_clip = seen.model_copy(update={"start_frame": seen.start_frame + self._shift})
        for track in self.clip.tracks:
            boxes = [box.box_px_xywh for box in track.boxes if common(box, in_clip)]
            if track.kind in _SUBJECTS and boxes:
                yield Subject(kind=SubjectKind(track.kind), box_px_xywh=union(boxes))

    @property
    def holds(self) -> Iterator[Span]:
        """Where this stretch stands still on purpose, in frames of the reel; while a shot is pushed in nothing does."""
        entered = self.segment.start_frame + self.segment.transition_frames
        still = Span(start_frame=entered, frame_count=self.segment.stop_frame - entered)
        for hold in self.clip.holds if self.clip else ():
            seen = common(hold.model_copy(update={"start_frame": hold.start_frame - self._shift}), still)
            if seen:
                yield seen

    @property
    def _shift(self) -> int:
        """From a frame of the reel to that of the clip."""
        return self.clip_start_frame - self.segment.start_frame


def common(one: Span, other: Span) -> Span | None:
    """The frames that are in both, None where there are none."""
    start, stop = max(one.start_frame, other.start_frame), min(one.stop_frame, other.stop_frame)
    return Span(start_frame=start, frame_count=stop - start) if start < stop else None


def parts_of(clips: ClipEdition, voice: VoiceEdition) -> tuple[Part, ...]:
    """One part for each segment of the timeline. Of a clip that is longer the middle is taken, without its eased ends.

    Raises `RenderError` where the timeline has a gap or a transition that can't be shown, or a clip is too short.
    """
    by_shot = {clip.shot: clip for clip in clips.clips}
    parts = []
    for before, segment, after in zip(
        (None, *voice.segments), voice.segments, (*voice.segments[1:], None), strict=False
    ):
        _check_place(before, segment)
        if segment.shot is None:
            parts.append(Part(segment))
            continue
        goes_on = after.transition_frames if after else 0
        clip, needed = by_shot.get(segment.shot), segment.frame_count + goes_on
        if clip is None or clip.frame_count < needed:
            has = clip.frame_count if clip else "no"
            raise RenderError(
                f"Shot {segment.shot} needs {needed} frames and its clip has {has}; make the clips again."
            )
        parts.append(Part(segment, clip, (clip.frame_count - needed) // 2, goes_on))
    return tuple(parts)


def _check_place(before: Segment | None, segment: Segment) -> None:
    if before and before.stop_frame != segment.start_frame:
        raise RenderError(f"The timeline has a gap before frame {segment.start_frame}; make the voice again.")
    between_shots = before is not None and before.shot is not None and segment.shot is not None
    if segment.transition_frames and not (
        between_shots
        and segment.enters is TransitionKind.SLIDE
        and segment.transition_frames <= segment.frame_count // 2
    ):
        raise RenderError(
            f"Nothing can slide in at frame {segment.start_frame}: only a shot that follows another one can, in half "
            "of its length at most; make the voice again."
        )


def pictures(parts: Sequence[Part], card: "EndCard", store: Store) -> "Iterator[Planes]":
    """Every frame of the reel before captions are drawn. Each clip is decoded once; two at most are open at a time."""
    leaving = card.frames(0)  # before the first shot there is none
    for part in parts:
        segment = part.segment
        entering = _decoded(part, store) if part.clip else card.frames(segment.frame_count)
        for index in range(segment.transition_frames):
            old, new = next(leaving), next(entering)
            yield _beside(old, new, slide_px(index, segment.transition_frames, new.y.shape[1]))
        leaving.close()
        yield from islice(entering, segment.frame_count - segment.transition_frames)
        leaving = entering


def _decoded(part: Part, store: Store) -> "Generator[Planes, None, None]":
    from reel_pipeline.media.video import read_planes

    assert part.clip is not None
    count = 0
    for picture in islice(read_planes(store.path(part.clip.video)), part.clip_start_frame, None):
        yield picture
        count += 1
    raise RenderError(
        f"Shot {part.segment.shot} needs {part.segment.frame_count + part.goes_on_frames} frames and its file holds "
        f"{count}; make the clip again."
    )


def slide_px(index: int, frame_count: int, width_px: int) -> int:
    """How far the leaving picture is pushed out to the left at frame `index` of a slide that lasts `frame_count`.

    Starts and ends slowly. Even, as chroma is halved, and at least 2 px of either picture are seen: of 1080 px and 8
    frames it is 38 at first, 450 at the fourth and 1042 at the last.
    """
    time = (index + 1) / (frame_count + 1)
    return min(max(2 * round(width_px * time * time * (3 - 2 * time) / 2), 2), width_px - 2)


def _beside(leaving: "Planes", entering: "Planes", pushed_px: int) -> "Planes":
    """`leaving` without its first `pushed_px` columns, then as many of `entering`."""
    from reel_pipeline.media.video import Planes

    half = pushed_px // 2
    return Planes(
        np.hstack([leaving.y[:, pushed_px:], entering.y[:, :pushed_px]]),
        np.hstack([leaving.u[:, half:], entering.u[:, :half]]),
        np.hstack([leaving.v[:, half:], entering.v[:, :half]]),
    )


def cut_list_of(
    parts: Sequence[Part], format: Format, captions: "Sequence[tuple[Span, Bitmap]]", card: "EndCard"
) -> CutList:
    """What the reel consists of, with each caption's box during its span."""
    overlays = [_overlay("caption", span, bitmap.box_px_xywh) for span, bitmap in captions]
    for part in parts:
        if part.clip is None:
            overlays.append(_overlay("end_card", part.segment, card.box_px_xywh))
            if card.logo_box_px_xywh:
                overlays.append(_overlay("logo", part.segment, card.logo_box_px_xywh))
    return CutList(
        format=format,
        cuts=tuple(_cut(part) for part in parts),
        holds=tuple(hold for part in parts for hold in part.holds),
        transitions=tuple(
            _transition(before.segment, after.segment, format)
            for before, after in pairwise(parts)
            if after.segment.transition_frames
        ),
        overlays=tuple(overlays),
    )


def _cut(part: Part) -> Cut:
    clip = part.clip
    return Cut(
        start_frame=part.segment.start_frame,
        frame_count=part.segment.frame_count,
        shot=part.segment.shot,
        photo=clip.photo if clip else None,
        clip_start_frame=part.clip_start_frame,
        rung=clip.rung if clip else None,
        ground=clip.ground if clip else None,
        made_by=clip.made_by if clip else (),
    )


def _overlay(kind: str, span: Span, box: BoxPx) -> Track:
    lies = TimedBox(start_frame=span.start_frame, frame_count=span.frame_count, box_px_xywh=box)
    return Track(kind=kind, boxes=(lies,))


def _transition(before: Segment, after: Segment, format: Format) -> Transition:
    assert before.shot is not None
    assert after.shot is not None
    width, height = format.width_px, format.height_px
    leaving, entering = [], []
    for index in range(after.transition_frames):
        pushed = slide_px(index, after.transition_frames, width)
        at = {"start_frame": after.start_frame + index, "frame_count": 1}
        leaving.append(TimedBox(box_px_xywh=(0, 0, width - pushed, height), **at))
        entering.append(TimedBox(box_px_xywh=(width - pushed, 0, pushed, height), **at))
    return Transition(
        start_frame=after.start_frame,
        frame_count=after.transition_frames,
        kind=after.enters,
        from_shot=before.shot,
        to_shot=after.shot,
        leaving=Track(kind="leaving", boxes=tuple(leaving)),
        entering=Track(kind="entering", boxes=tuple(entering)),
    )
