"""A folder as a catalogue: what loads, what is refused alone, and that nothing outside the folder is ever read."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reel_pipeline.catalog.build import gallery_of
from reel_pipeline.catalog.checks import crawl_is_complete
from reel_pipeline.catalog.partitions import partition_keys
from reel_pipeline.catalog.presence import Presence, without_the_gone
from reel_pipeline.catalog.source import FolderSource, open_source
from reel_pipeline.errors import CatalogError
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, PhotoSource
from reel_pipeline_tests.catalog.making import store_in

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
HOSTILE = [
    "../../etc",
    "x" * 300,
    "🧦👍🏽",
    "a...b",
    "Case-1",
    "CASE-1",
    "شال",
    "a b",
    "a/b",
    ".",
    "..",
    "-",
    "~",
    "a\nb",
]


def catalogue(folder: Path, *products: Any, pictures: tuple[str, ...] = ()) -> CatalogSnapshot:
    for name in pictures:
        picture(folder / name)
    (folder / "catalog.json").write_text(json.dumps({"products": products}), encoding="utf-8")
    return FolderSource(folder).snapshot()


def picture(path: Path, colour: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (80, 80), colour).save(path)


def one(snapshot: CatalogSnapshot) -> CatalogEntry:
    assert len(snapshot.entries) == 1
    return snapshot.entries[0]


def test_a_full_entry_loads(tmp_path: Path) -> None:
    snapshot = catalogue(
        tmp_path,
        {
            "sku": "TEE-1",
            "title": "Linen&nbsp;tee",
            "description": "<p>Soft linen</p><ul><li>Breathes</li></ul>",
            "colour": "white",
            "price": "1.299,00 EUR",
            "tags": ["linen", "linen", " "],
            "images": [{"file": "b.png", "position": 2}, {"file": "a.png", "position": 1, "view_class": "x"}],
            "label_text": "never read",
        },
        pictures=("a.png", "b.png"),
    )
    entry = one(snapshot)
    assert (entry.title, entry.description) == ("Linen tee", "Soft linen. Breathes")
    assert (entry.price, entry.currency, entry.tags) == ("1299.00", "EUR", ("linen",))
    assert [photo.location for photo in entry.photos] == ["a.png", "b.png"]
    assert all(photo.content_sha256 for photo in entry.photos)
    assert snapshot.complete
    assert crawl_is_complete(snapshot, Presence()).passed


def test_labels_for_scoring_change_nothing(tmp_path: Path) -> None:
    plain = {"sku": "T", "title": "Tee", "images": [{"file": "a.png", "position": 1}]}
    before = catalogue(tmp_path, plain, pictures=("a.png",))
    labels = {"view_class": "flat_studio", "label_text": ["X"], "has_face": True, "sha256": "0" * 64, "width": 9}
    labelled = {**plain, "images": [{"file": "a.png", "position": 1, **labels}]}
    assert catalogue(tmp_path, labelled) == before


def test_only_the_sku_is_required(tmp_path: Path) -> None:
    entry = one(catalogue(tmp_path, {"sku": "T"}))
    assert (entry.title, entry.price, entry.photos) == ("T", None, ())


def test_a_numeric_sku_is_taken_as_written(tmp_path: Path) -> None:
    assert one(catalogue(tmp_path, {"sku": 1001})).sku == "1001"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("text", "expected an object"),
        ({"title": "no sku"}, "no SKU"),
        ({"sku": " "}, "no SKU"),
        ({"sku": ["T"]}, "expected text"),
        ({"sku": True}, "expected text"),
        ({"sku": "T", "title": {"en": "Tee"}}, "expected text"),
        ({"sku": "T", "tags": "linen"}, "expected a list"),
        ({"sku": "T", "images": ["a.png"]}, "expected a list of objects"),
        ({"sku": "T", "images": [{"position": 1}]}, "names no file"),
        ({"sku": "T", "images": [{"file": "a.png", "position": "first"}]}, "whole number"),
        ({"sku": "T", "variants": [{"colour": "red"}]}, "Variant 1 has no SKU"),
        ({"sku": "\ud800"}, "broken characters"),
    ],
)
def test_a_broken_item_fails_alone(tmp_path: Path, item: Any, words: str) -> None:
    snapshot = catalogue(tmp_path, item, {"sku": "GOOD"})
    assert one(snapshot).sku == "GOOD"
    assert len(snapshot.errors) == 1
    assert words in snapshot.errors[0].error
    assert snapshot.errors[0].item.strip()
    assert snapshot.complete, "its file was read to the end"
    assert len(snapshot.unread) == 1
    finding = crawl_is_complete(snapshot, Presence())
    assert not finding.passed
    assert snapshot.errors[0].error in finding.sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"products": [\n{"sku": }\n]}', "line 2"),
        (b"[]", "no list of products"),
        (b'{"items": []}', "no list of products"),
        (b"", "line 1"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'{"products": ' + b"[" * 100_000, "can't be read"),
        (b'{"products": [{"sku": ' + b"9" * 5000 + b"}]}", "can't be read"),
    ],
)
def test_a_listing_that_cannot_be_read_is_one_error_with_a_remedy(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "catalog.json").write_bytes(content)
    with pytest.raises(CatalogError, match=words):
        FolderSource(tmp_path).snapshot()


def test_the_same_sku_twice_keeps_the_first(tmp_path: Path) -> None:
    snapshot = catalogue(tmp_path, {"sku": "T", "title": "first"}, {"sku": "T", "title": "second"})
    assert one(snapshot).title == "first"
    assert "twice" in snapshot.errors[0].error


@pytest.mark.parametrize(
    "location", ["../secret.png", "/etc/hostname", "link.png", "folder/../../secret.png", "a\0b", "x" * 5000]
)
def test_nothing_outside_the_folder_is_read(tmp_path: Path, location: str) -> None:
    root = tmp_path / "catalogue"
    root.mkdir()
    picture(tmp_path / "secret.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    photo = one(catalogue(root, {"sku": "T", "images": [{"file": location}]})).photos[0]
    assert photo.content_sha256 is None
    with pytest.raises(CatalogError, match=r"outside|no file name"):
        FolderSource(root).read_photo(photo)


def test_a_missing_picture_keeps_its_place_and_says_so(tmp_path: Path) -> None:
    snapshot = catalogue(tmp_path, {"sku": "T", "images": [{"file": "a.png"}, {"file": "b.png"}]}, pictures=("a.png",))
    kept, gone = one(snapshot).photos
    assert kept.content_sha256
    assert gone.content_sha256 is None
    with pytest.raises(CatalogError, match="missing"):
        FolderSource(tmp_path).read_photo(gone)
    finding = crawl_is_complete(snapshot, Presence())
    assert finding.passed
    assert finding.measured["pictures_missing"] == 1


def test_a_picture_that_changed_after_the_snapshot_is_refused(tmp_path: Path) -> None:
    photo = one(catalogue(tmp_path, {"sku": "T", "images": [{"file": "a.png"}]}, pictures=("a.png",))).photos[0]
    picture(tmp_path / "a.png", "blue")
    with pytest.raises(CatalogError, match="changed"):
        FolderSource(tmp_path).read_photo(photo)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_loads(tmp_path: Path, delimiter: str) -> None:
    picture(tmp_path / "1.png")
    rows = [
        ["SKU", "title", "description", "tags", "price", "pictures"],
        ["T-1", '"Tee\nlong"', "Soft.", "a|b", "54.00", "1.png|2.png"],
        ["", "no sku", "", "", "", ""],
        ["T-2", "Shirt", "", "", "", ""],
    ]
    (tmp_path / "catalog.csv").write_text("\ufeff" + "\n".join(map(delimiter.join, rows)) + "\n", encoding="utf-8")
    snapshot = FolderSource(tmp_path).snapshot()
    assert [entry.sku for entry in snapshot.entries] == ["T-1", "T-2"]
    assert snapshot.entries[0].tags == ("a", "b")
    assert [photo.location for photo in snapshot.entries[0].photos] == ["1.png", "2.png"]
    assert [error.item for error in snapshot.errors] == ["product 2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("name,title\nT,Tee\n", "no column named sku"), ('sku,title\nT,"Tee\n', "line"), ("", "no column named sku")],
)
def test_a_csv_that_cannot_be_read_says_why(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "catalog.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=words):
        FolderSource(tmp_path).snapshot()


def test_a_csv_row_with_too_many_cells_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("sku,title\nT-1,Tee,red,blue\nT-2,Shirt\n", encoding="utf-8")
    snapshot = FolderSource(tmp_path).snapshot()
    assert [entry.sku for entry in snapshot.entries] == ["T-2"]
    assert "more cells" in snapshot.errors[0].error


def test_folders_of_pictures_are_products(tmp_path: Path) -> None:
    for name in ("Linen_tee/10.png", "Linen_tee/2.png", "Linen_tee/.hidden.png", "Linen_tee/notes.txt", "شال/a.png"):
        picture(tmp_path / name) if name.endswith("png") else (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    snapshot = FolderSource(tmp_path).snapshot()
    tee, scarf = snapshot.entries
    assert (tee.sku, tee.title, scarf.sku) == ("Linen_tee", "Linen tee", "شال")
    assert [photo.location for photo in tee.photos] == ["Linen_tee/2.png", "Linen_tee/10.png"]
    assert snapshot.complete


def test_a_folder_that_holds_pictures_itself_is_one_product(tmp_path: Path) -> None:
    picture(tmp_path / "Mug" / "front.png")
    assert one(FolderSource(tmp_path / "Mug").snapshot()).sku == "Mug"


def test_a_folder_of_phone_photos_loses_nothing(tmp_path: Path) -> None:
    """Unzipped from a Mac: photos by other names, photos that can't be read, products in a folder, and rubbish."""
    for name in ("Summer/Towel/1.png", "Tea/front.png", "__MACOSX/Tea/front.png", "Tea/._front.png", "@eaDir/x.png"):
        picture(tmp_path / name)
    for folder in ("Oat soap", "Mug", "brand"):
        (tmp_path / folder).mkdir()
    heic = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + bytes(64)
    for name in ("Oat soap/IMG_1.HEIC", "Oat soap/IMG_2.heic", "Tea/back.HEIC"):
        (tmp_path / name).write_bytes(heic)
    jpeg = io.BytesIO()
    Image.new("RGB", (80, 80), "red").save(jpeg, "JPEG")
    (tmp_path / "Mug" / "mug.jfif").write_bytes(jpeg.getvalue())
    (tmp_path / "Mug" / "IMG-20260101-WA0001").write_bytes(jpeg.getvalue())
    (tmp_path / "brand" / "brand.toml").write_text("")
    picture(tmp_path / "brand" / "logo.png")
    snapshot = FolderSource(tmp_path).snapshot()
    found = {entry.sku: [photo.location for photo in entry.photos] for entry in snapshot.entries}
    assert found == {
        "Mug": ["Mug/IMG-20260101-WA0001", "Mug/mug.jfif"],
        "Oat soap": ["Oat soap/IMG_1.HEIC", "Oat soap/IMG_2.heic"],
        "Towel": ["Summer/Towel/1.png"],
        "Tea": ["Tea/back.HEIC", "Tea/front.png"],
    }
    assert {entry.sku: entry.collections for entry in snapshot.entries}["Towel"] == ("Summer",)
    assert {error.item for error in snapshot.errors} == {*found["Oat soap"], "Tea/back.HEIC"}
    assert all("export it as JPEG" in error.error for error in snapshot.errors)
    assert snapshot.complete
    store = store_in(tmp_path / "store")
    galleries = {entry.sku: gallery_of(entry, FolderSource(tmp_path), store)[0] for entry in snapshot.entries}
    assert [len(galleries[sku].photos) for sku in found] == [1, 0, 1, 1], "twice the same picture in Mug"
    assert [len(galleries[sku].refused) for sku in found] == [0, 2, 0, 1]


def test_a_product_whose_photos_can_no_longer_be_read_is_not_retired(tmp_path: Path) -> None:
    for name in ("Mug", "Soap", "Tea"):
        picture(tmp_path / name / "1.png")
    known = list(FolderSource(tmp_path).snapshot().by_partition)
    (tmp_path / "Mug" / "1.png").rename(tmp_path / "Mug" / "1.heic")
    (tmp_path / "Mug" / "1.heic").write_bytes(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic")
    (tmp_path / "images").mkdir()
    (tmp_path / "Tea").rename(tmp_path / "images" / "Tea")
    picture(tmp_path / "images" / "banner.png")
    shutil.rmtree(tmp_path / "Soap")
    presence = Presence()
    for _ in range(3):
        snapshot = FolderSource(tmp_path).snapshot()
        presence, retired = without_the_gone(known, snapshot, presence, accept_losses=True)
        known = [partition for partition in known if partition not in retired]
    assert known == ["Mug", "Tea"]


@pytest.mark.parametrize(
    ("pictures", "named"),
    [
        (("Mug/1.png", "Mug/detail/2.png"), "Mug/detail"),
        (("Mug/1.png", "Shirt/images/2.png"), "Shirt/images"),
        (("Mug/1.png", "loose.png"), "loose.png"),
        (("Mug/1.png", "a/b/c/d/e/f/g/h/i/1.png"), "a/b/c/d/e/f/g/h"),
        (("Mug/1.png", "../elsewhere/1.png"), "link"),
    ],
)
def test_a_picture_that_is_no_products_is_named(tmp_path: Path, pictures: tuple[str, ...], named: str) -> None:
    tmp_path /= "catalogue"
    for name in pictures:
        picture(tmp_path / name)
    (tmp_path / "Mug" / "papers").mkdir()
    if named == "link":
        (tmp_path / "link").symlink_to(tmp_path / "../elsewhere")
    snapshot = FolderSource(tmp_path).snapshot()
    assert [photo.location for photo in one(snapshot).photos] == ["Mug/1.png"]
    assert [error.item for error in snapshot.errors] == [named]
    assert any(word in snapshot.errors[0].error for word in ("move", "catalog.csv", "put that folder itself here"))


@pytest.mark.parametrize("place", ["images/1.png", "Photos/1.png"])
def test_a_folder_that_names_no_product_is_refused(tmp_path: Path, place: str) -> None:
    picture(tmp_path / place)
    for root in (tmp_path, (tmp_path / place).parent):
        with pytest.raises(CatalogError, match=r"catalog\.csv"):
            FolderSource(root).snapshot()


def test_two_folders_of_one_name_are_named(tmp_path: Path) -> None:
    for season in ("Summer", "Winter"):
        picture(tmp_path / season / "Towel" / "1.png")
    snapshot = FolderSource(tmp_path).snapshot()
    assert one(snapshot).collections == ("Summer",)
    assert "Towel is listed twice" in snapshot.errors[0].error


@pytest.mark.parametrize("location", ["", "no/such/folder", "ftp://shop.example"])
def test_a_source_that_is_no_folder_says_what_works(location: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="folder"):
        open_source(location or str(tmp_path), store_in(tmp_path / "store")).snapshot()


def test_the_shared_catalogue_loads_unchanged() -> None:
    if not (SHARED / "photos" / "catalog.json").is_file():
        pytest.skip("../shared/photos is not here")
    snapshot = FolderSource(SHARED / "photos").snapshot()
    assert (len(snapshot.entries), sum(len(entry.photos) for entry in snapshot.entries)) == (66, 202)
    assert snapshot.complete
    assert all(photo.content_sha256 for entry in snapshot.entries for photo in entry.photos)
    assert all(entry.partition_key == entry.sku for entry in snapshot.entries)


# --- partitions -----------------------------------------------------------------------------------------------------


def colourways(folder: Path, *shown: str | None) -> dict[str, CatalogEntry]:
    variants = [{"sku": f"TEE-{c}-{s}", "colour": c, "size": s} for c in ("Red", "Blue", "Green") for s in ("S", "M")]
    images = [{"file": f"{n}.png", "variant": colour} for n, colour in enumerate(shown)]
    pictures = tuple(f"{n}.png" for n in range(len(shown)))
    item = {"sku": "TEE", "title": "Tee", "colour": "", "variants": variants, "images": images}
    return {entry.sku: entry for entry in catalogue(folder, item, pictures=pictures).entries}


def test_colourways_with_pictures_of_their_own_become_entries(tmp_path: Path) -> None:
    entries = colourways(tmp_path, "red", "Blue", None, "mauve")
    assert list(entries) == ["TEE.red", "TEE.blue", "TEE.green"]
    red, green = entries["TEE.red"], entries["TEE.green"]
    assert (red.colour, red.aliases) == ("Red", ("TEE-Red-M", "TEE-Red-S"))
    assert [(photo.location, photo.variant) for photo in red.photos] == [("0.png", "Red"), ("2.png", None)]
    assert green.photos == (), "no other colour's picture stands in for it"


def test_one_pictured_colour_makes_no_partitions(tmp_path: Path) -> None:
    entries = colourways(tmp_path, "red", None)
    assert list(entries) == ["TEE"]
    assert entries["TEE"].colour == "Red"
    assert entries["TEE"].aliases == ("TEE-Red-M", "TEE-Red-S")


def test_an_undeclared_colour_keeps_its_tag(tmp_path: Path) -> None:
    item = {
        "sku": "T",
        "colour": "grey",
        "images": [{"file": "a.png", "variant": "orange"}, {"file": "b.png", "variant": "Grey"}],
    }
    entry = one(catalogue(tmp_path, item))
    assert entry.colour == "grey"
    assert [photo.variant for photo in entry.photos] == ["orange", "grey"]


def test_hostile_skus_get_keys_that_dagster_and_file_systems_can_carry(tmp_path: Path) -> None:
    snapshot = catalogue(tmp_path, *({"sku": sku} for sku in HOSTILE))
    assert [entry.sku for entry in snapshot.entries] == HOSTILE
    keys = [entry.partition_key for entry in snapshot.entries]
    assert len({key.casefold() for key in keys}) == len(HOSTILE)
    assert keys[4].startswith("case-1~")
    assert keys[5].startswith("case-1~")


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)), max_size=12))
def test_keys_are_unique_plain_and_independent_of_order(texts: list[str]) -> None:
    skus = [text.encode("utf-8", "replace").decode() for text in texts]
    keys = partition_keys(skus)
    assert keys == partition_keys(reversed(skus))
    assert len({key.casefold() for key in keys.values()}) == len(set(skus))
    for sku, key in keys.items():
        assert set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~")
        assert 1 <= len(key) <= 64
        assert "..." not in key
        assert key == sku or "~" in key


def test_a_photo_source_is_what_the_gallery_reads(tmp_path: Path) -> None:
    picture(tmp_path / "Mug" / "front.png")
    source = FolderSource(tmp_path / "Mug")
    data = source.read_photo(PhotoSource(location="front.png", position=1))
    assert data == (tmp_path / "Mug" / "front.png").read_bytes()
