"""Folders with a shop's export, a feed or somebody's spreadsheet: every product with its own pictures, or a refusal."""

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reel_pipeline.catalog.build import gallery_of
from reel_pipeline.catalog.checks import crawl_is_complete
from reel_pipeline.catalog.presence import Presence
from reel_pipeline.catalog.source import FolderSource, open_source
from reel_pipeline.catalog.spreadsheets import spreadsheet_of
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.records import CatalogEntry, CatalogSnapshot
from reel_pipeline_tests.catalog.making import LOOPBACK, Reply, Shop, picture, serve, store_in

SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Image Src,Image Position,Variant Image,Status"
)
CDN = "https://cdn.shop.example/s/files/1/"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serve() as running:
        yield running


def listed(root: Path, *pictures: str, **files: str | bytes) -> CatalogSnapshot:
    """The snapshot of a folder with these pictures and files; `products_csv` is the file products.csv."""
    for number, name in enumerate(pictures):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(side_px=80 + number))
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (root / ".".join(name.rsplit("_", 1))).write_bytes(data)
    return FolderSource(root).snapshot()


def sheet(header: str, *rows: dict[str, str]) -> str:
    """A CSV file with the columns of `header`; the rows name what they fill."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header.split(","), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def shown(entry: CatalogEntry) -> list[tuple[str, str | None]]:
    return [(photo.location, photo.variant) for photo in entry.photos]


def one(snapshot: CatalogSnapshot) -> CatalogEntry:
    assert not snapshot.errors
    assert len(snapshot.entries) == 1
    return snapshot.entries[0]


# --- exports of shops -----------------------------------------------------------------------------------------------


def shopify_rows() -> list[dict[str, str]]:
    tee = {"Handle": "tee"}
    first = tee | {"Title": "Linen tee", "Body (HTML)": "<p>Soft.</p>", "Type": "Shirt", "Tags": "linen, summer"}
    first |= {"Published": "TRUE", "Status": "active", "Option1 Name": "Color", "Option2 Name": "Size"}
    sizes = [("White", "S", "T-W-S", "5"), ("White", "M", "T-W-M", "0"), ("Black", "S", "T-B-S", "0")]
    rows = []
    for number, (colour, size, sku, left) in enumerate(sizes):
        row = (first if number == 0 else tee) | {"Option1 Value": colour, "Option2 Value": size, "Variant SKU": sku}
        row |= {"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": left, "Variant Price": "54.00"}
        row |= {"Variant Inventory Policy": "deny", "Variant Image": f"{CDN}{colour.lower()}.png?v=2"}
        rows.append(
            row | {"Image Src": f"{CDN}{('white', 'black', 'both')[number]}.png?v=1", "Image Position": str(number + 1)}
        )
    rows.append(tee | {"Image Src": f"{CDN}label.png", "Image Position": "4"})
    mug = {
        "Handle": "mug",
        "Title": "Mug",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Status": "active",
    }
    rows.append(mug | {"Variant SKU": "MUG", "Variant Price": "12.50", "Image Src": "pictures/mug.png"})
    old = {"Handle": "old", "Title": "Old", "Option1 Name": "Title", "Option1 Value": "Default Title"}
    return [*rows, old | {"Status": "archived", "Variant SKU": "OLD"}, old | {"Handle": "new", "Status": "draft"}]


def test_a_shopify_export_beside_its_pictures(tmp_path: Path) -> None:
    names = [f"pictures/{name}.png" for name in ("white", "black", "both", "label", "mug")]
    snapshot = listed(tmp_path, *names, products_export_1_csv=sheet(SHOPIFY, *shopify_rows()))
    assert (snapshot.source, snapshot.errors, snapshot.complete) == ("products_export_1.csv", (), True)
    white, black, mug = snapshot.entries
    assert (white.title, white.description, white.product_type, white.tags) == (
        "Linen tee",
        "Soft.",
        "Shirt",
        ("linen", "summer"),
    )
    unassigned = [("pictures/both.png", None), ("pictures/label.png", None)]
    assert shown(white) == [("pictures/white.png", "White"), *unassigned]
    assert shown(black) == [("pictures/black.png", "Black"), *unassigned]
    assert {variant.sku for variant in white.variants} == {"T-W-S", "T-W-M"}
    assert [entry.is_sold_out for entry in snapshot.entries] == [False, True, False]
    assert (mug.sku, mug.price, shown(mug)) == ("MUG", "12.50", [("pictures/mug.png", None)])
    assert crawl_is_complete(snapshot, Presence()).passed


def test_the_columns_that_shopify_writes_now(tmp_path: Path) -> None:
    header = (
        "Title,URL handle,Description,Vendor,Type,Tags,Published on online store,Status,SKU,Option1 name,Option1 value"
    )
    header += ",Price,Product image URL,Image position,Variant image URL"
    mug = {"Title": "Mug", "URL handle": "mug", "Status": "Active", "SKU": "M-1", "Price": "9", "Option1 name": "Color"}
    mug |= {"Option1 value": "Clay", "Description": "Stoneware", "Product image URL": f"{CDN}a.png"}
    hidden = {"Title": "Bowl", "URL handle": "bowl", "SKU": "B-1", "Published on online store": "FALSE", "Price": "9"}
    entry = one(listed(tmp_path, "a.png", mugs_csv=sheet(header, mug, hidden)))
    assert (entry.sku, entry.colour, entry.description, shown(entry)) == ("M-1", "Clay", "Stoneware", [("a.png", None)])


def test_a_woocommerce_export(tmp_path: Path) -> None:
    header = (
        "ID,Type,SKU,Name,Published,Short description,Description,In stock?,Sale price,Regular price,Categories,Tags"
    )
    header += ",Images,Parent,Date sale price starts,Attribute 1 name,Attribute 1 value(s)"
    shared = {"Published": "1", "Attribute 1 name": "Color"}
    snapshot = listed(
        tmp_path,
        *(f"{name}.png" for name in ("hood", "red", "green", "mug")),
        wc_product_export_csv=sheet(
            header,
            {
                "ID": "1",
                "Type": "variable",
                "SKU": "HOOD",
                "Name": "Hoodie",
                "Categories": "Clothing > Hoodies, Bed\\, bath",
            }
            | {
                "Attribute 1 value(s)": "Red, Green",
                "Images": f"{CDN}hood.png, {CDN}red.png",
                "Description": r"<p>Warm.</p>\n\nSoft.",
            }
            | shared,
            {"ID": "2", "Type": "variation", "SKU": "HOOD-R", "Name": "Hoodie - Red", "Attribute 1 value(s)": "Red"}
            | {"Images": f"{CDN}red.png", "Parent": "HOOD", "Regular price": "40"}
            | shared,
            {"ID": "3", "Type": "variation", "SKU": "HOOD-G", "Name": "Hoodie - Green", "Attribute 1 value(s)": "Green"}
            | {"Images": f"{CDN}green.png", "Parent": "id:1", "Regular price": "40", "In stock?": "0"}
            | shared,
            {
                "ID": "4",
                "Type": "simple, virtual",
                "SKU": "MUG",
                "Name": "Mug",
                "Published": "1",
                "Images": f"{CDN}mug.png",
            }
            | {"Regular price": "12", "Sale price": "10"},
            {"ID": "5", "Type": "simple", "Name": "Draft", "Published": "-1"},
            {"ID": "6", "Type": "simple", "Name": "Bowl", "Published": "1", "Regular price": "9", "Sale price": "7"}
            | {"Date sale price starts": "2026-12-01"},
            {"ID": "7", "Type": "variation", "SKU": "LOST", "Parent": "id:99"},
        ),
    )
    red, green, mug, bowl = snapshot.entries
    assert [(entry.sku, entry.colour) for entry in (red, green)] == [("HOOD.red", "Red"), ("HOOD.green", "Green")]
    assert shown(red) == [("hood.png", None), ("red.png", "Red")]
    assert shown(green) == [("hood.png", None), ("green.png", "Green")]
    assert (red.title, red.description, red.product_type, red.collections) == (
        "Hoodie",
        "Warm. Soft.",
        "Hoodies",
        ("Hoodies", "Bed, bath"),
    )
    assert [entry.price for entry in snapshot.entries] == ["40.00", "40.00", "10.00", None]
    assert [entry.is_sold_out for entry in snapshot.entries] == [False, True, False, False]
    assert (mug.sku, bowl.sku, shown(mug)) == ("MUG", "6", [("mug.png", None)])
    assert [error.item for error in snapshot.errors] == ["line 8"]
    assert "id:99" in snapshot.errors[0].error


GOOGLE = "id,title,description,link,image_link,additional_image_link,price,availability,brand,color,size,item_group_id"
TEES: list[dict[str, str]] = [
    {"id": f"T-{colour[0]}-{size}", "title": f"Linen tee - {colour} - {size}", "color": colour, "size": size}
    | {"description": "Soft.", "image_link": f"{CDN}{colour.lower()}.png", "additional_image_link": f"{CDN}both.png"}
    | {"price": "54.00 EUR", "availability": "in_stock", "brand": "Acme", "item_group_id": "TEE"}
    for colour in ("White", "Black")
    for size in ("S", "M")
]


def as_rss(rows: list[dict[str, str]]) -> str:
    items = "".join(
        "<item>" + "".join(f"<g:{name}>{value}</g:{name}>" for name, value in row.items()) + "</item>" for row in rows
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>'
        f"{items}</channel></rss>"
    )


def as_atom(rows: list[dict[str, str]]) -> str:
    entries = "".join(
        f"<entry><title>{row['title']}</title><summary>{row['description']}</summary>"
        + "".join(f"<g:{name}>{row[name]}</g:{name}>" for name in row if name not in ("title", "description"))
        + "</entry>"
        for row in rows
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>'
        f"{entries}</feed>"
    )


@pytest.mark.parametrize(
    "file",
    [
        {"feed_csv": sheet(GOOGLE, *TEES)},
        {"feed_tsv": sheet(GOOGLE, *TEES).replace(",", "\t")},
        {"feed_txt": sheet(GOOGLE.replace("_", " "), *({k.replace("_", " "): v for k, v in t.items()} for t in TEES))},
        {"feed_xml": as_rss(TEES)},
        {"feed_xml": as_atom(TEES)},
    ],
)
def test_a_google_feed_in_every_form(tmp_path: Path, file: dict[str, str]) -> None:
    snapshot = listed(tmp_path, "white.png", "black.png", "both.png", **file)
    assert snapshot.errors == ()
    white, black = snapshot.entries
    assert (white.title, white.description, white.vendor) == ("Linen tee", "Soft.", "Acme")
    assert (white.price, white.currency) == ("54.00", "EUR")
    assert shown(white) == [("white.png", "White"), ("both.png", None)]
    assert shown(black) == [("black.png", "Black"), ("both.png", None)]
    assert {variant.sku for variant in white.variants} == {"T-W-S", "T-W-M"}


def test_an_item_of_a_feed_alone(tmp_path: Path) -> None:
    row = TEES[0] | {"availability": "out of stock", "additional_image_link": "b.png,c.png", "image_link": "a.png"}
    entry = one(listed(tmp_path, "a.png", "b.png", "c.png", feed_xml=as_rss([row])))
    assert (entry.sku, entry.title, entry.colour) == ("T-W-S", "Linen tee - White - S", "White")
    assert [place for place, _ in shown(entry)] == ["a.png", "b.png", "c.png"]
    assert entry.is_sold_out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel><item><id>&a;</id></item></channel></rss>', "document type"),
        ('<!DOCTYPE rss SYSTEM "http://127.0.0.1/x.dtd"><rss/>', "document type"),
        ("<rss><channel><item>", "valid XML"),
        ("<urlset><url><loc>https://shop.example/</loc></url></urlset>", "no product feed"),
        ("<rss><channel><item><title>News</title></item></channel></rss>", "no column named sku"),
        ("", "valid XML"),
    ],
)
def test_hostile_and_other_xml_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(CatalogError, match=rf"feed\.xml.*{words}"):
        listed(tmp_path, "a.png", "Mug/1.png", feed_xml=content)


def test_xml_that_is_very_deep_or_wide_does_no_harm(tmp_path: Path) -> None:
    deep = "<a>" * 20_000 + "</a>" * 20_000
    text = f"<rss><item><id>A</id><image_link>{deep}</image_link></item></rss>"
    assert one(listed(tmp_path, feed_xml=text)).sku == "A"


# --- somebody's spreadsheet -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "SKU,Title,Product Type,Body (HTML),Image,Colour ",
        "Item Number;Product Name;Category;Description;Image URL;Color",
        "Artikelnummer\tBezeichnung\tKategorie\tBeschreibung\tBild 1\tFarbe",
        "sku,name,product_type,body,images,colour",
        "Product-ID,PRODUCT_TITLE,type,long description,Photos,COLOR NAME",
    ],
)
def test_other_headers_are_understood(tmp_path: Path, header: str) -> None:
    separator = next(char for char in "\t;," if char in header)
    row = separator.join(["S1", "Soap", "Bath", "Nice soap with oats.", "images/soap.png", "cream"])
    entry = one(listed(tmp_path, "images/soap.png", products_csv=f"{header}\n{row}\n"))
    assert (entry.sku, entry.title, entry.product_type, entry.colour) == ("S1", "Soap", "Bath", "cream")
    assert (entry.description, shown(entry)) == ("Nice soap with oats.", [("images/soap.png", None)])


def test_columns_that_are_not_understood_are_named(tmp_path: Path) -> None:
    snapshot = listed(tmp_path, catalog_csv="sku,title,description,Billede,Lagerort\nS1,Soap,Nice.,soap.png,7\n")
    assert (snapshot.ignored_columns, snapshot.errors[0].item) == (("Billede", "Lagerort"), "catalog.csv")
    assert "pictures" in snapshot.errors[0].error
    assert "Billede, Lagerort" in snapshot.errors[0].error
    harmless = listed(
        tmp_path, "soap.png", catalog_csv="sku,title,description,pictures,Lagerort\nS1,Soap,Nice.,soap.png,7"
    )
    finding = crawl_is_complete(harmless, Presence())
    assert finding.passed
    assert "Lagerort" in finding.sentence


@pytest.mark.parametrize("row", ["S1,#REF!", "1.23457E+11,Soap", "S1,Soap,big"])
def test_a_row_that_a_spreadsheet_broke_fails_alone(tmp_path: Path, row: str) -> None:
    snapshot = listed(tmp_path, catalog_csv=f"sku,title\n{row}\nS2,Tea\n")
    assert [entry.sku for entry in snapshot.entries] == ["S2"]
    assert [error.item for error in snapshot.errors] == ["line 2"]
    assert row.split(",")[0] in snapshot.unread[0].skus


def test_blank_rows_and_cells_are_no_products(tmp_path: Path) -> None:
    text = ',,\nsku,title,description\nS1,"Soap, 3"" bar","Line one\nLine two; with semicolon"\n,,,,\n\nS2,Tea,,,\n'
    snapshot = listed(tmp_path, catalog_csv=text)
    assert snapshot.errors == ()
    assert [(entry.sku, entry.title) for entry in snapshot.entries] == [("S1", 'Soap, 3" bar'), ("S2", "Tea")]
    assert snapshot.entries[0].description == "Line one. Line two; with semicolon"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_encoding_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    text = f"sku\ttitle\tprice{end}S1\tCafé crème, 250 g für Käse{end}"
    assert one(listed(tmp_path, catalog_csv=text.encode(encoding))).title == "Café crème, 250 g für Käse"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("mac-roman", "Große Flasche"),
        ("cp1251", "Мыло овсяное"),
        ("mac-roman", "Café crème"),
        ("mac-roman", "Milch mit Käse"),
        ("cp1250", "Żółty kubek"),
    ],
)
def test_letters_that_cannot_be_told_are_refused_and_never_shown_wrong(
    tmp_path: Path, encoding: str, title: str
) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.csv.*UTF-8"):
        listed(tmp_path, catalog_csv=f"sku,title\nS1,{title}\n".encode(encoding))


def test_one_broken_letter_does_not_change_all_others(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="UTF-8"):
        listed(tmp_path, catalog_csv="sku,title\nS1,Café crème\n".encode() + b"S2,Caf\xe9\n")


def test_excel_says_itself_how_it_separates(tmp_path: Path) -> None:
    assert one(listed(tmp_path, catalog_csv="sep=;\r\nsku;title\r\nS1;Soap, big\r\n")).title == "Soap, big"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_writes_is_what_is_read(rows: list[list[str]], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows(
        [
            ["sku", "title", "description", "pictures"],
            *([cell.encode("utf-8", "replace").decode() for cell in row] for row in rows),
        ]
    )
    table = spreadsheet_of(out.getvalue().encode(), "catalog.csv", {"sku", "title"})
    expected = [[cell.encode("utf-8", "replace").decode().strip() for cell in row] for row in rows]
    assert [[text for _, text in row.cells] for row in table.rows] == [
        [cell for cell in row if cell] for row in expected if any(row)
    ]


WORDS = st.sampled_from(
    ["", "A", "B", "id:1", "variation", "variable", "Color", "Red", "a.png", "https://x/a.png", "draft", "1"]
)
HEADERS = [
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Position,Variant Image,Status",
    "ID,Type,SKU,Name,Regular price,Images,Parent,Attribute 1 name,Attribute 1 value(s),Published",
    GOOGLE,
    "sku,title,price,pictures,tags,in stock",
]


@example(GOOGLE, [["A", "Mug", "", "", "?"]]).via("a picture whose address is only a query")
@example(HEADERS[1], [["", "", "A", "", "1" + 26 * "0"]]).via("a price that a decimal can't round")
@given(st.sampled_from(HEADERS), st.lists(st.lists(WORDS | st.text(), max_size=10), max_size=5))
def test_whatever_the_cells_hold_every_row_is_a_product_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, header: str, rows: list[list[str]]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([header.split(","), *rows])
    root = tmp_path_factory.mktemp("catalogue")
    snapshot = listed(root, products_csv=out.getvalue().encode("utf-8", "replace"))
    assert snapshot.canonical_bytes()
    assert snapshot.complete
    if header == HEADERS[-1]:
        shown = sum(any(cell.strip() for cell in row) for row in rows)
        assert len(snapshot.entries) + len(snapshot.errors) == shown


@given(st.binary(max_size=200), st.sampled_from(["products.csv", "products.tsv", "products.xml", "catalog.json"]))
def test_any_bytes_are_a_listing_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    root = tmp_path_factory.mktemp("catalogue")
    (root / name).write_bytes(data)
    with contextlib.suppress(CatalogError):
        assert FolderSource(root).snapshot().canonical_bytes()


# --- which file, which pictures -------------------------------------------------------------------------------------


LIST = "sku,title,description,pictures\nS1,Soap,Nice.,soap.png\n"


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"orders_csv": "Order,Total\n1,5\n"}, "orders.csv has no column named sku"),
        ({"products_xlsx": b"PK\3\4"}, "products.xlsx can't be read"),
        ({"products_csv": LIST, "stock_csv": LIST}, "products.csv, stock.csv"),
        ({"products_csv": b"\x89PNG\r\n\x1a\n" + bytes(100)}, "products.csv"),
        ({"products_tsv": ""}, "products.tsv has no column"),
    ],
)
def test_a_folder_that_is_not_understood_is_refused_by_the_files_name(
    tmp_path: Path, files: dict[str, Any], named: str
) -> None:
    with pytest.raises(CatalogError, match=named):
        listed(tmp_path, "images/soap.png", "Mug/1.png", **files)


def test_the_documented_name_decides_between_several(tmp_path: Path) -> None:
    assert one(listed(tmp_path, "soap.png", catalog_csv=LIST, orders_csv="Order\n1\n", old_xlsx=b"PK")).sku == "S1"


def test_notes_beside_pictures_are_no_listing(tmp_path: Path) -> None:
    assert one(listed(tmp_path, "Mug/1.png", notes_txt="Dear all,\nid est\n", package_json="{}")).sku == "Mug"


def test_a_spreadsheet_deeper_down_is_no_product(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "products.csv").write_text(LIST)
    with pytest.raises(CatalogError, match=r"shop holds products\.csv"):
        listed(tmp_path, "shop/Pictures 2026/1.png")


def test_the_answer_of_a_shop_stored_beside_its_pictures(tmp_path: Path) -> None:
    products = '{"products": [{"id": 1, "title": "Mug", "handle": "mug", "variants": [{"id": 2, "sku": "M-1"}],'
    products += '"images": [{"id": 3, "src": "/files/mug.png?v=1"}]}]}'
    entry = one(listed(tmp_path, "f/mug.png", products_json=products))
    assert (entry.sku, shown(entry)) == ("M-1", [("f/mug.png", None)])


def test_a_name_that_two_pictures_share_stands_for_neither(tmp_path: Path) -> None:
    text = (
        "sku,title,description,pictures\nA,A,,https://shop.example/a/front.png\nB,B,,https://shop.example/b/front.png\n"
    )
    snapshot = listed(tmp_path, "m/front.png", products_csv=text)
    assert [shown(entry)[0][0] for entry in snapshot.entries[:2]] == [
        "https://shop.example/a/front.png",
        "https://shop.example/b/front.png",
    ]
    taken = listed(
        tmp_path, "m/front.png", products_csv="sku,title,description,pictures\nA,A,,m/front.png\nB,B,,front.png\n"
    )
    assert shown(taken.entries[1]) == [("front.png", None)], "the picture of another product"
    listed(tmp_path, "1/back.png", "2/back.png", products_csv=text + "C,C,,back.png\n")
    assert shown(FolderSource(tmp_path).snapshot().entries[2]) == [("back.png", None)], "which of the two is not clear"


@pytest.mark.parametrize(
    ("cell", "files"),
    [
        ("a.png|b.png", ["a.png", "b.png"]),
        ("a.png, b.png;c.png", ["a.png", "b.png", "c.png"]),
        ("images\\soap, oats.png", ["images/soap, oats.png"]),
        (
            "https://img.example/w_300,h_300/a.jpg, https://img.example/b",
            ["https://img.example/w_300,h_300/a.jpg", "https://img.example/b"],
        ),
    ],
)
def test_several_pictures_in_a_cell(tmp_path: Path, cell: str, files: list[str]) -> None:
    entry = one(listed(tmp_path, products_csv=f'sku,title,description,pictures\nS1,Soap,,"{cell}"\n'))
    assert [place for place, _ in shown(entry)] == files


def test_pictures_that_lie_nowhere_else_are_fetched(tmp_path: Path, shop: Shop) -> None:
    shop.picture("/files/soap.png")
    (tmp_path / "products.csv").write_text(f"sku,title,description,pictures\nS1,Soap,Nice.,{shop.url}/files/soap.png\n")
    store = store_in(tmp_path / "store")
    source = open_source(str(tmp_path), store, LOOPBACK)
    (entry,) = source.snapshot().entries
    assert len(gallery_of(entry, source, store)[0].photos) == 1
    shop.answers.clear()
    gone = entry.photos[0].model_copy(update={"location": f"{shop.url}/gone.png"})
    assert "404" in gallery_of(entry.model_copy(update={"photos": (gone,)}), source, store)[0].refused[0].error
    shop.answers["/down.png"] = Reply(status=503, headers={"Retry-After": "900"})
    with pytest.raises(SourceUnavailable, match=r"copy down\.png into the folder"):
        source.read_photo(gone.model_copy(update={"location": f"{shop.url}/down.png"}))
