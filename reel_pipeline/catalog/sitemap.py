"""The product pages that a shop's sitemap names, and the product that each page shows.

The last way to read a shop: slow, and poorer than a listing (colourways only where the page declares a product group,
no collections, and whether a picture changed shows only in its address).
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from reel_pipeline.catalog.pages.addresses import absolute, picture_key
from reel_pipeline.catalog.pages.declared import addresses_in, linked_product
from reel_pipeline.catalog.pages.page import Page
from reel_pipeline.catalog.pages.storefront import MAX_BODY_BYTES, as_line, products_in, text_of
from reel_pipeline.catalog.prices import as_number
from reel_pipeline.catalog.web.manners import Web
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.records import ItemError, folded

MAX_SITEMAPS = 50
MAX_PRODUCT_PAGES = 1000
MAX_UNAVAILABLE = 3
"""In a row: the shop is down, or wants no more visits."""
PRODUCT_PATH = re.compile(r"/(?:products?|produkte?|produits?|productos?|p|items?|dp|catalogue)/[^/]", re.IGNORECASE)
_PLACE = re.compile(r"<loc>\s*(?:<!\[CDATA\[\s*)?([^<\]\s]{1,2000})", re.IGNORECASE)


class PageGone(CatalogError):
    """The sitemap names a page that is no longer there. Never leaves this room."""


def site_pages(web: Web, root: str, unreached: list[ItemError]) -> Iterator[tuple[str, bytes | CatalogError]]:
    """Address of every product page in the sitemaps of the shop at `root`, with its body or why it can't be read.

    What may name any number of pages and was not read is noted in `unreached`. Raises `CatalogError` when the shop
    names no product page.
    """
    addresses = list(dict.fromkeys(_product_addresses(web, root, unreached)))
    if not addresses:
        raise CatalogError(
            f"{urlsplit(root).netloc} has no /products.json and no sitemap with product pages; export its products as "
            "catalog.csv with their pictures, and name that folder."
        )
    if len(addresses) > MAX_PRODUCT_PAGES:
        what = f"Only the first {MAX_PRODUCT_PAGES} of {len(addresses)} product pages are read; export the catalogue."
        unreached.append(ItemError(item="sitemap", error=what))
    unavailable = 0
    for address in addresses[:MAX_PRODUCT_PAGES]:
        try:
            body = _body(web, address)
        except CatalogError as error:
            unavailable += isinstance(error, SourceUnavailable)
            if unavailable == MAX_UNAVAILABLE:
                raise
            yield address, error
        else:
            unavailable = 0
            yield address, body


def body_of(found: bytes | CatalogError) -> bytes:
    """The body, or raises why there is none."""
    if isinstance(found, CatalogError):
        raise found
    return found


def page_as_listed(body: bytes, url: str) -> dict[str, object]:
    """The product of one page in the fields of `catalog.json`; raises `CatalogError` when it shows none."""
    found = products_in(body, url)[0]
    linked = linked_product(Page(text_of(body)), url)
    brand, offer, variants = linked.get("brand"), _offer(linked.get("offers")), _variants(linked, url)
    return {
        "sku": found.sku,
        "title": found.title,
        "description": _line_or_none(linked.get("description")),
        "product_type": _line_or_none(linked.get("category")),
        "vendor": as_line(brand.get("name") if isinstance(brand, dict) else brand),
        "colour": as_line(linked.get("color")),
        "price": as_number(offer.get("price")),
        "currency": as_line(offer.get("priceCurrency")),
        "product": as_line(linked.get("productGroupID")) or found.sku,
        "variants": [{"sku": sku, "colour": colour, "size": size} for sku, colour, size, _ in variants if sku],
        "images": [
            {
                "file": image.url,
                "position": number,
                "variant": _only(colour for _, colour, _, keys in variants if picture_key(image.url) in keys),
            }
            for number, image in enumerate(found.images, 1)
        ],
    }


def _variants(linked: dict[str, Any], url: str) -> list[tuple[str, str, str, set[str]]]:
    """SKU, colour, size and the pictures' keys of each variant that the page's product group declares."""
    declared = linked.get("hasVariant")
    return [
        (
            as_line(variant.get("sku")),
            as_line(variant.get("color")),
            as_line(variant.get("size")),
            {picture_key(full) for address in addresses_in(variant.get("image")) if (full := absolute(address, url))},
        )
        for variant in (declared if isinstance(declared, list) else ())
        if isinstance(variant, dict)
    ]


def _only(colours: Iterable[str]) -> str:
    """The one colour that a picture is assigned to, '' where it is none or several."""
    distinct = {folded(colour): colour for colour in colours}
    return next(iter(distinct.values())) if len(distinct) == 1 else ""


def _product_addresses(web: Web, root: str, unreached: list[ItemError]) -> Iterator[str]:
    guess = f"{root}/sitemap.xml"
    waiting = [*web.robots(f"{root}/").sitemaps, guess]
    seen: set[str] = set()
    while waiting:
        if len(seen) == MAX_SITEMAPS:
            what = f"Only the first {MAX_SITEMAPS} sitemaps are read; export the catalogue."
            unreached.append(ItemError(item="sitemap", error=what))
            return
        address = waiting.pop(0)
        if address in seen or not _is_own(address, root):
            continue
        seen.add(address)
        try:
            text = text_of(_body(web, address))
        except SourceUnavailable:
            raise
        except CatalogError as error:  # others may be there
            if address != guess:
                unreached.append(ItemError(item=address, error=str(error)))
            continue
        places = [unescape(place) for place in _PLACE.findall(text)]
        if "<sitemapindex" in text[:2000].lower():
            waiting += [place for place in places if "product" in place.lower()] or places
        else:
            yield from (place for place in places if _is_own(place, root) and PRODUCT_PATH.search(urlsplit(place).path))


def _body(web: Web, url: str) -> bytes:
    answer = web.get(url, MAX_BODY_BYTES)
    if answer.status != 200:
        kind = PageGone if answer.status in (404, 410) else CatalogError
        raise kind(f"The shop answers this address with status {answer.status}; correct its sitemap.")
    web.keep(url, answer)
    return answer.body


def _is_own(address: str, root: str) -> bool:
    try:
        return urlsplit(address).netloc.lower().removeprefix("www.") == urlsplit(root).netloc.removeprefix("www.")
    except ValueError:
        return False


def _offer(offers: Any) -> dict[str, Any]:
    """The offer, or its one price specification, where all offers name one price in one currency."""
    listed = [_specified(offer) for offer in (offers if isinstance(offers, list) else [offers])]
    prices = {(str(offer.get("price")), str(offer.get("priceCurrency"))) for offer in listed}
    return listed[0] if len(prices) == 1 else {}


def _specified(offer: Any) -> dict[str, Any]:
    """A struck-out price beside the present one makes two specifications, and then neither is sure."""
    if not isinstance(offer, dict) or offer.get("price") is not None:
        return offer if isinstance(offer, dict) else {}
    specification = offer.get("priceSpecification")
    only = specification[0] if isinstance(specification, list) and len(specification) == 1 else specification
    return only if isinstance(only, dict) else offer


def _line_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
