"""Jobs run in this very process, as the command line does it, and the Dagster instance of a workspace."""

import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from reel_pipeline.costs import Cost
from reel_pipeline.rules.flow import unexpected
from reel_pipeline.rules.table import digest_of
from reel_pipeline.settings import Settings

Instance = dg.DagsterInstance
QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LAPTOP_INSTANCE = Path(__file__).with_name("dagster.yaml").read_text(encoding="utf-8")
REDUCED_INSTANCE = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
"""What this package wrote into DAGSTER_HOME before it had the daemon's settings in it."""


@dataclass(frozen=True)
class Done:
    """A run that ended. `error`: what it died of in one sentence; None when at most a check's finding stopped it.

    `cost`: of the engine calls of the assets that were finished.
    """

    succeeded: bool
    made: int
    reused: int
    cost: Cost
    error: str | None


def run_job(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    partition: str | None = None,
    assets: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    hear: Callable[[str], None] = lambda step: None,
) -> Done:
    """Run a job, of one product or of some of its assets where they are named; `hear` is called with each step begun.

    Raises `KeyboardInterrupt` when it was told to stop: Dagster ends the run and takes the signal for its failure.
    """
    run_id = str(uuid.uuid4())

    def on_event(event: dg.EventLogEntry) -> None:
        step = event.dagster_event
        if step and step.is_step_start and step.step_key:
            hear(step.step_key)

    instance.add_event_listener(run_id, on_event)
    result = job.execute_in_process(
        instance=instance,
        run_id=run_id,
        partition_key=partition,
        run_config=QUIET | dict(config or {}),
        tags=dict(tags or {}),
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
        raise_on_error=False,
    )
    if _was_interrupted(result):
        raise KeyboardInterrupt
    finished: list[Mapping[str, Any]] = [
        event.step_materialization_data.materialization.metadata
        for event in result.all_events
        if event.is_step_materialization
    ]
    reused = sum(bool(metadata["reused"].value) for metadata in finished)
    cost = sum((Cost.from_json(metadata["cost"].value) for metadata in finished), Cost())
    error = None if result.success else _failure_of(result)
    return Done(result.success, len(finished) - reused, reused, cost, error)


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of this workspace: DAGSTER_HOME if it is set, else a folder in the workspace."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(settings.workspace / "dagster_home")))
    home.mkdir(parents=True, exist_ok=True)
    _configure(home / "dagster.yaml")
    return dg.DagsterInstance.get()


def _configure(path: Path) -> None:
    """Write the instance's settings, also over what this package wrote before; what a person wrote stays."""
    there = path.read_text(encoding="utf-8") if path.exists() else REDUCED_INSTANCE
    mark, _, body = there.partition("\n")
    if there == REDUCED_INSTANCE or mark == _mark(body):
        whole = f"{_mark(LAPTOP_INSTANCE)}\n{LAPTOP_INSTANCE}"
        if there != whole:
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            partial.write_text(whole, encoding="utf-8")
            partial.replace(path)


def _mark(body: str) -> str:
    return f"# {digest_of(body)[:12]}: reel-pipeline wrote this file, and a newer one replaces it until you change it."


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return any(error and error.cls_name == "DagsterExecutionInterruptedError" for error in errors)


def _failure_of(result: dg.ExecuteInProcessResult) -> str | None:
    """What the run died of in one sentence; None when at most a check's finding stopped it, which has its own words."""
    for event in result.all_events:
        if event.is_step_failure:
            said = event.step_failure_data.user_failure_data
            if said and said.description:
                return str(said.description)
            where, error = event.step_key or "A step", event.step_failure_data.error
        elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
            where, error = "The run", event.job_failure_data.error
        else:
            continue
        if error and (sentence := _sentence(error, where, result.run_id)):
            return sentence
    looked = result.get_asset_check_evaluations()
    return next((str(one.description) for one in looked if one.metadata["error"].value != "none"), None)


def _sentence(error: Any, where: str, run_id: str) -> str | None:
    """An exception as Dagster keeps it: an expected one's own words, any other's type and where it is told in full."""
    causes = [error]
    while causes[-1].cause:
        causes.append(causes[-1].cause)
    for cause in causes:
        name, _, message = cause.message.strip().partition(": ")
        if name.startswith("reel_pipeline.") and message:
            return " ".join(message.split())
    cause = next((cause for cause in causes if not str(cause.cls_name).startswith("Dagster")), causes[-1])
    if cause.cls_name == "DagsterAssetCheckFailedError":
        return None
    return unexpected(where, str(cause.cls_name), cause.message.strip().partition(": ")[2], f"run {run_id}")
