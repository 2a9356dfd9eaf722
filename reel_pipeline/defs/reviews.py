"""A person's or a platform's decision about exactly one file, and what follows from it at once."""

import csv
import getpass
import re
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from reel_pipeline.defs.events import report_check
from reel_pipeline.defs.in_process import QUIET
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.errors import PublishRefused, ReelError, SettingsError
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.records import (
    MAIN_EDITION,
    CheckResult,
    ItemError,
    Judgement,
    Reel,
    Review,
    ReviewFault,
    Severity,
    Verdict,
)
from reel_pipeline.rules import retakes, retry
from reel_pipeline.rules.cases import due_spot_checks
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.guard import BLIND_REVIEWS, REVIEWS, VERDICTS, last_word
from reel_pipeline.rules.public import public_of
from reel_pipeline.rules.remedies import KINDS as REMEDY_KINDS
from reel_pipeline.rules.report import partition_of
from reel_pipeline.rules.table import CHECKS
from reel_pipeline.rules.work import work
from reel_pipeline.store import partition_path

FAULT_KINDS = (*shipped_thresholds(), *REMEDY_KINDS, "other")


def decide(
    flow: Flow,
    instance: dg.DagsterInstance,
    partition: str,
    approved: bool,
    reason: str,
    *,
    shots: Sequence[int] = (),
    platform: str = "",
    faults: Sequence[ReviewFault] = (),
) -> str:
    """Bind the decision to the reel as it is now; returns its SHA-256. Raises `PublishRefused` without a reel.

    A rejected reel is withdrawn here. Where the rejection asks for another take, `retry_budget` answers anew, and the
    sensor, or the next `run`, makes it.
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
    if not approved:
        withdraw_untrue(flow, instance, [partition])
        _ask_for_a_retake(flow, instance, partition)
    return sha256


def publish_released(publish: dg.JobDefinition, flow: Flow, instance: dg.DagsterInstance, partition: str) -> bool:
    """Publish at once what an approval has released, unless a run holds the product; returns whether that was done."""
    waits_for_this = tuple(work(FrozenFlow(flow), partition)) == ("mirrored_asset",)
    if not waits_for_this or flow.store.objects.locks.holder(partition_path(partition)):
        return False
    done = publish.execute_in_process(
        instance=instance, partition_key=partition, run_config=QUIET, raise_on_error=False
    )
    return done.success


def spot_check(
    flow: Flow,
    instance: dg.DagsterInstance,
    partition: str,
    approved: bool,
    reason: str,
    *,
    shots: Sequence[int] = (),
    faults: Sequence[ReviewFault] = (),
) -> str:
    """Enter what a person says, not knowing the verdict, of the reel that is due; returns its SHA-256.

    It is a label and releases nothing. Only a rejection of what the judge accepted counts as a decision too. Raises
    `SettingsError` where no spot check is due.
    """
    drawn = next((shown for place, shown in due_spot_checks(flow) if place == partition), None)
    if drawn is None:
        raise SettingsError(f"No spot check is due for {partition}; `review list` names those that are.")
    sha256 = drawn.video.sha256
    flow.store.save_note(BLIND_REVIEWS, partition, sha256, _review(sha256, approved, reason, shots, faults))
    judged = flow.store.load_note(VERDICTS, partition, sha256, Judgement)
    if not approved and judged and judged.verdict is Verdict.ACCEPT:
        decide(flow, instance, partition, False, reason, shots=shots, faults=faults)
    return sha256


def parse_fault(text: str, shots: Sequence[int] = ()) -> ReviewFault:
    """`KIND[:SEVERITY][@X,Y,WIDTH,HEIGHT]`; it lies in the shot that the rejection names, where it names one.

    Raises `SettingsError`.
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


def _ask_for_a_retake(flow: Flow, instance: dg.DagsterInstance, partition: str) -> None:
    row = CHECKS["retry_budget"]
    inputs = flow.records(row.reads, partition)
    if None in inputs.values():
        return
    finding = retry.budget(flow, partition, inputs["shot_plan"], inputs["rendered_still"], inputs["evaluation_score"])
    result = CheckResult(asset=row.asset, check=row.name, subject_sha256=row.subject(inputs), finding=finding)
    flow.store.save_check(partition, result)
    retakes.ask(flow, partition)
    report_check(
        instance,
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(row.asset),
            check_name=row.name,
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=finding.sentence,
            metadata={"finding": finding.sentence, **finding.measured},
            partition=partition,
        ),
    )


def import_rejections(flow: Flow, instance: dg.DagsterInstance, path: Path) -> list[ItemError]:
    """A platform's rejections from a CSV file: `sku,platform,reason` and, if it says so, `shots` (`2|3`).

    Returns the rows that could not be used; the others are entered.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} can't be read ({error}); it is a CSV file with sku, platform, reason.") from None
    failed = []
    for number, row in enumerate(rows, start=1):
        sku, platform, reason = ((row.get(name) or "").strip() for name in ("sku", "platform", "reason"))
        try:
            if not (sku and platform and reason):
                raise SettingsError("The row needs sku, platform and reason.")
            shots = [int(shot) for shot in (row.get("shots") or "").split("|") if shot.strip()]
            decide(flow, instance, partition_of(flow, sku), False, reason, shots=shots, platform=platform)
        except (ReelError, ValueError) as error:
            failed.append(ItemError(item=sku or f"row {number}", error=str(error)))
    return failed
