"""One 24 fps clip per shot, as long as the timeline says."""

import dagster as dg

from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.clips.checks import clip_meets_spec as find_clip_meets_spec
from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.records import RenderedStill, VideoClip, Voiceover
from reel_pipeline.rules.flow import Flow, worst


@dg.asset(
    partitions_def=SKUS,
    pool="gpu",
    group_name="e_pictures",
    kinds={"video"},
    owners=["team:studio"],
    description="Per shot: the keyframe under a slow sub-pixel camera move.",
)
def video_clip(
    context: dg.AssetExecutionContext,
    flow: dg.ResourceParam[Flow],
    rendered_still: RenderedStill,
    voiceover: Voiceover,
) -> dg.MaterializeResult[VideoClip]:
    return make(
        context,
        flow,
        {"rendered_still": rendered_still, "voiceover": voiceover},
        lambda: VideoClip(
            editions={
                name: animate_stills(stills, voiceover.editions[name], flow.settings.engines.open("clips"), flow.store)
                for name, stills in rendered_still.editions.items()
            }
        ),
        lambda made: {"clips": sum(len(edition.clips) for edition in made.editions.values())},
    )


clip_meets_spec = check(
    "clip_meets_spec",
    "Size, frame rate, length, colour tags; neither black nor standing still.",
    lambda flow, _, clips, voice: worst(
        find_clip_meets_spec(edition, voice.editions[name], flow.store) for name, edition in clips.editions.items()
    ),
)
