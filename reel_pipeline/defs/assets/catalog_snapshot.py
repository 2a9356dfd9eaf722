"""One immutable listing of all products as found, and the check that it is whole."""

import dagster as dg

from reel_pipeline.catalog.checks import crawl_is_complete as find_crawl_is_complete
from reel_pipeline.catalog.partitions import KnownColourways, under_known_keys
from reel_pipeline.catalog.presence import without_the_gone
from reel_pipeline.catalog.source import open_source
from reel_pipeline.defs.adapter import check, make
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.previews import table
from reel_pipeline.records import CatalogSnapshot
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.truth import PRESENCE, presence_of
from reel_pipeline.store import UNPARTITIONED

KNOWN_COLOURWAYS = "known_looks"


class SyncConfig(dg.Config):
    """`accept_losses`: retire every product that the source no longer lists, however many they are."""

    accept_losses: bool = False


@dg.asset(
    group_name="a_source",
    kinds={"json"},
    owners=["team:catalog"],
    description="Every product of the source as found now. New products become partitions; those that two complete "
    "crawls in a row did not find are retired.",
)
def catalog_snapshot(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], config: SyncConfig
) -> dg.MaterializeResult[CatalogSnapshot]:
    settings = flow.settings
    before = flow.record("catalog_snapshot", UNPARTITIONED)
    colourways = flow.store.load_note(KNOWN_COLOURWAYS, UNPARTITIONED, "current", KnownColourways) or KnownColourways()

    def listed() -> CatalogSnapshot:
        known = settings.file_hashes()
        source = open_source(settings.source_location, flow.store, settings.allow_private_hosts, known)
        snapshot, after = under_known_keys(source.snapshot(), before, colourways)
        flow.store.save_note(KNOWN_COLOURWAYS, UNPARTITIONED, "current", after)
        return snapshot

    result = make(
        context,
        flow,
        {},
        listed,
        lambda snapshot: {
            "products": len(snapshot.entries),
            "errors": table([{"item": error.item, "error": error.error} for error in snapshot.errors]),
        },
    )
    _update_partitions(context, flow, result.value, config.accept_losses)
    return result


def _update_partitions(
    context: dg.AssetExecutionContext, flow: Flow, snapshot: CatalogSnapshot, accept_losses: bool
) -> None:
    """New products become partitions; the gone are retired. Their records stay, so one that comes back is reused."""
    name = SKUS.name or ""
    known = context.instance.get_dynamic_partitions(name)
    presence, retired = without_the_gone(known, snapshot, presence_of(flow), accept_losses=accept_losses)
    context.instance.add_dynamic_partitions(name, list(snapshot.by_partition))
    flow.store.save_note(PRESENCE, UNPARTITIONED, "current", presence)
    for partition in retired:
        context.instance.delete_dynamic_partition(name, partition)
        context.log.info(f"{partition} is no longer in the source: retired.")


crawl_is_complete = check(
    "crawl_is_complete",
    "Every product that the source lists could be read.",
    lambda flow, _, snapshot: find_crawl_is_complete(snapshot, presence_of(flow)),
)
