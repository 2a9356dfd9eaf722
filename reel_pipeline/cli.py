"""The `reel-pipeline` command: a thin shell over rooms and jobs. Tables for people, one JSON document with `--json`.

Exit codes: 0 done, 1 an item errored (a rejected reel is no error), 2 wrong usage, 130 interrupted. Logs and progress
go to stderr.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reel_pipeline.errors import ReelError, SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, dispatch, and turn every expected error into one sentence on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code: int = options.command(options)
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

    run = _command(commands, "run", run_command, "make, judge and publish reels")
    run.add_argument("--source", metavar="DIR|URL", help="a catalogue; its workspace is kept in your data folder")
    run.add_argument("--collection", metavar="NAME")
    run.add_argument("--sku", nargs="+", action="extend", default=[], metavar="SKU")
    run.add_argument("--only-stale", action="store_true", help="run nothing but what is out of date")
    run.add_argument("--accept-losses", action="store_true", help="products gone from the source are gone: retire them")
    run.add_argument("--force", action="store_true", help="make everything again, whatever is known")

    classify = _command(commands, "classify", classify_command, "say what each photo shows; the files are one gallery")
    classify.add_argument("files", nargs="+", type=Path, metavar="FILE")

    gallery = _command(commands, "gallery", gallery_command, "find the products and pictures in a stored page")
    gallery.add_argument(
        "--response", required=True, type=Path, metavar="FILE", help="HTML or JSON body, may be gzipped"
    )
    gallery.add_argument("--url", required=True, help="where the body came from")

    crawl = _command(commands, "crawl", crawl_command, "list the products and pictures of a shop on the web")
    crawl.add_argument("url", metavar="URL")
    crawl.add_argument("--limit", type=int, metavar="N", help="the first N products")

    cutout = _command(commands, "cutout", cutout_command, "cut the product out of a photo", with_json=False)
    cutout.add_argument("file", type=Path, metavar="FILE")
    cutout.add_argument("--out", required=True, type=Path, metavar="MASK.png")

    animate = _command(commands, "animate", animate_command, "move the camera over one photo", with_json=False)
    animate.add_argument("file", type=Path, metavar="FILE")
    animate.add_argument(
        "--motion", required=True, choices=["push_in", "pull_out", "pan_left", "pan_right", "parallax"]
    )
    animate.add_argument("--duration", required=True, type=float, metavar="S", help="0.5 to 10 seconds")
    animate.add_argument("--out", required=True, type=Path, metavar="CLIP.mp4")

    evaluate = _command(commands, "evaluate", evaluate_command, "judge any video against the product's photos")
    evaluate.add_argument("video", type=Path, metavar="VIDEO")
    evaluate.add_argument("--reference", action="append", type=Path, default=[], metavar="FILE")
    evaluate.add_argument(
        "--artwork", action="append", type=Path, default=[], metavar="FILE", help="flat master artwork of its label"
    )
    evaluate.add_argument("--sku", metavar="SKU", help="compare with this product's gallery as last synced")

    status = _command(commands, "status", status_command, "every product of the last sync and where it stands")
    status.add_argument("--collection", metavar="NAME")
    status.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file too")
    why = _command(commands, "why", why_command, "the chain from photos to verdict", with_json=False)
    why.add_argument("sku", metavar="SKU")

    review = _command(commands, "review", review_command, "decide on reels that wait for a person", with_json=False)
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

    _command(commands, "learn", learn_command, "hold the verdicts against what people said; propose gates")
    export = _command(commands, "export", export_command, "people's decisions as training data", with_json=False)
    export.add_argument("what", choices=["pairs", "labels"], help="TRL preference pairs, or unpaired labels")
    export.add_argument("file", type=Path, metavar="FILE.jsonl")

    demo = _command(commands, "demo", demo_command, "the sample catalogue through a real Dagster", with_json=False)
    demo.add_argument("--once", action="store_true", help="end when the table is printed")

    store = _command(commands, "store", store_command, "look after the store", with_json=False)
    store.add_argument("action", choices=["prune"], help="prune: delete what nothing needs any more")

    _command(commands, "doctor", doctor_command, "say what works here and what is missing", with_json=False)

    bench = _command(commands, "bench", bench_command, "measure, in a checkout of the project", with_json=False)
    bench.add_argument("name", nargs="?", metavar="NAME")
    bench.add_argument("arguments", nargs=argparse.REMAINDER)

    ui = _command(commands, "ui", ui_command, "Dagster's web interface and daemon on a workspace", with_json=False)
    ui.add_argument("--source", metavar="DIR|URL", help="a catalogue; its workspace is that of `run --source`")
    ui.add_argument("--port", type=int, default=3000, help="0 picks a free one")

    serve = _command(commands, "serve", serve_command, "serve what is published, on loopback", with_json=False)
    serve.add_argument("--port", type=int, default=8787, help="0 picks a free one")
    return parser


def _command(
    commands: Any, name: str, function: Callable[[argparse.Namespace], int], words: str, *, with_json: bool = True
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(command=function)
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


# --- the flow ---------------------------------------------------------------------------------------------------


def run_command(options: argparse.Namespace) -> int:
    settings = _open_workspace(options.source)

    from reel_pipeline.definitions import defs
    from reel_pipeline.defs.run import run_catalog

    done = run_catalog(
        defs,
        settings,
        collection=options.collection,
        skus=options.sku,
        only_stale=options.only_stale,
        force=options.force,
        accept_losses=options.accept_losses,
    )
    rows: list[dict[str, Any]] = [
        {
            "sku": product.report.sku,
            "title": product.report.title,
            "state": product.report.state.value,
            "public": product.report.public.value,
            "verdict": product.report.verdict,
            "reasons": product.report.reasons,
            "reel": product.report.reel,
            "shots": product.report.shots,
            "computed": product.computed,
            "reused": product.reused,
            "seconds": product.seconds,
        }
        for product in done.products
    ]
    errors = [{"sku": error.item, "error": error.error} for error in done.errors]
    _warn_of_unclaimed(_flow())
    if options.json:
        withdrawn = [{"sku": partition, "reason": why} for partition, why in done.withdrawn.items()]
        _print_json({"products": [*rows, *errors], "withdrawn": withdrawn})
    else:
        for partition, why in done.withdrawn.items():
            print(f"{partition}: withdrawn. {why}")
        print_table(
            rows, ("sku", "title", "state", "public", "verdict", "shots", "computed", "reused", "seconds", "reasons")
        )
        for row in rows:
            if row["reel"]:
                print(f"{row['sku']}: {row['reel']}")
        _summary(rows, errors)
    failed = errors or [row for row in rows if row["state"] == "failed"]
    return 1 if failed else 0


def _open_workspace(source: str | None) -> Any:
    """The settings of the workspace of `source`, or of the one in use, for this process and its children."""
    from reel_pipeline.settings import CONFIG_VARIABLE, config_file, default_workspace, load_settings, make_workspace

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


def _summary(rows: Sequence[dict[str, Any]], errors: Sequence[dict[str, str]]) -> None:
    for error in errors:
        print(f"{error['sku']}: {error['error']}")
    made = sum(row["computed"] for row in rows)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    print("; ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no product")
    print("Nothing had to be made: everything was reused." if rows and not made else f"{made} asset(s) made.")


def status_command(options: argparse.Namespace) -> int:
    import csv

    from tqdm import tqdm

    from reel_pipeline.rules.report import known_partitions, report, unlisted

    flow = _flow()
    partitions = known_partitions(flow, options.collection)
    _warn_of_unclaimed(flow)
    rows: list[dict[str, Any]] = [
        {
            "sku": product.sku,
            "title": product.title,
            "state": product.state.value,
            "public": product.public.value,
            "verdict": product.verdict,
            "reasons": product.reasons,
            "action": product.action,
            "reel": product.reel,
        }
        for product in (report(flow, partition) for partition in tqdm(partitions, unit="product", disable=None))
    ]
    rows += [
        {"sku": item.item, "state": "failed", "reasons": [item.error], "action": "correct it in the source"}
        for item in unlisted(flow)
    ]
    columns = ("sku", "title", "state", "public", "verdict", "reasons", "action", "reel")
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([as_cell(row.get(column)) for column in columns] for row in rows)
    if options.json:
        _print_json({"products": rows})
    else:
        print_table(rows, columns[:-1])
    return 0


def why_command(options: argparse.Namespace) -> int:
    from reel_pipeline.rules.report import chain, partition_of

    flow = _flow()
    print("\n".join(chain(flow, partition_of(flow, options.sku))))
    return 0


def review_command(options: argparse.Namespace) -> int:
    from reel_pipeline.defs.reviews import decide, import_rejections, parse_fault, spot_check
    from reel_pipeline.defs.run import open_instance
    from reel_pipeline.rules.cases import due_spot_checks
    from reel_pipeline.rules.report import State, known_partitions, partition_of, report

    flow = _flow()
    if options.action == "list":
        reports = [report(flow, partition) for partition in known_partitions(flow)]
        waiting = [r for r in reports if r.state is State.WAITING]
        rows = [{"sku": r.sku, "title": r.title, "why": r.reasons, "reel": r.reel} for r in waiting]
        rows += [
            {"sku": shown.sku, "why": "spot check: decide with --blind", "reel": flow.store.path(shown.video)}
            for _, shown in due_spot_checks(flow)
        ]
        print_table(rows, ("sku", "title", "why", "reel"))
        return 0
    if options.action == "import" and options.sku:
        failed = import_rejections(flow, open_instance(flow.settings), Path(options.sku))
        for error in failed:
            print(f"{error.item}: {error.error}")
        return 1 if failed else 0
    if not options.sku or not options.reason:
        raise SettingsError(f"`review {options.action}` needs a SKU and --reason TEXT.")
    approved = options.action == "approve"
    if approved and (options.shot or options.platform or options.fault):
        raise SettingsError("--shot, --platform and --fault say what is wrong; they belong to `review reject`.")
    faults = [parse_fault(text, options.shot) for text in options.fault]
    if options.blind:
        partition, instance = partition_of(flow, options.sku), open_instance(flow.settings)
        seen = spot_check(flow, instance, partition, approved, options.reason, shots=options.shot, faults=faults)
        print(f"{options.sku}: noted for reel {seen[:12]}. `reel-pipeline learn` reads it.")
        return 0
    partition = partition_of(flow, options.sku)
    decided = decide(
        flow,
        open_instance(flow.settings),
        partition,
        approved,
        options.reason,
        shots=options.shot,
        platform=options.platform,
        faults=faults,
    )
    if approved:
        follows = _publish(flow, partition)
    else:
        budget = flow.finding("retry_budget", partition)
        follows = budget.sentence if budget else ""
    score = flow.record("evaluation_score", partition)
    for judged in score.editions.values() if approved and score else ():
        if judged.verdict == "reject" and judged.video_sha256 == decided:
            kinds = ", ".join(sorted({fault.kind for fault in judged.faults}))
            print(f"The judge rejected this very reel ({kinds}); your approval overrules it.", file=sys.stderr)
    print(f"{options.sku}: {'approved' if approved else 'rejected'} for reel {decided[:12]}. {follows}".rstrip())
    return 0


def _publish(flow: Any, partition: str) -> str:
    """Publish what was just approved; returns where it is, or why not."""
    from reel_pipeline.definitions import defs
    from reel_pipeline.defs.reviews import publish_released
    from reel_pipeline.defs.run import open_instance
    from reel_pipeline.rules.report import Public, report

    publish_released(defs.resolve_job_def("publish"), flow, open_instance(flow.settings), partition)
    product = report(flow, partition)
    if product.public is Public.CURRENT:
        return f"Published: {product.reel}"
    return f"Not published yet: {' '.join(product.reasons)}"


def learn_command(options: argparse.Namespace) -> int:
    from reel_pipeline.definitions import defs
    from reel_pipeline.defs.learn import run_learn
    from reel_pipeline.settings import load_settings

    learned = run_learn(defs, load_settings())
    if options.json:
        _print_json(learned)
        return 0
    print(f"{learned['reels']} judged reel(s), {learned['decided']} decided by a person")
    print_table(
        [kind for kind in learned["kinds"] if kind["labels"]],
        ("kind", "labels", "objections", "gate", "proposed_gate", "ece_before", "ece_after", "sentence"),
    )
    print_table(learned["acceptance"], ("by", "value", "decided", "accepted", "lowest", "highest"))
    print("\n".join(learned["claims"]))
    if learned["prefer"]:
        print(f"What people accept more often goes first with, in reel_pipeline.toml: prefer = {learned['prefer']}")
    print(f'To adopt this version, write into reel_pipeline.toml: calibration = "{learned["candidate"]}"')
    return 0


def export_command(options: argparse.Namespace) -> int:
    from reel_pipeline.learning.exports import EXPORTS, write
    from reel_pipeline.learning.table import build
    from reel_pipeline.rules.cases import cases

    flow = _flow()
    written, left_out = write(EXPORTS[options.what](build(cases(flow))), flow.store, options.file)
    gone = f"; {left_out} left out, as the clips are no longer in the store" if left_out else ""
    print(f"{options.file}: {written} {options.what}{gone}")
    return 0


def demo_command(options: argparse.Namespace) -> int:
    from reel_pipeline.definitions import defs
    from reel_pipeline.defs.demo import run_demo

    def show(rows: list[dict[str, Any]]) -> None:
        print_table(rows, ("sku", "title", "shots", "verdict", "why", "watch"))

    try:
        run_demo(defs, once=options.once, show=show)
    except KeyboardInterrupt:
        return 130
    return 0


def ui_command(options: argparse.Namespace) -> int:
    settings = _open_workspace(options.source)
    from reel_pipeline.defs.ui import run_ui

    try:
        run_ui(settings, options.port)
    except KeyboardInterrupt:
        print("The UI has ended.", file=sys.stderr)
    return 0


def serve_command(options: argparse.Namespace) -> int:
    from reel_pipeline.origin.server import run
    from reel_pipeline.settings import load_settings

    settings = load_settings()
    published = None if "://" in settings.publish_location else Path(settings.publish_location)
    run(published, options.port, preview=settings.open_store().path)
    return 0


def store_command(options: argparse.Namespace) -> int:
    from reel_pipeline.prune import prune

    blobs, calls = prune(_flow().store)
    print(f"Deleted {blobs} file(s) and {calls} remembered call(s) that nothing needs.")
    return 0


def doctor_command(options: argparse.Namespace) -> int:
    from reel_pipeline.tools import diagnose

    rows = diagnose()
    print_table(rows, ("part", "works", "remedy"))
    with contextlib.suppress(SettingsError):  # it also works where there is no workspace
        _warn_of_unclaimed(_flow())
    return 0 if all(row["works"] == "yes" for row in rows) else 1


def bench_command(options: argparse.Namespace) -> int:
    import runpy
    from importlib.util import find_spec

    sys.path.insert(0, str(Path.cwd()))
    folder = find_spec("reel_pipeline_tests.bench") if find_spec("reel_pipeline_tests") else None
    places = list(folder.submodule_search_locations or ()) if folder else []
    names = sorted(path.stem for place in places for path in Path(place).glob("[a-z]*.py"))
    if options.name not in names:
        raise SettingsError(f"In a checkout of the project, name one of: {', '.join(names) or 'none here'}.")
    sys.argv = [f"bench {options.name}", *options.arguments]
    runpy.run_module(f"reel_pipeline_tests.bench.{options.name}", run_name="__main__")
    return 0


def _warn_of_unclaimed(flow: Any) -> None:
    from reel_pipeline.rules.report import unclaimed

    for sentence in unclaimed(flow):
        print(f"reel-pipeline: {sentence}", file=sys.stderr)


def _flow() -> Any:
    from reel_pipeline.rules.flow import Flow
    from reel_pipeline.settings import load_settings

    settings = load_settings()
    return Flow(settings, settings.open_store())


# --- single files -----------------------------------------------------------------------------------------------


def classify_command(options: argparse.Namespace) -> int:
    from reel_pipeline.tools import classify_files

    rows = classify_files(options.files)
    if options.json:
        _print_json(rows)
    else:
        print_table(rows, ("file", "view_class", "unsure", "confidence", "has_face", "label_text", "error"))
    return 1 if any("error" in row for row in rows) else 0


def gallery_command(options: argparse.Namespace) -> int:
    from reel_pipeline.catalog.pages.storefront import products_in

    try:
        body = options.response.read_bytes()
    except OSError as error:
        raise SettingsError(f"{options.response} can't be read: {error.strerror}.") from error
    rows: list[dict[str, Any]] = [
        {
            "sku": product.sku,
            "title": product.title,
            "images": [
                {"url": image.url, "position": position, "source": image.source}
                for position, image in enumerate(product.images, start=1)
            ],
        }
        for product in products_in(body, options.url)
    ]
    if options.json:
        _print_json({"products": rows})
    else:
        _print_galleries(rows)
    return 0


def _print_galleries(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        print(f"{row['sku']}  {row.get('title') or row.get('error')}")
        for image in row.get("images", ()):
            print(f"  {image['position']:>3}  {image['url']}  ({image['source']})")


def crawl_command(options: argparse.Namespace) -> int:
    from reel_pipeline.catalog.shop import crawl
    from reel_pipeline.settings import default_workspace, load_settings, make_workspace

    if options.limit is not None and options.limit < 1:
        raise SettingsError(f"--limit is {options.limit}; it must be at least 1.")
    settings = load_settings(make_workspace(default_workspace(options.url), options.url))
    rows = crawl(options.url, options.limit, settings.open_store(), settings.allow_private_hosts)["products"]
    if options.json:
        _print_json({"products": rows})
    else:
        _print_galleries(rows)
    return 1 if any("error" in row for row in rows) else 0


def cutout_command(options: argparse.Namespace) -> int:
    from reel_pipeline.tools import cut_out_file

    confidence = cut_out_file(options.file, options.out)
    print(f"{options.out}: confidence {confidence:.2f}")
    return 0


def animate_command(options: argparse.Namespace) -> int:
    from reel_pipeline.tools import animate_file

    instead = animate_file(options.file, options.motion, options.duration, options.out)
    if instead:
        print(f"reel-pipeline: {instead}", file=sys.stderr)
    print(options.out)
    return 0


def evaluate_command(options: argparse.Namespace) -> int:
    from reel_pipeline.tools import evaluate_file

    references: list[Path] = options.reference
    artworks: list[Path] = options.artwork
    gates = None
    if options.sku:
        from reel_pipeline.rules.cases import adopted_gates
        from reel_pipeline.rules.report import own_photos, partition_of

        flow = _flow()
        gates = adopted_gates(flow)
        partition = partition_of(flow, options.sku)
        references = [*references, *own_photos(flow, partition)]
        artworks = [*artworks, *flow.settings.artworks(partition)]
    if not references:
        raise SettingsError("Name at least one photo with --reference, or a product with --sku.")
    opinion = evaluate_file(options.video, references, gates, artworks)
    if options.json:
        _print_json(opinion)
    else:
        print(opinion["verdict"])
        print_table(opinion["faults"], ("kind", "score", "threshold", "time_s", "region_px_xywh"))
    return 0


# --- output -----------------------------------------------------------------------------------------------------


def _print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as their content, in the order given; empty ones are left out, longer cells go on below."""
    import textwrap
    from itertools import zip_longest

    cells = [[as_cell(row.get(column)) for column in columns] for row in rows]
    used = [index for index in range(len(columns)) if any(row[index] for row in cells)]
    widths = {index: min(60, max(len(columns[index]), *(len(row[index]) for row in cells))) for index in used}
    if not used:
        print("none")
        return
    print("  ".join(columns[index].upper().ljust(widths[index]) for index in used).rstrip())
    for row in cells:
        lines = [textwrap.wrap(row[index], widths[index]) for index in used[:-1]] + [[row[used[-1]]]]
        for parts in zip_longest(*lines, fillvalue=""):
            print("  ".join(part.ljust(widths[index]) for part, index in zip(parts, used, strict=True)).rstrip())


def as_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return " / ".join(str(item) for item in value)
    return " ".join(str(value).split())


if __name__ == "__main__":
    sys.exit(main())
