"""What users write for one product, in overrides, voice and artwork, is found by its SKU or named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.catalog.partitions import partition_keys
from reel_pipeline.cli import main
from reel_pipeline.settings import Settings, safe_name
from reel_pipeline_tests.conftest import Workspace

SKUS = ("TEE-1", "tee-1", "TEE 1/W", "Größe 5", "50% Wolle", "..", "a\\b", "x" * 70, "7", "TEE-2...3")
KEYS = partition_keys(SKUS)


@pytest.mark.parametrize("sku", SKUS)
@pytest.mark.parametrize("named_after", ["sku", "partition"])
def test_an_override_is_its_products_and_no_others(sku: str, named_after: str, tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, source="")
    for folder in ("overrides", "voice", "artwork"):
        (tmp_path / folder).mkdir()
    name = safe_name(sku if named_after == "sku" else KEYS[sku])
    (tmp_path / "overrides" / f"{name}.toml").write_text('closing_line = "Mine"\n')
    for folder in ("voice", "artwork"):
        (tmp_path / folder / name).mkdir()
        (tmp_path / folder / name / "1.wav").write_bytes(b"x")
    (tmp_path / "a file of the workspace").write_bytes(b"x")
    for other, key in KEYS.items():
        expected = {"closing_line": "Mine"} if other == sku else {}
        assert settings.overrides(key) == expected
        assert [path.name for path in settings.artworks(key)] == (["1.wav"] if other == sku else [])
        assert settings.recordings(key).is_dir() == (other == sku)
    assert settings.unclaimed({key: sku for sku, key in KEYS.items()}) == []


@given(st.text(min_size=1, max_size=40))
def test_every_sku_has_a_name_that_a_file_can_have(sku: str) -> None:
    name = safe_name(sku)
    assert "/" not in name
    assert "\0" not in name
    assert name not in (".", "..")


def test_what_is_of_no_product_is_named(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("overrides", "artwork", "voice"):
        (made.settings.workspace / folder).mkdir()
    (made.settings.workspace / "overrides" / "TEA1.toml").write_text('closing_line = "Mine"\n')
    (made.settings.workspace / "overrides" / "BOX-2.toml").write_text('closing_line = "Mine"\n')
    (made.settings.workspace / "artwork" / "Nothing").mkdir()
    for command in ("status", "doctor"):
        main([command])
        warned = capsys.readouterr().err
        assert "overrides/TEA1.toml is of no product; name it after a SKU, such as overrides/TEA-1.toml." in warned
        assert "artwork/Nothing is of no product" in warned
        assert "BOX-2.toml" not in warned


def test_what_lies_where_nothing_is_read_is_named_with_the_name_that_it_should_have(tmp_path: Path) -> None:
    skus = ("GC/1", "..", ".x")
    settings = Settings(workspace=tmp_path, source="")
    for name in ("overrides/GC/1.toml", "overrides/...toml", "overrides/.DS_Store", "overrides/._a.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for name in ("voice/.x", "artwork/GC/1"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / ".DS_Store").write_bytes(b"")
    said = settings.unclaimed({key: sku for sku, key in partition_keys(skus).items()})
    assert "overrides/GC/1.toml is not read; name it GC%2F1.toml." in said
    assert "overrides/...toml is not read; name it %2E..toml." in said
    assert "voice/.x is not read; name it %2Ex." in said
    assert "artwork/GC/1 is not read; name it GC%2F1." in said
    assert len(said) == 5
    assert any(sentence.startswith("artwork/GC is of no product") for sentence in said)
