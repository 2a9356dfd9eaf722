"""The judge's gates, read from `thresholds.toml`: one versioned file with each value's unit, source and date."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files


@cache
def _file() -> bytes:
    return files("reel_pipeline.evaluation").joinpath("thresholds.toml").read_bytes()


_adopted: ContextVar[dict[str, float] | None] = ContextVar("adopted", default=None)


def thresholds() -> dict[str, float]:
    """The gates in force: kind of fault -> the score from which on it is one. Those of the file, or within
    `gates_in_force` the adopted ones: {"warped_logo": 1.0, ...}."""
    return _adopted.get() or shipped_thresholds()


@contextmanager
def gates_in_force(gates: Mapping[str, float]) -> Iterator[None]:
    """Within this context, `thresholds()` answers with these gates, and with the file's for kinds that they leave
    out."""
    token = _adopted.set({**shipped_thresholds(), **gates})
    try:
        yield
    finally:
        _adopted.reset(token)


@cache
def shipped_thresholds() -> dict[str, float]:
    """The gates of the file."""
    entries = tomllib.loads(_file().decode())
    return {kind: float(entry["value"]) for kind, entry in entries.items() if isinstance(entry, dict)}


def thresholds_digest() -> str:
    """Part of an engine's revision: verdicts under other gates are other verdicts."""
    return hashlib.sha256(_file()).hexdigest()[:12]
