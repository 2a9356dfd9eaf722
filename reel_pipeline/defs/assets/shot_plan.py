"""The shots and what is said over them, and the checks that every word and move is covered by facts and photos."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import MAIN_EDITION, BrandKit, FrameClassification, Product, ProductCutout, ShotPlan
from reel_pipeline.reels.captions import left_out
from reel_pipeline.rules.flow import Flow
from reel_pipeline.shots.checks import claims_are_grounded as find_claims_are_grounded
from reel_pipeline.shots.checks import motions_are_safe as find_motions_are_safe
from reel_pipeline.shots.plan import plan_shots
from reel_pipeline.store import Store
from reel_pipeline.voice.engines import Voice
from reel_pipeline.voice.record import check_voice


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
    return make(
        context,
        flow,
        {
            "product": product,
            "frame_classification": frame_classification,
            "product_cutout": product_cutout,
            "brand_kit": brand_kit,
        },
        lambda: _that_can_be_made(
            plan_shots(
                product,
                frame_classification,
                product_cutout,
                brand_kit.look,
                brand_kit.words,
                flow.settings.overrides(context.partition_key),
                flow.settings.prefer,
                flow.settings.engines.open("planner"),
                flow.store,
            ),
            product,
            brand_kit,
            flow.settings.engines.open("voice", recordings=flow.settings.recordings(context.partition_key)),
            flow.store,
        ),
        lambda plan: {
            "shots": table(
                [
                    {
                        "shot": shot.number,
                        "role": shot.role,
                        "planned_motion": shot.takes[0].motion,
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


def _that_can_be_made(plan: ShotPlan, product: Product, brand: BrandKit, voice: Voice, store: Store) -> ShotPlan:
    """The plan, with advice about letters that no font holds.

    Raises `VoiceError` or `RenderError` for a script that can't be spoken or drawn, before anything costly is made.
    """
    font = store.read(brand.look.font) if brand.look.font else None
    editions = {}
    for name, edition in plan.editions.items():
        check_voice([*(shot.line for shot in edition.shots), edition.closing_line], brand.voice, voice)
        lost = left_out([*(shot.caption for shot in edition.shots), product.title], font)
        missing = f" No font at hand holds {lost}: left out where text is drawn." if lost else ""
        editions[name] = edition.model_copy(update={"advice": edition.advice + missing})
    return plan.model_copy(update={"editions": editions})


claims_are_grounded = check(
    "claims_are_grounded",
    "Every word that is said or shown rests on a field of the product.",
    lambda flow, partition, plan, product, brand: find_claims_are_grounded(
        plan, product, brand.words, flow.settings.overrides(partition)
    ),
)
motions_are_safe = check(
    "motions_are_safe",
    "Every camera move stays inside what the photos show.",
    lambda flow, _, plan, frames, product: find_motions_are_safe(plan, frames, product.colour),
)
