"""A backfill of ten products on PostgreSQL and S3, while everything that can be killed is killed at random moments."""

import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import State, known_partitions, report
from reel_pipeline.rules.table import SKU_ASSETS
from reel_pipeline_tests.conftest import new_workspace, use
from reel_pipeline_tests.deployment import Deployment, deployed
from reel_pipeline_tests.drawing import jpeg, product_photo
from reel_pipeline_tests.servers import Postgres, Radosgw

PRODUCTS = 10
KILLS = int(os.environ.get("REEL_SOAK_KILLS", "50"))
SEED = int(os.environ.get("REEL_SOAK_SEED", "0")) or random.randrange(1, 1_000_000)
PAUSE_S = (3.0, 15.0)
PATIENCE_S = 45.0
PUBLIC_URL = "https://reels.shop.example/"
TARGETS = ["worker"] * 4 + ["postgres"] * 2 + ["daemon", "code_server", "webserver"]
Heads = dict[tuple[str, str], str]


def draw_small_catalog(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    products = []
    for number in range(PRODUCTS):
        pixels = product_photo(100 + number, f"TILE {number}\n90 g", size_px=(800, 1000))
        (folder / "images" / f"{number}.jpg").write_bytes(jpeg(pixels))
        products.append(
            {
                "sku": f"TILE-{number}",
                "title": f"Tile number {number}",
                "description": "A painted tile in a printed carton.",
                "product_type": "Box",
                "vendor": "Fernhill",
                "price": "9.00",
                "collections": ["All"],
                "images": [{"file": f"images/{number}.jpg"}],
            }
        )
    (folder / "catalog.json").write_text(json.dumps({"products": products}))
    return folder


def heads_of(flow: Flow) -> Heads:
    """The hash of every record, by asset and SKU."""
    found = {(asset, sku): flow.head(asset, sku) for sku in known_partitions(flow) for asset in SKU_ASSETS}
    return {where: head.record.sha256 for where, head in found.items() if head}


def undisturbed(folder: Path, source: Path, patch: pytest.MonkeyPatch) -> Flow:

    with patch.context() as inner:
        workspace = new_workspace(folder, source, f'public_url = "{PUBLIC_URL}"\n')
        use(workspace, inner)
        run_catalog(workspace.settings)
        return Flow(workspace.settings, workspace.settings.open_store())


@dataclass
class Soak:
    deployment: Deployment
    postgres: Postgres
    published: Callable[[], dict[str, str]]
    rng: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    idle_kills: int = 0

    def kill_one(self) -> None:
        """Preferably while some run is under way: waits for one, but not for ever."""
        deadline = time.monotonic() + PATIENCE_S
        while not (workers := self.deployment.workers()) and time.monotonic() < deadline:
            self.deployment.restart_what_ended()
            time.sleep(0.5)
        self.idle_kills += not workers
        target = self.rng.choice(TARGETS if workers else [name for name in TARGETS if name != "worker"])
        if target == "worker":
            with suppress(ProcessLookupError):
                os.kill(self.rng.choice(workers), signal.SIGKILL)
        elif target == "postgres":
            self.postgres.kill_and_restart()
        else:
            self.deployment.processes[target].end()
        self.killed[target] += 1
        self.deployment.restart_what_ended()


@pytest.mark.slow
@pytest.mark.servers
def test_whatever_is_killed_everything_completes_and_nothing_is_made_twice(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = draw_small_catalog(tmp_path / "source")
    reference = undisturbed(tmp_path / "reference", source, monkeypatch)
    expected = heads_of(reference)
    reels = {sku: expected_reel(reference, sku) for sku in known_partitions(reference)}
    assert set(reels) == {f"TILE-{number}" for number in range(PRODUCTS)}
    postgres: Postgres = request.getfixturevalue("postgres")
    radosgw: Radosgw = request.getfixturevalue("radosgw")

    with deployed("production", tmp_path / "work", source, request) as deployment:
        flow = deployment.flow(monkeypatch)
        bucket = flow.settings.store.split("/")[2]
        soak = Soak(deployment, postgres, lambda: published_reels(radosgw, bucket), random.Random(SEED))
        assert deployment.wait_for_run(deployment.launch("sync_catalog")) == "SUCCESS"
        deployment.backfill(SKU_ASSETS, list(reels))
        started = time.monotonic()
        while soak.killed.total() < KILLS:
            time.sleep(soak.rng.uniform(*PAUSE_S))
            soak.kill_one()
            assert soak.published().items() <= reels.items(), "something else than the verified reel is public"
        undisturbed_from = time.monotonic()
        backfills = 1
        deployment.wait_until_idle(timeout_s=1800)
        while states(flow) != {State.PUBLISHED} and backfills < 4:
            deployment.wait_for_run(deployment.launch("collection_backfill"))
            deployment.wait_until_idle(timeout_s=1800)
            backfills += 1
        statuses = Counter(run["status"] for run in deployment.runs())
        written = memo_writes(radosgw, bucket)
        summary = {
            "seed": SEED,
            "kills": dict(soak.killed),
            "kills_while_no_run_was_alive": soak.idle_kills,
            "seconds_of_kills": round(undisturbed_from - started),
            "seconds_after": round(time.monotonic() - undisturbed_from),
            "backfills": backfills,
            "runs": dict(statuses),
            "engine_calls": {"undisturbed": len(reference.store.objects.list("memo/")), "soak": dict(written)},
        }
        with capsys.disabled():
            print(f"\nsoak: {json.dumps(summary)}", file=sys.stderr)
        assert states(flow) == {State.PUBLISHED}
        assert soak.published() == reels
        assert heads_of(flow) == expected
        assert flow.store.objects.list("memo/") == reference.store.objects.list("memo/")
        assert set(written) == {"200"}, "an engine call was made twice"
        assert written["200"] == len(reference.store.objects.list("memo/"))
        assert not flow.store.objects.locks.holders()
        assert not {"STARTED", "STARTING", "QUEUED", "CANCELING"} & statuses.keys()


def states(flow: Flow) -> set[State]:
    return {report(flow, sku).state for sku in known_partitions(flow)}


def expected_reel(flow: Flow, sku: str) -> str:
    return str(flow.record("reel", sku).editions["main"].video.sha256)


def published_reels(radosgw: Radosgw, bucket: str) -> dict[str, str]:
    """SKU -> the hash of the reel that the public sees; `latest.json` and the file behind it agree."""
    client = radosgw.client()
    found: dict[str, Any] = {}
    for item in client.list_objects_v2(Bucket=bucket, Prefix="published/").get("Contents", ()):
        if item["Key"].endswith("/latest.json"):
            latest = json.load(client.get_object(Bucket=bucket, Key=item["Key"])["Body"])
            entry = latest["editions"]["main"]
            client.head_object(Bucket=bucket, Key=f"published/{entry['folder']}/reel.mp4")
            found[latest["sku"]] = entry["reel_sha256"]
    return found


def memo_writes(radosgw: Radosgw, bucket: str) -> Counter[str]:
    """The gateway's own log: how often it was asked to remember an engine call, by its answer (412: it knew it)."""
    log = (radosgw.root / "client.rgw.log").read_text(errors="replace")
    return Counter(re.findall(rf'"PUT /{bucket}/records/memo/\S+ HTTP/1\.1" (\d+)', log))
