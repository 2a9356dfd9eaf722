"""One holder per name at a time. Here: what all locks share, and those of the processes of one machine.

A lock keeps two runs of one SKU from doing the same work twice and from mixing their records.
"""

import contextlib
import fcntl
import logging
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("reel_pipeline")
_held: Counter[tuple[str, str, int]] = Counter()
_guard = threading.Lock()
"""(place, name, thread) -> how often it is held. Of the process, since several stores may be open on one place."""


class Locks(ABC):
    """Named locks at `place`, re-entrant in one thread."""

    def __init__(self, place: str) -> None:
        self.place = place

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Be the only holder; waits for another one and says once who that is."""
        mine = (self.place, name, threading.get_ident())
        with _guard:
            inner = _held[mine] > 0
            _held[mine] += 1
        try:
            with contextlib.nullcontext() if inner else self._taken(name):
                yield
        finally:
            with _guard:
                _held[mine] -= 1
                if not inner:
                    del _held[mine]

    @abstractmethod
    def _taken(self, name: str) -> contextlib.AbstractContextManager[None]: ...

    @abstractmethod
    def names(self) -> list[str]:
        """Every name that was ever held."""

    @abstractmethod
    def holder(self, name: str) -> str | None:
        """Who holds it now."""

    def holders(self) -> dict[str, str]:
        """Name -> who holds it now."""
        return {name: holder for name in self.names() if (holder := self.holder(name))}

    @abstractmethod
    def verify(self, name: str) -> None:
        """Raise `HeadConflict` if this process took the lock and has lost it since."""


class FolderLocks(Locks):
    """Locks of the operating system on files: freed with the process that held them, however it ended."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder.absolute()))
        self._folder = folder

    @contextlib.contextmanager
    def _taken(self, name: str) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / name).open("a+") as file:
            if not _flocked(file.fileno()):
                file.seek(0)
                say_who(name, file.read() or "another run")
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(this_run())
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def names(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("*"))

    def holder(self, name: str) -> str | None:
        try:
            file = (self._folder / name).open("r")
        except FileNotFoundError:
            return None
        with file:
            return None if _flocked(file.fileno()) else file.read() or "another run"

    def verify(self, name: str) -> None:
        """A lock of the operating system can't be lost while its process lives."""


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def this_run() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def say_who(name: str, holder: str) -> None:
    log.warning("%s is being made by %s; waiting until that has ended", name, holder)
