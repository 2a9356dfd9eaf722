"""What Dagster costs a run that reuses every record, beside empty bodies of the same shape: `bench overhead`.

Each run is a process of its own, as the daemon starts it: it imports the definitions, creates the run, executes it. The
event log is SQLite. Seconds of this machine and of this moment; the ratio is what travels.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from statistics import median
from typing import Any

import dagster as dg

from reel_pipeline.commands.demo import PROJECT
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.rules.table import ASSETS, CHECKS, SKU_ASSETS
from reel_pipeline.settings import CONFIG_VARIABLE
from reel_pipeline_tests.conftest import new_workspace
from reel_pipeline_tests.drawing import draw_products

SKU = "FIRST"
RUNS = 7


class Nothing(dg.IOManager):
    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        pass

    def load_input(self, context: dg.InputContext) -> object:
        return 1


def with_inputs(names: list[str], result: object) -> Callable[..., Any]:
    """A function with these parameters that returns `result`."""

    def body(**_inputs: object) -> object:
        return result

    vars(body)["__signature__"] = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])
    return body


def empty_asset(name: str) -> dg.AssetsDefinition:
    inputs = [upstream for upstream in ASSETS[name].upstream if upstream in SKU_ASSETS]
    return dg.asset(name=name, partitions_def=SKUS)(with_inputs(inputs, 1))


def empty_check(name: str) -> dg.AssetChecksDefinition:
    row = CHECKS[name]
    inputs = [read for read in row.reads if read in SKU_ASSETS]
    more = {read: dg.AssetIn(read) for read in inputs if read != row.asset}
    body = with_inputs(inputs, dg.AssetCheckResult(passed=True))
    check = dg.asset_check(asset=row.asset, name=name, blocking=row.blocking, partitions_def=SKUS, additional_ins=more)
    return check(body)


floor = dg.Definitions(
    assets=[empty_asset(name) for name in SKU_ASSETS],
    asset_checks=[empty_check(row.name) for row in CHECKS.values() if ASSETS[row.asset].partitioned],
    jobs=[dg.define_asset_job("make_reels")],
    resources={"io_manager": Nothing()},
    executor=dg.in_process_executor,
)


def run_s(module: str, attribute: str) -> tuple[float, float]:
    """Wall and CPU seconds of one run of SKU in a process of its own."""
    command = [str(Path(sys.executable).with_name("dagster")), "job", "execute", "-j", "make_reels"]
    command += ["-m", module, "-a", attribute, "--tags", json.dumps({"dagster/partition": SKU})]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        draw_products(Path(folder) / "source", [SKU], photos=2)
        settings = new_workspace(Path(folder) / "work", Path(folder) / "source").settings
        home = settings.workspace / "dagster_home"
        os.environ |= {CONFIG_VARIABLE: str(settings.workspace / "reel_pipeline.toml"), "DAGSTER_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "reel_pipeline.cli", "run"], check=True, stdout=subprocess.DEVNULL)
        kinds = {"reel_pipeline": ("reel_pipeline.definitions", "defs"), "empty bodies": (__spec__.name, "floor")}
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for _ in range(RUNS):  # in turns, so that both meet the same load
            for name, where in kinds.items():
                seconds[name].append(run_s(*where))
    print(f"| median of {RUNS} runs | wall s | CPU s |\n|---|---|---|")
    for name, runs in seconds.items():
        print(f"| {name} | {median(wall for wall, _ in runs):.2f} | {median(cpu for _, cpu in runs):.2f} |")


if __name__ == "__main__":
    main()
