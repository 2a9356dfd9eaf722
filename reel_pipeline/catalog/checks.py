"""Checks of the catalogue's records: what is missing, and what a person should upload."""

from reel_pipeline.catalog.presence import Presence
from reel_pipeline.errors import BlobMissing, PhotoError
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import CatalogSnapshot, Finding, Photo, ProductGallery
from reel_pipeline.store import Store

MIN_LONG_SIDE_PX = 320
"""Photos grow at most 1.6 times, so a smaller one would fill less than half of the reel's 1080 px width."""


def crawl_is_complete(snapshot: CatalogSnapshot, presence: Presence) -> Finding:
    """Whether every product of the source was listed and could be read; a listing in part retires nothing."""
    pictures = [photo for entry in snapshot.entries for photo in entry.photos]
    missing = sum(photo.content_sha256 is None and "://" not in photo.location for photo in pictures)
    measured = {
        "products": float(len(snapshot.entries)),
        "pictures": float(len(pictures)),
        "pictures_missing": float(missing),
        "items_failed": float(len(snapshot.errors)),
        "products_lost": float(presence.asked_about),
    }
    if snapshot.errors:
        first = f"the first is {snapshot.errors[0].item}: {snapshot.errors[0].error}"
        if snapshot.complete:
            sentence = f"{len(snapshot.errors)} listed items could not be read and count as present; {first}"
        else:
            sentence = f"Listed only in part, so nothing is retired. Of {len(snapshot.errors)} errors {first}"
    elif not snapshot.entries:
        sentence = "The catalogue lists no product; add products to it."
    elif presence.asked_about:
        sentence = (
            f"{presence.asked_about} products are gone from the source at once; none was retired. Mend the source, or "
            "sync once with accept_losses if they are really gone."
        )
    else:
        sentence = f"All {len(snapshot.entries)} products were listed."
        if missing:
            sentence += f" {missing} of their {len(pictures)} pictures can't be found; see the products' galleries."
    if snapshot.ignored_columns:
        sentence += f" Columns that were not read: {', '.join(snapshot.ignored_columns)[:300]}."
    passed = snapshot.complete and bool(snapshot.entries) and not snapshot.errors and not presence.asked_about
    return Finding(passed=passed, sentence=sentence, measured=measured)


def gallery_is_usable(gallery: ProductGallery, store: Store) -> Finding:
    """Blocking: at least one photo that may show this variant can be decoded from the store and is large enough."""
    readable = [photo for photo in gallery.own if _is_intact(photo, store)]
    largest = max((max(photo.width_px, photo.height_px) for photo in readable), default=0)
    measured = {
        "photos": float(len(gallery.photos)),
        "photos_of_this_variant": float(len(gallery.own)),
        "photos_readable": float(len(readable)),
        "photos_refused": float(len(gallery.refused)),
        "largest_side_px": float(largest),
    }
    passed = largest >= MIN_LONG_SIDE_PX
    return Finding(passed=passed, sentence=_sentence(gallery, readable, largest, passed), measured=measured)


def _sentence(gallery: ProductGallery, readable: list[Photo], largest_px: int, passed: bool) -> str:
    of_what = f"the {gallery.colour} variant" if gallery.colour else "this product"
    if passed:
        refused = f"; {len(gallery.refused)} could not be used: {gallery.refused[0].error}" if gallery.refused else "."
        count = "1 photo" if len(readable) == 1 else f"{len(readable)} photos"
        unassigned = sum(photo.variant is None for photo in readable) if gallery.colour else 0
        of_none = f", {unassigned} of them assigned to no variant" if unassigned else ""
        return f"{count} of {of_what} can be used{of_none}{refused}"
    if readable:
        return (
            f"The largest photo of {of_what} has only {largest_px} pixels on its longer side; "
            f"upload one with at least {MIN_LONG_SIDE_PX}, better 1600."
        )
    if gallery.own:
        return f"The stored photos of {of_what} are damaged; run this product again."
    if gallery.photos:
        others = ", ".join(sorted({photo.variant for photo in gallery.photos if photo.variant}))
        return f"No photo shows {of_what}, only {others}; upload one that does."
    if gallery.refused:
        first = gallery.refused[0]
        why = f"{first.item}: {first.error}"
        return f"None of the {len(gallery.refused)} photos can be used; upload another one. The first is {why}"
    return f"There is no photo of {of_what}; upload at least one."


def _is_intact(photo: Photo, store: Store) -> bool:
    """The stored pixels are a picture of the size that the record says."""
    try:
        pixels = decode_png(store.read(photo.pixels))
    except (BlobMissing, PhotoError, OSError):
        return False
    return pixels.shape == (photo.height_px, photo.width_px, 3)
