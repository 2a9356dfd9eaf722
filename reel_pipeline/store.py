"""The content-addressed store: blobs, records, heads, memo, checks. The only writer of durable bytes.

    blobs/ab/abcdef….png                      bytes by SHA-256; written before anything that names them
    heads/<asset>/<partition>.json            which record is current, and what it was made from (compare-and-swap)
    memo/<verb>/ab/abcdef….json               one engine call: what went in -> the record that came out
    checks/<asset>.<check>/<partition>/….json one check's answer about exactly the records it read
    notes/<kind>/<partition>/<name>.json      small facts with a life of their own: attempts, reviews, publications

Two places hold it: a folder, or an S3 bucket with a local cache in front. The order blob, record, head means that a
crash between any two writes loses nothing and shows nothing half-made.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from pydantic import ValidationError

from reel_pipeline.errors import BlobMissing, HeadConflict, StoreError
from reel_pipeline.records import AssetRecord, Blob, CheckResult, Record, Sha256, canonical_json

UNPARTITIONED = "_"
LOST_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"})
"""S3's answers to a conditional put whose condition did not hold; NoSuchKey: If-Match on what is gone."""
R = TypeVar("R", bound=Record)
A = TypeVar("A", bound=AssetRecord)

_held: Counter[tuple[str, int]] = Counter()
_held_guard = threading.Lock()
"""(lock file, thread) -> how often it is held: of the process, since two stores may be open on one folder."""


class Engine(Protocol):
    """What every engine of every room has: results change only when `name` or `revision` does."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...


class Head(Record):
    """`inputs` maps each upstream asset to the digest of the record that was read. `provenance` is outside the hash."""

    record: Blob
    inputs_fingerprint: Sha256
    inputs: dict[str, Sha256] = {}
    provenance: dict[str, Any] = {}


class Objects(Protocol):
    """Named bytes with conditional writes."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """The bytes and their entity tag, or None."""

    def create(self, key: str, data: bytes) -> bool:
        """Write unless the key exists; False when it did."""

    def create_from_file(self, key: str, path: Path) -> bool:
        """As `create`, from a file that is left in place."""

    def replace(self, key: str, data: bytes, expected_etag: str | None) -> None:
        """Write if the tag still is what was read (None: absent), else raise `HeadConflict`."""

    def exists(self, key: str) -> bool: ...

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""

    def delete(self, key: str) -> None: ...

    def local_path(self, key: str) -> Path:
        """A readable file with these bytes; raises `BlobMissing`."""


class FolderObjects:
    """Objects as files. Every write goes to a hidden temporary file, is synced, and appears whole under its name."""

    def __init__(self, root: Path) -> None:
        self.root = root
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


class S3Objects:
    """Objects in a bucket below `prefix`; `local_path` keeps copies in `cache`, verified by the hash in their name."""

    def __init__(self, client: Any, bucket: str, prefix: str, cache: Path) -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix.strip("/")
        self.cache = FolderObjects(cache)

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def read(self, key: str) -> tuple[bytes, str] | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self._key(key))
        except self.client.exceptions.NoSuchKey:
            return None
        return answer["Body"].read(), answer["ETag"]

    def create(self, key: str, data: bytes) -> bool:
        return self._put(key, data, IfNoneMatch="*")

    def create_from_file(self, key: str, path: Path) -> bool:
        with path.open("rb") as body:
            return self._put(key, body, IfNoneMatch="*")

    def replace(self, key: str, data: bytes, expected_etag: str | None) -> None:
        condition = {"IfMatch": expected_etag} if expected_etag else {"IfNoneMatch": "*"}
        if not self._put(key, data, **condition):
            raise HeadConflict(f"{key} was changed by another run meanwhile; run this SKU again")

    def _put(self, key: str, body: Any, **condition: str) -> bool:
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=self._key(key), Body=body, ChecksumAlgorithm="SHA256", **condition
            )
        except self.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in LOST_RACE:
                return False
            raise
        return True

    def exists(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=self._key(key))
        except self.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return False
            raise
        return True

    def list(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(prefix))
        skip = len(self._key(""))
        return sorted(item["Key"][skip:] for page in pages for item in page.get("Contents", ()))

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def local_path(self, key: str) -> Path:
        if not self.cache.exists(key):
            found = self.read(key)
            if found is None:
                raise BlobMissing(f"{key} is gone from bucket {self.bucket}; run this SKU again to make it anew")
            if hashlib.sha256(found[0]).hexdigest() not in key:
                raise StoreError(f"{key} in bucket {self.bucket} does not match its hash; delete it and run again")
            self.cache.create(key, found[0])
        return self.cache.local_path(key)


class Store:
    """Blobs, records, memo and notes over one `Objects`. `counts` says how many engine calls were made or reused."""

    def __init__(self, objects: Objects, locks: Path, *, reuse: bool = True) -> None:
        self.objects = objects
        self._reuse = reuse
        self.counts: Counter[str] = Counter()
        self._locks = locks

    # blobs

    def put(self, data: bytes, suffix: str) -> Blob:
        blob = Blob(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), suffix=suffix)
        if not self.has(blob):
            self.objects.create(blob_key(blob), data)
        return blob

    def put_file(self, path: Path) -> Blob:
        """Store a finished file; its suffix is kept."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        blob = Blob(sha256=sha256, size_bytes=path.stat().st_size, suffix=path.suffix)
        if not self.has(blob):
            self.objects.create_from_file(blob_key(blob), path)
        return blob

    def has(self, blob: Blob) -> bool:
        return self.objects.exists(blob_key(blob))

    def path(self, blob: Blob) -> Path:
        """A local file with the blob's bytes; raises `BlobMissing`."""
        return self.objects.local_path(blob_key(blob))

    def read(self, blob: Blob) -> bytes:
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
    ) -> Head:
        """Make `record` the current one of this partition; raises `HeadConflict` when another run did so meanwhile."""
        key = _head_key(asset, partition)
        before = self.objects.read(key)
        blob = self.put(record.canonical_bytes(), ".json")
        head = Head(
            record=blob,
            inputs_fingerprint=inputs_fingerprint,
            inputs=dict(inputs),
            provenance=dict(provenance or {}),
        )
        self.objects.replace(key, head.canonical_bytes(), before[1] if before else None)
        return head

    def head(self, asset: str, partition: str) -> Head | None:
        return self._parse(_head_key(asset, partition), Head)

    def load(self, asset: str, partition: str, kind: type[A]) -> A | None:
        """The current record, or None when there is none that can be read."""
        head = self.head(asset, partition)
        if head is None:
            return None
        try:
            data = self.read(head.record)
            return kind.model_validate_json(data) if hashlib.sha256(data).hexdigest() == head.record.sha256 else None
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
        made = make()
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

    # checks

    def save_check(self, partition: str, result: CheckResult) -> None:
        self.save_note(f"checks/{result.asset}.{result.check}", partition, result.subject_sha256, result)

    def load_check(self, asset: str, check: str, partition: str, subject_sha256: str) -> CheckResult | None:
        found = self.load_note(f"checks/{asset}.{check}", partition, subject_sha256, CheckResult)
        return (
            found
            if found and (found.asset, found.check, found.subject_sha256) == (asset, check, subject_sha256)
            else None
        )

    # notes

    def save_note(self, kind: str, partition: str, name: str, record: Record) -> None:
        key = _note_key(kind, partition, name)
        before = self.objects.read(key)
        self.objects.replace(key, record.canonical_bytes(), before[1] if before else None)

    def load_note(self, kind: str, partition: str, name: str, record_kind: type[R]) -> R | None:
        return self._parse(_note_key(kind, partition, name), record_kind)

    def delete_note(self, kind: str, partition: str, name: str) -> None:
        self.objects.delete(_note_key(kind, partition, name))

    @contextlib.contextmanager
    def lock(self, partition: str) -> Iterator[None]:
        """Hold this partition for one run at a time on this machine; waits for the other. Re-entrant in one thread."""
        path = self._locks / partition_path(partition)
        owner = (str(path), threading.get_ident())
        with _held_guard:
            held = _held[owner]
            _held[owner] += 1
        try:
            if held:
                yield
                return
            self._locks.mkdir(parents=True, exist_ok=True)
            with path.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        finally:
            with _held_guard:
                _held[owner] -= 1
                if not held:
                    del _held[owner]

    def held_locks(self) -> list[str]:
        """The lock files that some run on this machine holds now."""
        held = []
        for path in sorted(self._locks.glob("*")):
            with path.open("r") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    held.append(path.name)
        return held

    def _parse(self, key: str, kind: type[R]) -> R | None:
        found = self.objects.read(key)
        if found is None:
            return None
        try:
            return kind.model_validate_json(found[0])
        except ValidationError:
            return None


def partition_path(partition: str) -> str:
    """A file name for any partition key: readable, and unique whatever the key holds."""
    slug = re.sub(r"[^a-z0-9]+", "-", partition.lower()).strip("-")[:40]
    return f"{slug or 'sku'}-{hashlib.sha256(partition.encode()).hexdigest()[:16]}"


def blobs_in(record: Record) -> Iterator[Blob]:
    """Every blob that a record names, at any depth."""
    for _, value in record:
        yield from _blobs_in_value(value)


def _blobs_in_value(value: object) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, Record):
        yield from blobs_in(value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _blobs_in_value(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _blobs_in_value(item)


def open_store(location: str, cache: Path, *, reuse: bool = True) -> Store:
    """The store at `location`: a folder, or `s3://bucket/prefix` (credentials and endpoint as boto3 finds them)."""
    if location.startswith("s3://"):
        import boto3

        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        client = cast(Any, boto3).client("s3")
        return Store(S3Objects(client, bucket, prefix, cache), cache / "locks", reuse=reuse)
    root = Path(location)
    return Store(FolderObjects(root), root / ".locks", reuse=reuse)


def blob_key(blob: Blob) -> str:
    """Where a blob lies among the objects."""
    return f"blobs/{blob.sha256[:2]}/{blob.sha256}{blob.suffix}"


def _head_key(asset: str, partition: str) -> str:
    return f"heads/{asset}/{partition_path(partition)}.json"


def _note_key(kind: str, partition: str, name: str) -> str:
    root = kind if kind.startswith("checks/") else f"notes/{kind}"
    return f"{root}/{partition_path(partition)}/{name}.json"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def jsonable(record: Record) -> Any:
    """A record as plain JSON values, for fingerprints and tags."""
    return json.loads(record.canonical_bytes())
