"""Which take of each shot is in use and how it is shown, and every attempt made for the same inputs.

Attempts are counted in the store per fingerprint of what the stills are made from, so a rerun by hand goes on counting.
"""

from reel_pipeline.records import Blob, BoxPx, Record, Sha256, Verdict
from reel_pipeline.store import Store

NOTE = "attempts"
"""Kind of the note that holds a product's `Attempts`."""


class Showing(Record):
    """What people asked for of one shot beside its take: a wider framing, and where its caption may not stand."""

    wider: bool = False
    refused_captions_px_xywh: tuple[BoxPx, ...] = ()


Showings = dict[str, dict[int, Showing]]
"""Edition -> shot number -> how it is shown; a missing shot as the plan has it."""


class AttemptMade(Record):
    """One attempt that was judged and rejected; it stays visible after it was replaced.

    `attempt`: counted from 0. `rejected_by`: a person or platform with their `reason`; '' for the judge, whose reasons
    are `faults`. `takes` and `previews`: what it consisted of.
    """

    attempt: int
    takes: dict[str, dict[int, int]]
    showings: Showings = {}
    rejected_by: str = ""
    reason: str = ""
    verdicts: dict[str, Verdict]
    faults: tuple[str, ...]
    previews: tuple[Blob, ...]


class Attempts(Record):
    """The attempt in use, counted from 0, and those before it. `inputs_fingerprint`: of what the stills are made from.

    `takes`: edition -> shot number -> index of the take in use; a missing shot uses its first take.
    """

    inputs_fingerprint: Sha256
    attempt: int = 0
    takes: dict[str, dict[int, int]] = {}
    showings: Showings = {}
    history: tuple[AttemptMade, ...] = ()

    def takes_of(self, edition: str) -> dict[int, int]:
        """Shot number -> index of the take in use, of the shots that don't use their first."""
        return self.takes.get(edition, {})

    def wider_of(self, edition: str) -> frozenset[int]:
        """The shots that are framed wider than planned."""
        return frozenset(shot for shot, showing in self.showings.get(edition, {}).items() if showing.wider)

    def refused_captions_of(self, edition: str) -> dict[int, tuple[BoxPx, ...]]:
        """Shot number -> boxes in the frame where people didn't want to see its caption."""
        shown = self.showings.get(edition, {})
        return {shot: it.refused_captions_px_xywh for shot, it in shown.items() if it.refused_captions_px_xywh}

    def chosen(self, asset: str) -> object:
        """What of this the content of an asset depends on, as JSON values; empty while all is as planned."""
        if asset == "rendered_still":
            wider = {name: sorted(self.wider_of(name)) for name in self.showings if self.wider_of(name)}
            return [self.takes, wider] if wider else self.takes
        if asset == "reel":
            return {name: boxes for name in self.showings if (boxes := self.refused_captions_of(name))}
        return None


def current_attempts(store: Store, partition: str, inputs_fingerprint: str) -> Attempts:
    """The attempts made for exactly these inputs; a fresh count when the inputs changed."""
    known = store.load_note(NOTE, partition, "current", Attempts)
    if known is None or known.inputs_fingerprint != inputs_fingerprint:
        return Attempts(inputs_fingerprint=inputs_fingerprint)
    return known


def save_attempts(store: Store, partition: str, attempts: Attempts) -> None:
    store.save_note(NOTE, partition, "current", attempts)
