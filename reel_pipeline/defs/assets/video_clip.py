"""One 24 fps clip per shot, as long as the timeline says."""

from functools import partial

import dagster as dg

from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.clips.checks import clip_meets_spec as find_clip_meets_spec
from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import FPS, RenderedStill, VideoClip, Voiceover
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
                name: animate_stills(
                    stills, voiceover.editions[name], partial(flow.settings.engines.open, "clips"), flow.store
                )
                for name, stills in rendered_still.editions.items()
            }
        ),
        lambda made: {
            "clips": table(
                [
                    {
                        "shot": clip.shot,
                        "seconds": round(clip.frame_count / FPS, 2),
                        "rung": clip.rung,
                        "by": clip.made_by[-1].engine,
                    }
                    for edition in made.editions.values()
                    for clip in edition.clips
                ]
            )
        },
    )


clip_meets_spec = check(
    "clip_meets_spec",
    "Size, frame rate, length, colour tags; neither black nor standing still.",
    lambda flow, _, clips, voice: worst(
        find_clip_meets_spec(edition, voice.editions[name], flow.store) for name, edition in clips.editions.items()
    ),
)
