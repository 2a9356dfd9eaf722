"""Galleries: no photo is lost because another is bad, and none is decoded twice."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reel_pipeline.catalog.build import gallery_of, product_of
from reel_pipeline.catalog.checks import gallery_is_usable
from reel_pipeline.catalog.source import FolderSource
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import CatalogEntry, ProductGallery
from reel_pipeline.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def photo(seed: int, width: int = 400, height: int = 500) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((width, height)).save(out, "PNG")
    return out.getvalue()


def entry_of(folder: Path, files: dict[str, bytes], **fields: object) -> CatalogEntry:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    images = fields.pop("images", [{"file": name} for name in files])
    item = {"sku": "T", "title": "Tee", "images": images, **fields}
    (folder / "catalog.json").write_text(json.dumps({"products": [item]}), encoding="utf-8")
    return FolderSource(folder).snapshot().entries[0]


def gallery(folder: Path, store: Store, entry: CatalogEntry) -> ProductGallery:
    return gallery_of(entry, FolderSource(folder), store)[0]


def test_facts_are_those_of_the_entry(folder: Path) -> None:
    product = product_of(entry_of(folder, {}, price="54.00", tags=["a"], colour="grey"))
    assert (product.sku, product.title, product.price, product.tags, product.colour) == (
        "T",
        "Tee",
        "54.00",
        ("a",),
        "grey",
    )


def test_good_photos_stay_when_others_are_bad(folder: Path, store: Store) -> None:
    files = {
        "a.png": photo(1),
        "bad.jpg": b"\xff\xd8 no",
        "page.jpg": b"<html>404</html>",
        "empty.png": b"",
        "z.png": photo(2),
    }
    entry = entry_of(folder, files)
    (folder / "z.png").unlink()
    found, provenance = gallery_of(entry, FolderSource(folder), store)
    assert [kept.position for kept in found.photos] == [1]
    assert [refused.item for refused in found.refused] == ["bad.jpg", "page.jpg", "empty.png", "z.png"]
    assert provenance == {"photos": {found.photos[0].key: ["a.png"]}}
    finding = gallery_is_usable(found, store)
    assert finding.passed
    assert finding.measured["photos_refused"] == 4


def test_photos_are_stored_as_pixels_and_as_they_came(folder: Path, store: Store) -> None:
    found = gallery(folder, store, entry_of(folder, {"a.png": photo(1)})).photos[0]
    assert store.read(found.original) == photo(1)
    assert found.original.suffix == ".png"
    pixels = decode_png(store.read(found.pixels))
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(photo(1)))))
    assert (found.width_px, found.height_px, found.key) == (400, 500, found.pixels.sha256[:16])
    assert found.alpha is None


def test_a_rerun_decodes_nothing_and_gives_the_same_record(folder: Path, store: Store) -> None:
    entry = entry_of(folder, {"a.png": photo(1), "b.png": photo(2)})
    first = gallery(folder, store, entry)
    assert store.counts == {"computed": 2}
    assert gallery(folder, store, entry).digest() == first.digest()
    assert store.counts == {"computed": 2, "reused": 2}


def test_a_renamed_file_is_the_same_gallery(folder: Path, store: Store) -> None:
    first = gallery(folder, store, entry_of(folder, {"a.png": photo(1)}))
    assert gallery(folder, store, entry_of(folder, {"renamed.png": photo(1)})) == first


def test_the_same_pixels_twice_are_one_photo(folder: Path, store: Store) -> None:
    again = io.BytesIO()
    Image.open(io.BytesIO(photo(1))).save(again, "BMP")
    images = [{"file": "a.png"}, {"file": "b.bmp", "variant": "grey"}, {"file": "c.png"}]
    entry = entry_of(
        folder, {"a.png": photo(1), "b.bmp": again.getvalue(), "c.png": photo(2)}, images=images, colour="grey"
    )
    found = gallery(folder, store, entry)
    assert [(kept.position, kept.variant) for kept in found.photos] == [(1, "grey"), (3, None)]


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        ({}, {}, "no photo of this product; upload"),
        ({}, {"colour": "red"}, "no photo of the red variant; upload"),
        ({"a.png": photo(1, 200, 160)}, {}, "only 200 pixels"),
        ({"a.jpg": b"x"}, {}, "None of the 1 photos can be used"),
        ({"a.png": photo(1)}, {"colour": "red", "images": [{"file": "a.png", "variant": "blue"}]}, "only blue"),
    ],
)
def test_an_unusable_gallery_says_what_to_upload(
    folder: Path, store: Store, files: dict[str, bytes], fields: dict[str, object], words: str
) -> None:
    finding = gallery_is_usable(gallery(folder, store, entry_of(folder, files, **fields)), store)
    assert not finding.passed
    assert words in finding.sentence


def test_the_check_measures_the_stored_pixels_themselves(folder: Path, store: Store) -> None:
    found = gallery(folder, store, entry_of(folder, {"a.png": photo(1)}))
    store.path(found.photos[0].pixels).write_bytes(b"damaged")
    finding = gallery_is_usable(found, store)
    assert not finding.passed
    assert "damaged" in finding.sentence
