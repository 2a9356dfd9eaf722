"""How a released reel becomes public: what is noted before, what is confirmed in between, what comes down after."""

from reel_pipeline.errors import PublishRefused
from reel_pipeline.mirror.publish import REEL_NAME, planned, public_reels, publish, withdraw
from reel_pipeline.records import (
    MAIN_EDITION,
    Blob,
    EvaluationScore,
    MirroredAsset,
    Product,
    PublishedEdition,
    Reel,
    ReelEdition,
)
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import approvals
from reel_pipeline.rules.public import held_target, note_publication

RESTS_ON = ("product", "shot_plan", "brand_kit", "reel")
"""Assets whose records a published reel names, so that `truth.py` can hold them against the shop later."""


def publish_reel(
    flow: Flow, partition: str, reel: Reel, score: EvaluationScore, released_by: dict[str, str]
) -> MirroredAsset:
    """Copy every released edition to the target; the guard has spoken before, and speaks again before each is current.

    What is going to be public is noted before the first file goes out: cut short anywhere, reconciling knows of it.
    Raises `PublishRefused` where the guard says no meanwhile, and what `mirror.publish.publish` raises.
    """
    target = held_target(flow, partition)
    product: Product = flow.record("product", partition)  # the end card rests on its title: the guard covers it
    heads = {asset: flow.head(asset, partition) for asset in RESTS_ON}
    files = {name: _files(edition) for name, edition in reel.editions.items()}
    about = {name: {"title": product.title, "verdict_sha256": score.editions[name].digest()} for name in files}
    mirrored = MirroredAsset(
        partition_key=partition,
        sku=product.sku,
        rests_on={asset: head.record for asset, head in heads.items() if head},
        editions={
            name: PublishedEdition(
                files=planned(files[name], product.sku, name, target, **about[name]), approved_by=released_by[name]
            )
            for name in files
        },
    )
    note_publication(flow, mirrored)

    def confirm() -> None:
        if approvals(flow, partition) != released_by or flow.record("reel", partition) != reel:
            raise PublishRefused("Not published: what was approved has changed meanwhile. Run this product again.")

    for name in files:
        publish(files[name], product.sku, name, target, flow.store, **about[name], confirm=confirm)
    for name in public_reels(product.sku, target).keys() - files.keys():
        withdraw(product.sku, target, name)
    return mirrored


def _files(edition: ReelEdition) -> dict[str, Blob]:
    return {
        REEL_NAME: edition.video,
        "poster.jpg": edition.poster,
        "captions.srt": edition.captions_srt,
        "captions.vtt": edition.captions_vtt,
    }


def address_of_reel(flow: Flow, mirrored: MirroredAsset) -> str:
    """Where the main edition's video can be watched: its public address, or `serve` where that is no web address."""
    video = next(file for file in mirrored.editions[MAIN_EDITION].files if file.name == REEL_NAME)
    return video.url if video.url.startswith("http") else flow.settings.preview_url(video.sha256)
