"""Which products are gone from the source, and when that is certain enough to retire them."""

from collections.abc import Iterable

from reel_pipeline.records import CatalogSnapshot, Record

CRAWLS_TO_RETIRE = 2
MAX_LOSS = 0.10
"""The share of the products that may be missing at once before a person is asked: a broken shop looks the same."""


class Presence(Record):
    """`missing`: partition -> complete crawls in a row that did not list it. `asked_about`: products lost at once."""

    missing: dict[str, int] = {}
    asked_about: int = 0


def without_the_gone(
    known: Iterable[str], snapshot: CatalogSnapshot, before: Presence, *, accept_losses: bool
) -> tuple[Presence, list[str]]:
    """What is known after this crawl, and the partitions to retire now.

    A crawl that is not complete proves nothing. One that misses more than `MAX_LOSS` of the `known` partitions retires
    nothing and asks; `accept_losses` is a person's answer, and retires at once.
    """
    partitions = list(known)
    absent = [partition for partition in partitions if partition not in snapshot.by_partition]
    still = {partition: before.missing[partition] for partition in absent if partition in before.missing}
    if not snapshot.complete:
        return Presence(missing=still), []
    if len(absent) > MAX_LOSS * len(partitions) and not accept_losses:
        return Presence(missing=still, asked_about=len(absent)), []
    missing = {partition: still.get(partition, 0) + 1 for partition in absent}
    retired = [partition for partition in absent if accept_losses or missing[partition] >= CRAWLS_TO_RETIRE]
    return Presence(missing={key: count for key, count in missing.items() if key not in retired}), retired
