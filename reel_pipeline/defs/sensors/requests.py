"""The next run for a state of a product, requested once and not for ever."""

import time
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import dagster as dg
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, PARTITION_NAME_TAG  # private, covered by the pin

PRODUCTS_PER_TICK = 25
TRIES = 3
"""Runs requested in a row for one state of a product: a cancelled one comes again, one that always dies does not."""
RUNS_LOOKED_AT = 20
RETRY_BEGINS_S = 120
"""How long after a crash Dagster's own retry is waited for; some never come, such as that of a command line's run."""
STATE_TAG = "reel/state"
WILL_RETRY_TAG = "dagster/will_retry"


def is_retried(run: dg.DagsterRun) -> bool:
    """Whether Dagster says that it runs this again by itself."""
    return run.tags.get(WILL_RETRY_TAG) == "true"


def past_runs(instance: dg.DagsterInstance, partition: str) -> Sequence[dg.DagsterRun] | None:
    """The latest runs of a product, newest first; None while one has not ended or is about to be run again."""
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION_NAME_TAG: partition}), limit=RUNS_LOOKED_AT)
    runs = [record.dagster_run for record in records]
    if records and is_retried(runs[0]) and AUTO_RETRY_RUN_ID_TAG not in runs[0].tags:
        since_s = time.time() - records[0].update_timestamp.timestamp()
        if since_s < RETRY_BEGINS_S:
            return None
    return runs if all(run.is_finished for run in runs) else None


def request_for(
    runs: Sequence[dg.DagsterRun], partition: str, state: str, tags: Mapping[str, str] | None = None, **more: Any
) -> dg.RunRequest | None:
    """The next run for this state of a product; None when the latest `TRIES` were for it and changed nothing.

    What the runs were for tells, not a key made of the state: Dagster drops a run key that it has seen, though that run
    was cancelled or its state has come back (a price goes down, up and down). So the key names the run before, too.
    """
    states = (run.tags[STATE_TAG] for run in runs if STATE_TAG in run.tags)
    tries = sum(1 for _ in takewhile(lambda seen: seen == state, states))
    if tries >= TRIES:
        return None
    key = f"{partition}:{state}:{runs[0].run_id if runs else ''}"
    return dg.RunRequest(run_key=key, partition_key=partition, tags={STATE_TAG: state, **(tags or {})}, **more)
