"""One product, several colourways: whose picture is whose, and that each keeps its identity while the shop changes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.partitions import KnownColourways, colourways_of, keyed_entries, under_known_keys
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, PhotoSource, Variant
from reel_pipeline_tests.catalog.making import Reply, product, serve, source_of, store_in
from reel_pipeline_tests.catalog.test_shop import page

WHITE = PhotoSource(location="w", position=1, variant="White")
BLACK = PhotoSource(location="b", position=2, variant="Black")
BOTH = PhotoSource(location="both", position=3)


def tee(*variants: Variant, colour: str = "", photos: tuple[PhotoSource, ...] = (WHITE, BLACK, BOTH)) -> CatalogEntry:
    return CatalogEntry(
        partition_key="", sku="TEE", product="TEE", title="Tee", colour=colour, variants=variants, photos=photos
    )


def sizes(*names: str, white: str = "White", black: str = "Black") -> list[Variant]:
    return [Variant(sku=f"TEE-{c[0].upper()}-{s}", colour=c, size=s) for s in names for c in (white, black)]


def shown(entry: CatalogEntry) -> tuple[str, list[str]]:
    return entry.sku, [photo.location for photo in entry.photos]


COLOURWAYS = [("TEE.white", ["w", "both"]), ("TEE.black", ["b", "both"])]


# --- whose picture is whose -----------------------------------------------------------------------------------------


def assigned(*names: str, rows: list[tuple[list[str], int | None]]) -> dict[str, Any]:
    """A product of products.json: each row is a variant's option values and the number of the picture it features."""
    variants = [
        {"id": n, "sku": f"M-{n}", "price": "18.00", "featured_image": {"id": picture} if picture else None}
        | {f"option{number}": value for number, value in enumerate(values, 1)}
        for n, (values, picture) in enumerate(rows)
    ]
    images = [{"id": number, "position": number, "src": f"/f/{number}.png", "variant_ids": []} for number in (1, 2, 3)]
    return product(handle="mug", options=[{"name": name} for name in names], variants=variants, images=images)


SAGE_AND_CLAY = [(["Sage", "S"], 1), (["Clay", "S"], 2), (["Sage", "M"], 1), (["Clay", "M"], 2)]


def listed(tmp_path: Path, item: dict[str, Any]) -> dict[str, list[str]]:
    with serve() as shop:
        shop.products([item])
        found = source_of(shop, store_in(tmp_path / "store")).snapshot()
    return {entry.sku: [photo.location.rsplit("/", 1)[-1] for photo in entry.photos] for entry in found.entries}


@pytest.mark.parametrize(
    ("file", "title", "colours", "owner"),
    [
        ("images/mug-sage2.jpg", "Ridge mug", ("Sage", "Clay"), "Sage"),
        ("https://cdn.example/files/Mug%20Clay_3.jpg?v=12", "Ridge mug", ("Sage", "Clay"), "Clay"),
        ("tee-off-white.jpg", "Tee", ("White", "Off-white"), "Off-white"),
        ("tee_navy_blue.jpg", "Tee", ("Navy", "Navy Blue"), "Navy Blue"),
        ("stuhl-grün.jpg", "Stuhl", ("Grun", "Rot"), "Grun"),
        ("mug-pair.jpg", "Ridge mug", ("Sage", "Clay"), None),
        ("mug-sage-and-clay.jpg", "Ridge mug", ("Sage", "Clay"), None),
        ("stand.jpg", "Lamp", ("Tan", "Red"), None),
        ("3f2tan8c.jpg", "Lamp", ("Tan", "Red"), None),
        ("sage/front.jpg", "Ridge mug", ("Sage", "Clay"), None),
        ("sage-mug-3.jpg", "Sage mug", ("Sage", "Clay"), None),
    ],
)
def test_a_picture_of_no_variant_is_told_by_its_file_name(
    file: str, title: str, colours: tuple[str, str], owner: str | None
) -> None:
    own = [PhotoSource(location=f"{n}.jpg", position=n, variant=colour) for n, colour in enumerate(colours)]
    variants = tuple(Variant(sku=f"V-{colour}", colour=colour) for colour in colours)
    photos = (*own, PhotoSource(location=file, position=9))
    entry = CatalogEntry(partition_key="", sku="M", product="M", title=title, variants=variants, photos=photos)
    showing = [colourway.colour for colourway in colourways_of(entry) if file in shown(colourway)[1]]
    assert showing == ([owner] if owner else list(colours))


def test_a_file_name_gives_no_pictures_to_a_colour_that_the_shop_gave_none() -> None:
    blue = PhotoSource(location="tee-blue.jpg", position=4)
    entry = tee(*sizes("S"), Variant(sku="TEE-U", colour="Blue"), photos=(WHITE, BLACK, BOTH, blue))
    assert [shown(colourway) for colourway in colourways_of(entry)] == [*COLOURWAYS, ("TEE.blue", [])]


@pytest.mark.parametrize(
    "name",
    [
        "Shade",
        "Coloris",
        "Frame Color",
        "Select Colour",
        "Strap colour",
        "Colour / Print",
        "Finish",
        "Material",
        "Title",
    ],
)
def test_what_the_shop_assigns_decides_whatever_the_option_is_called(tmp_path: Path, name: str) -> None:
    found = listed(tmp_path, assigned(name, "Size", rows=SAGE_AND_CLAY))
    assert found == {"mug.sage": ["1.png", "3.png"], "mug.clay": ["2.png", "3.png"]}


@pytest.mark.parametrize(
    ("names", "rows", "colourways"),
    [
        # pictures of sizes show the product
        (("Size",), [(["Small"], 1), (["Large"], 2)], {"M-0"}),
        (("Contents",), [(["250 ml"], 1), (["500 ml"], 2)], {"M-0"}),
        # a picture of every combination: no colourway mixes two finishes of one colour
        (
            ("Colour", "Finish"),
            [(["Red", "Matt"], 1), (["Red", "Gloss"], 2), (["Blue", "Matt"], 3)],
            {"mug.red-matt", "mug.red-gloss", "mug.blue-matt"},
        ),
        # pictures of colours, whatever they are made of
        (
            ("Material", "Colour"),
            [(["Wool", "Red"], 1), (["Silk", "Red"], 1), (["Wool", "Blue"], 2), (["Silk", "Blue"], 2)],
            {"mug.red", "mug.blue"},
        ),
        # pictures of finishes, whatever their colour
        (
            ("Colour", "Finish"),
            [(["Red", "Matt"], 1), (["Blue", "Matt"], 1), (["Red", "Gloss"], 2), (["Blue", "Gloss"], 2)],
            {"mug.matt", "mug.gloss"},
        ),
        (("Shade",), [(["110"], 1), (["120"], 2)], {"mug.110", "mug.120"}),
    ],
)
def test_the_colourways_are_what_tells_the_assigned_pictures_apart(
    tmp_path: Path, names: tuple[str, ...], rows: list[tuple[list[str], int | None]], colourways: set[str]
) -> None:
    assert set(listed(tmp_path, assigned(*names, rows=rows))) == colourways


def test_a_page_with_a_product_group_says_whose_picture_is_whose(tmp_path: Path) -> None:
    variants = [
        {"@type": "Product", "sku": f"M-{c}-{s}", "color": c, "size": s, "image": f"/{c.lower()}.png?width=200"}
        for c in ("Sage", "Clay")
        for s in ("S", "M")
    ]
    group = {"productGroupID": "mug", "image": ["/sage.png", "/clay.png", "/pair.png"], "hasVariant": variants}
    with serve() as shop:
        place = f"<urlset><url><loc>{shop.url}/products/mug</loc></url></urlset>"
        shop.answers["/sitemap.xml"] = Reply(place.encode(), "application/xml")
        shop.answers["/products/mug"] = page("Mug", **{"@type": "ProductGroup", **group})
        found = source_of(shop, store_in(tmp_path / "store")).snapshot()
    assert {entry.sku: [photo.location.rsplit("/", 1)[-1] for photo in entry.photos] for entry in found.entries} == {
        "mug.sage": ["sage.png", "pair.png"],
        "mug.clay": ["clay.png", "pair.png"],
    }


def test_pictures_of_several_colours_make_several_colourways_without_any_variant() -> None:
    assert [shown(colourway) for colourway in colourways_of(tee())] == COLOURWAYS
    (white,) = colourways_of(tee(colour="white"))
    assert [photo.location for photo in white.photos if photo.is_of(white.colour)] == ["w", "both"]


# --- one colour, spelled in several ways ----------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", ["White", "white", " WHITE ", "Ｗｈｉｔｅ", "Whíte"])
def test_a_colour_spelled_otherwise_is_one_colour_and_keeps_its_photos(spelled: str) -> None:
    variants = [*sizes("S"), *sizes("M", white=spelled)]
    for entry in (tee(*variants), tee(*variants, colour=spelled), tee(*reversed(variants))):
        assert sorted(shown(colourway) for colourway in colourways_of(entry)) == sorted(COLOURWAYS)
        for colourway in colourways_of(entry):
            assert all(photo.is_of(colourway.colour) for photo in colourway.photos)


def test_rose_gold_is_spelled_in_three_ways() -> None:
    for spelled in ("Rose Gold", "rose-gold", "ROSE  GOLD", "Rose/Gold"):
        _, colourway = colourways_of(tee(photos=(WHITE, PhotoSource(location="r", position=2, variant=spelled))))
        assert colourway.sku == "TEE.rose-gold"


# --- identity -------------------------------------------------------------------------------------------------------


@given(st.permutations(["S", "M", "L", "XL"]), st.integers(1, 4))
def test_sizes_and_their_order_rename_nothing(names: list[str], count: int) -> None:
    assert [shown(colourway) for colourway in colourways_of(tee(*sizes(*names[:count])))] == COLOURWAYS


def snapshot(*entries: CatalogEntry) -> CatalogSnapshot:
    colourways, errors = keyed_entries(entries)
    assert not errors
    return CatalogSnapshot(source="test", entries=tuple(colourways), complete=True)


def as_before(snapshot: CatalogSnapshot) -> CatalogSnapshot:
    """As colourways were called until 2026-11-28: by the first of their sizes' SKUs."""
    entries = [
        entry.model_copy(
            update={"sku": entry.aliases[0], "partition_key": entry.aliases[0], "aliases": entry.aliases[1:]}
        )
        for entry in snapshot.entries
    ]
    return snapshot.model_copy(update={"entries": tuple(entries)})


def keys(snapshot: CatalogSnapshot) -> list[str]:
    return [entry.partition_key for entry in snapshot.entries]


def test_colourways_of_an_earlier_workspace_keep_their_keys_whatever_sizes_come() -> None:
    before = as_before(snapshot(tee(*sizes("M"))))
    assert keys(before) == ["TEE-W-M", "TEE-B-M"]
    after, known = under_known_keys(snapshot(tee(*sizes("M"))), before, KnownColourways())
    assert after.entries == before.entries, "nothing is made again"
    for now in (sizes("L", "M"), sizes("L"), sizes("S", white="white")):
        after, known = under_known_keys(snapshot(tee(*now)), after, known)
        assert keys(after) == ["TEE-W-M", "TEE-B-M"]
        assert [entry.sku for entry in after.entries] == ["TEE-W-M", "TEE-B-M"]
        assert {f"TEE-W-{size.size}" for size in now} <= {after.entries[0].sku, *after.entries[0].aliases}


def test_a_colourway_that_one_crawl_missed_is_known_again() -> None:
    first, known = under_known_keys(
        snapshot(tee(*sizes("M"))), as_before(snapshot(tee(*sizes("M")))), KnownColourways()
    )
    missed, known = under_known_keys(snapshot(), first, known)
    again, _ = under_known_keys(snapshot(tee(*sizes("M", "L"))), missed, known)
    assert keys(again) == keys(first)


def test_a_product_that_becomes_several_colourways_goes_on_as_one_of_them_and_back() -> None:
    plain = snapshot(tee(photos=(BOTH,)))
    split, known = under_known_keys(snapshot(tee(*sizes("M"))), plain, KnownColourways())
    assert keys(plain) == ["TEE"]
    assert keys(split) == ["TEE", "TEE.black"], "the reel that is public is the white one's from now on, or taken down"
    whole, known = under_known_keys(snapshot(tee(*sizes("M")[:1], photos=(WHITE, BOTH))), split, known)
    assert keys(whole) == ["TEE"]
    assert keys(under_known_keys(snapshot(tee(*sizes("M"))), whole, known)[0]) == ["TEE", "TEE.black"]


def test_a_new_product_never_takes_a_key_that_another_one_has() -> None:
    before = as_before(snapshot(tee(*sizes("M"))))
    other = CatalogEntry(partition_key="", sku="tee-w-m", product="tee-w-m", title="Other")
    after, _ = under_known_keys(snapshot(tee(*sizes("M")), other), before, KnownColourways())
    assert len({key.casefold() for key in keys(after)}) == 3
