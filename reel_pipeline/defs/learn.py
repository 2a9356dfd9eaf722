"""`reel-pipeline learn`: the job of the UI in this process, and what came out of it as plain values."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from reel_pipeline.defs.run import QUIET, failure_of, open_instance
from reel_pipeline.errors import ReelError
from reel_pipeline.learning import Calibration, JudgementTable
from reel_pipeline.learning.preferences import acceptance, preferred
from reel_pipeline.learning.table import from_parquet
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import Settings
from reel_pipeline.store import UNPARTITIONED


def run_learn(defs: dg.Definitions, settings: Settings) -> dict[str, Any]:
    """Make the table and a candidate version; returns it in plain values, and what people accept."""
    flow = Flow(settings, settings.open_store())
    done = defs.resolve_job_def("learn").execute_in_process(
        instance=open_instance(settings), run_config=QUIET, raise_on_error=False
    )
    if not done.success:
        raise ReelError(failure_of(done) or "The job `learn` failed; its run in the Dagster UI says why.")
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
