"""(what changes in the world x asset) -> stale or fresh: the table of what each asset reads."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.drawing import jpeg, product_photo

FROM_PLAN = SKU_ASSETS[SKU_ASSETS.index("shot_plan") :]
FROM_VOICE = ("voiceover", "video_clip", "reel", "evaluation_score", "mirrored_asset")
FROM_STILL = ("rendered_still", "video_clip", "reel", "evaluation_score", "mirrored_asset")
FROM_REEL = ("reel", "evaluation_score", "mirrored_asset")


def edit_product(workspace: Workspace, number: int = 0, **fields: Any) -> None:
    path = workspace.source / "catalog.json"
    catalog = json.loads(path.read_text())
    catalog["products"][number].update(fields)
    path.write_text(json.dumps(catalog))


def reverse_photos(workspace: Workspace) -> None:
    catalog = json.loads((workspace.source / "catalog.json").read_text())
    images = catalog["products"][0]["images"]
    edit_product(workspace, images=[{**image, "position": len(images) - n} for n, image in enumerate(images)])


def repaint_photo(workspace: Workspace) -> None:
    path = workspace.source / "images" / "tea-1.jpg"
    picture = Image.open(path)
    ImageDraw.Draw(picture).rectangle((320, 300, 420, 360), fill=(200, 40, 40))
    picture.save(path, quality=92)


def move_photo(workspace: Workspace) -> None:
    """Another address (a CDN version, say) for the same bytes."""
    images = workspace.source / "images"
    shutil.copy(images / "tea-1.jpg", images / "tea-1_v2.jpg")
    catalog = json.loads((workspace.source / "catalog.json").read_text())
    listed = catalog["products"][0]["images"]
    edit_product(workspace, images=[{**listed[0], "file": "images/tea-1_v2.jpg"}, *listed[1:]])


def brand(text: str) -> Callable[[Workspace], None]:
    def write(workspace: Workspace) -> None:
        folder = workspace.settings.brand_folder
        folder.mkdir(exist_ok=True)
        (folder / "brand.toml").write_text(text)

    return write


def setting(text: str) -> Callable[[Workspace], None]:
    def write(workspace: Workspace) -> None:
        with (workspace.settings.workspace / "reel_pipeline.toml").open("a") as file:
            file.write(text)

    return write


def override(workspace: Workspace) -> None:
    folder = workspace.settings.workspace / "overrides"
    folder.mkdir()
    (folder / "TEA-1.toml").write_text('closing_line = "Ask for it in the shop."\n')


def artwork(workspace: Workspace) -> None:
    folder = workspace.settings.workspace / "artwork" / "TEA-1"
    folder.mkdir(parents=True)
    (folder / "label.jpg").write_bytes(jpeg(product_photo(5, "LOOSE LEAF TEA")))


CHANGES: dict[str, tuple[Callable[[Workspace], None], tuple[str, ...]]] = {
    "nothing": (lambda workspace: None, ()),
    "price": (lambda w: edit_product(w, price="13.00"), ("product",)),
    "collection": (lambda w: edit_product(w, collections=["Sale"]), ("product", *FROM_PLAN)),
    "title": (lambda w: edit_product(w, title="South loose-leaf tea"), ("product", *FROM_PLAN)),
    "description": (lambda w: edit_product(w, description="Tea in a paper carton."), ("product", *FROM_PLAN)),
    "tag": (lambda w: edit_product(w, tags=["new"]), ("product", *FROM_PLAN)),
    "photo": (repaint_photo, SKU_ASSETS[1:]),
    "photo order": (reverse_photos, SKU_ASSETS[1:]),
    "CDN version": (move_photo, ()),
    "call to action": (brand('[words]\ncall_to_action = "Have a look"\n'), FROM_PLAN),
    "disclaimer": (brand('[words]\ndisclaimer = "Serving suggestion"\n'), FROM_REEL),
    "shown price": (brand("[words]\nshow_price = true\n"), FROM_REEL),
    "voice": (brand("[voice]\nwords_per_minute = 140\n"), FROM_VOICE),
    "palette": (brand('[look]\npalette = ["#ffffff", "#000000", "#aa0000"]\n'), FROM_PLAN),
    "voice engine": (setting('[engines]\nvoice = "captions_only"\n'), FROM_VOICE),
    "public address": (setting('public_url = "https://reels.example/"\n'), ("mirrored_asset",)),
    "override": (override, FROM_PLAN),
    "artwork": (artwork, ("evaluation_score", "mirrored_asset")),
    "preference": (setting('prefer = ["pull_out"]\n'), FROM_PLAN),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_stale_what_rests_on_it_and_nothing_else(made: Workspace, change: str) -> None:
    apply, expected = CHANGES[change]
    apply(made)
    settings = made.reload()
    synced = defs.resolve_job_def("sync_catalog").execute_in_process(instance=open_instance(settings), run_config=QUIET)
    assert synced.success
    flow = Flow(settings, settings.open_store())
    assert tuple(stale_assets(flow, "TEA-1")) == expected
    assert "mirrored_asset" not in stale_assets(flow, "BOX-2") or change in {
        "call to action", "disclaimer", "shown price", "voice", "palette", "voice engine", "public address",
        "preference",
    }  # fmt: skip


def test_a_record_that_cannot_be_read_counts_as_missing(made: Workspace) -> None:
    flow = Flow(made.settings, made.settings.open_store())
    head = flow.head("voiceover", "TEA-1")
    assert head is not None
    path: Path = flow.store.path(head.record)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-9])
    assert tuple(stale_assets(flow, "TEA-1")) == FROM_VOICE
    flow.store.path(flow.record("reel", "BOX-2").editions["main"].video).unlink()
    assert tuple(stale_assets(flow, "BOX-2")) == FROM_REEL
