"""The brand's look, voice and words, read from the workspace's brand folder."""

import dagster as dg

from reel_pipeline.brand import read_brand
from reel_pipeline.defs.adapter import make
from reel_pipeline.records import BrandKit
from reel_pipeline.rules.flow import Flow


@dg.asset(
    group_name="a_source",
    kinds={"toml"},
    owners=["team:brand"],
    description="Palette, font, logo, voice and words of the brand, from the workspace's brand folder.",
)
def brand_kit(context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow]) -> dg.MaterializeResult[BrandKit]:
    return make(
        context,
        flow,
        {},
        lambda: read_brand(flow.settings.brand_folder, flow.store),
        lambda kit: {"palette": ", ".join(kit.look.palette), "call_to_action": kit.words.call_to_action},
    )
