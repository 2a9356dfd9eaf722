"""Picture addresses: which of them are one picture in several sizes, and which is the full-size one.

The table holds what shop platforms are known to do (Shopify's `_480x` suffix, Magento's `/cache/<hash>/`, WordPress's
`-300x300`); all other sizes are told apart by the query and by words such as `thumb` or `zoom`. Nothing is fetched.
"""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

MAX_URL_CHARS = 2000
PICTURE_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|avif|gif|tiff?)$", re.IGNORECASE)
NOT_PHOTO_SUFFIX = re.compile(r"\.(?:svg|js|css|html?|php|json|mp4|webm|mov|m3u8|pdf|ico|woff2?|xml|txt)$", re.I)
IDENTITY_PARAMETERS = frozenset(
    {"url", "src", "image", "img", "file", "id", "imageid", "path", "media", "fileid", "photo"}
)
SIZE_PARAMETERS = frozenset({"w", "width", "imwidth", "wid", "sw", "maxwidth", "h", "height", "hei", "sh", "imheight"})
UNKNOWN_SIZE = 1000.0
WORD_SIZES = {"original": 4000, "full": 2000, "zoom": 2000, "grande": 1300, "large": 1200, "medium": 400}
SMALL_WORD = re.compile(r"[-_./](?:thumb(?:nail)?s?|small|mini|icon|pico|swatch|cart|tiny|compact)(?:[-_./]|$)", re.I)


@dataclass(frozen=True)
class _Rule:
    """In paths that hold `where`, `size` names the size; `full` is what asks for the largest, None: unknown."""

    where: re.Pattern[str]
    size: re.Pattern[str]
    full: str | None


def _rule(where: str, size: str, full: str | None) -> _Rule:
    return _Rule(re.compile(where, re.IGNORECASE), re.compile(size), full)


_SHOPIFY_SIZE = (
    r"_(?:pico|icon|thumb|small|compact|medium|large|grande|master|original|\d+x\d*|x\d+)"
    r"(?:_crop_\w+)?(?:@\dx)?(?=\.\w+$)"
)
RULES = (
    _rule(r"cdn\.shopify\.com/|/cdn/shop/", _SHOPIFY_SIZE, ""),
    _rule(r"/media/catalog/product/cache/", r"/cache/(?:\d+/[\w-]+/(?:\d*x\d*/)?)?[0-9a-f]{32}/", "/"),
    _rule(r"/wp-content/uploads/", r"-\d{2,4}x\d{2,4}(?=\.\w+$)", ""),
    _rule(r"/images/stencil/", r"/stencil/[^/]+/", "/stencil/original/"),
    _rule(r"i\.ebayimg\.com/", r"/s-l\d+(?=\.)", "/s-l1600"),
    _rule(r"static\.wixstatic\.com/media/", r"/v1/(?:fill|fit|crop)/.*$", ""),
    _rule(r"/image/upload/", r"/upload/(?:[a-z]{1,3}_[^/]+/)+", "/upload/"),
    _rule(r"media-amazon\.com/|images-amazon\.com/", r"\._[^/]+_(?=\.\w+$)", ""),
    _rule(r"\.spartoo\.", r"_\d{2,4}_(?=[A-Z]\.\w+$)", "_1200_"),
    _rule(r"\.ikea\.com/", r"_S\d(?=\.\w+$)", None),
    _rule(r"\.kiabi\.com/", r"_(?:frf|zc|vr|fr)(?=(?:\d+|m)\.\w+$)", None),
    _rule(r"\.namshicdn\.com/", r"(?<=/\d)(?:-\d+)?-[a-z][\w-]*(?=\.\w+$)", None),
    _rule(r"-\w+_default[./]", r"-(?:cart|home|small|medium|large|thickbox)_default", None),
)


def absolute(address: str, base: str) -> str | None:
    """An http(s) address of what may be a photo, entities and JSON escapes undone; None for anything else."""
    text = unescape(address.strip()).replace("\\/", "/").replace("\\u002F", "/").replace("\\u002f", "/")
    if not text or len(text) > MAX_URL_CHARS or re.search(r"[\s<>\"'{}\[\]\\]", text):
        return None
    try:
        url = urljoin(base, text)
        parts = urlsplit(url)
        inner = dict(parse_qsl(parts.query)).get("url", "") if parts.path.endswith("/_next/image") else ""
    except ValueError:
        return None
    if inner:
        return absolute(inner, base)
    if parts.scheme not in ("http", "https") or not parts.hostname or NOT_PHOTO_SUFFIX.search(parts.path):
        return None
    return urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))


def is_picture(address: str) -> bool:
    """Whether the address itself says that it is a photo."""
    return bool(PICTURE_SUFFIX.search(urlsplit(address).path))


def picture_key(url: str) -> str:
    """What stays the same of a picture's address in every size: host and path without size tokens, and its identity.

    The host's first label is left out where it only spreads the load (`img01.`, `photos6.`, `cdn.`).
    """
    parts = urlsplit(url)
    path = _without_size(parts.netloc, parts.path)
    host = re.sub(r"^(?:[a-z]+[-.]?)?\d+\.|^(?:cdn|www|static|img|images|media|assets)\.", "", parts.netloc.lower())
    identity = ""
    if not PICTURE_SUFFIX.search(path):
        identity = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query) if k.lower() in IDENTITY_PARAMETERS))
    return f"{host}{PICTURE_SUFFIX.sub('', path)}?{identity}".casefold()


def full_size(url: str) -> str:
    """The address of the largest size, where the platform's rule is known; else the address itself."""
    parts = urlsplit(url)
    path, query = parts.path, parts.query
    for rule in RULES:
        if rule.full is not None and rule.where.search(parts.netloc + parts.path):
            path = rule.size.sub(rule.full, path)
            query = urlencode([(k, v) for k, v in parse_qsl(query) if k not in (*SIZE_PARAMETERS, "crop", "pad_color")])
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def size_hint(url: str) -> float:
    """How large the picture says it is, in pixels of its longer side: a guess, good for ordering sizes."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    asked = [int(value) for key, value in query if key.lower() in SIZE_PARAMETERS and re.fullmatch(r"\d{1,5}", value)]
    inside = re.findall(r"(?<![\da-f])(\d{2,4})x(\d{2,4})?(?![\da-f])|/s-l(\d+)\.|_(\d{2,4})_[A-Z]\.", parts.path)
    asked += [int(number) for found in inside for number in found if number]
    if asked:
        return float(min(max(asked), 5000))
    if SMALL_WORD.search(parts.path):
        return 100.0
    words = [size for word, size in WORD_SIZES.items() if re.search(rf"[-_./]{word}[-_./]", parts.path.lower())]
    return float(max(words, default=UNKNOWN_SIZE))


def _without_size(host: str, path: str) -> str:
    for rule in RULES:
        if rule.where.search(host + path):
            path = rule.size.sub(rule.full if rule.full and rule.full.startswith("/") else "", path)
    return path
