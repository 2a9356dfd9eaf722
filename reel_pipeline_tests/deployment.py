"""A whole Dagster as people run it: code server, daemon and webserver as processes of their own, driven over GraphQL.

`laptop` is the project's dagster.yaml on SQLite with a folder as store; `production` is data/production on PostgreSQL
and S3.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.defs.submission import ACTIVE
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, load_settings
from reel_pipeline_tests.servers import Postgres, Process, Radosgw, free_port, wait_for

PROJECT = Path(__file__).resolve().parents[1]
PRODUCTION = PROJECT / "data" / "production"
DEPLOYMENTS = ["laptop", "production"]
LOCATION = {"repositoryLocationName": "reel_pipeline", "repositoryName": "__repository__"}
LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


class Deployment:
    """Started by `start`; `environment` is what a command line beside it needs."""

    def __init__(self, folder: Path, environment: dict[str, str], module: str = "reel_pipeline.definitions") -> None:
        self.folder, self.module = folder, module
        self.code_port, self.ui_port = free_port(), free_port()
        self.environment = {
            **os.environ,
            **environment,
            "DAGSTER_HOME": str(folder / "dagster_home"),
            CONFIG_VARIABLE: str(folder / CONFIG_NAME),
            "REEL_CODE_SERVER_HOST": "127.0.0.1",
            "REEL_CODE_SERVER_PORT": str(self.code_port),
        }
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        home = Path(self.environment["DAGSTER_HOME"])
        workspace = ["-w", str(PRODUCTION / "workspace.yaml")]
        address = ["-h", "127.0.0.1", "-p"]
        commands = {
            "code_server": ["dagster", "api", "grpc", "-m", self.module, *address, str(self.code_port)],
            "daemon": ["dagster-daemon", "run", *workspace],
            "webserver": ["dagster-webserver", *workspace, *address, str(self.ui_port)],
        }
        # Alone: two that make the tables of SQLite at one moment can leave them so that no daemon starts (1.13.27).
        info = [str(Path(sys.executable).with_name("dagster")), "instance", "info"]
        subprocess.run(info, env=self.environment, check=True, capture_output=True)
        for name, (program, *arguments) in commands.items():
            command = [str(Path(sys.executable).with_name(program)), *arguments]
            self.processes[name] = Process(command, home / f"{name}.log", environment=self.environment)
        wait_for("the webserver", lambda: self._location_is_loaded(), home)

    def end(self) -> None:
        for process in self.processes.values():
            process.end()
        for pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def restart_what_ended(self) -> None:
        """What a supervisor does."""
        for process in self.processes.values():
            if process.running.poll() is not None:
                process.start()

    def workers(self) -> list[int]:
        """The processes of runs, also those whose code server is gone."""
        found = []
        home = f"DAGSTER_HOME={self.environment['DAGSTER_HOME']}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                is_worker = b"spawn_main" in (folder / "cmdline").read_bytes()
                if is_worker and home in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return sorted(found)

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ui_port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)
        assert "errors" not in found, found["errors"]
        return found["data"]

    def launch(self, job: str, config: object = None, tags: dict[str, str] | None = None) -> str:
        """Into the queue, as the UI's launchpad does it."""
        params = {
            "selector": {**LOCATION, "jobName": job},
            "runConfigData": config or {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        launched = self.ask(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """As the UI's button on a selection of assets and partitions does it."""
        params = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions)}
        launched = self.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def status(self, run_id: str) -> str:
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
        return str(self.ask(query, id=run_id)["runOrError"]["status"])

    def runs(self) -> list[dict[str, Any]]:
        """Newest first."""
        query = "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
        found = self.ask(query)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def wait_for_run(self, run_id: str, timeout_s: float = 300) -> str:
        deadline = time.monotonic() + timeout_s
        while (status := self.status(run_id)) not in ("SUCCESS", "FAILURE", "CANCELED"):
            assert time.monotonic() < deadline, f"run {run_id} is still {status} after {timeout_s} s"
            self.restart_what_ended()
            time.sleep(0.5)
        return status

    def wait_until_idle(self, timeout_s: float) -> None:
        """Until no backfill and no run is under way, for long enough that a sensor or a retry would have begun one."""
        query = "{ partitionBackfillsOrError { ... on PartitionBackfills { results { id status } } } }"
        deadline, idle_since = time.monotonic() + timeout_s, None
        active = {status.value for status in ACTIVE}
        while idle_since is None or time.monotonic() - idle_since < 40:
            assert time.monotonic() < deadline, [(run["status"], run["tags"]) for run in self.runs()]
            self.restart_what_ended()
            if not self._location_is_loaded():
                idle_since = None
                time.sleep(1)
                continue
            backfills = self.ask(query)["partitionBackfillsOrError"]["results"]
            busy = any(b["status"] in ("REQUESTED", "CANCELING") for b in backfills) or any(
                run["status"] in active for run in self.runs()
            )
            idle_since = None if busy else idle_since or time.monotonic()
            time.sleep(1)

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        """The `reel-pipeline` command beside this deployment."""
        command = [sys.executable, "-m", "reel_pipeline.cli", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environment, text=True, **pipes)

    def seconds_of_work(self, run_id: str) -> tuple[float, float]:
        """When a run's first step began and its last one ended."""
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { startTime endTime } } } }"
        steps = self.ask(query, id=run_id)["runOrError"]["stepStats"]
        return min(step["startTime"] for step in steps), max(step["endTime"] for step in steps)

    def flow(self, patch: pytest.MonkeyPatch) -> Flow:
        for name, value in self.environment.items():
            patch.setenv(name, value)
        settings = load_settings()
        return Flow(settings, settings.open_store())

    def _location_is_loaded(self) -> bool:
        query = (
            """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"""
        )
        try:
            entries = self.ask(query)["workspaceOrError"]["locationEntries"]
        except (urllib.error.URLError, OSError, KeyError):
            return False
        return [entry["locationOrLoadError"]["__typename"] for entry in entries] == ["RepositoryLocation"]


@contextmanager
def deployed(
    kind: str,
    folder: Path,
    source: Path,
    request: pytest.FixtureRequest | None,
    module: str = "reel_pipeline.definitions",
) -> Iterator[Deployment]:
    """A running deployment of one of `DEPLOYMENTS` over the catalogue in `source`; `request`: for the servers of
    `production`. `module` holds the definitions."""
    home = folder / "dagster_home"
    home.mkdir(parents=True)
    if kind == "laptop":
        shutil.copy(PROJECT / "dagster.yaml", home / "dagster.yaml")
        (folder / CONFIG_NAME).write_text(f'source = "{source}"\n')
        deployment = Deployment(folder, {}, module)
    else:
        assert request is not None
        postgres: Postgres = request.getfixturevalue("postgres")
        radosgw: Radosgw = request.getfixturevalue("radosgw")
        shutil.copy(PRODUCTION / "dagster.yaml", home / "dagster.yaml")
        settings = (PRODUCTION / CONFIG_NAME).read_text()
        settings = settings.replace("https://shop.example", str(source))
        (folder / CONFIG_NAME).write_text(settings.replace("reels-of-shop-example", radosgw.new_bucket()))
        lines = (PRODUCTION / "daemon.env").read_text().splitlines()
        daemon = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        deployment = Deployment(folder, {**radosgw.environment, **postgres.new_database(), **daemon}, module)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.end()
