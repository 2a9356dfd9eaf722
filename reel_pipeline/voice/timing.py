"""How long each line is heard -> the timeline on the 24 fps grid. Numbers only, no sound."""

from dataclasses import dataclass

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE
from reel_pipeline.records import FPS

SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
SHOT_FRAMES = (2 * FPS, 4 * FPS)
"""Least and most: a shot lasts 2 to 4 s, the end card 2 to 3 s, the whole reel 8 to 20 s."""
CLOSING_FRAMES = (2 * FPS, 3 * FPS)
REEL_FRAMES = (8 * FPS, 20 * FPS)
LEAD_IN_S = 0.2
LEAD_OUT_S = 0.25
"""Comfortable silence before and after a line: one of 2 s gets a shot of 2.45 s, rounded up to 59 frames."""
SHORT_BREATH_S = 0.15
"""The least silence before and after a line; used where the comfortable one would break a limit."""
READING_CHARS_PER_S = 15.0
"""Comfortable reading of captions: subtitle guidelines allow 15 to 17 characters a second."""
READING_START_S = 0.5
"""Before reading begins: 30 letters take 0.5 + 30 / 15 = 2.5 s."""


@dataclass(frozen=True)
class Slot:
    """`lead_in_samples` of silence stand before the line."""

    frames: int
    lead_in_samples: int


def longest_line_s(closing: bool) -> float:
    """How long a line may be heard in a shot, or on the end card."""
    return (CLOSING_FRAMES if closing else SHOT_FRAMES)[1] / FPS - 2 * SHORT_BREATH_S


def spoken_slots(heard_samples: list[int]) -> list[Slot]:
    """One slot per line, the end card's last, 8 to 20 s together. Each line must be within `longest_line_s`.

    Raises `VoiceError` when the lines are too long together.
    """
    slots = [
        _slot(samples, CLOSING_FRAMES if index == len(heard_samples) - 1 else SHOT_FRAMES)
        for index, samples in enumerate(heard_samples)
    ]
    frames = _within_reel([slot.frames for slot in slots], [_least_frames(samples) for samples in heard_samples])
    return [
        Slot(wanted, slot.lead_in_samples if wanted >= slot.frames else round(SHORT_BREATH_S * SAMPLE_RATE))
        for wanted, slot in zip(frames, slots, strict=True)
    ]


def read_slots(captions: list[str]) -> list[Slot]:
    """One slot per caption, the end card's last, by reading speed."""
    wanted = []
    for index, caption in enumerate(captions):
        least, most = CLOSING_FRAMES if index == len(captions) - 1 else SHOT_FRAMES
        wanted.append(min(most, max(least, round((READING_START_S + len(caption) / READING_CHARS_PER_S) * FPS))))
    return [Slot(frames, 0) for frames in _within_reel(wanted, [SHOT_FRAMES[0]] * len(wanted))]


def _slot(heard_samples: int, limits: tuple[int, int]) -> Slot:
    least, most = limits
    comfortable = round((LEAD_IN_S + LEAD_OUT_S) * SAMPLE_RATE)
    frames = -(-(heard_samples + comfortable) // SAMPLES_PER_FRAME)
    if frames <= most:
        return Slot(max(least, frames), round(LEAD_IN_S * SAMPLE_RATE))
    return Slot(most, (most * SAMPLES_PER_FRAME - heard_samples) // 2)


def _least_frames(heard_samples: int) -> int:
    return max(SHOT_FRAMES[0], -(-(heard_samples + round(2 * SHORT_BREATH_S * SAMPLE_RATE)) // SAMPLES_PER_FRAME))


def _within_reel(frames: list[int], least: list[int]) -> list[int]:
    """Lengthens the shortest slots or shortens the airiest ones, one frame at a time, until the reel's limits hold."""
    fitted = list(frames)
    most = [SHOT_FRAMES[1]] * (len(frames) - 1) + [CLOSING_FRAMES[1]]
    while sum(fitted) < REEL_FRAMES[0]:
        index = min((i for i in range(len(fitted)) if fitted[i] < most[i]), key=lambda i: fitted[i])
        fitted[index] += 1
    while sum(fitted) > REEL_FRAMES[1]:
        room = [i for i in range(len(fitted)) if fitted[i] > least[i]]
        if not room:
            total_s = sum(fitted) / FPS
            raise VoiceError(
                f"The lines together last {total_s:.1f} s, more than {REEL_FRAMES[1] / FPS:.0f} s; shorten the longest."
            )
        fitted[max(room, key=lambda i: fitted[i] - least[i])] -= 1
    return fitted
