"""The workspace that a command works in."""

import os
import sys
from pathlib import Path

from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import unclaimed
from reel_pipeline.settings import (
    CONFIG_VARIABLE,
    Settings,
    config_file,
    default_workspace,
    load_settings,
    make_workspace,
)


def open_workspace(source: str | None) -> Settings:
    """The settings of the workspace of `source`, or of the one in use, for this process and its children."""
    if source:
        source = source if "://" in source else str(Path(source).resolve())
        os.environ[CONFIG_VARIABLE] = str(make_workspace(default_workspace(source), source))
    config = config_file()
    os.environ[CONFIG_VARIABLE] = str(config)
    settings = load_settings(config)
    print(f"workspace: {settings.workspace}", file=sys.stderr)
    print(f"settings:  {config}", file=sys.stderr)
    print(f"brand:     {settings.brand_folder / 'brand.toml'}", file=sys.stderr)
    print(f"overrides: {settings.workspace / 'overrides' / '<SKU>.toml'}", file=sys.stderr)
    return settings


def open_flow() -> Flow:
    """The records of the workspace in use."""
    settings = load_settings()
    return Flow(settings, settings.open_store())


def warn_of_unclaimed(flow: Flow) -> None:
    """Say on stderr which of the user's files are of no product."""
    for sentence in unclaimed(flow):
        print(f"reel-pipeline: {sentence}", file=sys.stderr)
