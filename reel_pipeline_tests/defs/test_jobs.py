"""What people see of the jobs they launch: the launchpad's fields, refusals in a sentence, and what was only reused."""

from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import JobDataSnap

from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.rules.table import CHECKS, SKU_ASSETS
from reel_pipeline_tests.conftest import Workspace, new_workspace, use


def refusal(instance: dg.DagsterInstance, job: str, ops: dict[str, Any]) -> str:
    """The sentence with which a run of the job ends."""
    run_config = QUIET | {"ops": {op: {"config": config} for op, config in ops.items()}} if ops else None
    done = defs.resolve_job_def(job).execute_in_process(instance=instance, run_config=run_config, raise_on_error=False)
    [failure] = [event.step_failure_data for event in done.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None, failure.error
    assert failure.error is None or failure.error.cause is None
    return str(failure.user_failure_data.description)


def test_the_review_launchpad_opens_with_what_has_to_be_filled_in() -> None:
    [preset] = JobDataSnap.from_job_def(defs.resolve_job_def("review"), include_parent_snapshot=True).active_presets
    assert preset.run_config == {"ops": {"enter_review": {"config": {"sku": "", "approve": False, "reason": ""}}}}


def test_what_a_person_typed_wrongly_is_answered_in_a_sentence(made: Workspace) -> None:
    instance = open_instance(made.settings)
    decision = {"sku": "TEA-1", "approve": True, "reason": "Fine."}
    assert "Fill in" in refusal(instance, "review", {})
    assert "Fill in" in refusal(instance, "review", {"enter_review": {**decision, "reason": " "}})
    assert "NO-9 is not in the catalogue" in refusal(instance, "review", {"enter_review": {**decision, "sku": "NO-9"}})
    fault = {**decision, "approve": False, "faults": ["ugly"]}
    assert "'ugly' names no fault" in refusal(instance, "review", {"enter_review": fault})
    assert refusal(instance, "collection_backfill", {"launch_backfills": {"collection": "No such"}}) == (
        "No product is in 'No such'; the collections are All, Gifts."
    )


def test_a_backfill_before_the_first_sync_is_answered_in_a_sentence(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = new_workspace(tmp_path / "work", tmp_path)
    use(workspace, monkeypatch)
    said = refusal(open_instance(workspace.settings), "collection_backfill", {"launch_backfills": {}})
    assert said == "There is no catalogue yet; run sync_catalog first."


def test_a_backfill_of_what_is_fresh_says_of_run_asset_and_check_that_nothing_was_made(made: Workspace) -> None:
    instance = open_instance(made.settings)
    done = defs.resolve_job_def("make_reels").execute_in_process(
        instance=instance, partition_key="BOX-2", run_config=QUIET
    )
    assert done.success
    run = instance.get_run_by_id(done.run_id)
    assert run is not None
    assert run.tags["reel/reused"] == f"{len(SKU_ASSETS)} of {len(SKU_ASSETS)}"
    made_anew = [
        event.step_materialization_data.materialization.label
        for event in done.all_events
        if event.is_step_materialization
        if not event.step_materialization_data.materialization.metadata["reused"].value
    ]
    assert made_anew == []
    checked = [
        event.asset_check_evaluation_data
        for event in done.all_events
        if event.event_type_value.endswith("CHECK_EVALUATION")
    ]
    assert {found.check_name for found in checked if not found.metadata["reused"].value} == {
        check.name for check in CHECKS.values() if check.external and check.asset in SKU_ASSETS
    }
