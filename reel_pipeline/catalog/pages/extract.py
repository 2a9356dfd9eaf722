"""An HTML product page -> its product and gallery, by whatever the page offers.

Best first: JSON-LD with two or more pictures, in the order the page shows them; then, around the picture that the page
itself calls the product's (JSON-LD, microdata, Open Graph), the largest of: the list in the page's own state that holds
it, the strip of thumbnails that holds it, and the pictures whose addresses differ from it only in their last token.
Pictures that link to other pages are other products' and never count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from reel_pipeline.catalog.pages.addresses import absolute, full_size, is_picture, picture_key, size_hint
from reel_pipeline.catalog.pages.declared import addresses_in, declared_pictures, linked_product, sku_of, title_of
from reel_pipeline.catalog.pages.page import Element, Page, walk

MAX_GALLERY = 100
PICTURE_ATTRIBUTE = re.compile(r"^(?:src|data-[\w-]*|href|rel|role|poster|content)$")
FOREIGN_KEYS = frozenset({"price", "prices", "sku", "product", "productId", "product_id", "handle", "offers", "brand"})
"""A list whose items have these is a list of products, not of one product's pictures."""
NOT_THE_PRODUCT = re.compile(
    r"^data:|[-_./](?:spinner|loading|loader|blank|placeholder|pixel|spacer|empty|sprite|logo)[-_./]|video\d*[^/]*$",
    re.IGNORECASE,
)
"""What stands in for a picture while it loads, and stills of videos."""


@dataclass(frozen=True)
class FoundImage:
    """`source` says where on the page it was found."""

    url: str
    source: str


@dataclass(frozen=True)
class FoundProduct:
    sku: str
    title: str
    images: tuple[FoundImage, ...]


@dataclass
class _Sizes:
    """All sizes seen of each picture: key -> addresses, and keys that the markup shows to be one picture."""

    base: str
    seen: dict[str, list[str]]
    same_as: dict[str, str]

    def key(self, url: str) -> str:
        key = picture_key(url)
        self.seen.setdefault(key, [])
        if url not in self.seen[key]:
            self.seen[key].append(url)
        while key in self.same_as:
            key = self.same_as[key]
        return key

    def unite(self, urls: list[str]) -> None:
        """The addresses show one picture, so far as they are on one host."""
        host = _host(urls[0])
        keys = list(dict.fromkeys(self.key(url) for url in urls if _host(url) == host))
        for key in keys[1:]:
            self.same_as[key] = keys[0]
            self.seen[keys[0]] += [url for url in self.seen[key] if url not in self.seen[keys[0]]]

    def note_known(self, html: str) -> None:
        """Note further sizes of known pictures, wherever the page names them."""
        for found in re.findall(r"(?:https?:)?(?:\\?/|\\u002[Ff]){2}[^\s\"'<>()]{8,500}", html):
            url = absolute(found.rstrip("\\,;"), self.base)
            if url and picture_key(url) in self.seen:
                self.key(url)

    def largest(self, key: str) -> str:
        return full_size(max(self.seen[key], key=size_hint))


def product_on(html: str, url: str) -> FoundProduct | None:
    """The page's main product, None when the page shows no picture that it calls a product's."""
    page = Page(html)
    metadata = page.metadata()
    linked = linked_product(page, url)
    sizes = _Sizes(url, {}, {})
    units = list(_units(page, sizes))
    listed = [key for address in addresses_in(linked.get("image")) if (key := _key(address, sizes))]
    listed = list(dict.fromkeys(listed))
    if len(listed) >= 2:
        shown = _strip(units, listed)
        gallery, source = sorted(listed, key=lambda key: shown.index(key) if key in shown else len(shown)), "json-ld"
    else:
        seeds = dict.fromkeys(listed)
        seeds |= dict.fromkeys(key for address in declared_pictures(page, metadata) if (key := _key(address, sizes)))
        gallery, source = _around(list(seeds), page, units, sizes, url)
    if not gallery:
        return None
    sizes.note_known(html)
    images = tuple(FoundImage(sizes.largest(key), source) for key in gallery[:MAX_GALLERY])
    return FoundProduct(sku_of(linked, page, metadata, url), title_of(linked, page, metadata), images)


def _around(seeds: list[str], page: Page, units: list["_Unit"], sizes: _Sizes, url: str) -> tuple[list[str], str]:
    """The gallery that the seeds belong to, and how it was found."""
    found = [
        (_longest_list(page, seeds, sizes), "page state"),
        (_strip(units, seeds), "gallery markup"),
        (_siblings(units, seeds, url), "similar addresses"),
    ]
    gallery, source = max(found, key=lambda candidate: len(candidate[0]))
    return (gallery, source) if len(gallery) >= 2 else (seeds[:1], "declared picture")


# --- the page's own state ----------------------------------------------------------------------------------------


def _longest_list(page: Page, seeds: list[str], sizes: _Sizes) -> list[str]:
    """The longest list of pictures in the page's state that holds one of the seeds."""
    best: list[str] = []
    for value in (part for state in page.state() for part in walk(state)):
        if not isinstance(value, list) or not 2 <= len(value) <= MAX_GALLERY:
            continue
        items = [pictures for item in value if (pictures := _pictures_of_item(item, sizes.base))]
        if len(items) < max(2, 0.6 * len(value)):
            continue
        keys = list(dict.fromkeys(sizes.key(item[0]) for item in items))
        if len(keys) > len(best) and set(keys) & set(seeds):
            for item in items:
                sizes.unite(item)
            best = list(dict.fromkeys(sizes.key(item[0]) for item in items))
    return best


def _pictures_of_item(item: Any, base: str) -> list[str]:
    """The addresses of one list item: the item itself, or an object's own texts and those one level below."""
    if isinstance(item, str):
        texts = [item] if re.match(r"(?:https?:)?(?:\\?/){2}|/", item) else []
    elif isinstance(item, dict):
        if FOREIGN_KEYS & item.keys() or str(item.get("type", item.get("media_type", ""))).lower().endswith("video"):
            return []
        parts = [part for part in item.values() if isinstance(part, dict)]
        texts = [text for part in (item, *parts) for text in part.values() if isinstance(text, str)]
        texts = [text for text in texts if is_picture(text.split("#")[0])]
    else:
        return []
    return [url for text in texts if (url := absolute(text, base))]


# --- markup ------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Unit:
    """One picture as shown once: an element, or the link, button or <picture> around it."""

    element: Element
    key: str
    is_foreign: bool


def _units(page: Page, sizes: _Sizes) -> Iterator[_Unit]:
    """Every picture on the page in document order, all sizes of one unit united."""
    done: set[int] = set()
    for element in page.elements():
        if not _own_addresses(element, sizes.base):
            continue
        owners = [up for up in element.ancestors() if up.tag in ("a", "picture", "button")]
        unit = owners[-1] if owners else element
        if id(unit) in done:
            continue
        done.add(id(unit))
        urls = [url for part in unit.descendants() for url in _own_addresses(part, sizes.base)]
        is_foreign = _is_foreign(unit, sizes.base)
        if not is_foreign and len({picture_key(url) for url in urls}) <= 4:
            sizes.unite(urls)
        yield _Unit(unit, sizes.key(urls[0]), is_foreign)


def _own_addresses(element: Element, base: str) -> list[str]:
    if element.tag in ("script", "link", "meta", "iframe", "video", "audio") or _is_video(element):
        return []
    texts: list[str] = []
    for name, value in element.attributes.items():
        if "srcset" in name:
            texts += [part.split()[0] for part in re.split(r",\s+(?=\S+/)", value) if part.split()]
        elif PICTURE_ATTRIBUTE.match(name) and (
            is_picture(value.split("?")[0]) or (element.tag in ("img", "source") and name in ("src", "data-src"))
        ):
            texts.append(value)
        elif name == "style":
            texts += re.findall(r"url\(['\"]?([^'\")]+)", value)
    return [url for text in texts if not NOT_THE_PRODUCT.search(text) and (url := absolute(text, base))]


def _is_video(element: Element) -> bool:
    return element.parent is not None and element.parent.tag in ("video", "audio")


def _is_foreign(unit: Element, base: str) -> bool:
    """Whether the picture is a link to another page."""
    href = unit.attributes.get("href", "").strip() if unit.tag == "a" else ""
    if not href or href.startswith(("#", "javascript:", "data:")) or is_picture(href.split("?")[0]):
        return False
    path = urlsplit(href).path
    return bool(path) and unquote(path).rstrip("/") != unquote(urlsplit(base).path).rstrip("/")


def _strip(units: list[_Unit], seeds: list[str]) -> list[str]:
    """The longest row of pictures alike in address around a seed: in its closest ancestor that holds two of them."""
    best: list[str] = []
    owners = {id(unit.element): unit for unit in units}
    for unit in (unit for unit in units if unit.key in seeds):
        for ancestor in list(unit.element.ancestors())[1:12]:
            inside = [owners[id(part)] for part in ancestor.descendants() if id(part) in owners]
            keys = dict.fromkeys(
                other.key for other in inside if not other.is_foreign and _shape(other.key) == _shape(unit.key)
            )
            if len(keys) >= 2:
                if len(keys) > len(best) and not any(other.is_foreign for other in inside):
                    best = list(keys)
                break
    return best


def _shape(key: str) -> str:
    """An address with everything masked that differs between the pictures of one shop: digits and the file's name."""
    folder = key.rsplit("/", 1)[0]
    return re.sub(r"[^/]*\d[^/]*", "0", folder)


def _siblings(units: list[_Unit], seeds: list[str], url: str) -> list[str]:
    """Pictures of which the address says that they are the seed's: its name up to the last token, or its own folder."""
    stems = {stem for seed in seeds if (stem := _stem(seed))}
    numbers = set(re.findall(r"\d{5,}", urlsplit(url).path))
    keys = dict.fromkeys(unit.key for unit in units if not unit.is_foreign)
    return [key for key in keys if _stem(key) in stems or numbers & set(re.findall(r"\d{5,}", key.rsplit("/", 1)[-1]))]


def _stem(key: str) -> str:
    folder, _, name = key.partition("?")[0].rpartition("/")
    head = re.sub(r"[-_.]?[^-_.]*$", "", name)
    if len(head) >= 6 and re.search(r"\d{2}", head):
        return head
    return folder if re.search(r"/[^/]*\d{5,}[^/]*(?:/[^/]*)?$", folder) else ""


def _host(url: str) -> str:
    return picture_key(url).split("/", 1)[0]


def _key(address: str, sizes: _Sizes) -> str | None:
    url = absolute(address, sizes.base)
    return sizes.key(url) if url else None
