"""Makes what is public agree with what is true: the only place that takes a reel down."""

from collections.abc import Iterable

import dagster as dg

from reel_pipeline.defs.events import report_check
from reel_pipeline.defs.planner import DATA_VERSION_TAG
from reel_pipeline.errors import ReelError
from reel_pipeline.mirror.publish import clear
from reel_pipeline.records import MirroredAsset
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.public import LEFT_OVER, PUBLICATIONS, Place, again, held_target, places, remedy
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.store import UNPARTITIONED, partition_path

MIRRORED = dg.AssetKey("mirrored_asset")


def withdraw_untrue(
    flow: Flow, instance: dg.DagsterInstance, partitions: Iterable[str] | None = None
) -> dict[str, str]:
    """Take down what is public and no longer true, of these partitions or of all; returns partition -> why.

    It starts from what lies at the target. The files go first: cut short, it does the same again next time. A product
    that can't be taken down now (its store or origin does not answer) is told as such and stops no other.
    """
    done = {}
    for place in places(flow, partitions):
        try:
            if why := _put_right(flow, instance, place):
                done[place.partition] = why
        except ReelError as error:
            done[place.partition] = f"could not be withdrawn: {error}"
    return done


def _put_right(flow: Flow, instance: dg.DagsterInstance, place: Place) -> str:
    """Do at one place what is needed there; returns what was wrong, '' where nothing was."""
    if not remedy(flow, place).is_needed:
        return ""
    found = remedy(flow, again(flow, place))  # a run may have published since all places were listed
    if not found.is_needed or (not found.urgent and flow.store.holder(place.partition)):
        return ""  # a run that is publishing now leaves the place in order, or the next reconcile finds it
    with flow.store.lock(place.partition):
        place = again(flow, place)
        found = remedy(flow, place)
        target = held_target(flow, place.partition)
        if found.why:
            clear(place.name, target)
        for key in found.strays:
            target.delete(key)
        if found.why or found.gone:
            _record_withdrawn(flow, instance, place, found.why or found.gone)
    return found.why or found.gone or (LEFT_OVER if found.strays else "")


def _record_withdrawn(flow: Flow, instance: dg.DagsterInstance, place: Place, why: str) -> None:
    partition = place.partition
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    sku = place.record.sku if place.record else entry.sku if entry else partition
    after = MirroredAsset(partition_key=partition, sku=sku, editions={}, withdrawn=why)
    head = flow.head("mirrored_asset", partition)
    if head and (place.record is None or partition_path(sku) == place.name):
        flow.store.save("mirrored_asset", partition, after, head.inputs_fingerprint, head.inputs, depends=head.depends)
    flow.store.save_note(PUBLICATIONS, partition, place.name, after)
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
