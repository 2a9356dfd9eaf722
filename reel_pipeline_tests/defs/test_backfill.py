"""A day in a shop of twenty products: a real webserver, daemon and queue, driven over GraphQL as the UI does.

The event log is the evidence of what ran when.
"""

import json
import os
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reel_pipeline.commands.demo import PROJECT
from reel_pipeline.commands.ui import free_port, start_dagster, wait_until_loaded
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_operations import public
from reel_pipeline_tests.drawing import draw_products, jpeg, product_photo

NAMES = [f"BOX-{number:02d}" for number in range(20)]
SELECTOR = {"repositoryLocationName": "reel_pipeline.definitions", "repositoryName": "__repository__"}
PATIENCE_S = 2400
LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
START_SENSOR = """mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"""
DRY_RUN = """mutation($s: ScheduleSelector!, $t: Float!) { scheduleDryRun(selectorData: $s, timestamp: $t) {
    ... on DryRunInstigationTick { evaluationResult { runRequests { runKey tags { key value } } } } } }"""


class Shop:
    """The running servers, and what was seen of them."""

    def __init__(self, workspace: Workspace, url: str) -> None:
        self.workspace, self.url = workspace, url
        self.instance = open_instance(workspace.settings)
        self.flow = Flow(workspace.settings, workspace.settings.open_store())
        self.seen = 0

    def ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            result = json.loads(answer.read())
        assert "errors" not in result, result
        return result["data"]

    def launch(self, job: str, config: dict[str, Any] | None = None) -> None:
        """A job from the launchpad; waits until its run has ended well."""
        params = {"selector": {**SELECTOR, "pipelineName": job}, "runConfigData": json.dumps(config or {})}
        answer = self.ask(LAUNCH, p=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id = answer["run"]["runId"]
        self.wait(lambda: self._run(run_id).is_finished, f"the run of {job}")
        assert self._run(run_id).is_success, job

    def _run(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def wait(self, until: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"gave up waiting for {what}"
            time.sleep(1)

    def is_quiet(self) -> bool:
        """Nothing runs or waits, and no backfill is under way."""
        from dagster._core.execution.backfill import BulkActionStatus
        from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

        statuses = [*IN_PROGRESS_RUN_STATUSES, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
        busy = self.instance.get_runs_count(dg.RunsFilter(statuses=statuses))
        return not busy and not self.instance.get_backfills(status=BulkActionStatus.REQUESTED)

    def wait_until_quiet(self) -> None:
        self.wait(self.is_quiet, "the queue to empty")

    def ran(self) -> dict[str, list[set[str]]]:
        """SKU -> the assets materialized by each of its runs, oldest first, since the last call."""
        runs = list(reversed(self.instance.get_runs()))
        runs, self.seen = runs[self.seen :], len(runs)
        found: dict[str, list[set[str]]] = defaultdict(list)
        for run in runs:
            if partition := run.tags.get("dagster/partition"):
                made = {
                    event.dagster_event.asset_key.to_user_string()
                    for event in self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
                    if event.dagster_event and event.dagster_event.asset_key
                }
                found[partition].append(made)
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("shop")
    draw_products(root / "source", NAMES)
    workspace = new_workspace(root / "work", root / "source")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        use(workspace, patch)
        home = Path(os.environ["DAGSTER_HOME"])
        home.mkdir()
        (home / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text())
        logs = running.enter_context((home / "servers.log").open("ab"))
        url = f"http://127.0.0.1:{free_port()}"
        wait_until_loaded(url, start_dagster(running, url, logs), home / "servers.log")
        yield Shop(workspace, url)


def edit(shop: Shop, change: Callable[[list[dict[str, Any]]], None]) -> None:
    path = shop.workspace.source / "catalog.json"
    products = json.loads(path.read_text())["products"]
    change(products)
    path.write_text(json.dumps({"products": products}))


def repaint(shop: Shop, number: int, seed: int) -> None:
    pixels = product_photo(seed, f"NO {number}\nNEW {seed}", (800, 1000))
    (shop.workspace.source / "images" / f"{number}-0.jpg").write_bytes(jpeg(pixels))


@pytest.mark.servers
@pytest.mark.slow
def test_a_day_in_a_shop_of_twenty_products(shop: Shop) -> None:
    # A backfill of the whole collection, as the UI's dialog launches it.
    shop.launch("sync_catalog")
    assert set(shop.instance.get_dynamic_partitions(SKUS.name or "")) == set(NAMES)
    shop.ran()
    selection = [{"path": [name]} for name in SKU_ASSETS]
    answer = shop.ask(BACKFILL, p={"assetSelection": selection, "partitionNames": NAMES})["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    shop.wait(lambda: public(shop.workspace) != set(), "the first reel")
    shop.wait_until_quiet()
    runs = shop.ran()
    assert runs.keys() == set(NAMES)
    assert all(made[0] == set(SKU_ASSETS) for made in runs.values()), "one run a SKU makes all of it"
    reels = {name: shop.flow.head("reel", name) for name in NAMES}

    # One gallery changes: the sensor has only that SKU's stale assets made.
    sensor = {**SELECTOR, "sensorName": "gallery_changed"}
    assert shop.ask(START_SENSOR, s=sensor)["startSensor"]["__typename"] == "Sensor"
    ticks = [state for state in shop.instance.all_instigator_state() if state.name == "gallery_changed"]
    shop.wait(lambda: bool(cursor_of(shop, "gallery_changed")), f"the first tick of {ticks}")
    repaint(shop, 7, seed=4321)
    shop.launch("sync_catalog")
    shop.wait(
        lambda: bool(shop.instance.get_runs(dg.RunsFilter(tags={"dagster/sensor_name": "gallery_changed"}))),
        "the sensor",
    )
    shop.wait_until_quiet()
    runs = shop.ran()
    assert {name: made[0] for name, made in runs.items()} == {"BOX-07": set(SKU_ASSETS[1:])}
    changed = {name for name in NAMES if shop.flow.head("reel", name) != reels[name]}
    assert changed == {"BOX-07"}

    # A new SKU, a mixed stale set, and one product whose only photo is damaged.
    def add(products: list[dict[str, Any]]) -> None:
        products.append({**products[1], "sku": "BOX-20", "title": "Carton number 20"})
        products[3]["price"] = "99.00"
        products[4]["title"] = "Carton number 4, larger"

    edit(shop, add)
    (shop.workspace.source / "images" / "5-0.jpg").write_bytes(b"\xff\xd8 no picture")
    shop.launch("sync_catalog")
    schedule = {**SELECTOR, "scheduleName": "new_skus"}
    dry = shop.ask(DRY_RUN, s=schedule, t=time.time())["scheduleDryRun"]["evaluationResult"]
    assert [request["runKey"].split(":")[0] for request in dry["runRequests"]] == ["BOX-20"]
    shop.wait_until_quiet()
    shop.ran()
    shop.launch("collection_backfill", {"ops": {"launch_backfills": {"config": {"collection": "All"}}}})
    shop.wait_until_quiet()
    runs = shop.ran()
    from_plan = set(SKU_ASSETS[SKU_ASSETS.index("shot_plan") :])
    made = {name: all_made[0] for name, all_made in runs.items()}
    already = {"BOX-03", "BOX-04", "BOX-05"} - made.keys()  # the sensor may have been faster than the backfill
    assert made.keys() | already == {"BOX-03", "BOX-04", "BOX-05", "BOX-20"}
    assert made["BOX-20"] == set(SKU_ASSETS)
    for name, expected in (
        ("BOX-03", {"product"}),
        ("BOX-04", {"product", *from_plan}),
        ("BOX-05", {"product_gallery"}),
    ):
        assert made.get(name, expected) == expected, name
    assert shop.flow.record("mirrored_asset", "BOX-20") is not None

    # One product goes: kept after the first crawl, retired and withdrawn after the second.
    edit(shop, lambda products: products.pop(9))
    shop.launch("sync_catalog")
    assert "BOX-09" in shop.instance.get_dynamic_partitions(SKUS.name or "")
    shop.launch("reconcile")
    assert shop.flow.record("mirrored_asset", "BOX-09").editions
    shop.launch("sync_catalog")
    assert "BOX-09" not in shop.instance.get_dynamic_partitions(SKUS.name or "")
    shop.launch("reconcile")
    assert shop.flow.record("mirrored_asset", "BOX-09").withdrawn
    root = Path(shop.workspace.settings.publish_location)
    assert not list(root.glob("box-09-*/**/*.mp4"))


def cursor_of(shop: Shop, sensor: str) -> str:
    """A sensor's cursor, empty before its first tick."""
    for state in shop.instance.all_instigator_state():
        if state.name == sensor and state.instigator_data is not None:
            return str(getattr(state.instigator_data, "cursor", None) or "")
    return ""
