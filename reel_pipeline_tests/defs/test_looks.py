"""A workspace from the time when a colourway was called by its first size: nothing of it is lost, or made twice."""

import json
from pathlib import Path

import pytest

from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.rules.report import partition_of
from reel_pipeline.store import UNPARTITIONED
from reel_pipeline_tests.catalog.making import picture
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_automation import sync


def list_tee(workspace: Workspace, *sizes: str) -> None:
    colours = {"White": "white", "Black": "black"}
    tee = {
        "sku": "TEE",
        "title": "Tee",
        "variants": [{"sku": f"TEE-{c[0]}-{s}", "colour": c, "size": s} for s in sizes for c in colours],
        "images": [{"file": f"{file}.png", "variant": colour} for colour, file in colours.items()],
    }
    (workspace.source / "catalog.json").write_text(json.dumps({"products": [tee]}))


def test_old_keys_live_on_with_all_that_lies_under_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").mkdir()
    for colour in ("white", "black"):
        (tmp_path / "source" / f"{colour}.png").write_bytes(picture(colour, 400))
    workspace = new_workspace(tmp_path / "work", tmp_path / "source")
    use(workspace, monkeypatch)
    list_tee(workspace, "M")
    flow = sync(workspace)
    instance = open_instance(workspace.settings)
    assert set(instance.get_dynamic_partitions("sku")) == {"TEE.white", "TEE.black"}

    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    old = [
        look.model_copy(update={"sku": look.aliases[0], "partition_key": look.aliases[0]}) for look in snapshot.entries
    ]
    flow.store.save(
        "catalog_snapshot", UNPARTITIONED, snapshot.model_copy(update={"entries": tuple(old)}), "0" * 64, {}
    )
    flow.store.delete_note("known_looks", UNPARTITIONED, "current")
    for key in ("TEE.white", "TEE.black"):
        instance.delete_dynamic_partition("sku", key)
    instance.add_dynamic_partitions("sku", ["TEE-W-M", "TEE-B-M"])

    for sizes in (("M",), ("L", "M"), ("L",)):
        list_tee(workspace, *sizes)
        flow = sync(workspace)
        assert set(instance.get_dynamic_partitions("sku")) == {"TEE-W-M", "TEE-B-M"}, (
            "reviews, attempts, what is public"
        )
        assert partition_of(flow, f"TEE-W-{sizes[0]}") == "TEE-W-M"
