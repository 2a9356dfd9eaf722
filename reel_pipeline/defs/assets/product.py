"""The facts of one product, from its entry in the snapshot."""

import dagster as dg

from reel_pipeline.catalog.build import product_of
from reel_pipeline.defs.adapter import make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.errors import CatalogError
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, Product
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.reads import entry_in


def entry_of(snapshot: CatalogSnapshot, partition: str) -> CatalogEntry:
    """The snapshot's entry for a partition; raises `CatalogError` when the source no longer lists it."""
    entry = entry_in(snapshot, partition)
    if entry is None:
        raise CatalogError(f"{partition} is no longer in the source; run sync_catalog, or put the product back.")
    return entry


@dg.asset(
    partitions_def=SKUS,
    group_name="b_product",
    kinds={"json"},
    owners=["team:catalog"],
    description="Title, description, type, price, tags, collections and variants, as plain text.",
)
def product(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], catalog_snapshot: CatalogSnapshot
) -> dg.MaterializeResult[Product]:
    return make(
        context,
        flow,
        {"catalog_snapshot": catalog_snapshot},
        lambda: product_of(entry_of(catalog_snapshot, context.partition_key)),
        lambda facts: {
            "title": facts.title,
            "price": facts.shown_price or f"{facts.price or 'none'}, not shown",
            "collections": ", ".join(facts.collections),
        },
    )
