"""A person's or a platform's decision about exactly one file: how it is written down, and what is to follow from it."""

import getpass
import re
from collections.abc import Sequence

from reel_pipeline.errors import PublishRefused, SettingsError
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.records import MAIN_EDITION, CheckResult, Finding, Reel, Review, ReviewFault, Severity
from reel_pipeline.rules import retakes, retry
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import BLIND_REVIEWS, REVIEWS, last_word
from reel_pipeline.rules.public import public_of
from reel_pipeline.rules.remedies import KINDS as REMEDY_KINDS
from reel_pipeline.rules.table import CHECKS

FAULT_KINDS = (*shipped_thresholds(), *REMEDY_KINDS, "other")
"""What a person can object to: the judge's kinds, those of `remedies.py`, and whatever is neither."""


def enter(
    flow: Flow,
    partition: str,
    approved: bool,
    reason: str,
    *,
    shots: Sequence[int] = (),
    platform: str = "",
    faults: Sequence[ReviewFault] = (),
) -> str:
    """Bind the decision to the reel as it is now; returns its SHA-256. Raises `PublishRefused` without a reel.

    A later decision about the same reel takes the place of this one.
    """
    reel: Reel | None = flow.record("reel", partition)
    # What is public is decided about also when its record can't be read any more.
    sha256 = reel.editions[MAIN_EDITION].video.sha256 if reel else public_of(flow, partition).get(MAIN_EDITION)
    if sha256 is None:
        raise PublishRefused(f"{partition} has no reel yet; run it first.")
    before = last_word(flow, partition)
    review = _review(sha256, approved, reason, shots, faults, platform, order=before.order + 1 if before else 0)
    if not approved:
        retakes.ask(flow, partition)
    flow.store.save_note(REVIEWS, partition, sha256, review)
    return sha256


def enter_blind(
    flow: Flow,
    partition: str,
    sha256: str,
    approved: bool,
    reason: str,
    shots: Sequence[int],
    faults: Sequence[ReviewFault],
) -> None:
    """Keep what a spot check says of a reel: a label that releases nothing."""
    flow.store.save_note(BLIND_REVIEWS, partition, sha256, _review(sha256, approved, reason, shots, faults))


def budget_after(flow: Flow, partition: str) -> Finding | None:
    """What `retry_budget` says after a rejection, saved as its answer; None where something is not made yet."""
    row = CHECKS["retry_budget"]
    inputs = flow.records(row.reads, partition)
    if None in inputs.values():
        return None
    finding = retry.budget(flow, partition, inputs["shot_plan"], inputs["rendered_still"], inputs["evaluation_score"])
    result = CheckResult(asset=row.asset, check=row.name, subject_sha256=row.subject(inputs), finding=finding)
    flow.store.save_check(partition, result)
    retakes.ask(flow, partition)
    return finding


def parse_fault(text: str, shots: Sequence[int] = ()) -> ReviewFault:
    """A fault as people write it: `KIND[:SEVERITY][@X,Y,WIDTH,HEIGHT]`, such as `warped_logo:minor@40,300,200,80`.

    It lies in the shot that the rejection names, where `shots` is one. Raises `SettingsError` for any other form.
    """
    found = re.fullmatch(r"(\w+)(?::(\w+))?(?:@(\d+),(\d+),(\d+),(\d+))?", text)
    kind, severity, *box = found.groups() if found else ("", None)
    if kind not in FAULT_KINDS:
        known = ", ".join(FAULT_KINDS)
        raise SettingsError(f"{text!r} names no fault; write KIND or KIND:SEVERITY, and KIND is one of: {known}.")
    if severity and severity not in set(Severity):
        raise SettingsError(f"{severity!r} is no severity; choose one of: {', '.join(Severity)}.")
    return ReviewFault(
        kind=kind,
        severity=Severity(severity or Severity.MAJOR),
        shot=shots[0] if len(shots) == 1 else None,
        box_px_xywh=(int(box[0]), int(box[1]), int(box[2]), int(box[3])) if box and box[0] else None,
    )


def _review(
    sha256: str,
    approved: bool,
    reason: str,
    shots: Sequence[int],
    faults: Sequence[ReviewFault],
    platform: str = "",
    order: int = 0,
) -> Review:
    return Review(
        video_sha256=sha256,
        approved=approved,
        reason=reason,
        reviewer=f"person:{getpass.getuser()}",
        platform=platform,
        shots=tuple(shots),
        faults=tuple(faults),
        order=order,
    )
