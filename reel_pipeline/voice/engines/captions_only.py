"""No speech: captions and, where the brand has it, music."""

from collections.abc import Sequence

import numpy as np

from reel_pipeline.media.sound import Mono
from reel_pipeline.voice.engines import Utterance


class CaptionsOnly:
    name: str
    revision: str
    is_placeholder = False
    speaks = False

    def depends_on(self, utterance: Utterance) -> dict[str, str | int]:
        return {}

    def cannot_say(self, lines: Sequence[str], language: str) -> str:
        return ""

    def speak(self, utterance: Utterance) -> Mono:
        return np.zeros(0, np.float32)
