"""`reel-pipeline run`: the jobs of the UI, one product after the other in this process, with the same retakes."""

import os
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg

from reel_pipeline.defs.adapter import ATTEMPT_TAG, FORCE_TAG
from reel_pipeline.defs.planner import plan
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import ItemError
from reel_pipeline.rules.flow import Flow, unexpected
from reel_pipeline.rules.report import ProductReport, known_partitions, report
from reel_pipeline.rules.table import ASSETS, digest_of
from reel_pipeline.rules.work import EVERYTHING, Work, work
from reel_pipeline.settings import Settings
from reel_pipeline.store import UNPARTITIONED

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LAPTOP_INSTANCE = Path(__file__).with_name("dagster.yaml").read_text(encoding="utf-8")
QUIET_S = 5.0
REDUCED_INSTANCE = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
"""What this package wrote into DAGSTER_HOME before it had the daemon's settings in it."""


class Progress:
    """Lines on stderr, in a terminal and in a log alike: one when a product is done, and what a long one is at."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)
        self._last = time.monotonic()

    def hear(self, event: dg.EventLogEntry) -> None:
        """An asset is begun; said where nothing was for a while."""
        step = event.dagster_event
        if step and step.is_step_start and step.step_key in ASSETS and time.monotonic() - self._last > QUIET_S:
            self.say(f"{step.step_key} ...")


@dataclass(frozen=True)
class ProductRun:
    report: ProductReport
    computed: int
    reused: int
    seconds: float


@dataclass(frozen=True)
class CatalogRun:
    """`withdrawn`: partition -> why its reel was taken down."""

    products: list[ProductRun]
    errors: tuple[ItemError, ...]
    withdrawn: dict[str, str]


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of this workspace: DAGSTER_HOME if it is set, else a folder in the workspace."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(settings.workspace / "dagster_home")))
    home.mkdir(parents=True, exist_ok=True)
    _configure(home / "dagster.yaml")
    return dg.DagsterInstance.get()


def _configure(path: Path) -> None:
    """Write the instance's settings, also over what this package wrote before; what a person wrote stays."""
    there = path.read_text(encoding="utf-8") if path.exists() else REDUCED_INSTANCE
    mark, _, body = there.partition("\n")
    if there == REDUCED_INSTANCE or mark == _mark(body):
        whole = f"{_mark(LAPTOP_INSTANCE)}\n{LAPTOP_INSTANCE}"
        if there != whole:
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            partial.write_text(whole, encoding="utf-8")
            partial.replace(path)


def _mark(body: str) -> str:
    return f"# {digest_of(body)[:12]}: reel-pipeline wrote this file, and a newer one replaces it until you change it."


def run_catalog(
    defs: dg.Definitions,
    settings: Settings,
    *,
    collection: str | None = None,
    skus: Sequence[str] = (),
    only_stale: bool = False,
    force: bool = False,
    accept_losses: bool = False,
) -> CatalogRun:
    """Sync the catalogue, then run each chosen product to its verdict; one product's failure stops no other.

    Raises `SettingsError` when a SKU or collection is not in the catalogue, and `KeyboardInterrupt` when it was told to
    stop: Dagster ends the run in hand and takes the signal for its failure.
    """
    instance = open_instance(settings)
    synced = defs.resolve_job_def("sync_catalog").execute_in_process(
        instance=instance,
        run_config=QUIET | {"ops": {"catalog_snapshot": {"config": {"accept_losses": accept_losses}}}},
        raise_on_error=False,
    )
    if not synced.success and (error := failure_of(synced)):
        raise SettingsError(error)
    flow = Flow(settings, settings.open_store())
    chosen = _chosen(flow, collection, skus)
    planned = plan(instance, flow, chosen) if only_stale else dict.fromkeys(chosen, EVERYTHING)
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    products = []
    for number, partition in enumerate(chosen, start=1):
        said = Progress(f"[{number}/{len(chosen)}] {snapshot.by_partition[partition].sku}")
        made = _run_product(defs, instance, settings, partition, planned.get(partition, {}), said, force=force)
        said.say(f"{made.report.state}, {made.seconds:.1f} s")
        products.append(made)
    withdrawn = withdraw_untrue(flow, instance)
    now = {partition: report(flow, partition) for partition in withdrawn if partition in chosen}
    products = [
        replace(made, report=now.get(partition, made.report)) for partition, made in zip(chosen, products, strict=True)
    ]
    return CatalogRun(products, snapshot.errors if snapshot else (), withdrawn)


def _chosen(flow: Flow, collection: str | None, skus: Sequence[str]) -> list[str]:
    in_collection = known_partitions(flow, collection)
    if collection is not None and not in_collection:
        raise SettingsError(f"No product is in the collection {collection!r}.")
    if not skus:
        return in_collection
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    entries = snapshot.entries if snapshot else ()
    by_sku = {alias: entry.partition_key for entry in entries for alias in entry.aliases}
    by_sku |= {entry.sku: entry.partition_key for entry in entries}
    unknown = [sku for sku in skus if sku not in by_sku and sku not in in_collection]
    if unknown:
        raise SettingsError(f"Not in the catalogue: {', '.join(unknown)}.")
    return list(dict.fromkeys(by_sku.get(sku, sku) for sku in skus))


def _run_product(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    settings: Settings,
    partition: str,
    todo: Work,
    said: Progress,
    *,
    force: bool,
) -> ProductRun:
    """`make_reels`, then `retake` while the check asks for another attempt, then `publish` what a person approved."""
    started = time.monotonic()
    flow = Flow(settings, settings.open_store())
    computed = reused = 0
    error: str | None = None

    def launch(job: str, assets: Iterable[str] = (), **tags: str) -> None:
        nonlocal computed, reused, error
        run_id = str(uuid.uuid4())
        instance.add_event_listener(run_id, said.hear)
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_id=run_id,
            partition_key=partition,
            run_config=QUIET,
            tags=tags,
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            raise_on_error=False,
        )
        if _was_interrupted(result):
            raise KeyboardInterrupt
        made, kept = _counts(result)
        computed, reused = computed + made, reused + kept
        error = failure_of(result)

    if todo:
        launch("make_reels", todo, **({FORCE_TAG: "true"} if force else {}))
    attempt = 0
    while (following := _next_attempt(flow, partition)) > attempt:
        attempt = following
        launch("retake", **{ATTEMPT_TAG: str(attempt)})
    if tuple(work(flow, partition)) == ("mirrored_asset",):
        launch("publish")
    return ProductRun(report(flow, partition, error), computed, reused, round(time.monotonic() - started, 2))


def _next_attempt(flow: Flow, partition: str) -> int:
    finding = flow.finding("retry_budget", partition)
    return int(finding.measured.get("next_attempt", 0)) if finding else 0


def _counts(result: dg.ExecuteInProcessResult) -> tuple[int, int]:
    """How many assets were made and how many reused, from their own metadata."""
    kept = [
        bool(materialization.metadata["reused"].value)
        for event in result.all_events
        if event.is_step_materialization
        for materialization in [event.step_materialization_data.materialization]
    ]
    return kept.count(False), kept.count(True)


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return any(error and error.cls_name == "DagsterExecutionInterruptedError" for error in errors)


def failure_of(result: dg.ExecuteInProcessResult) -> str | None:
    """What the run died of in one sentence; None when at most a check stopped it, which has its own words."""
    for event in result.all_events:
        if event.is_step_failure:
            said = event.step_failure_data.user_failure_data
            if said and said.description:
                return str(said.description)
            where, error = event.step_key or "A step", event.step_failure_data.error
        elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
            where, error = "The run", event.job_failure_data.error
        else:
            continue
        if error and (sentence := _sentence(error, where, result.run_id)):
            return sentence
    return None


def _sentence(error: Any, where: str, run_id: str) -> str | None:
    """An exception as Dagster keeps it: an expected one's own words, any other's type and where it is told in full."""
    causes = [error]
    while causes[-1].cause:
        causes.append(causes[-1].cause)
    for cause in causes:
        name, _, message = cause.message.strip().partition(": ")
        if name.startswith("reel_pipeline.") and message:
            return " ".join(message.split())
    cause = next((cause for cause in causes if not str(cause.cls_name).startswith("Dagster")), causes[-1])
    if cause.cls_name == "DagsterAssetCheckFailedError":
        return None
    return unexpected(where, str(cause.cls_name), cause.message.strip().partition(": ")[2], f"run {run_id}")
