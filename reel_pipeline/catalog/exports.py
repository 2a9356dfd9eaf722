"""The rows of a shop's export -> products in the fields of `catalog.json`, which `listing.py` then reads.

Known by their columns: product exports of Shopify and WooCommerce, and Google Merchant feeds. They go the way of
Shopify's `products.json` (`pages/shopify.py`), so that colours, pictures of variants and prices mean the same wherever
they come from. What is a draft, archived or not published is not for sale and left out, as the shop itself would do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reel_pipeline.catalog.columns import KNOWN, fault_of, files_in, listed_product, sku_column, values_in
from reel_pipeline.catalog.pages.shopify import NO_OPTION, as_listed
from reel_pipeline.catalog.pages.text import plain_line
from reel_pipeline.catalog.prices import as_number
from reel_pipeline.catalog.spreadsheets import Row, Spreadsheet
from reel_pipeline.errors import CatalogError

SHOPIFY = frozenset({"variant sku", "variant price", "image src", "option1 value", "product image url"})
WOOCOMMERCE = frozenset({"regular price", "parent", "attribute 1 name"})
GOOGLE = frozenset({"image link", "item group id", "google product category", "additional image link"})
KNOWN_COLUMNS = KNOWN | SHOPIFY | WOOCOMMERCE | GOOGLE
NOT_FOR_SALE = frozenset({"draft", "archived", "unlisted"})
OPTION_NUMBERS = (1, 2, 3)
_GOOGLE_PRICE = re.compile(r"([0-9.]+) ?([A-Z]{3})")
GOOGLE_OPTIONS = ("color", "size", "material", "pattern")


class BrokenRow(NamedTuple):
    """A row that is no product and belongs to none."""

    row: Row
    error: str


Products = Iterator[dict[str, object] | BrokenRow]


def products_of(table: Spreadsheet) -> Products:
    """Every product of the table in order; raises `CatalogError` where no column says which product a row is."""
    read = reader_of(table)
    if read is None and not sku_column(table):
        raise CatalogError(
            f"{table.name} has no column named sku, only {', '.join(table.columns)[:200] or 'none'}; rename the "
            "one that tells products apart, or take the file out of the folder if it lists no products."
        )
    for row in table.rows:
        if fault := fault_of(row):
            yield BrokenRow(row, fault)
    rows = [row for row in table.rows if not fault_of(row)]
    yield from read(rows) if read else (listed_product(row, sku_column(table)) for row in rows)


def reader_of(table: Spreadsheet) -> Callable[[Iterable[Row]], Products] | None:
    """What reads an export of this kind; None for a list with one row a product."""
    keys = table.keys
    if keys & {"handle", "url handle"} and keys & SHOPIFY:
        return _shopify
    if keys >= {"type", "name"} and keys & WOOCOMMERCE:
        return _woocommerce
    return _google if "id" in keys and "sku" not in keys and keys & GOOGLE else None


# --- Shopify


def _shopify(rows: Iterable[Row]) -> Products:
    """Several rows with one handle are a product: its variants and its pictures go down the rows side by side."""
    products: dict[str, list[Row]] = {}
    for row in rows:
        if handle := row.text("handle", "url handle"):
            products.setdefault(handle, []).append(row)
        else:
            yield BrokenRow(row, "The row has no handle, so it belongs to no product; export the products again.")
    for handle, own in products.items():
        first = next((row for row in own if row.text("title")), own[0])
        published = first.text("published", "published on online store").lower()
        if first.text("status").lower() not in NOT_FOR_SALE and published != "false":
            yield {
                **as_listed(_shopify_product(handle, first, own), "", ""),
                "collections": [*first.texts("collection")],
            }


def _shopify_product(handle: str, first: Row, rows: list[Row]) -> dict[str, object]:
    variants, pictures = [], _Pictures()
    for row in rows:
        pictures.add(row.text("image src", "product image url"), row.text("image position"))
    for row in rows:
        values = [row.text(f"option{number} value") for number in OPTION_NUMBERS]
        if any(values) or row.text("variant sku", "sku", "variant price"):
            variant = _variant(handle, values, row.text("variant sku", "sku"), row.text("variant price", "price"))
            variants.append({**variant, "available": _shopify_has_stock(row)})
            pictures.assign(row.text("variant image", "variant image url"), variant["id"])
    return {
        "handle": handle,
        "title": first.text("title"),
        "body_html": first.text("body html", "description"),
        "vendor": first.text("vendor"),
        "product_type": first.text("type") or _leaf(first.text("product category")),
        "tags": values_in(first.text("tags")),
        "options": [{"name": first.text(f"option{number} name")} for number in OPTION_NUMBERS],
        "variants": variants,
        "images": pictures.listed,
    }


def _shopify_has_stock(row: Row) -> bool:
    """What Shopify counts and has none of is sold out, unless it goes on selling."""
    quantity = row.text("variant inventory qty", "inventory quantity")
    goes_on = row.text("variant inventory policy", "continue selling when out of stock").lower() in ("continue", "true")
    is_counted = bool(row.text("variant inventory tracker", "inventory tracker"))
    return goes_on or not is_counted or not re.fullmatch(r"0|-\d+", quantity)


# --- WooCommerce


def _woocommerce(rows: Iterable[Row]) -> Products:
    """A variable product's row, and one for each variation that names it as its parent by SKU or by `id:` number."""
    parents: dict[str, tuple[Row, list[Row]]] = {}
    known: dict[str, str] = {}
    variations = []
    for number, row in enumerate(rows):
        if "variation" in [kind.strip().lower() for kind in row.text("type").split(",")]:
            variations.append(row)
            continue
        key = str(number)
        parents[key] = (row, [])
        known |= {name: key for name in (row.text("sku"), f"id:{row.text('id')}") if name not in ("", "id:")}
    for row in variations:
        if row.text("parent") in known:
            parents[known[row.text("parent")]][1].extend([row] if _is_published(row) else [])
        else:
            yield BrokenRow(row, f"The product {row.text('parent') or '(blank)'} of this variation is not in the file.")
    for row, own in parents.values():
        if _is_published(row):
            collections = [_leaf(category) for category in _values(row.text("categories"))]
            yield {**as_listed(_woocommerce_product(row, own), "", ""), "collections": collections}


def _woocommerce_product(row: Row, variations: list[Row]) -> dict[str, object]:
    sku, pictures, variants = row.text("sku") or row.text("id"), _Pictures(), []
    for file in files_in(row.texts("images")):
        pictures.add(file)
    given = [(own, _attributes(own)) for own in variations or [row]]
    names = [name for name in _attributes(row) if any(attributes.get(name) for _, attributes in given)]
    for own, attributes in given:
        values = [attributes.get(name, "") for name in names]
        variant = _variant(sku, values, own.text("sku") or own.text("id"), _woocommerce_price(own))
        variants.append({**variant, "available": own.text("in stock").lower() not in ("0", "false", "no")})
        for file in files_in(own.texts("images")) if variations else ():
            pictures.assign(file, variant["id"])
    return {
        "sku": sku,
        "title": row.text("name"),
        "body_html": row.text("description", "short description").replace("\\n", "\n"),
        "vendor": row.text("brands", "brand"),
        "product_type": _leaf(next(iter(_values(row.text("categories"))), "")),
        "tags": _values(row.text("tags")),
        "options": [{"name": name} for name in names],
        "variants": variants,
        "images": pictures.listed,
    }


def _attributes(row: Row) -> dict[str, str]:
    """Name -> value of the row's attributes that have one; `pa_` marks those that all products of the shop share."""
    found = {}
    for key, name in row.cells:
        if re.fullmatch(r"attribute \d{1,3} name", key):
            values = _values(row.text(key.replace("name", "value")))
            found[name.removeprefix("pa_")] = values[0] if len(values) == 1 else ""
    return found


def _values(cell: str) -> list[str]:
    """Separated by commas; one that belongs to a value has a backslash before it."""
    return [value for part in re.split(r"(?<!\\),", cell) if (value := part.replace("\\,", ",").strip())]


def _is_published(row: Row) -> bool:
    return row.text("published").lower() not in ("0", "-1", "false")


def _woocommerce_price(row: Row) -> str:
    """What it costs now; '' where that depends on the day."""
    regular, sale = row.text("regular price"), row.text("sale price")
    if sale and row.text("date sale price starts", "date sale price ends"):
        return ""
    return sale or regular


# --- Google Merchant


def _google(rows: Iterable[Row]) -> Products:
    """Items with one `item_group_id` are the variants of a product, which goes by the first one's id."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if number := row.text("id"):
            groups.setdefault(row.text("item group id") or f"\0{number}", []).append(row)
        else:
            yield BrokenRow(row, "The item has no id; give it one.")
    for own in groups.values():
        prices = {_google_price(row) for row in own}
        price = prices.pop() if len(prices) == 1 else ""
        found = _GOOGLE_PRICE.fullmatch(price)
        number, currency = found.groups() if found else (price, "")
        yield {**as_listed(_google_product(own), "", currency), "price": as_number(number)}


def _google_product(rows: list[Row]) -> dict[str, object]:
    first, pictures, variants = rows[0], _Pictures(), []
    names = [name for name in GOOGLE_OPTIONS if any(row.text(name) for row in rows)]
    for row in rows:
        variant = _variant(row.text("id"), [row.text(name) for name in names], row.text("id"), "")
        stock = row.text("availability").lower().replace("_", " ")
        variants.append({**variant, "available": stock != "out of stock"})
    for column in ("image link", "additional image link"):
        for row, variant in zip(rows, variants, strict=True):
            for file in files_in(row.texts(column)):
                pictures.assign(file, variant["id"])
    return {
        "title": _shared_title(rows),
        "body_html": first.text("description", "summary", "content"),
        "vendor": first.text("brand"),
        "product_type": _leaf(first.text("product type")) or _leaf(first.text("google product category")),
        "options": [{"name": name} for name in names],
        "variants": variants,
        "images": pictures.listed,
    }


def _google_price(row: Row) -> str:
    """What it costs now; '' where that depends on the day."""
    if row.text("sale price") and row.text("sale price effective date"):
        return ""
    return row.text("sale price", "price")


def _shared_title(rows: list[Row]) -> str:
    """What the variants' titles have in common, without the colour and size that each adds to it."""
    titles = set()
    for row in rows:
        title = plain_line(row.text("title"))
        for value in (row.text(name) for name in GOOGLE_OPTIONS) if len(rows) > 1 else ():
            title = re.sub(rf"[\s,/|(\-–]*\b{re.escape(value)}\b\)?\s*$", "", title, flags=re.I) if value else title
        titles.add(title)
    words = list(map(str.split, titles))
    shared = []
    for column in zip(*words, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return " ".join(shared).rstrip(" ,/|(-–") or rows[0].text("item group id")


# --- what they share


class _Pictures:
    """A product's pictures in the form of `products.json`, each once, with the variants that they are assigned to."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    @property
    def listed(self) -> list[Mapping[str, Any]]:
        return list(self._known.values())

    def add(self, file: str, position: str = "") -> None:
        key = file.partition("?")[0]
        if not key or key in self._known:
            return
        number = len(self._known) + 1
        place = int(position) if re.fullmatch(r"[0-9]{1,6}", position) else number
        self._known[key] = {"id": number, "src": file, "position": place, "variant_ids": []}

    def assign(self, file: str, variant: object) -> None:
        self.add(file)
        if picture := self._known.get(file.partition("?")[0]):
            picture["variant_ids"].append(variant)


def _variant(product: str, values: list[str], sku: str, price: str) -> dict[str, object]:
    """A variant without a SKU is known by its product and its options."""
    named = " / ".join(value for value in values if value and value != NO_OPTION)
    options = {f"option{number}": value for number, value in enumerate(values, 1)}
    return {"id": " ".join(filter(None, (product, sku, named))), "sku": sku, "price": price, **options}


def _leaf(category: str) -> str:
    """The last of 'Home > Bath > Soap'."""
    return re.split(r"\s*>\s*", category)[-1].strip()
