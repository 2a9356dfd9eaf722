"""SHA-256 of files that people may change at any time, read again only when they may have changed.

Pictures of a catalogue, recordings and artworks are asked about in every sync and every plan. Blobs need none of this:
the store names them by their hash.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from pathlib import Path

TABLE = "CREATE TABLE IF NOT EXISTS hashes (path BLOB PRIMARY KEY, seen TEXT NOT NULL, sha256 TEXT NOT NULL)"
SETTLED_NS = 2 * 10**9
"""File systems tell times in steps of up to 2 s: what changed shortly before it was read may change again unseen."""


class FileHashes:
    """What is known is kept in the SQLite file `database`, which may be deleted, or for this object alone."""

    def __init__(self, database: Path | None = None) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None

    def of(self, path: Path) -> str:
        """The hash of the file's bytes as they are now; raises `OSError` where they can't be read."""
        seen = _seen(path.stat())
        with contextlib.suppress(sqlite3.Error, OSError):  # without its memory it is slower and as right
            query = "SELECT sha256 FROM hashes WHERE path = ? AND seen = ?"
            if found := self._connected().execute(query, (os.fsencode(path), seen)).fetchone():
                return str(found[0])
        now_ns = time.time_ns()
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
        is_settled = now_ns - max(after.st_mtime_ns, after.st_ctime_ns) > SETTLED_NS
        if is_settled and _seen(before) == _seen(after):
            with contextlib.suppress(sqlite3.Error, OSError):
                row = (os.fsencode(path), _seen(after), sha256)
                self._connected().execute("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?)", row)
        return sha256

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._database:
                self._database.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._database or ":memory:", isolation_level=None)
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(TABLE)
        return self._connection


def _seen(status: os.stat_result) -> str:
    """Another text for a file that was changed, replaced, or changed and given its old times back (`st_ctime_ns`)."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
