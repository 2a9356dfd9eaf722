"""What Dagster vends: the `Flow` of this workspace, and an IO manager that reads records from its store."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from reel_pipeline.defs.adapter import FORCE_TAG, record_of
from reel_pipeline.defs.launcher import lock_name
from reel_pipeline.records import AssetRecord
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import load_settings

REUSED_TAG = "reel/reused"
"""How many of a run's assets were reused: the UI shows a run's tags, and hides that a materialization made nothing."""


class FlowResource(dg.ConfigurableResource[Flow]):
    """Opens the workspace that `config` (or REEL_PIPELINE_CONFIG) names and holds the run's lock until the run ends.

    With the in-process executor one run is one process, so the lock spans all its steps; the command line and the queue
    can't touch the same SKU at once.
    """

    config: str | None = None

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Flow, None, None]:
        settings = load_settings(Path(self.config) if self.config else None)
        tags = context.run.tags if context.run else {}
        force = tags.get(FORCE_TAG) == "true"
        flow = Flow(settings, settings.open_store(reuse=not force), force=force)
        with ExitStack() as held:
            if context.run:
                held.enter_context(flow.store.lock(lock_name(context.run)))
            yield flow
        if context.run and context.instance and (done := flow.assets_done.total()):
            reused = {REUSED_TAG: f"{flow.assets_done['reused']} of {done}"}
            context.instance.add_run_tags(context.run.run_id, reused)


class RecordIO(dg.ConfigurableIOManager):
    """Upstream records come from the store; `Flow.make` has written them together with what they were made from."""

    flow: dg.ResourceDependency[Flow]

    def handle_output(self, context: dg.OutputContext, obj: AssetRecord) -> None:
        head = self.flow.head(
            context.asset_key.to_user_string(), context.partition_key if context.has_partition_key else ""
        )
        if head is None or head.record.sha256 != obj.digest():
            raise dg.Failure(
                f"{context.asset_key.to_user_string()} was changed by another run meanwhile; run it again."
            )

    def load_input(self, context: dg.InputContext) -> Any:
        partition = context.partition_key if context.has_partition_key else ""
        return record_of(self.flow, context.asset_key.to_user_string(), partition)
