"""What the judge says of exactly this reel, and what follows from it."""

from collections.abc import Sequence

import dagster as dg

from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import poster, strip, table
from reel_pipeline.evaluation.advice.second_opinion import advise, combine, is_asked
from reel_pipeline.evaluation.checks import motion_is_plausible as find_motion_is_plausible
from reel_pipeline.evaluation.checks import product_is_faithful as find_product_is_faithful
from reel_pipeline.evaluation.engines import Judge, regated
from reel_pipeline.evaluation.judge import judge
from reel_pipeline.media.photo import encode_png, normalise
from reel_pipeline.records import (
    MAIN_EDITION,
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
from reel_pipeline.rules import retakes, retry
from reel_pipeline.rules.cases import adopted_gates, remember_shown
from reel_pipeline.rules.flow import Flow, worst
from reel_pipeline.rules.guard import VERDICTS


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

    def judged_anew() -> EvaluationScore:
        engine = regated(flow.settings.engines.open("judge"), adopted_gates(flow))
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

    return make(
        context,
        flow,
        {"reel": reel, "product_gallery": product_gallery},
        judged_anew,
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
    adviser = settings.engines.open(
        "second_opinion", url=settings.second_opinion_url, model=settings.second_opinion_model
    )
    opinion = advise(
        edition.video, edition.cut_list, photos, engine, adviser, settings.second_opinion_budget, flow.store
    )
    return combine(judged, opinion)


def _say_what_follows(context: dg.AssetCheckExecutionContext, flow: Flow, finding: Finding) -> None:
    """Where the check ends the run and a retake follows, the run's error says that in its first line."""
    retake = None if finding.passed else retakes.wanted(flow, context.partition_key)
    if retake and not retake.waits:
        raise dg.Failure(f"Attempt {retake.attempt + 1} is queued. {finding.sentence}", allow_retries=False)


def _budget(flow: Flow, partition: str, score: EvaluationScore, plan: ShotPlan, stills: RenderedStill) -> Finding:
    finding = retry.budget(flow, partition, plan, stills, score)
    if finding.measured["next_attempt"]:
        retakes.ask(flow, partition)
    return finding


product_is_faithful = check(
    "product_is_faithful",
    "The judge found nothing that misrepresents the product, and could verify every shot.",
    lambda flow, _, score, reel: worst(
        find_product_is_faithful(score.editions[name], edition) for name, edition in reel.editions.items()
    ),
    _say_what_follows,
)
motion_is_plausible = check(
    "motion_is_plausible",
    "Nothing freezes, jumps, flickers or goes black.",
    lambda flow, _, score, reel: worst(
        find_motion_is_plausible(score.editions[name], edition) for name, edition in reel.editions.items()
    ),
    _say_what_follows,
)
retry_budget = check("retry_budget", "Says which shots are made again and how, or that a person must decide.", _budget)
