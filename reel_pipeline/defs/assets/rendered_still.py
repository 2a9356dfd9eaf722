"""The layered keyframe of each shot, with the product's own pixels locked."""

from functools import partial

import dagster as dg

from reel_pipeline.defs.adapter import ATTEMPT_TAG, check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import strip, table
from reel_pipeline.media.photo import normalise
from reel_pipeline.records import BrandKit, ProductCutout, ProductGallery, RenderedStill, ShotPlan
from reel_pipeline.rules import retry
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.stills.checks import product_pixels_locked as find_product_pixels_locked
from reel_pipeline.stills.render import render_stills


@dg.asset(
    partitions_def=SKUS,
    pool="gpu",
    group_name="e_pictures",
    kinds={"image"},
    owners=["team:studio"],
    description="Per shot: a lossless layered keyframe at the photo's own scale, and the take that was used.",
)
def rendered_still(
    context: dg.AssetExecutionContext,
    flow: dg.ResourceParam[Flow],
    shot_plan: ShotPlan,
    product_gallery: ProductGallery,
    product_cutout: ProductCutout,
    brand_kit: BrandKit,
) -> dg.MaterializeResult[RenderedStill]:
    attempts = retry.begin(flow, context.partition_key, int(context.run.tags.get(ATTEMPT_TAG, 0)))
    return make(
        context,
        flow,
        {
            "shot_plan": shot_plan,
            "product_gallery": product_gallery,
            "product_cutout": product_cutout,
            "brand_kit": brand_kit,
        },
        lambda: RenderedStill(
            editions={
                name: render_stills(
                    plan,
                    attempts.takes_of(name),
                    attempts.attempt,
                    product_gallery,
                    product_cutout,
                    brand_kit.look,
                    partial(flow.settings.engines.open, "stills"),
                    flow.store,
                    attempts.wider_of(name),
                )
                for name, plan in shot_plan.editions.items()
            }
        ),
        lambda made: {
            "attempt": attempts.attempt + 1,
            "keyframes": strip(
                [normalise(flow.store.read(still.preview)).pixels for e in made.editions.values() for still in e.stills]
            ),
            "takes": table(
                [
                    {
                        "shot": still.shot,
                        "take": still.take_index,
                        "motion": still.take.motion,
                        "rung": still.take.rung,
                        "by": still.made_by.engine,
                        "instead": still.instead,
                        "photo": still.take.photo,
                    }
                    for edition in made.editions.values()
                    for still in edition.stills
                ]
            ),
        },
    )


product_pixels_locked = check(
    "product_pixels_locked",
    "Inside the lock mask every pixel equals the photo's, bit for bit.",
    lambda flow, _, stills, gallery: worst(
        find_product_pixels_locked(edition, gallery, flow.store) for edition in stills.editions.values()
    ),
)
