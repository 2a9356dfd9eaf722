"""`reel-pipeline run`: the jobs of the UI, one product after the other in this process, with the same retakes."""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reel_pipeline.commands.output import print_json, print_table
from reel_pipeline.commands.workspace import open_workspace, warn_of_unclaimed
from reel_pipeline.costs import Cost
from reel_pipeline.definitions import defs
from reel_pipeline.defs.adapter import ATTEMPT_TAG, FORCE_TAG
from reel_pipeline.defs.in_process import Done, Instance, open_instance, run_job
from reel_pipeline.defs.planner import plan
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import ItemError
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import ProductReport, known_partitions, report
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.rules.work import EVERYTHING, Work, unspeakable, work
from reel_pipeline.settings import Settings
from reel_pipeline.store import UNPARTITIONED

QUIET_S = 5.0


class Progress:
    """Lines on stderr, in a terminal and in a log alike: one when a product is done, and what a long one is at."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)
        self._last = time.monotonic()

    def hear(self, step: str) -> None:
        """An asset is begun; said where nothing was for a while."""
        if step in ASSETS and time.monotonic() - self._last > QUIET_S:
            self.say(f"{step} ...")


def run(options: argparse.Namespace) -> int:
    settings = open_workspace(options.source)
    done = run_catalog(
        settings,
        collection=options.collection,
        skus=options.sku,
        only_stale=options.only_stale,
        force=options.force,
        accept_losses=options.accept_losses,
    )
    rows: list[dict[str, Any]] = [
        {
            "sku": product.report.sku,
            "title": product.report.title,
            "state": product.report.state.value,
            "public": product.report.public.value,
            "verdict": product.report.verdict,
            "reasons": product.report.reasons,
            "reel": product.report.reel,
            "shots": product.report.shots,
            "computed": product.computed,
            "reused": product.reused,
            "seconds": product.seconds,
            "cost": _told(product.cost),
            "rungs": product.report.rungs,
        }
        for product in done.products
    ]
    errors = [{"sku": error.item, "error": error.error} for error in done.errors]
    warn_of_unclaimed(Flow(settings, settings.open_store()))
    if options.json:
        withdrawn = [{"sku": partition, "reason": why} for partition, why in done.withdrawn.items()]
        print_json({"products": [*rows, *errors], "withdrawn": withdrawn})
    else:
        for partition, why in done.withdrawn.items():
            print(f"{partition}: withdrawn. {why}")
        print_table(
            rows, ("sku", "title", "state", "public", "verdict", "shots", "computed", "reused", "seconds", "reasons")
        )
        for row in rows:
            if row["reel"]:
                print(f"{row['sku']}: {row['reel']}")
        _summary(rows, errors)
    failed = errors or [row for row in rows if row["state"] == "failed"]
    return 1 if failed else 0


def _summary(rows: Sequence[dict[str, Any]], errors: Sequence[dict[str, str]]) -> None:
    for error in errors:
        print(f"{error['sku']}: {error['error']}")
    made = sum(row["computed"] for row in rows)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    print("; ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no product")
    print("Nothing had to be made: everything was reused." if rows and not made else f"{made} asset(s) made.")


def _told(cost: Cost) -> dict[str, Any]:
    """Seconds of engine calls, and what was paid; more than one currency is named in the amount itself."""
    paid = dict(sorted(cost.paid.items()))
    money = " + ".join(f"{amount} {currency}" if len(paid) > 1 else str(amount) for currency, amount in paid.items())
    return {
        "money": money or "0",
        "currency": "".join(paid) if len(paid) == 1 else "",
        "seconds": round(cost.seconds, 2),
    }


@dataclass(frozen=True)
class ProductRun:
    """`computed`, `reused`: how many assets were. `error`: what its last run died of, if it did."""

    report: ProductReport
    computed: int
    reused: int
    seconds: float
    cost: Cost
    error: str | None


@dataclass(frozen=True)
class CatalogRun:
    """`withdrawn`: partition -> why its reel was taken down."""

    products: list[ProductRun]
    errors: tuple[ItemError, ...]
    withdrawn: dict[str, str]


def run_catalog(
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
    config = {"ops": {"catalog_snapshot": {"config": {"accept_losses": accept_losses}}}}
    synced = run_job(defs.resolve_job_def("sync_catalog"), instance, config=config)
    if synced.error:
        raise SettingsError(synced.error)
    flow = Flow(settings, settings.open_store())
    chosen = _chosen(flow, collection, skus)
    planned = plan(instance, flow, chosen) if only_stale else dict.fromkeys(chosen, EVERYTHING)
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    products = []
    for number, partition in enumerate(chosen, start=1):
        said = Progress(f"[{number}/{len(chosen)}] {snapshot.by_partition[partition].sku}")
        made = _run_product(instance, settings, partition, planned.get(partition, {}), said, force=force)
        said.say(f"{made.report.state}, {made.seconds:.1f} s")
        products.append(made)
    withdrawn = withdraw_untrue(flow, instance)
    products = [
        replace(made, report=report(flow, partition, made.error)) if partition in withdrawn else made
        for partition, made in zip(chosen, products, strict=True)
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
    instance: Instance, settings: Settings, partition: str, todo: Work, said: Progress, *, force: bool
) -> ProductRun:
    """`make_reels`, then `retake` while the check asks for another attempt, then `publish` what a person approved.

    Nothing is begun of a product whose name the voice can't read.
    """
    started = time.monotonic()
    flow = Flow(settings, settings.open_store())
    runs: list[Done] = []

    def launch(job: str, assets: Iterable[str] = (), **tags: str) -> None:
        runs.append(run_job(defs.resolve_job_def(job), instance, partition, assets, tags, hear=said.hear))

    refused = unspeakable(flow, partition) if todo else ""
    if todo and not refused:
        launch("make_reels", todo, **({FORCE_TAG: "true"} if force else {}))
    attempt = 0
    while not refused and (following := _next_attempt(flow, partition)) > attempt:
        attempt = following
        launch("retake", **{ATTEMPT_TAG: str(attempt)})
    if tuple(work(flow, partition)) == ("mirrored_asset",):
        launch("publish")
    error = refused or (runs[-1].error if runs else None)
    return ProductRun(
        report(flow, partition, error),
        sum(run.made for run in runs),
        sum(run.reused for run in runs),
        round(time.monotonic() - started, 2),
        sum((run.cost for run in runs), Cost()),
        error,
    )


def _next_attempt(flow: Flow, partition: str) -> int:
    finding = flow.finding("retry_budget", partition)
    return int(finding.measured.get("next_attempt", 0)) if finding else 0
