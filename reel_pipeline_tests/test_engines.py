"""The registry: what one file and one row make of a new engine."""

from pathlib import Path

import pytest

from reel_pipeline import engines
from reel_pipeline.cli import main
from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.commands.upkeep import diagnose
from reel_pipeline.engines import ENGINES, ROOMS, Engine, Engines, Need, open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import BrandLook, ProductCutout
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.settings import CONFIG_VARIABLE, Settings
from reel_pipeline.stills.render import render_stills
from reel_pipeline_tests.conftest import new_workspace
from reel_pipeline_tests.reels.making import gallery_of, new_store, packshot, plan_of, voice_of

TOY = "reel_pipeline_tests.toy_engine"


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Engine(f"{TOY}:Toy", "7", options=f"{TOY}:ToyOptions", needs=(Need("key", "TOY_KEY"),))
    monkeypatch.setitem(ENGINES, ("clips", "toy"), toy)


def chosen(folder: Path, options: str = "") -> Settings:
    return new_workspace(folder, folder, f'[engines]\nclips = "toy"\n{options}').settings


def test_an_engine_is_opened_with_its_options(tmp_path: Path) -> None:
    engine = chosen(tmp_path, "[engines.toy]\nwobble_px = 3").engines.open("clips", of_no_concern=1)
    assert (engine.name, engine.options.wobble_px) == ("toy", 3)
    assert chosen(tmp_path).engines.open("clips").options.wobble_px == 1


def test_options_are_part_of_the_memo_and_of_staleness(tmp_path: Path) -> None:
    plain, default, other = (
        chosen(tmp_path, options) for options in ("", "[engines.toy]\nwobble_px = 1", "[engines.toy]\nwobble_px = 2")
    )
    revisions = [settings.engines.open("clips").revision for settings in (plain, default, other)]
    assert revisions[:2] == ["7", "7"], "a default that is written down changes nothing"
    assert revisions[2].startswith("7+")
    made_with = [ASSETS["video_clip"].made_with(settings, "TEA-1") for settings in (plain, default, other)]
    assert made_with[0] == made_with[1] != made_with[2]
    warp = new_workspace(tmp_path, tmp_path, "[engines.toy]\nwobble_px = 2").settings
    assert ASSETS["video_clip"].made_with(warp, "TEA-1") == ASSETS["video_clip"].made_with(
        new_workspace(tmp_path, tmp_path).settings, "TEA-1"
    ), "options of an engine that is not in use make nothing stale"


def test_with_other_options_a_clip_is_made_again_and_with_the_same_it_is_not(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    gallery = gallery_of(store, [packshot()])
    no_cutout = ProductCutout(cutouts=())
    stills = render_stills(
        plan_of(gallery), {}, 0, gallery, no_cutout, BrandLook(), open_engine("stills", "layered"), store
    )
    voice = voice_of(store, ["One", "Two"], shot_frames=48, card_frames=24)
    made = {}
    for wobble_px in (1, 2, 1):
        engine = chosen(tmp_path, f"[engines.toy]\nwobble_px = {wobble_px}").engines.open("clips")
        before = store.counts["computed"]
        clips = animate_stills(stills, voice, engine, store)
        assert (store.counts["computed"] > before) == (wobble_px not in made)
        assert made.setdefault(wobble_px, clips) == clips
    assert made[1] != made[2]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('[engines]\nclips = "magic"', r"no clip engine called 'magic'; choose one of: toy, warp"),
        ("[engines.toy]\nwobble = 1", r"engines\.toy\.wobble: "),
        ("[engines.toy]\nwobble_px = 99", r"engines\.toy\.wobble_px: "),
        ("[engines.warp]\nspeed = 1", r"engines\.warp.* has no options"),
        ("[engines.tuy]\nwobble_px = 1", r"engines\.tuy.* no engine of this name"),
        ("[engines]\nclips = 1", r"engines\.clips: "),
        ("[engines.options]\nwobble_px = 1", r"engines\.options.* no engine of this name"),
        ('engines = "toy"', r"engines: "),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(tmp_path: Path, written: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        new_workspace(tmp_path, tmp_path, written)


def test_doctor_says_what_an_engine_needs_and_whether_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def toy() -> dict[str, str]:
        (found,) = (row for row in diagnose(chosen(tmp_path)) if row.get("engine") == "toy")
        return found

    assert toy() | {"part": "clip engine"} == toy()
    assert (toy()["in_use"], toy()["needs"], toy()["works"]) == ("yes", "key TOY_KEY", "no")
    assert "TOY_KEY" in toy()["remedy"]
    monkeypatch.setenv("TOY_KEY", "secret")
    assert toy()["works"] == "yes"


def test_doctor_says_that_the_settings_are_wrong_and_diagnoses_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reel_pipeline.toml").write_text('source = "."\n[engines.warp]\nspeed = 1\n')
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    assert main(["doctor"]) == 2
    told = capsys.readouterr()
    assert "has no options" in told.err
    assert told.out == ""


@pytest.mark.parametrize("room", ROOMS)
def test_every_default_is_in_the_registry(room: str) -> None:
    assert engines.find(room, getattr(Engines(), room))


def test_every_engine_opens_and_says_who_it_is() -> None:
    given = {"recordings": Path(), "url": "http://127.0.0.1:9/v1", "model": "m"}
    for room, name in ENGINES:
        engine = open_engine(room, name, **given)
        assert engine.name == name
        assert engine.revision.startswith(engines.revision_of(room, name))
