"""The timeline and its audio track: the only clock of the reel."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import FPS, MAIN_EDITION, BrandKit, ShotPlan, Voiceover
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.voice.checks import speech_is_clean as find_speech_is_clean
from reel_pipeline.voice.record import record_voice


@dg.asset(
    partitions_def=SKUS,
    pool="providers",
    group_name="d_plan",
    kinds={"audio"},
    owners=["team:creative"],
    description="Every shot and the end card on a 1/24 s grid, and the final track, encoded once.",
)
def voiceover(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], shot_plan: ShotPlan, brand_kit: BrandKit
) -> dg.MaterializeResult[Voiceover]:
    recordings = flow.settings.recordings(context.partition_key)
    return make(
        context,
        flow,
        {"shot_plan": shot_plan, "brand_kit": brand_kit},
        lambda: Voiceover(
            editions={
                name: record_voice(
                    plan, brand_kit.voice, flow.settings.engines.open("voice", recordings=recordings), flow.store
                )
                for name, plan in shot_plan.editions.items()
            }
        ),
        lambda made: {
            "timeline": table(
                [
                    {
                        "shot": segment.shot or "end card",
                        "seconds": round(segment.frame_count / FPS, 2),
                        "line": segment.line,
                    }
                    for segment in made.editions[MAIN_EDITION].segments
                ]
            ),
            "voice": made.editions[MAIN_EDITION].engine
            + (" (a placeholder, not a person)" if made.editions[MAIN_EDITION].is_placeholder else ""),
        },
    )


speech_is_clean = check(
    "speech_is_clean",
    "Loud enough, not clipped, every line inside its shot.",
    lambda flow, _, voice: worst(find_speech_is_clean(edition, flow.store) for edition in voice.editions.values()),
)
