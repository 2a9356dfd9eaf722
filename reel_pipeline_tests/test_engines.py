"""The registry: what one file and one row make of a new engine."""

from functools import partial
from pathlib import Path

import pytest

from reel_pipeline import engines
from reel_pipeline.cli import main
from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.commands.upkeep import diagnose
from reel_pipeline.engines import ENGINES, ROOMS, Engine, Engines, Need, open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import ClipEdition, Format, GroundKind, Rung
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.settings import CONFIG_VARIABLE, Settings
from reel_pipeline.store import Store
from reel_pipeline_tests.clips.making import canvas, keyframe, stored, timeline
from reel_pipeline_tests.conftest import new_workspace
from reel_pipeline_tests.reels.making import new_store

TOY = "reel_pipeline_tests.toy_engine"
FOR_PARALLAX = '[engines.rungs.parallax]\nclips = "toy"\n'


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Engine(
        f"{TOY}:Toy",
        "7",
        options=f"{TOY}:ToyOptions",
        needs=(Need("key", "TOY_KEY"),),
        rungs=(Rung.STILL_MOTION, Rung.PARALLAX),
    )
    monkeypatch.setitem(ENGINES, ("clips", "toy"), toy)


def chosen(folder: Path, options: str = "") -> Settings:
    return new_workspace(folder, folder, f'[engines]\nclips = "toy"\n{options}').settings


def test_an_engine_is_opened_with_its_options(tmp_path: Path) -> None:
    engine = chosen(tmp_path, "[engines.toy]\ndrift_px = 3").engines.open("clips", of_no_concern=1)
    assert (engine.name, engine.options.drift_px) == ("toy", 3)
    assert chosen(tmp_path).engines.open("clips").options.drift_px == 1


def test_options_are_part_of_the_memo_and_of_staleness(tmp_path: Path) -> None:
    plain, default, other = (
        chosen(tmp_path, options) for options in ("", "[engines.toy]\ndrift_px = 1", "[engines.toy]\ndrift_px = 2")
    )
    revisions = [settings.engines.open("clips").revision for settings in (plain, default, other)]
    assert revisions[:2] == ["7", "7"], "a default that is written down changes nothing"
    assert revisions[2].startswith("7+")
    made_with = [ASSETS["video_clip"].made_with(settings, "TEA-1") for settings in (plain, default, other)]
    assert made_with[0] == made_with[1] != made_with[2]
    warp = new_workspace(tmp_path, tmp_path, "[engines.toy]\ndrift_px = 2").settings
    assert ASSETS["video_clip"].made_with(warp, "TEA-1") == ASSETS["video_clip"].made_with(
        new_workspace(tmp_path, tmp_path).settings, "TEA-1"
    ), "options of an engine that is not in use make nothing stale"


def made_with(settings: Settings, store: Store) -> ClipEdition:
    """Two small clips, of still_motion and of parallax, by whom the settings choose for them."""
    size, ends = Format(width_px=270, height_px=480), ((10.0, 10.0, 300.0, 533.3), (30.0, 30.0, 270.0, 480.0))
    requests = [keyframe(canvas(330, 580), *ends, 48, size, rung=rung) for rung in (Rung.STILL_MOTION, Rung.PARALLAX)]
    opened = partial(settings.engines.open, "clips")
    return animate_stills(stored(requests, store), timeline(48, 48), opened, store)


def test_with_other_options_a_clip_is_made_again_and_with_the_same_it_is_not(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    made = {}
    for drift_px in (1, 2, 1):
        before = store.counts["computed"]
        clips = made_with(chosen(tmp_path, f"[engines.toy]\ndrift_px = {drift_px}"), store)
        assert (store.counts["computed"] > before) == (drift_px not in made)
        assert made.setdefault(drift_px, clips) == clips
    assert made[1] != made[2]


def test_an_engine_may_make_the_takes_of_one_rung_and_the_clip_says_so(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    settings = new_workspace(tmp_path, tmp_path, f"{FOR_PARALLAX}[engines.toy]\ndrift_px = 2").settings
    plain, toy = made_with(settings, store).clips
    assert (plain.rung, plain.made_by[-1].engine, plain.made_by[-1].paid) == (Rung.STILL_MOTION, "warp", None)
    by = toy.made_by[-1]
    assert (toy.rung, by.engine, by.revision) == (
        Rung.PARALLAX,
        "toy",
        settings.engines.open("clips", toy.rung).revision,
    )
    assert (by.paid.amount, by.paid.currency, toy.ground.kind) == ("0.05", "EUR", GroundKind.GENERATED)
    assert {currency: str(paid) for currency, paid in store.spent.paid.items()} == {"EUR": "0.05"}
    made_with(settings, store)
    assert str(store.spent.paid["EUR"]) == "0.05", "what is remembered is not paid for again"
    before = store.counts["computed"]
    other = new_workspace(tmp_path, tmp_path, f"{FOR_PARALLAX}[engines.toy]\ndrift_px = 3").settings
    assert made_with(other, store).clips[0] == plain
    assert store.counts["computed"] == before + 1, "only the take of that rung is made again"


def test_who_makes_a_rung_is_part_of_staleness(tmp_path: Path) -> None:
    def revision(written: str) -> str:
        settings = new_workspace(tmp_path, tmp_path, written).settings
        digests.append(ASSETS["video_clip"].made_with(settings, "TEA-1")["code"])
        return settings.engines.revision("clips")

    digests: list[str] = []
    default = revision("")
    assert default == ENGINES["clips", "warp"].revision
    assert revision('[engines.rungs.parallax]\nclips = "warp"') == default, "a default that is written down"
    assert revision("[engines.toy]\ndrift_px = 2") == default, "options of an engine that makes nothing"
    assert revision(FOR_PARALLAX) == f"{default}+parallax=toy/7"
    changed = revision(f"{FOR_PARALLAX}[engines.toy]\ndrift_px = 2")
    assert changed.startswith(f"{default}+parallax=toy/7+")
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests)) == 3
    assert Engines(rungs={"parallax": {"clips": "toy"}}).revision("stills") == Engines().revision("stills")


def test_a_rung_is_made_by_the_default_unless_another_is_named(tmp_path: Path) -> None:
    chosen_engines = new_workspace(tmp_path, tmp_path, FOR_PARALLAX).settings.engines
    by = {rung: chosen_engines.chosen("clips", rung) for rung in Rung}
    assert by == {**dict.fromkeys(Rung, "warp"), Rung.PARALLAX: "toy"}
    assert [chosen_engines.open("clips", rung).name for rung in (Rung.COMPOSITE, Rung.PARALLAX)] == ["warp", "toy"]
    with pytest.raises(SettingsError, match="clip engine 'warp' doesn't make diffusion; no other does either"):
        chosen_engines.open("clips", Rung.DIFFUSION)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('[engines]\nclips = "magic"', r"no clip engine called 'magic'; choose one of: toy, warp"),
        ("[engines.toy]\ndrift = 1", r"engines\.toy\.drift: "),
        ("[engines.toy]\ndrift_px = 99", r"engines\.toy\.drift_px: "),
        ("[engines.warp]\nspeed = 1", r"engines\.warp.* has no options"),
        ("[engines.tuy]\ndrift_px = 1", r"engines\.tuy.* no engine of this name"),
        ("[engines]\nclips = 1", r"engines\.clips: "),
        ("[engines.options]\ndrift_px = 1", r"engines\.options.* no engine of this name"),
        ('engines = "toy"', r"engines: "),
        ('[engines.rungs.composite]\nclips = "toy"', r"clip engine 'toy' doesn't make composite; choose one of: warp"),
        ('[engines.rungs.diffusion]\nclips = "warp"', r"'warp' doesn't make diffusion; no other does either"),
        ('[engines.rungs.diffusion]\nstills = "layered"', r"still engine 'layered' doesn't make diffusion; no other"),
        ('[engines.rungs.parallax]\nclips = "magic"', r"no clip engine called 'magic'; choose one of: toy, warp"),
        ('[engines.rungs.parallax]\nclip = "toy"', r"engines\.rungs\.parallax\.clip: "),
        ('[engines.rungs.stop_motion]\nclips = "toy"', r"engines\.rungs\.stop_motion.*still_motion"),
        ('[engines]\nrungs = "toy"', r"engines\.rungs: "),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(tmp_path: Path, written: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        new_workspace(tmp_path, tmp_path, written)


@pytest.mark.parametrize(
    ("written", "toys", "warps"),
    [
        ('[engines]\nclips = "toy"', "still_motion, parallax", ""),
        (FOR_PARALLAX, "parallax", "still_motion, composite"),
        ("", "", "still_motion, parallax, composite"),
    ],
)
def test_doctor_says_what_an_engine_needs_whether_it_is_there_and_which_rungs_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, toys: str, warps: str
) -> None:
    def row(name: str) -> dict[str, str]:
        (found,) = (
            row for row in diagnose(new_workspace(tmp_path, tmp_path, written).settings) if row.get("engine") == name
        )
        return found

    toy = row("toy")
    assert (toy["part"], toy["needs"], toy["works"]) == ("clip engine", "key TOY_KEY", "no")
    assert "TOY_KEY" in toy["remedy"]
    assert (toy["rungs"], row("warp")["rungs"]) == (toys, warps)
    assert (toy["in_use"], row("warp")["in_use"]) == ("yes" if toys else "no", "yes" if warps else "no")
    monkeypatch.setenv("TOY_KEY", "secret")
    assert row("toy")["works"] == "yes"


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
