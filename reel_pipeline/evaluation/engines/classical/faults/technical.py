"""Format and sound of something that claims to be a finished reel, measured from the file.

Only asked where a cut list says what was intended; a clip from elsewhere has no format to keep.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray
from scipy.signal import lfilter  # type: ignore[attr-defined]

from reel_pipeline.evaluation.engines import Charge
from reel_pipeline.evaluation.engines.classical.seeing.footage import Footage
from reel_pipeline.media.mp4 import atoms
from reel_pipeline.records import FPS, CutList

TARGET_LUFS = -14.0
"""Loudness at which platforms play: a reel at -17 LUFS is 3 LU off."""
_RATE = 48_000
"""Samples a second."""
_NEAR_FULL_SCALE = 0.94
"""A reel peaks at -1 dBTP, which is 0.89. A codec takes what was flat at full scale down to 0.94 to 1.05."""
_SILENT = 10 ** (-60 / 20)
"""-60 dBFS, a sample of 0.001."""
_COLOURS = (ColorRange.MPEG, Colorspace.ITU709, ColorPrimaries.BT709, ColorTrc.BT709)
"""Range, matrix, primaries and transfer that a reel must be tagged with."""


def inspect_format(footage: Footage, cut_list: CutList) -> Iterator[Charge]:
    """By how many pixels, frames a second and frames the file is off its cut list."""
    off = abs(footage.width_px - cut_list.format.width_px) + abs(footage.height_px - cut_list.format.height_px)
    yield Charge("spec_size", float(off), 0.0)
    yield Charge("spec_fps", abs(footage.fps - FPS), 0.0)
    planned = sum(cut.frame_count for cut in cut_list.cuts)
    end_s = min(planned, footage.frame_count) / footage.fps
    yield Charge("spec_duration", float(abs(footage.frame_count - planned)), end_s)


def inspect_file(path: Path) -> Iterator[Charge]:
    """How the picture is coded, tagged and laid out: a score of 1 for what players show in other colours, not at all,
    or only once the whole file is loaded."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        is_usual = context.name == "h264" and context.pix_fmt in ("yuv420p", "yuvj420p")
        tags = context.color_range, context.colorspace, context.color_primaries, context.color_trc
    yield Charge("spec_codec", float(not is_usual), 0.0)
    yield Charge("spec_color", float(tags != _COLOURS), 0.0)
    kinds = [kind for kind, _, _ in atoms(path) if kind in (b"moov", b"mdat")]
    yield Charge("spec_faststart", float(kinds[:1] != [b"moov"]), 0.0)


def inspect_sound(path: Path, fps: float, cut_list: CutList) -> Iterator[Charge]:
    """Distortion, silence between two sounds, and loudness.

    A reel without sound, or with nothing but silence, is a choice (captions only) and no fault. Nor is silence in a
    shot in which nothing is said: one that the cut list shows without a caption.
    """
    sound = _decode(path)
    if sound is None or float(np.abs(sound).max(initial=0.0)) < _SILENT:
        return
    clipped = np.abs(sound) >= _NEAR_FULL_SCALE
    yield Charge("audio_clipping", float(clipped.mean()), int(np.argmax(clipped.any(0)) / _RATE * fps) / fps)
    at, length = _longest_silence(sound, _wordless_s(cut_list, fps))
    yield Charge("audio_silence", length, int(at * fps) / fps)
    loudness = integrated_lufs(sound)
    if loudness is not None:
        yield Charge("audio_loudness", abs(loudness - TARGET_LUFS), 0.0)


def _decode(path: Path) -> NDArray[np.float32] | None:
    """(2, N) float32 in [-1, 1] at 48 kHz; None without a sound track. 20 s of it are 8 MB."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=_RATE)
        parts = [
            part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)
        ]  # fmt: skip
    return np.concatenate(parts, axis=1).astype(np.float32) if parts else None


def _wordless_s(cut_list: CutList, fps: float) -> list[tuple[float, float]]:
    """Start and end in seconds of every cut over which nothing is written: there nothing is said either. A caption may
    go on over several cuts."""
    captions = [box for overlay in cut_list.overlays if overlay.kind != "logo" for box in overlay.boxes]
    return [
        (cut.start_frame / fps, cut.stop_frame / fps)
        for cut in cut_list.cuts
        if not any(box.start_frame < cut.stop_frame and cut.start_frame < box.stop_frame for box in captions)
    ]


def _longest_silence(sound: NDArray[np.float32], wordless_s: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Start and length in seconds of the longest silence between the first and the last sound, in steps of 50 ms. What
    of it falls into a wordless cut is not counted. `sound`: (2, N) float32 at 48 kHz."""
    step = _RATE // 20
    count = sound.shape[1] // step
    loud = np.abs(sound[:, : count * step]).max(0).reshape(count, step).max(1) > _SILENT
    where = np.flatnonzero(loud)
    if len(where) < 2:
        return 0.0, 0.0
    times = np.arange(count) / 20
    counts = np.ones(count, np.bool_)
    for start, end in wordless_s:
        counts &= ~((times >= start) & (times < end))
    silent = np.concatenate([[0], np.cumsum(counts & ~loud)])
    gaps = silent[where[1:]] - silent[where[:-1]]
    longest = int(np.argmax(gaps))
    return float(where[longest] + 1) / 20, float(gaps[longest]) / 20


def integrated_lufs(sound: NDArray[np.float32]) -> float | None:
    """Integrated loudness in LUFS of (2, N) float32 in [-1, 1] at 48 kHz, by ITU-R BS.1770-4: K-weighting, blocks of
    400 ms, both gates. None for less than a block, or for silence."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    high_pass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    weighted = lfilter(*high_pass, lfilter(*shelf, sound, axis=1), axis=1)
    block, hop = int(0.4 * _RATE), int(0.1 * _RATE)
    if weighted.shape[1] < block:
        return None
    total = np.concatenate([[0.0], np.cumsum((weighted.astype(np.float64) ** 2).sum(0))])
    starts = np.arange(0, weighted.shape[1] - block + 1, hop)
    power = (total[starts + block] - total[starts]) / block
    loud = power[power > 10 ** ((-70 + 0.691) / 10)]
    if not len(loud):
        return None
    gated = loud[loud > loud.mean() / 10]
    return float(-0.691 + 10 * np.log10(gated.mean()))
