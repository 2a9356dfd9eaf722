"""One product of a Shopify-style `products.json` -> the product as `catalog.json` would hold it (see `source.py`).

Both then go through the same reader (`listing.py`), which refuses what has the wrong type.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reel_pipeline.catalog.addresses import absolute, full_size, picture_key
from reel_pipeline.catalog.prices import as_number
from reel_pipeline.catalog.storefront import as_line, stated_sku

COLOUR_OPTIONS = frozenset(
    {"color", "colors", "colour", "colours", "colorway", "colourway", "farbe", "couleur", "kleur", "colore", "cor"}
    | {"färg", "farve", "farge", "väri", "kolor", "barva", "szín", "culoare", "renk", "цвет", "колір", "χρώμα"}
    | {"لون", "اللون", "צבע", "色", "颜色", "顏色", "カラー", "색상", "warna", "màu", "màu sắc", "रंग"}
)
"""What shops call the option whose values look different. Every other option counts as a size."""
NO_OPTION = "Default Title"
"""Shopify's own value for a product without options."""


def as_listed(product: Mapping[str, Any], base: str, currency: str) -> dict[str, object]:
    """The product in the fields of `catalog.json`; pictures' addresses are whole ones, in full size.

    What has an unexpected type is passed on as it is: the reader of the listing then says what was expected.
    """
    return {
        "sku": stated_sku(product),
        "title": product.get("title"),
        "description": product.get("body_html"),
        "product_type": product.get("product_type"),
        "vendor": product.get("vendor"),
        "tags": _tags(product.get("tags")),
        "price": _one_price(product),
        "currency": currency,
        "variants": _variants(product),
        "images": _images(product, base),
    }


def picture_versions(product: Mapping[str, Any], base: str) -> dict[str, str]:
    """Location -> the picture's version: `?v=` in its address, else when the picture or product was last changed.

    A picture of which the shop says neither is left out.
    """
    found = {}
    for image in _dicts(product.get("images")):
        location = _location(image, base)
        stated = parse_qs(_query(location)).get("v", [""])[0]
        moment = stated or as_line(image.get("updated_at")) or as_line(product.get("updated_at"))
        if moment:
            found[location] = f"{_key(location)} {moment}"
    return found


def _images(product: Mapping[str, Any], base: str) -> object:
    images = product.get("images")
    if not isinstance(images, list):
        return images
    colours = _colours_of_images(product)
    return [
        {"file": _location(image, base), "position": image.get("position", number), "variant": colours.get(number, "")}
        if isinstance(image, Mapping)
        else image
        for number, image in enumerate(images, 1)
    ]


def _location(image: Mapping[str, Any], base: str) -> str:
    """A whole address; the text as it is where it is none, so that the gallery can say so."""
    text = image.get("src")
    if not isinstance(text, str):
        return ""
    address = absolute(text, base)
    if address is None:
        return text
    if base.startswith("https:") and address.startswith("http:"):
        address = f"https:{address.removeprefix('http:')}"  # as browsers do for pictures of an encrypted page
    return full_size(address)


def _colours_of_images(product: Mapping[str, Any]) -> dict[int, str]:
    """Number of a picture -> the one colour whose variants it is assigned to, by either way that shops say so."""
    option = _colour_option(product)
    if not option:
        return {}
    variants = list(_dicts(product.get("variants")))
    colour_of = {v["id"]: as_line(v.get(option)) for v in variants if isinstance(v.get("id"), str | int)}
    featured: dict[object, set[str]] = {}
    for variant in variants:
        image = variant.get("featured_image")
        if isinstance(image, Mapping) and isinstance(image.get("id"), str | int):
            featured.setdefault(image["id"], set()).add(as_line(variant.get(option)))
    found = {}
    for number, image in enumerate(product["images"], 1):
        if not isinstance(image, Mapping):
            continue
        ids = image.get("variant_ids")
        named = {colour_of.get(i, "") for i in ids if isinstance(i, str | int)} if isinstance(ids, list) else set()
        if isinstance(image.get("id"), str | int):
            named |= featured.get(image["id"], set())
        if len(named - {""}) == 1:
            found[number] = next(iter(named - {""}))
    return found


def _variants(product: Mapping[str, Any]) -> object:
    variants = product.get("variants")
    if not isinstance(variants, list):
        return variants
    colour = _colour_option(product)
    return [_variant(variant, colour) if isinstance(variant, Mapping) else variant for variant in variants]


def _variant(variant: Mapping[str, Any], colour: str) -> dict[str, object]:
    """A variant without a SKU is known by the shop's number for it."""
    values = {name: as_line(variant.get(name)) for name in ("option1", "option2", "option3")}
    sizes = [value for name, value in values.items() if value and name != colour and value != NO_OPTION]
    sku = as_line(variant.get("sku")) or as_line(variant.get("id"))
    in_stock = variant.get("available") is not False
    return {"sku": sku, "colour": values.get(colour, ""), "size": " / ".join(sizes), "in_stock": in_stock}


def _colour_option(product: Mapping[str, Any]) -> str:
    """The variants' field that holds the colour, '' where the product has no such option."""
    options = product.get("options")
    for number, option in enumerate(options[:3] if isinstance(options, list) else (), 1):
        name = as_line(option.get("name") if isinstance(option, Mapping) else option)
        if unicodedata.normalize("NFC", name).casefold() in COLOUR_OPTIONS:
            return f"option{number}"
    return ""


def _one_price(product: Mapping[str, Any]) -> object:
    """The price that all variants share; where they differ there is no one price to show."""
    prices = [as_number(variant.get("price")) for variant in _dicts(product.get("variants"))]
    return prices[0] if prices and all(price == prices[0] for price in prices) else None


def _tags(value: object) -> object:
    """Some of Shopify's answers have the tags as one text."""
    return [tag.strip() for tag in value.split(",")] if isinstance(value, str) else value


def _dicts(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (part for part in value if isinstance(part, Mapping)) if isinstance(value, list) else ()


def _query(location: str) -> str:
    try:
        return urlsplit(location).query
    except ValueError:
        return ""


def _key(location: str) -> str:
    try:
        return picture_key(location)
    except ValueError:
        return location
