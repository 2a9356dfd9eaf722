"""`store prune`: delete what nothing needs any more, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

from reel_pipeline.errors import StoreError
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
    """
    if busy := store.objects.locks.holders():
        raise StoreError(f"{len(busy)} product(s) are being made right now; prune when no run is under way.")
    reached: set[str] = set()
    notes = store.objects.list("notes/")
    decided = {key.split("/", 2)[2] for key in notes if key.startswith(DECISIONS)}
    notes = [key for key in notes if not key.startswith(SHOWN) or key.removeprefix(SHOWN) in decided]
    roots = [*store.objects.list("heads/"), *notes, *store.objects.list("checks/")]
    memo = store.objects.list("memo/")
    for key in [*roots, *(key for key in memo if key.startswith(KEPT_CALLS))]:
        _reach(store, _document(store, key), reached)
    forgotten = [key for key in memo if not {blob_key(blob) for blob in _blobs(_document(store, key))} <= reached]
    garbage = [key for key in store.objects.list("blobs/") if key not in reached]
    for key in [*forgotten, *garbage]:
        store.objects.delete(key)
    return len(garbage), len(forgotten)


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
