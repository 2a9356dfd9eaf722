"""Pictures, plans and voice tracks that the tests of the picture path and its bench make themselves."""

import hashlib
import math
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import encode_png
from reel_pipeline.media.video import MEZZANINE, Planes, VideoWriter, audio_packets
from reel_pipeline.records import (
    FPS,
    VERTICAL,
    BoxPx,
    Clip,
    Cutout,
    Format,
    Ground,
    MadeBy,
    Motion,
    Photo,
    PlanEdition,
    ProductCutout,
    ProductGallery,
    Role,
    Rung,
    Segment,
    Shot,
    Span,
    Stem,
    Subject,
    SubjectKind,
    Take,
    TimedBox,
    TimedLine,
    Track,
    VoiceEdition,
)
from reel_pipeline.store import Store, open_store


def new_store(folder: Path) -> Store:
    return open_store(str(folder / "store"), folder / "cache")


def packshot(width: int = 600, height: int = 600, backdrop: int = 240) -> NDArray[np.uint8]:
    """A textured red box in the middle, on a backdrop that darkens a little downwards; HWC RGB uint8."""
    fall = np.linspace(0, 8, height)[:, None, None]
    picture = np.broadcast_to(backdrop - fall, (height, width, 3)).copy()
    x, y, w, h = box_of(width, height)
    part = picture[y : y + h, x : x + w]
    part[:] = (170, 30, 40)
    part += np.random.default_rng(5).normal(0, 25, part.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def scene(width: int = 1440, height: int = 1440) -> NDArray[np.uint8]:
    """A box in front of coarse colourful noise: no plain backdrop anywhere."""
    coarse = np.random.default_rng(3).integers(20, 230, (height // 40, width // 40, 3), dtype=np.uint8)
    picture = np.kron(coarse, np.ones((40, 40, 1), np.uint8))
    x, y, w, h = box_of(width, height)
    picture[y : y + h, x : x + w] = (30, 90, 200)
    return picture


def box_of(width: int = 600, height: int = 600) -> BoxPx:
    """Where the box of `packshot` and `scene` lies."""
    return width // 3, height // 3, width // 3, height // 3


def gallery_of(store: Store, pictures: Sequence[NDArray[np.uint8]]) -> ProductGallery:
    photos = []
    for position, pixels in enumerate(pictures):
        blob = store.put(encode_png(pixels), ".png")
        height, width = pixels.shape[:2]
        key = blob.sha256[:16]
        photos.append(Photo(key=key, position=position, original=blob, pixels=blob, width_px=width, height_px=height))
    return ProductGallery(photos=tuple(photos))


def cut_out_of(gallery: ProductGallery, store: Store) -> ProductCutout:
    """The exact outline of the box of `packshot` and `scene` in every photo; depth, normals and edges are stand-ins."""
    cutouts = []
    for photo in gallery.photos:
        x, y, w, h = box_of(photo.width_px, photo.height_px)
        alpha = np.zeros((photo.height_px, photo.width_px), np.uint8)
        alpha[y : y + h, x : x + w] = 255
        blob = store.put(encode_png(alpha), ".png")
        cutouts.append(
            Cutout(
                photo=photo.key,
                alpha=blob,
                confidence=0.9,
                box_px_xywh=(x, y, w, h),
                depth=blob,
                normals=blob,
            )
        )
    return ProductCutout(cutouts=tuple(cutouts))


def plan_of(
    gallery: ProductGallery,
    motion: Motion = Motion.PUSH_IN,
    rung: Rung = Rung.STILL_MOTION,
    shots: int = 2,
    format: Format = VERTICAL,
) -> PlanEdition:
    """`shots` shots over the gallery's photos in turn."""
    made = []
    for index in range(shots):
        photo = gallery.photos[index % len(gallery.photos)]
        focus = box_of(photo.width_px, photo.height_px)
        subjects = (Subject(kind=SubjectKind.PRODUCT, box_px_xywh=focus),)
        take = Take(photo=photo.key, rung=rung, motion=motion, focus_px_xywh=focus, subjects=subjects)
        made.append(Shot(number=index + 1, role=Role.REVEAL, takes=(take,), line="", caption=""))
    return PlanEdition(shots=tuple(made), closing_line="", format=format)


def voice_of(
    store: Store, captions: Sequence[str], shot_frames: int = 80, card_frames: int = 48, level: float = 0.217
) -> VoiceEdition:
    """A tone (0.217 is about -14 LUFS; 0 is silence) over one segment a caption and an end card."""
    card_start = shot_frames * len(captions)
    segments = [
        Segment(shot=index + 1, start_frame=index * shot_frames, frame_count=shot_frames)
        for index in range(len(captions))
    ]
    lines = [
        TimedLine(start_frame=it.start_frame, frame_count=shot_frames, text=f"{caption}.", caption=caption)
        for it, caption in zip(segments, captions, strict=True)
    ]
    tone = stem_of(store, card_start + card_frames, level)
    return VoiceEdition(
        engine="tone",
        is_placeholder=True,
        segments=(*segments, Segment(shot=None, start_frame=card_start, frame_count=card_frames)),
        lines=(*lines, TimedLine(start_frame=card_start, frame_count=card_frames, text="Discover more")),
        mix=tone,
        voice=tone,
    )


def stem_of(store: Store, frames: int, level: float) -> Stem:
    """A tone that lasts so many frames."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "track.m4a"
        write_tone(path, frames, level)
        packets = hashlib.sha256(b"".join(audio_packets(path))).hexdigest()
        return Stem(sound=store.put_file(path), packets_sha256=packets)


def clip_of(
    store: Store,
    shot: int,
    frame_count: int = 80,
    format: Format = VERTICAL,
    product: BoxPx | None = None,
    holds: Sequence[Span] = (),
) -> Clip:
    """A clip of one even tone: at frame k its luma is 40 + 2k and its chroma 90 + 20 times the shot's number."""
    width, height = format.width_px, format.height_px
    chroma = np.full((height // 2, width // 2), 90 + 20 * shot, np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with VideoWriter(path, width, height, MEZZANINE) as writer:
            for frame in range(frame_count):
                writer.write(Planes(np.full((height, width), 40 + 2 * frame, np.uint8), chroma, chroma))
        video = store.put_file(path)
    lies = (TimedBox(start_frame=0, frame_count=frame_count, box_px_xywh=product),) if product else ()
    return Clip(
        shot=shot,
        photo=f"photo {shot}",
        rung=Rung.STILL_MOTION,
        ground=Ground(),
        made_by=(MadeBy(engine="still", revision="1"), MadeBy(engine="clip", revision="2")),
        tracks=(Track(kind=SubjectKind.PRODUCT, boxes=lies),),
        holds=tuple(holds),
        video=video,
        frame_count=frame_count,
    )


def write_tone(path: Path, frames: int, level: float) -> None:
    samples = frames * 48000 // FPS
    tone = (level * np.sin(2 * math.pi * 440 * np.arange(samples) / 48000)).astype(np.float32)
    sound = np.stack([tone, tone])
    options = {"use_editlist": "0", "avoid_negative_ts": "make_zero"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=48000, layout="stereo")
        for start in range(1024, samples, 1024):
            block = np.zeros((2, 1024), np.float32)
            part = sound[:, start : start + 1024]
            block[:, : part.shape[1]] = part
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48000, start - 1024, Fraction(1, 48000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
