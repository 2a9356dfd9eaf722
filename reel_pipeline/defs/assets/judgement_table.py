"""Verdicts beside what people say, one table over all products and attempts."""

import dagster as dg

from reel_pipeline.defs.adapter import make
from reel_pipeline.defs.previews import table
from reel_pipeline.learning import JudgementTable
from reel_pipeline.learning.judgements import build, from_parquet, to_parquet
from reel_pipeline.learning.preferences import acceptance
from reel_pipeline.rules.cases import cases
from reel_pipeline.rules.flow import Flow


@dg.asset(
    group_name="i_learning",
    kinds={"pandas", "parquet"},
    owners=["team:quality"],
    description="Every verdict with its scores and faults beside people's decisions, and which photos, motions and "
    "rungs people accept.",
)
def judgement_table(
    context: dg.AssetExecutionContext, flow: dg.ResourceParam[Flow]
) -> dg.MaterializeResult[JudgementTable]:
    def built() -> JudgementTable:
        known = list(cases(flow))
        rows = build(known)
        return JudgementTable(
            parquet=flow.store.put(to_parquet(rows), ".parquet"),
            rows=len(rows),
            reels=len(known),
            decided=sum(case.decision is not None for case in known),
            spot_checked=sum(case.spot_check is not None for case in known),
        )

    return make(
        context,
        flow,
        {},
        built,
        lambda made: {
            "reels": made.reels,
            "decided_by_a_person": made.decided,
            "spot_checked": made.spot_checked,
            "acceptance": table(
                [
                    {
                        "by": found.by,
                        "value": found.value,
                        "shots_decided": found.decided,
                        "accepted": round(found.rate, 3),
                        "95 %": f"{found.lowest:.2f} to {found.highest:.2f}",
                    }
                    for found in acceptance(from_parquet(flow.store.read(made.parquet)))
                ]
            ),
        },
    )
