"""Lines and music on the timeline -> mastered stereo tracks, through moviepy's audio clips.

Which line starts when is `timing.py`'s; what comes out is encoded once and never again.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import VoiceError
from reel_pipeline.media.sound import SAMPLE_RATE, Mono, Stereo, decode_aac, encode_aac, loudness

REVISION = "1"
"""Changes when the same lines and music would sound different."""
TARGET_LUFS = -14.0
TRUE_PEAK_DBTP = -1.0
"""Instagram, TikTok and YouTube normalise to about -14 LUFS; louder peaks clip in their encoders."""
CLOSE_ENOUGH_LU = 0.3
"""A master is done this near to its loudness; the checks allow 1."""
MAX_ROUNDS = 8
"""Of encoding, measuring and correcting one master before it is given up."""
HEADROOM_DB = 0.3
"""The limiter starts this far below the ceiling, as encoding raises peaks a little."""
MUSIC_BELOW_VOICE_LU = 7.0
"""Between the lines; under a line `DUCKING_DB` comes on top, so the music plays 20 below the voice there."""
DUCKING_DB = -13.0
DUCK_ATTACK_S, DUCK_RELEASE_S = 0.15, 0.4
"""How long the music takes to step back before a line, and to come back after it."""
FADE_IN_S, FADE_OUT_S = 0.05, 0.8
"""Of the music, at the reel's start and end."""
LOOKAHEAD = SAMPLE_RATE * 4 // 1000
"""Samples, 4 ms: the limiter turns down so long before a peak and comes back as slowly, so that nothing clicks."""


@dataclass(frozen=True)
class PlacedLine:
    start_sample: int
    speech: Mono


def mix(lines: list[PlacedLine], music: Stereo | None, samples: int) -> Stereo:
    """(samples, 2): the voice in the centre, music looped or cut to length under it, faded out at the end."""
    from moviepy.audio.AudioClip import CompositeAudioClip
    from moviepy.audio.fx import AudioFadeIn, AudioFadeOut

    voice = np.zeros((samples, 2), np.float32)
    clips = []
    for line in lines:
        stereo = np.repeat(line.speech[:, None], 2, axis=1)
        voice[line.start_sample : line.start_sample + len(stereo)] += stereo
        clips.append(_clip(stereo).with_start(line.start_sample / SAMPLE_RATE))
    if music is not None:
        bed = np.resize(music, (samples, 2)) * _music_gain(music, voice) * _ducking(lines, samples)[:, None]
        faded = _clip(bed).with_effects([AudioFadeIn(FADE_IN_S), AudioFadeOut(FADE_OUT_S)])
        clips.append(faded)
    if not clips:
        return voice
    together = CompositeAudioClip(clips)  # type: ignore[no-untyped-call]
    times = np.arange(samples) / SAMPLE_RATE
    return np.asarray(together.with_duration(samples / SAMPLE_RATE).get_frame(times), np.float32)


def _clip(sound: Stereo) -> Any:
    from moviepy.audio.AudioClip import AudioArrayClip

    return AudioArrayClip(sound, fps=SAMPLE_RATE)  # type: ignore[no-untyped-call]


def _music_gain(music: Stereo, voice: Stereo) -> float:
    """Puts the music `MUSIC_BELOW_VOICE_LU` below the voice; as it is where nobody speaks or the music is silent."""
    spoken, played = loudness(voice).integrated_lufs, loudness(music).integrated_lufs
    if math.isinf(spoken) or math.isinf(played):
        return 1.0
    return float(10 ** ((spoken - MUSIC_BELOW_VOICE_LU - played) / 20))


def _ducking(lines: list[PlacedLine], samples: int) -> NDArray[np.float32]:
    """(samples,) gain: `DUCKING_DB` while a line is heard, gliding in and out in decibels."""
    times = np.arange(samples) / SAMPLE_RATE
    depth = np.zeros(samples)
    for line in lines:
        start, end = line.start_sample / SAMPLE_RATE, (line.start_sample + len(line.speech)) / SAMPLE_RATE
        falling = np.clip((times - (start - DUCK_ATTACK_S)) / DUCK_ATTACK_S, 0, 1)
        rising = np.clip((end + DUCK_RELEASE_S - times) / DUCK_RELEASE_S, 0, 1)
        depth = np.maximum(depth, np.minimum(falling, rising))
    return np.asarray(10 ** (DUCKING_DB * depth / 20), np.float32)


def master(track: Stereo, at_gain_db: float | None = None) -> tuple[bytes, float]:
    """AAC of (samples, 2), and the gain in dB that it has before the limiter; silence stays silence.

    Decoded it is -14 LUFS +-1, or has just the gain that it was given, with a true peak of at most -1 dBTP. Gain,
    limit, encode, decode, measure, and correct by what was measured. Raises `VoiceError` when it does not settle.
    """
    measured = loudness(track)
    if math.isinf(measured.integrated_lufs):
        return encode_aac(track), 0.0
    gain_db = TARGET_LUFS - measured.integrated_lufs if at_gain_db is None else at_gain_db
    ceiling_db = TRUE_PEAK_DBTP - HEADROOM_DB
    peaks = _true_peaks(track)
    for _ in range(MAX_ROUNDS):
        encoded = encode_aac(_limited(track, peaks, 10 ** (gain_db / 20), 10 ** (ceiling_db / 20)))
        heard = loudness(decode_aac(encoded))
        error_db = TARGET_LUFS - heard.integrated_lufs if at_gain_db is None else 0.0
        over_db = heard.true_peak_dbtp - TRUE_PEAK_DBTP
        if abs(error_db) <= CLOSE_ENOUGH_LU and over_db <= 0:
            return encoded, gain_db
        gain_db += error_db
        ceiling_db -= over_db + 0.05 if over_db > 0 else 0.0
    raise VoiceError(
        f"The track stays at {heard.integrated_lufs:.1f} LUFS with peaks of {heard.true_peak_dbtp:.1f} dBTP; "
        "use music or recordings with fewer sharp peaks."
    )


def _true_peaks(track: Stereo) -> NDArray[np.float64]:
    """(samples,) the highest of four oversampled values of both channels (ITU-R BS.1770-4, annex 2)."""
    from scipy.signal import resample_poly  # type: ignore[attr-defined]

    channels = [
        np.abs(resample_poly(channel, 4, 1)).reshape(-1, 4).max(axis=1) for channel in np.ascontiguousarray(track.T)
    ]
    return np.asarray(np.maximum(*channels), np.float64)


def _limited(track: Stereo, peaks: NDArray[np.float64], gain: float, ceiling: float) -> Stereo:
    """`track` times `gain`, turned down around peaks above `ceiling`, by a look-ahead limiter.

    The least gain within reach, averaged over the same reach, is never above what the peak in its middle needs.
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d  # type: ignore[attr-defined]

    needed = np.minimum(gain, ceiling / np.maximum(peaks, 1e-9))
    smooth = uniform_filter1d(minimum_filter1d(needed, 2 * LOOKAHEAD + 1), 2 * LOOKAHEAD + 1)
    return np.asarray(track * smooth[:, None], np.float32)
