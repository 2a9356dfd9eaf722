"""Bounded retakes: how a shot is made again after a rejection.

The judge's no leads to the shot's next take, a person's to what they asked for (`remedies.py`). The check
`retry_budget` says what the next attempt is; a run tagged `reel/attempt` makes it; nothing else moves a take.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reel_pipeline.records import (
    BoxPx,
    EvaluationScore,
    Finding,
    PlanEdition,
    Reel,
    RenderedStill,
    Review,
    Shot,
    ShotPlan,
    Verdict,
)
from reel_pipeline.rules.attempts import AttemptMade, Attempts, Showing, save_attempts
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import REVIEWS
from reel_pipeline.rules.remedies import IN_WORDS, Remedy, remedies_of


def begin(flow: Flow, partition: str, requested_attempt: int) -> Attempts:
    """The takes for this run. Moves on only when `requested_attempt` is exactly the one that the last verdict asks for.

    A run that asks for no attempt, or again for one already begun, keeps the current takes; a forced run starts anew.
    """
    attempts = flow.attempts(partition)
    if flow.force and attempts.attempt:
        attempts = Attempts(inputs_fingerprint=attempts.inputs_fingerprint)
        save_attempts(flow.store, partition, attempts)
    if requested_attempt != attempts.attempt + 1:
        return attempts
    plan, stills, score = (flow.record(name, partition) for name in ("shot_plan", "rendered_still", "evaluation_score"))
    if not (plan and stills and score):
        return attempts
    following = next_attempt(
        attempts, plan, stills, score, complaints(flow, partition, plan, score), flow.settings.max_attempts
    )
    if following:
        save_attempts(flow.store, partition, following)
    return following or attempts


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one edition. `shots` holds None for a fault that belongs to no shot.

    `all_must_change`: every one of these shots has to be made in another way, else the retake would only fail again.
    Who rejects a whole reel names none: then whatever can change does. `captions_px_xywh`: where they stood, by shot.
    """

    kinds: tuple[str, ...]
    shots: frozenset[int | None]
    all_must_change: bool = True
    remedies: frozenset[Remedy] = frozenset({Remedy.TAKE})
    captions_px_xywh: Mapping[int, BoxPx] = field(default_factory=dict)
    review: Review | None = None


def complaints(flow: Flow, partition: str, plan: ShotPlan, score: EvaluationScore) -> dict[str, Complaint]:
    """Edition -> what the judge, a person or a platform says against its present reel and wants made again."""
    found: dict[str, Complaint] = {}
    for name, judged in score.editions.items():
        review = flow.store.load_note(REVIEWS, partition, judged.video_sha256, Review)
        if review and not review.approved:
            if complaint := _persons(review, plan.editions[name], _captions(flow, partition, name, review)):
                found[name] = complaint
        elif judged.verdict is Verdict.REJECT and not review:
            kinds = tuple(sorted({fault.kind for fault in judged.faults}))
            found[name] = Complaint(kinds, frozenset(fault.shot for fault in judged.faults))
    return found


def _persons(review: Review, plan: PlanEdition, captions: Mapping[int, BoxPx]) -> Complaint | None:
    """None where a rejection is final: it names no shot, and what it asks for can't be done to all of them."""
    remedies = remedies_of(review)
    named = {*review.shots, *(fault.shot for fault in review.faults if fault.shot is not None)}
    if not (named or review.platform or remedies <= {Remedy.CAPTION, Remedy.CROPPED, Remedy.WORDS}):
        return None
    shots: frozenset[int | None] = frozenset(named or {shot.number for shot in plan.shots})
    return Complaint((f"rejected by {review.by}",), shots, bool(named), remedies, captions, review)


def _captions(flow: Flow, partition: str, edition: str, review: Review) -> dict[int, BoxPx]:
    """Where the captions of the rejected reel stood, by shot."""
    reel: Reel | None = flow.record("reel", partition)
    made = reel.editions.get(edition) if reel else None
    if made is None or made.video.sha256 != review.video_sha256:
        return {}
    captions = [box for track in made.cut_list.overlays if track.kind == "caption" for box in track.boxes]
    return {
        cut.shot: box.box_px_xywh
        for cut in made.cut_list.cuts
        for box in captions
        if cut.shot is not None and box.start_frame < cut.stop_frame and cut.start_frame < box.stop_frame
    }


def budget(flow: Flow, partition: str, plan: ShotPlan, stills: RenderedStill, score: EvaluationScore) -> Finding:
    """What follows from a verdict, in words; `measured` holds the attempt and the number of the next, 0 for none."""
    attempts = flow.attempts(partition)
    found = complaints(flow, partition, plan, score)
    following = next_attempt(attempts, plan, stills, score, found, flow.settings.max_attempts)
    wanted = frozenset[Remedy]().union(*(complaint.remedies for complaint in found.values()))
    measured = {
        "attempt": float(attempts.attempt),
        "next_attempt": float(following.attempt if following else 0),
        "waits_for_words": float(Remedy.WORDS in wanted),
    }
    if not found:
        sentence = _without_a_retake(flow, partition, score)
        return Finding(passed=sentence == _FINE, sentence=sentence, measured=measured)
    if Remedy.WORDS in wanted:
        sentence = (
            "Its words were rejected: write other ones into overrides/<SKU>.toml, and it is made again with them."
        )
        return Finding(passed=False, sentence=sentence, measured=measured)
    if following is None:
        sentence = f"Rejected after {attempts.attempt + 1} attempt(s) with no other take left to try; a person decides."
        return Finding(passed=False, sentence=sentence, measured=measured)
    faulted = sorted({shot for complaint in found.values() for shot in complaint.shots if shot is not None})
    shots = ", ".join(str(shot) for shot in faulted)
    how = " and ".join(words for remedy, words in IN_WORDS.items() if remedy in wanted)
    sentence = f"Shot {shots} will be made again with {how} (attempt {following.attempt + 1})."
    if any(complaint.review for complaint in found.values()):
        sentence += " Only a person releases it."
    return Finding(passed=True, sentence=sentence, measured=measured)


_FINE = "No retake is needed."


def _without_a_retake(flow: Flow, partition: str, score: EvaluationScore) -> str:
    """Why nothing is made again, where nobody asks for it."""
    reviews = (
        flow.store.load_note(REVIEWS, partition, judged.video_sha256, Review) for judged in score.editions.values()
    )
    if any(review and not review.approved for review in reviews):
        return "A person has decided about this reel; a rejection that names its shots (--shot) has them made again."
    if all(judged.verdict is Verdict.ACCEPT for judged in score.editions.values()):
        return _FINE
    if any(judged.verdict is Verdict.REJECT for judged in score.editions.values()):
        return "A person has decided about this reel."
    return "The judge can't tell; a person decides."


def next_attempt(
    attempts: Attempts,
    plan: ShotPlan,
    stills: RenderedStill,
    score: EvaluationScore,
    found: Mapping[str, Complaint],
    max_attempts: int,
) -> Attempts | None:
    """What to try after complaints: each faulted shot is made in another way, the others stay.

    None when there is nothing to retry: no complaint, one about words, no attempt left, a fault that nothing else can
    cure (it belongs to no shot), or a faulted shot for which there is nothing else.
    """
    if not found or attempts.attempt + 1 >= max_attempts:
        return None
    takes = {name: dict(attempts.takes_of(name)) for name in plan.editions}
    showings = {name: dict(shown) for name, shown in attempts.showings.items()}
    for name, complaint in found.items():
        by_number = {shot.number: shot for shot in plan.editions[name].shots}
        changed: dict[int, tuple[int, Showing]] = {}
        for number in by_number.keys() & complaint.shots:
            now = takes[name].get(number, 0), showings.get(name, {}).get(number, Showing())
            if (then := _remade(by_number[number], *now, complaint)) != now:
                changed[number] = then
        if not changed or (complaint.all_must_change and len(changed) < len(complaint.shots)):
            return None
        takes[name] |= {number: take for number, (take, _) in changed.items() if take}
        showings.setdefault(name, {}).update({n: shown for n, (_, shown) in changed.items() if shown != Showing()})
    reviews = [complaint.review for complaint in found.values() if complaint.review]
    made = AttemptMade(
        attempt=attempts.attempt,
        takes=attempts.takes,
        showings=attempts.showings,
        rejected_by=reviews[0].by if reviews else "",
        reason=reviews[0].reason if reviews else "",
        verdicts={name: judged.verdict for name, judged in score.editions.items()},
        faults=tuple(sorted({kind for complaint in found.values() for kind in complaint.kinds})),
        previews=tuple(still.preview for edition in stills.editions.values() for still in edition.stills),
    )
    return Attempts(
        inputs_fingerprint=attempts.inputs_fingerprint,
        attempt=attempts.attempt + 1,
        takes={name: chosen for name, chosen in takes.items() if chosen},
        showings={name: shown for name, shown in showings.items() if shown},
        history=(*attempts.history, made),
    )


def _remade(shot: Shot, take: int, shown: Showing, complaint: Complaint) -> tuple[int, Showing]:
    """The take and showing by which a complaint about a shot may be cured; the present ones where nothing is left."""
    wanted = complaint.remedies
    if Remedy.WORDS in wanted:
        return take, shown
    caption = complaint.captions_px_xywh.get(shot.number)
    if Remedy.CAPTION in wanted and caption:
        boxes = (*shown.refused_captions_px_xywh, caption)
        shown = shown.model_copy(update={"refused_captions_px_xywh": boxes})
    later = range(take + 1, len(shot.takes))
    others = [index for index in later if shot.takes[index].photo != shot.takes[take].photo]
    if Remedy.PHOTO in wanted or (Remedy.CROPPED in wanted and shown.wider):
        take = next(iter(others), take)
    elif Remedy.CROPPED in wanted:
        shown = shown.model_copy(update={"wider": True})
    elif Remedy.TAKE in wanted:
        take = next(iter(later), take)
    return take, shown
