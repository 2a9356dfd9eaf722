"""Which take of each shot is in use, and every attempt that was made for the same inputs. No Dagster here.

Attempts are counted in the store per fingerprint of what the stills are made from, so a rerun by hand goes on counting.
"""

from reel_pipeline.records import Blob, Record, Sha256, Verdict
from reel_pipeline.store import Store

NOTE = "attempts"


class AttemptMade(Record):
    """One attempt that was judged; stays visible after it was replaced."""

    attempt: int
    takes: dict[str, dict[int, int]]
    verdicts: dict[str, Verdict]
    faults: tuple[str, ...]
    previews: tuple[Blob, ...]


class Attempts(Record):
    """`takes`: edition -> shot number -> index of the take in use; a missing shot uses its first take."""

    inputs_fingerprint: Sha256
    attempt: int = 0
    takes: dict[str, dict[int, int]] = {}
    history: tuple[AttemptMade, ...] = ()

    def takes_of(self, edition: str) -> dict[int, int]:
        return self.takes.get(edition, {})


def current_attempts(store: Store, partition: str, inputs_fingerprint: str) -> Attempts:
    """The attempts made for exactly these inputs; a fresh count when the inputs changed."""
    known = store.load_note(NOTE, partition, "current", Attempts)
    if known is None or known.inputs_fingerprint != inputs_fingerprint:
        return Attempts(inputs_fingerprint=inputs_fingerprint)
    return known


def save_attempts(store: Store, partition: str, attempts: Attempts) -> None:
    store.save_note(NOTE, partition, "current", attempts)
