"""What Dagster is told of a check that no run made."""

import uuid

import dagster as dg

from reel_pipeline.records import Finding
from reel_pipeline.rules.table import CHECKS


def report_check(instance: dg.DagsterInstance, name: str, partition: str, finding: Finding) -> None:
    """Put the answer of a check that blocks nothing into Dagster's log, under an id of its own.

    `report_runless_asset_event` gives all of them one empty run id, and Dagster's index holds a check, partition and
    run id once: the second time that somebody decides about a product, it raises.
    """
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(CHECKS[name].asset),
        check_name=name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=finding.sentence,
        metadata={"finding": finding.sentence, **finding.measured},
        partition=partition,
    )
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, job_name="", event_specific_data=evaluation
    )
    instance.report_dagster_event(event, run_id=str(uuid.uuid4()))
