"""The check against tracks that are not what they should be."""

from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.media.sound import SAMPLE_RATE, Stereo, decode_aac, encode_aac
from reel_pipeline.records import BrandVoice, Stem, VoiceEdition
from reel_pipeline.store import Store
from reel_pipeline.voice.checks import speech_is_clean
from reel_pipeline.voice.record import packets_sha256, record_voice
from reel_pipeline_tests.voice.making import LINES, ToneVoice, edition, store_in


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


@pytest.fixture
def good(store: Store) -> VoiceEdition:
    return record_voice(edition(), BrandVoice(), ToneVoice(), store)


def swapped(good: VoiceEdition, sound: Stereo, store: Store) -> VoiceEdition:
    stem = stem_of(sound, store)
    return good.model_copy(update={"mix": stem, "voice": stem})


def stem_of(sound: Stereo, store: Store) -> Stem:
    blob = store.put(encode_aac(np.ascontiguousarray(sound, np.float32)), ".m4a")
    return Stem(sound=blob, packets_sha256=packets_sha256(store.path(blob)))


def heard(good: VoiceEdition, store: Store) -> Stereo:
    return decode_aac(store.read(good.mix.sound))[: good.frame_count * 2000]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda sound: sound * 0.3, "LUFS instead of"),
        (lambda sound: np.clip(sound * 3, -1, 1), "LUFS instead of"),
        (lambda sound: sound[: len(sound) // 2], "timeline"),
        (lambda sound: np.zeros_like(sound), "LUFS instead of"),
    ],
)
def test_spoiled_tracks_fail_with_the_reason(good: VoiceEdition, store: Store, spoil, told: str) -> None:
    found = speech_is_clean(swapped(good, spoil(heard(good, store)), store), store)
    assert not found.passed
    assert told in found.sentence


def test_a_single_click_over_the_ceiling_fails(good: VoiceEdition, store: Store) -> None:
    sound = heard(good, store)
    sound[SAMPLE_RATE * 3 : SAMPLE_RATE * 3 + 30] = 1.2
    assert "distort" in speech_is_clean(swapped(good, sound, store), store).sentence


def test_a_missing_line_a_late_line_a_hole_and_a_cut_word_are_heard(good: VoiceEdition, store: Store) -> None:
    second = good.segments[1]
    start, length = second.start_frame * 2000, second.frame_count * 2000
    sound = heard(good, store)

    missing = sound.copy()
    missing[start : start + length] = 0
    assert "nothing is heard" in speech_is_clean(swapped(good, missing, store), store).sentence

    late = sound.copy()
    late[start : start + SAMPLE_RATE] = 0
    assert "starts to speak only after" in speech_is_clean(swapped(good, late, store), store).sentence

    holed = sound.copy()
    holed[start + SAMPLE_RATE // 2 : start + SAMPLE_RATE * 3 // 2] = 0
    assert "falls silent" in speech_is_clean(swapped(good, holed, store), store).sentence

    cut = sound.copy()
    cut[start + length - 20000 : start + length] = 0.4 * np.sin(np.arange(20000) / 30)[:, None]
    assert "still speaking" in speech_is_clean(swapped(good, cut, store), store).sentence


def test_another_track_than_the_approved_one_fails(good: VoiceEdition, store: Store) -> None:
    other = good.mix.model_copy(update={"packets_sha256": "0" * 64})
    for name, told in (("mix", "The track is not the one"), ("voice", "The voice alone is not the one")):
        assert told in speech_is_clean(good.model_copy(update={name: other}), store).sentence


def test_a_timeline_with_a_gap_fails(good: VoiceEdition, store: Store) -> None:
    moved = good.segments[1].model_copy(update={"start_frame": good.segments[1].start_frame + 1})
    gap = good.model_copy(update={"segments": (good.segments[0], moved, *good.segments[2:])})
    assert "gap" in speech_is_clean(gap, store).sentence


def test_silence_is_refused_from_an_engine_that_speaks(good: VoiceEdition, store: Store) -> None:
    silent = swapped(good, np.zeros((good.frame_count * 2000, 2)), store)
    assert not speech_is_clean(silent, store).passed
    unspoken = tuple(line.model_copy(update={"text": "", "words": ()}) for line in good.lines)
    assert speech_is_clean(silent.model_copy(update={"lines": unspoken}), store).passed


def test_a_line_that_ends_within_a_shot_or_over_another_fails(good: VoiceEdition, store: Store) -> None:
    first = good.lines[0]
    for frame_count in (first.frame_count - 1, good.frame_count):
        moved = first.model_copy(update={"frame_count": frame_count})
        found = speech_is_clean(good.model_copy(update={"lines": (moved, *good.lines[1:])}), store)
        assert "within a shot or over another line" in found.sentence


def test_the_voice_alone_is_listened_to_as_well(good: VoiceEdition, store: Store) -> None:
    def told(voice: Stereo) -> str:
        return speech_is_clean(good.model_copy(update={"voice": stem_of(voice, store)}), store).sentence

    sound = heard(good, store)
    assert "The voice alone lasts" in told(sound[: len(sound) // 2])
    assert "The voice alone peaks" in told(np.clip(sound * 6, -1.2, 1.2))
    second = good.segments[1]
    missing = sound.copy()
    missing[second.start_frame * 2000 : second.stop_frame * 2000] = 0
    assert f"The voice alone lacks the line {good.lines[1].text!r}" in told(missing)


def test_the_voice_alone_is_silent_where_no_line_is(store: Store) -> None:
    made = record_voice(edition(*LINES, ""), BrandVoice(), ToneVoice(), store)
    start = made.segments[3].start_frame * 2000
    sound = heard(made, store)
    sound[start + SAMPLE_RATE : start + SAMPLE_RATE + 5000] = 0.01 * np.sin(np.arange(5000) / 9)[:, None]
    noisy = made.model_copy(update={"voice": stem_of(sound, store)})
    assert speech_is_clean(made, store).passed
    assert "where no line is" in speech_is_clean(noisy, store).sentence
