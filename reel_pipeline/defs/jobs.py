"""What people launch: sync the catalogue, make reels, retake faulted shots, backfill a collection."""

import dagster as dg

from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.planner import group_by_stale_assets, submit_backfills
from reel_pipeline.defs.table import SKU_ASSETS, VISUAL_ASSETS
from reel_pipeline.errors import CatalogError
from reel_pipeline.store import UNPARTITIONED

sync_catalog = dg.define_asset_job(
    "sync_catalog",
    selection=dg.AssetSelection.assets("brand_kit", "catalog_snapshot"),
    description="List the source and the brand folder again. New products become partitions.",
)
make_reels = dg.define_asset_job(
    "make_reels",
    selection=dg.AssetSelection.assets(*SKU_ASSETS),
    description="The whole flow of one product. What is already made is reused.",
)
retake = dg.define_asset_job(
    "retake",
    selection=dg.AssetSelection.assets(*VISUAL_ASSETS),
    description="Make faulted shots again with their next take. The approved voice is not touched.",
)

publish = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets("mirrored_asset"),
    description="Publish a reel that a person has approved. Refused while anything behind it is not verified.",
)


class CollectionConfig(dg.Config):
    """`collection`: a collection's name, or empty for the whole catalogue."""

    collection: str = ""
    only_stale: bool = True
    dry_run: bool = False


@dg.op(description="Group the collection's products by what is stale and submit one backfill per group.")
def launch_backfills(context: dg.OpExecutionContext, flow: dg.ResourceParam[Flow], config: CollectionConfig) -> None:
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        raise dg.Failure("There is no catalogue yet; run sync_catalog first.", allow_retries=False)
    members = [
        entry.partition_key
        for entry in snapshot.entries
        if not config.collection or config.collection in entry.collections
    ]
    if not members:
        known = sorted({name for entry in snapshot.entries for name in entry.collections})
        raise CatalogError(f"No product is in {config.collection!r}; the collections are {', '.join(known) or 'none'}.")
    groups = group_by_stale_assets(flow, members) if config.only_stale else {SKU_ASSETS: members}
    for assets, partitions in groups.items():
        context.log.info(f"{len(partitions)} product(s) need {', '.join(assets)}: {', '.join(partitions[:20])}")
    stale = sum(len(partitions) for partitions in groups.values())
    context.add_output_metadata({"products": len(members), "to_make": stale})
    if not config.dry_run:
        submit_backfills(context.instance, context.repository_def.asset_graph, groups, config.collection or "all")


@dg.job(
    executor_def=dg.in_process_executor,
    description="Launchpad: {collection, only_stale, dry_run}. Backfills a collection, by default only what is stale.",
)
def collection_backfill() -> None:
    launch_backfills()
