"""A shop's text -> plain text.

What belongs here: HTML, entities, invisible characters. Prices are read in `prices.py`; what a sentence may claim is
`shots/`'s business.
"""

import re
import unicodedata
from html.parser import HTMLParser

MAX_DESCRIPTION_CHARS = 5000
MAX_LINE_CHARS = 300
DROPPED_TAGS = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "title"})
INLINE_TAGS = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "label", "q"}
    | {"mark", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "wbr"}
)
"""Every other tag is taken for a block: its text stands as a sentence of its own."""
_KEPT_FORMAT_CHARS = frozenset("\u200c\u200d")
"""Joiners, which Arabic, Persian and Indic spelling and joined emoji need; every other format character (bidirectional
overrides, zero-width spaces, soft hyphens) is invisible and may reorder or hide what is read."""
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|&(#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w*);")


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
