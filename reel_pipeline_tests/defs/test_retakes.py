"""The retry loop under a judge of the tests' own: what is made again, what is published, what waits for a person."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from numpy.typing import NDArray

from reel_pipeline.clips.engines import KeyframeLayers
from reel_pipeline.clips.engines.warp import Warp
from reel_pipeline.definitions import defs
from reel_pipeline.defs.alerts import alert_about
from reel_pipeline.defs.automation import retake_rejected
from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.run import QUIET, open_instance
from reel_pipeline.evaluation.engines import Charge, Opinion, Passport
from reel_pipeline.media.photo import Pixels, decode_png
from reel_pipeline.media.video import Planes
from reel_pipeline.records import CutList, ItemError, Verdict
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_operations import public
from reel_pipeline_tests.drawing import draw_products

SKUS = ("FLAKY", "HOPELESS", "UNSURE", "GOOD")
FAULTED_SHOT = 1
SCRIPT = {
    "FLAKY": [Verdict.REJECT, Verdict.REJECT, Verdict.ACCEPT],
    "HOPELESS": [Verdict.REJECT] * 9,
    "UNSURE": [Verdict.ABSTAIN] * 9,
    "GOOD": [Verdict.ACCEPT] * 9,
}


class ScriptedJudge:
    """Answers for each gallery, one verdict a video, as `SCRIPT` says; `asked` lists the videos by SKU."""

    name, revision = "scripted", "1"

    def __init__(self) -> None:
        self.sku_of: dict[str, str] = {}
        self.asked: dict[str, list[str]] = {sku: [] for sku in SKUS}

    def passport(self, rgb: Pixels) -> Passport:
        return Passport()

    def judge(
        self,
        video: Path,
        cut_list: CutList | None,
        photos: Sequence[Pixels],
        passport_of: Callable[[int], Passport] | None = None,
        artworks: Sequence[Passport] = (),
    ) -> Opinion:
        sku = self.sku_of[hashlib.sha256(photos[0].tobytes()).hexdigest()]
        verdict = SCRIPT[sku][len(self.asked[sku])]
        self.asked[sku].append(hashlib.sha256(video.read_bytes()).hexdigest())
        charge = Charge("warped_logo", 2.0, 1.0, 0.5, (10, 10, 50, 50), shot=FAULTED_SHOT)
        doubt = ItemError(item="Shot 1", error="too dark to compare")
        return Opinion(
            verdict,
            (charge,) if verdict is Verdict.REJECT else (),
            (doubt,) if verdict is Verdict.ABSTAIN else (),
            {"warped_logo": 2.0 if verdict is Verdict.REJECT else 0.1},
            {"warped_logo": 1.0},
        )


class CountingEngine(Warp):
    """The real clip engine; `made` counts the clips."""

    made: Counter[str] = Counter()

    def frames(
        self, layers: KeyframeLayers, windows: NDArray[np.float64], near: NDArray[np.float64]
    ) -> Iterator[Planes]:
        self.made["clips"] += 1
        return super().frames(layers, windows, near)


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    draw_products(tmp_path / "source", SKUS, photos=2)
    workspace = new_workspace(tmp_path / "work", tmp_path / "source")
    use(workspace, monkeypatch)
    return Flow(workspace.settings, workspace.settings.open_store())


def test_faulted_shots_are_made_again_within_the_budget_and_only_what_passes_is_published(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, engine = ScriptedJudge(), CountingEngine()
    monkeypatch.setattr("reel_pipeline.defs.evaluation_score.open_engine", lambda name, gates: judge)
    monkeypatch.setattr("reel_pipeline.defs.video_clip.open_engine", lambda name: engine)
    instance = open_instance(flow.settings)

    def launch(job: str, partition: str, tags: dict[str, str]) -> int:
        """Run as the daemon would; returns how many clips were made."""
        before = engine.made["clips"]
        defs.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=partition, run_config=QUIET, tags=tags, raise_on_error=False
        )
        return engine.made["clips"] - before

    def tick(cursor: str | None) -> dg.SensorResult:
        result = retake_rejected(dg.build_sensor_context(instance=instance, cursor=cursor))
        assert isinstance(result, dg.SensorResult)
        return result

    launch_sync = defs.resolve_job_def("sync_catalog").execute_in_process(instance=instance, run_config=QUIET)
    assert launch_sync.success
    cursor = tick(None).cursor
    for sku in SKUS:
        defs.resolve_job_def("make_reels").execute_in_process(
            instance=instance, partition_key=sku, run_config=QUIET,
            asset_selection=[dg.AssetKey("product"), dg.AssetKey("product_gallery")],
        )  # fmt: skip
        pixels = decode_png(flow.store.read(flow.record("product_gallery", sku).photos[0].pixels))
        judge.sku_of[hashlib.sha256(pixels.tobytes()).hexdigest()] = sku
    first = {sku: launch("make_reels", sku, {}) for sku in SKUS}
    voices = {sku: flow.record("voiceover", sku).editions["main"].packets_sha256 for sku in SKUS}
    made_by_retakes: Counter[str] = Counter()
    attempts: Counter[str] = Counter()
    while requests := (result := tick(cursor)).run_requests:
        cursor = result.cursor
        for request in requests:
            assert request.partition_key is not None
            made_by_retakes[request.partition_key] += launch("retake", request.partition_key, dict(request.tags))
            attempts[request.partition_key] += 1

    assert attempts == {"FLAKY": 2, "HOPELESS": 2}
    assert made_by_retakes == {"FLAKY": 2, "HOPELESS": 2}, "one clip an attempt: only the faulted shot is made again"
    assert all(first[sku] == len(flow.record("shot_plan", sku).editions["main"].shots) for sku in SKUS)
    assert {sku: len(videos) for sku, videos in judge.asked.items()} == {
        "FLAKY": 3, "HOPELESS": 3, "UNSURE": 1, "GOOD": 1,
    }  # fmt: skip
    assert all(len(set(videos)) == len(videos) for videos in judge.asked.values()), "no video is judged twice"
    verdicts = {sku: flow.record("evaluation_score", sku).editions["main"].verdict for sku in SKUS}
    assert verdicts == {
        "FLAKY": Verdict.ACCEPT, "HOPELESS": Verdict.REJECT, "UNSURE": Verdict.ABSTAIN, "GOOD": Verdict.ACCEPT,
    }  # fmt: skip
    assert {sku: flow.record("voiceover", sku).editions["main"].packets_sha256 for sku in SKUS} == voices
    workspace = Workspace(flow.settings, Path())
    assert public(workspace) == {"flaky", "good"}
    published = flow.record("mirrored_asset", "FLAKY").editions["main"].files
    assert {file.sha256 for file in published if file.name == "reel.mp4"} == {judge.asked["FLAKY"][-1]}
    history = flow.attempts("HOPELESS").history
    assert [made.faults for made in history] == [("warped_logo",)] * 2
    assert all(flow.store.has(preview) for made in history for preview in made.previews), "every attempt stays visible"

    for sku in ("HOPELESS", "UNSURE"):
        launch("publish", sku, {})
        assert flow.record("mirrored_asset", sku) is None
        kind = {"HOPELESS": "rejected", "UNSURE": "waiting"}[sku]
        alert = alert_about(flow, sku, died=False)
        assert alert is not None
        assert alert.kind == kind
    assert alert_about(flow, "FLAKY", died=False) is None
    assert public(workspace) == {"flaky", "good"}
