"""The retry loop under a judge of the tests' own: what is made again, what is published, what waits for a person."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from reel_pipeline.clips.engines import Animated, ClipRequest
from reel_pipeline.clips.engines.warp import Warp
from reel_pipeline.definitions import defs
from reel_pipeline.defs.adapter import ATTEMPT_TAG
from reel_pipeline.defs.in_process import QUIET, open_instance, run_job
from reel_pipeline.defs.reviews import decide
from reel_pipeline.defs.sensors.alerts import alert_about
from reel_pipeline.defs.sensors.requests import TRIES
from reel_pipeline.defs.sensors.retake_rejected import retake_rejected
from reel_pipeline.evaluation.engines import Charge, Opinion, Passport
from reel_pipeline.media.photo import Pixels, decode_png
from reel_pipeline.media.video import Planes
from reel_pipeline.records import CutList, ItemError, Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import Waiting, approvals
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_automation import sync
from reel_pipeline_tests.defs.test_operations import public
from reel_pipeline_tests.drawing import draw_products
from reel_pipeline_tests.rules.test_staleness import repaint_photo

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
        self.meanwhile: Callable[[str], object] = lambda sku: None

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
        self.meanwhile(sku)
        verdict = SCRIPT[sku][len(self.asked[sku])]
        self.asked[sku].append(hashlib.sha256(video.read_bytes()).hexdigest())
        charge = Charge("warped_logo", 2.0, 0.5, (10, 10, 50, 50), shot=FAULTED_SHOT)
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

    def animate(self, request: ClipRequest, emit: Callable[[Planes], None]) -> Animated:
        self.made["clips"] += 1
        return super().animate(request, emit)


def retakes_requested(flow: Flow) -> list[dg.RunRequest]:
    context = dg.build_sensor_context(instance=open_instance(flow.settings), resources={"flow": flow})
    result = retake_rejected(context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or ())


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
    during_runs: list[dg.RunRequest] = []
    said: dict[str, list[str]] = {}
    monkeypatch.setattr("reel_pipeline.defs.assets.evaluation_score.regated", lambda shipped, gates: judge)
    monkeypatch.setattr("reel_pipeline.clips.engines.warp.Warp", lambda: engine)
    instance = open_instance(flow.settings)

    def launch(job: str, partition: str, tags: dict[str, str]) -> int:
        """Run as the daemon would; returns how many clips were made."""
        before = engine.made["clips"]
        done = run_job(defs.resolve_job_def(job), instance, partition, tags=tags)
        said.setdefault(partition, []).append((done.error or "").split(". ")[0])
        return engine.made["clips"] - before

    launch_sync = defs.resolve_job_def("sync_catalog").execute_in_process(instance=instance, run_config=QUIET)
    assert launch_sync.success
    assert retakes_requested(flow) == []
    judge.meanwhile = lambda sku: during_runs.extend(r for r in retakes_requested(flow) if r.partition_key == sku)
    for sku in SKUS:
        defs.resolve_job_def("make_reels").execute_in_process(
            instance=instance, partition_key=sku, run_config=QUIET,
            asset_selection=[dg.AssetKey("product"), dg.AssetKey("product_gallery")],
        )  # fmt: skip
        pixels = decode_png(flow.store.read(flow.record("product_gallery", sku).photos[0].pixels))
        judge.sku_of[hashlib.sha256(pixels.tobytes()).hexdigest()] = sku
    first = {sku: launch("make_reels", sku, {}) for sku in SKUS}
    voices = {sku: flow.record("voiceover", sku).editions["main"].mix for sku in SKUS}
    made_by_retakes: Counter[str] = Counter()
    attempts: Counter[str] = Counter()
    while requests := retakes_requested(flow):
        for request in requests:
            assert request.partition_key is not None
            made_by_retakes[request.partition_key] += launch("retake", request.partition_key, dict(request.tags))
            attempts[request.partition_key] += 1

    assert not during_runs, "a product whose run has not ended is left alone"
    assert said["FLAKY"] == ["Attempt 2 is queued", "Attempt 3 is queued", ""]
    assert said["HOPELESS"][:2] == ["Attempt 2 is queued", "Attempt 3 is queued"]
    assert not [first for sku in SKUS for first in said[sku][2:] if "queued" in first]
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
    assert {sku: flow.record("voiceover", sku).editions["main"].mix for sku in SKUS} == voices
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


def queue(flow: Flow, request: dg.RunRequest) -> dg.DagsterRun:
    """A real run in the queue, as the daemon makes it of a request."""
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("reel_pipeline"), "__repository__")
    return open_instance(flow.settings).create_run_for_job(
        defs.resolve_job_def("retake"),
        tags={**request.tags, "dagster/partition": str(request.partition_key)},
        status=dg.DagsterRunStatus.QUEUED,
        remote_job_origin=RemoteJobOrigin(origin, "retake"),
    )


def execute(flow: Flow, request: dg.RunRequest, assets: Sequence[str] = ()) -> None:
    done = defs.resolve_job_def("retake").execute_in_process(
        instance=open_instance(flow.settings), partition_key=request.partition_key, run_config=QUIET,
        tags=dict(request.tags), asset_selection=[dg.AssetKey(name) for name in assets] or None,
    )  # fmt: skip
    assert done.success


@pytest.fixture
def rejected(made: Workspace) -> tuple[Flow, dg.DagsterInstance]:
    """A made workspace of which a platform has rejected both reels."""
    flow, instance = Flow(made.settings, made.settings.open_store()), open_instance(made.settings)
    assert retakes_requested(flow) == [], "a first tick repeats nothing that was done"
    for sku in ("TEA-1", "BOX-2"):
        decide(flow, instance, sku, False, "Text is cut off.", platform="Meta")
    return flow, instance


def test_each_rejection_is_requested_once_and_again_only_when_its_run_was_cancelled(
    rejected: tuple[Flow, dg.DagsterInstance], made: Workspace
) -> None:
    flow, instance = rejected
    requests = retakes_requested(flow)
    assert [(r.partition_key, r.tags[ATTEMPT_TAG]) for r in requests] == [("BOX-2", "1"), ("TEA-1", "1")]
    queued = [queue(flow, request) for request in requests]
    assert retakes_requested(flow) == [], "they are in the queue"
    for run in queued:
        instance.report_run_canceled(run)
    again = retakes_requested(flow)
    assert {r.partition_key for r in again} == {"TEA-1", "BOX-2"}
    assert not {r.run_key for r in requests} & {r.run_key for r in again}, "Dagster drops a key that it has seen"
    with flow.store.lock("BOX-2"):
        assert [r.partition_key for r in retakes_requested(flow)] == ["TEA-1"], "a command line makes BOX-2"
    for request in again:
        execute(flow, request)
    assert retakes_requested(flow) == []
    assert {sku: flow.attempts(sku).attempt for sku in ("TEA-1", "BOX-2")} == {"TEA-1": 1, "BOX-2": 1}
    assert public(made) == set(), "what a platform rejected only a person releases"


def test_a_retake_that_was_cut_short_after_it_had_begun_is_finished_and_no_attempt_is_skipped(
    rejected: tuple[Flow, dg.DagsterInstance],
) -> None:
    flow, _ = rejected
    _, tea = retakes_requested(flow)
    execute(flow, tea, assets=["rendered_still"])
    _, again = retakes_requested(flow)
    assert (again.partition_key, again.tags[ATTEMPT_TAG]) == ("TEA-1", "1")
    execute(flow, again)
    assert [request.partition_key for request in retakes_requested(flow)] == ["BOX-2"]
    assert flow.attempts("TEA-1").attempt == 1
    with pytest.raises(Waiting, match="only a person releases"):
        approvals(flow, "TEA-1")


def test_a_retake_that_never_ends_well_is_given_up_and_told(rejected: tuple[Flow, dg.DagsterInstance]) -> None:
    flow, instance = rejected
    for _ in range(TRIES):
        for request in retakes_requested(flow):
            instance.report_run_canceled(queue(flow, request))
        assert alert_about(flow, "TEA-1", died=True) is None, "it goes on by itself"
    assert retakes_requested(flow) == []
    assert alert_about(flow, "TEA-1", died=True) is not None
    assert flow.store.objects.list("notes/retakes/") == []


def test_a_rejection_that_was_taken_back_or_whose_product_changed_meanwhile_requests_nothing(
    rejected: tuple[Flow, dg.DagsterInstance], made: Workspace
) -> None:
    flow, instance = rejected
    decide(flow, instance, "BOX-2", True, "It is not.")
    repaint_photo(made)
    flow = sync(made)
    assert retakes_requested(flow) == []
    [tea] = flow.store.objects.list("notes/retakes/")
    assert "/tea-1-" in tea, "it is asked about again once its photo was read"
