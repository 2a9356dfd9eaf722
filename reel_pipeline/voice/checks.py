"""Does the finished sound sound as it should? Decodes it and listens; of the record it takes only the timeline."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.sound import AAC_FRAME, SAMPLE_RATE, Loudness, Stereo, decode_aac, loudness
from reel_pipeline.records import FPS, Finding, Span, Stem, TimedLine, VoiceEdition
from reel_pipeline.store import Store
from reel_pipeline.voice.record import packets_sha256

LUFS_RANGE = (-15.0, -13.0)
MAX_TRUE_PEAK_DBTP = -1.0
CLIPPED = 0.999
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
WINDOW = SAMPLE_RATE // 50
SPEECH_DB = -32.0
"""A line is somewhere at least this loud, in dB RMS over 20 ms; speech at -14 LUFS reaches about -10."""
QUIET_DB = -60.0
"""Where no line is, the voice alone stays below this; encoded silence lies below -100."""
MAX_ONSET_S = 0.8
"""Later than this the voice seems to belong to the next picture."""
CUT_BELOW_DB = 6.0
"""Where a line's last picture ends the sound is so much quieter than its loudest moment, else a word is cut in two."""
MAX_PAUSE_S = 0.8
"""Longer silence inside a line is no pause for breath but sound that is missing."""
SILENCE_BELOW_DB = 40.0


@dataclass(frozen=True)
class _Slot:
    """Levels of the mix during one line, in dB RMS over 20 ms windows. `where`: over which shot, for a sentence."""

    line: TimedLine
    where: str
    onset_s: float
    loudest_db: float
    at_end_db: float
    longest_pause_s: float


def speech_is_clean(edition: VoiceEdition, store: Store) -> Finding:
    """Passes when mix and voice are as long as their timeline, loud enough, unclipped, and every line lies in its slot.

    Silence is right where nothing is spoken and there is no music. Raises `BlobMissing` when a stem is gone.
    """
    mix = decode_aac(store.read(edition.mix.sound))
    voice = mix if edition.voice == edition.mix else decode_aac(store.read(edition.voice.sound))
    problem = _timeline_problem(edition)
    problem = problem or _file_problem("track", edition.mix, mix, edition.frame_count, store)
    problem = problem or _file_problem("voice alone", edition.voice, voice, edition.frame_count, store)
    if problem:
        return Finding(passed=False, sentence=problem, measured={"duration_s": round(len(mix) / SAMPLE_RATE, 3)})
    heard = loudness(mix)
    slots = [_listened(line, edition, mix) for line in edition.lines if line.text]
    is_silent = not slots and math.isinf(heard.integrated_lufs)
    problem = "" if is_silent else _level_problem(mix, heard)
    problem = problem or next((told for slot in slots if (told := _slot_problem(slot))), "")
    problem = problem or _voice_problem(edition, voice)
    measured = {
        "integrated_lufs": heard.integrated_lufs,
        "true_peak_dbtp": heard.true_peak_dbtp,
        "duration_s": len(mix) / SAMPLE_RATE,
        "longest_pause_s": max((slot.longest_pause_s for slot in slots), default=0.0),
        "latest_onset_s": max((slot.onset_s for slot in slots), default=0.0),
    }
    if problem:
        sentence = problem
    elif is_silent:
        sentence = "The track is silent on purpose: captions only, and the brand has no music."
    else:
        sentence = f"The track plays at {heard.integrated_lufs:.1f} LUFS, unclipped, and every line fits its shot."
    return Finding(
        passed=not problem,
        sentence=sentence,
        measured={name: round(value, 3) for name, value in measured.items() if math.isfinite(value)},
    )


def _timeline_problem(edition: VoiceEdition) -> str:
    stops = [0, *(segment.stop_frame for segment in edition.segments)]
    if any(segment.start_frame != at for segment, at in zip(edition.segments, stops, strict=False)):
        return "The timeline has a gap or an overlap; record this voice again."
    if not all({line.start_frame, line.stop_frame} <= {*stops} for line in edition.lines) or any(
        after.start_frame < before.stop_frame for before, after in pairwise(edition.lines)
    ):
        return "A line begins or ends within a shot or over another line; record this voice again."
    return ""


def _file_problem(name: str, stem: Stem, sound: Stereo, frame_count: int, store: Store) -> str:
    surplus = len(sound) - frame_count * SAMPLES_PER_FRAME
    if not 0 <= surplus <= AAC_FRAME:
        return (
            f"The {name} lasts {len(sound) / SAMPLE_RATE:.2f} s, its timeline {frame_count / FPS:.2f} s; "
            "record it again."
        )
    if packets_sha256(store.path(stem.sound)) != stem.packets_sha256:
        return f"The {name} is not the one that was approved; record this voice again."
    return ""


def _level_problem(sound: Stereo, heard: Loudness) -> str:
    if not LUFS_RANGE[0] <= heard.integrated_lufs <= LUFS_RANGE[1]:
        return f"The track plays at {heard.integrated_lufs:.1f} LUFS instead of -14; record this voice again."
    return _peak_problem("track", sound, heard)


def _peak_problem(name: str, sound: Stereo, heard: Loudness) -> str:
    if heard.true_peak_dbtp > MAX_TRUE_PEAK_DBTP or int(np.count_nonzero(np.abs(sound) >= CLIPPED)):
        return (
            f"The {name} peaks at {heard.true_peak_dbtp:.1f} dBTP, over -1, and would distort; record this voice again."
        )
    return ""


def _slot_problem(slot: _Slot) -> str:
    if slot.loudest_db < SPEECH_DB:
        return f"{slot.where} should say {slot.line.text!r}, but nothing is heard; record this voice again."
    if slot.onset_s > MAX_ONSET_S:
        return (
            f"{slot.where} starts to speak only after {slot.onset_s:.1f} s; record this line with less silence "
            "before it."
        )
    if slot.longest_pause_s > MAX_PAUSE_S:
        return (
            f"{slot.where} falls silent for {slot.longest_pause_s:.1f} s in the middle of its line; "
            "record this line again."
        )
    if slot.at_end_db > slot.loudest_db - CUT_BELOW_DB:
        return f"{slot.where} is still speaking when its picture ends; shorten the line."
    return ""


def _voice_problem(edition: VoiceEdition, voice: Stereo) -> str:
    """Of the voice alone: its peaks, a line that is not in it, and sound where no line is."""
    if edition.voice != edition.mix and (problem := _peak_problem("voice alone", voice, loudness(voice))):
        return problem
    spoken = [line for line in edition.lines if line.text]
    for line in spoken:
        if _levels_db(_part(voice, line)).max() < SPEECH_DB:
            return f"The voice alone lacks the line {line.text!r}; record this voice again."
    edges = [0, *(edge for line in spoken for edge in (line.start_frame, line.stop_frame)), edition.frame_count]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if (
            start < stop
            and _levels_db(_part(voice, Span(start_frame=start, frame_count=stop - start))).max() > QUIET_DB
        ):
            return f"The voice alone is heard {start / FPS:.1f} s in, where no line is; record this voice again."
    return ""


def _listened(line: TimedLine, edition: VoiceEdition, sound: Stereo) -> _Slot:
    shot = next(segment.shot for segment in edition.segments if segment.start_frame == line.start_frame)
    levels = _levels_db(_part(sound, line))
    loudest = float(levels.max())
    onset = int(np.flatnonzero(levels > loudest - 15)[0])
    heard = np.flatnonzero(levels > loudest - SILENCE_BELOW_DB)
    pause = int(np.diff(heard).max(initial=1)) - 1
    window_s = WINDOW / SAMPLE_RATE
    return _Slot(
        line=line,
        where="The end card" if shot is None else f"Shot {shot}",
        onset_s=onset * window_s,
        loudest_db=loudest,
        at_end_db=float(levels[-2:].max()),
        longest_pause_s=pause * window_s,
    )


def _part(sound: Stereo, span: Span) -> Stereo:
    return sound[span.start_frame * SAMPLES_PER_FRAME : span.stop_frame * SAMPLES_PER_FRAME]


def _levels_db(sound: Stereo) -> NDArray[np.float64]:
    """(windows,) dB RMS of both channels over whole 20 ms windows."""
    windows = sound[: len(sound) // WINDOW * WINDOW].astype(np.float64).reshape(-1, WINDOW * 2)
    return np.asarray(10 * np.log10(np.maximum((windows**2).mean(axis=1), 1e-12)))
