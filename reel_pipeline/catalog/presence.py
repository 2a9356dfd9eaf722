"""Which products are gone from the source, and when that is certain enough to retire them.

Only a complete crawl, one that reached every page and file of the listing, counts. An item in it that could not be
read is present: no product with one of its SKUs is retired. An item that names none of the known SKUs may be any
product that vanished when the item turned up, so those wait until it is mended or removed. It can't be a product that
was listed beside it: such a one is retired as ever.
"""

from collections.abc import Collection, Iterable

from reel_pipeline.catalog.partitions import possible_keys
from reel_pipeline.records import CatalogSnapshot, Record

CRAWLS_TO_RETIRE = 2
MAX_LOSS = 0.10
"""The share of the products that may be missing at once before a person is asked: a broken shop looks the same."""


class Presence(Record):
    """What is known of partitions that the last crawl did not list.

    `missing`: by partition, how many complete crawls in a row did not list it; 0 while it is listed but can't be read.
    `asked_about`: how many products one crawl lost, if they were so many that a person is asked. `strangers`: marks of
    items of the last complete crawl that can't be read and name no known SKU: any missing product may be one of them.
    `beside`: by missing partition, the strangers of the last complete crawl that listed it: these are not that product.
    """

    missing: dict[str, int] = {}
    asked_about: int = 0
    strangers: tuple[str, ...] = ()
    beside: dict[str, tuple[str, ...]] = {}


def without_the_gone(
    known: Iterable[str], snapshot: CatalogSnapshot, before: Presence, *, accept_losses: bool
) -> tuple[Presence, list[str]]:
    """What is known after this crawl, and the partitions to retire now.

    A crawl that is not complete proves nothing. One that misses more than `MAX_LOSS` of the `known` partitions retires
    nothing and asks; `accept_losses` is a person's answer, and retires at once all but what is listed and unread.
    """
    partitions = list(known)
    absent = [partition for partition in partitions if partition not in snapshot.by_partition]
    still = {partition: before.missing[partition] for partition in absent if partition in before.missing}
    beside = {partition: before.beside.get(partition, before.strangers) for partition in absent}
    if not snapshot.complete:
        beside = {partition: marks for partition, marks in beside.items() if partition in still}
        return Presence(missing=still, strangers=before.strangers, beside=beside), []
    unread, strangers = _unread(snapshot, {*partitions, *snapshot.by_partition})
    gone = [partition for partition in absent if partition not in unread]
    present = {partition: 0 for partition in absent if partition in unread}
    unsure = {partition for partition in gone if not set(strangers) <= set(beside[partition])}
    lost = len(gone) - len(unsure)
    if lost > MAX_LOSS * len(partitions) and not accept_losses:
        missing = {**still, **present}
        return Presence(missing=missing, asked_about=lost, strangers=tuple(strangers), beside=beside), []
    missing = {partition: still.get(partition, 0) + (partition not in unsure) for partition in gone} | present
    retired = [partition for partition in gone if accept_losses or missing[partition] >= CRAWLS_TO_RETIRE]
    return Presence(
        missing={key: count for key, count in missing.items() if key not in retired},
        strangers=tuple(strangers),
        beside={key: marks for key, marks in beside.items() if key not in retired},
    ), retired


def _unread(snapshot: CatalogSnapshot, partitions: Collection[str]) -> tuple[set[str], list[str]]:
    """The partitions of the items that could not be read, and the marks of the items that are none of `partitions`."""
    unread, strangers = set[str](), []
    for item in snapshot.unread:
        own = {key for sku in item.skus for key in possible_keys(sku) if key in partitions}
        unread |= own
        if not own:
            strangers.append(item.mark)
    return unread, strangers
