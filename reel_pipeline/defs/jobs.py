"""What people launch: sync the catalogue, make reels, retake faulted shots, backfill a collection."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import dagster as dg

from reel_pipeline.defs.planner import plan
from reel_pipeline.defs.previews import table
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.defs.reviews import decide, publish_released, spot_check
from reel_pipeline.defs.submission import group_by_assets, submit_backfills
from reel_pipeline.errors import ReelError, SettingsError
from reel_pipeline.rules.decisions import parse_fault
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.report import known_partitions, partition_of
from reel_pipeline.rules.table import SKU_ASSETS, VISUAL_ASSETS
from reel_pipeline.rules.work import EVERYTHING, Work, work
from reel_pipeline.store import UNPARTITIONED

JOB_TAG = "reel/job"
"""Of jobs without a SKU: the queue gives each of them one slot of its own (see dagster.yaml); reviews may be many."""

sync_catalog = dg.define_asset_job(
    "sync_catalog",
    selection=dg.AssetSelection.assets("brand_kit", "catalog_snapshot"),
    tags={JOB_TAG: "sync_catalog"},
    description="List the source and the brand folder again. New products become partitions.",
)
make_reels = dg.define_asset_job(
    "make_reels",
    selection=dg.AssetSelection.assets(*SKU_ASSETS),
    description="The whole flow of one product. What is already made is reused.",
)
retake = dg.define_asset_job(
    "retake",
    selection=dg.AssetSelection.assets(*VISUAL_ASSETS),
    description="Make faulted shots again with their next take. The approved voice is not touched.",
)

publish = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets("mirrored_asset"),
    description="Publish a reel that a person has approved. Refused while anything behind it is not verified.",
)

learn = dg.define_asset_job(
    "learn",
    selection=dg.AssetSelection.assets("judgement_table", "evaluator_calibration"),
    tags={JOB_TAG: "learn"},
    description="Hold the verdicts against what people said, and make a candidate version of the judge's gates.",
)


PUBLISH = ("mirrored_asset",)


class CollectionConfig(dg.Config):
    """`collection`: a collection's name, or empty for the whole catalogue."""

    collection: str = ""
    only_stale: bool = True
    dry_run: bool = False


@dg.op(description="Withdraw what is public and no longer true; publish what a person has released meanwhile.")
def reconcile_published(context: dg.OpExecutionContext, flow: dg.ResourceParam[Flow]) -> None:
    withdrawn = withdraw_untrue(flow, context.instance)
    for partition, why in withdrawn.items():
        context.log.warning(f"{partition}: {why}")
    released = [p for p, todo in plan(context.instance, flow, known_partitions(flow)).items() if tuple(todo) == PUBLISH]
    context.add_output_metadata(
        {
            "withdrawn": table([{"sku": partition, "why": why} for partition, why in withdrawn.items()]),
            "released": len(released),
        }
    )
    if released:
        submit_backfills(context.instance, context.repository_def.asset_graph, {PUBLISH: released}, "released")


@dg.job(
    executor_def=dg.in_process_executor,
    tags={JOB_TAG: "reconcile"},
    description="Make what is public agree with what is true: withdraw what no longer holds, publish what is released.",
)
def reconcile() -> None:
    reconcile_published()


class ReviewConfig(dg.Config):
    """`platform` and `shots`: a rejection that asks for another take of these shots, or of all.

    `faults`: what you object to, each `KIND[:SEVERITY][@X,Y,WIDTH,HEIGHT]`, such as `warped_logo:minor`. `blind`: this
    is the spot check that is due for the product; an approval releases nothing.
    """

    sku: str
    approve: bool
    reason: str
    platform: str = ""
    shots: list[int] = []
    faults: list[str] = []
    blind: bool = False


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """An expected error ends the run with its sentence alone: no traceback, and no second try."""
    try:
        yield
    except ReelError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


@dg.op(description="Enter a decision about the reel that the SKU has now, and act on it.")
def enter_review(context: dg.OpExecutionContext, flow: dg.ResourceParam[Flow], config: ReviewConfig) -> None:
    with in_a_sentence():
        if not (config.sku and config.reason.strip()):
            raise SettingsError("Fill in the product's sku, whether you approve its reel, and the reason.")
        partition = partition_of(flow, config.sku)
        faults = [parse_fault(text, config.shots) for text in config.faults]
        act = spot_check if config.blind else partial(decide, platform=config.platform)
        sha256 = act(
            flow, context.instance, partition, config.approve, config.reason, shots=config.shots, faults=faults
        )
    context.add_output_metadata({"sku": config.sku, "reel": sha256, "reason": config.reason})
    published = publish_released(context.repository_def.get_job("publish"), flow, context.instance, partition)
    if not published and tuple(work(FrozenFlow(flow), partition)) == PUBLISH:
        submit_backfills(context.instance, context.repository_def.asset_graph, {PUBLISH: [partition]}, "released")


@dg.job(
    executor_def=dg.in_process_executor,
    config={"ops": {"enter_review": {"config": {"sku": "", "approve": False, "reason": ""}}}},
    description="Launchpad: {sku, approve, reason}. Your decision about exactly the reel that the SKU has now.",
)
def review() -> None:
    enter_review()


@dg.op(description="Group the collection's products by what is stale and submit one backfill per group.")
def launch_backfills(context: dg.OpExecutionContext, flow: dg.ResourceParam[Flow], config: CollectionConfig) -> None:
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        raise dg.Failure("There is no catalogue yet; run sync_catalog first.", allow_retries=False)
    members = [
        entry.partition_key
        for entry in snapshot.entries
        if not config.collection or config.collection in entry.collections
    ]
    if not members:
        known = sorted({name for entry in snapshot.entries for name in entry.collections})
        sentence = f"No product is in {config.collection!r}; the collections are {', '.join(known) or 'none'}."
        raise dg.Failure(sentence, allow_retries=False)
    planned = plan(context.instance, flow, members) if config.only_stale else dict.fromkeys(members, EVERYTHING)
    context.add_output_metadata({"products": len(members), "to_make": len(planned), "plan": table(_rows(planned))})
    if not config.dry_run:
        groups = group_by_assets(planned)
        submit_backfills(context.instance, context.repository_def.asset_graph, groups, config.collection or "all")


def _rows(planned: dict[str, Work]) -> list[dict[str, object]]:
    """The first hundred products: what would be made, and why in the words of the first asset that asks for it."""
    return [
        {"sku": partition, "assets": ", ".join(todo), "why": "; ".join(dict.fromkeys(todo.values()))}
        for partition, todo in list(planned.items())[:100]
    ]


@dg.job(
    executor_def=dg.in_process_executor,
    tags={JOB_TAG: "collection_backfill"},
    description="Launchpad: {collection, only_stale, dry_run}. Backfills a collection, by default only what is stale.",
)
def collection_backfill() -> None:
    launch_backfills()
