"""Backfills, and what became of their runs. It uses private Dagster API, which the pin on dagster covers.

One backfill per identical set of assets: with different assets per SKU in one backfill Dagster runs asset by asset and
walks past failed blocking checks (seen in 1.13.27).
"""

import time
import uuid
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.execution.backfill import PartitionBackfill

from reel_pipeline.rules.work import Work

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def group_by_assets(planned: Mapping[str, Work]) -> dict[tuple[str, ...], list[str]]:
    """Assets in flow order -> the partitions of which exactly these should be made."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for partition, todo in planned.items():
        groups.setdefault(tuple(todo), []).append(partition)
    return groups


def submit_backfills(
    instance: dg.DagsterInstance,
    graph: BaseAssetGraph[Any],
    groups: Mapping[tuple[str, ...], list[str]],
    collection: str,
    tags: Mapping[str, str] | None = None,
) -> list[str]:
    """One backfill per group; returns their ids. The daemon turns each into one run per SKU."""
    ids = []
    for assets, partitions in groups.items():
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id=uuid.uuid4().hex[:8],
            asset_graph=graph,
            partition_names=partitions,
            asset_selection=[dg.AssetKey(name) for name in assets],
            backfill_timestamp=time.time(),
            tags={"reel/collection": collection, **(tags or {})},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=f"{collection}: {len(partitions)} product(s)",
            description=None,
            run_config=None,
        )
        instance.add_backfill(backfill)
        ids.append(backfill.backfill_id)
    return ids


def ended_partitions(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> set[str]:
    """The partitions of which a run with these tags has ended."""
    runs = instance.get_runs(dg.RunsFilter(tags=tags))
    return {run.tags["dagster/partition"] for run in runs if run.is_finished and "dagster/partition" in run.tags}


def active_runs(instance: dg.DagsterInstance) -> int:
    """How many runs have not ended."""
    return instance.get_runs_count(dg.RunsFilter(statuses=ACTIVE))
