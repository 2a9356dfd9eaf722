"""Text -> pixels: line breaking, shaping in both directions, colours with verified contrast."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reel_pipeline.media.photo import Pixels
from reel_pipeline.reels.fonts import Face, FontStack

Colour = tuple[int, int, int]
LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


def parse_colour(text: str) -> Colour:
    value = text.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [(c / 255 / 12.92) if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable_on(background: Colour, wanted: Sequence[Colour]) -> Colour:
    """The first wanted colour that can be read on `background`, else black or white, whichever reads better."""
    for colour in wanted:
        if contrast(colour, background) >= LEAST_CONTRAST:
            return colour
    return max(((0, 0, 0), (255, 255, 255)), key=lambda colour: contrast(colour, background))


@dataclass(frozen=True)
class Style:
    """`size_px` is the em; `leading` is the distance of baselines in ems."""

    fonts: FontStack
    size_px: int
    leading: float = 1.24


def is_rtl(text: str) -> bool:
    """Whether the first strongly directed character runs right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def _runs(text: str, fonts: FontStack) -> list[tuple[str, Face]]:
    """Stretches of one face each, in the order they are drawn from left to right."""
    runs: list[tuple[str, Face]] = []
    for character in text:
        face = fonts.face_of(character)
        if runs and (character == " " or unicodedata.combining(character) or face is None):
            face = runs[-1][1]
        assert face is not None, "text was not made drawable"
        if runs and runs[-1][1] is face:
            runs[-1] = (runs[-1][0] + character, face)
        else:
            runs.append((character, face))
    return runs[::-1] if is_rtl(text) else runs


def line_width(text: str, style: Style) -> float:
    return sum(face.at(style.size_px).getlength(run) for run, face in _runs(text, style.fonts))


def break_lines(text: str, style: Style, max_width_px: float, max_lines: int) -> list[str] | None:
    """The fewest lines that fit, as even as possible; None when `max_lines` don't hold the text."""
    words = text.split()
    lines = _wrapped(words, style, max_width_px, max_lines)
    if lines is None:
        return None
    # The narrowest column that needs no further line makes the lines even.
    low, high = max_width_px / len(lines) / 2, max_width_px
    while high - low > 4:
        middle = (low + high) / 2
        narrower = _wrapped(words, style, middle, len(lines))
        if narrower is None:
            low = middle
        else:
            high, lines = middle, narrower
    return lines


def _wrapped(words: Sequence[str], style: Style, width_px: float, max_lines: int) -> list[str] | None:
    """Lines filled one after the other; None when they are too many or a word is too wide."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and line_width(longer, style) <= width_px:
            lines[-1] = longer
        elif line_width(word, style) <= width_px and len(lines) < max_lines:
            lines.append(word)
        else:
            return None
    return lines or None


def text_mask(lines: Sequence[str], style: Style, width_px: int) -> Pixels:
    """HW uint8 coverage of centred lines; the height is the sum of the leadings."""
    step = round(style.size_px * style.leading)
    mask = Image.new("L", (width_px, step * len(lines)), 0)
    draw = ImageDraw.Draw(mask)
    for index, line in enumerate(lines):
        x = (width_px - line_width(line, style)) / 2
        baseline = index * step + round(step / 2 + style.size_px * 0.35)
        for run, face in _runs(line, style.fonts):
            font = face.at(style.size_px)
            draw.text((x, baseline), run, font=font, fill=255, anchor="ls", direction="rtl" if is_rtl(run) else "ltr")
            x += font.getlength(run)
    return np.asarray(mask, np.uint8)


def rounded_mask(width_px: int, height_px: int, radius_px: int) -> Pixels:
    """HW uint8 of a filled rounded rectangle, drawn at four times the size for smooth corners."""
    big = Image.new("L", (width_px * 4, height_px * 4), 0)
    ImageDraw.Draw(big).rounded_rectangle((0, 0, width_px * 4 - 1, height_px * 4 - 1), radius_px * 4, fill=255)
    return np.asarray(big.resize((width_px, height_px), Image.Resampling.BOX), np.uint8)
