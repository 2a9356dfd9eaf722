"""The timeline's limits hold for any lines that fit their shots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE
from reel_pipeline.voice.timing import SAMPLES_PER_FRAME, longest_line_s, read_slots, spoken_slots

shots = st.lists(st.integers(0, int(longest_line_s(closing=False) * SAMPLE_RATE)), min_size=2, max_size=6)
closing = st.integers(0, int(longest_line_s(closing=True) * SAMPLE_RATE))


@given(shots, closing)
def test_spoken_slots_hold_their_lines_and_the_reel_its_length(heard: list[int], last: int) -> None:
    try:
        slots = spoken_slots([*heard, last])
    except VoiceError:
        assert sum(heard) + last > 15 * SAMPLE_RATE
        return
    assert 192 <= sum(slot.frames for slot in slots) <= 480
    assert all(48 <= slot.frames <= 96 for slot in slots[:-1])
    assert 48 <= slots[-1].frames <= 72
    for samples, slot in zip([*heard, last], slots, strict=True):
        after = slot.frames * SAMPLES_PER_FRAME - slot.lead_in_samples - samples
        assert slot.lead_in_samples >= 0.149 * SAMPLE_RATE
        assert after >= 0.149 * SAMPLE_RATE


@given(st.lists(st.text(max_size=120), min_size=3, max_size=7))
def test_read_slots_stay_within_the_same_limits(captions: list[str]) -> None:
    slots = read_slots(captions)
    assert 192 <= sum(slot.frames for slot in slots) <= 480
    assert all(48 <= slot.frames <= 96 for slot in slots[:-1])
    assert 48 <= slots[-1].frames <= 72


def test_longer_captions_are_shown_longer() -> None:
    short, long, _ = read_slots(["One.", "A caption of about fifty characters, to be read.", "More."])
    assert long.frames > short.frames


def test_six_long_lines_are_too_many() -> None:
    with pytest.raises(VoiceError, match="more than 20 s"):
        spoken_slots([int(3.7 * SAMPLE_RATE)] * 6 + [SAMPLE_RATE])
