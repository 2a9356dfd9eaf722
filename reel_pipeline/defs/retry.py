"""Bounded retakes: which take of which shot comes next after a rejection. No Dagster here.

The check `retry_budget` says what the next attempt is; a run tagged `reel/attempt` makes it; nothing else moves a take.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reel_pipeline.defs.attempts import AttemptMade, Attempts, save_attempts
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.guard import REVIEWS
from reel_pipeline.records import EvaluationScore, Finding, RenderedStill, Review, ShotPlan, Verdict


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

    `all_must_change`: every one of these shots has to move to another take, else the retake would only fail again. A
    platform that rejects a whole reel names none: then whatever has another take changes.
    """

    kinds: tuple[str, ...]
    shots: frozenset[int | None]
    all_must_change: bool = True


def complaints(flow: Flow, partition: str, plan: ShotPlan, score: EvaluationScore) -> dict[str, Complaint]:
    """Edition -> what the judge, a person or a platform says against its present reel and wants made again."""
    found: dict[str, Complaint] = {}
    for name, judged in score.editions.items():
        review = flow.store.load_note(REVIEWS, partition, judged.video_sha256, Review)
        if review and not review.approved and (review.shots or review.platform):
            shots = review.shots or tuple(shot.number for shot in plan.editions[name].shots)
            found[name] = Complaint((f"rejected by {review.by}",), frozenset(shots), bool(review.shots))
        elif judged.verdict is Verdict.REJECT and not review:
            kinds = tuple(sorted({fault.kind for fault in judged.faults}))
            found[name] = Complaint(kinds, frozenset(fault.shot for fault in judged.faults))
    return found


def budget(flow: Flow, partition: str, plan: ShotPlan, stills: RenderedStill, score: EvaluationScore) -> Finding:
    """What follows from a verdict, in words; `measured` holds the attempt and the number of the next, 0 for none."""
    attempts = flow.attempts(partition)
    found = complaints(flow, partition, plan, score)
    following = next_attempt(attempts, plan, stills, score, found, flow.settings.max_attempts)
    measured = {"attempt": float(attempts.attempt), "next_attempt": float(following.attempt if following else 0)}
    if not found:
        verdicts = {judged.verdict for judged in score.editions.values()}
        if verdicts == {Verdict.ACCEPT}:
            return Finding(passed=True, sentence="No retake is needed.", measured=measured)
        sentence = "The judge can't tell; a person decides."
        if Verdict.REJECT in verdicts:
            sentence = "A person has decided about this reel."
        return Finding(passed=False, sentence=sentence, measured=measured)
    if following is None:
        sentence = f"Rejected after {attempts.attempt + 1} attempt(s) with no other take left to try; a person decides."
        return Finding(passed=False, sentence=sentence, measured=measured)
    faulted = sorted({shot for complaint in found.values() for shot in complaint.shots if shot is not None})
    shots = ", ".join(str(shot) for shot in faulted)
    sentence = f"Shot {shots} will be made again with another take (attempt {following.attempt + 1})."
    return Finding(passed=True, sentence=sentence, measured=measured)


def next_attempt(
    attempts: Attempts,
    plan: ShotPlan,
    stills: RenderedStill,
    score: EvaluationScore,
    found: Mapping[str, Complaint],
    max_attempts: int,
) -> Attempts | None:
    """The takes to try after complaints: each faulted shot moves to its next take, the others stay.

    None when there is nothing to retry: no complaint, no attempt left, a fault that no other take can cure (it belongs
    to no shot), or a faulted shot without a further take.
    """
    if not found or attempts.attempt + 1 >= max_attempts:
        return None
    takes = {name: dict(attempts.takes_of(name)) for name in plan.editions}
    for name, complaint in found.items():
        choices = {shot.number: len(shot.takes) for shot in plan.editions[name].shots}
        following = {shot: takes[name].get(shot, 0) + 1 for shot in complaint.shots if shot is not None}
        possible = {shot: take for shot, take in following.items() if take < choices.get(shot, 0)}
        if not possible or (complaint.all_must_change and len(possible) < len(complaint.shots)):
            return None
        takes[name] |= possible
    made = AttemptMade(
        attempt=attempts.attempt,
        takes=attempts.takes,
        verdicts={name: judged.verdict for name, judged in score.editions.items()},
        faults=tuple(sorted({kind for complaint in found.values() for kind in complaint.kinds})),
        previews=tuple(still.preview for edition in stills.editions.values() for still in edition.stills),
    )
    return Attempts(
        inputs_fingerprint=attempts.inputs_fingerprint,
        attempt=attempts.attempt + 1,
        takes=takes,
        history=(*attempts.history, made),
    )
