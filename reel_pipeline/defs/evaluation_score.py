"""What the judge says of exactly this reel, and what follows from it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg

from reel_pipeline.defs import retakes, retry
from reel_pipeline.defs.flow import Flow, worst
from reel_pipeline.defs.guard import VERDICTS
from reel_pipeline.defs.learning import adopted_gates, remember_shown
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import poster, strip, table
from reel_pipeline.evaluation.advice.engines import open_adviser
from reel_pipeline.evaluation.advice.second_opinion import advise, combine, is_asked
from reel_pipeline.evaluation.checks import motion_is_plausible as find_motion_is_plausible
from reel_pipeline.evaluation.checks import product_is_faithful as find_product_is_faithful
from reel_pipeline.evaluation.engines import Judge, open_engine
from reel_pipeline.evaluation.judge import judge
from reel_pipeline.media.photo import encode_png, normalise
from reel_pipeline.records import (
    MAIN_EDITION,
    AssetRecord,
    EvaluationScore,
    Finding,
    Judgement,
    Photo,
    ProductGallery,
    Reel,
    ReelEdition,
    RenderedStill,
    ShotPlan,
    Verdict,
)


@dg.asset(
    partitions_def=SKUS,
    pool="providers",
    group_name="g_judge",
    kinds={"opencv"},
    owners=["team:quality"],
    description="Accept, reject or abstain, for the reel's exact bytes, with every score, threshold and fault.",
)
def evaluation_score(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], reel: Reel, product_gallery: ProductGallery
) -> dg.MaterializeResult[EvaluationScore]:
    photos = product_gallery.own

    def make() -> EvaluationScore:
        engine = open_engine(flow.settings.engines.judge, adopted_gates(flow))
        artworks = [
            flow.store.put(encode_png(normalise(path.read_bytes()).pixels), ".png")
            for path in flow.settings.artworks(context.partition_key)
        ]
        editions = {}
        for name, edition in reel.editions.items():
            judged = judge(edition.video, edition.cut_list, photos, engine, flow.store, artworks)
            editions[name] = _heard(flow, judged, edition, photos, engine)
        if Verdict.REJECT in {judgement.verdict for judgement in editions.values()}:
            retakes.ask(flow, context.partition_key)
        for name, judgement in editions.items():
            flow.store.save_note(VERDICTS, context.partition_key, judgement.video_sha256, judgement)
            remember_shown(flow, context.partition_key, name, reel, judgement)
        return EvaluationScore(editions=editions)

    return flow.make(
        context,
        {"reel": reel, "product_gallery": product_gallery},
        make,
        lambda made: {
            "poster": poster(normalise(flow.store.read(reel.editions[MAIN_EDITION].poster)).pixels),
            "verdict": ", ".join(f"{name}: {judged.verdict}" for name, judged in made.editions.items()),
            "scores": table(
                [
                    {
                        "edition": name,
                        "score": score,
                        "value": round(value, 4),
                        "threshold": judged.thresholds.get(score, ""),
                    }
                    for name, judged in made.editions.items()
                    for score, value in judged.scores.items()
                ]
            ),
            "faults": table(
                [
                    {
                        "fault": fault.kind,
                        "shot": fault.shot or "",
                        "at_s": round(fault.time_s, 2),
                        "score": round(fault.score, 3),
                    }
                    for judged in made.editions.values()
                    for fault in judged.faults
                ]
            ),
            "evidence": strip(
                [
                    normalise(flow.store.read(fault.evidence)).pixels
                    for judged in made.editions.values()
                    for fault in judged.faults
                    if fault.evidence
                ][:3]
            ),
        },
    )


def _heard(flow: Flow, judged: Judgement, edition: ReelEdition, photos: Sequence[Photo], engine: Judge) -> Judgement:
    """The judgement after the second opinion, where the settings ask for one."""
    settings = flow.settings
    if not (settings.asks_a_second_opinion and is_asked(judged, settings.second_opinion)):
        return judged
    adviser = open_adviser(settings.engines.second_opinion, settings.second_opinion_url, settings.second_opinion_model)
    opinion = advise(
        edition.video, edition.cut_list, photos, engine, adviser, settings.second_opinion_budget, flow.store
    )
    return combine(judged, opinion)


def _and_what_follows(
    context: dg.AssetCheckExecutionContext,
    flow: Flow,
    name: str,
    inputs: Mapping[str, AssetRecord],
    find: Callable[[], Finding],
) -> Iterator[dg.AssetCheckResult]:
    """The check's answer. Where it ends the run and a retake follows, the run's error says that in its first line."""
    result = flow.check(context, name, inputs, find)
    yield result
    retake = None if result.passed else retakes.wanted(flow, context.partition_key)
    if retake and not retake.waits:
        raise dg.Failure(f"Attempt {retake.attempt + 1} is queued. {result.description}", allow_retries=False)


@dg.asset_check(  # type: ignore[arg-type]  # it takes a generator too, which its annotation does not say
    asset=evaluation_score,
    blocking=True,
    partitions_def=SKUS,
    additional_ins={"reel": dg.AssetIn("reel")},
    description="The judge found nothing that misrepresents the product, and could verify every shot.",
)
def product_is_faithful(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    evaluation_score: EvaluationScore,
    reel: Reel,
) -> Iterator[dg.AssetCheckResult]:
    yield from _and_what_follows(
        context,
        flow,
        "product_is_faithful",
        {"evaluation_score": evaluation_score, "reel": reel},
        lambda: worst(
            find_product_is_faithful(evaluation_score.editions[name], edition)
            for name, edition in reel.editions.items()
        ),
    )


@dg.asset_check(  # type: ignore[arg-type]  # it takes a generator too, which its annotation does not say
    asset=evaluation_score,
    blocking=True,
    partitions_def=SKUS,
    additional_ins={"reel": dg.AssetIn("reel")},
    description="Nothing freezes, jumps, flickers or goes black.",
)
def motion_is_plausible(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    evaluation_score: EvaluationScore,
    reel: Reel,
) -> Iterator[dg.AssetCheckResult]:
    yield from _and_what_follows(
        context,
        flow,
        "motion_is_plausible",
        {"evaluation_score": evaluation_score, "reel": reel},
        lambda: worst(
            find_motion_is_plausible(evaluation_score.editions[name], edition)
            for name, edition in reel.editions.items()
        ),
    )


@dg.asset_check(
    asset=evaluation_score,
    partitions_def=SKUS,
    additional_ins={"shot_plan": dg.AssetIn("shot_plan"), "rendered_still": dg.AssetIn("rendered_still")},
    description="Says which shots are made again and how, or that a person must decide.",
)
def retry_budget(
    context: dg.AssetCheckExecutionContext,
    flow: dg.ResourceParam[Flow],
    evaluation_score: EvaluationScore,
    shot_plan: ShotPlan,
    rendered_still: RenderedStill,
) -> dg.AssetCheckResult:
    def find() -> Finding:
        finding = retry.budget(flow, context.partition_key, shot_plan, rendered_still, evaluation_score)
        if finding.measured["next_attempt"]:
            retakes.ask(flow, context.partition_key)
        return finding

    inputs = {"evaluation_score": evaluation_score, "shot_plan": shot_plan, "rendered_still": rendered_still}
    return flow.check(context, "retry_budget", inputs, find)
