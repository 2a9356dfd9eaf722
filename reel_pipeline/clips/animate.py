"""Keyframes -> silent clips, one a shot, as long as the timeline needs them. Next: `reels/` joins parts of them."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reel_pipeline.clips.engines import Animated, ClipEngine, ClipRequest
from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import holds
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import (
    FPS,
    Clip,
    ClipEdition,
    Format,
    MadeBy,
    Rung,
    Still,
    StillEdition,
    TimedBox,
    VoiceEdition,
)
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from reel_pipeline.media.video import Encoding, Planes

MIN_FRAMES, MAX_FRAMES = 2 * FPS, 4 * FPS
"""DESIGN.md section 3: a clip lasts 2 to 4 s, and the reel uses a part of it."""


def clip_lengths(voice: VoiceEdition) -> dict[int, int]:
    """How many frames each shot's clip has, in the order of the timeline: its segment and, where the next shot pushes
    it out, the frames in which it still goes on; at least 48, so a segment of 40 and a transition of 6 make 48."""
    following = [segment.transition_frames for segment in voice.segments[1:]] + [0]
    return {
        segment.shot: max(MIN_FRAMES, segment.frame_count + goes_on)
        for segment, goes_on in zip(voice.segments, following, strict=True)
        if segment.shot is not None
    }


def animate_stills(
    stills: StillEdition, voice: VoiceEdition, engine_for: Callable[[Rung], ClipEngine], store: Store
) -> ClipEdition:
    """One clip a still, in the order of the timeline. `engine_for` says who moves a take of a rung.

    Raises `RenderError` when the timeline and the stills don't hold the same shots, a shot is longer than a clip may
    be, or an engine made something else than it was asked for.
    """
    by_shot = {still.shot: still for still in stills.stills}
    lengths = clip_lengths(voice)
    if set(by_shot) != set(lengths):
        raise RenderError(
            f"The pictures hold shots {sorted(by_shot)} and the voice {sorted(lengths)}; make the voice again."
        )
    for shot, count in lengths.items():
        if count > MAX_FRAMES:
            raise RenderError(
                f"Shot {shot} needs {count / FPS:.1f} s of picture and a clip has at most {MAX_FRAMES / FPS:.0f} s; "
                "shorten its line and make the voice again."
            )
    engines = {rung: engine_for(rung) for rung in sorted({still.take.rung for still in stills.stills})}
    return ClipEdition(
        format=stills.format,
        clips=tuple(
            _clip(by_shot[shot], stills.format, count, engines[by_shot[shot].take.rung], store)
            for shot, count in lengths.items()
        ),
    )


def _clip(still: Still, format: Format, frame_count: int, engine: ClipEngine, store: Store) -> Clip:
    from reel_pipeline.media.video import MEZZANINE

    def make() -> Clip:
        with tempfile.TemporaryDirectory(prefix="reel_clip_") as folder:
            path = Path(folder) / "clip.mp4"
            animated = write_clip(still, format, frame_count, engine, store, path, MEZZANINE)
            video = store.put_file(path)
        made_by = MadeBy(engine=engine.name, revision=engine.revision, paid=animated.paid)
        return Clip(
            shot=still.shot,
            photo=still.take.photo,
            rung=still.take.rung,
            ground=animated.ground or still.ground,
            made_by=(still.made_by, made_by),
            tracks=animated.tracks,
            holds=animated.holds,
            video=video,
            frame_count=frame_count,
        )

    inputs = {"still": still.digest(), "frame_count": frame_count, "format": format.digest()}
    return store.remember("animate", engine, inputs, Clip, make)


def write_clip(
    still: Still,
    format: Format,
    frame_count: int,
    engine: ClipEngine,
    store: Store,
    path: Path,
    encoding: "Encoding | None" = None,
) -> Animated:
    """Write one clip of `frame_count` frames to `path`; `encoding` defaults to final quality. Returns what the engine
    says of it.

    Raises `RenderError` when the engine made another number or size of frames, or says something of what lies outside.
    """
    from reel_pipeline.media.video import FINAL, VideoWriter

    request = ClipRequest(
        still,
        format,
        frame_count,
        decode_png(store.read(still.plate)),
        decode_png(store.read(still.product)) if still.product else None,
        decode_png(store.read(still.depth)) if still.depth else None,
    )
    taken = 0
    with VideoWriter(path, format.width_px, format.height_px, encoding or FINAL) as writer:

        def emit(planes: "Planes") -> None:
            nonlocal taken
            taken += 1
            height, width = planes.y.shape
            if (width, height) != (format.width_px, format.height_px):
                raise _unasked(request, engine, f"a frame of {width}x{height}", f"{format.width_px}x{format.height_px}")
            if taken > frame_count:
                raise _unasked(request, engine, f"more than {frame_count} frames", f"{frame_count}")
            writer.write(planes)

        animated = engine.animate(request, emit)
        store.count_paid(animated.paid)
        if taken < frame_count:
            raise _unasked(request, engine, f"{taken} frames", f"{frame_count}")
    _check_told(animated, request, engine)
    return animated


def _check_told(animated: Animated, request: ClipRequest, engine: ClipEngine) -> None:
    """Holds and tracks lie within the clip and its frame."""
    frame = request.format.frame_px_xywh
    for span in (*animated.holds, *(box for track in animated.tracks for box in track.boxes)):
        if span.start_frame < 0 or span.stop_frame > request.frame_count:
            told = f"a hold or a track in frames {span.start_frame} to {span.stop_frame}"
            raise _unasked(request, engine, told, f"something within 0 to {request.frame_count}")
        if isinstance(span, TimedBox) and not holds(frame, span.box_px_xywh):
            raise _unasked(request, engine, f"a track through {span.box_px_xywh}", f"something within {frame}")


def _unasked(request: ClipRequest, engine: ClipEngine, came: str, wanted: str) -> RenderError:
    return RenderError(
        f"Shot {request.still.shot}: the clip engine {engine.name!r} gave {came} where {wanted} was wanted; "
        "choose another engine for this rung."
    )
