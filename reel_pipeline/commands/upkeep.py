"""`reel-pipeline serve`, `store`, `doctor` and `bench`: what keeps a workspace and a machine in order."""

import argparse
import contextlib
import runpy
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from reel_pipeline.commands.output import print_table
from reel_pipeline.commands.workspace import open_flow, warn_of_unclaimed
from reel_pipeline.errors import ReelError, SettingsError
from reel_pipeline.origin.server import run as run_origin
from reel_pipeline.prune import prune
from reel_pipeline.settings import EngineNames, load_settings

DEFAULTS = EngineNames()


def serve(options: argparse.Namespace) -> int:
    settings = load_settings()
    published = None if "://" in settings.publish_location else Path(settings.publish_location)
    run_origin(published, options.port, preview=settings.open_store().path)
    return 0


def store(options: argparse.Namespace) -> int:
    blobs, calls = prune(open_flow().store)
    print(f"Deleted {blobs} file(s) and {calls} remembered call(s) that nothing needs.")
    return 0


def doctor(options: argparse.Namespace) -> int:
    rows = diagnose()
    print_table(rows, ("part", "works", "remedy"))
    with contextlib.suppress(SettingsError):  # it also works where there is no workspace
        warn_of_unclaimed(open_flow())
    return 0 if all(row["works"] == "yes" for row in rows) else 1


def bench(options: argparse.Namespace) -> int:
    sys.path.insert(0, str(Path.cwd()))
    folder = find_spec("reel_pipeline_tests.bench") if find_spec("reel_pipeline_tests") else None
    places = list(folder.submodule_search_locations or ()) if folder else []
    names = sorted(path.stem for place in places for path in Path(place).glob("[a-z]*.py"))
    if options.name not in names:
        raise SettingsError(f"In a checkout of the project, name one of: {', '.join(names) or 'none here'}.")
    sys.argv = [f"bench {options.name}", *options.arguments]
    runpy.run_module(f"reel_pipeline_tests.bench.{options.name}", run_name="__main__")
    return 0


def diagnose() -> list[dict[str, str]]:
    """One row a part that the embedded engines need: whether it works here, and the remedy where it does not."""
    from reel_pipeline.clips.engines import open_engine as open_clip_engine
    from reel_pipeline.evaluation.engines import open_engine as open_judge
    from reel_pipeline.frames.engines import open_classifier, open_cutout_engine
    from reel_pipeline.media.text import read_text
    from reel_pipeline.shots.engines import open_engine as open_planner
    from reel_pipeline.stills.engines import open_engine as open_still_engine
    from reel_pipeline.voice.engines import open_engine as open_voice

    def x264() -> None:
        import av

        av.Codec("libx264", "w")

    parts: dict[str, Callable[[], object]] = {
        "photo classes": lambda: open_classifier(DEFAULTS.classifier),
        "cutout": lambda: open_cutout_engine(DEFAULTS.cutout),
        "label text": lambda: read_text(np.full((64, 64, 3), 255, np.uint8)),
        "planner": lambda: open_planner(DEFAULTS.planner),
        "voice": lambda: open_voice(DEFAULTS.voice),
        "stills": lambda: open_still_engine(DEFAULTS.stills),
        "clips": lambda: open_clip_engine(DEFAULTS.clips),
        "H.264": x264,
        "judge": lambda: open_judge(DEFAULTS.judge),
    }
    rows = []
    for part, attempt in parts.items():
        try:
            attempt()
        except (ReelError, ImportError, OSError, ValueError) as error:
            rows.append({"part": part, "works": "no", "remedy": str(error) or "install the package again: make setup"})
        else:
            rows.append({"part": part, "works": "yes", "remedy": ""})
    return rows
