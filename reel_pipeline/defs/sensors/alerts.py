"""Tells a webhook what needs a person: errors, reels that only a person can release, withdrawn reels.

What a product needs is read from its state in the store, not from the events: an attempt that heals itself is no alert,
and the same state is told once, however many runs end in it.
"""

import json
import urllib.error
import urllib.parse
import urllib.request

import dagster as dg

from reel_pipeline.defs.sensors.requests import is_retried
from reel_pipeline.errors import ReelError
from reel_pipeline.records import MirroredAsset, Record
from reel_pipeline.rules import retakes
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.report import Public, State, report

TIMEOUT_S = 10
EVENTS_PER_TICK = 200
STILL_TRUE = dg.AssetCheckKey(dg.AssetKey("mirrored_asset"), "still_true")
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
TOLD = "alerts"
KINDS = {State.PUBLISHED: "error", State.WAITING: "waiting", State.REJECTED: "rejected", State.FAILED: "error"}
"""Only the update of what is public can be told of as `published`: the run that should have made it died."""


class Alert(Record):
    """`kind`: error, waiting, rejected or withdrawn. `text` is what chat webhooks show."""

    kind: str
    sku: str
    reason: str
    link: str
    text: str


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def alerts(context: dg.SensorEvaluationContext, flow: dg.ResourceParam[Flow]) -> dg.SensorResult | dg.SkipReason:
    """Looks at the products of runs that ended, and at what was withdrawn, since the last tick.

    A webhook that does not answer fails the tick, and the next one tries again.
    """
    if not flow.settings.alerts_url:
        return dg.SkipReason("alerts_url is not set in the settings: nobody is told anything.")
    cursor = json.loads(context.cursor) if context.cursor else None
    runs = context.instance.get_run_records(dg.RunsFilter(statuses=ENDED), limit=EVENTS_PER_TICK)
    taken_down = context.instance.event_log_storage.get_asset_check_execution_history(STILL_TRUE, limit=EVENTS_PER_TICK)
    latest = {
        "run": max((record.update_timestamp.timestamp() for record in runs), default=0.0),
        "withdrawal": max((record.id for record in taken_down), default=0),
    }
    if cursor is None:
        return dg.SensorResult(cursor=json.dumps(latest))
    ended = {
        record.dagster_run.tags["dagster/partition"]: record.dagster_run
        for record in reversed(runs)
        if record.update_timestamp.timestamp() > cursor["run"] and "dagster/partition" in record.dagster_run.tags
    }
    withdrawn = {record.partition for record in taken_down if record.id > cursor["withdrawal"] and record.partition}
    for partition in sorted(ended.keys() | withdrawn):
        run = ended.get(partition)
        died = run is not None and run.status is not dg.DagsterRunStatus.SUCCESS and not is_retried(run)
        tell(flow, partition, alert_about(flow, partition, died=died))
    return dg.SensorResult(cursor=json.dumps(latest))


def alert_about(flow: Flow, partition: str, *, died: bool, given_up: bool = False) -> Alert | None:
    """What a person should be told of a product as it is now; None when it needs nobody, or goes on by itself.

    `died`: its last run failed and is not run again. `given_up`: nor is its retake requested again.
    """
    frozen = FrozenFlow(flow)
    product = report(frozen, partition)
    mirrored: MirroredAsset | None = frozen.record("mirrored_asset", partition)
    is_well = product.state is State.PUBLISHED and not (died and product.public is Public.UPDATE_PENDING)
    if is_well or (not given_up and retakes.is_under_way(flow, partition)):
        return None
    kind, reason = KINDS[product.state], next(iter(product.reasons), "no reason is known")
    if mirrored and mirrored.withdrawn:
        kind, reason = "withdrawn", mirrored.withdrawn
    elif product.state is State.FAILED and not died:
        return None
    link = f"{flow.settings.ui_url.rstrip('/')}/assets/evaluation_score?partition={urllib.parse.quote(partition)}"
    return Alert(kind=kind, sku=product.sku, reason=reason, link=link, text=f"{product.sku}: {kind}. {reason} {link}")


def tell(flow: Flow, partition: str, alert: Alert | None) -> None:
    """Post an alert that was not the last one told of this product; being well again is no alert, but is remembered."""
    if not flow.settings.alerts_url:
        return
    if alert is None:
        flow.store.delete_note(TOLD, partition, "last")
    elif flow.store.load_note(TOLD, partition, "last", Alert) != alert:
        post(flow.settings.alerts_url, alert)
        flow.store.save_note(TOLD, partition, "last", alert)


def post(url: str, alert: Alert) -> None:
    """POST one alert as JSON. Raises `ReelError` when the webhook does not take it."""
    request = urllib.request.Request(
        url, data=alert.canonical_bytes(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise ReelError(f"The webhook alerts_url did not take an alert ({error}); it is sent again later.") from error
