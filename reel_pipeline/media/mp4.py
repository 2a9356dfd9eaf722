"""The layout of an MP4 file: which atom lies where."""

from collections.abc import Iterator
from pathlib import Path


def atoms(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size in bytes of every atom down to the edit lists; ISO/IEC 14496-12 calls them boxes."""
    with path.open("rb") as file:
        pending = [(0, path.stat().st_size)]
        while pending:
            start, end = pending.pop()
            if end - start < 8:
                continue
            file.seek(start)
            header = file.read(16)
            size, kind = int.from_bytes(header[:4]), header[4:8]
            skip = 16 if size == 1 else 8
            size = {0: end - start, 1: int.from_bytes(header[8:16])}.get(size, size)
            if size < 8:
                return
            yield kind, start, size
            pending.append((start + size, end))
            if kind in (b"moov", b"trak", b"edts", b"moof", b"traf"):
                pending.append((start + skip, start + size))
