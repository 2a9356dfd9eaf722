"""What an HTML product page declares about its product: name, SKU and main picture, by JSON-LD, microdata, metadata."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from reel_pipeline.catalog.pages.page import Page, walk
from reel_pipeline.catalog.pages.text import plain_line


def linked_product(page: Page, url: str) -> dict[str, Any]:
    """The JSON-LD product that the page is about: one with its address, else the first; {} when there is none."""
    products: list[dict[str, Any]] = []
    for block in page.linked_data():
        for value in walk(block):
            if isinstance(value, dict) and re.search(r"\bProduct(?:Group)?\b", str(value.get("@type"))):
                products.append(value)
    path = unquote(urlsplit(url).path).rstrip("/")
    own = [p for p in products if path and path in unquote(str(p.get("url") or p.get("@id") or ""))]
    if not products:
        return {}
    main = dict(own[0] if own else products[0])
    if not addresses_in(main.get("image")):
        variants = main.get("hasVariant")
        main["image"] = [v.get("image") for v in variants if isinstance(v, dict)] if isinstance(variants, list) else []
    return main


def addresses_in(value: Any) -> list[str]:
    """The addresses in a JSON-LD `image`: text, an ImageObject, or a list of either."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return addresses_in(value.get("contentUrl") or value.get("url") or value.get("@id"))
    return [address for part in value for address in addresses_in(part)] if isinstance(value, list) else []


def declared_pictures(page: Page, metadata: dict[str, list[str]]) -> Iterator[str]:
    """What the page calls the product's picture, the surest first: microdata, Open Graph, Twitter card."""
    for element in page.elements():
        if element.attributes.get("itemprop") == "image":
            owner = next((up for up in element.ancestors() if "itemscope" in up.attributes), None)
            if owner is None or "product" in owner.attributes.get("itemtype", "").lower():
                yield from (element.attributes.get(name, "") for name in ("content", "href", "src"))
    for name in ("og:image:secure_url", "og:image", "image_src", "twitter:image", "twitter:image:src"):
        yield from metadata.get(name, ())


def title_of(linked: dict[str, Any], page: Page, metadata: dict[str, list[str]]) -> str:
    """The surest name first: structured data, then the sharing title, the heading, the window title."""
    heading = next((element.text for element in page.elements() if element.tag == "h1" and element.text.strip()), "")
    titles = next((element.text for element in page.elements() if element.tag == "title"), "")
    candidates = (linked.get("name"), _property(page, "name"), *metadata.get("og:title", ()), heading, titles)
    return next((line for text in candidates if isinstance(text, str) and (line := plain_line(text))), "")


def sku_of(linked: dict[str, Any], page: Page, metadata: dict[str, list[str]], url: str) -> str:
    """The SKU the page states, else the last part of its address."""
    retailer = metadata.get("product:retailer_item_id", [])
    stated = (linked.get("sku"), _property(page, "sku"), *retailer, _state_sku(page, url))
    for value in (*stated, linked.get("productID"), linked.get("mpn")):
        if isinstance(value, str | int) and (line := plain_line(str(value))):
            return line
    last = unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1]
    return plain_line(re.sub(r"\.\w{2,5}$", "", last)) or "unknown"


def _property(page: Page, name: str) -> str:
    for element in page.elements():
        if element.attributes.get("itemprop") == name:
            owner = next((up for up in element.ancestors() if "itemscope" in up.attributes), None)
            if owner is not None and owner.attributes.get("itemtype", "").lower().endswith("product"):
                return element.attributes.get("content") or element.text
    return ""


def _state_sku(page: Page, url: str) -> str:
    """The first variant's SKU of the product whose handle the address ends with, as Shopify keeps it in the page."""
    last = unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1]
    for value in (part for state in page.state() for part in walk(state)):
        if isinstance(value, dict) and value.get("handle") == last and isinstance(value.get("variants"), list):
            return next((str(v["sku"]) for v in value["variants"] if isinstance(v, dict) and v.get("sku")), "")
    return ""
