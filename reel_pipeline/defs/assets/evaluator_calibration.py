"""A candidate version of the judge's gates, from the table. It counts only once the settings name it."""

import dagster as dg

from reel_pipeline.defs.adapter import make
from reel_pipeline.defs.previews import strip, table
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.learning import Calibration, JudgementTable
from reel_pipeline.learning.calibration import calibrate
from reel_pipeline.learning.judgements import from_parquet
from reel_pipeline.learning.picture import reliability_diagram
from reel_pipeline.rules.cases import CALIBRATIONS, gates_now
from reel_pipeline.rules.flow import Flow
from reel_pipeline.store import UNPARTITIONED


@dg.asset(
    group_name="i_learning",
    kinds={"scipy"},
    owners=["team:quality"],
    description="Per fault kind, how likely a person objects at a score, the gate that follows, and what can be "
    "claimed about false accepts. Adopt it by writing its name into the settings as `calibration`.",
)
def evaluator_calibration(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow], judgement_table: JudgementTable
) -> dg.MaterializeResult[Calibration]:
    def calibrated() -> Calibration:
        rows = from_parquet(flow.store.read(judgement_table.parquet))
        made = calibrate(rows, judgement_table.parquet.sha256, shipped_thresholds(), gates_now(flow))
        flow.store.save_note(CALIBRATIONS, UNPARTITIONED, made.digest(), made)
        return made

    return make(
        context,
        flow,
        {"judgement_table": judgement_table},
        calibrated,
        lambda made: {
            "candidate": made.digest(),
            "adopted": flow.settings.calibration or "none: the shipped gates are in force",
            "gates": table(
                [
                    {
                        "kind": kind.kind,
                        "labels": kind.labels,
                        "objections": kind.objections,
                        "gate": kind.gate,
                        "proposed": kind.proposed_gate,
                        "error_before": "" if kind.ece_before is None else kind.ece_before,
                        "error_after": "" if kind.ece_after is None else kind.ece_after,
                        "why": kind.sentence,
                    }
                    for kind in made.kinds
                ]
            ),
            "reliability": table(
                [
                    {"kind": kind.kind, "predicted": found.predicted, "observed": found.observed, "reels": found.labels}
                    for kind in made.kinds
                    for found in kind.reliability
                ]
            ),
            "diagram": strip([reliability_diagram(kind) for kind in made.kinds if kind.reliability][:4]),
            "claims": "\n\n".join(bound.sentence for bound in made.bounds) or "none",
        },
    )
