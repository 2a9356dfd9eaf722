"""The seam between our records and Dagster: a record becomes a materialization, a finding a check's result.

What is reused, and why, is decided in `rules/`; here it only gets the form that Dagster shows and keeps.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import dagster as dg

from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.errors import ReelError
from reel_pipeline.records import AssetRecord, Finding, Product
from reel_pipeline.rules.flow import Flow, unexpected
from reel_pipeline.rules.table import ASSETS, CHECKS
from reel_pipeline.store import UNPARTITIONED

A = TypeVar("A", bound=AssetRecord)
ATTEMPT_TAG = "reel/attempt"
FORCE_TAG = "reel/force"

Find = Callable[..., Finding]
"""`find(flow, partition, *records)`: what a check measures on the records of its row's `reads`, in that order."""
Then = Callable[[dg.AssetCheckExecutionContext, Flow, Finding], None]


def make(
    context: dg.AssetExecutionContext,
    flow: Flow,
    inputs: Mapping[str, AssetRecord],
    produce: Callable[[], A],
    describe: Callable[[A], Mapping[str, Any]],
    provenance: Callable[[], Mapping[str, Any]] = dict,
) -> dg.MaterializeResult[A]:
    """The asset that runs now: its record made or reused, with what the UI shows of it. `describe`: more metadata."""
    asset = context.asset_key.to_user_string()
    partition = context.partition_key if ASSETS[asset].partitioned else UNPARTITIONED
    started, calls_before = time.monotonic(), flow.store.counts["computed"]
    made = flow.make(asset, partition, inputs, produce, provenance)
    digest = made.record.digest()
    context.log.info(f"{asset} of {partition}: {'reused' if made.is_reused else 'made'} {digest[:12]}")
    return dg.MaterializeResult(
        value=made.record,
        data_version=dg.DataVersion(digest),
        tags={
            "reel/inputs_fingerprint": made.inputs_fingerprint[:40],
            **{f"reel/{kind}": value[:40] for kind, value in made.depends.items()},
        },
        metadata={
            **_title(flow, asset, partition, made.record),
            **describe(made.record),
            "reused": made.is_reused,
            "engine_calls": flow.store.counts["computed"] - calls_before,
            "cost": made.cost.as_json(),
            "seconds": round(time.monotonic() - started, 2),
        },
    )


def _title(flow: Flow, asset: str, partition: str, record: AssetRecord) -> dict[str, str]:
    """What people know the product by, first of all that the UI shows of an asset."""
    if not ASSETS[asset].partitioned:
        return {}
    product = record if isinstance(record, Product) else flow.record("product", partition)
    return {"title": product.title or product.sku} if product else {}


def check(name: str, description: str, find: Find, then: Then | None = None) -> dg.AssetChecksDefinition:
    """The asset check of the row `name` in `CHECKS`. `then` is called after its result was told, and may end the run.

    The metadata of a result has the same keys whether it passed or not. An exception that nobody foresaw is a failed
    check that names its type; it is not remembered, so the next run measures again.
    """
    row = CHECKS[name]

    @dg.asset_check(  # type: ignore[arg-type]  # it takes a generator too, which its annotation does not say
        asset=dg.AssetKey(row.asset),
        name=name,
        blocking=row.blocking,
        partitions_def=SKUS if ASSETS[row.asset].partitioned else None,
        additional_deps=[dg.AssetKey(asset) for asset in row.reads[1:]],
        description=description,
    )
    def look(context: dg.AssetCheckExecutionContext, flow: dg.ResourceParam[Flow]) -> Iterator[dg.AssetCheckResult]:
        partition = context.partition_key if ASSETS[row.asset].partitioned else UNPARTITIONED
        inputs = {asset: record_of(flow, asset, partition) for asset in row.reads}
        error = "none"
        try:
            finding, is_known = flow.answer(name, partition, inputs, lambda: find(flow, partition, *inputs.values()))
        except ReelError:
            raise
        except Exception as unforeseen:
            error, is_known = type(unforeseen).__name__, False
            finding = Finding(passed=False, sentence=unexpected(name, error, str(unforeseen), "its run"))
            context.log.exception(finding.sentence)
        yield dg.AssetCheckResult(
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.ERROR if row.blocking else dg.AssetCheckSeverity.WARN,
            description=finding.sentence,
            metadata={"finding": finding.sentence, "error": error, "reused": is_known, **finding.measured},
        )
        if then:
            then(context, flow, finding)

    return look


def record_of(flow: Flow, asset: str, partition: str) -> Any:
    """The record of an asset; raises `dagster.Failure` where there is none."""
    record = flow.record(asset, partition)
    if record is None:
        of = partition if ASSETS[asset].partitioned else "this workspace"
        raise dg.Failure(f"{asset} was never made for {of}; materialize it first.", allow_retries=False)
    return record
