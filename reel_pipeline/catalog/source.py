"""Where a catalogue comes from: `open_source(location)` -> a `Source` that lists products and reads their pictures.

A source is a shop's web address (`shop.py`) or a folder in one of three forms, of which the first that is there counts;
several spreadsheets are refused. File names are relative to the folder and stay inside it.

`catalog.json`: only `sku` is required; everything not named here is ignored.

    {"products": [{
        "sku": "TEE-1", "title": "Linen tee", "description": "Plain text or HTML", "product_type": "T-shirt",
        "colour": "white", "vendor": "Acme", "tags": ["linen"], "price": "54.00", "currency": "EUR",
        "collections": ["Summer"],
        "images": [{"file": "images/tee-1.jpg", "position": 1, "variant": "white"}],
        "variants": [{"sku": "TEE-1-W-S", "colour": "white", "size": "S"}]}]}

`currency`: an ISO code, unless the price names its currency itself. What makes a price unsure is said in `prices.py`.
An image's `variant` is the colour it shows; leave it out where the picture stands for the product itself. Where two or
more colours of `variants` have pictures, each colour becomes a product of its own with its own reel.

A spreadsheet (`catalog.csv`, or the one `.csv`, `.tsv` or `.xml` there is; a `.txt` counts where it lists products): a
list with one row a product whose columns have the names above, or others that `columns.py` knows, and `pictures` for
the files; an export of Shopify's or WooCommerce's products; a Google Merchant feed. Several values in one cell are
separated by `|`.

    sku,title,description,product_type,colour,vendor,tags,price,currency,collections,pictures
    TEE-1,Linen tee,Soft linen.,T-shirt,white,Acme,linen|summer,54.00,EUR,Summer,images/1.jpg|images/2.jpg

A picture that is named without a folder, or by its web address, is the one file of that name in the folder, where there
is one and no other picture of the listing has that name; else an address is fetched.

None of them: each folder with pictures is a product named by its folder, its pictures in the order of their names. The
folders that it lies in are its collections (`Summer/Towel/1.jpg` is the product Towel of the collection Summer). A
folder whose name says only that it holds pictures (`images`) is no product. Where no folder holds pictures, those in
the catalogue's own folder are one product. Hidden files and what archives leave behind (`__MACOSX`) are not looked at.

A listing is complete when all its pages and files were reached. What in it can't be read is named in the snapshot's
errors and counts as present (see `presence.py`): a broken item, a photo in a format such as HEIC. What kind of picture
a file is, its first bytes say, whatever it is called.

What doesn't belong here: decoding pictures (`build.py`), what a shop sends (`pages/`).
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from reel_pipeline.catalog.columns import sku_column
from reel_pipeline.catalog.exports import KNOWN_COLUMNS, reader_of
from reel_pipeline.catalog.folders import WORKBOOK_SUFFIXES, list_folders, pictures_below
from reel_pipeline.catalog.listing import Listing, list_json, list_spreadsheet
from reel_pipeline.catalog.partitions import keyed_entries
from reel_pipeline.catalog.shop import ShopSource, fetched_photo
from reel_pipeline.catalog.spreadsheets import Spreadsheet, feed_of, spreadsheet_of
from reel_pipeline.catalog.web.manners import Web
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.file_hashes import FileHashes
from reel_pipeline.media.photo import HEAD_BYTES, MAX_BYTES, refusal_of
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, ItemError, PhotoSource
from reel_pipeline.store import Store

MAX_LISTING_BYTES = 128 * 2**20
LISTING_SUFFIXES = frozenset({".csv", ".tsv", ".xml"})
LISTINGS = ("catalog.json", "catalog.csv", "catalog.tsv", "catalog.txt", "catalog.xml")
"""The first of these that is there is the listing, whatever else there is."""


class Source(Protocol):
    def snapshot(self) -> CatalogSnapshot:
        """Everything listed right now; raises `CatalogError` when nothing can be listed at all."""

    def read_photo(self, photo: PhotoSource) -> bytes:
        """The bytes the snapshot saw; raises `CatalogError` when they are gone or others by now."""


class FolderSource:
    """A folder with a listing or sub-folders of pictures (see the module's docstring); `web` fetches other pictures.

    `hashes`: those of the pictures as far as they are known.
    """

    def __init__(self, root: Path, web: Web | None = None, hashes: FileHashes | None = None) -> None:
        self.root = root.resolve()
        self.web = web
        self._hashes = hashes or FileHashes()

    def snapshot(self) -> CatalogSnapshot:
        try:
            path = _listing_file(self.root)
            listing = _read(path) if path else list_folders(self.root)
        except OSError as error:
            raise CatalogError(f"{self.root} can't be read ({error.strerror}); let this user read it.") from None
        names_files_exactly = path is None or path.name == LISTINGS[0]
        keyed, twice = keyed_entries(listing.entries if names_files_exactly else self._with_files(listing.entries))
        entries = tuple(
            entry.model_copy(update={"photos": tuple(self._hashed(photo) for photo in entry.photos)}) for entry in keyed
        )
        pictures = dict.fromkeys(photo.location for entry in entries for photo in entry.photos if photo.content_sha256)
        refused = (ItemError(item=name, error=why) for name in pictures if (why := self._refusal(name)))
        return CatalogSnapshot(
            source=path.name if path else "folders",
            entries=entries,
            errors=(*listing.unreached, *listing.errors, *twice, *refused),
            unread=tuple(listing.unread),
            ignored_columns=listing.ignored,
            complete=not listing.unreached,
        )

    def read_photo(self, photo: PhotoSource) -> bytes:
        if "://" in photo.location and self.web:
            try:
                return fetched_photo(self.web, photo)
            except SourceUnavailable as error:
                raise SourceUnavailable(f"{error} Or copy {_file_name(photo.location)} into the folder.") from None
        path = self._inside(photo.location)
        if path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"{photo.location} is larger than {MAX_BYTES >> 20} MB; export a smaller picture.")
        data = path.read_bytes()
        if photo.content_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise CatalogError(f"{photo.location} was changed after the catalogue was read; sync the catalogue again.")
        return data

    def _with_files(self, entries: list[CatalogEntry]) -> Iterator[CatalogEntry]:
        """The entries with the files of pictures that are named without their folder, or by an address on the web."""
        named = {photo.location for entry in entries for photo in entry.photos}
        loose = {place for place in named if self._is_loose(place)}
        there = _by_name(pictures_below(self.root) if loose else ())
        file_of = {
            place: next(iter(there[name]))
            for name, places in _by_name(named).items()
            for place in places & loose
            if len({place.partition("?")[0] for place in places}) == len(there.get(name, ())) == 1
        }
        for entry in entries:
            photos = (
                photo.model_copy(update={"location": file_of.get(photo.location, photo.location)})
                for photo in entry.photos
            )
            yield entry.model_copy(update={"photos": tuple(photos)})

    def _is_loose(self, place: str) -> bool:
        """It is no path in the folder: an address, a shop's path from its root, a name whose file may lie elsewhere."""
        if "/" in place:
            return "://" in place or place.startswith("/")
        try:
            self._inside(place)
        except CatalogError:
            return True
        return False

    def _hashed(self, photo: PhotoSource) -> PhotoSource:
        """With the hash of its bytes, or without one where no readable file lies there: its gallery then says why."""
        try:
            return photo.model_copy(update={"content_sha256": self._hashes.of(self._inside(photo.location))})
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


def open_source(
    location: str, store: Store, private_hosts: Collection[str] = (), hashes: FileHashes | None = None
) -> Source:
    """The source at `location`, a folder or a shop's web address; `store` holds what was fetched, for later visits,
    and `hashes` those of a folder's pictures.

    `private_hosts` are the hosts that may lie inside a private network. Raises `CatalogError` for anything else.
    """
    if location.startswith(("http://", "https://")):
        return ShopSource(location, Web(store, private_hosts))
    root = Path(location).expanduser()
    if not root.is_dir():
        raise CatalogError(
            f"{location} is no folder; name one that holds catalog.json, catalog.csv, an export or pictures, or a "
            "shop's address such as https://shop.example/."
        )
    return FolderSource(root, Web(store, private_hosts), hashes)


def _listing_file(root: Path) -> Path | None:
    """The file that lists the products; None where there is none. Raises `CatalogError` where it is not clear which."""
    files = [path for path in sorted(root.iterdir()) if path.is_file() and not path.name.startswith((".", "~$"))]
    by_name = {path.name.casefold(): path for path in files}
    if documented := [by_name[name] for name in LISTINGS if name in by_name]:
        return documented[0]
    found = [path for path in files if path.suffix.lower() in LISTING_SUFFIXES or _lists_products(path)]
    workbooks = [path.name for path in files if path.suffix.lower() in WORKBOOK_SUFFIXES]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise CatalogError(f"Which of {names} lists the products is not clear; keep one, or call it catalog.csv.")
    if workbooks and not found:
        raise CatalogError(f"{workbooks[0]} can't be read; save its sheet of products as catalog.csv beside it.")
    return found[0] if found else None


def _lists_products(path: Path) -> bool:
    """Text and JSON files are of all kinds; the others of `LISTING_SUFFIXES` are the listing or refused."""
    try:
        if path.suffix.lower() == ".txt":
            table = _table(path)
            return bool(reader_of(table) or (sku_column(table) and len(table.columns) > 1))
        return path.suffix.lower() == ".json" and bool(_read(path))
    except CatalogError:
        return False


def _read(path: Path) -> Listing:
    return list_json(_bytes(path), path.name) if path.suffix.lower() == ".json" else list_spreadsheet(_table(path))


def _table(path: Path) -> Spreadsheet:
    data = _bytes(path)
    return feed_of(data, path.name) if path.suffix.lower() == ".xml" else spreadsheet_of(data, path.name, KNOWN_COLUMNS)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_LISTING_BYTES:
        raise CatalogError(f"{path.name} is larger than {MAX_LISTING_BYTES >> 20} MB; split the catalogue.")
    return path.read_bytes()


def _by_name(places: Iterable[str]) -> dict[str, set[str]]:
    """The places of pictures by the file's name alone."""
    found: dict[str, set[str]] = {}
    for place in places:
        found.setdefault(_file_name(place).casefold(), set()).add(place)
    return found


def _file_name(place: str) -> str:
    try:
        path = unquote(urlsplit(place).path) if "://" in place or place.startswith("/") else place
    except ValueError:
        path = place
    return path.rsplit("/", 1)[-1]
