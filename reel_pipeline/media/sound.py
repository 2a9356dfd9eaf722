"""Sound files <-> float arrays at 48 kHz, and what a listener measures of them: loudness, peaks.

Files are read and written through PyAV, loudness is FFmpeg's own EBU R 128 meter, so nothing here invents a number. How
loud a track should be is for `voice/` and `reels/`; the judge measures loudness by itself, so that no mistake made here
passes there too.
"""

import io
import math
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import VoiceError

SAMPLE_RATE = 48_000
Mono = NDArray[np.float32]
"""(samples,) float32 in [-1, 1] at 48 kHz."""
Stereo = NDArray[np.float32]
"""(samples, 2) float32, left and right, nominally in [-1, 1], at 48 kHz."""

MAX_SOUND_S = 300
"""As much of a file is read: a piece of music of any length makes the bed of a reel of 20 s at most."""
AAC_BITRATE = 192_000
AAC_FRAME = 1024
"""Samples per AAC packet, and the encoder's delay: decoded sound starts with so many samples of nothing."""
METER_STEP = SAMPLE_RATE // 10
"""Samples between two readings of the meter, which gives one every tenth of a second."""


@dataclass(frozen=True)
class Loudness:
    """`integrated_lufs` (ITU-R BS.1770-4, gated; -inf for silence), `true_peak_dbtp` (4x oversampled)."""

    integrated_lufs: float
    true_peak_dbtp: float


def read_sound(path: Path, longest_s: float = MAX_SOUND_S) -> Stereo:
    """(samples, 2), the first `longest_s` seconds of any sound file; mono is put in the centre.

    Raises `VoiceError` when the file can't be read as sound.
    """
    import av

    chunks: list[NDArray[np.float32]] = []
    length = 0
    try:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    chunks.append(np.asarray(part.to_ndarray(), np.float32))
                    length += part.samples
                if length >= longest_s * SAMPLE_RATE:
                    break
            else:
                chunks += [np.asarray(part.to_ndarray(), np.float32) for part in resampler.resample(None)]
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise VoiceError(f"{path.name} can't be read as sound; export it as WAV, 48 kHz.") from error
    if not chunks:
        raise VoiceError(f"{path.name} holds no sound; record it again.")
    return np.ascontiguousarray(np.concatenate(chunks, axis=1).T[: int(longest_s * SAMPLE_RATE)], np.float32)


def wav_bytes(sound: Mono) -> bytes:
    """(samples,) in [-1, 1] -> 16-bit mono WAV; what is louder is clipped."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def read_wav(data: bytes) -> Mono:
    """(samples,) of what `wav_bytes` wrote."""
    with wave.open(io.BytesIO(data)) as file:
        return np.asarray(np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767, np.float32)


def loudness(sound: Stereo) -> Loudness:
    """Of (samples, 2) at 48 kHz, as FFmpeg's `ebur128` filter measures it; a finished reel has about -14 LUFS."""
    import av
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=SAMPLE_RATE, format="fltp", layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
    )
    meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    steps = math.ceil(len(sound) / METER_STEP) + 1  # the meter reports whole steps: silence at the end lets it finish
    padded = np.zeros((steps * METER_STEP, 2), np.float32)
    padded[: len(sound)] = sound
    report: dict[str, str] = {}
    for start in range(0, len(padded), METER_STEP):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(padded[start : start + METER_STEP].T), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        graph.push(frame)
        report = dict(graph.pull().metadata)
    integrated = float(report["lavfi.r128.I"])
    peak = float(report["lavfi.r128.true_peak"])
    return Loudness(
        integrated_lufs=integrated if integrated > -70 else -math.inf,
        true_peak_dbtp=20 * math.log10(peak) if peak > 0 else -math.inf,
    )


def encode_aac(sound: Stereo) -> bytes:
    """AAC-LC 192 kbit/s in M4A that starts at 0 without an edit list; decodes to at least len(sound) samples.

    The encoder puts one packet of nothing in front. The first packet's worth of `sound`, the silence before the voice,
    is left out for it, so what follows is heard exactly where it stands in `sound`.
    """
    import av

    out = io.BytesIO()
    options = {"use_editlist": "0", "avoid_negative_ts": "make_zero"}
    with av.open(out, "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = AAC_BITRATE
        stream.codec_context.time_base = Fraction(1, SAMPLE_RATE)
        body = sound[AAC_FRAME:]
        for start in range(0, len(body), AAC_FRAME):
            planes = np.zeros((2, AAC_FRAME), np.float32)
            part = body[start : start + AAC_FRAME].T
            planes[:, : part.shape[1]] = part
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def decode_aac(data: bytes) -> Stereo:
    """(samples, 2): every decoded sample of a file in memory, as a player without edit lists hears it."""
    import av

    with av.open(io.BytesIO(data), "r") as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1).T, np.float32)
