"""`reel-pipeline status` and `why`: where products stand, asked of the store alone."""

import argparse
import csv
from typing import Any

from tqdm import tqdm

from reel_pipeline.commands.output import as_cell, print_json, print_table
from reel_pipeline.commands.workspace import open_flow, warn_of_unclaimed
from reel_pipeline.rules.report import chain, known_partitions, partition_of, report, unlisted


def status(options: argparse.Namespace) -> int:
    flow = open_flow()
    partitions = known_partitions(flow, options.collection)
    warn_of_unclaimed(flow)
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
        print_json({"products": rows})
    else:
        print_table(rows, columns[:-1])
    return 0


def why(options: argparse.Namespace) -> int:
    flow = open_flow()
    print("\n".join(chain(flow, partition_of(flow, options.sku))))
    return 0
