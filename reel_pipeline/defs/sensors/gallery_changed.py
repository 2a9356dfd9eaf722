"""What the shop has changed is made again."""

import json
from typing import Any

import dagster as dg

from reel_pipeline.defs.jobs import make_reels
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import made_partitions, plan
from reel_pipeline.defs.sensors.requests import PRODUCTS_PER_TICK, TRIES, past_runs, request_for
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.table import ASSETS, SKU_ASSETS
from reel_pipeline.rules.work import work
from reel_pipeline.store import UNPARTITIONED, partition_path

READS_SNAPSHOT = {name for name in SKU_ASSETS if "catalog_snapshot" in ASSETS[name].upstream}


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
        runs = past_runs(context.instance, partition)
        if runs is None:
            open_still.append(partition)
        elif READS_SNAPSHOT & (todo := work(FrozenFlow(flow), partition)).keys():
            state = f"listed:{snapshot.by_partition[partition].digest()}"
            request = request_for(runs, partition, state, asset_selection=[dg.AssetKey(name) for name in todo])
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
