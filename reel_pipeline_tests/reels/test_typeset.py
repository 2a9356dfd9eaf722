import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.errors import RenderError
from reel_pipeline.records import BrandLook, Segment
from reel_pipeline.reels.captions import SAFE_BOTTOM_PX, SAFE_SIDE_PX, SAFE_TOP_PX, caption_bitmap, place, srt, vtt
from reel_pipeline.reels.fonts import font_stack
from reel_pipeline.reels.overlay import Bitmap
from reel_pipeline.reels.typeset import (
    LEAST_CONTRAST,
    Style,
    break_lines,
    contrast,
    is_rtl,
    line_width,
    readable_on,
    text_mask,
)

FONTS = font_stack(None, "SemiBold")
colours = st.tuples(*[st.integers(0, 255)] * 3)


@given(colours, st.lists(colours, max_size=3))
def test_text_can_always_be_read(background, wanted) -> None:
    assert contrast(readable_on(background, wanted), background) >= LEAST_CONTRAST


@given(st.lists(st.text("abcdefghijk", min_size=1, max_size=9), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_lines_fit_and_keep_every_word(words: list[str]) -> None:
    style = Style(FONTS, 56)
    lines = break_lines(" ".join(words), style, 800, 3)
    if lines is not None:
        assert " ".join(lines).split() == words
        assert all(line_width(line, style) <= 800 for line in lines)


def test_lines_are_balanced() -> None:
    style = Style(FONTS, 56)
    lines = break_lines("Made to be worn every single day of the week", style, 860, 3)
    widths = [line_width(line, style) for line in lines]
    assert len(lines) == 2
    assert max(widths) - min(widths) < 0.35 * max(widths)


@pytest.mark.parametrize(
    "text", ["Żółw élégant ½ €", "Теплый шарф", "חולצת כותנה רכה", "حقيبة ظهر للأطفال", "Demo حقيبة"]
)
def test_scripts_are_drawn_with_real_glyphs(text: str) -> None:
    drawable = FONTS.drawable(text)
    assert drawable == text
    mask = text_mask([drawable], Style(FONTS, 60), 1000)
    assert (mask > 128).sum() > 500
    assert all(FONTS.face_of(character) for character in text)


def test_arabic_letters_are_joined() -> None:
    """Joined forms are narrower than the same letters drawn one by one."""
    style = Style(FONTS, 60)
    assert line_width("حقيبة", style) < 0.95 * sum(line_width(letter, style) for letter in "حقيبة")


def test_emoji_are_left_out_and_unknown_letters_refused() -> None:
    assert FONTS.drawable("Warm 🎒 scarf") == "Warm scarf"
    with pytest.raises(RenderError, match="brand folder"):
        FONTS.drawable("漢字")


def test_a_broken_brand_font_is_named() -> None:
    with pytest.raises(RenderError, match="TTF or OTF"):
        font_stack(b"not a font", "Bold")


def test_direction_is_that_of_the_first_strong_letter() -> None:
    assert is_rtl("12 חולצה x")
    assert not is_rtl("Shirt חולצה")


boxes = st.tuples(st.integers(0, 900), st.integers(0, 1700), st.integers(1, 1000), st.integers(1, 1500))


@given(st.lists(boxes, max_size=4), st.integers(1, 20), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_captions_stay_in_the_safe_zone(avoid, half_width, half_height) -> None:
    bitmap = Bitmap(np.zeros((half_height * 20, half_width * 46, 4), np.uint8), 0, 0)
    x, y, w, h = place(bitmap, avoid, None).box_px_xywh
    assert x >= SAFE_SIDE_PX - 1
    assert x + w <= 1080 - SAFE_SIDE_PX + 1
    assert y >= SAFE_TOP_PX
    assert y + h <= SAFE_BOTTOM_PX
    assert x % 2 == y % 2 == 0


def test_captions_leave_the_product_free_when_there_is_room() -> None:
    bitmap = caption_bitmap("A warm scarf", BrandLook(), None)
    _, y, _, h = place(bitmap, [(0, 200, 1080, 600)], None).box_px_xywh
    assert y >= 800
    _, y, _, h = place(bitmap, [(0, 500, 1080, 1400)], None).box_px_xywh
    assert y + h <= 500


def test_a_caption_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(RenderError, match="shorten it"):
        caption_bitmap("word " * 60, BrandLook(), None)


def test_subtitles_follow_the_timeline() -> None:
    segments = [
        Segment(shot=1, start_frame=0, frame_count=60, line="Soft & warm.", caption="Soft"),
        Segment(shot=2, start_frame=60, frame_count=49, caption="Only shown"),
        Segment(shot=None, start_frame=109, frame_count=48),
    ]
    assert srt(segments).decode() == (
        "1\n00:00:00,000 --> 00:00:02,500\nSoft & warm.\n\n2\n00:00:02,500 --> 00:00:04,542\nOnly shown\n"
    )
    assert vtt(segments).decode().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nSoft &amp; warm.\n")
