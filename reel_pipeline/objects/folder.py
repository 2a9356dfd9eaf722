"""Objects as files of one folder."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
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

    def exists(self, key: str) -> bool:
        return (self.root / key).is_file()

    def list(self, prefix: str) -> list[str]:
        files = (path for path in (self.root / prefix).rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.root).as_posix() for path in files)

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def local_path(self, key: str) -> Path:
        path = self.root / key
        if not path.is_file():
            raise BlobMissing(f"{key} is gone from the store; run this SKU again to make it anew")
        return path

    @contextlib.contextmanager
    def _temporary(self, key: str) -> Iterator[Path]:
        folder = (self.root / key).parent
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".partial", dir=folder)
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _link(self, temporary: Path, key: str) -> bool:
        _sync(temporary)
        temporary.chmod(0o644)
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
