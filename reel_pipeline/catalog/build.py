"""One entry of the snapshot -> its `Product` facts and its `ProductGallery` of normalised photos.

What a photo shows is `frames/`'s business; a photo that can't be used is named in `refused` and the others go on.
"""

from dataclasses import dataclass
from typing import Any

from reel_pipeline.catalog.source import Source
from reel_pipeline.errors import CatalogError, PhotoError, SourceUnavailable
from reel_pipeline.media import photo as media
from reel_pipeline.records import Blob, CatalogEntry, ItemError, Photo, PhotoSource, Product, ProductGallery, Record
from reel_pipeline.store import Store


@dataclass
class Normaliser:
    """The engine identity of `media.photo.normalise` in the memo; bump `revision` when its pixels change."""

    name: str = "photo"
    revision: str = "1"


class Normalised(Record):
    """What the memo keeps of one picture's bytes; fields as in `Photo`."""

    original: Blob
    pixels: Blob
    alpha: Blob | None
    width_px: int
    height_px: int


def product_of(entry: CatalogEntry) -> Product:
    """The entry's facts, without its pictures and its place in the catalogue."""
    return Product(**{name: getattr(entry, name) for name in Product.model_fields if name != "schema_version"})


def gallery_of(entry: CatalogEntry, source: Source, store: Store) -> tuple[ProductGallery, dict[str, Any]]:
    """The entry's photos, decoded once each, and where each came from (kept outside the content hash).

    Of pictures with equal pixels the first stays. One that can't be read is `refused` with the reason in plain words.
    Raises `SourceUnavailable` where one can't be read now but could be later: a gallery must not lack it for good.
    """
    photos: dict[str, Photo] = {}
    provenance: dict[str, Any] = {}
    refused = []
    for listed in entry.photos:
        try:
            known = _normalised(source.read_photo(listed), store)
        except SourceUnavailable:
            raise
        except (CatalogError, PhotoError, OSError) as error:
            refused.append(ItemError(item=_file_name(listed), error=str(error)))
            continue
        key = known.pixels.sha256[:16]
        variant = _nearer(photos[key].variant, listed.variant, entry.colour) if key in photos else listed.variant
        position = photos[key].position if key in photos else listed.position
        photos[key] = Photo(key=key, position=position, variant=variant, **dict(known))
        provenance.setdefault(key, []).append(listed.location)
    gallery = ProductGallery(colour=entry.colour, photos=tuple(photos.values()), refused=tuple(refused))
    return gallery, {"photos": provenance}


def _normalised(data: bytes, store: Store) -> Normalised:
    def make() -> Normalised:
        found = media.normalise(data)
        height_px, width_px = found.pixels.shape[:2]
        return Normalised(
            original=original,
            pixels=store.put(media.encode_png(found.pixels), ".png"),
            alpha=None if found.alpha is None else store.put(media.encode_png(found.alpha), ".png"),
            width_px=width_px,
            height_px=height_px,
        )

    original = store.put(data, media.suffix_of(data))
    return store.remember("normalise", Normaliser(), {"original": original.sha256}, Normalised, make)


def _file_name(photo: PhotoSource) -> str:
    """Of a web address only the file: where it lies may change without the gallery becoming another one."""
    if "://" not in photo.location:
        return photo.location
    return photo.location.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]


def _nearer(first: str | None, second: str | None, colour: str) -> str | None:
    """Which variant a picture listed twice belongs to: this entry's own colour, else a named one, else none."""
    return colour if colour in (first, second) and colour else first or second
