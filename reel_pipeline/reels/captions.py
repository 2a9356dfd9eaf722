"""Burned-in captions: where they stand and what they look like; and the same words as SRT and VTT."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import area, intersection
from reel_pipeline.records import FPS, REEL_HEIGHT_PX, REEL_WIDTH_PX, BoxPx, BrandLook, Segment
from reel_pipeline.reels.fonts import font_stack
from reel_pipeline.reels.overlay import Bitmap
from reel_pipeline.reels.typeset import (
    Style,
    break_lines,
    line_width,
    parse_colour,
    readable_on,
    rounded_mask,
    text_mask,
)

SAFE_TOP_PX = round(0.14 * REEL_HEIGHT_PX)
SAFE_BOTTOM_PX = round(0.65 * REEL_HEIGHT_PX)
SAFE_SIDE_PX = round(0.06 * REEL_WIDTH_PX)
"""What a phone's buttons leave free on Instagram Reels: top 14 %, bottom 35 %, sides 6 %."""
_SIZES_PX = (60, 56, 52, 48, 44)
_MAX_LINES = 3
_PAD_X, _PAD_Y, _RADIUS = 38, 22, 26
_PLATE_OPACITY = 0.92


def caption_bitmap(text: str, look: BrandLook, brand_font: bytes | None) -> Bitmap:
    """A caption on its plate at (0, 0). Raises `RenderError` when the text is too long or no font holds it."""
    fonts = font_stack(brand_font, "SemiBold")
    drawable = fonts.drawable(text)
    if not drawable:
        raise RenderError(f"The caption '{text[:60]}' holds no letter that can be drawn; write it in letters.")
    room = REEL_WIDTH_PX - 2 * SAFE_SIDE_PX - 2 * _PAD_X
    for size in _SIZES_PX:
        style = Style(fonts, size)
        lines = break_lines(drawable, style, room, _MAX_LINES)
        if lines:
            return _plate(lines, style, look)
    raise RenderError(
        f"The caption '{drawable[:60]}…' has {len(drawable)} characters, too many for {_MAX_LINES} lines; shorten it."
    )


def left_out(texts: Iterable[str], brand_font: bytes | None) -> str:
    """What no font holds of these captions and titles. Raises `RenderError` where it is too much of one of them."""
    fonts = font_stack(brand_font, "SemiBold")
    lost = [fonts.left_out(text) for text in texts if fonts.drawable(text)]
    return "".join(dict.fromkeys("".join(lost)))


def _plate(lines: Sequence[str], style: Style, look: BrandLook) -> Bitmap:
    widest = max(line_width(line, style) for line in lines)
    width = _even(round(widest) + 2 * _PAD_X)
    mask = text_mask(lines, style, width)
    height = _even(mask.shape[0] + 2 * _PAD_Y)
    background = parse_colour(look.palette[0])
    ink = readable_on(background, [parse_colour(colour) for colour in look.palette[1:]])
    coverage = np.zeros((height, width, 1), np.float32)
    coverage[_PAD_Y : _PAD_Y + mask.shape[0], :, 0] = mask / 255.0
    plate = rounded_mask(width, height, _RADIUS).astype(np.float32)[..., None] / 255 * _PLATE_OPACITY
    colour = np.array(background, np.float32) * (1 - coverage) + np.array(ink, np.float32) * coverage
    alpha = np.maximum(plate, coverage)
    rgba = np.concatenate([colour, alpha * 255], axis=2)
    return Bitmap(np.rint(rgba).astype(np.uint8), 0, 0)


def _even(value: int) -> int:
    return value + value % 2


def place(bitmap: Bitmap, avoid: Sequence[BoxPx], last_y: int | None) -> Bitmap:
    """The bitmap moved into the safe zone where it covers least; near the last caption's place when that is as good."""
    home = SAFE_TOP_PX if last_y is None else last_y
    return min(_places(bitmap), key=lambda placed: (_covered(placed, avoid), abs(placed.y - home)))


def place_elsewhere(bitmap: Bitmap, avoid: Sequence[BoxPx], refused: Sequence[BoxPx]) -> Bitmap | None:
    """A placed bitmap moved clear of where a person refused it, to where it covers no more; None where that isn't."""
    clear = [
        placed for placed in _places(bitmap) if not any(area(intersection(placed.box_px_xywh, box)) for box in refused)
    ]
    as_good = [placed for placed in clear if _covered(placed, avoid) <= _covered(bitmap, avoid)]
    return min(as_good, key=lambda placed: (_covered(placed, avoid), abs(placed.y - bitmap.y)), default=None)


def _places(bitmap: Bitmap) -> Iterator[Bitmap]:
    """The bitmap at every height of the safe zone, in the middle."""
    height, width = bitmap.rgba.shape[:2]
    x = _even((REEL_WIDTH_PX - width) // 2)
    for y in range(_even(SAFE_TOP_PX), SAFE_BOTTOM_PX - height + 1, 10):
        yield Bitmap(bitmap.rgba, x, y)


def _covered(placed: Bitmap, avoid: Sequence[BoxPx]) -> float:
    """How much of itself lies over what should be seen; labels and faces are small and matter more than the product."""
    largest = max(map(area, avoid), default=0)
    covered = sum(
        (3.0 if area(box) < largest / 2 else 1.0) * area(intersection(placed.box_px_xywh, box)) for box in avoid
    )
    height, width = placed.rgba.shape[:2]
    return round(float(covered / (width * height)), 2)


def srt(segments: Iterable[Segment]) -> bytes:
    """SubRip text of what is spoken, else shown; UTF-8."""
    cues = [
        f"{number}\n{_span(segment, ',')}\n{text}\n"
        for number, (segment, text) in enumerate(_spoken(segments), start=1)
    ]
    return "\n".join(cues).encode()


def vtt(segments: Iterable[Segment]) -> bytes:
    """WebVTT text of what is spoken, else shown; UTF-8."""
    cues = [
        f"{_span(segment, '.')}\n{text.replace('&', '&amp;').replace('<', '&lt;')}\n"
        for segment, text in _spoken(segments)
    ]
    return "\n".join(["WEBVTT\n", *cues]).encode()


def _spoken(segments: Iterable[Segment]) -> list[tuple[Segment, str]]:
    texts = [(segment, " ".join((segment.line or segment.caption).split())) for segment in segments]
    return [(segment, text.replace("-->", "->")) for segment, text in texts if text]


def _span(segment: Segment, separator: str) -> str:
    end = segment.start_frame + segment.frame_count
    return f"{_clock(segment.start_frame, separator)} --> {_clock(end, separator)}"


def _clock(frame: int, separator: str) -> str:
    milliseconds = round(frame * 1000 / FPS)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{rest:03}"
