"""The end card: brand, product name, price where the brand asks for it, call to action. Centred in the safe zone."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import union
from reel_pipeline.media.letters import line_parts
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import REEL_HEIGHT_PX, REEL_WIDTH_PX, BoxPx, BrandLook, BrandWords, Product
from reel_pipeline.reels.captions import SAFE_BOTTOM_PX, SAFE_SIDE_PX, SAFE_TOP_PX
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
    text_mask,
)

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes

_WIDTH = REEL_WIDTH_PX - 2 * SAFE_SIDE_PX - 60
_TITLE_SIZES_PX = (88, 80, 72, 64, 56, 50)
_RISE_PX = 26
_ENTRANCE_FRAMES = 12
_STAGGER_FRAMES = 4
_LEAST_SEEN, _LEAST_INK = 0.1, 0.01
"""Of what is opaque in a logo that is cut out; of one that brings its own ground."""
_LEAST_LOGO_CONTRAST = 2.0
"""Enough for a shape; WCAG's 3 is for those that mean something, and brands use softer ones on purpose."""
_PLATE_PAD_PX = 32


@dataclass(frozen=True)
class _Piece:
    """Something on the card: its bitmap, the gap above it, and how many frames later than the first it comes in."""

    rgba: Pixels
    gap_px: int
    delay: int = 0
    is_logo: bool = False


@dataclass(frozen=True)
class EndCard:
    """`background`: RGB of the whole frame. `bitmaps`: pieces with their delay in frames."""

    background: Colour
    bitmaps: tuple[tuple[Bitmap, int], ...]
    logo_box_px_xywh: BoxPx | None

    @property
    def box_px_xywh(self) -> BoxPx:
        return union(bitmap.box_px_xywh for bitmap, _ in self.bitmaps)

    def frames(self, frame_count: int) -> "Iterator[Planes]":
        """The pieces rise into place one after the other, then stand still."""
        blenders = [(Blender(bitmap), delay) for bitmap, delay in self.bitmaps]
        moving = min(frame_count, _ENTRANCE_FRAMES + max(delay for _, delay in self.bitmaps))
        for frame in range(moving):
            yield self._at(frame, blenders)
        still = self._at(moving, blenders)
        for _ in range(frame_count - moving):
            yield still

    def _at(self, frame: int, blenders: list[tuple[Blender, int]]) -> "Planes":
        picture = flat(self.background, REEL_WIDTH_PX, REEL_HEIGHT_PX)
        for blender, delay in blenders:
            time = min(max((frame + 1 - delay) / _ENTRANCE_FRAMES, 0.0), 1.0)
            eased = 1 - (1 - time) ** 3
            blender.mix(picture, eased, lower_px=2 * round(_RISE_PX * (1 - eased) / 2))
        return picture


def end_card(
    product: Product, look: BrandLook, words: BrandWords, logo: bytes | None, brand_font: bytes | None
) -> EndCard:
    """Raises `RenderError` when the logo can't be read, a font lacks a letter, or the disclaimer is too long."""
    background = parse_colour(look.palette[0])
    colours = [parse_colour(colour) for colour in look.palette[1:]]
    ink = readable_on(background, colours)
    accent = colours[1] if len(colours) > 1 else ink
    pieces = [
        _Piece(_text(product.title, "Bold", _TITLE_SIZES_PX, 4, ink, brand_font, leading=1.14), 56),
        _Piece(_rule(accent), 40),
    ]
    if logo:
        pieces.insert(0, _Piece(_logo(logo, background, ink), 0, is_logo=True))
    elif words.brand_name.strip():
        quiet = readable_on(background, [accent, ink])
        pieces.insert(0, _Piece(_text(words.brand_name, "SemiBold", (40, 34), 1, quiet, brand_font), 0))
    if words.show_price and product.shown_price:
        price = _text(product.shown_price, "SemiBold", (60, 48), 1, ink, brand_font)
        pieces.append(_Piece(price, 34, _STAGGER_FRAMES))
    if words.call_to_action.strip():
        pill = _pill(words.call_to_action, accent, [background, *colours], brand_font)
        pieces.append(_Piece(pill, 52, _STAGGER_FRAMES))
    if words.disclaimer.strip():
        small = _text(words.disclaimer, "Medium", (30, 27, 24), 5, ink, brand_font, leading=1.34)
        pieces.append(_Piece(small, 56, _STAGGER_FRAMES))
    return _stack(pieces, background)


def _stack(pieces: list[_Piece], background: Colour) -> EndCard:
    total = sum(piece.rgba.shape[0] + piece.gap_px for piece in pieces) - pieces[0].gap_px
    room = SAFE_BOTTOM_PX - SAFE_TOP_PX
    if total > room:
        raise RenderError("Title, price and disclaimer don't fit on the end card; shorten the disclaimer.")
    y = SAFE_TOP_PX + (room - total) // 2
    placed, logo_box = [], None
    for index, piece in enumerate(pieces):
        y += piece.gap_px if index else 0
        rgba = evened(piece.rgba)
        bitmap = Bitmap(rgba, (REEL_WIDTH_PX - rgba.shape[1]) // 4 * 2, y - y % 2)
        placed.append((bitmap, piece.delay))
        if piece.is_logo:
            logo_box = bitmap.box_px_xywh
        y += piece.rgba.shape[0]
    return EndCard(background, tuple(placed), logo_box)


def _text(
    text: str,
    weight: str,
    sizes: tuple[int, ...],
    max_lines: int,
    ink: Colour,
    brand_font: bytes | None,
    leading: float = 1.24,
) -> Pixels:
    """RGBA of the text at the largest size that fits; what fits at none ends in an ellipsis."""
    fonts = font_stack(brand_font, weight)
    short = fonts.drawable(text)
    if not short:
        raise RenderError(f"'{text[:40]}' holds no letter that can be drawn on the end card; write it in letters.")
    for size in sizes:
        style = Style(fonts, size, leading)
        lines = break_lines(short, style, _WIDTH, max_lines)
        if lines:
            return _inked(text_mask(lines, style, _WIDTH), ink)
    parts = line_parts(short)
    while lines is None:
        parts = parts[:-1] if len(parts) > 1 else [parts[0][:-1]]
        lines = break_lines(f"{''.join(parts).rstrip()}…", style, _WIDTH, max_lines)
    return _inked(text_mask(lines, style, _WIDTH), ink)


def _inked(mask: Pixels, ink: Colour) -> Pixels:
    rgba = np.empty((*mask.shape, 4), np.uint8)
    rgba[..., :3] = ink
    rgba[..., 3] = mask
    columns = np.flatnonzero(mask.any(axis=0))
    margin = min(columns[0], mask.shape[1] - 1 - columns[-1]) if columns.size else 0
    return rgba[:, margin : mask.shape[1] - margin]


def _rule(accent: Colour) -> Pixels:
    return _inked(np.full((5, 88), 255, np.uint8), accent)


def _pill(text: str, accent: Colour, inks: list[Colour], brand_font: bytes | None) -> Pixels:
    fonts = font_stack(brand_font, "SemiBold")
    drawable = fonts.drawable(text)
    for size in (46, 40, 34, 28):
        style = Style(fonts, size)
        width = round(line_width(drawable, style)) + 120
        if width <= _WIDTH:
            break
    else:
        raise RenderError(f"The call to action '{drawable[:40]}…' is too long for one line; shorten it.")
    mask = text_mask([drawable], style, width)
    height = mask.shape[0] + 52
    ink = readable_on(accent, inks)
    coverage = np.zeros((height, width, 1), np.float32)
    coverage[26 : 26 + mask.shape[0], :, 0] = mask / 255.0
    colour = np.array(accent, np.float32) * (1 - coverage) + np.array(ink, np.float32) * coverage
    alpha = rounded_mask(width, height, height // 2)[..., None]
    return np.concatenate([np.rint(colour).astype(np.uint8), alpha], axis=2)


def _logo(data: bytes, background: Colour, ink: Colour) -> Pixels:
    """RGBA of the logo, on a plate of its own where hardly any of it could be told from `background`."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            logo = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise RenderError(
            f"The brand's logo can't be read ({error}); put a PNG with transparency into the brand folder."
        ) from error
    logo = logo.crop(logo.getchannel("A").getbbox())
    scale = min(460 / logo.width, 190 / logo.height)
    size = (max(1, round(logo.width * scale)), max(1, round(logo.height * scale)))
    rgba = np.asarray(logo.resize(size, Image.Resampling.LANCZOS), np.uint8)
    grounds = sorted((ink, (0, 0, 0), (255, 255, 255)), key=lambda ground: -_seen_share(rgba, ground))
    least = _LEAST_SEEN if rgba[..., 3].min() < 200 else _LEAST_INK
    return rgba if _seen_share(rgba, background) >= least else _on_plate(rgba, grounds[0])


def _seen_share(rgba: Pixels, ground: Colour) -> float:
    """How much of what is opaque stands out from `ground`."""
    solid = rgba[rgba[..., 3] > 128][:, :3]
    colours, counts = np.unique(solid // 8 * 8, axis=0, return_counts=True)
    seen = [contrast((int(r), int(g), int(b)), ground) >= _LEAST_LOGO_CONTRAST for r, g, b in colours]
    return float(counts[seen].sum() / max(counts.sum(), 1))


def _on_plate(rgba: Pixels, ground: Colour) -> Pixels:
    height, width = rgba.shape[0] + 2 * _PLATE_PAD_PX, rgba.shape[1] + 2 * _PLATE_PAD_PX
    plate = Image.fromarray(_inked(rounded_mask(width, height, _PLATE_PAD_PX), ground))
    plate.alpha_composite(Image.fromarray(rgba), (_PLATE_PAD_PX, _PLATE_PAD_PX))
    return np.asarray(plate, np.uint8)
