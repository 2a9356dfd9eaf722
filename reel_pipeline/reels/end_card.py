"""The end card: brand, product name, price where the brand asks for it, call to action. Centred in the safe zone.

Sizes are designed for a frame whose short side is 1080 px and scaled to the format (`typeset.scaled`).
"""

import io
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import union
from reel_pipeline.media.letters import line_parts
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, BrandLook, BrandWords, Format, Product
from reel_pipeline.reels.captions import widest_px
from reel_pipeline.reels.fonts import font_stack
from reel_pipeline.reels.overlay import Bitmap, Blender, evened, flat
from reel_pipeline.reels.typeset import (
    Colour,
    Style,
    break_lines,
    contrast,
    line_width,
    parse_colour,
    readable_on,
    rounded_mask,
    scaled,
    text_mask,
)

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes

_SIDE_PX = 30
"""Left free beside the text, within the safe zone."""
_TITLE_SIZES_PX = (88, 80, 72, 64, 56, 50)
_RISE_PX = 26
_ENTRANCE_FRAMES = 12
_STAGGER_FRAMES = 4
_LEAST_SEEN, _LEAST_INK = 0.1, 0.01
"""A logo gets a plate where less of it than this stands out from the card: a tenth of one that is cut out; of one that
brings its own ground a hundredth, since its letters may be thin."""
_LEAST_LOGO_CONTRAST = 2.0
"""Contrast ratio from which a part of a logo stands out. WCAG asks for 3 where a shape carries meaning; brands choose
softer tones on purpose."""
_PLATE_PAD_PX = 32


@dataclass(frozen=True)
class _Piece:
    """Something on the card: its bitmap, the designed gap above it, and how many frames after the first it comes in."""

    rgba: Pixels
    gap_px: int
    delay: int = 0
    is_logo: bool = False


@dataclass(frozen=True)
class EndCard:
    """`background`: RGB, 0 to 255. `bitmaps`: each piece where it comes to rest, and how many frames late it starts."""

    format: Format
    background: Colour
    bitmaps: tuple[tuple[Bitmap, int], ...]
    logo_box_px_xywh: BoxPx | None

    @property
    def box_px_xywh(self) -> BoxPx:
        return union(bitmap.box_px_xywh for bitmap, _ in self.bitmaps)

    def frames(self, frame_count: int) -> "Generator[Planes, None, None]":
        """The pieces rise into place one after the other, then stand still."""
        blenders = [(Blender(bitmap), delay) for bitmap, delay in self.bitmaps]
        moving = min(frame_count, _ENTRANCE_FRAMES + max(delay for _, delay in self.bitmaps))
        for frame in range(moving):
            yield self._at(frame, blenders)
        still = self._at(moving, blenders)
        for _ in range(frame_count - moving):
            yield still

    def _at(self, frame: int, blenders: list[tuple[Blender, int]]) -> "Planes":
        picture = flat(self.background, self.format.width_px, self.format.height_px)
        rise = scaled(_RISE_PX, self.format)
        for blender, delay in blenders:
            time = min(max((frame + 1 - delay) / _ENTRANCE_FRAMES, 0.0), 1.0)
            eased = 1 - (1 - time) ** 3
            blender.mix(picture, eased, lower_px=2 * round(rise * (1 - eased) / 2))
        return picture


def end_card(
    product: Product,
    look: BrandLook,
    words: BrandWords,
    logo: bytes | None,
    brand_font: bytes | None,
    format: Format,
) -> EndCard:
    """The card for a frame of this format. `logo`, `brand_font`: the files' bytes.

    Raises `RenderError` when the logo can't be read, a font lacks a letter, or the disclaimer is too long.
    """
    background = parse_colour(look.palette[0])
    colours = [parse_colour(colour) for colour in look.palette[1:]]
    ink = readable_on(background, colours)
    accent = colours[1] if len(colours) > 1 else ink
    lettering = _Lettering(brand_font, format)
    pieces = [
        _Piece(lettering.text(product.title, "Bold", _TITLE_SIZES_PX, 4, ink, leading=1.14), 56),
        _Piece(_rule(accent, format), 40),
    ]
    if logo:
        pieces.insert(0, _Piece(_logo(logo, background, ink, format), 0, is_logo=True))
    elif words.brand_name.strip():
        quiet = readable_on(background, [accent, ink])
        pieces.insert(0, _Piece(lettering.text(words.brand_name, "SemiBold", (40, 34), 1, quiet), 0))
    if words.show_price and product.shown_price:
        pieces.append(_Piece(lettering.text(product.shown_price, "SemiBold", (60, 48), 1, ink), 34, _STAGGER_FRAMES))
    if words.call_to_action.strip():
        pill = lettering.pill(words.call_to_action, accent, [background, *colours])
        pieces.append(_Piece(pill, 52, _STAGGER_FRAMES))
    if words.disclaimer.strip():
        small = lettering.text(words.disclaimer, "Medium", (30, 27, 24), 5, ink, leading=1.34)
        pieces.append(_Piece(small, 56, _STAGGER_FRAMES))
    return _stack(pieces, background, format)


def _stack(pieces: list[_Piece], background: Colour, format: Format) -> EndCard:
    _, top, _, room = format.safe_zone_px_xywh
    gaps = [0, *(scaled(piece.gap_px, format) for piece in pieces[1:])]
    total = sum(gaps) + sum(piece.rgba.shape[0] for piece in pieces)
    if total > room:
        raise RenderError("Title, price and disclaimer don't fit on the end card; shorten the disclaimer.")
    y = top + (room - total) // 2
    placed, logo_box = [], None
    for piece, gap in zip(pieces, gaps, strict=True):
        y += gap
        rgba = evened(piece.rgba)
        bitmap = Bitmap(rgba, (format.width_px - rgba.shape[1]) // 4 * 2, y - y % 2)
        placed.append((bitmap, piece.delay))
        if piece.is_logo:
            logo_box = bitmap.box_px_xywh
        y += piece.rgba.shape[0]
    return EndCard(format, background, tuple(placed), logo_box)


@dataclass(frozen=True)
class _Lettering:
    """Sets text in the brand's font for one format; sizes are designed ones, largest first."""

    brand_font: bytes | None
    format: Format

    @property
    def width_px(self) -> int:
        return widest_px(self.format) - 2 * scaled(_SIDE_PX, self.format)

    def text(
        self, text: str, weight: str, sizes: tuple[int, ...], max_lines: int, ink: Colour, leading: float = 1.24
    ) -> Pixels:
        """RGBA of the text at the largest size that fits; what fits at none ends in an ellipsis."""
        fonts = font_stack(self.brand_font, weight)
        short = fonts.drawable(text)
        if not short:
            raise RenderError(f"'{text[:40]}' holds no letter that can be drawn on the end card; write it in letters.")
        for size in sizes:
            style = Style(fonts, scaled(size, self.format), leading)
            lines = break_lines(short, style, self.width_px, max_lines)
            if lines:
                return _inked(text_mask(lines, style, self.width_px), ink)
        parts = line_parts(short)
        while lines is None:
            parts = parts[:-1] if len(parts) > 1 else [parts[0][:-1]]
            lines = break_lines(f"{''.join(parts).rstrip()}…", style, self.width_px, max_lines)
        return _inked(text_mask(lines, style, self.width_px), ink)

    def pill(self, text: str, accent: Colour, inks: list[Colour]) -> Pixels:
        """RGBA of one line on a plate with round ends."""
        fonts = font_stack(self.brand_font, "SemiBold")
        drawable = fonts.drawable(text)
        for size in (46, 40, 34, 28):
            style = Style(fonts, scaled(size, self.format))
            width = round(line_width(drawable, style)) + scaled(120, self.format)
            if width <= self.width_px:
                break
        else:
            raise RenderError(f"The call to action '{drawable[:40]}…' is too long for one line; shorten it.")
        mask = text_mask([drawable], style, width)
        pad = scaled(26, self.format)
        height = mask.shape[0] + 2 * pad
        ink = readable_on(accent, inks)
        coverage = np.zeros((height, width, 1), np.float32)
        coverage[pad : pad + mask.shape[0], :, 0] = mask / 255.0
        colour = np.array(accent, np.float32) * (1 - coverage) + np.array(ink, np.float32) * coverage
        alpha = rounded_mask(width, height, height // 2)[..., None]
        return np.concatenate([np.rint(colour).astype(np.uint8), alpha], axis=2)


def _inked(mask: Pixels, ink: Colour) -> Pixels:
    rgba = np.empty((*mask.shape, 4), np.uint8)
    rgba[..., :3] = ink
    rgba[..., 3] = mask
    columns = np.flatnonzero(mask.any(axis=0))
    margin = min(columns[0], mask.shape[1] - 1 - columns[-1]) if columns.size else 0
    return rgba[:, margin : mask.shape[1] - margin]


def _rule(accent: Colour, format: Format) -> Pixels:
    return _inked(np.full((scaled(5, format), scaled(88, format)), 255, np.uint8), accent)


def _logo(data: bytes, background: Colour, ink: Colour, format: Format) -> Pixels:
    """RGBA of the logo, on a plate of its own where hardly any of it could be told from `background`."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            logo = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise RenderError(
            f"The brand's logo can't be read ({error}); put a PNG with transparency into the brand folder."
        ) from error
    logo = logo.crop(logo.getchannel("A").getbbox())
    scale = min(scaled(460, format) / logo.width, scaled(190, format) / logo.height)
    size = (max(1, round(logo.width * scale)), max(1, round(logo.height * scale)))
    rgba = np.asarray(logo.resize(size, Image.Resampling.LANCZOS), np.uint8)
    grounds = sorted((ink, (0, 0, 0), (255, 255, 255)), key=lambda ground: -_seen_share(rgba, ground))
    least = _LEAST_SEEN if rgba[..., 3].min() < 200 else _LEAST_INK
    return (
        rgba if _seen_share(rgba, background) >= least else _on_plate(rgba, grounds[0], scaled(_PLATE_PAD_PX, format))
    )


def _seen_share(rgba: Pixels, ground: Colour) -> float:
    """How much of what is opaque stands out from `ground`."""
    solid = rgba[rgba[..., 3] > 128][:, :3]
    colours, counts = np.unique(solid // 8 * 8, axis=0, return_counts=True)
    seen = [contrast((int(r), int(g), int(b)), ground) >= _LEAST_LOGO_CONTRAST for r, g, b in colours]
    return float(counts[seen].sum() / max(counts.sum(), 1))


def _on_plate(rgba: Pixels, ground: Colour, pad_px: int) -> Pixels:
    height, width = rgba.shape[0] + 2 * pad_px, rgba.shape[1] + 2 * pad_px
    plate = Image.fromarray(_inked(rounded_mask(width, height, pad_px), ground))
    plate.alpha_composite(Image.fromarray(rgba), (pad_px, pad_px))
    return np.asarray(plate, np.uint8)
