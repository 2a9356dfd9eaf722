"""Ways to get one spoken line. An engine returns plain speech; timing, music and loudness are `record.py`'s."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reel_pipeline.errors import SettingsError
from reel_pipeline.media.sound import Mono
from reel_pipeline.records import Record

NAMES = ("espeak_ng", "captions_only", "file")


class Utterance(Record):
    """`position` is `1`, `2`, ... for the shots and `closing` for the end card; `language` as in `BrandVoice`."""

    position: str
    text: str
    language: str
    words_per_minute: int


class Voice(Protocol):
    """`is_placeholder`: a synthetic stand-in for a real voice. `speaks` is False for an engine without sound."""

    name: str
    revision: str
    is_placeholder: bool
    speaks: bool

    def depends_on(self, utterance: Utterance) -> dict[str, str | int]:
        """What the sound of this utterance is made from: two equal answers mean the same sound."""

    def cannot_say(self, lines: Sequence[str], language: str) -> str:
        """Which of a reel's lines it has no voice for, as a sentence with the remedy; '' where it can say all."""

    def speak(self, utterance: Utterance) -> Mono:
        """Raises `VoiceError` with the remedy when the line can't be had."""


def open_engine(name: str, recordings: Path | None = None) -> Voice:
    """`recordings`: the folder of one SKU with `1.wav`, `2.wav`, ... and `closing.wav`; read by `file` alone.

    Raises `SettingsError` for an unknown name and `EngineUnavailable` when the engine can't run here.
    """
    if name == "espeak_ng":
        from reel_pipeline.voice.engines.espeak_ng import EspeakVoice

        return EspeakVoice()
    if name == "captions_only":
        from reel_pipeline.voice.engines.captions_only import CaptionsOnly

        return CaptionsOnly()
    if name == "file":
        from reel_pipeline.voice.engines.file import RecordedVoice

        return RecordedVoice(recordings)
    raise SettingsError(f"There is no voice called {name!r}; set the voice engine to one of: {', '.join(NAMES)}.")
