"""Twenty products through webserver, queue and daemon, with reels rejected by judge, person and platform meanwhile.

`python -m reel_pipeline_tests.bench.retakes` runs it and writes `retakes.md` beside this file. Only the judge follows a
script (`scripted.py`).
"""

import re
import tempfile
import time
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from reel_pipeline.records import MAIN_EDITION, Blob, Judgement
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import VERDICTS
from reel_pipeline.rules.report import State, report
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline.store import partition_path
from reel_pipeline.voice.record import packets_sha256
from reel_pipeline_tests.bench.scripted import FAULTED_SHOT, SCRIPT
from reel_pipeline_tests.deployment import PROJECT, Deployment, deployed
from reel_pipeline_tests.drawing import draw_products

TABLE = Path(__file__).with_name("retakes.md")
HEADER = ("SKU", "verdicts", "rejected by", "attempts", "retake runs", "voices in its reels", "state")
CODE = "reel_pipeline_tests.bench.scripted_definitions"
PATIENCE_S = 7200


@dataclass(frozen=True)
class Row:
    """`voices`: distinct sequences of audio packets in all its reels; 1: the approved voice never changed."""

    sku: str
    verdicts: str
    rejected_by: str
    attempts: int
    retake_runs: int
    voices: int
    state: str


def through_the_daemon(folder: Path, patch: pytest.MonkeyPatch) -> list[Row]:
    """Make everything, say no to what is published while other runs are queued, wait for the end of all retakes."""
    source = draw_products(folder / "source", list(SCRIPT), photos=2)
    for picture in (source / "images").iterdir():  # one product's photos for all: what they show is looked at once
        picture.write_bytes((source / "images" / f"0-{picture.stem[-1]}.jpg").read_bytes())
    patch.setenv("PYTHONPATH", str(PROJECT))
    with deployed("laptop", folder / "work", source, None, CODE) as deployment:
        assert deployment.wait_for_run(deployment.launch("sync_catalog")) == "SUCCESS"
        deployment.backfill(SKU_ASSETS, list(SCRIPT))
        flow = deployment.flow(patch)
        say_no_to_what_is_published(deployment, flow, folder / "rejected.csv")
        deployment.wait_until_idle(PATIENCE_S)
        return rows(deployment, flow)


def say_no_to_what_is_published(deployment: Deployment, flow: Flow, csv: Path) -> None:
    """A person says it in the UI's launchpad, a platform's list comes by the command line."""
    deadline = time.monotonic() + PATIENCE_S
    rejected_later = {sku for sku in SCRIPT if sku.startswith(("PERSON", "PLATFORM", "BOTH"))}
    while rejected_later:
        assert time.monotonic() < deadline, rejected_later
        time.sleep(2)
        public = {sku for sku in rejected_later if report(flow, sku).state is State.PUBLISHED}
        rejected_later -= public
        for sku in sorted(public):
            if sku.startswith("PERSON"):
                decision = {"sku": sku, "approve": False, "reason": "The lid is cut off.", "shots": [FAULTED_SHOT]}
                deployment.launch("review", {"ops": {"enter_review": {"config": decision}}})
            else:
                csv.write_text(f"sku,platform,reason,shots\n{sku},Meta,Text is cut off,{FAULTED_SHOT}\n")
                importing = deployment.command("review", "import", str(csv))
                said = importing.communicate()
                assert importing.returncode == 0, said


def rows(deployment: Deployment, flow: Flow) -> list[Row]:
    retakes = Counter(run["tags"].get("dagster/partition") for run in deployment.runs() if run["jobName"] == "retake")
    judged = [place.split("/") for place, _ in flow.store.load_notes(VERDICTS, Judgement)]
    found = []
    for sku in SCRIPT:
        attempts = flow.attempts(sku)
        last = flow.record("evaluation_score", sku).editions[MAIN_EDITION].verdict
        reels = [Blob(sha256=sha, size_bytes=0, suffix=".mp4") for path, sha in judged if path == partition_path(sku)]
        found.append(
            Row(
                sku,
                ", ".join([*(made.verdicts[MAIN_EDITION] for made in attempts.history), last]),
                ", ".join(re.sub(r"person:.*", "a person", why) for made in attempts.history for why in made.faults),
                len(reels),
                retakes[sku],
                len({packets_sha256(flow.store.path(reel)) for reel in reels}),
                report(flow, sku).state.value,
            )
        )
    return found


def as_table(found: list[Row]) -> str:
    lines = [HEADER, ["---"] * len(HEADER), *map(astuple, found)]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        TABLE.write_text(as_table(through_the_daemon(Path(folder), patch)))


if __name__ == "__main__":
    main()
