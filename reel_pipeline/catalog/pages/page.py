"""A stored HTML page -> its elements, scripts and metadata, in document order. Broken markup is read as browsers would
roughly read it; nothing is executed or fetched."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID_TAGS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
MAX_ELEMENTS = 200_000
MAX_DEPTH = 400
MAX_JSON_DEPTH = 60


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def ancestors(self) -> Iterator["Element"]:
        """Itself, then its parents up to the root."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent

    def descendants(self) -> Iterator["Element"]:
        """Itself and all below, in document order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


class Page(HTMLParser):
    """`root` holds the whole page; `scripts` the inline scripts' (type, text)."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#root", {}, None)
        self.scripts: list[tuple[str, str]] = []
        self._open = self.root
        self._depth = 0
        self._count = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            return
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(element)
        if tag not in VOID_TAGS and self._depth < MAX_DEPTH:
            self._open = element
            self._depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._open.tag == tag and tag not in VOID_TAGS:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for closed, element in enumerate(self._open.ancestors(), 1):
            if element.tag == tag and element.parent is not None:
                self._open = element.parent
                self._depth -= closed
                return

    def handle_data(self, data: str) -> None:
        if self._open.tag == "script":
            self.scripts.append((self._open.attributes.get("type", "").lower(), data))
        elif not self._open.children and len(self._open.text) < 2000:
            self._open.text += data

    def elements(self) -> Iterator[Element]:
        return self.root.descendants()

    def metadata(self) -> dict[str, list[str]]:
        """`og:image`, `og:title`, ... -> their contents, in order."""
        found: dict[str, list[str]] = {}
        for element in self.elements():
            if element.tag == "meta":
                name = element.attributes.get("property") or element.attributes.get("name") or ""
                found.setdefault(name.lower(), []).append(element.attributes.get("content", "").strip())
            elif element.tag == "link" and element.attributes.get("rel") == "image_src":
                found.setdefault("image_src", []).append(element.attributes.get("href", "").strip())
        return found

    def linked_data(self) -> Iterator[Any]:
        """Every JSON-LD block that can be read, also those with comments, raw line breaks or a stray comma."""
        for kind, text in self.scripts:
            if "ld+json" in kind:
                yield from _lenient(text)

    def state(self) -> Iterator[Any]:
        """Every JSON array or object inside the page's scripts and data attributes."""
        for kind, text in self.scripts:
            if "ld+json" not in kind:
                yield from embedded_json(text)
        for element in self.elements():
            for name, value in element.attributes.items():
                if name.startswith("data-") and value[:1] in ("{", "[") and len(value) > 20:
                    yield from embedded_json(value)


def _lenient(text: str) -> Iterator[Any]:
    cleaned = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*.*?\*/)|(?:-->|//\s*\]\]>)\s*$", "", text, flags=re.DOTALL)
    for candidate in (cleaned, re.sub(r",\s*(?=[\]}])", "", cleaned)):
        try:
            yield json.loads(candidate.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        return


def embedded_json(text: str) -> Iterator[Any]:
    """The outermost JSON arrays and objects in a text that is otherwise a program, at most `MAX_JSON_DEPTH` deep."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    opening = re.compile(r"\[(?=\s*[\[{\"])|\{(?=\s*\")")
    while found := opening.search(text, position):
        try:
            value, position = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            position = found.end()
            continue
        yield value


def walk(value: Any, depth: int = 0) -> Iterator[Any]:
    """A JSON value and everything in it, parents first; strings that hold JSON themselves are opened."""
    if isinstance(value, str):
        if value[:1] in ("{", "[") and value[-1:] in ("}", "]") and len(value) > 20 and depth < MAX_JSON_DEPTH:
            for inner in embedded_json(value):
                yield from walk(inner, depth + 1)
        return
    if isinstance(value, dict | list):
        yield value
        if depth < MAX_JSON_DEPTH:
            for part in value.values() if isinstance(value, dict) else value:
                yield from walk(part, depth + 1)
