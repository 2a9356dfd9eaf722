"""The product cut out of its photos, with a confidence that says how far to trust it."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.frames.checks import cutout_is_trustworthy as find_cutout_is_trustworthy
from reel_pipeline.frames.cutout import cut_out
from reel_pipeline.records import FrameClassification, ProductCutout, ProductGallery
from reel_pipeline.rules.flow import Flow


@dg.asset(
    partitions_def=SKUS,
    pool="gpu",
    group_name="c_photos",
    kinds={"opencv"},
    owners=["team:studio"],
    description="Per usable photo: alpha with its confidence, depth and normals.",
)
def product_cutout(
    context: dg.AssetExecutionContext,
    flow: dg.ResourceParam[Flow],
    product_gallery: ProductGallery,
    frame_classification: FrameClassification,
) -> dg.MaterializeResult[ProductCutout]:
    return make(
        context,
        flow,
        {"product_gallery": product_gallery, "frame_classification": frame_classification},
        lambda: cut_out(product_gallery, frame_classification, flow.settings.engines.open("cutout"), flow.store),
        lambda made: {
            "cutouts": table(
                [{"photo": cutout.photo, "confidence": round(cutout.confidence, 2)} for cutout in made.cutouts]
            )
        },
    )


cutout_is_trustworthy = check(
    "cutout_is_trustworthy",
    "The cutouts are clean enough to separate product and background.",
    lambda flow, _, cutout, gallery: find_cutout_is_trustworthy(cutout, gallery, flow.store),
)
