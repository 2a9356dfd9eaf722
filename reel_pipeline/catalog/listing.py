"""catalog.json, a spreadsheet or a feed -> entries as listed; the formats are described in `source.py`.

A broken item becomes an `ItemError` and the rest goes on. Only the documented fields are ever read.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reel_pipeline.catalog.columns import lacking, not_understood
from reel_pipeline.catalog.exports import BrokenRow, products_of, reader_of
from reel_pipeline.catalog.pages.shopify import as_listed
from reel_pipeline.catalog.pages.text import plain_line, plain_text
from reel_pipeline.catalog.partitions import colourway_name
from reel_pipeline.catalog.prices import parse_price
from reel_pipeline.catalog.spreadsheets import Spreadsheet
from reel_pipeline.errors import CatalogError
from reel_pipeline.records import CatalogEntry, ItemError, PhotoSource, UnreadItem, Variant

T = TypeVar("T")


@dataclass
class Listing:
    """Entries in shop order, without partition keys yet, and what could not be listed.

    `errors` are of single items. `unreached` are pages and files that may hold any number of items, and only these
    leave the listing incomplete. `unread`: the broken items, which still count as being in the shop. `ignored`: columns
    that were not understood.
    """

    entries: list[CatalogEntry] = field(default_factory=list)
    errors: list[ItemError] = field(default_factory=list)
    unreached: list[ItemError] = field(default_factory=list)
    unread: list[UnreadItem] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    _alike: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, item: object) -> None:
        """List one product; a broken one is noted under its SKU, or its place in the list."""
        try:
            if not isinstance(item, Mapping):
                raise CatalogError(f"Product {number} is {_kind(item)}; expected an object with sku, title and images.")
            self.entries.append(_entry(item))
        except CatalogError as error:
            skus = list(_skus(item))
            self.leave_out(skus[0] if skus else f"product {number}", str(error), skus, item)

    def leave_out(self, name: str, error: str, skus: Iterable[str], item: object) -> None:
        """Note an item that is there and can't be read; `skus` are those that it has, as far as they are known."""
        self.errors.append(ItemError(item=_visible_name(name), error=error))
        mark = hashlib.sha256(repr(item).encode("utf-8", "backslashreplace")).hexdigest()
        self._alike[mark] += 1
        mark = hashlib.sha256(f"{mark} {self._alike[mark]}".encode()).hexdigest()
        known = tuple(sku.encode("utf-8", "replace").decode() for sku in skus)
        self.unread.append(UnreadItem(skus=known, mark=mark))


def list_json(data: bytes, name: str) -> Listing:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CatalogError(f"{name} is not UTF-8 at line {line}; save it again as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise CatalogError(
            f"{name} is not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}); correct it."
        ) from None
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{name} can't be read ({error}); export it again.") from None
    products = content.get("products") if isinstance(content, dict) else None
    if not isinstance(products, list):
        raise CatalogError(f'{name} has no list of products; expected {{"products": [...]}}.')
    listing = Listing()
    for number, item in enumerate(products, 1):
        is_shopify = isinstance(item, Mapping) and "handle" in item and "sku" not in item
        listing.add(number, as_listed(item, "", "") if is_shopify else item)
    return listing


def list_spreadsheet(table: Spreadsheet) -> Listing:
    """The products of a spreadsheet or feed. Columns that were not understood are named."""
    listing = Listing()
    for number, product in enumerate(products_of(table), 1):
        if isinstance(product, BrokenRow):
            texts = [text for _, text in product.row.cells]
            listing.leave_out(f"line {product.row.line}", product.error, texts, texts)
        else:
            listing.add(number, product)
    listing.ignored = () if reader_of(table) else not_understood(table)
    if listing.ignored and (missing := lacking(table)):
        names = ", ".join(listing.ignored)[:300]
        error = f"Not understood: {names}; where one of these is the {' or '.join(missing)}, give it that name."
        listing.errors.append(ItemError(item=table.name, error=error))
    return listing


def _entry(item: Mapping[Any, object]) -> CatalogEntry:
    sku = _exact_text(item, "sku")
    if not sku.strip():
        raise CatalogError("The product has no SKU; give it one.")
    price, currency = parse_price(item.get("price"), plain_line(_text(item, "currency")))
    variants = tuple(_objects(item, "variants", _variant))
    sold_out = [] if _is_in_stock(item, 1) else [sku, *(variant.sku for variant in variants)]
    in_stock = list(_objects(item, "variants", _is_in_stock))
    return CatalogEntry(
        partition_key="",
        sku=sku,
        product=_exact_text(item, "product") or sku,
        title=plain_line(_text(item, "title")) or plain_line(sku) or sku,
        description=plain_text(_text(item, "description")),
        product_type=plain_line(_text(item, "product_type")),
        vendor=plain_line(_text(item, "vendor")),
        colour=plain_line(_text(item, "colour")),
        price=price,
        currency=currency,
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
    said = str(value).strip().lower().replace("_", " ")
    return value is not False and said not in ("false", "no", "0", "out of stock", "sold out")


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


def _skus(item: object) -> Iterator[str]:
    """Every SKU that a broken item or a colourway of it has, its own first, whatever else is wrong with it."""
    if not isinstance(item, Mapping):
        return
    lists = (item.get(name) for name in ("variants", "images"))
    parts = [part for value in lists if isinstance(value, list) for part in value if isinstance(part, Mapping)]
    for part in (item, *parts):
        if sku := _sku(part.get("sku")):
            yield sku
    if product := _sku(item.get("product")) or _sku(item.get("sku")):
        colours = (part.get("colour") or part.get("variant") for part in parts)
        yield from (colourway_name(product, colour) for colour in colours if isinstance(colour, str) and colour.strip())


def _sku(value: object) -> str:
    is_sku = isinstance(value, str | int) and not isinstance(value, bool) and _visible_name(str(value))
    return str(value) if is_sku else ""


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
