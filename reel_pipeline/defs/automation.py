"""What happens without anyone asking: retakes, changed galleries, new products. All of it asks the planner."""

from collections.abc import Iterator

import dagster as dg

from reel_pipeline.defs.flow import ATTEMPT_TAG, Flow
from reel_pipeline.defs.jobs import make_reels, retake, sync_catalog
from reel_pipeline.defs.staleness import stale_assets
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.store import UNPARTITIONED

PRODUCTS_PER_TICK = 25
LOOK_BACK = 500
"""Verdicts that a tick looks at: many more than runs can end between two ticks."""
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
    """When the snapshot is another one: request what became stale, `PRODUCTS_PER_TICK` products at a time.

    The cursor is `<snapshot digest>:<entries done>`. The first tick only notes where it stands.
    """
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        return dg.SkipReason("There is no catalogue yet; run sync_catalog.")
    digest, total = snapshot.digest(), len(snapshot.entries)
    if not context.cursor:
        return dg.SensorResult(cursor=f"{digest}:{total}")
    seen, _, done = context.cursor.partition(":")
    start = int(done) if seen == digest else 0
    if start >= total:
        return dg.SkipReason("The catalogue is unchanged.")
    requests: list[dg.RunRequest] = []
    position = start
    while position < total and len(requests) < PRODUCTS_PER_TICK:
        entry = snapshot.entries[position]
        position += 1
        if flow.head("product", entry.partition_key) is None:
            continue
        if stale := stale_assets(flow, entry.partition_key):
            requests.append(
                dg.RunRequest(
                    run_key=f"{digest}:{entry.partition_key}",
                    partition_key=entry.partition_key,
                    asset_selection=[dg.AssetKey(name) for name in stale],
                )
            )
    return dg.SensorResult(run_requests=requests, cursor=f"{digest}:{position}")


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
    entries = snapshot.entries if snapshot else ()
    new = [entry.partition_key for entry in entries if flow.head("product", entry.partition_key) is None]
    if not new:
        yield dg.SkipReason("No new product.")
    for partition in new[:PRODUCTS_PER_TICK]:
        yield dg.RunRequest(run_key=f"new:{partition}", partition_key=partition)
