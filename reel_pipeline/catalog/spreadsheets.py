"""The bytes of a spreadsheet or feed -> rows of named cells, whatever program wrote it.

Encoding and separator are found out, never guessed in silence: text that could be read in two ways is refused. What the
columns mean is the business of `exports.py`.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from reel_pipeline.errors import CatalogError

SEPARATORS = ",;\t"
ENTRY_TAGS = frozenset({"item", "entry"})
_NOT_WESTERN = re.compile(
    r"[À-ÖØ-öø-ÿŒœŠšŽžŸ]{3}|[a-zà-ÿ][ŽŠŸˆƒ]|[A-Za-z][ŽŠŸˆƒ‡‰‹§][a-z]|[A-Za-zÀ-ÿ][¿³¹¼½¾¢£¤¥¦¨«¬¯±²µ¶¸][A-Za-zÀ-ÿ]"
    r"|[ÂÃ][€‚ƒ„†‡ˆ‰Š‹Œ•˜™š›œžŸ¡-¿]|â€"
)
"""What stands in text of another character set, UTF-8 with a broken letter too, when it is read as Windows-1252."""

csv.field_size_limit(2**31 - 1)  # a file's own size is limited; shops paste whole pictures into descriptions


@dataclass(frozen=True)
class Row:
    """`line`: where it ends in the file, or its number among the items of a feed.

    `cells`: (column as `column_key` has it, text) in the order of the file, blank ones left out.
    """

    line: int
    cells: tuple[tuple[str, str], ...]
    is_shifted: bool = False
    """It has more cells than the header row: they can't be told apart."""

    def text(self, *columns: str) -> str:
        """The first text under any of the columns, the first named one first; '' where there is none."""
        return next((text for column in columns for text in self.texts(column)), "")

    def texts(self, *columns: str) -> Iterator[str]:
        """All texts under any of the columns, in the order of the file."""
        return (text for column, text in self.cells if column in columns)


@dataclass(frozen=True)
class Spreadsheet:
    """`name` is the file's; `columns` as they are written, without blank ones."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(map(column_key, self.columns))


def column_key(name: str) -> str:
    """The same for every way to write a column's name: `Image_Link`, `g:image_link` and `image link`."""
    text = unicodedata.normalize("NFKC", name).casefold().strip().removeprefix("g:").replace("(s)", "")
    return " ".join(re.findall(r"[^\W_]+", text))


def spreadsheet_of(data: bytes, name: str, known: Collection[str]) -> Spreadsheet:
    """The rows of a CSV or TSV file, blank ones left out. `known` columns help to tell how its cells are separated."""
    text = _decoded(data, name)
    declared = re.match(r"\s*sep=(.)[\r\n]+", text)  # a line that Excel writes for itself
    text = text[declared.end() :] if declared else text.lstrip("\r\n")
    separator = declared[1] if declared else _separator(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), [])
        keys = [column_key(cell) for cell in header]
        rows = tuple(_row(reader.line_num, keys, cells) for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error as error:
        raise CatalogError(f"{name} can't be read at line {reader.line_num} ({error}); correct it.") from None
    return Spreadsheet(name, tuple(cell.strip() for cell in header if cell.strip()), rows)


def feed_of(data: bytes, name: str) -> Spreadsheet:
    """The items of an RSS 2.0 or Atom product feed. No document type, no entity and nothing outside it is ever read."""
    columns: dict[str, None] = {}
    rows: list[Row] = []
    try:
        for _, element in iterparse(io.BytesIO(data), forbid_dtd=True):
            if _local(element) in ENTRY_TAGS:
                cells = [(column_key(_local(child)), (child.text or "").strip()) for child in element]
                rows.append(Row(len(rows) + 1, tuple((column, text) for column, text in cells if text)))
                columns |= dict.fromkeys(_local(child) for child in element)
                element.clear()
    except DefusedXmlException:
        raise CatalogError(f"{name} declares a document type or entities; export it as a plain product feed.") from None
    except (ParseError, ValueError, LookupError) as error:
        raise CatalogError(f"{name} is no valid XML ({error}); export it again.") from None
    if not rows:
        raise CatalogError(f"{name} is no product feed in RSS or Atom; export it as one, or take it out of the folder.")
    return Spreadsheet(name, tuple(columns), tuple(rows))


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _row(line: int, keys: list[str], cells: list[str]) -> Row:
    named = zip([*keys, *[""] * len(cells)], (cell.strip() for cell in cells), strict=False)
    is_shifted = any(cell.strip() for cell in cells[len(keys) :])
    return Row(line, tuple((column, text) for column, text in named if text), is_shifted)


def _separator(text: str, known: Collection[str]) -> str:
    """The one by which the first row falls into the most known columns, else into the most columns."""

    def columns(separator: str) -> tuple[int, int]:
        try:
            header = next(csv.reader(io.StringIO(text[:65536], newline=""), delimiter=separator), [])
        except csv.Error:
            return 0, 0
        return sum(column_key(cell) in known for cell in header), len(header)

    return max(SEPARATORS, key=columns)


def _decoded(data: bytes, name: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Excel calls Unicode text
        encodings = ["utf-16"]
    elif b"\0" in data[:2]:
        encodings = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "cp1252" or not _NOT_WESTERN.search(text):
            return text
    raise CatalogError(f"Which letters {name} holds can't be told for sure; save it again as CSV in UTF-8.")
