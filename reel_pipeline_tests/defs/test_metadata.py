"""What the Dagster UI shows of an asset: what people look for first, and links that lead somewhere."""

import threading
import urllib.request
from pathlib import Path

import dagster as dg
import pytest
import uvicorn

from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.origin.server import create_app
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline_tests.conftest import Workspace, new_workspace


def metadata_of(instance: dg.DagsterInstance, asset: str) -> dict[str, dg.MetadataValue]:
    """The entries of the last materialization in the order in which the UI gets them."""
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return dict(event.asset_materialization.metadata)


def test_title_poster_and_verdict_come_first(made: Workspace) -> None:
    instance = open_instance(made.settings)
    assert list(metadata_of(instance, "reel"))[:2] == ["title", "poster"]
    for asset in ("evaluation_score", "mirrored_asset"):
        metadata = metadata_of(instance, asset)
        assert list(metadata)[:3] == ["title", "poster", "verdict"], asset
        assert metadata["title"].value == "Stone keepsake box"
        assert metadata["verdict"].value == "main: accept"
    shown = {asset: metadata_of(instance, asset) for asset in SKU_ASSETS}
    assert all(next(iter(metadata)) == "title" for asset, metadata in shown.items() if asset != "product_gallery")
    pictures = [value.value for found in shown.values() for value in found.values() if "base64" in str(value.value)]
    assert sum(len(str(picture)) for picture in pictures) < 40_000


@pytest.mark.parametrize("public_url", ["", 'public_url = "https://reels.example/shop"\n'])
def test_the_link_to_a_reel_works_where_reels_are_published_to_a_bucket(made: Workspace, public_url: str) -> None:
    workspace = new_workspace(made.settings.workspace, made.source, f'publish_to = "s3://reels/shop"\n{public_url}')
    instance = open_instance(workspace.settings)
    job = defs.resolve_job_def("make_reels")
    reel = dg.AssetKey("reel")
    assert job.execute_in_process(
        instance=instance, partition_key="TEA-1", asset_selection=[reel], run_config=QUIET, raise_on_error=False
    ).all_events
    link = str(metadata_of(instance, "reel")["watch"].value)
    flow = Flow(workspace.settings, workspace.settings.open_store())
    video = flow.record("reel", "TEA-1").editions["main"].video
    assert link == f"http://127.0.0.1:8787/preview/{video.sha256}.mp4"
    server = uvicorn.Server(uvicorn.Config(create_app(None, flow.store.path), port=0, log_level="error"))
    serving = threading.Thread(target=server.run)
    serving.start()
    try:
        while not server.started:
            serving.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with urllib.request.urlopen(link.replace("8787", str(port)), timeout=10) as answer:
            assert answer.read() == flow.store.read(video)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert b"published to a bucket" in answer.read()
    finally:
        server.should_exit = True
        serving.join(10)


@pytest.mark.parametrize("written", ["https://reels.example/shop", "https://reels.example/shop/"])
def test_a_public_address_works_with_and_without_a_slash_at_its_end(made: Workspace, written: str) -> None:
    workspace = new_workspace(made.settings.workspace, made.source, f'public_url = "{written}"\n')
    instance = open_instance(workspace.settings)
    done = defs.resolve_job_def("publish").execute_in_process(
        instance=instance, partition_key="TEA-1", run_config=QUIET
    )
    assert done.success
    published = Path(workspace.settings.publish_location)
    (reel,) = (path for path in published.glob("tea-1-*/main/*/reel.mp4"))
    expected = f"https://reels.example/shop/{reel.relative_to(published).as_posix()}"
    assert metadata_of(instance, "mirrored_asset")["watch"].value == expected
    assert workspace.settings.public_url == "https://reels.example/shop/"
