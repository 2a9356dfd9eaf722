"""`reel-pipeline review`: a person's decisions from the command line."""

import argparse
import sys
from pathlib import Path
from typing import Any

from reel_pipeline.commands.output import print_table
from reel_pipeline.commands.workspace import open_flow
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.reviews import decide, import_rejections, publish_released, spot_check
from reel_pipeline.errors import SettingsError
from reel_pipeline.rules.cases import due_spot_checks
from reel_pipeline.rules.decisions import parse_fault
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import Public, State, known_partitions, partition_of, report


def review(options: argparse.Namespace) -> int:
    flow = open_flow()
    if options.action == "list":
        reports = [report(flow, partition) for partition in known_partitions(flow)]
        waiting = [r for r in reports if r.state is State.WAITING]
        rows: list[dict[str, Any]] = [
            {"sku": r.sku, "title": r.title, "why": r.reasons, "reel": r.reel} for r in waiting
        ]
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


def _publish(flow: Flow, partition: str) -> str:
    """Publish what was just approved; returns where it is, or why not."""
    publish_released(defs.resolve_job_def("publish"), flow, open_instance(flow.settings), partition)
    product = report(flow, partition)
    if product.public is Public.CURRENT:
        return f"Published: {product.reel}"
    return f"Not published yet: {' '.join(product.reasons)}"
