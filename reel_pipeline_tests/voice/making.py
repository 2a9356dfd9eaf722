"""Plans and a voice for tests: tones instead of words, so that nothing is synthesised."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reel_pipeline.media.sound import SAMPLE_RATE, Mono
from reel_pipeline.records import Motion, PlanEdition, Role, Rung, Shot, Take
from reel_pipeline.store import Store, open_store
from reel_pipeline.voice.engines import Utterance

LINES = ("A linen shirt.", "With an open collar and a patch pocket.", "Cut wide, woven in Portugal.")


def edition(*lines: str, closing: str = "Discover more.") -> PlanEdition:
    take = Take(photo="0" * 16, rung=Rung.STILL_MOTION, motion=Motion.PUSH_IN, focus_px_xywh=(0, 0, 9, 16))
    return PlanEdition(
        shots=tuple(
            Shot(number=number, role=Role.DETAIL, takes=(take,), line=line, caption=line)
            for number, line in enumerate(lines or LINES, start=1)
        ),
        closing_line=closing,
    )


def carried(plan: PlanEdition, *numbers: int, **more: object) -> PlanEdition:
    """The plan, with the lines of the shots before these spoken over them too."""
    quiet = {"line_goes_on": True, "line": "", "caption": ""}
    changes = [{**more, **(quiet if shot.number in numbers else {})} for shot in plan.shots]
    shots = tuple(shot.model_copy(update=change) for shot, change in zip(plan.shots, changes, strict=True))
    return plan.model_copy(update={"shots": shots})


def store_in(folder: Path) -> Store:
    return open_store(str(folder / "store"), folder / "cache")


class ToneVoice:
    """Each line is a 220 Hz tone with syllable-like swells; `seconds_per_word` at 150 words a minute."""

    name = "tone"
    revision = "1"
    is_placeholder = True
    speaks = True

    def __init__(self, seconds_per_word: float = 0.3) -> None:
        self.seconds_per_word = seconds_per_word
        self.spoken: list[Utterance] = []

    def depends_on(self, utterance: Utterance) -> dict[str, str | int]:
        return {"text": utterance.text, "words_per_minute": utterance.words_per_minute}

    def cannot_say(self, lines: Sequence[str], language: str) -> str:
        return ""

    def speak(self, utterance: Utterance) -> Mono:
        self.spoken.append(utterance)
        seconds = len(utterance.text.split()) * self.seconds_per_word * 150 / utterance.words_per_minute
        times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        swell = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * times + 1)
        silence = np.zeros(SAMPLE_RATE // 4)
        sound = np.concatenate([silence, 0.4 * swell * np.sin(2 * np.pi * 220 * times), silence])
        return np.asarray(sound, np.float32)
