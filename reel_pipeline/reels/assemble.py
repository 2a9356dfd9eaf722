"""Clips, voice, captions and end card -> the reel. Next: `evaluation/` judges it.

Frames are counted on the timeline: `cutting.py` yields the picture of each, captions are mixed in YUV, and everything
is encoded once; the approved audio packets are copied as they are.
"""

import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from reel_pipeline.media.boxes import area, grown, holds
from reel_pipeline.records import (
    BoxPx,
    BrandLook,
    BrandWords,
    ClipEdition,
    Format,
    Product,
    ReelEdition,
    Span,
    TimedLine,
    VoiceEdition,
)
from reel_pipeline.reels.cutting import Part, common, cut_list_of, parts_of, pictures
from reel_pipeline.store import Store

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes
    from reel_pipeline.reels.overlay import Bitmap

FADE_FRAMES = 4
REVISION = "3"
"""Bump when the same clips, voice and words give another reel, also by what `reels/` draws over them."""


@dataclass(frozen=True)
class _Assembler:
    name: str = "assembly"
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
    """The finished reel, in the clips' format, with its cut list, captions and poster.

    `refused_captions`: by shot, where its caption must not stand; where no other place is as good, it has none. A
    caption over several shots keeps off what was refused for any of them.
    Raises `RenderError` when clips and timeline don't match, or a text can't be set.
    """
    inputs = {
        "clips": clips.digest(),
        "timeline": [span.digest() for span in (*voice.segments, *voice.lines)],
        "sound": voice.mix.sound.sha256,
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

    parts = parts_of(clips, voice)
    format, font = clips.format, store.read(look.font) if look.font else None
    card = end_card(product, look, words, store.read(look.logo) if look.logo else None, font, format)
    captions = _captions(voice, parts, look, font, format, refused_captions)
    blenders = [(line, Blender(bitmap)) for line, bitmap in captions]
    poster_frame, poster = _poster_frame(parts, format), b""
    with tempfile.TemporaryDirectory(prefix="reel_") as folder:
        path = Path(folder) / "reel.mp4"
        with VideoWriter(path, format.width_px, format.height_px, audio=store.path(voice.mix.sound)) as writer:
            for frame, picture in enumerate(pictures(parts, card, store)):
                if frame == poster_frame:
                    poster = _jpeg(picture)
                for line, blender in blenders:
                    if line.start_frame <= frame < line.stop_frame:
                        blender.mix(picture, _strength(frame, line))
                writer.write(picture)
        video = store.put_file(path)
    return ReelEdition(
        video=video,
        cut_list=cut_list_of(parts, format, captions, card),
        captions_srt=store.put(srt(voice.lines), ".srt"),
        captions_vtt=store.put(vtt(voice.lines), ".vtt"),
        poster=store.put(poster, ".jpg"),
    )


def _captions(
    voice: VoiceEdition,
    parts: Sequence[Part],
    look: BrandLook,
    font: bytes | None,
    format: Format,
    refused: Mapping[int, Sequence[BoxPx]],
) -> list[tuple[TimedLine, "Bitmap"]]:
    """One bitmap for each line over shots, in one place throughout. Where one was refused, the others stay."""
    from reel_pipeline.reels.captions import caption_bitmap, place, place_elsewhere

    placed: list[tuple[TimedLine, Bitmap]] = []
    last_y = None
    for line in voice.lines:
        under = [part for part in parts if part.clip and common(part.segment, line)]
        if not under or not line.caption.strip():
            continue
        subjects = [subject for part in under for subject in part.subjects_during(line)]
        at_best = place(caption_bitmap(line.caption, look, font, format), subjects, last_y, format)
        last_y = at_best.y
        shots = {part.segment.shot for part in under}
        refused_here = [box for shot, boxes in refused.items() if shot in shots for box in boxes]
        bitmap = place_elsewhere(at_best, subjects, refused_here, format) if refused_here else at_best
        if bitmap:
            placed.append((line, bitmap))
    return placed


def _strength(frame: int, line: Span) -> float:
    """How opaque a caption is at a frame of the reel: it fades in and out over `FADE_FRAMES` at its line's ends."""
    return min(1.0, (frame - line.start_frame + 1) / FADE_FRAMES, (line.stop_frame - frame) / FADE_FRAMES)


def _poster_frame(parts: Sequence[Part], format: Format) -> int:
    """The middle of the shot that shows the product whole and largest; of the first one when none shows it whole."""

    def whole_area(part: Part) -> int:
        boxes = [subject.box_px_xywh for subject in part.subjects_during(part.segment)]
        largest = max(boxes, key=area, default=(0, 0, 0, 0))
        return area(largest) if holds(grown(format.frame_px_xywh, -1), largest) else 0

    best = max((part for part in parts if part.clip), key=whole_area).segment
    return best.start_frame + best.frame_count // 2


def _jpeg(picture: "Planes") -> bytes:
    from reel_pipeline.media.video import to_rgb

    out = io.BytesIO()
    Image.fromarray(to_rgb(picture)).save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()
