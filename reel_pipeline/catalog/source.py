"""Where a catalogue comes from: `open_source(location)` -> a `Source` that lists products and reads their pictures.

A source is a shop's web address (`shop.py`) or a folder, in one of three forms. File names are relative to the folder
and stay inside it.

`catalog.json`: only `sku` is required; everything not named here is ignored.

    {"products": [{
        "sku": "TEE-1", "title": "Linen tee", "description": "Plain text or HTML", "product_type": "T-shirt",
        "colour": "white", "vendor": "Acme", "tags": ["linen"], "price": "54.00", "currency": "EUR",
        "collections": ["Summer"],
        "images": [{"file": "images/tee-1.jpg", "position": 1, "variant": "white"}],
        "variants": [{"sku": "TEE-1-W-S", "colour": "white", "size": "S"}]}]}

An image's `variant` is the colour it shows; leave it out where the picture stands for the product itself. Where two or
more colours of `variants` have pictures, each colour becomes a product of its own with its own reel.

`catalog.csv`: UTF-8, a header row with the same names, `pictures` for the files; several values in one cell (`tags`,
`collections`, `pictures`) are separated by `|`; cells by commas, semicolons or tabs.

    sku,title,description,product_type,colour,vendor,tags,price,currency,collections,pictures
    TEE-1,Linen tee,Soft linen.,T-shirt,white,Acme,linen|summer,54.00,EUR,Summer,images/1.jpg|images/2.jpg

Neither: each folder with pictures is a product named by its folder, its pictures in the order of their names. The
folders that it lies in are its collections (`Summer/Towel/1.jpg` is the product Towel of the collection Summer). A
folder whose name says only that it holds pictures (`images`) is no product. Where no folder holds pictures, those in
the catalogue's own folder are one product. Hidden files and what archives leave behind (`__MACOSX`) are not looked at.

A listing is complete when all its pages and files were reached. What in it can't be read is named in the snapshot's
errors and counts as present (see `presence.py`): a broken item, a photo in a format such as HEIC. What kind of picture
a file is, its first bytes say, whatever it is called.

What doesn't belong here: decoding pictures (`build.py`), storefront pages (`storefront.py`).
"""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from reel_pipeline.catalog.folders import list_folders
from reel_pipeline.catalog.listing import Listing, list_csv, list_json
from reel_pipeline.catalog.partitions import keyed_looks
from reel_pipeline.catalog.shop import ShopSource
from reel_pipeline.catalog.web import Web
from reel_pipeline.errors import CatalogError
from reel_pipeline.media.photo import HEAD_BYTES, MAX_BYTES, refusal_of
from reel_pipeline.records import CatalogSnapshot, ItemError, PhotoSource
from reel_pipeline.store import Store

MAX_LISTING_BYTES = 128 * 2**20


class Source(Protocol):
    def snapshot(self) -> CatalogSnapshot:
        """Everything listed right now; raises `CatalogError` when nothing can be listed at all."""

    def read_photo(self, photo: PhotoSource) -> bytes:
        """The bytes the snapshot saw; raises `CatalogError` when they are gone or others by now."""


class FolderSource:
    """A folder with catalog.json, catalog.csv or sub-folders of pictures (see the module's docstring)."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def snapshot(self) -> CatalogSnapshot:
        listing, kind = self._listing()
        looks, twice = keyed_looks(listing.entries)
        entries = tuple(
            look.model_copy(update={"photos": tuple(self._hashed(photo) for photo in look.photos)}) for look in looks
        )
        pictures = dict.fromkeys(photo.location for look in entries for photo in look.photos if photo.content_sha256)
        refused = (ItemError(item=name, error=why) for name in pictures if (why := self._refusal(name)))
        return CatalogSnapshot(
            source=kind,
            entries=entries,
            errors=(*listing.unreached, *listing.errors, *twice, *refused),
            unread=tuple(listing.unread),
            complete=not listing.unreached,
        )

    def read_photo(self, photo: PhotoSource) -> bytes:
        path = self._inside(photo.location)
        if path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"{photo.location} is larger than {MAX_BYTES >> 20} MB; export a smaller picture.")
        data = path.read_bytes()
        if photo.content_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise CatalogError(f"{photo.location} was changed after the catalogue was read; sync the catalogue again.")
        return data

    def _listing(self) -> tuple[Listing, str]:
        for name, read in (("catalog.json", list_json), ("catalog.csv", list_csv)):
            path = self.root / name
            if path.is_file():
                if path.stat().st_size > MAX_LISTING_BYTES:
                    raise CatalogError(f"{name} is larger than {MAX_LISTING_BYTES >> 20} MB; split the catalogue.")
                return read(path.read_bytes()), name
        return list_folders(self.root), "folders"

    def _hashed(self, photo: PhotoSource) -> PhotoSource:
        """With the hash of its bytes, or without one where no readable file lies there: its gallery then says why."""
        try:
            with self._inside(photo.location).open("rb") as file:
                return photo.model_copy(update={"content_sha256": hashlib.file_digest(file, "sha256").hexdigest()})
        except (CatalogError, OSError):
            return photo

    def _refusal(self, location: str) -> str | None:
        """Why the file is no picture, as far as its first bytes tell; whether the rest is sound, its gallery says."""
        with self._inside(location).open("rb") as file:
            return refusal_of(file.read(HEAD_BYTES))

    def _inside(self, location: str) -> Path:
        """The regular file at `location`; refuses what lies outside the folder, also by way of a symbolic link."""
        relative = Path(location)
        try:
            path = (self.root / relative).resolve()
            is_outside = relative.is_absolute() or ".." in relative.parts or not path.is_relative_to(self.root)
            is_file = not is_outside and path.is_file()
        except (OSError, ValueError):
            raise CatalogError(f"{location[:200]!r} is no file name; correct it in the catalogue.") from None
        if is_outside:
            raise CatalogError(f"{location} lies outside the catalogue's folder; copy the picture into it.")
        if not is_file:
            raise CatalogError(f"{location} is missing; copy the picture into the catalogue's folder.")
        return path


def open_source(location: str, store: Store, private_hosts: Collection[str] = ()) -> Source:
    """The source at `location`, a folder or a shop's web address; `store` holds what was fetched, for later visits.

    `private_hosts` are the hosts that may lie inside a private network. Raises `CatalogError` for anything else.
    """
    if location.startswith(("http://", "https://")):
        return ShopSource(location, Web(store, private_hosts))
    root = Path(location).expanduser()
    if not root.is_dir():
        raise CatalogError(
            f"{location} is no folder; name one that holds catalog.json, catalog.csv or pictures, or a shop's address "
            "such as https://shop.example/."
        )
    return FolderSource(root)
