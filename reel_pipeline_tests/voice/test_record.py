"""Lines become a timeline and one finished track."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, decode_aac, loudness, wav_bytes
from reel_pipeline.media.video import audio_packets
from reel_pipeline.records import BrandVoice
from reel_pipeline.voice.checks import speech_is_clean
from reel_pipeline.voice.record import record_voice
from reel_pipeline_tests.voice.making import LINES, ToneVoice, edition, store_in


def music(folder: Path, seconds: float = 3.0) -> BrandVoice:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(0.1 * np.sin(2 * np.pi * hertz * times) for hertz in (440.0, 554.4, 659.3))
    return BrandVoice(music=store_in(folder).put(wav_bytes(np.asarray(chord, np.float32)), ".wav"))


def test_segments_follow_the_plan_without_gaps(tmp_path: Path) -> None:
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store_in(tmp_path))
    assert [segment.shot for segment in made.segments] == [1, 2, 3, None]
    assert [segment.line for segment in made.segments] == [*LINES, "Discover more."]
    ends = [segment.start_frame + segment.frame_count for segment in made.segments]
    assert [segment.start_frame for segment in made.segments] == [0, *ends[:-1]]
    assert 192 <= made.frame_count <= 480
    assert made.is_placeholder


def test_the_track_is_as_long_as_the_timeline_loud_and_unclipped_after_aac(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    sound = decode_aac(store.read(made.track))
    assert 0 <= len(sound) - made.frame_count * 2000 <= 1024
    heard = loudness(sound)
    assert abs(heard.integrated_lufs + 14) <= 0.5
    assert heard.true_peak_dbtp <= -1.0
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert speech_is_clean(made, store).passed


def test_the_file_needs_no_edit_list_and_its_packets_are_the_hashed_ones(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    assert b"elst" not in store.read(made.track)
    packets = hashlib.sha256(b"".join(audio_packets(store.path(made.track)))).hexdigest()
    assert packets == made.packets_sha256


def test_each_line_starts_a_fifth_of_a_second_into_its_slot(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    level = np.abs(decode_aac(store.read(made.track))).max(axis=1)
    for segment in made.segments:
        start = segment.start_frame * 2000
        slot = level[start : start + segment.frame_count * 2000]
        onset_s = int(np.argmax(slot > 0.05)) / SAMPLE_RATE
        assert 0.15 <= onset_s <= 0.35
        assert slot[: SAMPLE_RATE // 10].max() < 0.02


def test_the_same_input_gives_the_same_bytes_and_is_spoken_once(tmp_path: Path) -> None:
    first, second = ToneVoice(), ToneVoice()
    made = record_voice(edition(), BrandVoice(), first, store_in(tmp_path / "a"))
    assert record_voice(edition(), BrandVoice(), second, store_in(tmp_path / "b")) == made
    again = ToneVoice()
    assert record_voice(edition(), BrandVoice(), again, store_in(tmp_path / "a")) == made
    assert len(first.spoken) == 4
    assert again.spoken == []


def test_one_changed_line_speaks_only_that_line_again(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    record_voice(edition(), BrandVoice(), ToneVoice(), store)
    voice = ToneVoice()
    record_voice(edition(LINES[0], "A new line here.", LINES[2]), BrandVoice(), voice, store)
    assert [utterance.text for utterance in voice.spoken] == ["A new line here."]


def test_a_slightly_long_line_is_spoken_faster_and_a_long_one_is_an_error(tmp_path: Path) -> None:
    voice = ToneVoice(seconds_per_word=0.39)
    line = "one two three four five six seven eight nine ten"
    made = record_voice(edition(line, "Short one."), BrandVoice(), voice, store_in(tmp_path))
    assert made.segments[0].frame_count == 96
    assert {utterance.words_per_minute for utterance in voice.spoken if utterance.text == line} == {150, 165}
    with pytest.raises(VoiceError, match=r"shot 1.*shorten it"):
        record_voice(edition(line, "Short one."), BrandVoice(), ToneVoice(0.5), store_in(tmp_path / "b"))
    with pytest.raises(VoiceError, match="closing line"):
        record_voice(edition(closing="a b c d e f g h i"), BrandVoice(), ToneVoice(0.35), store_in(tmp_path / "c"))


def test_two_short_lines_still_make_eight_seconds(tmp_path: Path) -> None:
    made = record_voice(edition("Mug.", "In blue."), BrandVoice(), ToneVoice(), store_in(tmp_path))
    assert made.frame_count == 192
    assert all(48 <= segment.frame_count <= 96 for segment in made.segments)


def test_a_shot_without_a_line_is_silent_for_two_seconds(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(*LINES, ""), BrandVoice(), ToneVoice(), store)
    assert made.segments[3].frame_count >= 48
    assert speech_is_clean(made, store).passed


def test_music_is_looped_ducked_and_fades_out(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition("Mug.", "In blue."), music(tmp_path), ToneVoice(), store)
    sound = decode_aac(store.read(made.track))
    assert speech_is_clean(made, store).passed

    def bed_db(start_s: float) -> float:
        """Level at 554 Hz, where the tone voice has no energy."""
        part = sound[int(start_s * SAMPLE_RATE) :][: SAMPLE_RATE // 10, 0]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        return 20 * math.log10(spectrum[54:57].max() + 1e-9)

    second = made.segments[1].start_frame / 24
    assert 10 <= bed_db(second - 0.4) - bed_db(second + 0.35) <= 16
    end = made.frame_count / 24
    assert bed_db(end - 0.15) < bed_db(end - 1.2) - 6


def test_captions_only_is_timed_by_reading_and_silent_or_musical(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    silent = record_voice(edition(), BrandVoice(), open_engine("voice", "captions_only"), store)
    assert not decode_aac(store.read(silent.track)).any()
    assert silent.segments[1].frame_count > silent.segments[0].frame_count
    assert not silent.is_placeholder
    assert "on purpose" in speech_is_clean(silent, store).sentence
    playing = record_voice(edition(), music(tmp_path), open_engine("voice", "captions_only"), store)
    heard = loudness(decode_aac(store.read(playing.track)))
    assert abs(heard.integrated_lufs + 14) <= 1
    assert speech_is_clean(playing, store).passed


def test_music_that_is_no_sound_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    broken = BrandVoice(music=store.put(b"not music", ".mp3"))
    with pytest.raises(VoiceError, match="export it as WAV"):
        record_voice(edition(), broken, ToneVoice(), store)
