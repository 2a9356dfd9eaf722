"""catalog.json, catalog.csv or a tree of pictures -> entries as listed; the formats are described in `source.py`.

A broken item becomes an `ItemError` and the rest goes on. Only the documented fields are ever read.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from reel_pipeline.catalog.text import parse_price, plain_line, plain_text
from reel_pipeline.errors import CatalogError
from reel_pipeline.records import CatalogEntry, ItemError, PhotoSource, Variant

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"})
LISTS = ("tags", "collections", "pictures")
T = TypeVar("T")


@dataclass
class Listing:
    """Entries in shop order, without partition keys yet, and what could not be listed."""

    entries: list[CatalogEntry] = field(default_factory=list)
    errors: list[ItemError] = field(default_factory=list)

    def add(self, number: int, item: object) -> None:
        """List one product; a broken one is noted under its SKU, or its place in the list."""
        try:
            if not isinstance(item, Mapping):
                raise CatalogError(f"Product {number} is {_kind(item)}; expected an object with sku, title and images.")
            self.entries.append(_entry(item))
        except CatalogError as error:
            sku = item.get("sku") if isinstance(item, Mapping) else None
            name = _visible_name(sku) if isinstance(sku, str) else ""
            self.errors.append(ItemError(item=name or f"product {number}", error=str(error)))


def list_json(data: bytes) -> Listing:
    try:
        content = json.loads(_decoded(data, "catalog.json"))
    except json.JSONDecodeError as error:
        raise CatalogError(
            f"catalog.json is not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}); correct it."
        ) from None
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"catalog.json can't be read ({error}); export it again.") from None
    products = content.get("products") if isinstance(content, dict) else None
    if not isinstance(products, list):
        raise CatalogError('catalog.json has no list of products; expected {"products": [...]}.')
    listing = Listing()
    for number, item in enumerate(products, 1):
        listing.add(number, item)
    return listing


def list_csv(data: bytes) -> Listing:
    text = _decoded(data, "catalog.csv")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    listing = Listing()
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if "sku" not in names:
            raise CatalogError(f"catalog.csv has no column named sku in its first row ({header.strip()[:60]!r}).")
        reader.fieldnames = names
        for number, row in enumerate(reader, 1):
            if None in row:  # a shifted row would put one column's text into another
                error = "The row has more cells than the header row; put cells that hold separators in quotes."
                listing.errors.append(ItemError(item=f"row {number}", error=error))
            else:
                listing.add(number, _csv_item(row))
    except csv.Error as error:
        raise CatalogError(f"catalog.csv can't be read at line {reader.line_num} ({error}); correct it.") from None
    return listing


def list_folders(root: Path) -> Listing:
    listing = Listing()
    products = [(path, pictures) for path in _sorted(root) if path.is_dir() and (pictures := _pictures(path))]
    loose = _pictures(root)
    if loose and not products:
        listing.entries.append(_folder_entry(root.name, [path.name for path in loose]))
    elif loose:
        listing.errors.append(
            ItemError(item=loose[0].name, error="This picture lies beside the product folders; move it into one.")
        )
    for path, pictures in products:
        try:
            path.name.encode()
        except UnicodeEncodeError:
            listing.errors.append(ItemError(item=_visible_name(path.name), error="Rename the folder in plain letters."))
            continue
        listing.entries.append(_folder_entry(path.name, [f"{path.name}/{picture.name}" for picture in pictures]))
    if not (listing.entries or listing.errors):
        raise CatalogError("The folder holds no catalog.json, no catalog.csv and no pictures; add one of them.")
    return listing


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CatalogError(f"{name} is not UTF-8 at line {line}; save it again as UTF-8.") from None


def _csv_item(row: Mapping[Any, Any]) -> dict[str, object]:
    """A row as the product that catalog.json would hold."""
    cells = {name: (value or "").strip() for name, value in row.items()}
    lists = {name: [part.strip() for part in cells.pop(name, "").split("|") if part.strip()] for name in LISTS}
    images = [{"file": picture} for picture in lists.pop("pictures")]
    texts = {name: text for name, text in cells.items() if name not in ("images", "variants")}
    return {**texts, **lists, "images": images}


def _entry(item: Mapping[Any, object]) -> CatalogEntry:
    sku = _exact_text(item, "sku")
    if not sku.strip():
        raise CatalogError("The product has no SKU; give it one.")
    price, currency = parse_price(item.get("price"))
    variants = tuple(_objects(item, "variants", _variant))
    sold_out = [] if _is_in_stock(item, 1) else [sku, *(variant.sku for variant in variants)]
    in_stock = list(_objects(item, "variants", _is_in_stock))
    return CatalogEntry(
        partition_key="",
        sku=sku,
        title=plain_line(_text(item, "title")) or plain_line(sku) or sku,
        description=plain_text(_text(item, "description")),
        product_type=plain_line(_text(item, "product_type")),
        vendor=plain_line(_text(item, "vendor")),
        colour=plain_line(_text(item, "colour")),
        price=price,
        currency=plain_line(_text(item, "currency")).upper() or currency,
        tags=tuple(_texts(item, "tags")),
        collections=tuple(_texts(item, "collections")),
        variants=variants,
        sold_out=tuple(sold_out or (v.sku for v, left in zip(variants, in_stock, strict=True) if not left)),
        photos=tuple(sorted(_objects(item, "images", _photo), key=lambda photo: photo.position)),
    )


def _photo(item: Mapping[Any, object], number: int) -> PhotoSource:
    file, position = _exact_text(item, "file"), item.get("position")
    if not file.strip():
        raise CatalogError(f"Picture {number} names no file; add it or remove the picture.")
    if position is None:
        position = number
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position < 2**31:
        raise CatalogError(f"Picture {number} has the position {position!r}; expected a whole number from 0.")
    return PhotoSource(location=file, position=position, variant=plain_line(_text(item, "variant")) or None)


def _variant(item: Mapping[Any, object], number: int) -> Variant:
    sku = _exact_text(item, "sku")
    if not sku.strip():
        raise CatalogError(f"Variant {number} has no SKU; give it one.")
    return Variant(sku=sku, colour=plain_line(_text(item, "colour")), size=plain_line(_text(item, "size")))


def _is_in_stock(item: Mapping[Any, object], number: int) -> bool:
    """What is not said to be sold out is in stock."""
    value = item.get("in_stock")
    return value is not False and str(value).strip().lower() not in ("false", "no", "0")


def _text(item: Mapping[Any, object], name: str) -> str:
    """The text of a field, '' where it is absent; a number is taken as written (a SKU such as 1001)."""
    value = item.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CatalogError(f"The field {name} is {_kind(value)}; expected text.")
    return str(value)


def _exact_text(item: Mapping[Any, object], name: str) -> str:
    """As `_text`, of a field that is kept as it is; half a character pair could not be stored."""
    text = _text(item, name)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CatalogError(f"The field {name} holds broken characters; type it again.") from None
    return text


def _texts(item: Mapping[Any, object], name: str) -> Iterator[str]:
    value = item.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise CatalogError(f"The field {name} is {_kind(value)}; expected a list of texts.")
    yield from dict.fromkeys(line for part in value if (line := plain_line(part)))


def _objects(item: Mapping[Any, object], name: str, make: Callable[[Mapping[Any, object], int], T]) -> Iterator[T]:
    value = item.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise CatalogError(f"The field {name} is {_kind(value)}; expected a list of objects.")
    for number, part in enumerate(value, 1):
        yield make(part, number)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "empty")


def _visible_name(name: str) -> str:
    return plain_line(name)[:80]


def _folder_entry(name: str, pictures: list[str]) -> CatalogEntry:
    photos = tuple(PhotoSource(location=picture, position=number) for number, picture in enumerate(pictures, 1))
    title = plain_line(re.sub(r"[_-]+", " ", name)) or name
    return CatalogEntry(partition_key="", sku=name, title=title, photos=photos)


def _pictures(folder: Path) -> list[Path]:
    return [path for path in _sorted(folder) if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]


def _sorted(folder: Path) -> list[Path]:
    """What is not hidden, by name with numbers in counting order: 2.jpg before 10.jpg."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(visible, key=_counting_order)


def _counting_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]{1,18})", path.name.casefold())
    return [(int(part) if part.isdecimal() and part.isascii() else -1, part) for part in parts]
