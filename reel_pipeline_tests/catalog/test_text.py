"""Text and prices as shops write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.pages.text import MAX_DESCRIPTION_CHARS, MAX_LINE_CHARS, plain_line, plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Soft linen</p><p>Made in Porto.</p>", "Soft linen. Made in Porto."),
        ("<ul><li>One</li>\n<li>Two</li></ul>", "One. Two"),
        ("Line one<br>line&nbsp;two<br/>three", "Line one. line two. three"),
        ("a <b>bold</b>\n  word", "a bold word"),
        ("<script>alert(1)</script><style>p{}</style>Tee", "Tee"),
        ("5 &lt; 6 &amp; 7 &eacute;", "5 < 6 & 7 é"),
        ("&lt;p&gt;Twice&lt;/p&gt;&lt;p&gt;escaped&lt;/p&gt;", "Twice. escaped"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("plain\ntext", "plain. text"),
        ("A\u202eB\u0000C\u200bD\ufeff", "AB CD"),
        ("e\u0301", "é"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("", ""),
        ("<p></p>", ""),
        ("تيشيرت <b>قطن</b>", "تيشيرت قطن"),
    ],
)
def test_html_becomes_plain_sentences(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_a_long_description_ends_with_a_whole_sentence() -> None:
    text = plain_text("<p>" + "A fine sentence about linen. " * 400 + "</p>")
    assert MAX_DESCRIPTION_CHARS - 40 < len(text) <= MAX_DESCRIPTION_CHARS
    assert text.endswith("linen.")


def test_a_right_to_left_title_keeps_its_letters_and_loses_its_overrides() -> None:
    assert plain_line("\u202bمعطف شتوي\u202c") == "معطف شتوي"
    assert plain_line("مى\u200cخواهم") == "مى\u200cخواهم", "a joiner is spelling"


@given(st.text(max_size=2000))
def test_any_text_is_plain_afterwards(text: str) -> None:
    for made, limit in ((plain_text(text), MAX_DESCRIPTION_CHARS), (plain_line(text), MAX_LINE_CHARS)):
        assert len(made) <= limit
        assert made == unicodedata.normalize("NFC", made)
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in made)
        assert made == made.strip()
