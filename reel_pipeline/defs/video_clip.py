"""One 24 fps clip per shot, as long as the timeline says."""

import dagster as dg

from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.clips.checks import clip_meets_spec as find_clip_meets_spec
from reel_pipeline.clips.engines import open_engine
from reel_pipeline.defs.flow import Flow, worst
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.records import RenderedStill, VideoClip, Voiceover


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
    return flow.make(
        context,
        {"rendered_still": rendered_still, "voiceover": voiceover},
        lambda: VideoClip(
            editions={
                name: animate_stills(
                    stills, voiceover.editions[name], open_engine(flow.settings.engines.clips), flow.store
                )
                for name, stills in rendered_still.editions.items()
            }
        ),
        lambda made: {"clips": sum(len(edition.clips) for edition in made.editions.values())},
    )


@dg.asset_check(
    asset=video_clip,
    blocking=True,
    partitions_def=SKUS,
    additional_ins={"voiceover": dg.AssetIn("voiceover")},
    description="Size, frame rate, length, colour tags; neither black nor standing still.",
)
def clip_meets_spec(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    video_clip: VideoClip,
    voiceover: Voiceover,
) -> dg.AssetCheckResult:
    return flow.check(
        context,
        "clip_meets_spec",
        {"video_clip": video_clip, "voiceover": voiceover},
        lambda: worst(
            find_clip_meets_spec(edition, voiceover.editions[name], flow.store)
            for name, edition in video_clip.editions.items()
        ),
    )
