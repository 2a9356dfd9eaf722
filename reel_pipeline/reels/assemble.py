"""Clips, voice, captions and end card -> the reel. Next: `evaluation/` judges it.

Each clip is decoded once, captions are mixed in YUV, and everything is encoded once; the approved audio packets are
copied as they are. Cuts are straight: the voice sets the rhythm, and a dissolve would show two photos as one product.
"""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import area, grown, holds
from reel_pipeline.records import (
    REEL_HEIGHT_PX,
    REEL_WIDTH_PX,
    BoxPx,
    BrandLook,
    BrandWords,
    Clip,
    ClipEdition,
    Cut,
    CutList,
    Overlay,
    Product,
    ReelEdition,
    Segment,
    VoiceEdition,
)
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes
    from reel_pipeline.reels.end_card import EndCard
    from reel_pipeline.reels.overlay import Bitmap

FADE_FRAMES = 4
REVISION = "2"
"""Bump when the same clips, voice and words give another reel, also by what `reels/` draws over them."""


@dataclass(frozen=True)
class _Assembler:
    name: str = "straight_cuts"
    revision: str = REVISION


def assemble(
    clips: ClipEdition,
    voice: VoiceEdition,
    product: Product,
    look: BrandLook,
    words: BrandWords,
    store: Store,
    refused_captions: Mapping[int, Sequence[BoxPx]] = MappingProxyType({}),
) -> ReelEdition:
    """The finished reel with its cut list, captions and poster.

    `refused_captions`: by shot, where its caption must not stand; where no other place is as good, it has none.
    Raises `RenderError` when clips and timeline don't match, or a text can't be set.
    """
    inputs = {
        "clips": clips.digest(),
        "segments": [segment.digest() for segment in voice.segments],
        "track": voice.track.sha256,
        "title": product.title,
        "price": [product.price, product.currency] if words.show_price and product.shown_price else None,
        "look": look.digest(),
        "words": [words.brand_name, words.call_to_action, words.disclaimer],
        **(
            {"refused_captions": [[shot, *boxes] for shot, boxes in refused_captions.items()]}
            if refused_captions
            else {}
        ),
    }
    return store.remember(
        "assemble",
        _Assembler(),
        inputs,
        ReelEdition,
        lambda: _assemble(clips, voice, product, look, words, store, refused_captions),
    )


def _assemble(
    clips: ClipEdition,
    voice: VoiceEdition,
    product: Product,
    look: BrandLook,
    words: BrandWords,
    store: Store,
    refused_captions: Mapping[int, Sequence[BoxPx]],
) -> ReelEdition:
    from reel_pipeline.media.video import VideoWriter
    from reel_pipeline.reels.captions import srt, vtt
    from reel_pipeline.reels.end_card import end_card
    from reel_pipeline.reels.overlay import Blender

    by_shot = _matched(clips, voice)
    font = store.read(look.font) if look.font else None
    card = end_card(product, look, words, store.read(look.logo) if look.logo else None, font)
    captions = _captions(voice, by_shot, look, font, refused_captions)
    poster_shot = _poster_shot(clips)
    poster = b""
    with tempfile.TemporaryDirectory(prefix="reel_") as folder:
        path = Path(folder) / "reel.mp4"
        with VideoWriter(path, REEL_WIDTH_PX, REEL_HEIGHT_PX, audio=store.path(voice.track)) as writer:
            for segment in voice.segments:
                if segment.shot is None:
                    for picture in card.frames(segment.frame_count):
                        writer.write(picture)
                    continue
                clip_path = store.path(by_shot[segment.shot].video)
                blender = Blender(captions[segment.shot]) if segment.shot in captions else None
                for index, picture in enumerate(_exactly(clip_path, segment)):
                    if segment.shot == poster_shot and index == segment.frame_count // 2:
                        poster = _jpeg(picture)
                    if blender:
                        blender.mix(picture, _strength(index, segment.frame_count))
                    writer.write(picture)
        video = store.put_file(path)
    return ReelEdition(
        video=video,
        cut_list=_cut_list(voice, by_shot, captions, card),
        captions_srt=store.put(srt(voice.segments), ".srt"),
        captions_vtt=store.put(vtt(voice.segments), ".vtt"),
        poster=store.put(poster, ".jpg"),
    )


def _matched(clips: ClipEdition, voice: VoiceEdition) -> dict[int, Clip]:
    """Clips by shot. The timeline must be contiguous and as long as the clips."""
    by_shot = {clip.shot: clip for clip in clips.clips}
    for before, after in pairwise(voice.segments):
        if before.start_frame + before.frame_count != after.start_frame:
            raise RenderError(f"The timeline has a gap before frame {after.start_frame}; make the voice again.")
    for segment in voice.segments:
        if segment.shot is None:
            continue
        clip = by_shot.get(segment.shot)
        if clip is None or clip.frame_count != segment.frame_count:
            has = clip.frame_count if clip else "no"
            raise RenderError(
                f"Shot {segment.shot} needs {segment.frame_count} frames and its clip has {has}; make the clips again."
            )
    return by_shot


def _exactly(path: Path, segment: Segment) -> "Iterator[Planes]":
    from reel_pipeline.media.video import read_planes

    count = 0
    for picture in read_planes(path):
        yield picture
        count += 1
    if count != segment.frame_count:
        raise RenderError(
            f"Shot {segment.shot} needs {segment.frame_count} frames and its file holds {count}; make the clip again."
        )


def _captions(
    voice: VoiceEdition,
    by_shot: dict[int, Clip],
    look: BrandLook,
    font: bytes | None,
    refused: Mapping[int, Sequence[BoxPx]],
) -> dict[int, "Bitmap"]:
    """One placed bitmap a shot that has a caption. Where one was refused, the others stay where they were."""
    from reel_pipeline.reels.captions import caption_bitmap, place, place_elsewhere

    placed: dict[int, Bitmap] = {}
    last_y = None
    for segment in voice.segments:
        if segment.shot is None or not segment.caption.strip():
            continue
        avoid = by_shot[segment.shot].avoid_px_xywh
        bitmap = place(caption_bitmap(segment.caption, look, font), avoid, last_y)
        last_y = bitmap.y
        if segment.shot in refused:
            elsewhere = place_elsewhere(bitmap, avoid, refused[segment.shot])
            if elsewhere is None:
                continue
            bitmap = elsewhere
        placed[segment.shot] = bitmap
    return placed


def _strength(index: int, frame_count: int) -> float:
    """How opaque a caption is at frame `index` of its shot: fades in and out over `FADE_FRAMES`."""
    return min(1.0, (index + 1) / FADE_FRAMES, (frame_count - index) / FADE_FRAMES)


def _cut_list(voice: VoiceEdition, by_shot: dict[int, Clip], captions: "dict[int, Bitmap]", card: "EndCard") -> CutList:
    cuts, overlays = [], []
    for segment in voice.segments:
        span = {"start_frame": segment.start_frame, "frame_count": segment.frame_count}
        photo = by_shot[segment.shot].photo if segment.shot is not None else None
        cuts.append(Cut(shot=segment.shot, photo=photo, **span))
        if segment.shot is None:
            overlays.append(Overlay(kind="end_card", box_px_xywh=card.box_px_xywh, **span))
            if card.logo_box_px_xywh:
                overlays.append(Overlay(kind="logo", box_px_xywh=card.logo_box_px_xywh, **span))
        elif segment.shot in captions:
            overlays.append(Overlay(kind="caption", box_px_xywh=captions[segment.shot].box_px_xywh, **span))
    return CutList(cuts=tuple(cuts), overlays=tuple(overlays))


def _poster_shot(clips: ClipEdition) -> int:
    """The shot that shows the product whole and largest; the first one when none shows it whole."""

    def whole_area(clip: Clip) -> int:
        if not clip.avoid_px_xywh:
            return 0
        product = max(clip.avoid_px_xywh, key=area)
        return area(product) if holds(grown((0, 0, REEL_WIDTH_PX, REEL_HEIGHT_PX), -1), product) else 0

    return max(clips.clips, key=whole_area).shot


def _jpeg(picture: "Planes") -> bytes:
    from reel_pipeline.media.video import to_rgb

    out = io.BytesIO()
    Image.fromarray(to_rgb(picture)).save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()
