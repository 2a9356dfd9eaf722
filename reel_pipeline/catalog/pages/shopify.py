"""One product of a Shopify-style `products.json` -> the product as `catalog.json` would hold it (see `source.py`).

Both then go through the same reader (`listing.py`), which refuses what has the wrong type.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reel_pipeline.catalog.pages.addresses import absolute, full_size, picture_key
from reel_pipeline.catalog.pages.storefront import as_line, stated_sku
from reel_pipeline.catalog.prices import as_number

COLOUR_NAMES = frozenset(
    {"color", "colors", "colour", "colours", "colorway", "colourway", "farbe", "couleur", "kleur", "colore", "cor"}
    | {"färg", "farve", "farge", "väri", "kolor", "barva", "szín", "culoare", "renk", "цвет", "колір", "χρώμα"}
    | {"لون", "اللون", "צבע", "色", "颜色", "顏色", "カラー", "색상", "warna", "màu", "sắc", "रंग"}
    | {"shade", "tint", "coloris", "teinte", "farbton"}
)
"""Words by which shops call the option whose values look different."""
SIZE_NAMES = frozenset(
    {"size", "sizes", "größe", "groesse", "taille", "talla", "tamaño", "tamanho", "taglia", "maat", "storlek", "koko"}
    | {
        "størrelse",
        "rozmiar",
        "velikost",
        "méret",
        "mărime",
        "размер",
        "розмір",
        "beden",
        "尺码",
        "尺寸",
        "サイズ",
        "사이즈",
    }
    | {"length", "länge", "longueur", "lunghezza", "width", "weite", "height", "inseam", "waist", "fit", "diameter"}
    | {"volume", "capacity", "inhalt", "contenance", "weight", "gewicht", "poids", "peso", "quantity", "quantité"}
    | {"サイズ", "사이즈", "qty", "count", "pack", "menge", "anzahl", "cantidad", "denominations"}
)
"""Words by which they call the one whose values look alike, whatever pictures are assigned to them."""
_SIZE = re.compile(
    r"one size|os|(?:[2-9]?x{0,4}[sml]|xs)(?:/(?:x{0,4}[sml]))?|x-?(?:small|large)|small|medium|large"
    r"|[\d.,/×x\s-]*\d\s*(?:ml|cl|l|g|kg|oz|fl oz|lbs?|cm|mm|m|in|inch|ft|\"|'|pcs|pack|years?|y|eu|uk|us)?"
)
NO_OPTION = "Default Title"
"""Shopify's own value for a product without options."""
OPTIONS = ("option1", "option2", "option3")


def as_listed(product: Mapping[str, Any], base: str, currency: str) -> dict[str, object]:
    """The product in the fields of `catalog.json`; pictures' addresses are whole ones, in full size.

    What has an unexpected type is passed on as it is: the reader of the listing then says what was expected.
    """
    return {
        "sku": stated_sku(product),
        "product": as_line(product.get("handle")) or as_line(product.get("sku")) or as_line(product.get("id")),
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
    colours = _colourways_of_images(product)
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


def _colourways_of_images(product: Mapping[str, Any]) -> dict[int, str]:
    """Number of a picture -> the one colourway whose variants it is assigned to."""
    options = _colourway_options(product)
    shown = {number: {_colourway(variant, options) for variant in own} for number, own in _assigned(product).items()}
    return {number: next(iter(found)) for number, found in shown.items() if len(found) == 1}


def _assigned(product: Mapping[str, Any]) -> dict[int, list[Mapping[str, Any]]]:
    """Number of a picture -> the variants that the shop assigns it to, by either way that shops say so."""
    images, variants = product.get("images"), list(_dicts(product.get("variants")))
    found = {}
    for number, image in enumerate(images if isinstance(images, list) else (), 1):
        if not isinstance(image, Mapping):
            continue
        ids, own = image.get("variant_ids"), image.get("id")
        named = [i for i in ids if isinstance(i, str | int)] if isinstance(ids, list) else []
        found[number] = [
            variant
            for variant in variants
            if variant.get("id") in named or (isinstance(own, str | int) and own == _featured(variant))
        ]
    return {number: own for number, own in found.items() if own}


def _featured(variant: Mapping[str, Any]) -> object:
    image = variant.get("featured_image")
    return image.get("id") if isinstance(image, Mapping) else None


def _variants(product: Mapping[str, Any]) -> object:
    variants = product.get("variants")
    if not isinstance(variants, list):
        return variants
    options = _colourway_options(product)
    return [_variant(variant, options) if isinstance(variant, Mapping) else variant for variant in variants]


def _variant(variant: Mapping[str, Any], options: Collection[str]) -> dict[str, object]:
    """A variant without a SKU is known by the shop's number for it."""
    values = {name: as_line(variant.get(name)) for name in OPTIONS}
    sizes = [value for name, value in values.items() if value and name not in options and value != NO_OPTION]
    sku = as_line(variant.get("sku")) or as_line(variant.get("id"))
    in_stock = variant.get("available") is not False
    return {"sku": sku, "colour": _colourway(variant, options), "size": " / ".join(sizes), "in_stock": in_stock}


def _colourway(variant: Mapping[str, Any], options: Collection[str]) -> str:
    return " / ".join(value for name in options if (value := as_line(variant.get(name))))


def _colourway_options(product: Mapping[str, Any]) -> list[str]:
    """The variants' fields whose values look different: the colour, and every other one that tells pictures apart.

    What the shop assigns decides, whatever it calls the option: no colourway may hold pictures of different variants,
    but for their sizes.
    """
    names = _option_names(product)
    variants = list(_dicts(product.get("variants")))
    colours = [field for field, words in names.items() if words & COLOUR_NAMES]
    pictures, options = list(_assigned(product).values()), list[str]()
    for field in (*colours, *names):
        values = {as_line(variant.get(field)) for variant in variants} - {""}
        tells_colourway = field in colours or not _is_size(names[field], values)
        if field not in options and tells_colourway and _tells_apart(field, options, pictures):
            options.append(field)
    return options or colours[:1]


def _tells_apart(field: str, options: Collection[str], pictures: list[list[Mapping[str, Any]]]) -> bool:
    """Whether pictures that are alike in `options` are assigned to different values of `field`."""
    shown: dict[str, set[str]] = {}
    for own in pictures:
        values = {as_line(variant.get(field)) for variant in own}
        groups = {_colourway(variant, options) for variant in own}
        if len(values) == len(groups) == 1:
            shown.setdefault(next(iter(groups)), set()).update(values)
    return any(len(values) > 1 for values in shown.values())


def _is_size(words: Collection[str], values: Collection[str]) -> bool:
    return bool(SIZE_NAMES & set(words)) or all(_SIZE.fullmatch(value.casefold()) for value in values)


def _option_names(product: Mapping[str, Any]) -> dict[str, set[str]]:
    """The variants' field of each option -> the words of its name."""
    options = product.get("options")
    words = {}
    for field, option in zip(OPTIONS, options if isinstance(options, list) else (), strict=False):
        name = as_line(option.get("name") if isinstance(option, Mapping) else option)
        words[field] = set(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name).casefold()))
    return words


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
