"""When runs start, and which have died: told by the lock that each run holds in the store until it ends.

Dagster's own queue knows nothing of a command line that works on the same SKU, and its own launcher learns of a run's
death from the code server that started it: a run that dies together with that server, or that was a command line's,
would count as running for ever and keep its SKU's place in the queue. Both classes need REEL_PIPELINE_CONFIG in the
daemon's environment; without it they do as Dagster does by default.
"""

import time
from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # private API, covered by the pin on dagster
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator, RunQueueConfig
from dagster._core.storage.tags import PARTITION_NAME_TAG

from reel_pipeline.errors import ReelError
from reel_pipeline.settings import load_settings
from reel_pipeline.store import UNPARTITIONED, partition_path

GRACE_S = 30.0
"""A run takes its lock shortly after it starts and gives it back shortly before it ends: not held is not yet dead."""
QUEUED_LOOKED_AT = 20
"""Of the oldest queued runs it is asked whether they could only wait: more than begin at once."""


def lock_name(run: dg.DagsterRun) -> str:
    """What a run holds until it ends: its SKU, or else its job, so that no job without a SKU waits for another.

    A review holds that of its product's reviews: it may have to wait until the product is made, and others not for it.
    What lists the source holds the name under which the store keeps the catalogue: so it learns, before it writes, that
    it has lost its lease.
    """
    if partition := run.tags.get(PARTITION_NAME_TAG):
        return partition
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    if "catalog_snapshot" in assets or (not assets and run.job_name == "sync_catalog"):
        return UNPARTITIONED
    config: Any = run.run_config
    reviewed = config.get("ops", {}).get("enter_review", {}).get("config", {}).get("sku", "")
    return f"job {', '.join(assets) or run.job_name} {reviewed}".strip()


def _holder(name: str) -> str | None:
    """Who holds a lock of the workspace; raises `ReelError` where its settings or its store can't be read."""
    return load_settings().open_store().objects.locks.holder(partition_path(name))


class PatientRunCoordinator(QueuedRunCoordinator):
    """For `run_coordinator` in dagster.yaml: leaves a run in the queue while somebody else holds its SKU's lock.

    Begun, it would only wait for the lock, in a slot that another product could use.
    """

    def get_run_queue_config(self) -> RunQueueConfig:
        config = super().get_run_queue_config()
        held = [{"key": PARTITION_NAME_TAG, "value": partition, "limit": 0} for partition in self._held()]
        return config._replace(tag_concurrency_limits=[*config.tag_concurrency_limits, *held])

    def _held(self) -> list[str]:
        in_queue = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        queued = self._instance.get_runs(in_queue, limit=QUEUED_LOOKED_AT, ascending=True)
        partitions = {run.tags[PARTITION_NAME_TAG] for run in queued if PARTITION_NAME_TAG in run.tags}
        try:
            return [partition for partition in partitions if _holder(partition)]
        except ReelError:
            return []


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """For `run_launcher` in dagster.yaml: finds the runs whose lock nobody holds any more."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unheld_since: dict[str, float] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        try:
            holder = _holder(lock_name(run))
        except ReelError:
            return CheckRunHealthResult(WorkerStatus.RUNNING)  # nobody can tell: not dead
        if holder:
            self._unheld_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        since = self._unheld_since.setdefault(run.run_id, time.monotonic())
        if time.monotonic() - since < GRACE_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._unheld_since[run.run_id]
        return CheckRunHealthResult(WorkerStatus.FAILED, "nobody holds its lock: its process is gone")
