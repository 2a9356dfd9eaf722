"""`make demo`: a real Dagster and the origin on free ports, the sample catalogue backfilled through the daemon."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
from tqdm import tqdm

from reel_pipeline.defs import retakes
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.planner import group_by_assets, plan, submit_backfills
from reel_pipeline.defs.report import ProductReport, known_partitions, report
from reel_pipeline.defs.run import QUIET, open_instance
from reel_pipeline.errors import ReelError
from reel_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, PUBLIC_URL_VARIABLE, Settings, load_settings

PROJECT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120
BACKFILL_TIMEOUT_S = 3600
ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def run_demo(defs: dg.Definitions, *, once: bool, show: Callable[[list[dict[str, Any]]], None]) -> None:
    """Start everything, backfill, `show` one row a product; then end (`once`) or serve on until interrupted."""
    os.environ.setdefault(CONFIG_VARIABLE, str(PROJECT / "data" / CONFIG_NAME))
    home = load_settings().workspace / "store" / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    origin_port, ui_port = free_port(), free_port()
    os.environ[PUBLIC_URL_VARIABLE] = f"http://127.0.0.1:{origin_port}/"
    settings = load_settings()
    with ExitStack() as running:
        logs = running.enter_context((home / "demo.log").open("ab"))
        start(running, [sys.executable, "-m", "reel_pipeline.cli", "serve", "--port", str(origin_port)], logs)
        dagster = str(Path(sys.executable).with_name("dagster"))
        ui_command = [dagster, "dev", "-m", "reel_pipeline.definitions", "-h", "127.0.0.1", "-p", str(ui_port)]
        start(running, ui_command, logs)
        print(f"Dagster starts on http://127.0.0.1:{ui_port}; its log is {home / 'demo.log'}", file=sys.stderr)
        wait_until_up(f"http://127.0.0.1:{ui_port}/server_info")
        show([_row(settings, product) for product in backfill(defs, settings)])
        print(f"\nDagster UI: http://127.0.0.1:{ui_port}    published reels: {settings.public_url}", flush=True)
        if not once:
            print("Ctrl-C ends the demo.", flush=True)
            signal.pause()


def _row(settings: Settings, product: ProductReport) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "title": product.title,
        "shots": product.shots,
        "verdict": product.verdict or product.state.value,
        "why": product.reasons,
        "watch": address(settings, product),
    }


def address(settings: Settings, product: ProductReport) -> str:
    """The reel's link at the origin; empty while there is nothing to show."""
    if product.reel is None:
        return ""
    path = Path(product.reel)
    published = Path(settings.publish_location)
    return settings.public_url + path.relative_to(published).as_posix() if path.is_relative_to(published) else str(path)


def backfill(defs: dg.Definitions, settings: Settings) -> list[ProductReport]:
    """Sync in this process, then hand everything stale to the daemon and watch it through."""
    instance = open_instance(settings)
    defs.resolve_job_def("sync_catalog").execute_in_process(instance=instance, run_config=QUIET)
    flow = Flow(settings, settings.open_store())
    partitions = known_partitions(flow)
    groups = group_by_assets(plan(instance, flow, partitions))
    submit_backfills(instance, defs.resolve_asset_graph(), groups, "demo", {"reel/demo": "true"})
    total = sum(len(members) for members in groups.values())
    if total == 0:
        print("Everything is up to date: nothing has to be made.", file=sys.stderr)
    watch(instance, flow, groups, total)
    return [report(flow, partition) for partition in partitions]


def watch(instance: dg.DagsterInstance, flow: Flow, groups: dict[tuple[str, ...], list[str]], total: int) -> None:
    """Progress bars until every run, and every retake that a check asked for, has ended."""
    deadline = time.monotonic() + BACKFILL_TIMEOUT_S
    steps = sum(len(assets) * len(members) for assets, members in groups.items())
    ended: set[str] = set()
    with (
        tqdm(total=total, unit="product", desc="products") as done,
        tqdm(total=steps, unit="step", desc="assets  ") as made,
    ):
        while total and time.monotonic() < deadline:
            runs = instance.get_runs(dg.RunsFilter(tags={"reel/demo": "true"}))
            ended |= {
                run.tags["dagster/partition"] for run in runs if run.is_finished and "dagster/partition" in run.tags
            }
            done.n = len(ended)
            made.n = sum(1 for members in groups.items() for p in members[1] for a in members[0] if flow.head(a, p))
            done.refresh()
            made.refresh()
            active = instance.get_runs_count(dg.RunsFilter(statuses=ACTIVE))
            retaken = (p for members in groups.values() for p in members if retakes.is_under_way(flow, p))
            if len(ended) >= total and not active and not any(retaken):
                return
            time.sleep(1)


def start(running: ExitStack, command: list[str], logs: object) -> None:
    """A child in a process group of its own, ended with the demo."""
    process = subprocess.Popen(command, stdout=logs, stderr=logs, start_new_session=True)  # type: ignore[call-overload]

    def end() -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    running.callback(end)


def wait_until_up(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    raise ReelError(f"{url} did not answer within {START_TIMEOUT_S} s; read demo.log in DAGSTER_HOME.")


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
