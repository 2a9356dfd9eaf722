"""Rejected reels are made again."""

import dagster as dg

from reel_pipeline.defs.adapter import ATTEMPT_TAG
from reel_pipeline.defs.jobs import retake
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.sensors.alerts import alert_about, tell
from reel_pipeline.defs.sensors.requests import PRODUCTS_PER_TICK, TRIES, past_runs, request_for
from reel_pipeline.errors import ReelError
from reel_pipeline.rules import retakes
from reel_pipeline.rules.flow import Flow
from reel_pipeline.store import partition_path

LOOKS_PER_TICK = 100
"""Rejected products that a tick asks about: it has a minute, and a look takes some forty reads from the store."""


@dg.sensor(job=retake, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def retake_rejected(context: dg.SensorEvaluationContext, flow: dg.ResourceParam[Flow]) -> dg.SensorResult:
    """One run of the visual assets for each rejected reel that the store says is to be made again."""
    requests: list[dg.RunRequest] = []
    for partition in retakes.asked(flow, LOOKS_PER_TICK):
        runs = past_runs(context.instance, partition)
        held = flow.store.objects.locks.holder(partition_path(partition))
        is_known = context.instance.has_dynamic_partition(SKUS.name or "", partition)
        if not is_known or runs is None or held or len(requests) == PRODUCTS_PER_TICK:
            continue
        wanted = retakes.wanted(flow, partition)
        if wanted is None:
            retakes.forget(flow, partition)
        elif not wanted.waits:
            state = f"{wanted.video_sha256}:{wanted.attempt}"
            request = request_for(runs, partition, state, {ATTEMPT_TAG: str(wanted.attempt)})
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
