"""What every voice owes, whichever it is."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.engines import ENGINES, open_engine
from reel_pipeline.errors import EngineUnavailable, SettingsError, VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, wav_bytes
from reel_pipeline.records import BrandVoice
from reel_pipeline.voice.checks import speech_is_clean
from reel_pipeline.voice.engines import Utterance, Voice
from reel_pipeline.voice.engines.espeak_worker import voice_for
from reel_pipeline.voice.record import check_voice, record_voice
from reel_pipeline_tests.conftest import need
from reel_pipeline_tests.voice.making import LINES, ToneVoice, edition, store_in


def record_lines(folder: Path) -> None:
    folder.mkdir()
    for position, text in [*enumerate(LINES, start=1), ("closing", "Discover more.")]:
        said = Utterance(position=str(position), text=text, language="en-gb", words_per_minute=150)
        (folder / f"{position}.wav").write_bytes(wav_bytes(ToneVoice().speak(said)))


@pytest.fixture(params=[name for room, name in ENGINES if room == "voice"])
def voice(request: pytest.FixtureRequest, tmp_path: Path) -> Voice:
    if request.param == "espeak_ng":
        need("espeak", importlib.util.find_spec("espeakng_loader") is not None, "espeakng-loader is not installed")
    record_lines(tmp_path / "recordings")
    return open_engine("voice", request.param, recordings=tmp_path / "recordings")


def test_a_plan_becomes_a_clean_track_twice_the_same(voice: Voice, tmp_path: Path) -> None:
    stores = [store_in(tmp_path / name) for name in ("a", "b")]
    made = [record_voice(edition(), BrandVoice(), voice, store) for store in stores]
    assert made[0] == made[1]
    assert made[0].engine == voice.name
    assert made[0].is_placeholder == voice.is_placeholder == (voice.name == "espeak_ng")
    found = speech_is_clean(made[0], stores[0])
    assert found.passed, found.sentence


def test_speech_is_mono_float_in_range(voice: Voice) -> None:
    sound = voice.speak(Utterance(position="1", text=LINES[0], language="en-gb", words_per_minute=150))
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert np.abs(sound).max(initial=0) <= 1
    assert bool(len(sound)) == voice.speaks


def test_an_unknown_voice_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="captions_only"):
        open_engine("voice", "alexa")


def test_the_file_voice_says_which_recording_is_missing(tmp_path: Path) -> None:
    record_lines(tmp_path / "recordings")
    (tmp_path / "recordings" / "2.wav").unlink()
    with pytest.raises(VoiceError, match=r"2\.wav is missing; record 'With an open collar"):
        record_voice(
            edition(),
            BrandVoice(),
            open_engine("voice", "file", recordings=tmp_path / "recordings"),
            store_in(tmp_path),
        )
    with pytest.raises(EngineUnavailable, match="folder"):
        open_engine("voice", "file")


def test_a_changed_recording_is_heard_and_a_broken_or_silent_one_is_named(tmp_path: Path) -> None:
    folder, store = tmp_path / "recordings", store_in(tmp_path)
    record_lines(folder)
    engine = open_engine("voice", "file", recordings=folder)
    first = record_voice(edition(), BrandVoice(), engine, store)
    longer = Utterance(position="1", text="two more words said here", language="", words_per_minute=150)
    (folder / "1.wav").write_bytes(wav_bytes(ToneVoice().speak(longer)))
    assert record_voice(edition(), BrandVoice(), engine, store).mix != first.mix
    (folder / "1.wav").write_bytes(b"RIFF")
    with pytest.raises(VoiceError, match="export it as WAV"):
        record_voice(edition(), BrandVoice(), engine, store)
    (folder / "1.wav").write_bytes(wav_bytes(np.zeros(SAMPLE_RATE, np.float32)))
    with pytest.raises(VoiceError, match="said nothing"):
        record_voice(edition(), BrandVoice(), engine, store)


def test_espeak_refuses_a_language_it_does_not_have(tmp_path: Path) -> None:
    need("espeak", importlib.util.find_spec("espeakng_loader") is not None, "espeakng-loader is not installed")
    with pytest.raises(VoiceError, match="language"):
        record_voice(edition(), BrandVoice(language="tlh"), open_engine("voice", "espeak_ng"), store_in(tmp_path))


@pytest.mark.parametrize(
    ("text", "language", "chosen"),
    [
        ("A linen shirt", "en-gb", "en-gb"),
        ("قميص قطني أزرق", "en-gb", "ar"),
        ("חולצת כותנה", "en-us", "he"),
        ("Льняная рубашка", "de", "ru"),
        ("Льняна сорочка", "uk", "uk"),
        ("麻のシャツ", "en-gb", "ja"),
        ("蓝色衬衫", "en-gb", "cmn"),
        ("Robe bleue (синяя)", "fr", "fr"),
    ],
)
def test_a_line_is_spoken_in_the_voice_of_its_script(text: str, language: str, chosen: str) -> None:
    assert voice_for(text, language) == chosen


JAPANESE = ["朝の果樹園 紅茶", "果樹園の香りをうつした紅茶です"]
THAI = ["สบู่ข้าวโอ๊ต", "ใช้ได้กับผิวแห้ง"]


@pytest.mark.parametrize("language", ["en-gb", "ja"])
def test_a_script_that_a_voice_can_not_read_is_named_with_the_setting_before_a_word_is_spoken(
    language: str, tmp_path: Path
) -> None:
    with pytest.raises(VoiceError, match=rf"language '{language}' can't read .*朝の果樹園.*captions_only"):
        record_voice(
            edition(*JAPANESE), BrandVoice(language=language), open_engine("voice", "espeak_ng"), store_in(tmp_path)
        )
    silent = record_voice(
        edition(*JAPANESE), BrandVoice(language=language), open_engine("voice", "captions_only"), store_in(tmp_path)
    )
    assert [line.caption for line in silent.lines][:2] == JAPANESE
    with pytest.raises(VoiceError, match="Japanese line '果樹園の香り"):
        check_voice(["North tea.", JAPANESE[1]], BrandVoice(language=language), open_engine("voice", "espeak_ng"))
    with pytest.raises(VoiceError, match="Lao"):
        check_voice(["ສະບູ"], BrandVoice(language=language), open_engine("voice", "espeak_ng"))


@pytest.mark.parametrize("lines", [THAI, ["紅茶罐", "可以重复使用"], ["こうちゃ"], ["Шарф"], ["साबुन"], LINES])
def test_a_script_that_has_a_voice_is_read_whatever_the_brand_speaks(lines: list[str]) -> None:
    check_voice(lines, BrandVoice(), open_engine("voice", "espeak_ng"))
