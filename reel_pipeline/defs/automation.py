"""What happens without anyone asking: retakes, changed galleries, new products. All of it asks the planner."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg

from reel_pipeline.defs.flow import ATTEMPT_TAG, Flow, Look
from reel_pipeline.defs.jobs import make_reels, reconcile, retake, sync_catalog
from reel_pipeline.defs.planner import made_partitions, plan
from reel_pipeline.defs.table import ASSETS, SKU_ASSETS
from reel_pipeline.defs.work import work
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.store import UNPARTITIONED, partition_path

PRODUCTS_PER_TICK = 25
LOOK_BACK = 500
"""Verdicts that a tick looks at: many more than runs can end between two ticks."""
READS_SNAPSHOT = {name for name in SKU_ASSETS if "catalog_snapshot" in ASSETS[name].upstream}
RETRY_CHECK = dg.AssetCheckKey(dg.AssetKey("evaluation_score"), "retry_budget")


@dg.sensor(job=retake, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def retake_rejected(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Executes what `retry_budget` decided: one run of the visual assets per rejected reel."""
    seen = int(context.cursor or 0)
    history = context.instance.event_log_storage.get_asset_check_execution_history(RETRY_CHECK, limit=LOOK_BACK)
    requests = []
    for record in history:
        event = record.event.dagster_event if record.event and record.id > seen else None
        evaluation = event.event_specific_data if event else None
        if not isinstance(evaluation, dg.AssetCheckEvaluation) or record.partition is None:
            continue
        following = int(float(str(evaluation.metadata["next_attempt"].value)))
        if following:
            requests.append(
                dg.RunRequest(
                    run_key=f"{record.run_id}:{following}",
                    partition_key=record.partition,
                    tags={ATTEMPT_TAG: str(following)},
                )
            )
    cursor = max([seen, *(record.id for record in history)])
    return dg.SensorResult(run_requests=requests, cursor=str(cursor))


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
