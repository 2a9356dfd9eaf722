"""What runs by itself asks the planner: nothing on a first tick, each change once, homogeneous backfills."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from reel_pipeline.definitions import defs
from reel_pipeline.defs import automation
from reel_pipeline.defs.automation import gallery_changed, new_skus
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.run import QUIET, open_instance
from reel_pipeline.defs.table import SKU_ASSETS
from reel_pipeline.records import Blob
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.defs.test_staleness import edit_product, repaint_photo


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


def test_a_changed_gallery_is_requested_once_and_a_first_tick_requests_nothing(made: Workspace) -> None:
    first = tick(made, sync(made), None)
    assert isinstance(first, dg.SensorResult)
    assert not first.run_requests
    assert isinstance(tick(made, sync(made), first.cursor), dg.SkipReason)
    repaint_photo(made)
    flow = sync(made)
    second = tick(made, flow, first.cursor)
    assert isinstance(second, dg.SensorResult)
    requests = {request.partition_key: request for request in second.run_requests or ()}
    changed = [key.to_user_string() for key in requests["TEA-1"].asset_selection or ()]
    assert changed == list(SKU_ASSETS[1:])
    assert "BOX-2" not in requests
    assert isinstance(tick(made, flow, second.cursor), dg.SkipReason)


def test_what_one_snapshot_changed_is_not_lost_when_the_next_comes_before_its_turn(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "PRODUCTS_PER_TICK", 1)
    first = tick(made, sync(made), None)
    for number in (0, 1):
        edit_product(made, number, price="16.00")
    second = tick(made, sync(made), first.cursor)
    edit_product(made, price="17.00")
    flow = sync(made)
    third = tick(made, flow, second.cursor)
    fourth = tick(made, flow, third.cursor)
    requested = [[r.partition_key for r in result.run_requests or ()] for result in (second, third, fourth)]
    assert requested == [["TEA-1"], ["TEA-1"], ["BOX-2"]]
    assert isinstance(tick(made, flow, fourth.cursor), dg.SkipReason)


def test_a_tick_plans_everything_when_the_snapshot_before_is_gone(made: Workspace) -> None:
    first = tick(made, sync(made), None)
    edit_product(made, price="18.00")
    flow = sync(made)
    before = json.loads(first.cursor or "")["snapshot"]
    flow.store.path(Blob(sha256=before, size_bytes=0, suffix=".json")).unlink()
    assert [r.partition_key for r in tick(made, flow, first.cursor).run_requests or ()] == ["TEA-1"]


def test_a_new_product_is_requested_by_the_schedule_and_a_known_one_is_not(made: Workspace) -> None:
    catalog = json.loads((made.source / "catalog.json").read_text())
    catalog["products"].append({**catalog["products"][1], "sku": "NEW-4"})
    (made.source / "catalog.json").write_text(json.dumps(catalog))
    flow = sync(made)
    context = dg.build_schedule_context(instance=open_instance(made.settings), resources={"flow": flow})
    requested = [tick.partition_key for tick in new_skus(context) if isinstance(tick, dg.RunRequest)]
    assert requested == ["NEW-4"]


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
