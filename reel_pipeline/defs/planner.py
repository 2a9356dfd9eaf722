"""Staleness -> backfills. The only file that uses private Dagster API, which the pin on dagster covers.

One backfill per identical set of assets: with different assets per SKU in one backfill Dagster runs asset by asset and
walks past failed blocking checks (seen in 1.13.27).
"""

import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.execution.backfill import PartitionBackfill

from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.staleness import stale_assets


def group_by_stale_assets(flow: Flow, partitions: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """Stale assets in flow order -> the partitions for which exactly these are stale. Fresh ones are left out."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for partition in partitions:
        if stale := tuple(stale_assets(flow, partition)):
            groups.setdefault(stale, []).append(partition)
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
