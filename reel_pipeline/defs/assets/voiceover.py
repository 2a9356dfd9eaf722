"""The timeline and its sound: the only clock of the reel."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import FPS, MAIN_EDITION, BrandKit, ShotPlan, VoiceEdition, Voiceover
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.voice.checks import speech_is_clean as find_speech_is_clean
from reel_pipeline.voice.record import record_voice


@dg.asset(
    partitions_def=SKUS,
    pool="providers",
    group_name="d_plan",
    kinds={"audio"},
    owners=["team:creative"],
    description="Every shot and the end card on a 1/24 s grid, and the final sound, encoded once.",
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
            "timeline": table(_timeline(made.editions[MAIN_EDITION])),
            "voice": made.editions[MAIN_EDITION].engine
            + (" (a placeholder, not a person)" if made.editions[MAIN_EDITION].is_placeholder else ""),
        },
    )


def _timeline(edition: VoiceEdition) -> list[dict[str, str | int | float]]:
    """One row a segment; a line that goes on over several shots stands at each."""
    return [
        {
            "shot": segment.shot or "end card",
            "seconds": round(segment.frame_count / FPS, 2),
            "line": next(
                (
                    line.text or line.caption
                    for line in edition.lines
                    if line.start_frame <= segment.start_frame < line.stop_frame
                ),
                "",
            ),
        }
        for segment in edition.segments
    ]


speech_is_clean = check(
    "speech_is_clean",
    "Loud enough, not clipped, every line inside its shot.",
    lambda flow, _, voice: worst(find_speech_is_clean(edition, flow.store) for edition in voice.editions.values()),
)
