"""What is said of a product is true: its state, what the public sees, and why, in sentences."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reel_pipeline.cli import main
from reel_pipeline.commands.run import run_catalog
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.defs.reviews import decide
from reel_pipeline.defs.sensors.alerts import alert_about
from reel_pipeline.errors import SettingsError
from reel_pipeline.rules.flow import FAILURES, Failure, Flow
from reel_pipeline.rules.report import Public, State, own_photos, report
from reel_pipeline.settings import Settings
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.defs.test_automation import sync
from reel_pipeline_tests.defs.test_operations import edit_product, public
from reel_pipeline_tests.rules.test_staleness import repaint_photo

SKU = "BOX-2"


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    return {row["sku"]: (row["state"], row["public"]) for row in json.loads(capsys.readouterr().out)["products"]}


def test_a_public_reel_whose_inputs_changed_is_published_and_its_update_pending(
    made: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {"TEA-1": ("published", "current"), SKU: ("published", "current"), "BAD-3": ("failed", "none")}
    assert states(capsys) == expected
    repaint_photo(made)
    flow = sync(made)
    assert states(capsys) == expected | {"TEA-1": ("published", "update_pending")}
    tea = report(flow, "TEA-1")
    assert tea.reel is not None
    assert tea.action == "`reel-pipeline run --sku TEA-1`"
    assert "out of date" in tea.reasons[0]
    assert alert_about(flow, "TEA-1", died=False) is None
    died = alert_about(flow, "TEA-1", died=True)
    assert died is not None
    assert died.kind == "error"


def test_an_update_that_can_not_be_made_has_failed_though_the_old_reel_is_public(made: Workspace) -> None:
    for path in (made.source / "images").glob("box-*.jpg"):
        path.write_bytes(b"\xff\xd8 no picture")
    ran = run_catalog(made.reload(), only_stale=True, skus=[SKU])
    box = ran.products[0].report
    assert ran.withdrawn == {}, "what can't be read is not gone"
    assert (box.state, box.public) == (State.FAILED, Public.UPDATE_PENDING)
    assert box.reel is not None
    assert Path(box.reel).is_file()
    assert "upload another" in box.reasons[0]


def test_an_override_that_can_not_be_read_is_said_of_its_product_and_stops_no_other(
    made: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = made.settings.workspace / "overrides"
    overrides.mkdir()
    (overrides / f"{SKU}.toml").write_text("[opening\nline = ")
    told = {"TEA-1": ("published", "current"), SKU: ("published", "update_pending"), "BAD-3": ("failed", "none")}
    assert states(capsys) == told
    assert f"{SKU}.toml is not valid TOML" in report(Flow(made.settings, made.settings.open_store()), SKU).reasons[0]
    ran = {product.report.sku: product for product in run_catalog(made.reload(), only_stale=True).products}
    assert ran["TEA-1"].computed == ran["TEA-1"].reused == 0
    assert (ran[SKU].report.state, ran[SKU].report.public) == (State.FAILED, Public.UPDATE_PENDING)
    assert f"{SKU}.toml is not valid TOML" in ran[SKU].report.reasons[0]
    flow = Flow(made.settings, made.settings.open_store())
    flow.store.save_note(FAILURES, SKU, "shot_plan", Failure(inputs_fingerprint="0" * 64, sentence="Of other inputs."))
    assert f"{SKU}.toml is not valid TOML" in report(flow, SKU).reasons[0]


def test_an_override_that_can_not_be_read_hides_no_reason_to_take_a_reel_down(made: Workspace) -> None:
    overrides = made.settings.workspace / "overrides"
    overrides.mkdir()
    (overrides / "TEA-1.toml").write_text("[opening\nline = ")
    edit_product(made, title="Rooibos tea")
    withdrawn = withdraw_untrue(sync(made), open_instance(made.settings))
    assert withdrawn == {"TEA-1": "The product is now called 'Rooibos tea'."}
    assert public(made) == {"box"}


def test_a_public_reel_that_was_tampered_with_is_no_success(
    made: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (reel,) = Path(made.settings.publish_location).glob("box-2-*/main/*/reel.mp4")
    reel.write_bytes(b"another film")
    box = run_catalog(made.reload(), skus=[SKU]).products[0].report
    assert box.state is State.FAILED
    assert "holds other bytes" in box.reasons[0]
    assert states(capsys)[SKU] == ("failed", "current"), "and status says so too"
    reel.unlink()
    assert run_catalog(made.reload(), skus=[SKU]).products[0].report.state is State.PUBLISHED
    assert states(capsys)[SKU] == ("published", "current")


def test_a_run_that_takes_a_reel_down_does_not_call_it_public(made: Workspace) -> None:
    edit_product(made, title="Rooibos tea", images=[])
    ran = run_catalog(made.reload(), skus=["TEA-1"])
    tea = ran.products[0].report
    assert ran.withdrawn.keys() == {"TEA-1"}
    assert (tea.state, tea.public, tea.reel) == (State.FAILED, Public.NONE, None)


def test_a_rejection_tells_what_follows_from_it(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "reject", SKU, "--reason", "Looks dull."]) == 0
    assert "a rejection that names its shots (--shot) has them made again" in capsys.readouterr().out
    assert main(["review", "reject", SKU, "--reason", "Looks dull.", "--shot", "1"]) == 0
    assert "Shot 1 will be made again with another take (attempt 2)." in capsys.readouterr().out


def test_an_interrupted_run_stops_and_the_next_goes_on(made: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    repaint_photo(made)

    def interrupted(*_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    with monkeypatch.context() as patch:
        patch.setattr("reel_pipeline.defs.assets.product_gallery.gallery_of", interrupted)
        assert main(["run", "--only-stale", "--json"]) == 130
    flow = Flow(made.settings, made.settings.open_store())
    assert "interrupted" not in " ".join(report(flow, "TEA-1").reasons).casefold(), "it is nobody's failure"
    assert run_catalog(made.reload(), skus=["TEA-1"]).products[0].report.state is State.PUBLISHED


def test_an_approval_on_the_command_line_publishes_at_once(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    flow, instance = Flow(made.settings, made.settings.open_store()), open_instance(made.settings)
    decide(flow, instance, SKU, False, "Looks dull.")
    assert public(made) == {"tea"}
    assert main(["review", "approve", SKU, "--reason", "On second thought."]) == 0
    assert public(made) == {"tea", "box"}
    assert "reel.mp4" in capsys.readouterr().out
    assert states(capsys)[SKU] == ("published", "current")


def test_an_approval_in_the_ui_publishes_at_once(made: Workspace) -> None:
    flow, instance = Flow(made.settings, made.settings.open_store()), open_instance(made.settings)
    decide(flow, instance, SKU, False, "Looks dull.")
    config = made.source.parent / "review.yaml"
    entered = {"sku": SKU, "approve": True, "reason": "On second thought."}
    config.write_text(json.dumps({"ops": {"enter_review": {"config": entered}}}))
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "reel_pipeline.definitions", "-j", "review"]
    subprocess.run([*command, "-c", str(config)], check=True, capture_output=True)
    assert public(made) == {"tea", "box"}
    assert list(instance.get_backfills()) == []


def test_a_reason_is_a_sentence_whatever_happened(made: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = run_catalog(made.reload(), skus=["BAD-3"]).products[0].report
    assert "upload another" in bad.reasons[0]
    repaint_photo(made)

    def breaks(*_: Any) -> Any:
        raise RuntimeError("the disk\n  is full")

    monkeypatch.setattr("reel_pipeline.defs.assets.product_gallery.gallery_of", breaks)
    ran = run_catalog(made.reload(), only_stale=True, skus=["TEA-1"]).products[0].report
    expected = "product_gallery failed unexpectedly (RuntimeError: the disk is full); run "
    assert ran.reasons[0].startswith(expected)
    assert ran.reasons[0].endswith(" in the Dagster UI tells it in full.")
    flow = Flow(made.settings, made.settings.open_store())
    assert "RuntimeError: the disk is full" in report(flow, "TEA-1").reasons[0], "and status says so too"


def test_a_table_cuts_nothing(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    flow = Flow(made.settings, made.settings.open_store())
    for word in report(flow, "BAD-3").reasons[0].split():
        assert word in printed


def test_why_says_what_every_word_rests_on_and_whose_it_is(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", SKU]) == 0
    said = capsys.readouterr().out
    flow = Flow(made.settings, made.settings.open_store())
    shots = flow.record("shot_plan", SKU).editions["main"].shots
    for shot in shots:
        if shot.line:
            assert f"shot {shot.number} says {shot.line!r}: from {shot.claims[0].field}" in said
    assert "the default words" in said
    for still in flow.record("rendered_still", SKU).editions["main"].stills:
        assert f"shot {still.shot}: {still.take.motion} over photo" in said
    overrides = made.settings.workspace / "overrides"
    overrides.mkdir()
    (overrides / f"{SKU}.toml").write_text(
        f'closing_line = "Ours alone"\n[{shots[0].role}]\nline = "A box for keeps."\n'
    )
    defs.resolve_job_def("make_reels").execute_in_process(
        instance=open_instance(made.settings), partition_key=SKU, run_config=QUIET,
        asset_selection=[dg.AssetKey("shot_plan")],
    )  # fmt: skip
    assert main(["why", SKU]) == 0
    said = capsys.readouterr().out
    assert "shot 1 says 'A box for keeps.': yours, an override" in said
    assert "the end says 'Ours alone.': yours, an override" in said


def test_a_command_that_is_told_can_be_pasted_whatever_the_sku_is(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, source="")
    flow = Flow(settings, settings.open_store())
    assert report(flow, "Blue mug").action == "`reel-pipeline run --sku 'Blue mug'`"
    with pytest.raises(SettingsError, match="--sku 'Blue mug'"):
        own_photos(flow, "Blue mug")


def test_a_product_that_was_never_made_says_so(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, source="")
    new = report(Flow(settings, settings.open_store()), "NEW-1")
    assert (new.state, new.public, new.reasons) == (State.FAILED, Public.NONE, ["It was not made yet. Run it."])
