"""The `reel-pipeline` command: its arguments and exit codes. What each command does is in `commands/`.

Exit codes: 0 done, 1 an item errored (a rejected reel is no error), 2 wrong usage, 130 interrupted. Logs and progress
go to stderr.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from reel_pipeline.errors import ReelError, SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, dispatch, and turn every expected error into one sentence on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        command = getattr(import_module(f"reel_pipeline.commands.{options.module}"), options.command)
        code: int = command(options)
    except KeyboardInterrupt:
        print("reel-pipeline: interrupted; what was made is kept, run it again to go on.", file=sys.stderr)
        return 130
    except SettingsError as error:
        print(f"reel-pipeline: {error}", file=sys.stderr)
        return 2
    except ReelError as error:
        print(f"reel-pipeline: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reel-pipeline", description="Product reels that show only what the photos show."
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", "run", "make, judge and publish reels")
    run.add_argument("--source", metavar="DIR|URL", help="a catalogue; its workspace is kept in your data folder")
    run.add_argument("--collection", metavar="NAME")
    run.add_argument("--sku", nargs="+", action="extend", default=[], metavar="SKU")
    run.add_argument("--only-stale", action="store_true", help="run nothing but what is out of date")
    run.add_argument("--accept-losses", action="store_true", help="products gone from the source are gone: retire them")
    run.add_argument("--force", action="store_true", help="make everything again, whatever is known")

    classify = _command(commands, "classify", "files", "say what each photo shows; the files are one gallery")
    classify.add_argument("files", nargs="+", type=Path, metavar="FILE")

    gallery = _command(commands, "gallery", "shop", "find the products and pictures in a stored page")
    gallery.add_argument(
        "--response", required=True, type=Path, metavar="FILE", help="HTML or JSON body, may be gzipped"
    )
    gallery.add_argument("--url", required=True, help="where the body came from")

    crawl = _command(commands, "crawl", "shop", "list the products and pictures of a shop on the web")
    crawl.add_argument("url", metavar="URL")
    crawl.add_argument("--limit", type=int, metavar="N", help="the first N products")

    cutout = _command(commands, "cutout", "files", "cut the product out of a photo", with_json=False)
    cutout.add_argument("file", type=Path, metavar="FILE")
    cutout.add_argument("--out", required=True, type=Path, metavar="MASK.png")

    animate = _command(commands, "animate", "files", "move the camera over one photo", with_json=False)
    animate.add_argument("file", type=Path, metavar="FILE")
    animate.add_argument(
        "--motion", required=True, choices=["push_in", "pull_out", "pan_left", "pan_right", "parallax"]
    )
    animate.add_argument("--duration", required=True, type=float, metavar="S", help="0.5 to 10 seconds")
    animate.add_argument("--out", required=True, type=Path, metavar="CLIP.mp4")

    evaluate = _command(commands, "evaluate", "files", "judge any video against the product's photos")
    evaluate.add_argument("video", type=Path, metavar="VIDEO")
    evaluate.add_argument("--reference", action="append", type=Path, default=[], metavar="FILE")
    evaluate.add_argument(
        "--artwork", action="append", type=Path, default=[], metavar="FILE", help="flat master artwork of its label"
    )
    evaluate.add_argument("--sku", metavar="SKU", help="compare with this product's gallery as last synced")

    status = _command(commands, "status", "status", "every product of the last sync and where it stands")
    status.add_argument("--collection", metavar="NAME")
    status.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file too")
    why = _command(commands, "why", "status", "the chain from photos to verdict", with_json=False)
    why.add_argument("sku", metavar="SKU")

    review = _command(commands, "review", "review", "decide on reels that wait for a person", with_json=False)
    review.add_argument("action", choices=["list", "approve", "reject", "import"])
    review.add_argument("sku", nargs="?", metavar="SKU", help="for import: a CSV file of sku,platform,reason,shots")
    review.add_argument("--reason", default="", metavar="TEXT")
    review.add_argument("--shot", type=int, action="append", default=[], help="reject: make this shot again")
    review.add_argument("--platform", default="", metavar="NAME", help="reject: it was this platform that said no")
    review.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[:SEVERITY][@X,Y,W,H]",
        help="reject: what you object to, and where; severity is minor, major or critical",
    )
    review.add_argument("--blind", action="store_true", help="this is the spot check that is due; it releases nothing")

    _command(commands, "learn", "learn", "hold the verdicts against what people said; propose gates")
    export = _command(commands, "export", "learn", "people's decisions as training data", with_json=False)
    export.add_argument("what", choices=["pairs", "labels"], help="TRL preference pairs, or unpaired labels")
    export.add_argument("file", type=Path, metavar="FILE.jsonl")

    demo = _command(commands, "demo", "demo", "the sample catalogue through a real Dagster", with_json=False)
    demo.add_argument("--once", action="store_true", help="end when the table is printed")

    store = _command(commands, "store", "upkeep", "look after the store", with_json=False)
    store.add_argument("action", choices=["prune"], help="prune: delete what nothing needs any more")

    _command(commands, "doctor", "upkeep", "say what works here and what is missing", with_json=False)

    bench = _command(commands, "bench", "upkeep", "measure, in a checkout of the project", with_json=False)
    bench.add_argument("name", nargs="?", metavar="NAME")
    bench.add_argument("arguments", nargs=argparse.REMAINDER)

    ui = _command(commands, "ui", "ui", "Dagster's web interface and daemon on a workspace", with_json=False)
    ui.add_argument("--source", metavar="DIR|URL", help="a catalogue; its workspace is that of `run --source`")
    ui.add_argument("--port", type=int, default=3000, help="0 picks a free one")

    serve = _command(commands, "serve", "upkeep", "serve what is published, on loopback", with_json=False)
    serve.add_argument("--port", type=int, default=8787, help="0 picks a free one")
    return parser


def _command(commands: Any, name: str, module: str, words: str, *, with_json: bool = True) -> argparse.ArgumentParser:
    """`module` of `commands/` holds the function `name`; it is imported only when it is called for."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(module=module, command=name)
    if with_json:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(version("reel_pipeline"))
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
