"""Keyframes -> silent clips, one a shot, as long as the timeline says. Next: `reels/` joins them."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.clips.engines import ClipEngine, KeyframeLayers
from reel_pipeline.clips.path import camera_windows, near_windows, seen_at
from reel_pipeline.errors import RenderError
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import REEL_HEIGHT_PX, REEL_WIDTH_PX, Clip, ClipEdition, Still, StillEdition, VoiceEdition
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from reel_pipeline.media.video import Encoding


def animate_stills(stills: StillEdition, voice: VoiceEdition, engine: ClipEngine, store: Store) -> ClipEdition:
    """One clip a still, in the order of the timeline.

    Raises `RenderError` when the timeline and the stills don't hold the same shots.
    """
    by_shot = {still.shot: still for still in stills.stills}
    lengths = {segment.shot: segment.frame_count for segment in voice.segments if segment.shot is not None}
    if set(by_shot) != set(lengths):
        raise RenderError(
            f"The pictures hold shots {sorted(by_shot)} and the voice {sorted(lengths)}; make the voice again."
        )
    return ClipEdition(clips=tuple(_clip(by_shot[shot], count, engine, store) for shot, count in lengths.items()))


def _clip(still: Still, frame_count: int, engine: ClipEngine, store: Store) -> Clip:
    from reel_pipeline.media.video import MEZZANINE

    def make() -> Clip:
        with tempfile.TemporaryDirectory(prefix="reel_clip_") as folder:
            path = Path(folder) / "clip.mp4"
            write_clip(still, frame_count, engine, store, path, MEZZANINE)
            video = store.put_file(path)
        _, near = _windows(still, frame_count)
        avoid = tuple(box for box in (seen_at(box, near) for box in still.avoid_px_xywh) if box)
        return Clip(shot=still.shot, photo=still.take.photo, avoid_px_xywh=avoid, video=video, frame_count=frame_count)

    return store.remember("animate", engine, {"still": still.digest(), "frame_count": frame_count}, Clip, make)


def write_clip(
    still: Still,
    frame_count: int,
    engine: ClipEngine,
    store: Store,
    path: Path,
    encoding: "Encoding | None" = None,
) -> None:
    """Write one 1080x1920 clip of `frame_count` frames to `path`; `encoding` defaults to final quality."""
    from reel_pipeline.media.video import FINAL, VideoWriter

    layers = KeyframeLayers(
        decode_png(store.read(still.plate)),
        decode_png(store.read(still.product)) if still.product else None,
        still.parallax.ground_px_xywh if still.parallax else None,
    )
    with VideoWriter(path, REEL_WIDTH_PX, REEL_HEIGHT_PX, encoding or FINAL) as writer:
        for planes in engine.frames(layers, *_windows(still, frame_count)):
            writer.write(planes)


def _windows(still: Still, frame_count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The camera's windows, and those through which the product is seen: the same where nothing moves apart."""
    windows = camera_windows(still.camera_start, still.camera_end, frame_count)
    move = still.parallax
    return windows, near_windows(windows, move.growth, move.anchor_px) if move else windows
