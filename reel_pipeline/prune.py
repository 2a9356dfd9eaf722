"""`store prune`: delete what nothing needs any more, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

from reel_pipeline.errors import StoreError
from reel_pipeline.objects.locks import DELETING
from reel_pipeline.records import Blob
from reel_pipeline.store import Store, blob_key

KEPT_CALLS = ("memo/judge/", "memo/passport/", "memo/render_still/")
"""Verdicts and stills stay with everything they name: they are what an old attempt is looked at by."""
SHOWN, DECISIONS = "notes/shown/", ("notes/reviews/", "notes/blind_reviews/")
"""The clips of a judged reel stay where a person has decided about it: they are what training pairs consist of."""


def prune(store: Store) -> tuple[int, int]:
    """Delete blobs that no head, note, check, verdict or still reaches, and memo entries that name such a blob.

    Returns how many blobs and memo entries went. Published files lie elsewhere and are not touched. Raises `StoreError`
    while a run holds a product: what it has just made is named by nothing yet.

    Reading takes long and hinders nobody: what a run saves meanwhile is no candidate, since those are listed first, and
    what it names anew is read before anything is deleted. Only while that is done do runs wait, and only so long.
    """
    _refuse_while_busy(store)
    blobs, memo = store.objects.list("blobs/"), store.objects.list("memo/")
    roots, reached = _roots(store), set[str]()
    for key in roots:
        _reach(store, _document(store, key), reached)
    named = {key: {blob_key(blob) for blob in _blobs(_document(store, key))} for key in memo}
    locks = store.objects.locks
    with locks.hold(DELETING):
        _refuse_while_busy(store)
        for key, version in _roots(store).items():
            if roots.get(key) != version:
                _reach(store, _document(store, key), reached)
        forgotten = [key for key in memo if not named[key] <= reached]
        garbage = [key for key in blobs if key not in reached]
        for key in [*forgotten, *garbage]:
            locks.verify(DELETING)
            store.objects.delete(key)
    return len(garbage), len(forgotten)


def _refuse_while_busy(store: Store) -> None:
    if busy := store.objects.locks.holders():
        raise StoreError(f"{len(busy)} product(s) are being made right now; prune when no run is under way.")


def _roots(store: Store) -> dict[str, str]:
    """What keeps blobs, each with its version."""
    notes = store.objects.versions("notes/")
    decided = {key.split("/", 2)[2] for key in notes if key.startswith(DECISIONS)}
    kept = {k: v for k, v in notes.items() if not k.startswith(SHOWN) or k.removeprefix(SHOWN) in decided}
    for prefix in ("heads/", "checks/", *KEPT_CALLS):
        kept |= store.objects.versions(prefix)
    return kept


def _reach(store: Store, document: Any, reached: set[str]) -> None:
    """Add every blob that a document names, and what those that are records name in turn."""
    for blob in _blobs(document):
        key = blob_key(blob)
        if key not in reached:
            reached.add(key)
            if blob.suffix == ".json":
                _reach(store, _document(store, key), reached)


def _document(store: Store, key: str) -> Any:
    found = store.objects.read(key)
    try:
        return json.loads(found[0]) if found else None
    except ValueError:
        return None


def _blobs(value: Any) -> Iterator[Blob]:
    if isinstance(value, dict):
        if value.keys() == Blob.model_fields.keys():
            yield Blob.model_validate(value)
        else:
            for item in value.values():
                yield from _blobs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _blobs(item)
