"""Keyframes and timelines for the tests of clips, without the rooms that make them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reel_pipeline.clips.engines import ClipRequest
from reel_pipeline.media.photo import Pixels, encode_png
from reel_pipeline.records import (
    VERTICAL,
    Blob,
    Format,
    Ground,
    MadeBy,
    Motion,
    Rung,
    Segment,
    Stem,
    Still,
    StillEdition,
    Take,
    VoiceEdition,
    WindowPx,
)
from reel_pipeline.store import Store

NOTHING = Blob(sha256="0" * 64, size_bytes=0, suffix=".png")


def keyframe(
    plate: Pixels,
    start: WindowPx,
    end: WindowPx,
    frame_count: int,
    format: Format = VERTICAL,
    product: Pixels | None = None,
    rung: Rung = Rung.STILL_MOTION,
    **still: Any,
) -> ClipRequest:
    """A request about a canvas that is all photo, under a camera that goes from `start` to `end`."""
    height, width = plate.shape[:2]
    whole = (0, 0, width, height)
    record = Still(
        **{
            "shot": 1,
            "take_index": 0,
            "take": Take(photo="photo", rung=rung, motion=Motion.PUSH_IN, focus_px_xywh=whole),
            "made_by": MadeBy(engine="layered", revision="5"),
            "ground": Ground(),
            "plate": NOTHING,
            "lock_mask": NOTHING,
            "canvas_to_photo": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            "photo_box_px_xywh": whole,
            "focus_px_xywh": whole,
            "camera_start": start,
            "camera_end": end,
            "preview": NOTHING,
            **still,
        }
    )
    return ClipRequest(record, format, frame_count, plate, product)


def stored(requests: Sequence[ClipRequest], store: Store) -> StillEdition:
    """The keyframes as `stills/` would hand them on, numbered from 1."""

    def put(layer: Pixels | None) -> Blob | None:
        return None if layer is None else store.put(encode_png(layer), ".png")

    stills = (
        request.still.model_copy(update={"shot": shot, "plate": put(request.plate), "product": put(request.product)})
        for shot, request in enumerate(requests, start=1)
    )
    return StillEdition(attempt=0, format=requests[0].format, stills=tuple(stills))


def timeline(*frame_counts: int, transitions: Sequence[int] = ()) -> VoiceEdition:
    """One shot a count and an end card of 2 s; no sound. `transitions`: their frames, from the second segment on."""
    counts = (*frame_counts, 48)
    leading = (0, *transitions, *[0] * (len(counts) - 1 - len(transitions)))
    segments = tuple(
        Segment(
            shot=None if index == len(frame_counts) else index + 1,
            start_frame=sum(counts[:index]),
            frame_count=count,
            transition_frames=leading[index],
        )
        for index, count in enumerate(counts)
    )
    silence = Stem(sound=NOTHING, packets_sha256="0" * 64)
    return VoiceEdition(engine="none", is_placeholder=True, segments=segments, lines=(), mix=silence, voice=silence)


def canvas(width: int = 650, height: int = 1150) -> Pixels:
    """HWC RGB uint8: fine grey noise that shows every move, and a red box in the middle third."""
    grey = np.random.default_rng(5).integers(90, 170, (height // 10, width // 10, 1), dtype=np.uint8)
    picture = np.kron(grey, np.ones((10, 10, 3), np.uint8))
    x, y, w, h = box_in(width, height)
    picture[y : y + h, x : x + w] = (200, 30, 40)
    return picture


def box_in(width: int = 650, height: int = 1150) -> tuple[int, int, int, int]:
    """Where the red box of `canvas` lies."""
    return width // 3, height // 3, width // 3, height // 3
