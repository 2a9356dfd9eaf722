"""Which queued runs may begin: none waits for a crawl, and none takes a slot in which it could only wait."""

import threading
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.defs.launcher import WatchedRunLauncher, lock_name
from reel_pipeline.store import UNPARTITIONED, Store
from reel_pipeline_tests.conftest import new_workspace, use
from reel_pipeline_tests.deployment import PRODUCTION, PROJECT


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    workspace = new_workspace(tmp_path / "work", tmp_path / "source")
    use(workspace, monkeypatch)
    return workspace.settings.open_store()


@pytest.fixture
def instance(store: Store, tmp_path: Path) -> dg.DagsterInstance:
    return open_instance(new_workspace(tmp_path / "work", tmp_path / "source").settings)


def new_run(
    instance: dg.DagsterInstance, job: str, partition: str = "", status: str = "QUEUED", assets: tuple[str, ...] = ()
) -> dg.DagsterRun:
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("reel_pipeline"), "__repository__")
    definition = defs.resolve_job_def(job)
    return instance.create_run_for_job(
        definition,
        tags={**definition.tags, **({"dagster/partition": partition} if partition else {})},
        status=dg.DagsterRunStatus(status),
        asset_selection=frozenset(dg.AssetKey(name) for name in assets) or None,
        remote_job_origin=RemoteJobOrigin(origin, job),
    )


def begin_now(instance: dg.DagsterInstance) -> list[tuple[str, str | None]]:
    """Job and SKU of the queued runs that the daemon would launch now."""
    daemon = QueuedRunCoordinatorDaemon(interval_seconds=5)
    runs = daemon._get_runs_to_dequeue(instance, instance.get_concurrency_config(), None)
    return [(run.job_name, run.tags.get("dagster/partition")) for run in runs]


def test_a_long_sync_holds_up_nothing_and_what_could_only_wait_stays_in_the_queue(
    instance: dg.DagsterInstance, store: Store
) -> None:
    new_run(instance, "sync_catalog", status="STARTED")
    new_run(instance, "sync_catalog")
    for partition in ("BOX-2", "TEA-1", "TEA-1", "CUP-3", "MUG-4"):
        new_run(instance, "make_reels", partition)
    for job in ("review", "review", "reconcile", "reconcile", "collection_backfill", "learn"):
        new_run(instance, job)
    others = [("review", None), ("review", None), ("reconcile", None), ("collection_backfill", None), ("learn", None)]
    with store.lock("BOX-2"):
        assert begin_now(instance) == [("make_reels", "TEA-1"), ("make_reels", "CUP-3"), *others]
    assert begin_now(instance) == [("make_reels", "BOX-2"), ("make_reels", "TEA-1"), *others]


def test_without_settings_the_queue_goes_on(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    new_run(instance, "make_reels", "BOX-2")
    monkeypatch.setenv("REEL_PIPELINE_CONFIG", "/no/such/reel_pipeline.toml")
    assert begin_now(instance) == [("make_reels", "BOX-2")]


def test_a_review_that_waits_for_its_product_holds_up_no_other(instance: dg.DagsterInstance) -> None:
    def review(sku: str) -> dg.DagsterRun:
        config = {"sku": sku, "approve": False, "reason": "Dull."}
        run_config = {"ops": {"enter_review": {"config": config}}}
        return instance.create_run_for_job(defs.resolve_job_def("review"), run_config=run_config)

    assert lock_name(review("BOX-2")) != lock_name(review("TEA-1"))


@pytest.mark.parametrize(("job", "assets"), [("reconcile", ()), ("learn", ()), ("sync_catalog", ("brand_kit",))])
def test_no_job_waits_for_a_crawl(
    job: str, assets: tuple[str, ...], instance: dg.DagsterInstance, store: Store
) -> None:
    over, held = threading.Event(), threading.Event()

    def crawl() -> None:
        with store.lock(UNPARTITIONED):
            held.set()
            over.wait(60)
        over.set()

    crawling = threading.Thread(target=crawl)
    crawling.start()
    held.wait()
    done = defs.resolve_job_def(job).execute_in_process(
        instance=instance, run_config=QUIET, raise_on_error=False,
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
    )  # fmt: skip
    waited = over.is_set()
    over.set()
    crawling.join()
    assert done.success
    assert not waited


def test_a_run_whose_lock_nobody_holds_is_found_dead_and_one_that_works_is_not(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reel_pipeline.defs.launcher.GRACE_S", 0.0)
    launcher = instance.run_launcher
    assert isinstance(launcher, WatchedRunLauncher)
    product, learning = new_run(instance, "make_reels", "BOX-2"), new_run(instance, "learn")
    with store.lock("BOX-2"), store.lock("job learn"):
        assert {launcher.check_run_worker_health(run).status.value for run in (product, learning)} == {"RUNNING"}
    with store.lock(UNPARTITIONED):
        assert {launcher.check_run_worker_health(run).status.value for run in (product, learning)} == {"FAILED"}


def test_laptop_and_production_queue_alike() -> None:
    laptop, production = (
        yaml.safe_load((folder / "dagster.yaml").read_text())["run_coordinator"] for folder in (PROJECT, PRODUCTION)
    )

    def kinds(config: dict[str, Any]) -> list[tuple[object, object]]:
        return [(limit["key"], limit.get("value")) for limit in config["config"]["tag_concurrency_limits"]]

    assert (laptop["module"], laptop["class"]) == (production["module"], production["class"])
    assert kinds(laptop) == kinds(production)
    for config in (laptop, production):
        limits = config["config"]["tag_concurrency_limits"]
        products = next(limit["limit"] for limit in limits if "value" not in limit)
        jobs_of_their_own = {job.tags["reel/job"] for job in defs.resolve_all_job_defs() if "reel/job" in job.tags}
        assert config["config"]["max_concurrent_runs"] >= products + len(jobs_of_their_own)
