"""Makes what is public agree with what is true: the only place that takes a reel down."""

from collections.abc import Iterable

import dagster as dg

from reel_pipeline.defs.events import report_check
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.planner import DATA_VERSION_TAG
from reel_pipeline.defs.truth import untrue
from reel_pipeline.errors import ReelError
from reel_pipeline.mirror.engines import open_target
from reel_pipeline.mirror.publish import withdraw
from reel_pipeline.records import AssetRecord, MirroredAsset

MIRRORED = dg.AssetKey("mirrored_asset")


def withdraw_untrue(
    flow: Flow, instance: dg.DagsterInstance, partitions: Iterable[str] | None = None
) -> dict[str, str]:
    """Take down what is published and no longer true, of these partitions or of all; returns partition -> why.

    The files go first: cut short, it does the same again next time. A product that can't be taken down now (its store
    or origin does not answer) is told as such and stops no other.
    """
    withdrawn = {}
    for mirrored in _published(flow, partitions):
        partition = mirrored.partition_key
        try:
            if untrue(flow, mirrored) is None:
                continue
            with flow.store.lock(partition):
                current: MirroredAsset = flow.record("mirrored_asset", partition)
                if why := untrue(flow, current):
                    _take_down(flow, instance, current, why)
                    withdrawn[partition] = why
        except ReelError as error:
            withdrawn[partition] = f"could not be withdrawn: {error}"
    return withdrawn


def _take_down(flow: Flow, instance: dg.DagsterInstance, mirrored: MirroredAsset, why: str) -> None:
    partition = mirrored.partition_key
    withdraw(mirrored.sku, open_target(flow.settings.publish_location, flow.settings.public_url))
    after = MirroredAsset(partition_key=partition, sku=mirrored.sku, editions={}, withdrawn=why)
    head = flow.head("mirrored_asset", partition)
    if head:
        flow.store.save("mirrored_asset", partition, after, head.inputs_fingerprint, head.inputs, depends=head.depends)
    tags = {DATA_VERSION_TAG: after.digest()}
    metadata = {"withdrawn": why}
    instance.report_runless_asset_event(
        dg.AssetMaterialization(MIRRORED, partition=partition, tags=tags, metadata=metadata)
    )
    report_check(
        instance,
        dg.AssetCheckEvaluation(
            asset_key=MIRRORED,
            check_name="still_true",
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Withdrawn: {why}",
            metadata={"finding": f"Withdrawn: {why}"},
            partition=partition,
        ),
    )


def _published(flow: Flow, partitions: Iterable[str] | None) -> Iterable[MirroredAsset]:
    """What is public now, also of products that are no partitions any more."""
    records: Iterable[AssetRecord | None]
    if partitions is None:
        records = flow.store.load_all("mirrored_asset", MirroredAsset)
    else:
        records = (flow.record("mirrored_asset", partition) for partition in partitions)
    return (record for record in records if isinstance(record, MirroredAsset) and record.editions)
