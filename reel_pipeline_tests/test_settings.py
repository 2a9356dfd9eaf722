"""What people write by hand, in settings and brand folder: what works, and the sentence for what does not."""

from pathlib import Path

import pytest

from reel_pipeline.brand import read_brand
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import VERTICAL, BrandKit, Product
from reel_pipeline.reels.end_card import end_card
from reel_pipeline.store import open_store


def brand_of(folder: Path, text: str) -> BrandKit:
    (folder / "brand.toml").write_text(text, encoding="utf-8")
    return read_brand(folder, open_store(str(folder / "store"), folder / "cache"))


@pytest.mark.parametrize(
    ("written", "palette"),
    [
        ('["#fff", "#222", "#7d6a4f"]', ("#ffffff", "#222222", "#7d6a4f")),
        ('["White", " midnightblue ", "rgb(125, 106, 79)"]', ("#ffffff", "#191970", "#7d6a4f")),
        ('["#F3EFE8", "#22201D"]', ("#f3efe8", "#22201d")),
        ('["rebeccapurple"]', ("#663399",)),
        ('"#fff"', ("#ffffff",)),
        ('["#fff", "#000", "#a00", "#0a0"]', ("#ffffff", "#000000", "#aa0000", "#00aa00")),
    ],
)
def test_colours_may_be_written_as_in_css_and_one_is_enough(
    tmp_path: Path, written: str, palette: tuple[str, ...]
) -> None:
    brand = brand_of(tmp_path, f"[look]\npalette = {written}\n")
    assert brand.look.palette == palette
    product = Product(sku="TEE-1", title="Linen tee")
    card = end_card(product, brand.look, brand.words, None, None, VERTICAL)
    assert card.background == tuple(bytes.fromhex(palette[0][1:]))


@pytest.mark.parametrize(
    "written",
    ['["chartruse"]', '["#ggg"]', '["#12345"]', '["#ffffff80"]', '["rgb(300, 0, 0)"]', "[]", '[""]', "[1]", "{}"],
)
def test_a_palette_that_is_none_is_refused_by_its_name(tmp_path: Path, written: str) -> None:
    with pytest.raises(SettingsError, match=r"brand\.toml: look\.palette: .*") as refused:
        brand_of(tmp_path, f"[look]\npalette = {written}\n")
    assert "#f4f1ec" in str(refused.value)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('look = "warm"', "look: "),
        ("[look]\nlogos = 1", "look.logos: "),
        ("[voice]\nwords_per_minute = 999", "voice.words_per_minute: "),
        ('[wrods]\nbrand_name = "Fernhill"', "wrods: "),
    ],
)
def test_what_is_wrong_in_the_brand_file_is_named(tmp_path: Path, written: str, named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        brand_of(tmp_path, written)
    assert f"brand.toml: {named}" in str(refused.value)
