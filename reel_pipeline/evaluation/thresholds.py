"""The judge's gates, read from `thresholds.toml`: one versioned file with each value's unit, source and date."""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files


@cache
def _file() -> bytes:
    return files("reel_pipeline.evaluation").joinpath("thresholds.toml").read_bytes()


@cache
def thresholds() -> dict[str, float]:
    """Fault kind -> the score from which on it is a fault."""
    entries = tomllib.loads(_file().decode())
    return {kind: float(entry["value"]) for kind, entry in entries.items() if isinstance(entry, dict)}


def thresholds_digest() -> str:
    """Part of an engine's revision: verdicts under other gates are other verdicts."""
    return hashlib.sha256(_file()).hexdigest()[:12]
