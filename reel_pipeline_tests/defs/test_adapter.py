"""What Dagster is told of a check, whatever its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from reel_pipeline.costs import Cost
from reel_pipeline.defs.adapter import Find, check, record_of
from reel_pipeline.defs.in_process import run_job
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.records import Finding, ProductGallery
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import Settings
from reel_pipeline_tests.conftest import new_workspace

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
PARTITION = "TEA-1"
NAME = "gallery_is_usable"


@dg.asset(partitions_def=SKUS)
def product_gallery() -> dg.MaterializeResult[None]:
    """Stands for the asset, which the check looks for in the store."""
    return dg.MaterializeResult(metadata={"reused": False, "cost": Cost().as_json()})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A workspace that holds one gallery."""
    settings = new_workspace(tmp_path / "work", tmp_path).settings
    settings.open_store().save("product_gallery", PARTITION, ProductGallery(photos=()), "0" * 64, {})
    return settings


def flow_of(settings: Settings) -> Flow:
    return Flow(settings, settings.open_store(), force=True)


@contextmanager
def job_of(settings: Settings, find: Find) -> Iterator[tuple[dg.JobDefinition, dg.DagsterInstance]]:
    """A job in which `find` looks at the gallery for `gallery_is_usable`."""
    only = dg.define_asset_job("only", dg.AssetSelection.assets(product_gallery))
    defs = dg.Definitions(
        [product_gallery], asset_checks=[check(NAME, "", find)], jobs=[only], resources={"flow": flow_of(settings)}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(SKUS.name or "", [PARTITION])
        yield defs.resolve_job_def("only"), instance


def asked(settings: Settings, find: Find) -> dg.AssetCheckEvaluation:
    """The evaluation that Dagster keeps of `gallery_is_usable`."""
    with job_of(settings, find) as (job, instance):
        done = job.execute_in_process(instance=instance, partition_key=PARTITION, raise_on_error=False)
    (evaluation,) = done.get_asset_check_evaluations()
    return evaluation


def boom(flow: Flow, partition: str, gallery: ProductGallery) -> Finding:
    raise ZeroDivisionError("a count of nothing")


def test_its_keys_are_the_same_whether_it_passed_or_not(settings: Settings) -> None:
    measured = {"photos": 3.0}
    told = [
        asked(settings, lambda *_, passed=passed: Finding(passed=passed, sentence="As it is.", measured=measured))
        for passed in (True, False)
    ]
    assert [one.passed for one in told] == [True, False]
    assert told[0].metadata.keys() == told[1].metadata.keys() == {"finding", "error", "reused", "photos"}


def test_an_exception_that_nobody_foresaw_is_a_failed_check_with_its_type(settings: Settings, logged_errors) -> None:
    logged_errors("ZeroDivisionError")
    evaluation = asked(settings, boom)
    assert not evaluation.passed
    assert evaluation.metadata["error"].value == "ZeroDivisionError"
    assert "a count of nothing" in str(evaluation.description)
    assert flow_of(settings).finding(NAME, PARTITION) is None, "an accident is no answer"
    assert flow_of(settings).failure("product_gallery", PARTITION)
    assert asked(settings, lambda *_: Finding(passed=True, sentence="Fine.")).passed
    assert flow_of(settings).failure("product_gallery", PARTITION) is None


def test_a_run_that_a_check_ended_says_of_it_what_no_finding_does(settings: Settings, logged_errors) -> None:
    logged_errors("ZeroDivisionError")
    with job_of(settings, boom) as (job, instance):
        died = run_job(job, instance, PARTITION)
    with job_of(settings, lambda *_: Finding(passed=False, sentence="No photo.")) as (job, instance):
        refused = run_job(job, instance, PARTITION)
    assert not died.succeeded
    assert "gallery_is_usable failed unexpectedly (ZeroDivisionError: a count of nothing)" in str(died.error)
    assert not refused.succeeded
    assert refused.error is None, "the finding is in the store"


def test_a_record_that_is_missing_is_said_of_its_product_or_of_the_workspace(settings: Settings) -> None:
    for asset, of in (("product", PARTITION), ("brand_kit", "this workspace")):
        with pytest.raises(dg.Failure) as raised:
            record_of(flow_of(settings), asset, PARTITION)
        assert raised.value.description == f"{asset} was never made for {of}; materialize it first."
