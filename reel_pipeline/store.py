"""The content-addressed store: blobs, records, heads, memo, checks. The only writer of durable bytes.

    blobs/ab/abcdef….png                      bytes by SHA-256; written before anything that names them
    heads/<asset>/<partition>.json            which record is current, and what it was made from (compare-and-swap)
    memo/<verb>/ab/abcdef….json               one engine call: what went in -> the record that came out
    checks/<asset>.<check>/<partition>/….json one check's answer about exactly the records it read
    notes/<kind>/<partition>/<name>.json      small facts with a life of their own: attempts, reviews, publications

The order blob, record, head means that a crash between any two writes loses nothing and shows nothing half-made.
"""

import contextlib
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from reel_pipeline.costs import Cost
from reel_pipeline.errors import HeadConflict, StoreError
from reel_pipeline.objects import Objects, open_objects
from reel_pipeline.records import (
    AssetRecord,
    Blob,
    CheckResult,
    Money,
    Record,
    Sha256,
    blobs_in,
    canonical_json,
    of_any_version,
)

UNPARTITIONED = "_"
"""Stands for the partition of an asset that has none, such as the catalogue."""
R = TypeVar("R", bound=Record)
A = TypeVar("A", bound=AssetRecord)


class Engine(Protocol):
    """What every engine of every room has: results change only when `name` or `revision` does."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...


class Head(Record):
    """Which record of an asset is current, and what it was made from.

    `inputs`: upstream asset -> the digest of its record that was read. `depends`: the digests that make up
    `inputs_fingerprint`, by kind, so that a planner can say what changed. `provenance`: what no hash includes, such
    as where photos were found.
    """

    record: Blob
    inputs_fingerprint: Sha256
    depends: dict[str, Sha256] = {}
    inputs: dict[str, Sha256] = {}
    provenance: dict[str, Any] = {}


class Store:
    """Blobs, records, memo and notes over one `Objects`.

    `counts` says how many engine calls were `computed` and how many `reused` through it, `spent` what the computed ones
    cost.
    """

    def __init__(self, objects: Objects, *, reuse: bool = True) -> None:
        self.objects = objects
        self._reuse = reuse
        self.counts: Counter[str] = Counter()
        self.spent = Cost()

    # blobs

    def put(self, data: bytes, suffix: str) -> Blob:
        """Store bytes under their hash; what lies there already and is something else is written again."""
        blob = Blob(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), suffix=suffix)
        key = blob_key(blob)
        if self.objects.size_bytes(key) is None and self.objects.create(key, data):
            return blob
        found = self.objects.read(key)
        if found is None or found[0] != data:
            with contextlib.suppress(HeadConflict):  # whoever was faster wrote the same bytes
                self.objects.replace(key, data, found[1] if found else None)
        return blob

    def put_file(self, path: Path) -> Blob:
        """Store a finished file; its suffix is kept."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        blob = Blob(sha256=sha256, size_bytes=path.stat().st_size, suffix=path.suffix)
        key = blob_key(blob)
        if self.objects.size_bytes(key) is None and self.objects.create_from_file(key, path):
            return blob
        return self.put(path.read_bytes(), path.suffix)

    def has(self, blob: Blob) -> bool:
        """Whether a blob of this size is there; that its bytes are right shows when they are asked for."""
        return self.objects.size_bytes(blob_key(blob)) == blob.size_bytes

    def path(self, blob: Blob) -> Path:
        """A local file with the blob's bytes, which match its name; raises `BlobMissing`."""
        return self.objects.local_path(blob_key(blob))

    def read(self, blob: Blob) -> bytes:
        """The blob's bytes; raises `BlobMissing` as `path` does."""
        return self.path(blob).read_bytes()

    # records and heads

    def save(
        self,
        asset: str,
        partition: str,
        record: AssetRecord,
        inputs_fingerprint: str,
        inputs: Mapping[str, str],
        provenance: Mapping[str, Any] | None = None,
        depends: Mapping[str, str] | None = None,
    ) -> Head:
        """Make `record` the current one of this partition; raises `HeadConflict` when another run did so meanwhile
        or this one lost its lock."""
        self.verify_lock(partition)
        key = _head_key(asset, partition)
        before = self.objects.read(key)
        blob = self.put(record.canonical_bytes(), ".json")
        head = Head(
            record=blob,
            inputs_fingerprint=inputs_fingerprint,
            depends=dict(depends or {}),
            inputs=dict(inputs),
            provenance=dict(provenance or {}),
        )
        self.objects.replace(key, head.canonical_bytes(), before[1] if before else None)
        return head

    def head(self, asset: str, partition: str) -> Head | None:
        """The current head, or None when there is none that can be read."""
        return self._parse(_head_key(asset, partition), Head)

    def load(self, asset: str, partition: str, kind: type[A]) -> A | None:
        """The current record, or None when there is none that can be read."""
        head = self.head(asset, partition)
        return self.load_version(head.record.sha256, kind) if head else None

    def watch(self, blob: Blob, kind: type[A]) -> A | None:
        """A record of any version, for watching what is public; None when it is gone or not understood."""
        with contextlib.suppress(StoreError):
            return of_any_version(kind, self.read(blob))
        return None

    def load_version(self, sha256: str, kind: type[A]) -> A | None:
        """The record with this content hash, current or not; None when it is gone or can't be read."""
        try:
            return kind.model_validate_json(self.read(Blob(sha256=sha256, size_bytes=0, suffix=".json")))
        except (StoreError, ValidationError):
            return None

    # memo

    def remember(self, verb: str, engine: Engine, inputs: object, kind: type[R], make: Callable[[], R]) -> R:
        """The record of one engine call, made once per (verb, engine, revision, `inputs`) unless `reuse` is off.

        `inputs` is anything JSON can hold: settings and the hashes of what the call reads. A remembered record whose
        blobs are gone is made again. `make` must have put its blobs before it returns.
        """
        call = {"verb": verb, "engine": engine.name, "revision": engine.revision, "inputs": inputs}
        digest = hashlib.sha256(canonical_json(call)).hexdigest()
        key = f"memo/{verb}/{digest[:2]}/{digest}.json"
        known = self._parse(key, kind) if self._reuse else None
        if known is not None and all(self.has(blob) for blob in blobs_in(known)):
            self.counts["reused"] += 1
            return known
        before_s, started = self.spent.seconds, time.monotonic()
        made = make()
        # Calls that it made in turn lie within its own time.
        self.spent = replace(self.spent, seconds=before_s + time.monotonic() - started)
        self.counts["computed"] += 1
        if self.objects.create(key, made.canonical_bytes()):
            return made
        found = self.objects.read(key)
        meanwhile = self._parse(key, kind) if self._reuse else None
        if meanwhile is not None and all(self.has(blob) for blob in blobs_in(meanwhile)):
            return meanwhile  # another run was first: both go on with the same record
        with contextlib.suppress(HeadConflict):
            self.objects.replace(key, made.canonical_bytes(), found[1] if found else None)
        return made

    def count_paid(self, money: Money | None) -> None:
        """Add what an engine says its call cost; None where it cost nothing but time."""
        if money:
            self.spent += Cost(paid={money.currency: Decimal(money.amount)})

    # checks

    def save_check(self, partition: str, result: CheckResult) -> None:
        self.save_note(f"checks/{result.asset}.{result.check}", partition, result.subject_sha256, result)

    def load_check(self, asset: str, check: str, partition: str, subject_sha256: str) -> CheckResult | None:
        """A check's answer about exactly the records with this hash, or None when there is none that can be read."""
        found = self.load_note(f"checks/{asset}.{check}", partition, subject_sha256, CheckResult)
        return (
            found
            if found and (found.asset, found.check, found.subject_sha256) == (asset, check, subject_sha256)
            else None
        )

    # notes

    def save_note(self, kind: str, partition: str, name: str, record: Record) -> None:
        """Write a note, over an earlier one; raises `HeadConflict` when another run did so meanwhile or this one lost
        its lock."""
        self.verify_lock(partition)
        key = _note_key(kind, partition, name)
        before = self.objects.read(key)
        self.objects.replace(key, record.canonical_bytes(), before[1] if before else None)

    def load_note(self, kind: str, partition: str, name: str, record_kind: type[R]) -> R | None:
        """What a note says, or None when there is none that can be read."""
        return self._parse(_note_key(kind, partition, name), record_kind)

    def watch_note(self, kind: str, partition: str, name: str, record_kind: type[R]) -> tuple[bool, R | None]:
        """Whether a note is there, and what it says, whatever version wrote it; for watching what is public."""
        found = self.objects.read(_note_key(kind, partition, name))
        return found is not None, of_any_version(record_kind, found[0]) if found else None

    def load_notes(self, kind: str, record_kind: type[R]) -> Iterator[tuple[str, R]]:
        """Every note of a kind with its place, `<partition's path>/<name>`; those that can't be read are left out."""
        root = f"notes/{kind}/"
        for key in self.objects.list(root):
            if note := self._parse(key, record_kind):
                yield key.removeprefix(root).removesuffix(".json"), note

    def delete_note(self, kind: str, partition: str, name: str) -> None:
        """Nothing happens where there is no such note. Raises `HeadConflict` when this run lost its lock."""
        self.verify_lock(partition)
        self.objects.delete(_note_key(kind, partition, name))

    def lock(self, partition: str) -> contextlib.AbstractContextManager[None]:
        """Hold this partition for one run at a time; waits for the other. Re-entrant in one thread."""
        return self.objects.locks.hold(partition_path(partition))

    def holder(self, partition: str) -> str | None:
        """Which run holds this partition now, as `Locks.holder` names it; None when none does."""
        return self.objects.locks.holder(partition_path(partition))

    def verify_lock(self, partition: str) -> None:
        """Raise `HeadConflict` if this run held the partition and has lost it: it must write nothing more."""
        self.objects.locks.verify(partition_path(partition))

    def _parse(self, key: str, kind: type[R]) -> R | None:
        found = self.objects.read(key)
        if found is None:
            return None
        try:
            return kind.model_validate_json(found[0])
        except ValidationError:
            return None


def partition_path(partition: str) -> str:
    """A file name for any partition key, readable and unique whatever the key holds: `mug-1-` and 16 hex digits."""
    slug = re.sub(r"[^a-z0-9]+", "-", partition.lower()).strip("-")[:40]
    return f"{slug or 'sku'}-{hashlib.sha256(partition.encode()).hexdigest()[:16]}"


def open_store(location: str, cache: Path, *, reuse: bool = True) -> Store:
    """The store at `location`: a folder, or `s3://bucket/prefix` with copies of what was read in `cache`."""
    return Store(open_objects(location, cache), reuse=reuse)


def blob_key(blob: Blob) -> str:
    """Where a blob lies among the objects."""
    return f"blobs/{blob.sha256[:2]}/{blob.sha256}{blob.suffix}"


def _head_key(asset: str, partition: str) -> str:
    return f"heads/{asset}/{partition_path(partition)}.json"


def _note_key(kind: str, partition: str, name: str) -> str:
    root = kind if kind.startswith("checks/") else f"notes/{kind}"
    return f"{root}/{partition_path(partition)}/{name}.json"


def jsonable(record: Record) -> Any:
    """A record as plain JSON values, for fingerprints and tags."""
    return json.loads(record.canonical_bytes())
