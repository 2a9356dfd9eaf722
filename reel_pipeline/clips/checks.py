"""Is each clip a clip the reel can use? Decodes the files and measures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.records import FPS, REEL_HEIGHT_PX, REEL_WIDTH_PX, ClipEdition, Finding, VoiceEdition
from reel_pipeline.store import Store

VISIBLE_LUMA = 30
"""A picture whose brightest thousandth is darker than this (16 is black) shows nothing; black cloth on black has 45."""
MOVING_LEVELS = 4
MOVING_SHARE = 0.0003
"""A camera moves when, half a second later, this share of a 270x480 picture (39 points) has changed by more than
`MOVING_LEVELS`."""
STEP_FRAMES = FPS // 2


@dataclass(frozen=True)
class _Seen:
    """What decoding one clip showed. `still_frames`: half-second steps without motion, in frames."""

    format: str
    frames: int
    black_frames: int
    still_frames: int


def clip_meets_spec(clips: ClipEdition, voice: VoiceEdition, store: Store) -> Finding:
    """Passes when each shot has a 1080x1920 24 fps H.264 clip of its length that is neither black nor frozen."""
    lengths = {segment.shot: segment.frame_count for segment in voice.segments if segment.shot is not None}
    problem = ""
    if sorted(clip.shot for clip in clips.clips) != sorted(lengths):
        problem = "The clips and the timeline don't hold the same shots; make the clips again."
    measured = {"clips": float(len(clips.clips)), "frames": 0.0, "black_frames": 0.0, "still_frames": 0.0}
    for clip in clips.clips:
        seen = _watch(store.path(clip.video))
        measured["frames"] += seen.frames
        measured["black_frames"] += seen.black_frames
        measured["still_frames"] += seen.still_frames
        fault = _fault(seen, lengths.get(clip.shot))
        problem = problem or (f"Shot {clip.shot}: {fault}" if fault else "")
    good = f"All {len(clips.clips)} clips are 1080x1920 at 24 frames a second, as long as planned, and move."
    sentence = problem or good
    return Finding(passed=not problem, sentence=sentence, measured=measured)


def _fault(seen: _Seen, planned: int | None) -> str:
    if seen.format:
        return f"the clip {seen.format}; make it again."
    if planned is not None and seen.frames != planned:
        return f"the clip has {seen.frames} frames and the voice needs {planned}; make it again."
    if seen.black_frames:
        return f"{seen.black_frames} frames are black; make the clip again or use another photo."
    if seen.still_frames:
        return f"the picture stands still for {seen.still_frames / FPS:.1f} seconds; make the clip again."
    return ""


def _watch(path: Path) -> _Seen:
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return _Seen("holds no video", 0, 0, 0)
            wrong = _wrong_format(container.streams.video[0])
        frames, black, still = _motion(path)
    except (av.FFmpegError, OSError):
        return _Seen("can't be read", 0, 0, 0)
    return _Seen(wrong, frames, black, still)


def _wrong_format(stream: "object") -> str:
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
    from av.video.stream import VideoStream

    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    expected = (
        ("codec", context.name, "h264"),
        ("size", (context.width, context.height), (REEL_WIDTH_PX, REEL_HEIGHT_PX)),
        ("frame rate", stream.average_rate, FPS),
        ("pixel format", context.pix_fmt, "yuv420p"),
        ("colour range", context.color_range, ColorRange.MPEG),
        ("colour matrix", context.colorspace, Colorspace.ITU709),
        ("primaries", context.color_primaries, ColorPrimaries.BT709),
        ("transfer", context.color_trc, ColorTrc.BT709),
    )
    return next((f"has the {what} {is_}, not {want}" for what, is_, want in expected if is_ != want), "")


def _motion(path: Path) -> tuple[int, int, int]:
    """Frames in all, black frames, and frames in half-second steps in which nothing moves."""
    import cv2

    from reel_pipeline.media.video import read_planes

    frames = black = still = 0
    before: NDArray[np.int16] | None = None
    for frames, picture in enumerate(read_planes(path), start=1):
        if np.quantile(picture.y[::4, ::4], 0.999) < VISIBLE_LUMA:
            black += 1
        if (frames - 1) % STEP_FRAMES:
            continue
        small = cv2.resize(picture.y, (270, 480), interpolation=cv2.INTER_AREA).astype(np.int16)
        if before is not None and (np.abs(small - before) > MOVING_LEVELS).mean() < MOVING_SHARE:
            still += STEP_FRAMES
        before = small
    return frames, black, still
