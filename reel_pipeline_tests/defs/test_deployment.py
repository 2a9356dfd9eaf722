"""Laptop and production as they are deployed: the queue, the daemon, the webserver; PostgreSQL and S3."""

import json
import time
from pathlib import Path

import pytest

from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import State, known_partitions, report
from reel_pipeline.rules.table import ASSETS, SKU_ASSETS
from reel_pipeline.store import UNPARTITIONED, partition_path
from reel_pipeline_tests.deployment import DEPLOYMENTS, deployed
from reel_pipeline_tests.drawing import draw_catalog
from reel_pipeline_tests.servers import wait_for

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("kind", DEPLOYMENTS)
def test_a_catalogue_is_backfilled_through_the_ui_and_the_command_line_finds_nothing_left(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployed(kind, tmp_path / "work", draw_catalog(tmp_path / "source"), request) as deployment:
        assert deployment.wait_for_run(deployment.launch("sync_catalog")) == "SUCCESS"
        assert deployment.wait_for_run(deployment.launch("collection_backfill")) == "SUCCESS"
        deployment.wait_until_idle(timeout_s=600)
        flow = deployment.flow(monkeypatch)
        reports = {partition: report(flow, partition) for partition in known_partitions(flow)}
        states = {partition: product.state for partition, product in reports.items()}
        assert states == {"TEA-1": State.PUBLISHED, "BOX-2": State.PUBLISHED, "BAD-3": State.FAILED}, reports
        out, _ = deployment.command("run", "--only-stale", "--json").communicate(timeout=600)
        products = {product["sku"]: product for product in json.loads(out)["products"]}
        assert [products[sku]["computed"] for sku in ("TEA-1", "BOX-2")] == [0, 0]
        assert {sku: product["state"] for sku, product in products.items()} == states
        assert not flow.store.objects.locks.holders()


def wait_until_held(flow: Flow, partition: str) -> None:
    deadline = time.monotonic() + 120
    while not flow.store.objects.locks.holder(partition_path(partition)):
        assert time.monotonic() < deadline, f"nobody began to make {partition}"
        time.sleep(0.1)


def assert_of_one_piece(flow: Flow, partition: str) -> None:
    """Every record was made from exactly the records that are current now."""
    for name in SKU_ASSETS:
        head = flow.head(name, partition)
        assert head is not None
        for upstream in ASSETS[name].upstream:
            above = flow.head(upstream, partition)
            assert above is not None
            assert head.inputs[upstream] == above.record.sha256, f"{name} was made from another {upstream}"


@pytest.mark.parametrize("kind", DEPLOYMENTS)
def test_of_two_runs_of_one_product_from_the_ui_and_the_command_line_one_waits(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployed(kind, tmp_path / "work", draw_catalog(tmp_path / "source"), request) as deployment:
        assert deployment.wait_for_run(deployment.launch("sync_catalog")) == "SUCCESS"
        flow = deployment.flow(monkeypatch)

        first = deployment.launch("make_reels", tags={"dagster/partition": "BOX-2"})
        wait_until_held(flow, "BOX-2")
        out, err = deployment.command("run", "--sku", "BOX-2", "--json").communicate(timeout=600)
        assert deployment.wait_for_run(first) == "SUCCESS"
        [product] = json.loads(out)["products"]
        assert (product["state"], product["computed"]) == ("published", 0)
        assert err.count("is being made by process") == 1
        second = next(run["runId"] for run in deployment.runs() if run["jobName"] == "make_reels")
        assert second != first
        assert deployment.seconds_of_work(first)[1] < deployment.seconds_of_work(second)[0]
        assert_of_one_piece(flow, "BOX-2")

        forced = deployment.command("run", "--sku", "BOX-2", "--force", "--json")
        wait_until_held(flow, "BOX-2")
        backfill = deployment.backfill(SKU_ASSETS, ["BOX-2"])
        out, _ = forced.communicate(timeout=600)
        assert json.loads(out)["products"][0]["state"] == "published"
        deployment.wait_until_idle(timeout_s=600)
        queued = next(run for run in deployment.runs() if run["tags"].get("dagster/backfill") == backfill)
        third = next(run["runId"] for run in deployment.runs() if run["tags"].get("reel/force"))
        assert queued["status"] == "SUCCESS"
        assert deployment.seconds_of_work(third)[1] < deployment.seconds_of_work(queued["runId"])[0]
        assert_of_one_piece(flow, "BOX-2")
        assert report(flow, "BOX-2").state is State.PUBLISHED


def test_a_crawl_and_a_product_that_somebody_holds_hold_up_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployed("laptop", tmp_path / "work", draw_catalog(tmp_path / "source"), None) as deployment:
        assert deployment.wait_for_run(deployment.launch("sync_catalog")) == "SUCCESS"
        flow = deployment.flow(monkeypatch)

        def status_of(partition: str) -> str:
            runs = (run for run in deployment.runs() if run["tags"].get("dagster/partition") == partition)
            return str(next((run["status"] for run in runs), "not requested yet"))

        with flow.store.lock(UNPARTITIONED), flow.store.lock("BOX-2"):
            crawls = [deployment.launch("sync_catalog") for _ in range(2)]
            deployment.backfill(["product"], ["BOX-2", "TEA-1"])
            assert deployment.wait_for_run(deployment.launch("reconcile")) == "SUCCESS"
            wait_for("the run of TEA-1", lambda: status_of("TEA-1") == "SUCCESS", tmp_path)
            assert status_of("BOX-2") == "QUEUED"
            assert [deployment.status(crawl) for crawl in crawls] == ["STARTED", "QUEUED"]
        assert [deployment.wait_for_run(crawl) for crawl in crawls] == ["SUCCESS"] * 2
        wait_for("the run of BOX-2", lambda: status_of("BOX-2") == "SUCCESS", tmp_path)
