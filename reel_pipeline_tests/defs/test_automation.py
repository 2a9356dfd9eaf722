"""What runs by itself asks the planner: nothing on a first tick, each change once, homogeneous backfills."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.defs.schedules import hourly_sync, new_skus
from reel_pipeline.defs.sensors.gallery_changed import gallery_changed
from reel_pipeline.defs.sensors.requests import TRIES
from reel_pipeline.records import Blob
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.rules.test_staleness import edit_product, repaint_photo


def sync(made: Workspace) -> Flow:
    settings = made.reload()
    assert (
        defs.resolve_job_def("sync_catalog")
        .execute_in_process(instance=open_instance(settings), run_config=QUIET)
        .success
    )
    return Flow(settings, settings.open_store())


def tick(made: Workspace, flow: Flow, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(instance=open_instance(made.settings), cursor=cursor, resources={"flow": flow})
    result = gallery_changed(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def requested(tick: dg.SensorResult | dg.SkipReason) -> dict[str, dg.RunRequest]:
    requests = tick.run_requests or () if isinstance(tick, dg.SensorResult) else ()
    return {str(request.partition_key): request for request in requests}


def cursor(tick: dg.SensorResult | dg.SkipReason) -> str | None:
    assert isinstance(tick, dg.SensorResult)
    return tick.cursor


def queue(made: Workspace, request: dg.RunRequest) -> dg.DagsterRun:
    """A real run in the queue, as the daemon makes it of a request."""
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("reel_pipeline"), "__repository__")
    return open_instance(made.settings).create_run_for_job(
        defs.resolve_job_def("make_reels"),
        tags={**request.tags, "dagster/partition": str(request.partition_key)},
        status=dg.DagsterRunStatus.QUEUED,
        remote_job_origin=RemoteJobOrigin(origin, "make_reels"),
    )


def execute(made: Workspace, request: dg.RunRequest) -> None:
    defs.resolve_job_def("make_reels").execute_in_process(
        instance=open_instance(made.settings), partition_key=request.partition_key, run_config=QUIET,
        tags=dict(request.tags), asset_selection=list(request.asset_selection or ()), raise_on_error=False,
    )  # fmt: skip


def test_a_changed_gallery_is_requested_once_and_a_first_tick_requests_nothing(made: Workspace) -> None:
    first = tick(made, sync(made), None)
    assert isinstance(first, dg.SensorResult)
    assert not first.run_requests
    assert isinstance(tick(made, sync(made), first.cursor), dg.SkipReason)
    repaint_photo(made)
    flow = sync(made)
    second = tick(made, flow, first.cursor)
    assert isinstance(second, dg.SensorResult)
    requests = requested(second)
    changed = [key.to_user_string() for key in requests["TEA-1"].asset_selection or ()]
    assert changed == list(SKU_ASSETS[1:])
    assert "BOX-2" not in requests
    run = queue(made, requests["TEA-1"])
    third = tick(made, flow, second.cursor)
    assert requested(third) == {}, "it is in the queue"
    open_instance(made.settings).report_run_canceled(run)
    fourth = tick(made, flow, cursor(third))
    assert requested(fourth)["TEA-1"].run_key != requests["TEA-1"].run_key, "Dagster drops a key that it has seen"
    for _ in range(TRIES - 1):
        open_instance(made.settings).report_run_canceled(queue(made, requested(fourth)["TEA-1"]))
    fifth = tick(made, flow, cursor(fourth))
    assert requested(fifth) == {}, "three times cancelled"
    assert isinstance(tick(made, flow, cursor(fifth)), dg.SkipReason)


def test_a_price_that_goes_down_and_up_and_down_is_followed_each_time(made: Workspace) -> None:
    at = cursor(tick(made, sync(made), None))
    keys = []
    for price in ("9.00", "12.00", "9.00"):
        edit_product(made, price=price)
        flow = sync(made)
        asked = tick(made, flow, at)
        keys.append(requested(asked)["TEA-1"].run_key)
        execute(made, requested(asked)["TEA-1"])
        at = cursor(tick(made, flow, cursor(asked)))
        assert flow.record("product", "TEA-1").price == price
    assert len(set(keys)) == 3


def test_what_one_snapshot_changed_is_not_lost_when_the_next_comes_before_its_turn(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reel_pipeline.defs.sensors.gallery_changed.PRODUCTS_PER_TICK", 1)
    first = tick(made, sync(made), None)
    for number in (0, 1):
        edit_product(made, number, price="16.00")
    second = tick(made, sync(made), cursor(first))
    edit_product(made, price="17.00")
    flow = sync(made)
    ticks = [second, tick(made, flow, cursor(second))]
    while isinstance(ticks[-1], dg.SensorResult):
        for request in requested(ticks[-1]).values():
            execute(made, request)
        ticks.append(tick(made, flow, cursor(ticks[-1])))
    assert [list(requested(one)) for one in ticks if requested(one)] == [["TEA-1"], ["TEA-1"], ["BOX-2"]]


def test_a_tick_plans_everything_when_the_snapshot_before_is_gone(made: Workspace) -> None:
    first = tick(made, sync(made), None)
    edit_product(made, price="18.00")
    flow = sync(made)
    before = json.loads(first.cursor or "")["snapshot"]
    flow.store.path(Blob(sha256=before, size_bytes=0, suffix=".json")).unlink()
    assert list(requested(tick(made, flow, first.cursor))) == ["TEA-1"]


def test_a_new_product_is_requested_by_the_schedule_and_a_known_one_is_not(made: Workspace) -> None:
    flow = add_products(made, "NEW-4")
    assert [request.partition_key for request in new(made, flow)] == ["NEW-4"]


def test_new_products_whose_first_runs_are_cancelled_come_again_and_hold_up_no_newer_ones(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reel_pipeline.defs.schedules.PRODUCTS_PER_TICK", 2)
    instance = open_instance(made.settings)
    flow = add_products(made, "NEW-4", "NEW-5")
    for _ in range(TRIES):
        requests = new(made, flow)
        assert {request.partition_key for request in requests} == {"NEW-4", "NEW-5"}
        runs = [queue(made, request) for request in requests]
        assert new(made, flow) == [], "they are in the queue"
        execute(made, dg.RunRequest(partition_key="NEW-5", asset_selection=[dg.AssetKey("product")]))
        for run in runs:
            instance.report_run_canceled(run)
    flow = add_products(made, "NEW-6")
    assert [request.partition_key for request in new(made, flow)] == ["NEW-6"]


def add_products(made: Workspace, *skus: str) -> Flow:
    catalog = json.loads((made.source / "catalog.json").read_text())
    catalog["products"] += [{**catalog["products"][1], "sku": sku} for sku in skus]
    (made.source / "catalog.json").write_text(json.dumps(catalog))
    return sync(made)


def new(made: Workspace, flow: Flow) -> list[dg.RunRequest]:
    context = dg.build_schedule_context(instance=open_instance(made.settings), resources={"flow": flow})
    return [tick for tick in new_skus(context) if isinstance(tick, dg.RunRequest)]


def test_a_sync_that_has_not_ended_is_not_followed_by_the_next(made: Workspace) -> None:
    instance = open_instance(made.settings)
    context = dg.build_schedule_context(instance=instance)
    assert isinstance(hourly_sync(context), dg.RunRequest)
    instance.create_run_for_job(defs.resolve_job_def("sync_catalog"), status=dg.DagsterRunStatus.STARTED)
    assert isinstance(hourly_sync(context), dg.SkipReason)


def test_a_collection_backfill_groups_products_by_what_is_stale(made: Workspace, tmp_path: Path) -> None:
    edit_product(made, price="15.00")
    flow = sync(made)
    instance = open_instance(made.settings)

    def launch(**config: object) -> int:
        """As from the launchpad: in a process that loads the code location, as the daemon does."""
        path = tmp_path / "config.yaml"
        path.write_text(json.dumps({"ops": {"launch_backfills": {"config": config}}}))
        dagster = str(Path(sys.executable).with_name("dagster"))
        command = [
            dagster,
            "job",
            "execute",
            "-m",
            "reel_pipeline.definitions",
            "-j",
            "collection_backfill",
            "-c",
            str(path),
        ]
        return subprocess.run(command, capture_output=True).returncode

    assert launch(collection="Gifts", dry_run=True) == 0
    assert not instance.get_backfills()
    assert launch(collection="No such") != 0
    assert launch(collection="Gifts") == 0
    wanted: dict[str, set[str]] = {}
    for backfill in instance.get_backfills():
        assert backfill.asset_backfill_data is not None
        for target in backfill.asset_backfill_data.target_subset.iterate_asset_partitions():
            wanted.setdefault(str(target.partition_key), set()).add(target.asset_key.to_user_string())
    assert wanted == {"TEA-1": {"product"}}  # BAD-3: nothing is made below a check that said no
    assert all(backfill.tags["reel/collection"] == "Gifts" for backfill in instance.get_backfills())
    assert flow.record("mirrored_asset", "BOX-2") is not None
