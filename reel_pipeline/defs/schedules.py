"""What happens by the clock: the source is listed, new products are made, what is no longer true is taken down."""

import random
from collections.abc import Iterator
from itertools import islice

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES  # private, covered by the pin on dagster

from reel_pipeline.defs.jobs import make_reels, reconcile, sync_catalog
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import made_partitions, plan
from reel_pipeline.defs.sensors.requests import PRODUCTS_PER_TICK, past_runs, request_for
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.rules.flow import Flow
from reel_pipeline.store import UNPARTITIONED, partition_path

NEW_LOOKED_AT = 500
"""New products of which a tick takes any few, so that those that were given up hold up no other."""


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
    past = ((partition, past_runs(context.instance, partition)) for partition in looked_at)
    wanted = (
        request_for(runs, partition, f"new:{entries[partition].digest()}")
        for partition, runs in past
        if runs is not None
    )
    requests = list(islice(filter(None, wanted), PRODUCTS_PER_TICK))
    if not requests:
        yield dg.SkipReason("No new product.")
    yield from requests


@dg.schedule(job=reconcile, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def reconcile_often(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Take down what is no longer true."""
    return _unless_one_is_left(context, "reconcile")
