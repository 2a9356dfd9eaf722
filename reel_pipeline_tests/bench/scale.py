"""How the planner, a sensor tick and memory grow with the catalogue: `bench scale [COUNT ...]`.

Everything but the pixels is real: records, heads and check answers in a folder store, materializations in the event log
of a PostgreSQL server that is started for it (SQLite with `--sqlite`, for small counts). One drawn product is made
once; every SKU of the catalogue then has its records. Then 1 % of the products change.
"""

import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from tqdm import tqdm

from reel_pipeline import objects
from reel_pipeline.commands.demo import PROJECT
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import DATA_VERSION_TAG, plan
from reel_pipeline.defs.sensors.gallery_changed import gallery_changed
from reel_pipeline.records import CatalogSnapshot, CheckResult, Finding
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.table import ASSETS, CHECKS, SKU_ASSETS
from reel_pipeline.settings import CONFIG_VARIABLE
from reel_pipeline.store import UNPARTITIONED
from reel_pipeline_tests.conftest import new_workspace
from reel_pipeline_tests.drawing import draw_products
from reel_pipeline_tests.servers import Postgres, postgres_programs

CHANGED_SHARE = 0.01
EVENTS_AT_ONCE = 2000


def list_catalog(flow: Flow, count: int, changed: int = 0) -> None:
    """A snapshot of `count` products like the first; the last `changed` of them have another title."""
    before: CatalogSnapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    first = before.entries[0]
    entries = []
    for number in range(count):
        sku = first.sku if number == 0 else f"SKU-{number:05d}"
        title = f"{first.title} again" if number >= count - changed else first.title
        entries.append(first.model_copy(update={"partition_key": sku, "sku": sku, "title": title}))
    snapshot = before.model_copy(update={"entries": tuple(entries)})
    flow.store.save("catalog_snapshot", UNPARTITIONED, snapshot, "0" * 64, {})


def copy_product(flow: Flow, partition: str) -> list[dg.AssetMaterialization]:
    """Give a SKU the first one's records, as if each had been made of its own entry and checked.

    Returns what the event log has to know of it.
    """
    made = []
    look = FrozenFlow(flow)
    entry = flow.record("catalog_snapshot", UNPARTITIONED).by_partition[partition]
    first = flow.record("catalog_snapshot", UNPARTITIONED).entries[0].partition_key
    records: dict[str, Any] = {name: look.record(name, UNPARTITIONED) for name in ("catalog_snapshot", "brand_kit")}
    for name in SKU_ASSETS:
        row = ASSETS[name]
        record = look.record(name, first)
        if name == "product":
            record = record.model_copy(update={"sku": entry.sku})
        if name == "mirrored_asset":
            record = record.model_copy(update={"sku": entry.sku, "partition_key": partition})
        records[name] = record
        depends = row.depends(records, flow.settings, partition)
        flow.store.save(name, partition, record, row.fingerprint(depends), {}, depends=depends)
        tags = {DATA_VERSION_TAG: record.digest()}
        made.append(dg.AssetMaterialization(name, partition=partition, tags=tags))
    for check in CHECKS.values():
        if ASSETS[check.asset].partitioned:
            finding = Finding(passed=True, sentence="Copied.")
            subject = check.subject({name: records[name] for name in check.reads})
            result = CheckResult(asset=check.asset, check=check.name, subject_sha256=subject, finding=finding)
            flow.store.save_check(partition, result)
    return made


def log(instance: dg.DagsterInstance, materializations: list[dg.AssetMaterialization]) -> None:
    """As `report_runless_asset_event`, many at a time."""
    events = [
        EventLogEntry(
            user_message="",
            level=logging.INFO,
            job_name=RUNLESS_JOB_NAME,
            run_id=RUNLESS_RUN_ID,
            error_info=None,
            timestamp=time.time(),
            dagster_event=DagsterEvent(
                event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
                event_specific_data=StepMaterializationData(materialization),
                job_name=RUNLESS_JOB_NAME,
            ),
        )
        for materialization in materializations
    ]
    instance.event_log_storage.store_event_batch(events)


@contextmanager
def timed(results: dict[str, float], name: str) -> Any:
    started = time.perf_counter()
    yield
    results[name] = time.perf_counter() - started


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def tick(instance: dg.DagsterInstance, flow: Flow, cursor: str | None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"flow": flow})
    result = gallery_changed(context)
    assert isinstance(result, dg.SensorResult)
    return result


def measure(instance: dg.DagsterInstance, flow: Flow, count: int) -> dict[str, float]:
    partitions = list(flow.record("catalog_snapshot", UNPARTITIONED).by_partition)
    measured: dict[str, float] = {"skus": count}
    changed = max(1, round(CHANGED_SHARE * count))
    with timed(measured, "plan_first_s"):
        assert plan(instance, flow, partitions) == {}
    with timed(measured, "plan_unchanged_s"):
        assert plan(instance, flow, partitions) == {}
    cursor = tick(instance, flow, None).cursor
    list_catalog(flow, count, changed)
    with timed(measured, "plan_1_percent_s"):
        assert len(plan(instance, flow, partitions)) == changed
    with timed(measured, "tick_s"):
        requests = tick(instance, flow, cursor).run_requests or []
    assert len(requests) == min(changed, 25)
    list_catalog(flow, count)
    return {**measured, "peak_mb": peak_mb()}


def start_postgres(running: ExitStack, home: Path) -> None:
    programs = postgres_programs()
    if programs is None:
        sys.exit("PostgreSQL is not installed; run `make servers`, or use --sqlite.")
    root = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="reel-postgres-", ignore_cleanup_errors=True)))
    server = Postgres(programs, root)
    running.callback(server.process.end, signal.SIGINT)
    os.environ.update(server.new_database())
    home.mkdir()
    shutil.copy(PROJECT / "data" / "production" / "dagster.yaml", home / "dagster.yaml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--sqlite", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        draw_products(Path(folder) / "source", ["FIRST"], photos=1)
        settings = new_workspace(Path(folder) / "work", Path(folder) / "source").settings
        os.environ[CONFIG_VARIABLE] = str(settings.workspace / "reel_pipeline.toml")
        os.environ["DAGSTER_HOME"] = str(settings.workspace / "dagster_home")
        if not arguments.sqlite:
            start_postgres(running, settings.workspace / "dagster_home")
        # Its pixels are made in a process of their own, so that they don't count in the memory of the planner.
        subprocess.run([sys.executable, "-m", "reel_pipeline.cli", "run"], check=True, stdout=subprocess.DEVNULL)
        instance, flow = open_instance(settings), Flow(settings, settings.open_store())
        no_sync: Callable[[Path], None] = lambda path: None  # noqa: E731
        objects.folder._sync = no_sync  # type: ignore[attr-defined]  # filling the store is not what is measured
        made, rows = 1, []
        for count in sorted(arguments.counts):
            list_catalog(flow, count)
            names = list(flow.record("catalog_snapshot", UNPARTITIONED).by_partition)
            instance.add_dynamic_partitions(SKUS.name or "", names)
            events = []
            for partition in tqdm(names[made:], unit="product", desc=f"filling up to {count}", disable=None):
                events += copy_product(flow, partition)
                if len(events) > EVENTS_AT_ONCE:
                    log(instance, events)
                    events = []
            log(instance, events)
            made = count
            rows.append(measure(instance, flow, count))
            print(rows[-1], file=sys.stderr)
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print(
            "| "
            + " | ".join(f"{value:.2f}" if key.endswith("_s") else f"{value:.0f}" for key, value in row.items())
            + " |"
        )


if __name__ == "__main__":
    main()
