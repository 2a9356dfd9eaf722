"""The demo, with everything real where that is slow: webserver, daemon, queue, origin (`make test-servers`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reel_pipeline.commands.demo import backfill
from reel_pipeline.errors import ReelError
from reel_pipeline.settings import CONFIG_VARIABLE
from reel_pipeline_tests.conftest import new_workspace, use
from reel_pipeline_tests.drawing import draw_catalog


def test_a_catalogue_that_can_not_be_read_ends_the_demo_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = new_workspace(tmp_path / "work", tmp_path / "nowhere")
    use(workspace, monkeypatch)
    with pytest.raises(ReelError, match="nowhere"):
        backfill(workspace.settings)


@pytest.mark.servers
def test_the_demo_publishes_what_is_good_and_says_what_is_wrong_with_the_rest(tmp_path: Path) -> None:
    draw_catalog(tmp_path / "source")
    places = 'store = "store/records"\npublish_to = "store/published"\n'
    workspace = new_workspace(tmp_path / "work", tmp_path / "source", places).settings.workspace
    env = {**os.environ, CONFIG_VARIABLE: str(workspace / "reel_pipeline.toml")}
    command = [sys.executable, "-m", "reel_pipeline.cli", "demo", "--once"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900, check=True)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line[:4] in ("TEA-", "BOX-", "BAD-")}
    assert rows.keys() == {"TEA-1", "BOX-2", "BAD-3"}
    assert "accept" in rows["TEA-1"]
    assert Path(rows["TEA-1"].split()[-1]).read_bytes()[4:8] == b"ftyp"  # a file: the origin has ended too
    assert "http://" not in done.stdout
    assert "accept" in rows["BOX-2"]
    assert "failed" in rows["BAD-3"]
    assert "upload another" in rows["BAD-3"]
    assert len(list((workspace / "store" / "published").rglob("reel.mp4"))) == 2
