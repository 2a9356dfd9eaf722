"""Text -> pixels: line breaking, shaping in both directions, colours with verified contrast."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from reel_pipeline.media.letters import line_parts
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Format
from reel_pipeline.reels.fonts import Face, FontStack

Colour = tuple[int, int, int]
BRACKETS = dict(zip("([{⟨〈「『【〔", ")]}⟩〉」』】〕", strict=True))
LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


def scaled(design_px: float, format: Format) -> int:
    """A size that was designed for a frame whose short side is 1080 px, in this format: 60 px are 40 of 720x1280."""
    return round(design_px * format.px_per_design_px)


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


def visual_runs(text: str, fonts: FontStack) -> list[tuple[str, Face, bool]]:
    """Stretches of one face and one direction, from left to right by UAX #9 over the whole line; True is right to left.

    The letters of a stretch are in the order in which they are read.
    """
    runs: list[tuple[str, Face, int]] = []
    for character, level in zip(text, _levels(text), strict=True):
        face = fonts.face_of(character)
        if runs and (character == " " or unicodedata.combining(character) or face is None):
            face = runs[-1][1]
        assert face is not None, "text was not made drawable"
        if runs and runs[-1][1:] == (face, level):
            runs[-1] = (runs[-1][0] + character, face, level)
        else:
            runs.append((character, face, level))
    for least in range(max((level for *_, level in runs), default=0), 0, -1):  # rule L2
        runs = _reversed_stretches(runs, least)
    return [(run, face, level % 2 == 1) for run, face, level in runs]


def _reversed_stretches(runs: list[tuple[str, Face, int]], least: int) -> list[tuple[str, Face, int]]:
    stretches = ((deep, list(group)) for deep, group in groupby(runs, key=lambda run: run[2] >= least))
    return [run for deep, group in stretches for run in (group[::-1] if deep else group)]


def _levels(text: str) -> list[int]:
    """The embedding level of each character."""
    if not any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text):
        return [0] * len(text)
    algorithm: Any = import_module("bidi.algorithm")
    storage = algorithm.get_empty_storage()
    base = int(is_rtl(text))
    storage["base_level"], storage["base_dir"] = base, "RL"[1 - base]
    algorithm.get_embedding_levels(text, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    _pair_brackets(storage["chars"], "LR"[base])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    return [int(character["level"]) for character in storage["chars"]]


def _pair_brackets(characters: list[dict[str, Any]], base: str) -> None:
    """Rule N0, which this part of python-bidi lacks: both brackets of a pair get the direction of what is in them."""
    strong = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, character in enumerate(characters):
        if character["ch"] in BRACKETS:
            opened.append(at)
        elif matching := [start for start in opened if BRACKETS[characters[start]["ch"]] == character["ch"]]:
            pairs.append((matching[-1], at))
            del opened[opened.index(matching[-1]) :]
    for start, end in sorted(pairs):
        own = "LR"[characters[start]["level"] % 2]
        inside = {strong.get(character["type"]) for character in characters[start + 1 : end]} - {None}
        if not inside:
            continue
        before = [strong[character["type"]] for character in characters[:start] if character["type"] in strong]
        way = own if own in inside or ([base, *before][-1]) == own else next(iter(inside))
        characters[start]["type"] = characters[end]["type"] = way


def line_width(text: str, style: Style) -> float:
    """Pixels from the first to the last letter's advance; `text` must be drawable (`FontStack.drawable`)."""
    return sum(face.at(style.size_px).getlength(run) for run, face, _ in visual_runs(text, style.fonts))


def break_lines(text: str, style: Style, max_width_px: float, max_lines: int) -> list[str] | None:
    """The fewest lines that fit, as even as possible; None when `max_lines` don't hold the text."""
    parts = line_parts(text)
    lines = _wrapped(parts, style, max_width_px, max_lines)
    if lines is None:
        return None
    # The narrowest column that needs no further line makes the lines even.
    low, high = max_width_px / len(lines) / 2, max_width_px
    while high - low > 4:
        middle = (low + high) / 2
        narrower = _wrapped(parts, style, middle, len(lines))
        if narrower is None:
            low = middle
        else:
            high, lines = middle, narrower
    return lines


def _wrapped(parts: Sequence[str], style: Style, width_px: float, max_lines: int) -> list[str] | None:
    """Lines filled one after the other; None when they are too many or a part is too wide."""
    lines: list[str] = []
    for part in parts:
        longer = lines[-1] + part if lines else part
        if lines and line_width(longer.rstrip(), style) <= width_px:
            lines[-1] = longer
        elif line_width(part.rstrip(), style) <= width_px and len(lines) < max_lines:
            lines.append(part)
        else:
            return None
    return [line.rstrip() for line in lines] or None


def text_mask(lines: Sequence[str], style: Style, width_px: int) -> Pixels:
    """HW uint8 coverage (255 is ink) of centred lines, each as high as its leading: 3 of 60 px make 222 px, and more
    where a letter reaches above the first line or below the last."""
    step = round(style.size_px * style.leading)
    placed = []
    top, bottom = 0, step * len(lines)
    for index, line in enumerate(lines):
        x = (width_px - line_width(line, style)) / 2
        baseline = index * step + round(step / 2 + style.size_px * 0.35)
        for run, face, is_leftward in visual_runs(line, style.fonts):
            font, direction = face.at(style.size_px), "rtl" if is_leftward else "ltr"
            _, above, _, below = font.getbbox(run, anchor="ls", direction=direction)
            top, bottom = min(top, baseline + int(above)), max(bottom, baseline + int(below))
            placed.append((x, baseline, run, font, direction))
            x += font.getlength(run)
    mask = Image.new("L", (width_px, bottom - top), 0)
    draw = ImageDraw.Draw(mask)
    for x, baseline, run, font, direction in placed:
        draw.text((x, baseline - top), run, font=font, fill=255, anchor="ls", direction=direction)
    return np.asarray(mask, np.uint8)


def rounded_mask(width_px: int, height_px: int, radius_px: int) -> Pixels:
    """HW uint8 of a filled rounded rectangle, drawn at four times the size for smooth corners."""
    big = Image.new("L", (width_px * 4, height_px * 4), 0)
    ImageDraw.Draw(big).rounded_rectangle((0, 0, width_px * 4 - 1, height_px * 4 - 1), radius_px * 4, fill=255)
    return np.asarray(big.resize((width_px, height_px), Image.Resampling.BOX), np.uint8)
