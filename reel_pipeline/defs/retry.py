"""Bounded retakes: which take of which shot comes next after a rejection. No Dagster here.

The check `retry_budget` says what the next attempt is; a run tagged `reel/attempt` makes it; nothing else moves a take.
"""

from reel_pipeline.defs.attempts import AttemptMade, Attempts, save_attempts
from reel_pipeline.defs.flow import Flow
from reel_pipeline.records import EvaluationScore, Finding, RenderedStill, ShotPlan, Verdict


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
    following = plan and stills and score and next_attempt(attempts, plan, stills, score, flow.settings.max_attempts)
    if not following:
        return attempts
    save_attempts(flow.store, partition, following)
    return following


def budget(flow: Flow, partition: str, plan: ShotPlan, stills: RenderedStill, score: EvaluationScore) -> Finding:
    """What follows from a verdict, in words; `measured` holds the attempt and the number of the next, 0 for none."""
    attempts = flow.attempts(partition)
    verdicts = {judged.verdict for judged in score.editions.values()}
    following = next_attempt(attempts, plan, stills, score, flow.settings.max_attempts)
    measured = {"attempt": float(attempts.attempt), "next_attempt": float(following.attempt if following else 0)}
    if Verdict.REJECT not in verdicts:
        abstained = Verdict.ABSTAIN in verdicts
        sentence = "The judge can't tell; a person decides." if abstained else "No retake is needed."
        return Finding(passed=not abstained, sentence=sentence, measured=measured)
    if following is None:
        sentence = f"Rejected after {attempts.attempt + 1} attempt(s) with no other take left to try; a person decides."
        return Finding(passed=False, sentence=sentence, measured=measured)
    faulted = sorted(
        {fault.shot for judged in score.editions.values() for fault in judged.faults if fault.shot is not None}
    )
    shots = ", ".join(str(shot) for shot in faulted)
    sentence = f"Shot {shots} will be made again with another take (attempt {following.attempt + 1})."
    return Finding(passed=True, sentence=sentence, measured=measured)


def next_attempt(
    attempts: Attempts, plan: ShotPlan, stills: RenderedStill, score: EvaluationScore, max_attempts: int
) -> Attempts | None:
    """The takes to try after a rejection: each faulted shot moves to its next take, the others stay.

    None when there is nothing to retry: not rejected, no attempt left, a fault that no other take can cure (it belongs
    to no shot), or a faulted shot without a further take.
    """
    rejected = {name: judged for name, judged in score.editions.items() if judged.verdict is Verdict.REJECT}
    if not rejected or attempts.attempt + 1 >= max_attempts:
        return None
    takes = {name: dict(attempts.takes_of(name)) for name in plan.editions}
    for name, judged in rejected.items():
        choices = {shot.number: len(shot.takes) for shot in plan.editions[name].shots}
        for shot in {fault.shot for fault in judged.faults}:
            if shot is None or shot not in choices:
                return None
            takes[name][shot] = takes[name].get(shot, 0) + 1
            if takes[name][shot] >= choices[shot]:
                return None
    made = AttemptMade(
        attempt=attempts.attempt,
        takes=attempts.takes,
        verdicts={name: judged.verdict for name, judged in score.editions.items()},
        faults=tuple(sorted({fault.kind for judged in rejected.values() for fault in judged.faults})),
        previews=tuple(still.preview for edition in stills.editions.values() for still in edition.stills),
    )
    return Attempts(
        inputs_fingerprint=attempts.inputs_fingerprint,
        attempt=attempts.attempt + 1,
        takes=takes,
        history=(*attempts.history, made),
    )
