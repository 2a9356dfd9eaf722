"""`reel-pipeline serve`, `store`, `doctor` and `bench`: what keeps a workspace and a machine in order."""

import argparse
import contextlib
import runpy
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from reel_pipeline.commands.output import print_table
from reel_pipeline.commands.workspace import open_flow, warn_of_unclaimed
from reel_pipeline.engines import ENGINES, ROOMS, Engines
from reel_pipeline.errors import EngineUnavailable, ReelError, SettingsError
from reel_pipeline.origin.server import run as run_origin
from reel_pipeline.prune import prune
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import Settings, config_file, load_settings


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
    config = None
    with contextlib.suppress(SettingsError):  # it also works where there is no workspace
        config = config_file()
    settings = load_settings(config) if config else None
    if settings:
        warn_of_unclaimed(Flow(settings, settings.open_store()))
    rows = diagnose(settings)
    print_table(rows, ("part", "engine", "rungs", "in_use", "needs", "works", "remedy"))
    return 0 if all(row["works"] == "yes" for row in rows if row["in_use"] == "yes") else 1


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


def diagnose(settings: Settings | None) -> list[dict[str, str]]:
    """One row an engine and one for every other part: whether it is in use and for which rungs, works here, and the
    remedy if not."""
    chosen = settings.engines if settings else Engines()

    def label_text() -> None:
        from reel_pipeline.media.text import read_text

        read_text(np.full((64, 64, 3), 255, np.uint8))

    def h264() -> None:
        import av

        av.Codec("libx264", "w")

    def engine(room: str, name: str) -> None:
        if missing := "; ".join(filter(None, (need.missing() for need in ENGINES[room, name].needs))):
            raise EngineUnavailable(missing)
        if _in_use(room, name, settings):
            chosen.open(
                room,
                next(iter(chosen.rungs_of(room, name)), None),
                recordings=Path(),
                url=settings.second_opinion_url if settings else "",
                model=settings.second_opinion_model if settings else "",
            )

    rows = [_tried({"part": "label text"}, label_text), _tried({"part": "H.264"}, h264)]
    for (room, name), row in ENGINES.items():
        about = {
            "part": ROOMS[room],
            "engine": name,
            "rungs": ", ".join(chosen.rungs_of(room, name)),
            "in_use": "yes" if _in_use(room, name, settings) else "no",
            "needs": ", ".join(f"{need.kind} {need.name}" for need in row.needs) or "nothing",
        }
        rows.append(_tried(about, partial(engine, room, name)))
    return rows


def _in_use(room: str, name: str, settings: Settings | None) -> bool:
    chosen = settings.engines if settings else Engines()
    is_chosen = bool(chosen.rungs_of(room, name)) if ENGINES[room, name].rungs else chosen.chosen(room) == name
    is_asked = room != "second_opinion" or bool(settings and settings.asks_a_second_opinion)
    return is_chosen and is_asked


def _tried(about: dict[str, str], attempt: Callable[[], None]) -> dict[str, str]:
    try:
        attempt()
    except (ReelError, ImportError, OSError, ValueError) as error:
        return {
            "in_use": "yes",
            **about,
            "works": "no",
            "remedy": str(error) or "install the package again: make setup",
        }
    return {"in_use": "yes", **about, "works": "yes"}
