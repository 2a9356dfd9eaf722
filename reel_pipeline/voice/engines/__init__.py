"""Ways to get one spoken line. An engine returns plain speech; timing, music and loudness are `record.py`'s."""

from collections.abc import Sequence
from typing import Protocol

from reel_pipeline.media.sound import Mono
from reel_pipeline.records import Record


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
