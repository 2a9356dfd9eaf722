"""Objects as files of one folder."""

import contextlib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from reel_pipeline.errors import BlobMissing, HeadConflict
from reel_pipeline.objects.locks import FolderLocks, Locks


class FolderObjects:
    """Objects as files. Every write goes to a hidden temporary file, is synced, and appears whole under its name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.locks: Locks = FolderLocks(root / ".locks")
        root.mkdir(parents=True, exist_ok=True)

    def read(self, key: str) -> tuple[bytes, str] | None:
        try:
            data = (self.root / key).read_bytes()
        except FileNotFoundError:
            return None
        return data, hashlib.sha256(data).hexdigest()

    def create(self, key: str, data: bytes) -> bool:
        with self._temporary(key) as temporary:
            temporary.write_bytes(data)
            return self._link(temporary, key)

    def create_from_file(self, key: str, path: Path) -> bool:
        with self._temporary(key) as temporary, path.open("rb") as source, temporary.open("wb") as target:
            while chunk := source.read(1 << 20):
                target.write(chunk)
            target.flush()
            return self._link(temporary, key)

    def replace(self, key: str, data: bytes, expected_etag: str | None) -> None:
        with self._locked(), self._temporary(key) as temporary:
            current = self.read(key)
            if (current[1] if current else None) != expected_etag:
                raise HeadConflict(f"{key} was changed by another run meanwhile; run this SKU again")
            temporary.write_bytes(data)
            _sync(temporary)
            temporary.replace(self.root / key)
            _sync((self.root / key).parent)

    def size_bytes(self, key: str) -> int | None:
        path = self.root / key
        return path.stat().st_size if path.is_file() else None

    def list(self, prefix: str) -> list[str]:
        files = (path for path in (self.root / prefix).rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.root).as_posix() for path in files)

    def versions(self, prefix: str) -> dict[str, str]:
        found = {}
        for key in self.list(prefix):
            with contextlib.suppress(FileNotFoundError):
                stat = (self.root / key).stat()
                found[key] = f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"
        return found

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def local_path(self, key: str) -> Path:
        path = self.root / key
        try:
            found = path.stat()
        except FileNotFoundError:
            raise BlobMissing(f"{key} is gone from the store; run this SKU again to make it anew") from None
        if _sha256(path, found.st_ino, found.st_size, found.st_mtime_ns) != path.stem:
            path.unlink(missing_ok=True)
            raise BlobMissing(f"{key} was damaged and has been deleted; run this SKU again to make it anew")
        return path

    @contextlib.contextmanager
    def _temporary(self, key: str) -> Iterator[Path]:
        folder = (self.root / key).parent
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{uuid.uuid4().hex}.partial"
        # With the mode that the umask leaves: what is published is read by a web server.
        temporary.touch(exist_ok=False)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _link(self, temporary: Path, key: str) -> bool:
        _sync(temporary)
        try:
            os.link(temporary, self.root / key)
        except FileExistsError:
            return False
        _sync((self.root / key).parent)
        return True

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@lru_cache(maxsize=50_000)
def _sha256(path: Path, inode: int, size_bytes: int, mtime_ns: int) -> str:
    """Hashed once per process and version of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
