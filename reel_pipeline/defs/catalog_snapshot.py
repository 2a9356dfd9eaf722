"""One immutable listing of all products as found, and the check that it is whole."""

import dagster as dg

from reel_pipeline.catalog.checks import crawl_is_complete as find_crawl_is_complete
from reel_pipeline.catalog.source import open_source
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import CatalogSnapshot


@dg.asset(
    group_name="a_source",
    kinds={"json"},
    owners=["team:catalog"],
    description="Every product of the source as found now. New products become partitions; nothing is removed here.",
)
def catalog_snapshot(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow]
) -> dg.MaterializeResult[CatalogSnapshot]:
    result = flow.make(
        context,
        {},
        lambda: open_source(flow.settings.source_location).snapshot(),
        lambda snapshot: {
            "products": len(snapshot.entries),
            "errors": table([{"item": error.item, "error": error.error} for error in snapshot.errors]),
        },
    )
    context.instance.add_dynamic_partitions(SKUS.name or "", [entry.partition_key for entry in result.value.entries])
    return result


@dg.asset_check(asset=catalog_snapshot, description="Every product that the source lists could be read.")
def crawl_is_complete(
    context: dg.AssetCheckExecutionContext, flow: dg.ResourceParam[Flow], catalog_snapshot: CatalogSnapshot
) -> dg.AssetCheckResult:
    return flow.check(
        context,
        "crawl_is_complete",
        {"catalog_snapshot": catalog_snapshot},
        lambda: find_crawl_is_complete(catalog_snapshot),
    )
