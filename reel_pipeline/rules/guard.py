"""The last gate before anything becomes public.

Publishing asks this however the run was started. It trusts no run, no log and no order of events: only heads, and
answers that are keyed by the hashes of exactly the records that lie behind the reel now.
"""

from reel_pipeline.errors import PublishRefused
from reel_pipeline.records import LABEL_ON_ARTWORK, EvaluationScore, Judgement, Reel, Review, ShotPlan, Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import CHECKS, upstream_of
from reel_pipeline.store import UNPARTITIONED, partition_path

REVIEWS = "reviews"
BLIND_REVIEWS = "blind_reviews"
VERDICTS = "verdicts"
SHOWN = "shown"
"""Notes by partition and the SHA-256 of a video: a person's decision, what a spot check said, the judge's last word
about these bytes, and what they consist of. A spot check releases nothing: only `learn` reads it."""
UNREADABLE = "a decision that can't be read any more; decide again"


class Waiting(PublishRefused):
    """Everything is in order, but only a person may release it."""


class Rejected(PublishRefused):
    """The judge, or a person, said no to exactly this reel."""


def approvals(flow: Flow, partition: str) -> dict[str, str]:
    """Edition -> who released it: `judge`, or a person.

    Raises `PublishRefused` with what is not verified, or `Waiting` where only a person's word is missing.
    """
    behind = upstream_of("mirrored_asset")
    stale = {name: why for name, why in stale_assets(flow, partition).items() if name in behind}
    if stale:
        first = next(iter(stale))
        if flow.head("product", partition) is None:
            raise PublishRefused("Not published: It was not made yet. Run it.")
        raise PublishRefused(f"Not published: {first} is out of date ({stale[first]}). Run this product again.")
    for check in CHECKS.values():
        if not check.blocking or check.asset not in behind or check.asset == "evaluation_score":
            continue
        finding = flow.finding(check.name, partition)
        if finding is None:
            raise PublishRefused(f"Not published: the check {check.name} has not looked at this version. Run it again.")
        if not finding.passed:
            raise PublishRefused(f"Not published: {finding.sentence}")
    if is_sold_out(flow, partition):
        raise Waiting("Waiting for a person: the product is out of stock; it is published when it is back.")
    reel: Reel = flow.record("reel", partition)
    score: EvaluationScore = flow.record("evaluation_score", partition)
    plan: ShotPlan = flow.record("shot_plan", partition)
    return {name: _released_by(flow, partition, name, reel, score, plan) for name in reel.editions}


def is_sold_out(flow: Flow, partition: str) -> bool:
    """Whether the shop has none left, where the settings say that this matters."""
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    return bool(entry and entry.is_sold_out and flow.settings.withdraw_out_of_stock)


def last_word(flow: Flow, partition: str) -> Review | None:
    """The latest decision about any reel of this product; of two that came at once, the rejection.

    What a person or a platform rejected only a person releases, in whatever form it comes back.
    """
    root = f"notes/{REVIEWS}/{partition_path(partition)}/"
    videos = [key.removeprefix(root).removesuffix(".json") for key in flow.store.objects.list(root)]
    found = [flow.store.watch_note(REVIEWS, partition, video, Review)[1] for video in videos]
    known = [review for review in found if review]
    last = max(known, key=lambda review: (review.order, not review.approved), default=None)
    if len(known) == len(found):
        return last
    order = last.order if last else 0  # what can't be read may have been a no, and the latest word
    return Review(video_sha256="0" * 64, approved=False, reason=UNREADABLE, reviewer="somebody", order=order)


def is_released(flow: Flow, partition: str) -> bool:
    """Whether publishing would be allowed now."""
    try:
        approvals(flow, partition)
    except PublishRefused:
        return False
    return True


def is_for_a_person(plan: ShotPlan, judged: Judgement) -> bool:
    """Whether restricted goods wait for a person; of some, a label that is all on its master artwork is enough."""
    is_verified = plan.artwork_may_release and judged.scores.get(LABEL_ON_ARTWORK) == 1.0
    return bool(plan.person_must_approve) and not is_verified


def _released_by(flow: Flow, partition: str, name: str, reel: Reel, score: EvaluationScore, plan: ShotPlan) -> str:
    video_sha256 = reel.editions[name].video.sha256
    decided, review = flow.store.watch_note(REVIEWS, partition, video_sha256, Review)
    if decided and not review:
        raise Waiting("Waiting for a person: an earlier decision about this reel can't be read; decide again.")
    if review and review.video_sha256 == video_sha256:
        if review.approved:
            return review.reviewer
        raise Rejected(f"Not published: {review.by} rejected this reel: {review.reason}")
    judged = score.editions.get(name)
    if judged is None or judged.video_sha256 != video_sha256:
        raise PublishRefused("Not published: the judge has not seen exactly this file. Run this product again.")
    if judged.verdict is Verdict.REJECT:
        kinds = ", ".join(sorted({fault.kind for fault in judged.faults}))
        raise Rejected(f"Not published: the judge rejected this reel ({kinds}).")
    if judged.verdict is Verdict.ABSTAIN:
        what = judged.unverifiable[0].error if judged.unverifiable else "the judge can't tell"
        raise Waiting(f"Waiting for a person: {what}")
    for check in ("product_is_faithful", "motion_is_plausible"):
        finding = flow.finding(check, partition)
        if finding is None or not finding.passed:
            raise PublishRefused(f"Not published: the check {check} has not passed for this version. Run it again.")
    last = last_word(flow, partition)
    if last and not last.approved:
        raise Waiting(
            f"Waiting for a person: {last.by} rejected an earlier reel of this product ({last.reason}), and only a "
            "person releases what came after it."
        )
    if is_for_a_person(plan, judged):
        raise Waiting(f"Waiting for a person: {plan.person_must_approve}")
    if flow.settings.publish == "after_approval":
        raise Waiting("Waiting for a person: the settings say that every reel is approved by hand.")
    return "judge"
