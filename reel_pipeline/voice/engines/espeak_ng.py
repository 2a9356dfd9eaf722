"""espeak-ng from its Python wheel: honest, quick, robotic. A placeholder for a real voice, and said to be one.

Every line is spoken in a process of its own (`espeak_worker.py`): the library keeps global state, so only the first
line of a process always sounds the same, and a crash inside it can't take a run down.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from math import gcd

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import EngineUnavailable, VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, Mono
from reel_pipeline.voice.engines import Utterance, espeak_worker

TIMEOUT_S = 20


class EspeakVoice:
    name: str
    revision: str
    is_placeholder = True
    speaks = True

    def __init__(self) -> None:
        if importlib.util.find_spec(espeak_worker.PACKAGE) is None:
            raise EngineUnavailable(
                "The voice espeak_ng needs the Python package espeakng-loader; install it or choose captions_only."
            )

    def depends_on(self, utterance: Utterance) -> dict[str, str | int]:
        return {
            "text": utterance.text,
            "language": utterance.language,
            "words_per_minute": utterance.words_per_minute,
        }

    def cannot_say(self, lines: Sequence[str], language: str) -> str:
        unread = espeak_worker.unread_script(lines, language)
        return unread and (
            f"The voice espeak_ng with the language {language!r} can't read {unread}; set `voice` below [engines] to "
            '"captions_only" or to "file" with your own recordings, or override the lines in a language that it reads.'
        )

    def speak(self, utterance: Utterance) -> Mono:
        command = [
            sys.executable,
            "-I",
            espeak_worker.__file__,
            utterance.language,
            str(utterance.words_per_minute),
        ]
        try:
            done = subprocess.run(
                command, input=utterance.text.encode(), capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise VoiceError(f"Speaking {utterance.text!r} took over {TIMEOUT_S} s; shorten the line.") from error
        if done.returncode == espeak_worker.UNKNOWN_LANGUAGE:
            raise VoiceError(
                f"espeak-ng has no voice for {utterance.language!r}; set the brand's voice language to e.g. en-gb."
            )
        if done.returncode:
            problem = done.stderr.decode(errors="replace").strip().splitlines()
            raise VoiceError(
                f"espeak-ng failed on {utterance.text!r} ({(problem or ['no message'])[-1]}); reword the line."
            )
        rate = int.from_bytes(done.stdout[:4], "little")
        return _resampled(np.frombuffer(done.stdout[4:], np.int16), rate)


def _resampled(samples: NDArray[np.int16], rate: int) -> Mono:
    from scipy.signal import resample_poly  # type: ignore[attr-defined]

    common = gcd(SAMPLE_RATE, rate)
    speech = resample_poly(samples.astype(np.float64) / 32768, SAMPLE_RATE // common, rate // common)
    return np.asarray(np.clip(speech, -1, 1), np.float32)
