"""SKUs -> Dagster partition keys, and products with several colourways -> one entry per colourway.

A partition is one sellable look: a product, or one colourway of it that has pictures of its own. Sizes never make a
partition; their SKUs are kept as aliases.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from reel_pipeline.records import CatalogEntry, ItemError, PhotoSource

_PLAIN_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def partition_keys(skus: Iterable[str]) -> dict[str, str]:
    """SKU -> partition key, for all SKUs of one catalogue; independent of their order.

    The key is the SKU itself where Dagster can carry it (`[A-Za-z0-9._-]{1,64}`, without `...`, which Dagster reads
    as a range) and no other SKU differs from it only in case; else `slug~sha256[:12]`. `~` is in no plain key, so the
    two kinds never collide.
    """
    distinct = set(skus)
    folded = Counter(sku.casefold() for sku in distinct)
    return {sku: sku if _is_plain(sku) and folded[sku.casefold()] == 1 else _hashed_key(sku) for sku in distinct}


def possible_keys(sku: str) -> frozenset[str]:
    """Every partition key that this SKU can have, whatever the other SKUs of its catalogue are."""
    return frozenset({sku, _hashed_key(sku)})


def _is_plain(sku: str) -> bool:
    return bool(_PLAIN_KEY.fullmatch(sku)) and "..." not in sku


def _hashed_key(sku: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", sku.lower()).strip("-")[:40].strip("-")
    return f"{slug or 'sku'}~{hashlib.sha256(sku.encode()).hexdigest()[:12]}"


def keyed_looks(entries: Iterable[CatalogEntry]) -> tuple[list[CatalogEntry], list[ItemError]]:
    """All looks of one catalogue in order, each with its partition key; of two with one SKU the first stays."""
    looks: dict[str, CatalogEntry] = {}
    errors = []
    for look in (look for entry in entries for look in looks_of(entry)):
        if look.sku in looks:
            errors.append(ItemError(item=look.sku, error=f"The SKU {look.sku} is listed twice; give each its own."))
        else:
            looks[look.sku] = look
    keys = partition_keys(looks)
    return [look.model_copy(update={"partition_key": keys[sku]}) for sku, look in looks.items()], errors


def looks_of(entry: CatalogEntry) -> list[CatalogEntry]:
    """The entry itself, or one entry per colourway where two or more of its declared colourways have photos.

    A colourway's entry has its own and the unassigned photos. A declared colourway without any photo of its own becomes
    an entry without photos, so that its check says what to upload instead of another colour standing in for it.
    """
    photos = tuple(_with_declared_colour(photo, entry) for photo in entry.photos)
    colours = {_same(variant.colour): variant.colour for variant in reversed(entry.variants) if variant.colour}
    pictured = {_same(photo.variant) for photo in photos if photo.variant} & set(colours)
    if len(pictured) < 2:
        only = pictured or colours
        colour = colours[next(iter(only))] if len(only) == 1 else ""
        return [_single(entry.model_copy(update={"photos": photos, "colour": entry.colour or colour}))]
    return [_colourway(entry, photos, colours[name], name in pictured) for name in reversed(colours)]


def _single(entry: CatalogEntry) -> CatalogEntry:
    own = {variant.sku for variant in entry.variants if _same(variant.colour) in ("", _same(entry.colour))}
    return entry.model_copy(update={"aliases": tuple(sorted(own - {entry.sku}))})


def _colourway(entry: CatalogEntry, photos: tuple[PhotoSource, ...], colour: str, pictured: bool) -> CatalogEntry:
    sizes = [variant for variant in entry.variants if _same(variant.colour) == _same(colour)]
    sku, *aliases = sorted({variant.sku for variant in sizes})
    own = tuple(photo for photo in photos if photo.variant is None or photo.variant == colour) if pictured else ()
    return entry.model_copy(
        update={"sku": sku, "colour": colour, "aliases": tuple(aliases), "variants": tuple(sizes), "photos": own}
    )


def _with_declared_colour(photo: PhotoSource, entry: CatalogEntry) -> PhotoSource:
    """The photo's variant spelled as the entry spells it, so that later rooms can compare exactly."""
    if photo.variant is None:
        return photo
    known = {_same(colour): colour for colour in (*(v.colour for v in entry.variants), entry.colour) if colour}
    return photo.model_copy(update={"variant": known.get(_same(photo.variant), photo.variant)})


def _same(colour: str | None) -> str:
    return (colour or "").casefold().strip()
