"""What Dagster is told of a check, whatever its answer."""

import dagster as dg
import pytest

from reel_pipeline.defs.adapter import check
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.records import Finding, ProductGallery
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import Settings
from reel_pipeline_tests.conftest import Workspace

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
PARTITION = "TEA-1"
NAME = "gallery_is_usable"


@dg.asset(partitions_def=SKUS)
def product_gallery() -> None:
    """Stands for the asset: only its check runs."""


def flow_of(settings: Settings) -> Flow:
    return Flow(settings, settings.open_store(), force=True)


def asked(workspace: Workspace, find) -> dg.AssetCheckEvaluation:
    """The evaluation that Dagster keeps of `gallery_is_usable` when `find` looks at the gallery."""
    flow = flow_of(workspace.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("sku", [PARTITION])
        done = dg.materialize(
            [product_gallery, check(NAME, "", find)],
            selection=dg.AssetSelection.checks(dg.AssetCheckKey(product_gallery.key, NAME)),
            resources={"flow": flow, "io_manager": dg.mem_io_manager},
            partition_key=PARTITION,
            instance=instance,
            raise_on_error=False,
        )
    (evaluation,) = done.get_asset_check_evaluations()
    return evaluation


def boom(flow: Flow, partition: str, gallery: ProductGallery) -> Finding:
    raise ZeroDivisionError("a count of nothing")


def test_its_keys_are_the_same_whether_it_passed_or_not(made: Workspace) -> None:
    measured = {"photos": 3.0}
    told = [
        asked(made, lambda *_, passed=passed: Finding(passed=passed, sentence="As it is.", measured=measured))
        for passed in (True, False)
    ]
    assert [one.passed for one in told] == [True, False]
    assert told[0].metadata.keys() == told[1].metadata.keys() == {"finding", "error", "reused", "photos"}


def test_an_exception_that_nobody_foresaw_is_a_failed_check_with_its_type(made: Workspace, logged_errors) -> None:
    logged_errors("ZeroDivisionError")
    evaluation = asked(made, boom)
    assert not evaluation.passed
    assert evaluation.metadata["error"].value == "ZeroDivisionError"
    assert "a count of nothing" in str(evaluation.description)
    known = flow_of(made.settings).finding(NAME, PARTITION)
    assert known is not None
    assert known.passed, "what it said before stays: an accident is no answer"
    assert flow_of(made.settings).failure("product_gallery", PARTITION)
    assert asked(made, lambda *_: Finding(passed=True, sentence="Fine.")).passed
    assert flow_of(made.settings).failure("product_gallery", PARTITION) is None
