"""Makes one place at the target agree with what is true. Publishing takes down only what it replaces."""

from collections.abc import Callable

from reel_pipeline.mirror.publish import clear
from reel_pipeline.records import MirroredAsset
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.public import LEFT_OVER, PUBLICATIONS, Place, again, held_target, remedy
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.store import UNPARTITIONED, partition_path


def put_right(flow: Flow, place: Place, tell: Callable[[MirroredAsset, str], None]) -> str:
    """Do at one place what is needed there; returns what was wrong, '' where nothing was.

    The files go first: cut short, it does the same again next time. `tell` is called with the record that says that the
    product is public no more, and why, before the product is let go. Raises a `ReelError` where it can't be done now.
    """
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
            tell(_withdrawn(flow, place, found.why or found.gone), found.why or found.gone)
    return found.why or found.gone or (LEFT_OVER if found.strays else "")


def _withdrawn(flow: Flow, place: Place, why: str) -> MirroredAsset:
    """The record that says so, saved."""
    partition = place.partition
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    sku = place.record.sku if place.record else entry.sku if entry else partition
    after = MirroredAsset(partition_key=partition, sku=sku, editions={}, withdrawn=why)
    head = flow.head("mirrored_asset", partition)
    if head and (place.record is None or partition_path(sku) == place.name):
        flow.store.save("mirrored_asset", partition, after, head.inputs_fingerprint, head.inputs, depends=head.depends)
    flow.store.save_note(PUBLICATIONS, partition, place.name, after)
    return after
