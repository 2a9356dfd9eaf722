"""One holder per name at a time. Here: what all locks share, and those of the processes of one machine.

A lock keeps two runs of one SKU from doing the same work twice and from mixing their records.
"""

import contextlib
import fcntl
import logging
import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("reel_pipeline")
_held: Counter[tuple[str, str, int]] = Counter()
"""(place, name, thread) -> how often it is held. Of the process, since several stores may be open on one place."""
_guard = threading.Lock()
DELETING = "prune"
"""The name that `prune` holds while it deletes: whoever takes another name waits until it has let go."""
POLL_S = 0.2
"""Seconds between two looks whether pruning has ended."""


class Locks(ABC):
    """Named locks at `place`, a folder or a bucket's address. Re-entrant in one thread.

    Where they lie in a bucket, taking and asking raise `EngineUnavailable` while it can't be reached.
    """

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
                self._wait_for_prune(name)
                yield
        finally:
            with _guard:
                _held[mine] -= 1
                if not inner:
                    del _held[mine]

    def _wait_for_prune(self, name: str) -> None:
        """Each looks for the other after it has taken its own name, so one of the two sees the other.

        `prune` gives way to whoever was there first, and nobody waits for a whole prune: only while it deletes.
        """
        if name == DELETING or _held[self.place, DELETING, threading.get_ident()]:
            return
        said = False
        while holder := self.holder(DELETING):
            if not said:
                log.warning("The store is being pruned by %s; waiting until that has ended", holder)
            said = True
            time.sleep(POLL_S)

    @abstractmethod
    def _taken(self, name: str) -> contextlib.AbstractContextManager[None]: ...

    @abstractmethod
    def names(self) -> list[str]:
        """Every name that was ever held."""

    @abstractmethod
    def holder(self, name: str) -> str | None:
        """Who holds it now, such as `process 4711 on studio`; None when nobody does."""

    def holders(self) -> dict[str, str]:
        """Name -> who holds it now, of all that are held; pruning is left out."""
        names = (name for name in self.names() if name != DELETING)
        return {name: holder for name in names if (holder := self.holder(name))}

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
            return None if _flocked(file.fileno(), fcntl.LOCK_SH) else file.read() or "another run"

    def verify(self, name: str) -> None:
        """A lock of the operating system can't be lost while its process lives."""


def _flocked(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    """Whether the lock was free and is held now.

    Who only looks takes it shared (`LOCK_SH`) for that moment, so that two who look don't take each other for a holder.
    """
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def this_run() -> str:
    """How a lock names this process to others: `process 4711 on studio`."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def say_who(name: str, holder: str) -> None:
    """Log for whom a lock is waited."""
    log.warning("%s is being made by %s; waiting until that has ended", name, holder)
