"""Runs start as Dagster starts them by default; those that died unseen are found by the lock that nobody holds.

Dagster's own launcher learns of a run's death from the code server that started it. A run that dies together with that
server, or that was a command line's, would count as running for ever and keep its SKU's place in the queue.
"""

import time
from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # private API, covered by the pin on dagster

from reel_pipeline.settings import load_settings
from reel_pipeline.store import UNPARTITIONED, partition_path

GRACE_S = 30.0
"""A run takes its lock shortly after it starts and gives it back shortly before it ends: not held is not yet dead."""


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """For `run_launcher` in dagster.yaml; needs REEL_PIPELINE_CONFIG in the daemon's environment."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unheld_since: dict[str, float] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        name = partition_path(run.tags.get("dagster/partition", UNPARTITIONED))
        if load_settings().open_store().objects.locks.holder(name):
            self._unheld_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        since = self._unheld_since.setdefault(run.run_id, time.monotonic())
        if time.monotonic() - since < GRACE_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._unheld_since[run.run_id]
        return CheckRunHealthResult(WorkerStatus.FAILED, "nobody holds its lock: its process is gone")
