"""Is what is public of a product still true?

A new photo or a better engine makes a reel stale, and it is made again while the old one goes on being true. What
takes it down is a product that is gone, a verdict that was taken back, a photo that the shop no longer shows, a claim
or a shown price that no longer holds.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reel_pipeline.catalog.build import product_of
from reel_pipeline.catalog.presence import Presence
from reel_pipeline.mirror.publish import REEL_NAME
from reel_pipeline.records import (
    BrandKit,
    CatalogSnapshot,
    Finding,
    Judgement,
    MirroredAsset,
    Product,
    Reel,
    Review,
    Verdict,
)
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import REVIEWS, VERDICTS, is_sold_out
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.shots.checks import claims_are_grounded
from reel_pipeline.store import UNPARTITIONED

PRESENCE = "presence"
"""Kind of the note that holds `Presence`."""


def presence_of(flow: Flow) -> Presence:
    """Which products the last crawls missed."""
    return flow.store.load_note(PRESENCE, UNPARTITIONED, "current", Presence) or Presence()


def still_true(flow: Flow, mirrored: MirroredAsset) -> Finding:
    """Whether everything that is public of a product may stay public."""
    if mirrored.withdrawn:
        return Finding(passed=False, sentence=f"Withdrawn: {mirrored.withdrawn}")
    if why := untrue(flow, mirrored):
        return Finding(passed=False, sentence=f"{why} It is withdrawn by the next reconcile.")
    return Finding(passed=True, sentence="Everything that is public of this product is true now.")


def untrue(flow: Flow, mirrored: MirroredAsset) -> str | None:
    """Why what is published must not be public any more, in one sentence; None while it is true.

    Raises `SettingsError` where the product's overrides can't be read.
    """
    partition = mirrored.partition_key
    if why := next(_objections(flow, mirrored), None):
        return why
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    if snapshot is None:
        return None  # nothing is known of the shop: that is no reason
    if partition not in snapshot.by_partition:
        missed = presence_of(flow)
        unsure = partition in missed.missing or missed.asked_about or not snapshot.complete
        return None if unsure else "The product is no longer in the shop."
    if is_sold_out(flow, partition):
        return "The product is out of stock."
    return next(_doubts(flow, mirrored, snapshot), None)


def _objections(flow: Flow, mirrored: MirroredAsset) -> Iterator[str]:
    """What a person, a platform or the judge has against exactly the files that are public, whatever the shop says."""
    partition = mirrored.partition_key
    for video in (f.sha256 for edition in mirrored.editions.values() for f in edition.files if f.name == REEL_NAME):
        decided, review = flow.store.watch_note(REVIEWS, partition, video, Review)
        if decided and not review:
            yield "What a person decided about this reel can't be read; decide again."
        if review and not review.approved:
            yield f"{review.by} rejected this reel: {review.reason}"
        was_judged, judged = flow.store.watch_note(VERDICTS, partition, video, Judgement)
        if was_judged and not judged and not review:
            yield "The judge's word about this reel can't be read; run this product again."
        if judged and judged.verdict is not Verdict.ACCEPT and not review:
            yield f"The judge now says {judged.verdict.value} of this reel."


def _doubts(flow: Flow, mirrored: MirroredAsset, snapshot: CatalogSnapshot) -> Iterator[str]:
    partition = mirrored.partition_key
    reel: Reel | None = _behind(flow, mirrored, "reel")
    plan = _behind(flow, mirrored, "shot_plan")
    old: Product | None = _behind(flow, mirrored, "product")
    brand: BrandKit | None = _behind(flow, mirrored, "brand_kit")
    if not (reel and plan and old and brand):
        yield "The records that this reel rests on are gone or can't be read; run this product again."
        return
    if not _photos_are_unknown(flow, partition):
        gallery = flow.record("product_gallery", partition)
        present = {photo.key for photo in gallery.photos} if gallery else set()
        unread = len(gallery.refused) if gallery else 0  # each may be one of those shown, half copied
        shown = {cut.photo for edition in reel.editions.values() for cut in edition.cut_list.cuts if cut.photo}
        if (gone := len(shown - present) - unread) > 0:
            yield f"{gone} of the {len(shown)} photos that it shows are no longer in the shop."
    now = product_of(snapshot.by_partition[partition])
    if now.title != old.title or now.vendor != old.vendor:
        yield f"The product is now called {now.title!r}."
    if brand.words.show_price and old.shown_price and not _costs_the_same(now, old):
        yield f"It shows the price {old.shown_price}; now {now.shown_price or 'no sure price'} is listed."
    # Last, since overrides that can't be read must not hide any other reason.
    grounded = claims_are_grounded(plan, now, brand.words, flow.settings.overrides(partition))
    if not grounded.passed:
        yield f"What it says no longer holds. {grounded.sentence}"


def _costs_the_same(now: Product, old: Product) -> bool:
    """Earlier records may hold other decimals of the same amount."""
    return now.currency == old.currency and Decimal(now.price or 0) == Decimal(old.price or 0)


def _photos_are_unknown(flow: Flow, partition: str) -> bool:
    """While a changed gallery waits to be read, nothing is known against the photos; once that failed, it is."""
    return "product_gallery" in stale_assets(flow, partition) and not flow.failure("product_gallery", partition)


def _behind(flow: Flow, mirrored: MirroredAsset, asset: str) -> Any:
    """The record that the published reel was made from, however many were made since."""
    blob = mirrored.rests_on.get(asset)
    return flow.store.watch(blob, ASSETS[asset].record) if blob else None
