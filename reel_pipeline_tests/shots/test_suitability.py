"""Materials, restricted goods and the rung they allow."""

from pathlib import Path

import pytest

from reel_pipeline.records import Blob, Cutout, Material, Product, ProductCutout, Rung, TextLine, ViewClass
from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.suitability import highest_rung, materials_of
from reel_pipeline_tests.shots.making import SHIRT, frame, plan


def facts(title: str, description: str = "", colour: str = "", tags: tuple[str, ...] = (), kind: str = "") -> Facts:
    return Facts(title=title, description=description, product_type=kind, vendor="V", colour=colour, tags=tags)


def test_restricted_goods_wait_for_a_person_and_stay_on_the_lowest_rung(tmp_path: Path) -> None:
    beer = Product(sku="B", title="Stout beer", description="Dark beer in a brown bottle.", vendor="Oda")
    made = plan(tmp_path, product=beer)
    assert "alcohol" in made.person_must_approve
    assert "person must approve" in made.person_must_approve
    assert Material.REGULATED in made.editions["main"].materials
    assert not made.artwork_may_release
    assert plan(tmp_path, product=SHIRT).person_must_approve == ""


def test_cosmetics_wait_for_a_person_or_for_artwork_and_may_move_in_depth(tmp_path: Path) -> None:
    cream = Product(sku="C", title="Hand cream with oats", description="Cream in a tube of tin.", vendor="Oda")
    made = plan(tmp_path, product=cream)
    assert "cosmetics" in made.person_must_approve
    assert "master artwork" in made.person_must_approve
    assert made.artwork_may_release
    assert Material.REGULATED not in made.editions["main"].materials


def test_what_only_the_label_or_the_collection_says_counts(tmp_path: Path) -> None:
    bottle = Product(sku="N", title="No. 7", description="Brown bottle with a cork.", vendor="Oda")
    assert plan(tmp_path, product=bottle).person_must_approve == ""
    line = TextLine(text="ALC. 40% VOL", confidence=0.9, quad_px=((0, 0), (9, 0), (9, 9), (0, 9)))
    labelled = frame(1).model_copy(update={"label_text": (line,)})
    assert "alcohol" in plan(tmp_path, product=bottle, frames=(labelled, frame(2))).person_must_approve
    shelved = bottle.model_copy(update={"collections": ("Spirits",)})
    assert "alcohol" in plan(tmp_path, product=shelved).person_must_approve


@pytest.mark.parametrize(
    ("title", "description", "material"),
    [
        ("Glass jar candle", "", Material.GLASS),
        ("Bottle", "A clear plastic bottle.", Material.TRANSPARENT),
        ("Ring", "Sterling silver band.", Material.METAL),
        ("Quilted jacket", "", Material.TEXTURED),
        ("Digital camera", "", Material.TECHNICAL),
        ("Training DVD", "", Material.TEXT_HEAVY),
    ],
)
def test_materials_come_from_words(title: str, description: str, material: Material) -> None:
    assert material in materials_of(facts(title, description), ())


@pytest.mark.parametrize("text", ["Clear instructions included.", "Placemats.", "Bookcase oak.", "Shirt with laces."])
def test_look_alike_words_name_no_material(text: str) -> None:
    assert materials_of(facts("Thing", text), ()) == ()


def test_materials_seen_in_photos_count_too() -> None:
    assert materials_of(facts("Thing"), (frame(1, materials=(Material.GLASS,)),)) == (Material.GLASS,)


def cutout(confidence: float) -> Cutout:
    blob = Blob(sha256="0" * 64, size_bytes=1, suffix=".png")
    return Cutout(
        photo=f"{1:016x}",
        alpha=blob,
        confidence=confidence,
        box_px_xywh=(0, 0, 10, 10),
        depth=blob,
        normals=blob,
    )


@pytest.mark.parametrize(
    ("materials", "confidence", "views", "rung"),
    [
        ((), 0.95, 3, Rung.DIFFUSION),
        ((), 0.95, 1, Rung.COMPOSITE),
        ((), 0.6, 3, Rung.PARALLAX),
        ((), 0.2, 3, Rung.STILL_MOTION),
        ((Material.TEXTURED,), 0.95, 3, Rung.PARALLAX),
        ((Material.TEXTURED, Material.GLASS), 0.95, 3, Rung.STILL_MOTION),
    ],
)
def test_the_weakest_reason_decides_the_rung(
    materials: tuple[Material, ...], confidence: float, views: int, rung: Rung
) -> None:
    frames = tuple(frame(number) for number in range(1, views + 1))
    assert highest_rung(materials, frames, (cutout(confidence),)) is rung


def test_textured_products_are_told_that_footage_is_better(tmp_path: Path) -> None:
    knit = Product(sku="K", title="Knitted hat", description="Ribbed hat with a turned brim.", vendor="Oda")
    made = plan(
        tmp_path, product=knit, cutout=ProductCutout(cutouts=(cutout(0.9),)), frames=(frame(1, ViewClass.LIFESTYLE),)
    )
    assert "real footage would show it better" in made.editions["main"].advice
