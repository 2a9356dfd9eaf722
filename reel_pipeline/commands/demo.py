"""`reel-pipeline demo`: a real Dagster and the origin on free ports, the sample catalogue made through the daemon."""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tqdm import tqdm

from reel_pipeline.commands.output import print_table
from reel_pipeline.commands.ui import free_port, start, start_dagster, wait_until_loaded
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import Instance, open_instance, run_job
from reel_pipeline.defs.planner import plan
from reel_pipeline.defs.submission import active_runs, ended_partitions, group_by_assets, submit_backfills
from reel_pipeline.errors import ReelError
from reel_pipeline.rules import retakes
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import ProductReport, known_partitions, report
from reel_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, PUBLIC_URL_VARIABLE, Settings, load_settings

PROJECT = Path(__file__).resolve().parents[2]
BACKFILL_TIMEOUT_S = 3600
TAGS = {"reel/demo": "true"}


def demo(options: argparse.Namespace) -> int:
    try:
        run_demo(once=options.once)
    except KeyboardInterrupt:
        return 130
    return 0


def run_demo(*, once: bool) -> None:
    """Start everything, backfill, print one row a product; then end (`once`) or serve on until interrupted."""
    os.environ.setdefault(CONFIG_VARIABLE, str(PROJECT / "data" / CONFIG_NAME))
    home = load_settings().workspace / "store" / "dagster_home"
    os.environ["DAGSTER_HOME"] = str(home)
    open_instance(load_settings())
    origin_port, ui_url = free_port(), f"http://127.0.0.1:{free_port()}"
    os.environ[PUBLIC_URL_VARIABLE] = f"http://127.0.0.1:{origin_port}/"
    settings = load_settings()
    with ExitStack() as running:
        logs = running.enter_context((home / "demo.log").open("ab"))
        start(running, [sys.executable, "-m", "reel_pipeline.cli", "serve", "--port", str(origin_port)], logs)
        dagster = start_dagster(running, ui_url, logs)
        print(f"Dagster starts on {ui_url}; its log is {home / 'demo.log'}", file=sys.stderr)
        wait_until_loaded(ui_url, dagster, home / "demo.log")
        made = backfill(settings)
        if once:  # nothing is served any more once this has ended
            _show([_row(product, product.reel or "") for product in made])
            print(f"\npublished reels: {settings.publish_location}", flush=True)
        else:
            _show([_row(product, address(settings, product)) for product in made])
            print(f"\nDagster UI: {ui_url}    published reels: {settings.public_url}", flush=True)
            print("Ctrl-C ends the demo.", flush=True)
            signal.pause()


def _show(rows: list[dict[str, Any]]) -> None:
    print_table(rows, ("sku", "title", "shots", "verdict", "why", "watch"))


def _row(product: ProductReport, watch: str) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "title": product.title,
        "shots": product.shots,
        "verdict": product.verdict or product.state.value,
        "why": product.reasons,
        "watch": watch,
    }


def address(settings: Settings, product: ProductReport) -> str:
    """The reel's link at the origin; empty while there is nothing to show."""
    if product.reel is None:
        return ""
    path = Path(product.reel)
    published = Path(settings.publish_location)
    return settings.public_url + path.relative_to(published).as_posix() if path.is_relative_to(published) else str(path)


def backfill(settings: Settings) -> list[ProductReport]:
    """Sync in this process, then hand everything stale to the daemon and watch it through.

    Raises `ReelError` where the catalogue can't be read.
    """
    instance = open_instance(settings)
    synced = run_job(defs.resolve_job_def("sync_catalog"), instance)
    if synced.error:
        raise ReelError(synced.error)
    flow = Flow(settings, settings.open_store())
    partitions = known_partitions(flow)
    groups = group_by_assets(plan(instance, flow, partitions))
    submit_backfills(instance, defs.resolve_asset_graph(), groups, "demo", TAGS)
    total = sum(len(members) for members in groups.values())
    if total == 0:
        print("Everything is up to date: nothing has to be made.", file=sys.stderr)
    watch(instance, flow, groups, total)
    return [report(flow, partition) for partition in partitions]


def watch(instance: Instance, flow: Flow, groups: dict[tuple[str, ...], list[str]], total: int) -> None:
    """Progress bars until every run, and every retake that a check asked for, has ended."""
    deadline = time.monotonic() + BACKFILL_TIMEOUT_S
    steps = sum(len(assets) * len(members) for assets, members in groups.items())
    ended: set[str] = set()
    with (
        tqdm(total=total, unit="product", desc="products") as done,
        tqdm(total=steps, unit="step", desc="assets  ") as made,
    ):
        while total and time.monotonic() < deadline:
            ended |= ended_partitions(instance, TAGS)
            done.n = len(ended)
            made.n = sum(1 for members in groups.items() for p in members[1] for a in members[0] if flow.head(a, p))
            done.refresh()
            made.refresh()
            retaken = (p for members in groups.values() for p in members if retakes.is_under_way(flow, p))
            if len(ended) >= total and not active_runs(instance) and not any(retaken):
                return
            time.sleep(1)
