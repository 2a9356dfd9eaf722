"""SKUs -> Dagster partition keys, and products with several colourways -> one entry per colourway.

A partition is one thing to sell: a product, or one colourway of it that has pictures of its own. Sizes never make a
partition; their SKUs are kept as aliases.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from reel_pipeline.records import CatalogEntry, CatalogSnapshot, ItemError, PhotoSource, Record, folded

_PLAIN_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def partition_keys(skus: Iterable[str]) -> dict[str, str]:
    """SKU -> partition key, for all SKUs of one catalogue; independent of their order.

    The key is the SKU itself where Dagster can carry it (`[A-Za-z0-9._-]{1,64}`, without `...`, which Dagster reads
    as a range) and no other SKU differs from it only in case; else `slug~sha256[:12]`. `~` is in no plain key, so the
    two kinds never collide.
    """
    distinct = set(skus)
    alike = Counter(sku.casefold() for sku in distinct)
    return {sku: sku if _is_plain(sku) and alike[sku.casefold()] == 1 else _hashed_key(sku) for sku in distinct}


def possible_keys(sku: str) -> frozenset[str]:
    """Every partition key that this SKU can have, whatever the other SKUs of its catalogue are."""
    return frozenset({sku, _hashed_key(sku)})


def _is_plain(sku: str) -> bool:
    return bool(_PLAIN_KEY.fullmatch(sku)) and "..." not in sku


def _hashed_key(sku: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", sku.lower()).strip("-")[:40].strip("-")
    return f"{slug or 'sku'}~{hashlib.sha256(sku.encode()).hexdigest()[:12]}"


def keyed_entries(entries: Iterable[CatalogEntry]) -> tuple[list[CatalogEntry], list[ItemError]]:
    """What one catalogue sells, in order, each with its partition key; of two with one SKU the first stays."""
    keyed: dict[str, CatalogEntry] = {}
    errors = []
    for one in (one for entry in entries for one in colourways_of(entry)):
        if one.sku in keyed:
            errors.append(ItemError(item=one.sku, error=f"The SKU {one.sku} is listed twice; give each its own."))
        else:
            keyed[one.sku] = one
    keys = partition_keys(keyed)
    return [one.model_copy(update={"partition_key": keys[sku]}) for sku, one in keyed.items()], errors


def colourways_of(entry: CatalogEntry) -> list[CatalogEntry]:
    """The entry itself, or one entry per colourway where two or more of its colourways have photos.

    Its colourways are those of its variants; where these name none, its own; else those that photos are assigned to.
    A colourway's entry has its own photos and those that are neither assigned to a colour nor name one in their file's
    name. A declared colourway without any photo of its own becomes an entry without photos, so that its check says what
    to upload, and no other colour stands in for it.
    """
    declared = [variant.colour for variant in entry.variants if folded(variant.colour)]
    assigned = [photo.variant for photo in entry.photos if photo.variant]
    named = declared or [colour for colour in [entry.colour] if colour] or assigned
    spelled = {folded(colour): colour for colour in reversed(named)}
    photos = tuple(
        photo.model_copy(update={"variant": photo.variant and spelled.get(folded(photo.variant), photo.variant)})
        for photo in entry.photos
    )
    pictured = {folded(colour) for colour in assigned} & set(spelled)
    if len(pictured) < 2:
        only = pictured or spelled
        colour = spelled[next(iter(only))] if len(only) == 1 else ""
        return [_single(entry.model_copy(update={"photos": photos, "colour": entry.colour or colour}))]
    told_by_file = {name: spelled[name] for name in spelled.keys() - _colours_in(entry.title, spelled)}
    photos = tuple(
        photo if photo.variant else photo.model_copy(update={"variant": _named_by_file(photo.location, told_by_file)})
        for photo in photos
    )
    return [_colourway(entry, photos, spelled[name], name in pictured) for name in reversed(spelled)]


def _named_by_file(location: str, spelled: Mapping[str, str]) -> str | None:
    """The one colour that the file's name holds, as in `mug-sage2.jpg`; None where it names none or several.

    Shops assign one picture a variant, and leave its other views to be told by their names.
    """
    path = unquote(urlsplit(location).path) if "://" in location else location
    found = _colours_in(PurePosixPath(path).stem, spelled)
    return spelled[found.pop()] if len(found) == 1 else None


def _colours_in(text: str, colours: Iterable[str]) -> set[str]:
    """The colours, as `folded` has them, that stand in a text as whole words; `off-white` there is no `white`."""
    left, found = f" {_words(text)} ", set()
    for colour in sorted(colours, key=len, reverse=True):
        words = f" {_words(colour)} "
        if words.strip() and words in left:
            left = left.replace(words, " | ")
            found.add(colour)
    return found


def _words(text: str) -> str:
    """Its words, without the numbers around them; what mixes letters and digits, as a hash does, is none."""
    return " ".join(re.findall(r"(?<![^\W_])\d*([^\W\d_]+)\d*(?![^\W_])", folded(text)))


def _single(entry: CatalogEntry) -> CatalogEntry:
    own = {v.sku for v in entry.variants if folded(v.colour) in ("", folded(entry.colour))}
    return entry.model_copy(update={"aliases": tuple(sorted(own - {entry.sku}))})


def _colourway(entry: CatalogEntry, photos: tuple[PhotoSource, ...], colour: str, pictured: bool) -> CatalogEntry:
    sizes = tuple(variant for variant in entry.variants if folded(variant.colour) == folded(colour))
    return entry.model_copy(
        update={
            "colour": colour,
            "sku": colourway_name(entry.product or entry.sku, colour),
            "aliases": tuple(sorted({variant.sku for variant in sizes})),
            "variants": sizes,
            "photos": tuple(photo for photo in photos if photo.is_of(colour)) if pictured else (),
        }
    )


def colourway_name(product: str, colour: str) -> str:
    """What a colourway is, whichever sizes exist and however the shop spells it today: `linen-tee.rose-gold`."""
    return f"{product}.{folded(colour).replace(' ', '-')}"


# --- colourways that were known by another SKU ----------------------------------------------------------------------


class KnownColourways(Record):
    """`looks`: `colourway_name` -> SKU and partition key under which the colourway was first listed.

    All that was made of it lies there. The field is called so in the workspaces that there are.
    """

    looks: dict[str, tuple[str, str]] = {}


def under_known_keys(
    snapshot: CatalogSnapshot, before: CatalogSnapshot | None, known: KnownColourways
) -> tuple[CatalogSnapshot, KnownColourways]:
    """The snapshot with each entry under the SKU and key that it has had, and what is known from now on.

    An entry that has no key of that kind yet, but is the heir of one in the snapshot `before`, takes that one's: before
    2026-11-28 a colourway was called by its first size, and a product may become several colourways, or one again. So
    its records, reviews and attempts go on, and no second reel is published beside the one that is public.
    """
    own = {entry.partition_key.casefold() for entry in snapshot.entries}
    former = [entry for entry in before.entries if entry.partition_key.casefold() not in own] if before else []
    free = {entry.partition_key: entry for entry in former}
    entries, names = [], dict(known.looks)
    for entry in snapshot.entries:
        is_known = before is not None and entry.partition_key in before.by_partition
        name = colourway_name(entry.product or entry.sku, entry.colour)
        kept = known.looks.get(name) if entry.colour else None
        heir_of = None if is_known or kept else _heir_of(entry, list(free.values()))
        kept = (heir_of.sku, heir_of.partition_key) if heir_of else kept
        if kept and kept[1].casefold() not in own - {entry.partition_key.casefold()}:
            aliases = tuple(sku for sku in entry.aliases if sku != kept[0])
            entry = entry.model_copy(update={"sku": kept[0], "partition_key": kept[1], "aliases": aliases})
            own.add(kept[1].casefold())
            free.pop(kept[1], None)
        if entry.colour:
            names[name] = (entry.sku, entry.partition_key)
        entries.append(entry)
    return snapshot.model_copy(update={"entries": tuple(entries)}), KnownColourways(looks=names)


def _heir_of(entry: CatalogEntry, former: list[CatalogEntry]) -> CatalogEntry | None:
    """The former entry of the same colour, else of no colour in particular, with which this one shares a SKU."""
    skus = {entry.sku, entry.product, *entry.aliases}
    alike = [old for old in former if skus & {old.sku, *old.aliases, *(variant.sku for variant in old.variants)}]
    return next((old for colour in (folded(entry.colour), "") for old in alike if folded(old.colour) == colour), None)
