"""What happens without anyone asking: retakes, changed galleries, new products. All of it asks the planner."""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

import dagster as dg
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, PARTITION_NAME_TAG  # private, covered by the pin

from reel_pipeline.defs import retakes
from reel_pipeline.defs.alerts import alert_about, is_retried, tell
from reel_pipeline.defs.flow import ATTEMPT_TAG, Flow, Look
from reel_pipeline.defs.jobs import make_reels, reconcile, retake, sync_catalog
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import made_partitions, plan
from reel_pipeline.defs.table import ASSETS, SKU_ASSETS
from reel_pipeline.defs.work import work
from reel_pipeline.errors import ReelError
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.store import UNPARTITIONED, partition_path

PRODUCTS_PER_TICK = 25
LOOKS_PER_TICK = 100
"""Products that a tick asks about: it has a minute, and a look takes some forty reads from the store."""
TRIES = 3
"""Runs requested in a row for one state of a product: a cancelled one comes again, one that always dies does not."""
RUNS_LOOKED_AT = 20
STATE_TAG = "reel/state"
READS_SNAPSHOT = {name for name in SKU_ASSETS if "catalog_snapshot" in ASSETS[name].upstream}


def _past_runs(instance: dg.DagsterInstance, partition: str) -> Sequence[dg.DagsterRun] | None:
    """The latest runs of a product, newest first; None while one has not ended or is about to be run again."""
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION_NAME_TAG: partition}), limit=RUNS_LOOKED_AT)
    is_run_again = bool(runs) and is_retried(runs[0]) and AUTO_RETRY_RUN_ID_TAG not in runs[0].tags
    return None if is_run_again or not all(run.is_finished for run in runs) else runs


def _tries(runs: Sequence[dg.DagsterRun], state: str) -> int:
    """How many of the latest requested runs were for this state.

    A run key alone would not do: Dagster drops one that it has seen, though that run was cancelled or its state has
    come back (a price goes down, up and down).
    """
    states = (run.tags[STATE_TAG] for run in runs if STATE_TAG in run.tags)
    return sum(1 for _ in takewhile(lambda seen: seen == state, states))


@dg.sensor(job=retake, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def retake_rejected(context: dg.SensorEvaluationContext, flow: dg.ResourceParam[Flow]) -> dg.SensorResult:
    """One run of the visual assets for each rejected reel that the store says is to be made again."""
    requests: list[dg.RunRequest] = []
    known = set(context.instance.get_dynamic_partitions(SKUS.name or ""))
    for partition in retakes.asked(flow, LOOKS_PER_TICK):
        runs = _past_runs(context.instance, partition)
        held = flow.store.objects.locks.holder(partition_path(partition))
        if partition not in known or runs is None or held or len(requests) == PRODUCTS_PER_TICK:
            continue
        wanted = retakes.wanted(flow, partition)
        if wanted is None:
            retakes.forget(flow, partition)
        elif not wanted.waits:
            state = f"{wanted.video_sha256}:{wanted.attempt}"
            tries = _tries(runs, state)
            if tries < TRIES:
                requests.append(
                    dg.RunRequest(
                        run_key=f"{partition}:{state}:{tries}",
                        partition_key=partition,
                        tags={ATTEMPT_TAG: str(wanted.attempt), STATE_TAG: state},
                    )
                )
            else:
                _give_up(context, flow, partition)
    return dg.SensorResult(run_requests=requests)


def _give_up(context: dg.SensorEvaluationContext, flow: Flow, partition: str) -> None:
    context.log.warning(f"{partition}: its retake was requested {TRIES} times and never ended; see its last run.")
    try:
        tell(flow, partition, alert_about(flow, partition, died=True, given_up=True))
    except ReelError as error:
        context.log.warning(str(error))
    else:
        retakes.give_up(flow, partition)


@dg.sensor(job=make_reels, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.STOPPED)
def gallery_changed(
    context: dg.SensorEvaluationContext, flow: dg.ResourceParam[Flow]
) -> dg.SensorResult | dg.SkipReason:
    """When the snapshot is another one: request what its changed entries made stale, `PRODUCTS_PER_TICK` products at a
    time.

    The cursor holds the snapshot that was looked at and the products still to request. The first tick only notes where
    it stands. Where the snapshot before is gone from the store, every product is planned.
    """
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        return dg.SkipReason("There is no catalogue yet; run sync_catalog.")
    digest = snapshot.digest()
    cursor: dict[str, Any] = json.loads(context.cursor) if context.cursor else {"snapshot": digest, "left": []}
    if cursor["snapshot"] == digest:
        left = [partition for partition in cursor["left"] if partition in snapshot.by_partition]
    else:
        before = flow.store.load_version(cursor["snapshot"], CatalogSnapshot)
        made = made_partitions(flow, "product")
        changed = [
            partition
            for partition, entry in snapshot.by_partition.items()
            if partition_path(partition) in made
            and (before is None or before.by_partition.get(partition) != entry or partition in cursor["left"])
        ]
        planned = plan(context.instance, flow, changed)
        left = [partition for partition, todo in planned.items() if READS_SNAPSHOT & todo.keys()]
    now, later = left[:PRODUCTS_PER_TICK], left[PRODUCTS_PER_TICK:]
    if context.cursor and not now and cursor["snapshot"] == digest:
        return dg.SkipReason("The catalogue is unchanged.")
    requests = [
        dg.RunRequest(
            run_key=f"{digest}:{partition}",
            partition_key=partition,
            asset_selection=[dg.AssetKey(name) for name in todo],
        )
        for partition in now
        if (todo := work(Look(flow), partition))
    ]
    return dg.SensorResult(run_requests=requests, cursor=json.dumps({"snapshot": digest, "left": later}))


@dg.schedule(job=sync_catalog, cron_schedule="0 * * * *", default_status=dg.DefaultScheduleStatus.STOPPED)
def hourly_sync(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """List the source every hour."""
    return dg.RunRequest()


@dg.schedule(job=make_reels, cron_schedule="10 * * * *", default_status=dg.DefaultScheduleStatus.STOPPED)
def new_skus(
    context: dg.ScheduleEvaluationContext, flow: dg.ResourceParam[Flow]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Make the products that the last sync found and that were never made."""
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    made = made_partitions(flow, "product")
    new = [
        partition for partition in (snapshot.by_partition if snapshot else ()) if partition_path(partition) not in made
    ]
    if not new:
        yield dg.SkipReason("No new product.")
    for partition in new[:PRODUCTS_PER_TICK]:
        yield dg.RunRequest(run_key=f"new:{partition}", partition_key=partition)


@dg.schedule(job=reconcile, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def reconcile_often(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Take down what is no longer true."""
    return dg.RunRequest()
