"""Is each clip a clip the reel can use? Decodes the files and measures."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.clips.animate import MAX_FRAMES, clip_lengths
from reel_pipeline.records import FPS, ClipEdition, Finding, Format, Span, VoiceEdition
from reel_pipeline.store import Store

VISIBLE_LUMA = 30
"""A picture whose brightest thousandth is darker than this (16 is black) shows nothing; black cloth on black has 45."""
MOVING_LEVELS = 4
MOVING_SHARE = 0.0003
"""A camera moves when, half a second later, this share of a picture of 270 px on its short side (39 points of 270x480)
has changed by more than `MOVING_LEVELS`."""
STEP_FRAMES = FPS // 2
MAX_HOLD_FRAMES, MAX_HELD_SHARE = int(1.2 * FPS), 0.5
"""A planned hold is a short rest: at most 1.2 s at a stretch (28 frames), and half of a clip's frames in all."""


@dataclass(frozen=True)
class _Seen:
    """What decoding one clip showed. `still_frames`: half-second steps without motion, in frames that are no hold."""

    format: str
    frames: int
    black_frames: int
    still_frames: int


def clip_meets_spec(clips: ClipEdition, voice: VoiceEdition, store: Store) -> Finding:
    """Passes when each shot has a 24 fps H.264 clip of the edition's format and of its length that is never black and
    stands still only in short planned holds."""
    lengths = clip_lengths(voice)
    problem = ""
    if sorted(clip.shot for clip in clips.clips) != sorted(lengths):
        problem = "The clips and the timeline don't hold the same shots; make the clips again."
    measured = {"clips": float(len(clips.clips)), "frames": 0.0, "black_frames": 0.0, "still_frames": 0.0}
    for clip in clips.clips:
        seen = _watch(store.path(clip.video), clips.format, clip.holds)
        measured["frames"] += seen.frames
        measured["black_frames"] += seen.black_frames
        measured["still_frames"] += seen.still_frames
        fault = _fault(seen, lengths.get(clip.shot)) or _hold_fault(clip.holds, seen.frames)
        problem = problem or (f"Shot {clip.shot}: {fault}" if fault else "")
    size = f"{clips.format.width_px}x{clips.format.height_px}"
    good = f"All {len(clips.clips)} clips are {size} at 24 frames a second, as long as planned, and move."
    sentence = problem or good
    return Finding(passed=not problem, sentence=sentence, measured=measured)


def _fault(seen: _Seen, planned: int | None) -> str:
    if seen.format:
        return f"the clip {seen.format}; make it again."
    if planned is not None and seen.frames != planned:
        return f"the clip has {seen.frames} frames and the voice needs {planned}; make it again."
    if seen.frames > MAX_FRAMES:
        return f"the clip lasts {seen.frames / FPS:.1f} s, more than {MAX_FRAMES / FPS:.0f}; make its line shorter."
    if seen.black_frames:
        return f"{seen.black_frames} frames are black; make the clip again or use another photo."
    if seen.still_frames:
        return f"the picture stands still for {seen.still_frames / FPS:.1f} seconds; make the clip again."
    return ""


def _hold_fault(holds: tuple[Span, ...], frames: int) -> str:
    held = _held(holds)
    runs = (len(list(run)) for is_held, run in groupby(range(frames), held.__contains__) if is_held)
    longest = max(runs, default=0)  # holds that touch are one
    if longest > MAX_HOLD_FRAMES:
        return f"the camera rests for {longest} frames at a stretch, more than {MAX_HOLD_FRAMES}; make the clip again."
    if len(held) > MAX_HELD_SHARE * frames:
        return f"the camera rests in {len(held)} of {frames} frames, more than half; make the clip again."
    return ""


def _held(holds: tuple[Span, ...]) -> set[int]:
    return {frame for hold in holds for frame in range(hold.start_frame, hold.stop_frame)}


def _watch(path: Path, format: Format, holds: tuple[Span, ...]) -> _Seen:
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return _Seen("holds no video", 0, 0, 0)
            wrong = _wrong_format(container.streams.video[0], format)
        frames, black, still = _motion(path, format, _held(holds))
    except (av.FFmpegError, OSError):
        return _Seen("can't be read", 0, 0, 0)
    return _Seen(wrong, frames, black, still)


def _wrong_format(stream: "object", format: Format) -> str:
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
    from av.video.stream import VideoStream

    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    expected = (
        ("codec", context.name, "h264"),
        ("size", (context.width, context.height), (format.width_px, format.height_px)),
        ("frame rate", stream.average_rate, FPS),
        ("pixel format", context.pix_fmt, "yuv420p"),
        ("colour range", context.color_range, ColorRange.MPEG),
        ("colour matrix", context.colorspace, Colorspace.ITU709),
        ("primaries", context.color_primaries, ColorPrimaries.BT709),
        ("transfer", context.color_trc, ColorTrc.BT709),
    )
    return next((f"has the {what} {is_}, not {want}" for what, is_, want in expected if is_ != want), "")


def _motion(path: Path, format: Format, held: set[int]) -> tuple[int, int, int]:
    """Frames in all, black frames, and frames in half-second steps in which nothing moves; held frames take no part in
    a step."""
    import cv2

    from reel_pipeline.media.video import read_planes

    short_px = min(format.width_px, format.height_px)
    small_px = round(270 * format.width_px / short_px), round(270 * format.height_px / short_px)
    frames = black = still = moving = 0
    before: NDArray[np.int16] | None = None
    for number, picture in enumerate(read_planes(path)):
        frames += 1
        if np.quantile(picture.y[::4, ::4], 0.999) < VISIBLE_LUMA:
            black += 1
        if number in held:
            continue
        moving += 1
        if (moving - 1) % STEP_FRAMES:
            continue
        small = cv2.resize(picture.y, small_px, interpolation=cv2.INTER_AREA).astype(np.int16)
        if before is not None and (np.abs(small - before) > MOVING_LEVELS).mean() < MOVING_SHARE:
            still += STEP_FRAMES
        before = small
    return frames, black, still
