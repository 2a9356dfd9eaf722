"""What is public, read from where the public reads it.

The target is the truth. What explains it is the record of the published asset, or the note that is written before the
first file goes out; both are read whatever version wrote them. A place at the target is ours where one of them names
it, or where our store holds the reel that it shows. Nothing else is touched.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from reel_pipeline.errors import StoreError
from reel_pipeline.mirror.held import HeldTarget
from reel_pipeline.mirror.publish import LATEST_NAME, REEL_NAME, current, is_publication, public_reels
from reel_pipeline.records import Blob, MirroredAsset, PublishedEdition, PublishedFile, of_any_version
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.rules.truth import untrue
from reel_pipeline.store import UNPARTITIONED, Head, blob_key, partition_path

PUBLICATIONS = "publications"
"""Notes by partition and place: what was put at the target, or was about to be."""
HEADS, NOTES = "heads/mirrored_asset/", f"notes/{PUBLICATIONS}/"
UNEXPLAINED = "Nothing that can be read says why it is public; run this product again."
INCOMPLETE = "A part of it was missing at its public address; run this product again."
SUPERSEDED = "The product is published at another address now."
LEFT_OVER = "Files that an interrupted publication had left there were deleted."
ELSEWHERE = "another workspace publishes a product of this SKU at the same place; give each its own publish_to."


def held_target(flow: Flow, partition: str) -> HeldTarget:
    """The target for whoever holds the product: it refuses every write once the lock is lost."""
    return HeldTarget(flow.target, lambda: flow.store.verify_lock(partition))


def note_publication(flow: Flow, mirrored: MirroredAsset) -> None:
    """Keep what is about to be public, so that it is watched however publishing ends."""
    flow.store.save_note(PUBLICATIONS, mirrored.partition_key, partition_path(mirrored.sku), mirrored)


def public_of(flow: Flow, partition: str) -> dict[str, str]:
    """Edition -> the SHA-256 of the reel of a product that is public now; empty where none is. One small read."""
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    return public_reels(entry.sku if entry else partition, flow.target)


@dataclass(frozen=True)
class Place:
    """A product's folder at the target, and the keys in it that publishing wrote.

    `name`: the folder's, the `partition_path` of a SKU. `record`: of the published asset, whatever version wrote it;
    None where there is none or it is not understood.
    """

    name: str
    partition: str
    keys: frozenset[str]
    record: MirroredAsset | None


@dataclass(frozen=True)
class Remedy:
    """What makes a place agree with what is true.

    `why`: everything there comes down; '' where it stays. `strays`: files that nothing current names. `gone`: why the
    record that calls it public is wrong though nothing comes down. `urgent`: it can't wait until a run lets go.
    """

    why: str = ""
    strays: tuple[str, ...] = ()
    gone: str = ""
    urgent: bool = False

    @property
    def is_needed(self) -> bool:
        return bool(self.why or self.strays or self.gone)


def places(flow: Flow, partitions: Iterable[str] | None = None) -> Iterator[Place]:
    """The places of these partitions, or all that may be ours, where something lies or a record says so.

    For all: one listing of the target, two of the store, and each product's record.
    """
    noted: defaultdict[str, set[str]] = defaultdict(set)
    asked = None if partitions is None else list(partitions)
    for prefix in [NOTES] if asked is None else [f"{NOTES}{partition_path(partition)}/" for partition in asked]:
        for key in flow.store.objects.list(prefix):
            owner, name = key.removeprefix(NOTES).removesuffix(".json").split("/")
            noted[owner].add(name)
    listed: defaultdict[str, set[str]] = defaultdict(set)
    for key in flow.target.list("") if asked is None else ():
        if is_publication(key):
            listed[key.split("/")[0]].add(key)
    for partition in _all_partitions(flow, noted) if asked is None else asked:
        entry, record = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition), _record(flow, partition)
        names = {partition_path(known.sku) for known in (entry, record) if known} | noted[partition_path(partition)]
        for name in names or {partition_path(partition)}:
            keys = listed[name] if asked is None else _keys_at(flow, name)
            place = Place(name, partition, frozenset(keys), record)
            if place.keys or _calls_public(place):
                yield place


def again(flow: Flow, place: Place) -> Place:
    """The same place as it is now."""
    return Place(place.name, place.partition, frozenset(_keys_at(flow, place.name)), _record(flow, place.partition))


def _keys_at(flow: Flow, name: str) -> set[str]:
    return set(filter(is_publication, flow.target.list(f"{name}/")))


def remedy(flow: Flow, place: Place) -> Remedy:
    """What has to be done at a place, without doing it. Raises `StoreError` where another workspace publishes there."""
    record = place.record if _calls_public(place) else None
    if record and place.keys == _keys(place.name, record.editions):
        return Remedy(why=untrue(flow, record) or "", urgent=True)
    was_noted, note = flow.store.watch_note(PUBLICATIONS, place.partition, place.name, MirroredAsset)
    shown, is_explained = _shown(flow, place, [known for known in (note, record) if known])
    if shown is None:
        return Remedy(why=UNEXPLAINED if was_noted and note is None else "")
    if not shown.editions:
        gone = (untrue(flow, record) or INCOMPLETE) if record else ""
        return Remedy(strays=tuple(sorted(place.keys)), gone=gone)
    if why := untrue(flow, shown):
        return Remedy(why=why, urgent=True)
    if not is_explained:
        return Remedy(why=UNEXPLAINED)
    if place.record and place.record.editions and not record:
        return Remedy(why=SUPERSEDED)
    expected = _keys(place.name, shown.editions)
    if expected - place.keys:
        return Remedy(why=INCOMPLETE)
    gone = INCOMPLETE if record and record.editions.keys() - shown.editions.keys() else ""
    return Remedy(strays=tuple(sorted(place.keys - expected)), gone=gone)


def _shown(flow: Flow, place: Place, known: list[MirroredAsset]) -> tuple[MirroredAsset | None, bool]:
    """What the target shows as current, in the words of what explains it, and whether all of it is explained.

    None where it is not ours: no note or record names it, and our store does not hold the reel.
    """
    editions: dict[str, PublishedEdition] = {}
    rests_on: dict[str, Blob] = {}
    is_explained = True
    for name, entry in current(place.name, flow.target).items():
        by = next((one for one in known if name in one.editions and _folder(one, name) == entry["folder"]), None)
        if by:
            editions[name], rests_on = by.editions[name], rests_on or by.rests_on
            continue
        reel = Blob(sha256=entry["reel_sha256"], size_bytes=0, suffix=".mp4")
        if flow.store.objects.size_bytes(blob_key(reel)) is None:
            if _calls_public(place):
                raise StoreError(ELSEWHERE)
            return None, False
        key = f"{entry['folder']}/{REEL_NAME}"
        file = PublishedFile(name=REEL_NAME, key=key, url=key, sha256=reel.sha256, size_bytes=0)
        editions[name], is_explained = PublishedEdition(files=(file,), approved_by=""), False
    shown = MirroredAsset(partition_key=place.partition, sku="", editions=editions, rests_on=rests_on)
    return shown, is_explained


def _calls_public(place: Place) -> bool:
    record = place.record
    return bool(record and record.editions and partition_path(record.sku) == place.name)


def _folder(mirrored: MirroredAsset, edition: str) -> str:
    return next((str(PurePosixPath(file.key).parent) for file in mirrored.editions[edition].files), "")


def _keys(place: str, editions: dict[str, PublishedEdition]) -> set[str]:
    return {f"{place}/{LATEST_NAME}", *(file.key for edition in editions.values() for file in edition.files)}


def _record(flow: Flow, partition: str) -> MirroredAsset | None:
    head = flow.head("mirrored_asset", partition)
    return flow.store.watch(head.record, MirroredAsset) if head else None


def _all_partitions(flow: Flow, noted: dict[str, set[str]]) -> Iterator[str]:
    """Those of the catalogue, then those that only a record or a note knows any more."""
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    listed = {partition_path(partition): partition for partition in snapshot.by_partition} if snapshot else {}
    yield from listed.values()
    heads = {key.removeprefix(HEADS).removesuffix(".json") for key in flow.store.objects.list(HEADS)}
    for owner in sorted((heads | set(noted)) - listed.keys()):
        yield _partition_of(flow, owner, noted[owner])


def _partition_of(flow: Flow, owner: str, names: set[str]) -> str:
    """The partition whose path is `owner`, from what it left behind; `owner` itself where nothing tells."""
    read = flow.store.objects.read
    if (found := read(f"{HEADS}{owner}.json")) and (head := of_any_version(Head, found[0])):
        record = flow.store.watch(head.record, MirroredAsset)
        if record:
            return record.partition_key
    notes = (read(f"{NOTES}{owner}/{name}.json") for name in names)
    known = (of_any_version(MirroredAsset, note[0]) for note in notes if note)
    return next((note.partition_key for note in known if note), owner)
