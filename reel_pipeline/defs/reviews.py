"""What follows at once from a decision: a reel comes down, a check answers anew, an approved one goes out."""

import csv
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from reel_pipeline.defs.events import report_check
from reel_pipeline.defs.in_process import run_job
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.errors import ReelError, SettingsError
from reel_pipeline.records import ItemError, Judgement, ReviewFault, Verdict
from reel_pipeline.rules.cases import due_spot_checks
from reel_pipeline.rules.decisions import budget_after, enter, enter_blind
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.guard import VERDICTS
from reel_pipeline.rules.report import partition_of
from reel_pipeline.rules.work import work
from reel_pipeline.store import partition_path


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
    sha256 = enter(flow, partition, approved, reason, shots=shots, platform=platform, faults=faults)
    if not approved:
        withdraw_untrue(flow, instance, [partition])
        if finding := budget_after(flow, partition):
            report_check(instance, "retry_budget", partition, finding)
    return sha256


def publish_released(publish: dg.JobDefinition, flow: Flow, instance: dg.DagsterInstance, partition: str) -> bool:
    """Publish at once what an approval has released, unless a run holds the product; returns whether that was done."""
    waits_for_this = tuple(work(FrozenFlow(flow), partition)) == ("mirrored_asset",)
    if not waits_for_this or flow.store.objects.locks.holder(partition_path(partition)):
        return False
    return run_job(publish, instance, partition).succeeded


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
    enter_blind(flow, partition, sha256, approved, reason, shots, faults)
    judged = flow.store.load_note(VERDICTS, partition, sha256, Judgement)
    if not approved and judged and judged.verdict is Verdict.ACCEPT:
        decide(flow, instance, partition, False, reason, shots=shots, faults=faults)
    return sha256


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
