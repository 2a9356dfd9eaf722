"""What the columns of a list of products with one row a product may be called, and such a row -> a product.

The product is as `catalog.json` would hold it; `listing.py` reads it then.
"""

import re
from collections.abc import Iterable

from reel_pipeline.catalog.spreadsheets import Row, Spreadsheet, column_key

COLUMNS = {
    "sku": "sku|variant sku|product sku|item sku|article number|item number|product code|item code|style number|id"
    "|product id|reference|handle|artikelnummer|artikel nr|art nr|bestellnummer|référence|referenz|referencia|codice"
    "|referência|artikelcode",
    "title": "title|name|product name|product title|item name|product|titel|bezeichnung|produktname|artikelbezeichnung"
    "|nom|titre|nombre|título|nome|titolo|naam",
    "description": "description|body html|body|product description|long description|short description|beschreibung"
    "|produktbeschreibung|descripción|descrizione|descrição|omschrijving",
    "product_type": "product type|type|category|product category|categories|produkttyp|kategorie|catégorie|categoría"
    "|categoria|categorie",
    "colour": "colour|color|colour name|color name|farbe|couleur|colore|kleur|cor",
    "vendor": "vendor|brand|manufacturer|marke|hersteller|marque|marca|merk",
    "tags": "tags|tag|keywords|schlagwörter|schlagworte",
    "price": "price|variant price|regular price|retail price|selling price|unit price|preis|prix|precio|prezzo|prijs"
    "|preço",
    "currency": "currency|currency code|währung|devise|moneda|valuta|moeda",
    "collections": "collections|collection|kollektion|collezione|colección|coleção|collectie",
    "in_stock": "in stock|availability|available",
    "pictures": "pictures|picture|images|image|image url|image urls|image link|image src|main image|featured image"
    "|product image|product image url|picture url|photo|photos|photo url|additional image link|additional images"
    "|image file|image files|base image|hosted image urls"
    "|filename|bild|bilder|bildlink|foto|fotos|imagen|imágenes|immagine|immagini|afbeelding",
}
"""Field of `catalog.json` -> what its column may be called (as `column_key` has it), the best name first."""
NAMES = {field: tuple(names.split("|")) for field, names in COLUMNS.items()}
KNOWN = frozenset(name for names in NAMES.values() for name in names)
MAIN_FIELDS = ("title", "description", "pictures")
TEXT_FIELDS = ("title", "description", "product_type", "colour", "vendor", "currency", "in_stock")
NUMBERED_PICTURE = re.compile(r"(?:image|picture|photo|bild|foto|img)(?: url| link| src)? ?\d{1,2}(?: url)?")
WITHOUT_USE = frozenset(
    {"size", "barcode", "ean", "gtin", "upc", "mpn", "isbn", "weight", "quantity", "qty", "stock", "inventory", "cost"}
    | {"url", "link", "notes", "status", "published", "condition", "sale price", "compare at price", "item group id"}
    | {"image alt text", "image position", "position"}
)
"""Columns that nobody misses in a reel; all others that are not read are named."""
_LOST = re.compile(r"#(?:N/A|NV|REF!|BEZUG!|NAME\?|VALUE!|WERT!|VALEUR!|DIV/0!|NUM!|ZAHL!|NULL!)")
_ROUNDED = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)
_BETWEEN_FILES = re.compile(
    r"\s*[|\n]\s*|\s*[,;]\s*(?=https?://)"
    r"|(?<=\.(?:jpg|png|gif|bmp|tif))\s*[,;]\s*|(?<=\.(?:jpeg|webp|avif|tiff|heic|jfif))\s*[,;]\s*",
    re.IGNORECASE,
)


def fault_of(row: Row) -> str | None:
    """What is wrong with the row's cells, whatever kind of table it is in."""
    if row.is_shifted:
        return "The row has more cells than the header row; put cells that hold separators in quotes."
    lost = next((text for _, text in row.cells if _LOST.fullmatch(text)), "")
    lost = lost or next((text for text in row.texts(*NAMES["sku"]) if _ROUNDED.fullmatch(text)), "")
    return f"A cell holds {lost}, where the spreadsheet lost what was there; type it again, as text." if lost else None


def sku_column(table: Spreadsheet) -> str:
    """The column that says which product a row is; '' where there is none."""
    return next((name for name in NAMES["sku"] if name in table.keys), "")


def not_understood(table: Spreadsheet) -> tuple[str, ...]:
    """The columns that are not read, as they are written."""
    keys = {column: column_key(column) for column in table.columns}
    known = KNOWN | WITHOUT_USE
    return tuple(column for column, key in keys.items() if key not in known and not NUMBERED_PICTURE.fullmatch(key))


def lacking(table: Spreadsheet) -> list[str]:
    """What of the main fields has no column."""
    has_numbered = any(NUMBERED_PICTURE.fullmatch(key) for key in table.keys)
    return [
        field
        for field in MAIN_FIELDS
        if not table.keys & set(NAMES[field]) and not (field == "pictures" and has_numbered)
    ]


def listed_product(row: Row, sku_key: str) -> dict[str, object]:
    """The row's product; a price beside another one for a sale is none that can be told."""
    price, sale = row.text(*NAMES["price"]), row.text("sale price")
    pictures = (text for key, text in row.cells if key in NAMES["pictures"] or NUMBERED_PICTURE.fullmatch(key))
    return {
        "sku": row.text(sku_key),
        **{field: row.text(*NAMES[field]) for field in TEXT_FIELDS},
        "price": price if sale in ("", price) else None,
        "tags": values_in(row.text(*NAMES["tags"])),
        "collections": _parts(row.text(*NAMES["collections"]), "|"),
        "images": [{"file": file} for file in files_in(pictures)],
    }


def files_in(cells: Iterable[str]) -> list[str]:
    """The files or addresses in the cells, each once. A comma between words of one file's name is part of it."""
    parts = (part.strip().replace("\\", "/") for cell in cells for part in _BETWEEN_FILES.split(cell))
    return list(dict.fromkeys(part for part in parts if part))


def values_in(cell: str) -> list[str]:
    """Several values in one cell: separated by `|`, else by commas."""
    return _parts(cell, "|" if "|" in cell else ",")


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()]
