"""What Dagster is told of a check that no run made."""

import uuid

import dagster as dg


def report_check(instance: dg.DagsterInstance, evaluation: dg.AssetCheckEvaluation) -> None:
    """Put an evaluation into Dagster's log, each under an id of its own.

    `report_runless_asset_event` gives all of them one empty run id, and Dagster's index holds a check, partition and
    run id once: the second time that somebody decides about a product, it raises.
    """
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, job_name="", event_specific_data=evaluation
    )
    instance.report_dagster_event(event, run_id=str(uuid.uuid4()))
