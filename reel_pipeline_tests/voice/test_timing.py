"""The timeline's limits hold for any lines that fit their shots."""

from collections.abc import Sequence
from functools import partial
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE
from reel_pipeline.voice.timing import (
    SAMPLES_PER_FRAME,
    Slot,
    limits_of,
    longest_line_s,
    read_slots,
    shared,
    spoken_slots,
)

ONE_EACH = limits_of([1, 1])
COUNTS = [counts for lines in range(1, 7) for counts in product(range(1, 7), repeat=lines) if 2 <= sum(counts) <= 6]
"""All ways to spread lines over two to six shots."""
seven = partial(st.lists, min_size=7, max_size=7)


def check_timeline(slots: list[Slot], counts: Sequence[int]) -> None:
    """8 to 20 s without a gap, an end card of 2 to 3 s, shots of 0.625 to 4 s, and 2 to 4 s where each has its line."""
    at = 0
    for slot in slots:
        assert slot.start_frame == at
        at += slot.frames
    assert 192 <= at <= 480
    assert 48 <= slots[-1].frames <= 72
    for slot, count in zip(slots, counts, strict=False):
        spans = shared(slot, count)
        assert len(spans) == count
        assert spans[0].start_frame == slot.start_frame
        assert spans[-1].stop_frame == slot.start_frame + slot.frames
        assert [span.stop_frame for span in spans[:-1]] == [span.start_frame for span in spans[1:]]
        lengths = [span.frame_count for span in spans]
        assert min(lengths) >= (48 if count == 1 else 15)
        assert max(lengths) <= 96
        assert max(lengths) - min(lengths) <= 1
        assert slot.frames >= 48


@given(st.sampled_from(COUNTS), seven(st.floats(0, 1)))
def test_spoken_slots_hold_their_lines_and_the_reel_its_length(counts: tuple[int, ...], shares: list[float]) -> None:
    limits = limits_of(counts)
    samples = [int(share * longest_line_s(limit) * SAMPLE_RATE) for share, limit in zip(shares, limits, strict=False)]
    try:
        slots = spoken_slots(samples, limits)
    except VoiceError:
        assert sum(samples) > 15 * SAMPLE_RATE
        return
    check_timeline(slots, counts)
    for length, slot in zip(samples, slots, strict=True):
        after = slot.frames * SAMPLES_PER_FRAME - slot.lead_in_samples - length
        assert slot.lead_in_samples >= 0.149 * SAMPLE_RATE
        assert after >= 0.149 * SAMPLE_RATE
        assert slot.onset_sample == slot.start_frame * SAMPLES_PER_FRAME + slot.lead_in_samples


@given(st.sampled_from(COUNTS), seven(st.integers(0, 120)))
def test_read_slots_stay_within_the_same_limits(counts: tuple[int, ...], lengths: list[int]) -> None:
    captions = ["x" * length for length in lengths[: len(counts) + 1]]
    check_timeline(read_slots(captions, limits_of(counts)), counts)


def test_longer_captions_are_shown_longer() -> None:
    short, long, _ = read_slots(["One.", "A caption of about fifty characters, to be read.", "More."], ONE_EACH)
    assert long.frames > short.frames


def test_six_long_lines_are_too_many() -> None:
    with pytest.raises(VoiceError, match="more than 20 s"):
        spoken_slots([int(3.7 * SAMPLE_RATE)] * 6 + [SAMPLE_RATE], limits_of([1] * 6))


def test_a_short_line_over_many_shots_is_given_time_for_them() -> None:
    alone, over_five = (spoken_slots([SAMPLE_RATE, 3 * SAMPLE_RATE, 0], limits_of([n, 1]))[0] for n in (1, 5))
    assert over_five.frames == 75 > alone.frames
