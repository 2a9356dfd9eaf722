"""The shots and what is said over them, and the checks that every word and move is covered by facts and photos."""

import dagster as dg

from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import MAIN_EDITION, BrandKit, FrameClassification, Product, ProductCutout, ShotPlan
from reel_pipeline.shots.checks import claims_are_grounded as find_claims_are_grounded
from reel_pipeline.shots.checks import motions_are_safe as find_motions_are_safe
from reel_pipeline.shots.engines import open_engine
from reel_pipeline.shots.plan import plan_shots


@dg.asset(
    partitions_def=SKUS,
    group_name="d_plan",
    kinds={"json"},
    owners=["team:creative"],
    description="Per shot: the photo and motion to use, with fallbacks, and a spoken line traced to product facts.",
)
def shot_plan(
    context: dg.AssetExecutionContext,
    flow: dg.ResourceParam[Flow],
    product: Product,
    frame_classification: FrameClassification,
    product_cutout: ProductCutout,
    brand_kit: BrandKit,
) -> dg.MaterializeResult[ShotPlan]:
    return flow.make(
        context,
        {
            "product": product,
            "frame_classification": frame_classification,
            "product_cutout": product_cutout,
            "brand_kit": brand_kit,
        },
        lambda: plan_shots(
            product,
            frame_classification,
            product_cutout,
            brand_kit.look,
            brand_kit.words,
            flow.settings.overrides(context.partition_key),
            flow.settings.prefer,
            open_engine(flow.settings.engines.planner),
            flow.store,
        ),
        lambda plan: {
            "shots": table(
                [
                    {
                        "shot": shot.number,
                        "role": shot.role,
                        "motion": shot.takes[0].motion,
                        "takes": len(shot.takes),
                        "line": shot.line,
                    }
                    for shot in plan.editions[MAIN_EDITION].shots
                ]
            ),
            "advice": plan.editions[MAIN_EDITION].advice or "none",
            "a_person_must_approve": plan.person_must_approve or "no",
        },
    )


@dg.asset_check(
    asset=shot_plan,
    blocking=True,
    partitions_def=SKUS,
    additional_ins={"product": dg.AssetIn("product"), "brand_kit": dg.AssetIn("brand_kit")},
    description="Every word that is said or shown rests on a field of the product.",
)
def claims_are_grounded(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    shot_plan: ShotPlan,
    product: Product,
    brand_kit: BrandKit,
) -> dg.AssetCheckResult:
    return flow.check(
        context,
        "claims_are_grounded",
        {"shot_plan": shot_plan, "product": product, "brand_kit": brand_kit},
        lambda: find_claims_are_grounded(
            shot_plan, product, brand_kit.words, flow.settings.overrides(context.partition_key)
        ),
    )


@dg.asset_check(
    asset=shot_plan,
    blocking=True,
    partitions_def=SKUS,
    additional_ins={"frame_classification": dg.AssetIn("frame_classification"), "product": dg.AssetIn("product")},
    description="Every camera move stays inside what the photos show.",
)
def motions_are_safe(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    shot_plan: ShotPlan,
    frame_classification: FrameClassification,
    product: Product,
) -> dg.AssetCheckResult:
    return flow.check(
        context,
        "motions_are_safe",
        {"shot_plan": shot_plan, "frame_classification": frame_classification, "product": product},
        lambda: find_motions_are_safe(shot_plan, frame_classification, product.colour),
    )
