"""`reel-pipeline learn` and `export`: the verdicts held against what people said, and their decisions as data."""

import argparse
from dataclasses import asdict
from typing import Any

from reel_pipeline.commands.output import print_json, print_table
from reel_pipeline.commands.workspace import open_flow
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import open_instance, run_job
from reel_pipeline.errors import ReelError
from reel_pipeline.learning import Calibration, JudgementTable
from reel_pipeline.learning.exports import EXPORTS, write
from reel_pipeline.learning.judgements import build, from_parquet
from reel_pipeline.learning.preferences import acceptance, preferred
from reel_pipeline.rules.cases import cases
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import Settings, load_settings
from reel_pipeline.store import UNPARTITIONED


def learn(options: argparse.Namespace) -> int:
    learned = run_learn(load_settings())
    if options.json:
        print_json(learned)
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


def export(options: argparse.Namespace) -> int:
    flow = open_flow()
    written, left_out = write(EXPORTS[options.what](build(cases(flow))), flow.store, options.file)
    gone = f"; {left_out} left out, as the clips are no longer in the store" if left_out else ""
    print(f"{options.file}: {written} {options.what}{gone}")
    return 0


def run_learn(settings: Settings) -> dict[str, Any]:
    """Make the table and a candidate version; returns it in plain values, and what people accept."""
    flow = Flow(settings, settings.open_store())
    done = run_job(defs.resolve_job_def("learn"), open_instance(settings))
    if not done.succeeded:
        raise ReelError(done.error or "The job `learn` failed; its run in the Dagster UI says why.")
    table: JudgementTable = flow.record("judgement_table", UNPARTITIONED)
    candidate: Calibration = flow.record("evaluator_calibration", UNPARTITIONED)
    accepted = list(acceptance(from_parquet(flow.store.read(table.parquet))))
    return {
        "candidate": candidate.digest(),
        "adopted": settings.calibration or None,
        "reels": table.reels,
        "decided": table.decided,
        "kinds": [kind.model_dump(exclude={"curve", "reliability"}) for kind in candidate.kinds],
        "claims": [bound.sentence for bound in candidate.bounds],
        "acceptance": [asdict(found) for found in accepted],
        "prefer": preferred(accepted),
    }
