"""Does the finished track sound as it should? Decodes it and listens; of the record it takes only the timeline."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.sound import AAC_FRAME, SAMPLE_RATE, Loudness, Stereo, decode_aac, loudness
from reel_pipeline.records import FPS, Finding, Segment, VoiceEdition
from reel_pipeline.store import Store
from reel_pipeline.voice.record import packets_sha256

LUFS_RANGE = (-15.0, -13.0)
MAX_TRUE_PEAK_DBTP = -1.0
CLIPPED = 0.999
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
WINDOW = SAMPLE_RATE // 50
SPEECH_DB = -32.0
"""A slot with a line is somewhere at least this loud, in dB RMS over 20 ms; speech at -14 LUFS reaches about -10."""
MAX_ONSET_S = 0.8
"""Later than this the voice seems to belong to the next picture."""
CUT_BELOW_DB = 6.0
"""At a cut the sound is so much quieter than the slot's loudest moment, else a word is cut in two."""
MAX_PAUSE_S = 0.8
"""Longer silence inside a line is no pause for breath but sound that is missing."""
SILENCE_BELOW_DB = 40.0


@dataclass(frozen=True)
class _Slot:
    """Levels of one segment in dB RMS over 20 ms windows."""

    segment: Segment
    onset_s: float
    loudest_db: float
    at_cut_db: float
    longest_pause_s: float


def speech_is_clean(edition: VoiceEdition, store: Store) -> Finding:
    """Passes when the track is as long as its timeline, loud enough, unclipped, and every line lies inside its slot.

    Silence is right for `captions_only` without music. Raises `BlobMissing` when the track is gone.
    """
    sound = decode_aac(store.read(edition.track))
    if problem := _file_problem(edition, sound, store):
        return Finding(passed=False, sentence=problem, measured={"duration_s": round(len(sound) / SAMPLE_RATE, 3)})
    heard = loudness(sound)
    is_silent = edition.engine == "captions_only" and math.isinf(heard.integrated_lufs)
    slots = [] if edition.engine == "captions_only" else [_listened(segment, sound) for segment in edition.segments]
    problem = "" if is_silent else _level_problem(sound, heard)
    problem = problem or next((told for slot in slots if (told := _slot_problem(slot))), "")
    measured = {
        "integrated_lufs": heard.integrated_lufs,
        "true_peak_dbtp": heard.true_peak_dbtp,
        "duration_s": len(sound) / SAMPLE_RATE,
        "longest_pause_s": max((slot.longest_pause_s for slot in slots if slot.segment.line), default=0.0),
        "latest_onset_s": max((slot.onset_s for slot in slots if slot.segment.line), default=0.0),
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


def _file_problem(edition: VoiceEdition, sound: Stereo, store: Store) -> str:
    frame = 0
    for segment in edition.segments:
        if segment.start_frame != frame:
            return "The timeline has a gap or an overlap; record this voice again."
        frame += segment.frame_count
    surplus = len(sound) - frame * SAMPLES_PER_FRAME
    if not 0 <= surplus <= AAC_FRAME:
        return f"The track lasts {len(sound) / SAMPLE_RATE:.2f} s, its timeline {frame / FPS:.2f} s; record it again."
    if packets_sha256(store.path(edition.track)) != edition.packets_sha256:
        return "The track is not the one that was approved; record this voice again."
    return ""


def _level_problem(sound: Stereo, heard: Loudness) -> str:
    if not LUFS_RANGE[0] <= heard.integrated_lufs <= LUFS_RANGE[1]:
        return f"The track plays at {heard.integrated_lufs:.1f} LUFS instead of -14; record this voice again."
    if heard.true_peak_dbtp > MAX_TRUE_PEAK_DBTP or int(np.count_nonzero(np.abs(sound) >= CLIPPED)):
        return (
            f"The track peaks at {heard.true_peak_dbtp:.1f} dBTP, over -1, and would distort; record this voice again."
        )
    return ""


def _slot_problem(slot: _Slot) -> str:
    where = "The end card" if slot.segment.shot is None else f"Shot {slot.segment.shot}"
    if not slot.segment.line:
        return ""
    if slot.loudest_db < SPEECH_DB:
        return f"{where} should say {slot.segment.line!r}, but nothing is heard; record this voice again."
    if slot.onset_s > MAX_ONSET_S:
        return f"{where} starts to speak only after {slot.onset_s:.1f} s; record this line with less silence before it."
    if slot.longest_pause_s > MAX_PAUSE_S:
        return (
            f"{where} falls silent for {slot.longest_pause_s:.1f} s in the middle of its line; record this line again."
        )
    if slot.at_cut_db > slot.loudest_db - CUT_BELOW_DB:
        return f"{where} is still speaking when its picture ends; shorten the line."
    return ""


def _listened(segment: Segment, sound: Stereo) -> _Slot:
    start = segment.start_frame * SAMPLES_PER_FRAME
    levels = _levels_db(sound[start : start + segment.frame_count * SAMPLES_PER_FRAME])
    loudest = float(levels.max())
    onset = int(np.flatnonzero(levels > loudest - 15)[0])
    heard = np.flatnonzero(levels > loudest - SILENCE_BELOW_DB)
    pause = int(np.diff(heard).max(initial=1)) - 1
    window_s = WINDOW / SAMPLE_RATE
    return _Slot(segment, onset * window_s, loudest, float(levels[-2:].max()), pause * window_s)


def _levels_db(sound: Stereo) -> NDArray[np.float64]:
    """(windows,) dB RMS of both channels over whole 20 ms windows."""
    windows = sound[: len(sound) // WINDOW * WINDOW].astype(np.float64).reshape(-1, WINDOW * 2)
    return np.asarray(10 * np.log10(np.maximum((windows**2).mean(axis=1), 1e-12)))
