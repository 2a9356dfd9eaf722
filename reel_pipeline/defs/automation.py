"""What happens without anyone asking: retakes, changed galleries, new products. All of it asks the planner."""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES  # private, covered by the pin on dagster
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, PARTITION_NAME_TAG

from reel_pipeline.defs.adapter import ATTEMPT_TAG
from reel_pipeline.defs.alerts import alert_about, is_retried, tell
from reel_pipeline.defs.jobs import make_reels, reconcile, retake, sync_catalog
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import made_partitions, plan
from reel_pipeline.errors import ReelError
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.rules import retakes
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.table import ASSETS, SKU_ASSETS
from reel_pipeline.rules.work import work
from reel_pipeline.store import UNPARTITIONED, partition_path

PRODUCTS_PER_TICK = 25
NEW_LOOKED_AT = 500
LOOKS_PER_TICK = 100
"""Rejected products that a tick asks about: it has a minute, and a look takes some forty reads from the store."""
TRIES = 3
"""Runs requested in a row for one state of a product: a cancelled one comes again, one that always dies does not."""
RUNS_LOOKED_AT = 20
RETRY_BEGINS_S = 120
"""How long after a crash Dagster's own retry is waited for; some never come, such as that of a command line's run."""
STATE_TAG = "reel/state"
READS_SNAPSHOT = {name for name in SKU_ASSETS if "catalog_snapshot" in ASSETS[name].upstream}


def _past_runs(instance: dg.DagsterInstance, partition: str) -> Sequence[dg.DagsterRun] | None:
    """The latest runs of a product, newest first; None while one has not ended or is about to be run again."""
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION_NAME_TAG: partition}), limit=RUNS_LOOKED_AT)
    runs = [record.dagster_run for record in records]
    if records and is_retried(runs[0]) and AUTO_RETRY_RUN_ID_TAG not in runs[0].tags:
        since_s = time.time() - records[0].update_timestamp.timestamp()
        if since_s < RETRY_BEGINS_S:
            return None
    return runs if all(run.is_finished for run in runs) else None


def _request(
    runs: Sequence[dg.DagsterRun], partition: str, state: str, tags: Mapping[str, str] | None = None, **more: Any
) -> dg.RunRequest | None:
    """The next run for this state of a product; None when the latest `TRIES` were for it and changed nothing.

    What the runs were for tells, not a key made of the state: Dagster drops a run key that it has seen, though that run
    was cancelled or its state has come back (a price goes down, up and down). So the key names the run before, too.
    """
    states = (run.tags[STATE_TAG] for run in runs if STATE_TAG in run.tags)
    tries = sum(1 for _ in takewhile(lambda seen: seen == state, states))
    if tries >= TRIES:
        return None
    key = f"{partition}:{state}:{runs[0].run_id if runs else ''}"
    return dg.RunRequest(run_key=key, partition_key=partition, tags={STATE_TAG: state, **(tags or {})}, **more)


@dg.sensor(job=retake, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def retake_rejected(context: dg.SensorEvaluationContext, flow: dg.ResourceParam[Flow]) -> dg.SensorResult:
    """One run of the visual assets for each rejected reel that the store says is to be made again."""
    requests: list[dg.RunRequest] = []
    for partition in retakes.asked(flow, LOOKS_PER_TICK):
        runs = _past_runs(context.instance, partition)
        held = flow.store.objects.locks.holder(partition_path(partition))
        is_known = context.instance.has_dynamic_partition(SKUS.name or "", partition)
        if not is_known or runs is None or held or len(requests) == PRODUCTS_PER_TICK:
            continue
        wanted = retakes.wanted(flow, partition)
        if wanted is None:
            retakes.forget(flow, partition)
        elif not wanted.waits:
            state = f"{wanted.video_sha256}:{wanted.attempt}"
            request = _request(runs, partition, state, {ATTEMPT_TAG: str(wanted.attempt)})
            if request:
                requests.append(request)
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

    The cursor holds the snapshot that was looked at and the products that are not made yet: one leaves it when nothing
    is left to make, or when `TRIES` runs came to nothing. The first tick only notes where it stands. Where the snapshot
    before is gone from the store, every product is planned.
    """
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        return dg.SkipReason("There is no catalogue yet; run sync_catalog.")
    digest = snapshot.digest()
    cursor: dict[str, Any] = json.loads(context.cursor) if context.cursor else {"snapshot": digest, "left": []}
    left = cursor["left"]
    if cursor["snapshot"] != digest:
        left = _changed(context.instance, flow, snapshot, cursor)
    elif context.cursor and not left:
        return dg.SkipReason("The catalogue is unchanged.")
    requests: list[dg.RunRequest] = []
    open_still: list[str] = []
    for partition in left[:PRODUCTS_PER_TICK]:
        is_known = context.instance.has_dynamic_partition(SKUS.name or "", partition)
        if not is_known or partition not in snapshot.by_partition:
            continue
        runs = _past_runs(context.instance, partition)
        if runs is None:
            open_still.append(partition)
        elif READS_SNAPSHOT & (todo := work(FrozenFlow(flow), partition)).keys():
            state = f"listed:{snapshot.by_partition[partition].digest()}"
            request = _request(runs, partition, state, asset_selection=[dg.AssetKey(name) for name in todo])
            if request:
                requests.append(request)
                open_still.append(partition)
            else:
                context.log.warning(f"{partition}: {TRIES} runs changed nothing; see the last one.")
    left = left[PRODUCTS_PER_TICK:] + open_still
    return dg.SensorResult(run_requests=requests, cursor=json.dumps({"snapshot": digest, "left": left}))


def _changed(instance: dg.DagsterInstance, flow: Flow, snapshot: CatalogSnapshot, cursor: dict[str, Any]) -> list[str]:
    """Products with something to make since the snapshot before, and those of it that are not made yet."""
    before = flow.store.load_version(cursor["snapshot"], CatalogSnapshot)
    made = made_partitions(flow, "product")
    changed = [
        partition
        for partition, entry in snapshot.by_partition.items()
        if partition_path(partition) in made
        and (before is None or before.by_partition.get(partition) != entry or partition in cursor["left"])
    ]
    return [partition for partition, todo in plan(instance, flow, changed).items() if READS_SNAPSHOT & todo.keys()]


def _unless_one_is_left(context: dg.ScheduleEvaluationContext, job: str) -> dg.RunRequest | dg.SkipReason:
    """A run of a job, unless the one before has not ended: a crawl may take longer than the time to the next."""
    unfinished = dg.RunsFilter(job_name=job, statuses=NOT_FINISHED_STATUSES)
    if context.instance.get_runs_count(unfinished):
        return dg.SkipReason(f"The {job} before has not ended.")
    return dg.RunRequest()


@dg.schedule(job=sync_catalog, cron_schedule="0 * * * *", default_status=dg.DefaultScheduleStatus.STOPPED)
def hourly_sync(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """List the source every hour."""
    return _unless_one_is_left(context, "sync_catalog")


@dg.schedule(job=make_reels, cron_schedule="10 * * * *", default_status=dg.DefaultScheduleStatus.STOPPED)
def new_skus(
    context: dg.ScheduleEvaluationContext, flow: dg.ResourceParam[Flow]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Make the products that the last sync found and that were never made to the end."""
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    known = set(context.instance.get_dynamic_partitions(SKUS.name or ""))
    begun, judged = (made_partitions(flow, name) for name in ("product", "evaluation_score"))
    entries = snapshot.by_partition if snapshot else {}
    unjudged = [partition for partition in entries if partition in known and partition_path(partition) not in judged]
    cut_short = plan(context.instance, flow, [p for p in unjudged if partition_path(p) in begun])
    new = [partition for partition in unjudged if partition_path(partition) not in begun or partition in cut_short]
    # Any of them, so that those that were given up hold up no other.
    looked_at = random.sample(new, min(len(new), NEW_LOOKED_AT))
    past = ((partition, _past_runs(context.instance, partition)) for partition in looked_at)
    wanted = (
        _request(runs, partition, f"new:{entries[partition].digest()}") for partition, runs in past if runs is not None
    )
    requests = list(islice(filter(None, wanted), PRODUCTS_PER_TICK))
    if not requests:
        yield dg.SkipReason("No new product.")
    yield from requests


@dg.schedule(job=reconcile, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def reconcile_often(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Take down what is no longer true."""
    return _unless_one_is_left(context, "reconcile")
