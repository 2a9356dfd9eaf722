"""Withdraws what is public and no longer true, and tells Dagster."""

from collections.abc import Iterable

import dagster as dg

from reel_pipeline.defs.events import report_check
from reel_pipeline.defs.planner import DATA_VERSION_TAG
from reel_pipeline.errors import ReelError
from reel_pipeline.records import Finding, MirroredAsset
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.public import places
from reel_pipeline.rules.withdrawal import put_right


def withdraw_untrue(
    flow: Flow, instance: dg.DagsterInstance, partitions: Iterable[str] | None = None
) -> dict[str, str]:
    """Take down what is public and no longer true, of these partitions or of all; returns partition -> why.

    It starts from what lies at the target. A product that can't be taken down now (its store or origin does not answer)
    is told as such and stops no other.
    """
    done = {}
    for place in places(flow, partitions):
        try:
            if why := put_right(flow, place, lambda after, why: _report(instance, after, why)):
                done[place.partition] = why
        except ReelError as error:
            done[place.partition] = f"could not be withdrawn: {error}"
    return done


def _report(instance: dg.DagsterInstance, after: MirroredAsset, why: str) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            "mirrored_asset",
            partition=after.partition_key,
            tags={DATA_VERSION_TAG: after.digest()},
            metadata={"withdrawn": why},
        )
    )
    report_check(instance, "still_true", after.partition_key, Finding(passed=False, sentence=f"Withdrawn: {why}"))
