"""What is public: the reel at the shop's own origin, and nothing that was not verified."""

from collections.abc import Iterator

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import poster, table
from reel_pipeline.errors import PublishRefused
from reel_pipeline.media.photo import normalise
from reel_pipeline.mirror.checks import mirror_matches_source as find_mirror_matches_source
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
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.rules.guard import Waiting, approvals
from reel_pipeline.rules.public import held_target, note_publication
from reel_pipeline.rules.truth import still_true as find_still_true

RESTS_ON = ("product", "shot_plan", "brand_kit", "reel")


def publish_reel(
    flow: Flow, partition: str, reel: Reel, score: EvaluationScore, released_by: dict[str, str]
) -> MirroredAsset:
    """Copy every released edition to the target; the guard has spoken before, and speaks again before each is current.

    What is going to be public is noted before the first file goes out: cut short anywhere, reconciling knows of it.
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


@dg.asset(
    partitions_def=SKUS,
    group_name="h_published",
    kinds={"storage"},
    owners=["team:shop"],
    output_required=False,
    description="Published files with checksums and their addresses. Made only of what is verified now.",
)
def mirrored_asset(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], reel: Reel, evaluation_score: EvaluationScore
) -> Iterator[dg.MaterializeResult[MirroredAsset]]:
    try:
        released_by = approvals(flow, context.partition_key)
        result = make(
            context,
            flow,
            {"reel": reel, "evaluation_score": evaluation_score},
            lambda: publish_reel(flow, context.partition_key, reel, evaluation_score, released_by),
            lambda made: {
                "poster": poster(normalise(flow.store.read(reel.editions[MAIN_EDITION].poster)).pixels),
                "verdict": ", ".join(f"{name}: {judged.verdict}" for name, judged in evaluation_score.editions.items()),
                "watch": dg.MetadataValue.url(address_of_reel(flow, made)),
                "files": table(
                    [
                        {"file": file.name, "megabytes": round(file.size_bytes / 1e6, 2), "address": file.url}
                        for edition in made.editions.values()
                        for file in edition.files
                    ]
                ),
            },
        )
    except Waiting as waiting:
        context.log.info(str(waiting))
        return
    except PublishRefused as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    yield result


mirror_matches_source = check(
    "mirror_matches_source",
    "Every published file, read back from where the public reads it, is what was approved.",
    lambda flow, _, mirrored: worst(
        find_mirror_matches_source(edition, flow.target) for edition in mirrored.editions.values()
    ),
)
still_true = check(
    "still_true",
    "What is public still agrees with the shop: the product, its photos, its facts and its verdict.",
    lambda flow, _, mirrored: find_still_true(flow, mirrored),
)
