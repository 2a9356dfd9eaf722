"""Test reels of two shots with a slide between them, and whatever else is declared as one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import Planes, VideoWriter
from reel_pipeline.records import Cut, CutList, Format, TimedBox, Track, Transition, TransitionKind
from reel_pipeline_tests.bench.filming import SMALL, caption, film

CUT_FRAMES, PASSING = 26, 12
Joined = Callable[[Pixels, Pixels, int], Pixels]
"""A frame of a transition from the leaving and the entering picture, HWC RGB uint8, and the column where the entering
one begins in a slide."""


def pushed(leaving: Pixels, entering: Pixels, column: int) -> Pixels:
    return np.hstack([leaving[:, leaving.shape[1] - column :], entering[:, : entering.shape[1] - column]])


def columns(width: int, frames: int = PASSING) -> list[int]:
    """Where the entering picture begins in each frame: it comes in fast and slows down."""
    return [2 * round(width / 2 * (1 - (number + 1) / (frames + 1)) ** 2) for number in range(frames)]


def slide(
    path: Path,
    photos: tuple[Pixels, Pixels],
    size: tuple[int, int] = SMALL,
    joined: Joined = pushed,
    passing: tuple[Pixels, Pixels] | None = None,
    frames: int = PASSING,
) -> CutList:
    """Films one shot of each photo, with a slide declared between them, and returns the cut list. `joined` makes its
    frames, of `passing` instead of the photos."""
    width, height = size
    shots = [_shot(photo, number, size, frames) for number, photo in enumerate(photos)]
    between = [_shot(photo, number, size, frames) for number, photo in enumerate(passing or photos)]
    at = columns(width, frames)
    mixed = [joined(between[0][CUT_FRAMES + number], between[1][number], column) for number, column in enumerate(at)]
    entering_frames = shots[1][frames : frames + CUT_FRAMES]
    box = (width // 10, height * 3 // 4, width * 8 // 10, height // 20)
    with VideoWriter(path, *size) as writer:
        for frame in (*shots[0][:CUT_FRAMES], *mixed, *entering_frames):
            frame = np.ascontiguousarray(frame)
            caption(frame, "One line over both shots", box)
            writer.write(Planes.from_rgb(frame))
    cuts = (
        Cut(shot=1, photo="1" * 16, start_frame=0, frame_count=CUT_FRAMES),
        Cut(shot=2, photo="2" * 16, start_frame=CUT_FRAMES, frame_count=frames + CUT_FRAMES),
    )
    lasting = TimedBox(start_frame=0, frame_count=2 * CUT_FRAMES + frames, box_px_xywh=box)
    return CutList(
        format=Format(width_px=width, height_px=height),
        cuts=cuts,
        transitions=(declared(at, size),),
        overlays=(Track(kind="caption", boxes=(lasting,)),),
    )


def declared(at: Sequence[int], size: tuple[int, int]) -> Transition:
    """The slide from shot 1 to shot 2 as a cut list has it, which says of each picture only what is seen of it."""
    width, height = size
    spans = [{"start_frame": CUT_FRAMES + number, "frame_count": 1} for number in range(len(at))]
    leaving = [TimedBox(box_px_xywh=(0, 0, x, height), **span) for span, x in zip(spans, at, strict=True) if x]
    entering = [TimedBox(box_px_xywh=(x, 0, width - x, height), **span) for span, x in zip(spans, at, strict=True)]
    return Transition(
        kind=TransitionKind.SLIDE,
        start_frame=CUT_FRAMES,
        frame_count=len(at),
        from_shot=1,
        to_shot=2,
        leaving=Track(kind="leaving", boxes=tuple(leaving)),
        entering=Track(kind="entering", boxes=tuple(entering)),
    )


def _shot(photo: Pixels, number: int, size: tuple[int, int], frames: int) -> list[Pixels]:
    return list(film(photo, CUT_FRAMES + frames, np.random.default_rng(11 + number), number == 1, size))
