import numpy as np
import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from reel_pipeline.errors import RenderError
from reel_pipeline.records import VERTICAL, BrandLook, Subject, SubjectKind, TimedLine
from reel_pipeline.reels.captions import caption_bitmap, place, place_elsewhere, srt, vtt
from reel_pipeline.reels.fonts import FontStack, font_stack
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
    visual_runs,
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


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Warm 🎒 scarf", "Warm scarf"),
        ("Zero sugar can \u26a1\ufe0f 330 ml", "Zero sugar can 330 ml"),
        ("Black tea \u2764\ufe0f gift tin", "Black tea gift tin"),
        ("\ufeffSo\u00adft \u202eshirt\u202c", "Soft shirt"),
        ("Flag \U0001f3f4\U000e0067\U000e0062\U000e007f mug", "Flag mug"),
        ("Size 1\ufe0f\u20e3", "Size 1"),
        ("Soap dish 10\u2033 \u00d7 8\u2032", "Soap dish 10\u2033 \u00d7 8\u2032"),
        ("\U0001d5d5\U0001d5fc\U0001d5f9\U0001d5f1 \uff37ide \ufb01ne", "Bold Wide fine"),
        ("\u00bd cm\u00b2 Brand\u2122", "\u00bd cm\u00b2 Brand\u2122"),
        ("Oil \U00012000 lamp", "Oil lamp"),
    ],
)
def test_what_can_not_be_seen_or_drawn_is_left_out_and_letters_are_plain(text: str, drawn: str) -> None:
    found = FONTS.drawable(text)
    assert found.replace('"', "\u2033").replace("'", "\u2032") == drawn
    assert (text_mask([found], Style(FONTS, 60), 1000) > 128).any()


@pytest.mark.parametrize("text", ["gypsy jug", "ÅÉ", "ที่"])
def test_no_letter_is_cut_where_lines_stand_close(text: str) -> None:
    fonts = font_stack(None, "Bold")
    close, far = (text_mask([text], Style(fonts, 88, leading), 1000) for leading in (0.8, 3.0))
    assert (close > 0).sum() == (far > 0).sum()


def test_letters_that_no_font_holds_are_named_and_many_of_them_refused() -> None:
    assert FONTS.left_out("Oil \U00012000 lamp 🎒") == "\U00012000"
    with pytest.raises(RenderError, match=r"CUNEIFORM SIGN A.*brand folder"):
        FONTS.drawable("\U00012000\U00012001\U00012002 lamp")


@pytest.mark.parametrize("text", ["สบู่ข้าวโอ๊ต", "ສະບູ", "សាប៊ូ", "ဆပ်ပြာ", "साबुन", "সাবান", "சோப்பு", "సబ్బు"])
def test_scripts_of_south_and_south_east_asia_are_at_hand(text: str) -> None:
    assert FONTS.drawable(text) == text


RTL_LINES = [
    "منشفة حمّام قطنية 70 × 140 سم",
    "حقيبة (XL) 12-15",
    "حقيبة 20 % ABC 3,5 (أحمر)",
    "Tea حقيبة 20 x",
    "شاي [ABC (DEF)] 7",
]


@pytest.mark.parametrize("text", RTL_LINES)
def test_a_line_drawn_run_by_run_looks_as_libraqm_draws_it_whole(text: str) -> None:
    arabic = FontStack(tuple(face for face in FONTS.faces if ord("ح") in face.characters)[:1])
    expected = np.asarray(_raqm(text, arabic.faces[0].at(60))) > 128
    drawn = text_mask([text], Style(arabic, 60), expected.shape[1]) > 128
    assert np.abs(drawn.sum(0).astype(int) - expected.sum(0)).sum() < 0.06 * expected.sum()


@given(st.text(st.sampled_from("אבחט abXY 0123 ×-.,%()[]"), min_size=1, max_size=24))
@settings(max_examples=300, deadline=None)
def test_the_order_over_several_fonts_is_that_of_uax_9(text: str) -> None:
    """Against python-bidi's other implementation, which is compiled, has no runs and mirrors no brackets."""
    text = " ".join(text.split())
    if not text or not any("א" <= char <= "ת" for char in text):
        return
    shown = [run[::-1] if leftward else run for run, _, leftward in visual_runs(text, FONTS)]
    assert "".join(shown) == get_display(text, base_dir="R" if is_rtl(text) else "L")


def _raqm(text: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    style = Style(FONTS, 60)
    height = round(60 * style.leading)
    picture = Image.new("L", (1600, height), 0)
    width = font.getlength(text, direction="rtl" if is_rtl(text) else "ltr")
    ImageDraw.Draw(picture).text(
        ((1600 - width) / 2, round(height / 2 + 21)),
        text,
        font=font,
        fill=255,
        anchor="ls",
        direction="rtl" if is_rtl(text) else "ltr",
    )
    return picture


def test_numbers_in_arabic_are_read_from_the_right_with_several_fonts() -> None:
    runs = [run.strip() for run, _, _ in visual_runs(RTL_LINES[0], FONTS)]
    assert [run for run in runs if run][::-1] == ["منشفة حمّام قطنية", "70", "×", "140", "سم"]


def test_thai_and_japanese_are_broken_between_words() -> None:
    style = Style(FONTS, 56)
    thai = "สบู่ก้อนทำจากข้าวโอ๊ตใช้ได้กับผิวแห้งห่อด้วยกระดาษ"
    lines = break_lines(thai, style, 700, 3)
    assert lines is not None
    assert "".join(lines) == thai
    assert all(word in " ".join(lines) for word in ("สบู่", "ข้าว", "กระดาษ"))
    japanese = break_lines("果樹園の香りをうつした紅茶です。缶は繰り返し使えます。", style, 800, 3)
    assert japanese is not None
    assert not any(line.startswith(("。", "っ", "り", "を")) for line in japanese), japanese


def test_a_broken_brand_font_is_named() -> None:
    with pytest.raises(RenderError, match="TTF or OTF"):
        font_stack(b"not a font", "Bold")


def test_direction_is_that_of_the_first_strong_letter() -> None:
    assert is_rtl("12 חולצה x")
    assert not is_rtl("Shirt חולצה")


def subject(box, kind: SubjectKind = SubjectKind.PRODUCT) -> Subject:
    return Subject(kind=kind, box_px_xywh=box)


boxes = st.tuples(st.integers(0, 900), st.integers(0, 1700), st.integers(1, 1000), st.integers(1, 1500))


@given(st.lists(boxes, max_size=4), st.integers(1, 20), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_captions_stay_in_the_safe_zone(avoid, half_width, half_height) -> None:
    bitmap = Bitmap(np.zeros((half_height * 20, half_width * 46, 4), np.uint8), 0, 0)
    x, y, w, h = place(bitmap, [subject(box) for box in avoid], None, VERTICAL).box_px_xywh
    assert x >= 64
    assert x + w <= 1016
    assert y >= 269
    assert y + h <= 1248
    assert x % 2 == y % 2 == 0


def test_captions_leave_the_product_free_when_there_is_room() -> None:
    bitmap = caption_bitmap("A warm scarf", BrandLook(), None, VERTICAL)
    _, y, _, h = place(bitmap, [subject((0, 200, 1080, 600))], None, VERTICAL).box_px_xywh
    assert y >= 800
    _, y, _, h = place(bitmap, [subject((0, 500, 1080, 1400))], None, VERTICAL).box_px_xywh
    assert y + h <= 500


@pytest.mark.parametrize("kind", [SubjectKind.LABEL, SubjectKind.FACE])
def test_captions_rather_cover_the_product_than_its_label_or_a_face(kind: SubjectKind) -> None:
    bitmap = caption_bitmap("A warm scarf", BrandLook(), None, VERTICAL)
    everywhere = subject((0, 0, 1080, 1920))
    _, y, _, _ = place(bitmap, [everywhere, subject((0, 200, 1080, 600), kind)], None, VERTICAL).box_px_xywh
    assert y >= 800


def test_a_refused_caption_stands_elsewhere_or_nowhere() -> None:
    bitmap = place(caption_bitmap("A warm scarf", BrandLook(), None, VERTICAL), [], None, VERTICAL)
    elsewhere = place_elsewhere(bitmap, [], [bitmap.box_px_xywh], VERTICAL)
    assert elsewhere is not None
    assert elsewhere.y >= bitmap.y + bitmap.box_px_xywh[3]
    below = [subject((0, elsewhere.y, 1080, 1920))]
    assert place_elsewhere(bitmap, below, [bitmap.box_px_xywh], VERTICAL) is None


def test_a_caption_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(RenderError, match="shorten it"):
        caption_bitmap("word " * 60, BrandLook(), None, VERTICAL)


def test_subtitles_follow_the_timeline() -> None:
    lines = [
        TimedLine(start_frame=0, frame_count=60, text="Soft & warm.", caption="Soft"),
        TimedLine(start_frame=60, frame_count=49, caption="Only shown"),
        TimedLine(start_frame=109, frame_count=48),
    ]
    assert srt(lines).decode() == (
        "1\n00:00:00,000 --> 00:00:02,500\nSoft & warm.\n\n2\n00:00:02,500 --> 00:00:04,542\nOnly shown\n"
    )
    assert vtt(lines).decode().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nSoft &amp; warm.\n")
