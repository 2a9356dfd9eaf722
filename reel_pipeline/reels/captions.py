"""Burned-in captions: where they stand and what they look like; and the same words as SRT and VTT.

Sizes are designed for a frame whose short side is 1080 px and scaled to the format (`typeset.scaled`).
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import area, intersection
from reel_pipeline.records import FPS, BoxPx, BrandLook, Format, Subject, SubjectKind, TimedLine
from reel_pipeline.reels.fonts import font_stack
from reel_pipeline.reels.overlay import Bitmap
from reel_pipeline.reels.typeset import (
    Style,
    break_lines,
    line_width,
    parse_colour,
    readable_on,
    rounded_mask,
    scaled,
    text_mask,
)

_SIZES_PX = (60, 56, 52, 48, 44)
_MAX_LINES = 3
_PAD_X, _PAD_Y, _RADIUS = 38, 22, 26
_PLATE_OPACITY = 0.92
_WIDEST_PX = 1200
"""Of a line with its plate, where the safe zone is wider: about 40 letters, which are read without moving the head."""
_WEIGHTS = {SubjectKind.PRODUCT: 1.0, SubjectKind.LABEL: 3.0, SubjectKind.FACE: 3.0}
"""How bad it is to cover a pixel of it: a label or a face is small and says more than as much of the product."""


def widest_px(format: Format) -> int:
    """How wide a line may be with what is around it: the safe zone, or what can be read at a glance."""
    return min(format.safe_zone_px_xywh[2], scaled(_WIDEST_PX, format))


def caption_bitmap(text: str, look: BrandLook, brand_font: bytes | None, format: Format) -> Bitmap:
    """A caption on its plate at (0, 0). Raises `RenderError` when the text is too long or no font holds it."""
    fonts = font_stack(brand_font, "SemiBold")
    drawable = fonts.drawable(text)
    if not drawable:
        raise RenderError(f"The caption '{text[:60]}' holds no letter that can be drawn; write it in letters.")
    room = widest_px(format) - 2 * scaled(_PAD_X, format)
    for size in _SIZES_PX:
        style = Style(fonts, scaled(size, format))
        lines = break_lines(drawable, style, room, _MAX_LINES)
        if lines:
            return _plate(lines, style, look, format)
    raise RenderError(
        f"The caption '{drawable[:60]}…' has {len(drawable)} characters, too many for {_MAX_LINES} lines; shorten it."
    )


def left_out(texts: Iterable[str], brand_font: bytes | None) -> str:
    """What no font holds of these captions and titles. Raises `RenderError` where it is too much of one of them."""
    fonts = font_stack(brand_font, "SemiBold")
    lost = [fonts.left_out(text) for text in texts if fonts.drawable(text)]
    return "".join(dict.fromkeys("".join(lost)))


def _plate(lines: Sequence[str], style: Style, look: BrandLook, format: Format) -> Bitmap:
    pad_x, pad_y, radius = (scaled(px, format) for px in (_PAD_X, _PAD_Y, _RADIUS))
    widest = max(line_width(line, style) for line in lines)
    width = _even(round(widest) + 2 * pad_x)
    mask = text_mask(lines, style, width)
    height = _even(mask.shape[0] + 2 * pad_y)
    background = parse_colour(look.palette[0])
    ink = readable_on(background, [parse_colour(colour) for colour in look.palette[1:]])
    coverage = np.zeros((height, width, 1), np.float32)
    coverage[pad_y : pad_y + mask.shape[0], :, 0] = mask / 255.0
    plate = rounded_mask(width, height, radius).astype(np.float32)[..., None] / 255 * _PLATE_OPACITY
    colour = np.array(background, np.float32) * (1 - coverage) + np.array(ink, np.float32) * coverage
    alpha = np.maximum(plate, coverage)
    rgba = np.concatenate([colour, alpha * 255], axis=2)
    return Bitmap(np.rint(rgba).astype(np.uint8), 0, 0)


def _even(value: int) -> int:
    return value + value % 2


def place(bitmap: Bitmap, subjects: Sequence[Subject], last_y: int | None, format: Format) -> Bitmap:
    """The bitmap moved into the safe zone where it covers least; near the last caption's place when that is as good.

    `subjects`: what is seen under it, in pixels of the frame.
    """
    home = format.safe_zone_px_xywh[1] if last_y is None else last_y
    return min(_places(bitmap, format), key=lambda placed: (_covered(placed, subjects), abs(placed.y - home)))


def place_elsewhere(
    bitmap: Bitmap, subjects: Sequence[Subject], refused: Sequence[BoxPx], format: Format
) -> Bitmap | None:
    """A placed bitmap moved off the `refused` boxes, to where it covers no more than now; None without such a place."""
    clear = [
        placed
        for placed in _places(bitmap, format)
        if not any(area(intersection(placed.box_px_xywh, box)) for box in refused)
    ]
    as_good = [placed for placed in clear if _covered(placed, subjects) <= _covered(bitmap, subjects)]
    return min(as_good, key=lambda placed: (_covered(placed, subjects), abs(placed.y - bitmap.y)), default=None)


def _places(bitmap: Bitmap, format: Format) -> Iterator[Bitmap]:
    """The bitmap at every height of the safe zone, in the middle, on even pixels."""
    height, width = bitmap.rgba.shape[:2]
    _, top, _, zone_height = format.safe_zone_px_xywh
    x = _even((format.width_px - width) // 2)
    for y in range(_even(top), top + zone_height - height + 1, 10):
        yield Bitmap(bitmap.rgba, x, y)


def _covered(placed: Bitmap, subjects: Sequence[Subject]) -> float:
    """How much of itself lies over what should be seen, by `_WEIGHTS`: 1.5 is half of it over a label."""
    covered = sum(_WEIGHTS[it.kind] * area(intersection(placed.box_px_xywh, it.box_px_xywh)) for it in subjects)
    return round(covered / area(placed.box_px_xywh), 2)


def srt(lines: Iterable[TimedLine]) -> bytes:
    """SubRip text of what is spoken, else shown; UTF-8."""
    cues = [f"{number}\n{_span(line, ',')}\n{text}\n" for number, (line, text) in enumerate(_spoken(lines), start=1)]
    return "\n".join(cues).encode()


def vtt(lines: Iterable[TimedLine]) -> bytes:
    """WebVTT text of what is spoken, else shown; UTF-8."""
    cues = [f"{_span(line, '.')}\n{text.replace('&', '&amp;').replace('<', '&lt;')}\n" for line, text in _spoken(lines)]
    return "\n".join(["WEBVTT\n", *cues]).encode()


def _spoken(lines: Iterable[TimedLine]) -> list[tuple[TimedLine, str]]:
    texts = [(line, " ".join((line.text or line.caption).split())) for line in lines]
    return [(line, text.replace("-->", "->")) for line, text in texts if text]


def _span(line: TimedLine, separator: str) -> str:
    return f"{_clock(line.start_frame, separator)} --> {_clock(line.stop_frame, separator)}"


def _clock(frame: int, separator: str) -> str:
    milliseconds = round(frame * 1000 / FPS)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{rest:03}"
