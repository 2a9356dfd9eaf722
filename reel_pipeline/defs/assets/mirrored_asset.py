"""What is public: the reel at the shop's own origin, and nothing that was not verified."""

from collections.abc import Iterator

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import poster, table
from reel_pipeline.errors import PublishRefused
from reel_pipeline.media.photo import normalise
from reel_pipeline.mirror.checks import mirror_matches_source as find_mirror_matches_source
from reel_pipeline.records import (
    MAIN_EDITION,
    EvaluationScore,
    MirroredAsset,
    Reel,
)
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.rules.guard import Waiting, approvals
from reel_pipeline.rules.publication import address_of_reel, publish_reel
from reel_pipeline.rules.truth import still_true as find_still_true


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
