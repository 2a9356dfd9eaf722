"""The reel: clips, captions, end card and the approved track."""

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import poster
from reel_pipeline.media.photo import normalise
from reel_pipeline.records import FPS, MAIN_EDITION, BrandKit, Product, Reel, VideoClip, Voiceover
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.reels.checks import audio_is_the_approved_track as find_audio_is_the_approved_track
from reel_pipeline.reels.checks import reel_meets_spec as find_reel_meets_spec
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.rules.report import missing_price


@dg.asset(
    partitions_def=SKUS,
    group_name="f_reel",
    kinds={"video"},
    owners=["team:studio"],
    description="1080x1920, or as the plan asks, at 24 fps; burned-in captions, SRT, VTT, a poster and the cut list.",
)
def reel(
    context: dg.AssetExecutionContext,
    flow: dg.ResourceParam[Flow],
    video_clip: VideoClip,
    voiceover: Voiceover,
    product: Product,
    brand_kit: BrandKit,
) -> dg.MaterializeResult[Reel]:
    attempts = flow.attempts(context.partition_key)
    asked = brand_kit.words.show_price
    price = {"price": product.shown_price or missing_price(product, brand_kit)} if asked else {}
    return make(
        context,
        flow,
        {"video_clip": video_clip, "voiceover": voiceover, "product": product, "brand_kit": brand_kit},
        lambda: Reel(
            editions={
                name: assemble(
                    clips,
                    voiceover.editions[name],
                    product,
                    brand_kit.look,
                    brand_kit.words,
                    flow.store,
                    attempts.refused_captions_of(name),
                )
                for name, clips in video_clip.editions.items()
            }
        ),
        lambda made: {
            "poster": poster(normalise(flow.store.read(made.editions[MAIN_EDITION].poster)).pixels),
            "duration_s": round(sum(cut.frame_count for cut in made.editions[MAIN_EDITION].cut_list.cuts) / FPS, 2),
            **price,
            "megabytes": round(made.editions[MAIN_EDITION].video.size_bytes / 1e6, 1),
            "watch": dg.MetadataValue.url(flow.settings.preview_url(made.editions[MAIN_EDITION].video.sha256)),
        },
    )


reel_meets_spec = check(
    "reel_meets_spec",
    "What the platforms ask of the file: picture, sound, length, layout.",
    lambda flow, _, reel, voice: worst(
        find_reel_meets_spec(edition, voice.editions[name], flow.store) for name, edition in reel.editions.items()
    ),
)
audio_is_the_approved_track = check(
    "audio_is_the_approved_track",
    "The reel's audio packets are those of the approved voiceover, byte for byte, and the voice without music is kept.",
    lambda flow, _, reel, voice: worst(
        find_audio_is_the_approved_track(edition, voice.editions[name], flow.store)
        for name, edition in reel.editions.items()
    ),
)
