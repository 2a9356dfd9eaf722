"""The usable photos of one product, and the check that there are any."""

import dagster as dg

from reel_pipeline.catalog.build import gallery_of
from reel_pipeline.catalog.checks import gallery_is_usable as find_gallery_is_usable
from reel_pipeline.catalog.source import open_source
from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.assets.product import entry_of
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import strip, table
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import CatalogSnapshot, ProductGallery
from reel_pipeline.rules.flow import Flow


@dg.asset(
    partitions_def=SKUS,
    group_name="b_product",
    kinds={"image"},
    owners=["team:catalog"],
    description="The photos in shop order, normalised to sRGB, with their original bytes.",
)
def product_gallery(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], catalog_snapshot: CatalogSnapshot
) -> dg.MaterializeResult[ProductGallery]:
    provenance: dict[str, object] = {}

    def fetch() -> ProductGallery:
        source = open_source(flow.settings.source_location, flow.store, flow.settings.allow_private_hosts)
        gallery, found = gallery_of(entry_of(catalog_snapshot, context.partition_key), source, flow.store)
        provenance.update(found)
        return gallery

    return make(
        context,
        flow,
        {"catalog_snapshot": catalog_snapshot},
        fetch,
        lambda gallery: {
            "photos": len(gallery.photos),
            "gallery": strip([decode_png(flow.store.read(photo.pixels)) for photo in gallery.photos]),
            "refused": table([{"photo": refused.item, "why": refused.error} for refused in gallery.refused]),
        },
        lambda: provenance,
    )


gallery_is_usable = check(
    "gallery_is_usable",
    "At least one photo of this product is usable.",
    lambda flow, _, gallery: find_gallery_is_usable(gallery, flow.store),
)
