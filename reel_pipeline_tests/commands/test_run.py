"""The main job as users run it: what comes out, what is reused, what one bad product does to the others."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.defs.reviews import decide
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import State
from reel_pipeline.settings import CONFIG_VARIABLE
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_automation import sync
from reel_pipeline_tests.drawing import draw_catalog, draw_products, jpeg
from reel_pipeline_tests.rules.test_staleness import brand, edit_product, repaint_photo


def command(workspace: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "reel_pipeline.cli", *arguments]


def environment(workspace: Path) -> dict[str, str]:
    home = {"DAGSTER_HOME": str(workspace / "dagster_home"), CONFIG_VARIABLE: str(workspace / "reel_pipeline.toml")}
    return {**os.environ, **home}


def test_good_products_are_published_and_a_bad_one_stops_only_itself(made: Workspace) -> None:
    flow = Flow(made.settings, made.settings.open_store())
    for partition in ("TEA-1", "BOX-2"):
        mirrored = flow.record("mirrored_asset", partition)
        files = {file.name for file in mirrored.editions["main"].files}
        assert {"reel.mp4", "poster.jpg", "captions.srt", "captions.vtt"} <= files
        for file in mirrored.editions["main"].files:
            assert (Path(made.settings.publish_location) / file.key).stat().st_size == file.size_bytes
    assert flow.record("product", "BAD-3") is not None
    assert flow.record("mirrored_asset", "BAD-3") is None
    finding = flow.finding("gallery_is_usable", "BAD-3")
    assert finding is not None
    assert not finding.passed


def test_what_the_engine_calls_of_an_asset_cost_is_kept_beside_its_record(made: Workspace) -> None:
    flow = Flow(made.settings, made.settings.open_store())
    for asset in ("frame_classification", "voiceover", "rendered_still", "video_clip", "reel", "evaluation_score"):
        head = flow.head(asset, "TEA-1")
        assert head is not None
        assert head.provenance["cost"]["seconds"] > 0
        assert head.provenance["cost"]["paid"] == {}


def test_a_name_that_the_voice_can_not_read_is_said_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = draw_products(tmp_path / "source", ["CUP-1"])
    catalog = json.loads((source / "catalog.json").read_text())
    catalog["products"][0]["title"] = "朝のカップ"
    (source / "catalog.json").write_text(json.dumps(catalog))
    workspace = new_workspace(tmp_path / "work", source)
    use(workspace, monkeypatch)
    (product,) = run_catalog(workspace.settings).products
    assert product.report.state is State.FAILED
    assert "'en-gb' can't read" in product.report.reasons[0]
    assert "captions_only" in product.report.reasons[0]
    assert product.computed == product.reused == 0
    overrides = workspace.settings.workspace / "overrides"
    overrides.mkdir()
    (overrides / "CUP-1.toml").write_text('[opening]\nline = "A cup for the morning."\n')
    assert run_catalog(workspace.settings).products[0].computed > 0


def test_no_retake_is_begun_of_a_name_that_the_voice_can_not_read(made: Workspace) -> None:
    flow = Flow(made.settings, made.settings.open_store())
    decide(flow, open_instance(made.settings), "TEA-1", False, "Looks dull.", shots=[1])
    edit_product(made, title="朝の茶")
    (tea,) = run_catalog(made.reload(), skus=["TEA-1"]).products
    assert "'en-gb' can't read" in tea.report.reasons[0]
    assert tea.computed == tea.reused == 0


def test_an_override_that_can_not_be_read_ends_no_run_but_its_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = new_workspace(tmp_path / "work", draw_products(tmp_path / "source", ["CUP-1"]))
    use(workspace, monkeypatch)
    overrides = workspace.settings.workspace / "overrides"
    overrides.mkdir()
    (overrides / "CUP-1.toml").write_text("[opening\nline = ")
    (product,) = run_catalog(workspace.settings).products
    assert product.report.state is State.FAILED
    assert "CUP-1.toml is not valid TOML" in product.report.reasons[0]


def test_a_second_run_computes_nothing_and_says_so(made: Workspace) -> None:
    done = subprocess.run(
        command(made.settings.workspace, "run", "--sku", "TEA-1", "BOX-2", "--json"),
        env=environment(made.settings.workspace), capture_output=True, text=True, check=True,
    )  # fmt: skip
    products = json.loads(done.stdout)["products"]
    assert [product["sku"] for product in products] == ["TEA-1", "BOX-2"]
    assert all(product["state"] == "published" and product["verdict"] == "accept" for product in products)
    assert all(product["computed"] == 0 and product["reused"] == 11 for product in products)
    assert all(product["cost"] == {"money": "0", "currency": "", "seconds": 0.0} for product in products)
    assert all(product["rungs"] == ["still_motion"] for product in products)
    assert all(Path(product["reel"]).read_bytes()[4:8] == b"ftyp" for product in products)


def test_master_artwork_is_asked_and_one_that_says_nothing_stops_its_product(made: Workspace) -> None:
    folder = made.settings.workspace / "artwork" / "TEA-1"
    folder.mkdir(parents=True)
    artwork = folder / "label.jpg"
    artwork.write_bytes(jpeg(np.full((600, 400, 3), 230, np.uint8)))
    (failed,) = run_catalog(made.settings, only_stale=True, skus=["TEA-1"]).products
    assert failed.report.state is State.FAILED
    assert "No text can be read on artwork 1 of 1" in " ".join(failed.report.reasons)
    shutil.copy(made.source / "images" / "tea-1.jpg", artwork)
    (judged,) = run_catalog(made.settings, only_stale=True, skus=["TEA-1"]).products
    assert judged.report.state is State.PUBLISHED, judged.report.reasons


def test_one_changed_photo_remakes_what_rests_on_it_and_nothing_else(made: Workspace) -> None:
    before = Flow(made.settings, made.settings.open_store())
    heads = {asset: before.head(asset, "BOX-2") for asset in ("product_gallery", "reel", "mirrored_asset")}
    product_before = before.head("product", "TEA-1")
    gallery_before = before.record("product_gallery", "TEA-1")
    repaint_photo(made)
    done = run_catalog(made.settings, only_stale=True, skus=["TEA-1", "BOX-2"])
    tea, box = done.products
    assert tea.report.state is State.PUBLISHED, tea.report.reasons
    assert (box.computed, box.reused) == (0, 0)
    flow = Flow(made.settings, made.settings.open_store())
    assert {asset: flow.head(asset, "BOX-2") for asset in heads} == heads
    assert flow.head("product", "TEA-1") == product_before
    gallery = flow.record("product_gallery", "TEA-1")
    changed = [old.key != new.key for old, new in zip(gallery_before.photos, gallery.photos, strict=True)]
    assert changed == [True, False, False]


def test_a_price_change_touches_no_picture_and_keeps_the_voice(made: Workspace) -> None:
    edit_product(made, price="99.00")
    done = run_catalog(made.settings, only_stale=True, skus=["TEA-1"])
    assert done.products[0].report.state is State.PUBLISHED
    assert done.products[0].computed == 1


def test_a_price_is_shown_with_its_currency_or_not_at_all(made: Workspace) -> None:
    brand("[words]\nshow_price = true\n")(made)
    edit_product(made, price="$54.00")
    unsure = run_catalog(made.reload(), only_stale=True, skus=["TEA-1"]).products[0].report
    assert unsure.state is State.PUBLISHED, unsure.reasons
    assert "its price 54.00 names no currency, so none is shown" in unsure.reasons[0]
    edit_product(made, price="R$ 2.720,00")
    shown = run_catalog(made.reload(), only_stale=True, skus=["TEA-1"]).products[0].report
    assert (shown.state, shown.reasons) == (State.PUBLISHED, [])
    flow = Flow(made.settings, made.settings.open_store())
    assert flow.record("product", "TEA-1").shown_price == "2720.00 BRL"
    edit_product(made, price="2720.00", currency="USD")
    withdrawn = withdraw_untrue(sync(made), open_instance(made.settings))
    assert withdrawn == {"TEA-1": "It shows the price 2720.00 BRL; now $2720.00 is listed."}


def test_regulated_goods_wait_for_a_person_and_are_published_on_approval(made: Workspace) -> None:
    edit_product(made, title="North amber beer", description="Amber beer in a paper carton. Brewed in one town.")
    waiting = run_catalog(made.settings, skus=["TEA-1"]).products[0]
    assert waiting.report.state is State.WAITING
    env = environment(made.settings.workspace)
    review = command(made.settings.workspace, "review", "approve", "TEA-1", "--reason", "Seen with the legal team")
    subprocess.run(review, env=env, check=True, capture_output=True)
    approved = run_catalog(made.settings, only_stale=True, skus=["TEA-1"]).products[0]
    assert approved.report.state is State.PUBLISHED, approved.report.reasons
    flow = Flow(made.settings, made.settings.open_store())
    assert flow.record("mirrored_asset", "TEA-1").editions["main"].approved_by.startswith("person:")


def killed_runs(tmp_path: Path, kills: int, seed: int) -> None:
    """Run a one-product catalogue under SIGKILLs at random moments until it completes, and look at what is left."""
    rng = random.Random(seed)
    draw_catalog(tmp_path / "source")
    workspace = new_workspace(tmp_path / "work", tmp_path / "source").settings.workspace
    arguments = command(workspace, "run", "--sku", "BOX-2", "--json")
    for _ in range(kills):
        process = subprocess.Popen(
            arguments, env=environment(workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(rng.uniform(1.0, 14.0))
        process.kill()
        process.wait()
        for path in (workspace / "published").rglob("*.mp4"):
            assert path.name.startswith(".") or path.read_bytes()[4:8] == b"ftyp"
    done = subprocess.run(arguments, env=environment(workspace), capture_output=True, text=True)
    product = json.loads(done.stdout)["products"][0]
    assert product["state"] == "published", product
    again = subprocess.run(arguments, env=environment(workspace), capture_output=True, text=True)
    assert json.loads(again.stdout)["products"][0]["computed"] == 0


def test_killed_runs_complete_and_lose_nothing(tmp_path: Path) -> None:
    killed_runs(tmp_path, kills=5, seed=20261121)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_soak_of_50_kills(tmp_path: Path, seed: int) -> None:
    killed_runs(tmp_path, kills=5, seed=seed)


def test_a_script_that_the_voice_can_not_read_is_named_at_the_plan_before_anything_is_spoken(made: Workspace) -> None:
    path = made.source / "catalog.json"
    catalog = json.loads(path.read_text(encoding="utf-8"))
    tea = next(product for product in catalog["products"] if product["sku"] == "TEA-1")
    tea.update(description="果樹園の香りをうつした紅茶です。缶は繰り返し使えます。")
    path.write_text(json.dumps(catalog), encoding="utf-8")
    product = run_catalog(made.settings, skus=["TEA-1"]).products[0]
    assert product.report.state == "failed"
    assert any("captions_only" in reason and "'en-gb'" in reason for reason in product.report.reasons)
