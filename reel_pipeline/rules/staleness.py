"""What of a product is stale, and why. What of that a run should make is said in `work.py`."""

from typing import Any

from reel_pipeline.catalog.build import product_of
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import MirroredAsset, blobs_in
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.rules.table import ASSETS, SKU_ASSETS

MISSING = "never made, or its record can't be read"
UPSTREAM = "rests on something stale"
BYTES_GONE = "bytes that it names are gone from the store"
CHANGED = {
    "code": "the code or engine that makes it has changed",
    "settings": "its settings have changed",
    "reads": "something that it reads has changed",
    "takes": "another take, framing or caption of a shot was asked for",
}
"""Kind of dependency (`Asset.depends`) -> why an asset is stale when it differs."""


def stale_assets(flow: Flow, partition: str) -> dict[str, str]:
    """Asset name -> why it is stale, in flow order; empty when all is fresh.

    An asset below a stale one counts as stale: whether it really changes shows only when it is asked, and then it
    reuses its record at the cost of one comparison. `product` is the exception: its next record follows from the
    snapshot alone, so what rests on a field that did not change (nearly everything, when a price changes) stays fresh.
    """
    stale: dict[str, str] = {}
    foreseen: dict[str, Any] = {}
    for name in SKU_ASSETS:
        row = ASSETS[name]
        if any(upstream in stale and upstream not in foreseen for upstream in row.upstream):
            stale[name] = UPSTREAM
            continue
        inputs = {**flow.records(row.upstream, partition), **{u: foreseen[u] for u in row.upstream if u in foreseen}}
        if why := _why_stale(flow, name, inputs, partition):
            stale[name] = why
        if name == "product" and name in stale and (entry := entry_in(inputs["catalog_snapshot"], partition)):
            foreseen[name] = product_of(entry)
    return stale


def _why_stale(flow: Flow, name: str, inputs: dict[str, Any], partition: str) -> str | None:
    head = flow.head(name, partition)
    record = flow.record(name, partition) if head else None
    if head is None or record is None or None in inputs.values():
        return MISSING
    if isinstance(record, MirroredAsset) and record.withdrawn:
        return f"withdrawn: {record.withdrawn}"
    try:
        depends = flow.depends(name, inputs, partition)
    except SettingsError as error:
        return str(error)  # of what the user wrote for this product: no reason to say nothing of all others
    if head.inputs_fingerprint != ASSETS[name].fingerprint(depends):
        changed = (why for kind, why in CHANGED.items() if head.depends.get(kind) != depends.get(kind))
        return next(changed, CHANGED["reads"])
    if not all(flow.store.has(blob) for blob in blobs_in(record)):
        return BYTES_GONE
    return None
