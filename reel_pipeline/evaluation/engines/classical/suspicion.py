"""What every test of this judge hands on: what it found, where and when, before it is a charge."""

from dataclasses import dataclass

from reel_pipeline.records import BoxPx


@dataclass(frozen=True)
class Suspicion:
    """`score` on the scale of its kind in `thresholds.toml`, higher is worse; gated later. `frame`: index in the video;
    `box` in kept-frame pixels, None for the whole picture. `evidence`: JPEG bytes."""

    kind: str
    score: float
    frame: int
    box: BoxPx | None = None
    evidence: bytes | None = None
