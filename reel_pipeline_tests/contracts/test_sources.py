"""What every source owes, whichever it is: one little catalogue, served as a folder and as a shop."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.catalog.build import gallery_of
from reel_pipeline.catalog.checks import gallery_is_usable
from reel_pipeline.catalog.source import FolderSource, Source
from reel_pipeline.errors import CatalogError
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, PhotoSource
from reel_pipeline.store import Store
from reel_pipeline_tests.catalog.making import picture, serve, source_of, store_in

COLOURS = {"red": "Red", "blue": "Blue"}
SIZES = ("S", "M")
PICTURES = {"red": picture("red", 400), "blue": picture("blue", 400), "both": picture("purple", 400), "mug": b"damaged"}


@contextmanager
def folder(root: Path, store: Store) -> Iterator[Source]:
    """As a person writes it down."""
    (root / "images").mkdir(parents=True)
    for name, data in PICTURES.items():
        (root / "images" / f"{name}.png").write_bytes(data)
    tee = {
        "sku": "linen-tee",
        "title": "Linen tee",
        "description": "<p>Soft linen</p>",
        "product_type": "T-shirt",
        "vendor": "Acme",
        "tags": ["linen"],
        "price": "54.00",
        "currency": "EUR",
        "collections": ["Summer"],
        "variants": [
            {"sku": f"TEE-{colour}-{size}", "colour": colour, "size": size, "in_stock": (colour, size) != ("Blue", "M")}
            for colour in COLOURS.values()
            for size in SIZES
        ],
        "images": [
            {"file": f"images/{name}.png", "position": position, "variant": COLOURS.get(name, "")}
            for position, name in enumerate(("red", "blue", "both"), 1)
        ],
    }
    mug = {"sku": "MUG", "title": "Mug", "images": [{"file": "images/mug.png"}], "currency": "EUR", "price": 12.5}
    mug["variants"] = [{"sku": "MUG"}]
    (root / "catalog.json").write_text(json.dumps({"products": [tee, mug]}), encoding="utf-8")
    yield FolderSource(root)


@contextmanager
def shop(root: Path, store: Store) -> Iterator[Source]:
    """As Shopify answers."""
    variants: list[dict[str, Any]] = [
        {"sku": f"TEE-{colour}-{size}", "option1": colour, "option2": size, "price": "54.00"}
        for colour in COLOURS.values()
        for size in SIZES
    ]
    for number, variant in enumerate(variants):
        variant |= {"id": number, "available": number != 3}
    ids = {"red": [0, 1], "blue": [2, 3], "both": []}
    tee = {
        "id": 1,
        "title": "Linen tee",
        "handle": "linen-tee",
        "body_html": "<p>Soft linen</p>",
        "product_type": "T-shirt",
        "vendor": "Acme",
        "tags": ["linen"],
        "options": [{"name": "Colour"}, {"name": "Size"}],
        "variants": variants,
        "images": [
            {"id": position, "position": position, "src": f"/cdn/shop/files/{name}.png?v=1", "variant_ids": ids[name]}
            for position, name in enumerate(ids, 1)
        ],
    }
    mug = {
        "id": 2,
        "title": "Mug",
        "handle": "mug",
        "variants": [{"id": 9, "sku": "MUG", "option1": "Default Title", "price": "12.50"}],
        "images": [{"id": 9, "position": 1, "src": "/cdn/shop/files/mug.png?v=1"}],
    }
    with serve() as running:
        running.products([tee, mug])
        running.page("/meta.json", {"currency": "EUR"})
        running.page("/collections.json", {"collections": [{"id": 1, "handle": "summer", "title": "Summer"}]})
        running.page("/collections/summer/products.json", {"products": [tee]})
        for name, data in PICTURES.items():
            running.picture(f"/cdn/shop/files/{name}.png")
            running.answers[f"/cdn/shop/files/{name}.png"].body = data  # type: ignore[union-attr]
        yield source_of(running, store)


@contextmanager
def export(root: Path, store: Store) -> Iterator[Source]:
    """As Shopify exports it: the pictures' addresses are those of the shop, and their files lie beside it."""
    (root / "images").mkdir(parents=True)
    for name, data in PICTURES.items():
        (root / "images" / f"{name}.png").write_bytes(data)
    tee = {"Handle": "linen-tee", "Title": "Linen tee", "Body (HTML)": "<p>Soft linen</p>", "Type": "T-shirt"}
    tee |= {"Vendor": "Acme", "Tags": "linen", "Option1 Name": "Colour", "Option2 Name": "Size", "Collection": "Summer"}
    rows = []
    for number, (colour, size) in enumerate((colour, size) for colour in COLOURS.values() for size in SIZES):
        row = {"Handle": "linen-tee", "Option1 Value": colour, "Option2 Value": size, "Variant Price": "54.00"}
        row |= {"Variant SKU": f"TEE-{colour}-{size}", "Variant Image": f"https://cdn.example/{colour.lower()}.png?v=2"}
        row |= {"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "0" if number == 3 else "4"}
        if number < 3:
            row |= {
                "Image Src": f"https://cdn.example/{list(PICTURES)[number]}.png?v=1",
                "Image Position": f"{number + 1}",
            }
        rows.append(tee | row if number == 0 else row)
    mug = {"Handle": "mug", "Title": "Mug", "Option1 Name": "Title", "Option1 Value": "Default Title"}
    rows.append(mug | {"Variant SKU": "MUG", "Variant Price": "12.50", "Image Src": "https://cdn.example/mug.png"})
    with (root / "products_export_1.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)
    yield FolderSource(root)


SOURCES = {"folder": folder, "shop": shop, "export": export}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path / "store")


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path, store: Store) -> Iterator[Source]:
    with SOURCES[request.param](tmp_path / "source", store) as opened:
        yield opened


def without_places(snapshot: CatalogSnapshot) -> list[CatalogEntry]:
    """What a source says about products, without where pictures lie, the currency and the handle: not all say them."""
    return [
        entry.model_copy(
            update={
                "currency": "",
                "product": "",
                "photos": tuple(
                    PhotoSource(location="", position=photo.position, variant=photo.variant) for photo in entry.photos
                ),
            }
        )
        for entry in snapshot.entries
    ]


def test_all_sources_give_the_same_products_and_galleries(tmp_path: Path) -> None:
    seen = []
    for name, open_one in SOURCES.items():
        store = store_in(tmp_path / name / "store")
        with open_one(tmp_path / name / "source", store) as source:
            snapshot = source.snapshot()
            galleries = [gallery_of(entry, source, store)[0] for entry in snapshot.entries]
            seen.append((without_places(snapshot), [gallery.photos for gallery in galleries]))
    assert seen[0] == seen[1] == seen[2]
    assert [entry.sku for entry in seen[0][0]] == ["linen-tee.red", "linen-tee.blue", "MUG"]
    assert [len(photos) for photos in seen[0][1]] == [2, 2, 0]


def test_a_snapshot_is_complete_and_twice_the_same(source: Source) -> None:
    first = source.snapshot()
    assert first.complete
    assert source.snapshot().digest() == first.digest()


def test_every_entry_has_a_key_of_its_own(source: Source) -> None:
    keys = [entry.partition_key for entry in source.snapshot().entries]
    assert len({key.casefold() for key in keys}) == len(keys) == 3


def test_every_picture_says_when_it_is_another_one(source: Source) -> None:
    photos = [photo for entry in source.snapshot().entries for photo in entry.photos]
    assert all(photo.content_sha256 or photo.version for photo in photos)


def test_pictures_are_read_as_they_are(source: Source) -> None:
    red = source.snapshot().entries[0]
    assert [source.read_photo(photo) for photo in red.photos] == [PICTURES["red"], PICTURES["both"]]


def test_a_damaged_picture_is_refused_and_its_product_says_so(source: Source, store: Store) -> None:
    mug = source.snapshot().entries[2]
    gallery, _ = gallery_of(mug, source, store)
    assert [refused.item.rsplit("/", 1)[-1] for refused in gallery.refused] == ["mug.png"]
    assert not gallery_is_usable(gallery, store).passed


@pytest.mark.parametrize(
    "location", ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "gone.png", "http://[", ""]
)
def test_what_is_not_its_own_is_not_read(source: Source, location: str) -> None:
    with pytest.raises(CatalogError):
        source.read_photo(PhotoSource(location=location, position=1))


def test_sizes_that_are_sold_out_are_named(source: Source) -> None:
    red, blue, _ = source.snapshot().entries
    assert "TEE-Blue-M" in blue.sold_out
    assert not red.is_sold_out
    assert not blue.is_sold_out, "its other size is left, though its own SKU is that of the sold one"
