"""One request at a time per shop server and machine, however many runs and workspaces there are."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def turn_at(origin: str) -> Iterator[None]:
    """Wait until nobody else on this machine is asking `origin` (host, and port where it is an unusual one)."""
    folder = Path(tempfile.gettempdir()) / f"reel_pipeline-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / hashlib.sha256(origin.encode()).hexdigest()[:32]).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
