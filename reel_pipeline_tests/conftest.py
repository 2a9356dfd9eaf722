"""What many tests share: a made workspace, and the rule that an unexpected logged error fails a test."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reel_pipeline.settings import CONFIG_VARIABLE, Settings, load_settings
from reel_pipeline_tests.drawing import draw_catalog
from reel_pipeline_tests.servers import postgres, radosgw  # noqa: F401

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
CHROMIUM = Path(shutil.which("chromium") or "/usr/bin/chromium")
REQUIRED = {name for name in os.environ.get("REEL_REQUIRE", "").split(",") if name}


def need(part: str, present: bool, why: str) -> None:
    """Skip with a reason where a part is absent, or fail where REEL_REQUIRE names it."""
    if present:
        return
    if part in REQUIRED:
        pytest.fail(f"REEL_REQUIRE names {part}: {why}")
    pytest.skip(why)


@dataclass(frozen=True)
class Workspace:
    settings: Settings
    source: Path

    def reload(self) -> Settings:
        return load_settings(self.settings.workspace / "reel_pipeline.toml")


def new_workspace(folder: Path, source: Path, extra: str = "") -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "reel_pipeline.toml"
    config.write_text(f'source = "{source}"\n{extra}', encoding="utf-8")
    return Workspace(load_settings(config), source)


@pytest.fixture(scope="session")
def made_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `source` and `work`, in which all drawn products were run once, as a user would."""
    from reel_pipeline.commands.run import run_catalog

    root = tmp_path_factory.mktemp("made")
    draw_catalog(root / "source")
    workspace = new_workspace(root / "work", root / "source")
    with pytest.MonkeyPatch.context() as patch:
        use(workspace, patch)
        run_catalog(workspace.settings)
    return root


@pytest.fixture
def made(made_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of the made workspace that the test may change."""
    shutil.copytree(made_template / "source", tmp_path / "source")
    shutil.copytree(made_template / "work", tmp_path / "work")
    workspace = new_workspace(tmp_path / "work", tmp_path / "source")
    use(workspace, monkeypatch)
    return workspace


def use(workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    """Point REEL_PIPELINE_CONFIG and DAGSTER_HOME at a workspace."""
    patch.setenv(CONFIG_VARIABLE, str(workspace.settings.workspace / "reel_pipeline.toml"))
    patch.setenv("DAGSTER_HOME", str(workspace.settings.workspace / "dagster_home"))


@pytest.fixture(autouse=True)
def logged_errors(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[str], None]]:
    """A logged error fails the test unless it called this fixture with a part of the message that it expects."""
    expected: list[str] = []
    yield expected.append
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    unexpected = [message for message in errors if not any(part in message for part in expected)]
    assert not unexpected, f"logged errors: {unexpected[:3]}"
