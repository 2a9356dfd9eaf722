"""`reel-pipeline ui` as a newcomer runs it: a real webserver and daemon on the workspace that `run` made."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from reel_pipeline.brand import read_brand
from reel_pipeline.cli import main
from reel_pipeline.commands.ui import free_port
from reel_pipeline.defs.in_process import LAPTOP_INSTANCE, open_instance
from reel_pipeline.settings import CONFIG_VARIABLE, load_settings
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.drawing import draw_catalog
from reel_pipeline_tests.servers import wait_for

ENTRIES = """{ assetNodeOrError(assetKey: {path: ["mirrored_asset"]}) { ... on AssetNode {
  assetMaterializations(partitions: ["TEA-1"], limit: 1) { metadataEntries { label } } } } }"""
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"


def ask(url: str, query: str) -> dict:
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


def processes_of(home: Path) -> list[str]:
    """The command lines of all processes that work on this DAGSTER_HOME."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"DAGSTER_HOME={home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def daemon_is_healthy(url: str) -> bool:
    statuses = ask(url, DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    return any(status["daemonType"] == "QUEUED_RUN_COORDINATOR" and status["healthy"] for status in statuses)


@pytest.mark.servers
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_ui_shows_what_run_made_and_leaves_nothing_behind(made: Workspace, ending: signal.Signals) -> None:
    workspace = new_workspace(made.settings.workspace, made.source, f'public_url = "http://127.0.0.1:{free_port()}"\n')
    home = workspace.settings.workspace / "dagster_home"
    environment = {**os.environ, CONFIG_VARIABLE: str(workspace.settings.workspace / "reel_pipeline.toml")}
    del environment["DAGSTER_HOME"]
    command = [sys.executable, "-m", "reel_pipeline.cli", "ui", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=made.source) as ui:
        assert ui.stdout is not None
        url = ui.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), (home / "ui.log").read_text()[-2000:]
        (shown,) = ask(url, ENTRIES)["assetNodeOrError"]["assetMaterializations"]
        assert [entry["label"] for entry in shown["metadataEntries"]][:3] == ["title", "poster", "verdict"]
        with urllib.request.urlopen(workspace.settings.public_url, timeout=10) as answer:
            assert b"North loose-leaf tea" in answer.read()
        wait_for("the daemon", lambda: daemon_is_healthy(url), home)
        again = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert again.returncode == 2
        assert f"runs already: {url}" in again.stderr
        assert len(processes_of(home)) >= 3
        ui.send_signal(ending)
        assert ui.wait(60) == 0
    assert processes_of(home) == []
    assert sorted(path.name for path in made.source.iterdir()) == ["catalog.json", "images"]


def test_a_taken_port_is_named(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["ui", "--port", str(port)]) == 2
    assert f"Port {port} is taken" in capsys.readouterr().err


REDUCED = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"


@pytest.mark.parametrize(("written", "is_ours"), [(None, True), (REDUCED, True), (f"{REDUCED}# mine\n", False)])
def test_instance_settings_that_we_wrote_are_kept_up_to_date_and_a_users_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str | None, is_ours: bool
) -> None:
    workspace = new_workspace(tmp_path, tmp_path)
    use(workspace, monkeypatch)
    path = tmp_path / "dagster_home" / "dagster.yaml"
    if written is not None:
        path.parent.mkdir()
        path.write_text(written)
    open_instance(workspace.settings)
    first = path.read_text()
    assert (LAPTOP_INSTANCE in first) == is_ours
    with monkeypatch.context() as newer:
        newer.setattr("reel_pipeline.defs.in_process.LAPTOP_INSTANCE", f"{LAPTOP_INSTANCE}# newer\n")
        open_instance(workspace.settings)
    assert path.read_text().endswith("# newer\n") == is_ours
    path.write_text(f"{first}# mine\n")
    open_instance(workspace.settings)
    assert path.read_text() == f"{first}# mine\n"


def test_a_brand_beside_the_catalogue_is_used_until_the_workspace_has_its_own(tmp_path: Path) -> None:
    source = draw_catalog(tmp_path / "source")
    (source / "brand").mkdir()
    (source / "brand" / "brand.toml").write_text('[words]\nbrand_name = "Beside"\n')
    settings = new_workspace(tmp_path / "work", source).settings
    assert read_brand(settings.brand_folder, settings.open_store()).words.brand_name == "Beside"
    (tmp_path / "work" / "brand").mkdir()
    assert read_brand(settings.brand_folder, settings.open_store()).words.brand_name == "Beside"
    (tmp_path / "work" / "brand" / "brand.toml").write_text('[words]\nbrand_name = "Own"\n')
    assert read_brand(settings.brand_folder, settings.open_store()).words.brand_name == "Own"


def test_run_says_where_things_go_and_one_line_a_product(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--sku", "TEA-1", "BOX-2", "--only-stale", "--json"]) == 0
    told = capsys.readouterr().err.splitlines()
    work = made.settings.workspace
    assert told[:4] == [
        f"workspace: {work}",
        f"settings:  {work / 'reel_pipeline.toml'}",
        f"brand:     {work / 'brand' / 'brand.toml'}",
        f"overrides: {work / 'overrides' / '<SKU>.toml'}",
    ]
    lines = [line for line in told[4:] if line.startswith("[") and not line.endswith(" ...")]
    assert [line.split(",")[0] for line in lines] == ["[1/2] TEA-1: published", "[2/2] BOX-2: published"]
    assert load_settings().workspace == work
