"""Words share the stretch in which their line is heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.media.sound import SAMPLE_RATE
from reel_pipeline.voice.words import words_of

texts = st.lists(st.text("abcé19٣ก-.,", min_size=1, max_size=9), min_size=1, max_size=12).map(" ".join)


@given(texts, st.integers(0, 20 * SAMPLE_RATE), st.integers(SAMPLE_RATE // 10, 15 * SAMPLE_RATE))
def test_words_are_in_order_and_together_cover_what_is_heard(text: str, onset: int, samples: int) -> None:
    words = words_of(text, onset, samples)
    assert "".join(word.text for word in words) == "".join(text.split())
    assert words[0].start_s == pytest.approx(onset / SAMPLE_RATE, abs=1e-9)
    assert words[-1].end_s == pytest.approx((onset + samples) / SAMPLE_RATE, abs=1e-9)
    assert all(word.start_s < word.end_s for word in words)
    assert [word.end_s for word in words[:-1]] == [word.start_s for word in words[1:]]


def test_a_long_word_and_a_number_take_longer_than_a_short_word() -> None:
    lasts = {word.text: word.end_s - word.start_s for word in words_of("A cup holds 350 millilitres", 0, SAMPLE_RATE)}
    assert lasts["A"] < lasts["cup"] < lasts["millilitres"] < lasts["350"]


def test_a_script_without_spaces_has_words_too() -> None:
    assert len(words_of("ทอด้วยมือ ซักเครื่องได้", 0, SAMPLE_RATE)) >= 4
