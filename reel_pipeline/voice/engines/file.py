"""The user's own recordings: one sound file per line in a folder of the SKU."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reel_pipeline.errors import EngineUnavailable, VoiceError
from reel_pipeline.media.sound import Mono, read_sound
from reel_pipeline.voice.engines import Utterance

SUFFIXES = (".wav", ".m4a", ".mp3", ".flac", ".ogg", ".aac")


class RecordedVoice:
    name: str
    revision: str
    is_placeholder = False
    speaks = True

    def __init__(self, recordings: Path | None = None) -> None:
        if recordings is None:
            raise EngineUnavailable("The voice `file` needs a folder of recordings; set one, or choose espeak_ng.")
        self._folder = recordings

    def depends_on(self, utterance: Utterance) -> dict[str, str | int]:
        return {"recording_sha256": hashlib.sha256(self._path(utterance).read_bytes()).hexdigest()}

    def cannot_say(self, lines: Sequence[str], language: str) -> str:
        return ""

    def speak(self, utterance: Utterance) -> Mono:
        return np.asarray(read_sound(self._path(utterance)).mean(axis=1), np.float32)

    def _path(self, utterance: Utterance) -> Path:
        for suffix in SUFFIXES:
            path = self._folder / f"{utterance.position}{suffix}"
            if path.is_file():
                return path
        raise VoiceError(
            f"The recording {self._folder / utterance.position}.wav is missing; record {utterance.text!r} there."
        )
