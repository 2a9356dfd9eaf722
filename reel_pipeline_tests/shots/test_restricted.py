"""Goods that platforms restrict, told from their innocent neighbours."""

import pytest

from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.restricted import restricted_kind
from reel_pipeline_tests.bench.restricted import NAMES, score


def facts(title: str, description: str = "", colour: str = "", tags: tuple[str, ...] = (), kind: str = "") -> Facts:
    return Facts(title=title, description=description, product_type=kind, vendor="V", colour=colour, tags=tags)


def test_200_names_that_were_written_without_knowledge_of_the_words() -> None:
    made = score(NAMES)
    assert made.missed == []
    assert len(made.held) <= 0.1 * made.innocent, made.held


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Stout beer", "alcohol"),
        ("Craft IPA can", "alcohol"),
        ("Dry red wine 2020", "alcohol"),
        ("Beer in a glass bottle", "alcohol"),
        ("London dry gin", "alcohol"),
        ("Gordon's Gin Pink 70cl", "alcohol"),
        ("Daura Beer gluten free 6 x 330 ml", "alcohol"),
        ("The Vodka", "alcohol"),
        ("Wine Red Reserva 2019 75cl", "alcohol"),
        ("Rotwein", "alcohol"),
        ("vin rouge", "alcohol"),
        ("No. 7, 40 % vol", "alcohol"),
        ("Cigars, box of ten", "tobacco or vaping"),
        ("Disposable vape", "tobacco or vaping"),
        ("Ibuprofen 200 mg", "medicine"),
        ("Whey protein", "food supplements"),
        ("Vitamin D3 drops", "food supplements"),
        ("Whey Protein Chocolate Brownie 1 kg", "food supplements"),
        ("Hunting rifle", "weapons"),
        ("Scratch cards", "gambling"),
        ("Condoms, ribbed", "adult products"),
        ("Handcreme Olive 75 ml", "cosmetics"),
        ("Jabón de oliva", "cosmetics"),
        ("Wine red dress", None),
        ("Vodka sauce", None),
        ("Port blue bag", None),
        ("Ginger beer", None),
        ("Root beer float glass", None),
        ("Beer mug", None),
        ("Beer bottle opener", None),
        ("Wine glass set", None),
        ("Wine rack for 12 bottles", None),
        ("Weinregal Eiche", None),
        ("Verre à vin", None),
        ("Champagne gold ring", None),
        ("Ginger tea", None),
        ("Cigarette pants", None),
        ("Medicine ball 5 kg", None),
        ("Glue gun", None),
        ("Massage gun", None),
        ("Pistola de agua", None),
        ("Hemp shirt", None),
        ("Android tablet", None),
        ("Alcohol-free aperitif", None),
        ("Gin 0,0 % alkoholfrei 70cl", None),
        ("Rumble strip", None),
        ("Soap dish", None),
        ("Kosmetiktasche", None),
        ("Aubergine", None),
        ("Transportbox", None),
        ("Sparschwein", None),
    ],
)
def test_restricted_goods_are_told_from_look_alikes(title: str, kind: str | None) -> None:
    assert restricted_kind(facts(title)) == kind


def test_a_colour_named_like_a_drink_restricts_nothing() -> None:
    assert restricted_kind(facts("Velvet dress in wine", colour="wine")) is None


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (facts("Reserve 12", kind="Whisky"), "alcohol"),
        (facts("Merlot", kind="Cushion"), None),
        (facts("Velvet Teddy", kind="Lipstick"), "cosmetics"),
        (facts("Oak rack", kind="Wine"), None),
        (facts("Morning blend", tags=("vape",)), "tobacco or vaping"),
        (facts("Night", description="A food supplement with lavender."), "food supplements"),
        (facts("The Estate", description="Ripe tannins and a long finish on the palate."), "alcohol"),
        (facts("Weekend", description="Goes with red wine."), None),
        (facts("Aria", description="Vintage brass with a satin finish, notes of oak."), None),
    ],
)
def test_type_tags_and_description_say_what_the_title_does_not(made: Facts, kind: str | None) -> None:
    assert restricted_kind(made) == kind


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (("BEER",), "alcohol"),
        (("Old No.", "5,0 % vol"), "alcohol"),
        (("Aqua, Glycerin", "INCI"), "cosmetics"),
        ((), None),
    ],
)
def test_a_label_says_what_no_field_does(label: tuple[str, ...], kind: str | None) -> None:
    assert restricted_kind(facts("Nine"), label) == kind
    assert restricted_kind(facts("Nine mug")) is None
