"""How long each line is heard -> the timeline on the 24 fps grid. Numbers only, no sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE
from reel_pipeline.records import FPS, Span

SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
SHOT_FRAMES = (2 * FPS, 4 * FPS)
"""Least and most: a shot lasts 2 to 4 s, the end card 2 to 3 s, the whole reel 8 to 20 s."""
SHARING_SHOT_FRAMES = 15
"""The least of a shot that shares its line with others, 0.625 s: four of them make at least 60 frames."""
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
    """A line's stretch of the timeline, over one shot or several; `lead_in_samples` of silence come first."""

    start_frame: int
    frames: int
    lead_in_samples: int

    @property
    def onset_sample(self) -> int:
        """Where the line is heard from, in samples from the start of the reel."""
        return self.start_frame * SAMPLES_PER_FRAME + self.lead_in_samples


Limits = tuple[int, int]
"""The least and the most frames of a slot."""


def limits_of(shots_per_line: Sequence[int]) -> list[Limits]:
    """One pair per line by how many shots it is spoken over, and the end card's last."""
    of_shots = [(max(SHOT_FRAMES[0], SHARING_SHOT_FRAMES * shots), SHOT_FRAMES[1] * shots) for shots in shots_per_line]
    return [*of_shots, CLOSING_FRAMES]


def longest_line_s(limits: Limits) -> float:
    """How long a line may be heard in its slot: 3.7 s in one of at most 96 frames."""
    return limits[1] / FPS - 2 * SHORT_BREATH_S


def spoken_slots(heard_samples: Sequence[int], limits: Sequence[Limits]) -> list[Slot]:
    """One slot per line, the end card's last, 8 to 20 s together. Each line must be within `longest_line_s`.

    Raises `VoiceError` when the lines are too long together.
    """
    wanted = [_comfortable(samples, limit) for samples, limit in zip(heard_samples, limits, strict=True)]
    least = [
        max(limit[0], _frames_for(samples, 2 * SHORT_BREATH_S))
        for samples, limit in zip(heard_samples, limits, strict=True)
    ]
    fitted = _within_reel([frames for frames, _ in wanted], least, [most for _, most in limits])
    short_breath = round(SHORT_BREATH_S * SAMPLE_RATE)
    return _in_a_row(
        fitted,
        [lead_in if now >= frames else short_breath for now, (frames, lead_in) in zip(fitted, wanted, strict=True)],
    )


def read_slots(captions: Sequence[str], limits: Sequence[Limits]) -> list[Slot]:
    """One slot per caption, the end card's last, by reading speed."""
    wanted = [
        min(most, max(least, round((READING_START_S + len(caption) / READING_CHARS_PER_S) * FPS)))
        for caption, (least, most) in zip(captions, limits, strict=True)
    ]
    fitted = _within_reel(wanted, [least for least, _ in limits], [most for _, most in limits])
    return _in_a_row(fitted, [0] * len(fitted))


def shared(slot: Slot, shots: int) -> list[Span]:
    """The slot cut into as many stretches in a row, equal but for one frame."""
    edges = [slot.start_frame + slot.frames * index // shots for index in range(shots + 1)]
    return [Span(start_frame=start, frame_count=stop - start) for start, stop in pairwise(edges)]


def _comfortable(heard_samples: int, limits: Limits) -> tuple[int, int]:
    """The frames that a line would have with nothing around it, and its lead-in in samples."""
    least, most = limits
    frames = _frames_for(heard_samples, LEAD_IN_S + LEAD_OUT_S)
    if frames <= most:
        return max(least, frames), round(LEAD_IN_S * SAMPLE_RATE)
    return most, (most * SAMPLES_PER_FRAME - heard_samples) // 2


def _frames_for(heard_samples: int, silence_s: float) -> int:
    return -(-(heard_samples + round(silence_s * SAMPLE_RATE)) // SAMPLES_PER_FRAME)


def _in_a_row(frames: Sequence[int], lead_ins: Sequence[int]) -> list[Slot]:
    starts = accumulate(frames, initial=0)
    return [Slot(start, count, lead_in) for start, count, lead_in in zip(starts, frames, lead_ins, strict=False)]


def _within_reel(frames: Sequence[int], least: Sequence[int], most: Sequence[int]) -> list[int]:
    """Lengthens the shortest slots or shortens the airiest ones, one frame at a time, until the reel's limits hold."""
    fitted = list(frames)
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
