"""What each photo shows, and the check that one of them shows the product."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.frames.checks import has_a_product_view as find_has_a_product_view
from reel_pipeline.frames.classify import classify
from reel_pipeline.records import FrameClassification, ProductGallery
from reel_pipeline.rules.flow import Flow


@dg.asset(
    partitions_def=SKUS,
    group_name="c_photos",
    kinds={"onnx", "opencv"},
    owners=["team:studio"],
    description="Per photo: view class, label text, faces, sharpness, duplicates, what makes it hard to animate.",
)
def frame_classification(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], product_gallery: ProductGallery
) -> dg.MaterializeResult[FrameClassification]:
    return make(
        context,
        flow,
        {"product_gallery": product_gallery},
        lambda: classify(product_gallery, flow.settings.engines.open("classifier"), flow.store),
        lambda made: {
            "frames": table(
                [
                    {
                        "position": frame.position,
                        "view": frame.view_class + (" (unsure)" if frame.unsure else ""),
                        "confidence": round(frame.confidence, 2),
                        "label": " / ".join(line.text for line in frame.label_text)[:80],
                        "faces": len(frame.face_boxes_px_xywh),
                        "duplicate": bool(frame.duplicate_of),
                    }
                    for frame in made.frames
                ]
            )
        },
    )


has_a_product_view = check(
    "has_a_product_view",
    "At least one sharp photo of this variant shows the product.",
    lambda flow, _, frames, gallery: find_has_a_product_view(frames, gallery),
)
