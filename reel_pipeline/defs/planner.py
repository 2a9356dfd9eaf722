"""What should be made of a whole catalogue. `submission.py` hands it to Dagster.

One product's work (`work.py`) takes some forty reads from the store: too slow to ask for ten thousand products in every
tick of a sensor. So `plan` first compares, in bulk, what a product's answer hangs on with what it was when the product
was last found to need nothing: the data versions in Dagster's log, its entry in the snapshot, brand, settings, code,
takes, reviews, and which records the store holds. Only where something of that differs is the store asked in full.
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import dagster as dg

from reel_pipeline.errors import HeadConflict, SettingsError
from reel_pipeline.records import CatalogSnapshot, Record
from reel_pipeline.rules.attempts import NOTE as ATTEMPTS
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.guard import REVIEWS
from reel_pipeline.rules.table import ASSETS, CHECKS, SKU_ASSETS, digest_of
from reel_pipeline.rules.work import Work, work
from reel_pipeline.store import UNPARTITIONED, partition_path

DATA_VERSION_TAG = "dagster/data_version"
PLAN = "plan"
READERS = 8
"""Products asked about at once: the time goes into waiting for the store, above all for a bucket."""


class NothingToDo(Record):
    """Partition -> the state in which it was last found to need nothing. Losing this costs time, nothing else."""

    states: dict[str, str] = {}


def plan(instance: dg.DagsterInstance, flow: Flow, partitions: Iterable[str]) -> dict[str, Work]:
    """The partitions that something should be made of, in order, with what and why.

    A file deleted from the store by hand, its record left in place, goes unnoticed here until its product is asked
    about alone (`why`, `run`).
    """
    remembered = flow.store.load_note(PLAN, UNPARTITIONED, "current", NothingToDo) or NothingToDo()
    states = _states(instance, flow)
    asked = list(partitions)
    unsure = [p for p in asked if not states.get(p) or remembered.states.get(p) != states[p]]
    with ThreadPoolExecutor(READERS) as readers:
        answers = readers.map(lambda partition: work(FrozenFlow(flow), partition), unsure)
        found = {partition: todo for partition, todo in zip(unsure, answers, strict=True) if todo}
    idle = {partition: states.get(partition, "") for partition in asked if partition not in found}
    kept = {partition: state for partition, state in remembered.states.items() if partition not in found}
    after = NothingToDo(states=kept | idle)
    if after != remembered:
        with contextlib.suppress(HeadConflict):  # another planner was faster: what it wrote serves as well
            flow.store.save_note(PLAN, UNPARTITIONED, "current", after)
    return found


def _states(instance: dg.DagsterInstance, flow: Flow) -> dict[str, str]:
    """Partition -> a digest of all that its work hangs on, of the snapshot's products whose overrides can be read."""
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    brand = flow.head("brand_kit", UNPARTITIONED)
    common = [
        brand.record.sha256 if brand else None,
        flow.settings.model_dump(mode="json"),
        [(check.name, check.logic) for check in CHECKS.values()],
    ]
    versions = {name: _data_versions(instance, name) for name in SKU_ASSETS}
    made = {name: made_partitions(flow, name) for name in SKU_ASSETS}
    notes = _notes(flow, (ATTEMPTS, REVIEWS))
    states = {}
    for entry in snapshot.entries if snapshot else ():
        partition, path = entry.partition_key, partition_path(entry.partition_key)
        try:
            made_with = [ASSETS[name].made_with(flow.settings, partition) for name in SKU_ASSETS]
        except SettingsError:
            continue  # of what the user wrote for this product, which is asked about in full
        assets = [
            [versions[name].get(partition), path in made[name], with_what]
            for name, with_what in zip(SKU_ASSETS, made_with, strict=True)
        ]
        states[partition] = digest_of([common, entry.digest(), assets, notes.get(path)])[:24]
    return states


def _data_versions(instance: dg.DagsterInstance, asset: str) -> dict[str, str]:
    """Partition -> the data version of the latest materialization, in one query."""
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
    )
    return {partition: found[DATA_VERSION_TAG] for partition, found in tags.items()}


def made_partitions(flow: Flow, asset: str) -> set[str]:
    """The `partition_path` of every partition that has a record of this asset, in one listing."""
    return {key.rsplit("/", 1)[1].removesuffix(".json") for key in flow.store.objects.list(f"heads/{asset}/")}


def _notes(flow: Flow, kinds: Iterable[str]) -> dict[str, list[str]]:
    """`partition_path` -> its notes of these kinds, whole. Few products have any."""
    found: dict[str, list[str]] = defaultdict(list)
    for kind in kinds:
        for key in flow.store.objects.list(f"notes/{kind}/"):
            content = flow.store.objects.read(key)
            found[key.split("/")[2]].append(content[0].decode() if content else "")
    return found
