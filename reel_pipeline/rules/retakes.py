"""Which products may want a retake, and whether they still do.

Whoever rejects a reel, the judge, a person or a platform, leaves a note that its product is to be asked about; the
note says nothing else. What follows is read from the records each time: the takes in use, the verdict, the reviews. So
a note too many costs a look, and looking costs as much as there are notes, however large the catalogue is.
"""

import contextlib
import random
from dataclasses import dataclass

from pydantic import ValidationError

from reel_pipeline.errors import HeadConflict
from reel_pipeline.records import MAIN_EDITION, Record
from reel_pipeline.rules import retry
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import CHECKS, upstream_of

NOTE, NAME = "retakes", "asked"
"""Kind and name of the note."""


class Asked(Record):
    """The note: this product is to be asked about."""

    partition_key: str


@dataclass(frozen=True)
class Retake:
    """`attempt`: the one to make, counted from 0. `video_sha256`: the reel that it is to replace.

    `waits`: something else than a take has changed, so a run of the whole product comes first.
    """

    attempt: int
    video_sha256: str
    waits: bool = False


def ask(flow: Flow, partition: str) -> None:
    """Note that this product may want a retake. Called before the rejection is saved, so that no crash loses it."""
    with contextlib.suppress(HeadConflict):  # somebody else notes the same, or `forget` is about to look again
        flow.store.save_note(NOTE, partition, NAME, Asked(partition_key=partition))


def asked(flow: Flow, limit: int) -> list[str]:
    """The noted products; of more than `limit` another sample each time, so that none waits for ever."""
    keys = flow.store.objects.list(f"notes/{NOTE}/")
    found = []
    for key in random.sample(keys, min(limit, len(keys))):
        content = flow.store.objects.read(key)
        with contextlib.suppress(ValidationError):
            found += [Asked.model_validate_json(content[0]).partition_key] if content else []
    return sorted(found)


def wanted(flow: Flow, partition: str) -> Retake | None:
    """The retake that a product wants now: one that was begun and not finished, else the next; None for none."""
    frozen = FrozenFlow(flow)
    records = frozen.records(CHECKS["retry_budget"].reads, partition)
    if None in records.values():
        return None
    score = records["evaluation_score"]
    stale = stale_assets(frozen, partition).keys()
    if "evaluation_score" not in stale:
        finding = retry.budget(frozen, partition, records["shot_plan"], records["rendered_still"], score)
        attempt, waits = int(finding.measured["next_attempt"]), False
    else:
        attempt = frozen.attempts(partition).attempt
        waits = not attempt or bool(stale & upstream_of("rendered_still"))
    return Retake(attempt, score.editions[MAIN_EDITION].video_sha256, waits) if attempt or waits else None


def is_under_way(flow: Flow, partition: str) -> bool:
    """Whether a retake is wanted that the sensor has not given up."""
    noted = flow.store.load_note(NOTE, partition, NAME, Asked)
    retake = wanted(flow, partition) if noted else None
    return bool(retake and not retake.waits)


def give_up(flow: Flow, partition: str) -> None:
    """Remove the note of a product whose retake always dies: a person has to look at it."""
    flow.store.delete_note(NOTE, partition, NAME)


def forget(flow: Flow, partition: str) -> None:
    """Remove the note of a product that wants nothing; looks again, since somebody may have just said no to it."""
    give_up(flow, partition)
    if wanted(flow, partition):
        ask(flow, partition)
