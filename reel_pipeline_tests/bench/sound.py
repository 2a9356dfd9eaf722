"""The sound of a benchmark clip: a steady tone with a slow swell, at the loudness that platforms play at."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines.classical.faults.technical import TARGET_LUFS, integrated_lufs
from reel_pipeline.records import FPS

Stereo = NDArray[np.float32]
"""(2, N) float32 in [-1, 1] at `RATE`."""
RATE = 48_000


def steady_sound(frame_count: int) -> Stereo:
    time = np.arange(round(frame_count / FPS * RATE)) / RATE
    swell = 0.7 + 0.3 * np.sin(2 * np.pi * 0.7 * time)
    tone = (swell * (np.sin(2 * np.pi * 330 * time) + 0.5 * np.sin(2 * np.pi * 990 * time)) / 4).astype(np.float32)
    return louder(np.stack([tone, tone]), 0.0)


def louder(sound: Stereo, off_lu: float) -> Stereo:
    """`off_lu` away from the target."""
    now = integrated_lufs(sound)
    return sound if now is None else (sound * 10 ** ((TARGET_LUFS + off_lu - now) / 20)).astype(np.float32)


def write_m4a(path: Path, sound: Stereo) -> None:
    # The encoder's silent first packet would else start before 0 and push the picture back by half a frame.
    options = {"use_editlist": "0", "avoid_negative_ts": "make_zero"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo")
        stream.bit_rate = 192_000
        for start in range(0, sound.shape[1], 1024):
            part = np.ascontiguousarray(np.clip(sound[:, start : start + 1024], -1, 1))
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
