"""A stored storefront answer (an HTML page or an API's JSON, maybe gzipped) -> the products and galleries in it.

Understood: Shopify `products.json`, `product.json` and `.js`, WooCommerce's store and REST APIs, Magento's REST API and
gallery state, JSON-LD, microdata, the page's own state, thumbnails, Open Graph. Nothing is fetched here.
"""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from reel_pipeline.catalog.pages.addresses import absolute, full_size, picture_key
from reel_pipeline.catalog.pages.extract import MAX_GALLERY, FoundImage, FoundProduct, product_on
from reel_pipeline.catalog.pages.page import walk
from reel_pipeline.catalog.pages.text import plain_line
from reel_pipeline.errors import CatalogError

MAX_BODY_BYTES = 32 * 2**20
"""After decompression; a products.json of 250 products has 1 to 3 MB."""
_MAX_NUMBER_CHARS = 18
PICTURE_LISTS = ("images", "media_gallery_entries", "media", "gallery")
PICTURE_FIELDS = ("original", "full", "src", "url_zoom", "zoom", "url", "url_standard", "assetUrl", "file", "href")


def products_in(body: bytes, url: str) -> list[FoundProduct]:
    """All products of one stored answer that was fetched from `url`.

    Raises `CatalogError` for a body that is empty, too large once unpacked, damaged, or shows no product.
    """
    if not url.startswith(("http://", "https://")):
        raise CatalogError(f"{url[:200]!r} is not a web address; give the address that the answer came from.")
    text = text_of(body)
    start = text.lstrip()[:1]
    products = _from_json(text, url) if start in ("{", "[") else _from_html(text, url)
    if not products:
        raise CatalogError(
            "No product was found in this answer; use a product page, Shopify's /products.json, or WooCommerce's "
            "/wp-json/wc/store/v1/products."
        )
    return products


def text_of(body: bytes) -> str:
    """A stored answer as text, unpacked first where it is gzipped; raises `CatalogError` as `products_in` does."""
    return _text(_unpacked(body))


def json_of(body: bytes, name: str) -> Any:
    """A stored answer as JSON; raises `CatalogError`, which calls it `name`, where it is none.

    Numbers too long to be a number of anything stay text, so that one of them fails its product alone.
    """
    try:
        return json.loads(text_of(body), strict=False, parse_int=_whole_number)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{name} is no valid JSON ({str(error)[:80]}); tell the shop.") from None


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_NUMBER_CHARS else digits


def _unpacked(body: bytes) -> bytes:
    if body[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            body = unpacker.decompress(body, MAX_BODY_BYTES + 1)
        except zlib.error as error:
            raise CatalogError(f"The answer's gzip data is damaged ({error}); store it again.") from None
        if not unpacker.eof and len(body) <= MAX_BODY_BYTES:
            raise CatalogError("The answer's gzip data ends too early; store it again.")
    if len(body) > MAX_BODY_BYTES:
        raise CatalogError(f"The answer has more than {MAX_BODY_BYTES >> 20} MB; ask for fewer products at once.")
    if not body.strip():
        raise CatalogError("The answer is empty; store it again.")
    return body


def _text(body: bytes) -> str:
    """By byte order mark, UTF-8, the page's own declaration, else Windows-1252, as browsers decide."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = re.search(rb"charset\s*=\s*[\"']?([\w-]+)", body[:4096])
        name = declared[1].decode().lower() if declared else "windows-1252"
        try:
            return body.decode("windows-1252" if name in ("iso-8859-1", "latin-1") else name, "replace")
        except LookupError:
            return body.decode("windows-1252", "replace")


def _from_html(text: str, url: str) -> list[FoundProduct]:
    found = product_on(text, url)
    return [found] if found else []


def _from_json(text: str, url: str) -> list[FoundProduct]:
    try:
        content = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"The answer is no valid JSON ({error}); store it again.") from None
    found: list[FoundProduct] = []
    inside: set[int] = set()
    for value in walk(content):
        if isinstance(value, dict) and id(value) not in inside and is_product(value):
            inside |= {id(part) for part in walk(value)}
            found.append(found_product(value, url))
    return found


def is_product(item: dict[str, Any]) -> bool:
    """Whether a JSON object looks like a product: it has a name and a list of pictures."""
    has_name = isinstance(item.get("title") or item.get("name"), str)
    return has_name and any(isinstance(item.get(name), list) for name in PICTURE_LISTS)


def found_product(item: dict[str, Any], url: str) -> FoundProduct:
    """One product of an API's answer from `url`, with its pictures in full size."""
    pictures: dict[str, FoundImage] = {}
    source = "woocommerce" if "permalink" in item else "magento" if "media_gallery_entries" in item else "shopify"
    for part in next((item[name] for name in PICTURE_LISTS if isinstance(item.get(name), list) and item[name]), ()):
        address = _address(part)
        if address and "media_gallery_entries" in item and not address.startswith("http"):
            address = f"/media/catalog/product/{address.lstrip('/')}"
        if address and (found := absolute(address, url)):
            pictures.setdefault(picture_key(found), FoundImage(full_size(found), source))
    title = plain_line(str(item.get("title") or item.get("name")))
    return FoundProduct(stated_sku(item) or "unknown", title, tuple(pictures.values())[:MAX_GALLERY])


def _address(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or "video" in str(part.get("media_type", part.get("type", ""))).lower():
        return ""
    return next((part[name] for name in PICTURE_FIELDS if isinstance(part.get(name), str) and part[name]), "")


def stated_sku(item: Mapping[str, Any]) -> str:
    """Its own SKU, the first variant's, else its handle or number; '' where it has none of them."""
    variants = item.get("variants")
    first = [v.get("sku") for v in variants if isinstance(v, dict)] if isinstance(variants, list) else []
    candidates = (item.get("sku"), *first[:1], item.get("handle"), item.get("slug"), item.get("id"))
    return next((line for value in candidates if (line := as_line(value))), "")


def as_line(value: object) -> str:
    """A text or whole number as one line, '' for anything else."""
    return plain_line(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""
