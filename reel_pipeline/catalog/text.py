"""A shop's text -> plain text and decimal prices.

What belongs here: HTML, entities, invisible characters, prices. What a sentence may claim is `shots/`'s business.
"""

import re
import unicodedata
from html.parser import HTMLParser

MAX_DESCRIPTION_CHARS = 5000
MAX_LINE_CHARS = 300
MAX_PRICE = 1e12
MAX_PRICE_CHARS = 40
DROPPED_TAGS = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "title"})
INLINE_TAGS = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "label", "q"}
    | {"mark", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "wbr"}
)
"""Every other tag is taken for a block: its text stands as a sentence of its own."""
CURRENCY_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR", "zł": "PLN", "₺": "TRY", "₩": "KRW"}
_KEPT_FORMAT_CHARS = frozenset("\u200c\u200d")
"""Joiners, which Arabic, Persian and Indic spelling and joined emoji need; every other format character (bidirectional
overrides, zero-width spaces, soft hyphens) is invisible and may reorder or hide what is read."""
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|&(#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w*);")
_AMOUNT = re.compile(r"[.,]?\d(?:[\d.,'’\s]*\d)?")


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED_TAGS:
            self._dropped.append(tag)
        elif tag not in INLINE_TAGS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE_TAGS and tag not in DROPPED_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropped:
            del self._dropped[self._dropped.index(tag) :]
        elif tag not in INLINE_TAGS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.parts.append(data.replace("\n", " ").replace("\r", " "))


def plain_text(html: str) -> str:
    """A description as sentences on one line: no markup, NFC, at most `MAX_DESCRIPTION_CHARS` characters.

    Each block (paragraph, list item, table cell, line break) ends as a sentence. Text without markup keeps its line
    breaks as sentence ends too. A text that is too long is cut after its last whole sentence, else after its last word.
    """
    text = html[: 40 * MAX_DESCRIPTION_CHARS]
    for _ in range(2):  # shops often escape their HTML a second time
        if _MARKUP.search(text):
            parser = _Plain()
            parser.feed(text)
            parser.close()
            text = "".join(parser.parts)
    blocks = [block for line in text.splitlines() if (block := _visible(line))]
    return _cut(" ".join(_ended(block) for block in blocks[:-1]) + (" " if blocks[1:] else "") + "".join(blocks[-1:]))


def plain_line(text: str) -> str:
    """A title, colour or tag as one line of at most `MAX_LINE_CHARS` visible characters, NFC, entities resolved."""
    if _MARKUP.search(text):
        text = plain_text(text)
    line = _visible(text)
    if len(line) <= MAX_LINE_CHARS:
        return line
    return line[: MAX_LINE_CHARS - 1].rsplit(" ", 1)[0].rstrip() + "…"


def parse_price(value: object) -> tuple[str | None, str]:
    """A shop's price -> (decimal string such as '1299.00', ISO currency or ''). (None, '') where there is no one price.

    '1.299,00 EUR' and '1,299.00' are the same amount: the last separator is the decimal one unless exactly three digits
    follow it. Numbers must be finite and not negative.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None, ""
    if not isinstance(value, str):
        return (f"{value:.2f}", "") if 0 <= value < MAX_PRICE else (None, "")
    text = "".join(_ascii_number(char) for char in unicodedata.normalize("NFKC", value[: MAX_PRICE_CHARS + 1]))
    amounts = _AMOUNT.findall(text)
    if len(text) > MAX_PRICE_CHARS or len(amounts) != 1 or re.search(r"-\s*[^\d\s]{0,3}\s*\d|\d[eE]\d", text):
        return None, ""
    code = re.search(r"\b[A-Z]{3}\b", text)
    currency = code[0] if code else next((iso for sign, iso in CURRENCY_SIGNS.items() if sign in text), "")
    return _decimal(re.sub(r"[\s'’]", "", amounts[0])), currency


def _ascii_number(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else {"٫": ".", "٬": ","}.get(char, char)


def _decimal(digits: str) -> str:
    mark = next((char for char in reversed(digits) if char in ".,"), "")
    whole, _, cents = digits.rpartition(mark) if mark else (digits, "", "")
    is_group = len(cents) == 3 and whole.strip("0.,") and set(whole) & {".", ","} <= {mark}
    if is_group:
        whole, cents = whole + cents, ""
    whole = re.sub(r"[.,]", "", whole).lstrip("0") or "0"
    return f"{whole}.{cents.ljust(2, '0')}"


def _visible(text: str) -> str:
    """NFC without control, format, surrogate and private characters; runs of white space become one space."""
    kept = (" " if char.isspace() or unicodedata.category(char) == "Cc" else char for char in text if _is_kept(char))
    return unicodedata.normalize("NFC", re.sub(r" +", " ", "".join(kept)).strip())


def _is_kept(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind not in ("Cf", "Cs", "Co", "Cn") or char in _KEPT_FORMAT_CHARS


def _ended(block: str) -> str:
    return block if block[-1] in ".!?:;,…。！？؟" else block + "."


def _cut(text: str) -> str:
    if len(text) <= MAX_DESCRIPTION_CHARS:
        return text
    head = text[:MAX_DESCRIPTION_CHARS]
    sentence = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    return head[: sentence + 1] if sentence > MAX_DESCRIPTION_CHARS // 2 else head.rsplit(" ", 1)[0]
