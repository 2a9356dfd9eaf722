"""Lines become a timeline and one finished track."""

import hashlib
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, Stereo, decode_aac, loudness, wav_bytes
from reel_pipeline.media.video import audio_packets
from reel_pipeline.records import BrandVoice, TransitionKind, WordTimes
from reel_pipeline.voice.checks import speech_is_clean
from reel_pipeline.voice.engines import Voice
from reel_pipeline.voice.record import record_voice
from reel_pipeline_tests.voice.making import LINES, ToneVoice, carried, edition, store_in


def music(folder: Path, seconds: float = 3.0) -> BrandVoice:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(0.1 * np.sin(2 * np.pi * hertz * times) for hertz in (440.0, 554.4, 659.3))
    return BrandVoice(music=store_in(folder).put(wav_bytes(np.asarray(chord, np.float32)), ".wav"))


def test_segments_follow_the_plan_without_gaps(tmp_path: Path) -> None:
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store_in(tmp_path))
    assert [segment.shot for segment in made.segments] == [1, 2, 3, None]
    assert [line.text for line in made.lines] == [*LINES, "Discover more."] == [line.caption for line in made.lines]
    assert [(line.start_frame, line.stop_frame) for line in made.lines] == [
        (segment.start_frame, segment.stop_frame) for segment in made.segments
    ]
    ends = [segment.start_frame + segment.frame_count for segment in made.segments]
    assert [segment.start_frame for segment in made.segments] == [0, *ends[:-1]]
    assert 192 <= made.frame_count <= 480
    assert made.is_placeholder


def test_the_track_is_as_long_as_the_timeline_loud_and_unclipped_after_aac(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    sound = decode_aac(store.read(made.mix.sound))
    assert 0 <= len(sound) - made.frame_count * 2000 <= 1024
    heard = loudness(sound)
    assert abs(heard.integrated_lufs + 14) <= 0.5
    assert heard.true_peak_dbtp <= -1.0
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert speech_is_clean(made, store).passed


def test_the_file_needs_no_edit_list_and_its_packets_are_the_hashed_ones(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    assert b"elst" not in store.read(made.mix.sound)
    packets = hashlib.sha256(b"".join(audio_packets(store.path(made.mix.sound)))).hexdigest()
    assert packets == made.mix.packets_sha256


def test_each_line_starts_a_fifth_of_a_second_into_its_slot(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    level = np.abs(decode_aac(store.read(made.mix.sound))).max(axis=1)
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
    sound = decode_aac(store.read(made.mix.sound))
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
    assert not decode_aac(store.read(silent.mix.sound)).any()
    assert silent.segments[1].frame_count > silent.segments[0].frame_count
    assert not silent.is_placeholder
    assert "on purpose" in speech_is_clean(silent, store).sentence
    playing = record_voice(edition(), music(tmp_path), open_engine("voice", "captions_only"), store)
    heard = loudness(decode_aac(store.read(playing.mix.sound)))
    assert abs(heard.integrated_lufs + 14) <= 1
    assert speech_is_clean(playing, store).passed


def test_music_that_is_no_sound_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    broken = BrandVoice(music=store.put(b"not music", ".mp3"))
    with pytest.raises(VoiceError, match="export it as WAV"):
        record_voice(edition(), broken, ToneVoice(), store)


@pytest.mark.parametrize("speaks", [True, False])
@pytest.mark.parametrize("over", [(2,), (2, 3), (2, 4)])
def test_a_line_goes_on_over_the_shots_that_carry_it(over: tuple[int, ...], speaks: bool, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    plan = carried(edition(*LINES, "In white."), *over)
    voice = ToneVoice() if speaks else open_engine("voice", "captions_only")
    made = record_voice(plan, BrandVoice(), voice, store)
    own = [shot for shot in plan.shots if not shot.line_goes_on]
    assert [line.caption for line in made.lines] == [*(shot.line for shot in own), "Discover more."]
    assert [segment.shot for segment in made.segments] == [1, 2, 3, 4, None]
    starts = {segment.shot: segment.start_frame for segment in made.segments}
    edges = [*(starts[shot.number] for shot in own), starts[None], made.frame_count]
    assert [(line.start_frame, line.stop_frame) for line in made.lines] == list(pairwise(edges))
    assert all(15 <= segment.frame_count <= 96 for segment in made.segments)
    assert speech_is_clean(made, store).passed


def test_a_line_over_two_shots_may_be_longer_and_is_heard_through_the_cut(tmp_path: Path) -> None:
    store, voice = store_in(tmp_path), ToneVoice(0.39)
    line = "one two three four five six seven eight nine ten eleven twelve"
    made = record_voice(carried(edition(line, "", "Short one."), 2), BrandVoice(), voice, store)
    assert [utterance.position for utterance in voice.spoken] == ["1", "3", "closing"]
    first, second = made.segments[:2]
    assert 96 < made.lines[0].frame_count == first.frame_count + second.frame_count
    assert abs(first.frame_count - second.frame_count) <= 1
    cut = second.start_frame * 2000
    assert np.abs(decode_aac(store.read(made.mix.sound))[cut - 2000 : cut + 2000]).max() > 0.1
    assert speech_is_clean(made, store).passed


def test_words_last_as_long_as_their_line_is_heard(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    level = np.abs(decode_aac(store.read(made.mix.sound))).max(axis=1)
    for line in made.lines:
        part = level[line.start_frame * 2000 : line.stop_frame * 2000]
        heard_s = np.flatnonzero(part > 0.02)[[0, -1]] / SAMPLE_RATE + line.start_frame / 24
        assert [word.text for word in line.words] == line.text.split()
        assert line.word_times == WordTimes.ESTIMATED
        assert [line.words[0].start_s, line.words[-1].end_s] == pytest.approx(heard_s, abs=0.06)
        assert line.start_frame / 24 < line.words[0].start_s < line.words[-1].end_s < line.stop_frame / 24


def test_shots_slide_in_where_they_follow_a_shot(tmp_path: Path) -> None:
    plan = carried(edition(*LINES, "", "", ""), 4, 5, 6, enters=TransitionKind.SLIDE)
    made = record_voice(plan, BrandVoice(), ToneVoice(), store_in(tmp_path))
    cut, slide = TransitionKind.CUT, TransitionKind.SLIDE
    assert [segment.enters for segment in made.segments] == [cut, slide, slide, slide, slide, slide, cut]
    assert [segment.frame_count for segment in made.segments][2:6] == [15] * 4
    assert [segment.transition_frames for segment in made.segments] == [0, 8, 7, 7, 7, 7, 0]


def test_without_music_mix_and_voice_are_the_same_sound(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), BrandVoice(), ToneVoice(), store)
    assert made.voice == made.mix


def test_with_music_the_voice_alone_is_as_loud_as_in_the_mix(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(*LINES, ""), music(tmp_path), ToneVoice(), store)
    mix, voice = (decode_aac(store.read(stem.sound)) for stem in (made.mix, made.voice))
    assert len(mix) == len(voice)
    line = made.lines[1]
    spoken = slice(round(line.words[0].start_s * SAMPLE_RATE), round(line.words[-1].end_s * SAMPLE_RATE))

    def tone(sound: Stereo) -> float:
        """Level at the voice's 220 Hz, where the music has no energy."""
        part = sound[spoken, 0]
        return float(np.abs(np.fft.rfft(part * np.hanning(len(part))))[round(220 * len(part) / SAMPLE_RATE)])

    assert 20 * math.log10(tone(voice) / tone(mix)) == pytest.approx(0, abs=0.1)
    silent = made.segments[3]
    assert np.abs(voice[silent.start_frame * 2000 : silent.stop_frame * 2000]).max() < 0.001
    assert np.abs(mix[silent.start_frame * 2000 : silent.stop_frame * 2000]).max() > 0.05
    assert loudness(voice).true_peak_dbtp <= -1.0
    assert speech_is_clean(made, store).passed


def test_a_retake_has_both_stems_without_making_them_again(tmp_path: Path) -> None:
    made = record_voice(edition(), music(tmp_path), ToneVoice(), store_in(tmp_path))
    store = store_in(tmp_path)
    assert record_voice(edition(), music(tmp_path), ToneVoice(), store) == made
    assert store.counts["computed"] == 0


def test_music_without_speech_leaves_the_voice_alone_silent(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    made = record_voice(edition(), music(tmp_path), open_engine("voice", "captions_only"), store)
    assert not decode_aac(store.read(made.voice.sound)).any()
    assert [(line.text, line.words) for line in made.lines] == [("", ())] * 4
    assert [line.caption for line in made.lines] == [*LINES, "Discover more."]


@pytest.mark.parametrize("voice", [ToneVoice(), open_engine("voice", "captions_only")], ids=["spoken", "read"])
def test_a_shot_that_is_pushed_out_leaves_room_for_that_in_a_clip_of_4_s(tmp_path: Path, voice: Voice) -> None:
    plan = carried(edition(*[" ".join(["spoken"] * 12)] * 2), enters=TransitionKind.SLIDE)
    first, second, _ = record_voice(plan, BrandVoice(), voice, store_in(tmp_path)).segments
    assert second.transition_frames == 8
    assert first.frame_count + 8 <= 96 == second.frame_count
