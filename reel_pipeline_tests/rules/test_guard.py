"""Attempts to get something published that was not verified. Each must fail, and leave what is public as it was."""

import json
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image, ImageDraw, ImageFont

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.defs.reviews import decide
from reel_pipeline.engines import ENGINES
from reel_pipeline.errors import PublishRefused
from reel_pipeline.records import CheckResult, Finding, Record, Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import approvals
from reel_pipeline.rules.report import report
from reel_pipeline.rules.table import CHECKS
from reel_pipeline_tests.conftest import Workspace

PARTITION = "BOX-2"


@pytest.fixture
def flow(made: Workspace) -> Flow:
    flow = Flow(made.settings, made.settings.open_store())
    assert approvals(flow, PARTITION) == {"main": "judge"}
    return flow


def swap(flow: Flow, asset: str, record: Record) -> None:
    """Put another record under a head, keeping the fingerprint that says it is fresh."""
    head = flow.head(asset, PARTITION)
    assert head is not None
    flow.store.save(asset, PARTITION, record, head.inputs_fingerprint, head.inputs)  # type: ignore[arg-type]


def published(flow: Flow) -> dict[str, bytes]:
    root = Path(flow.settings.publish_location)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def launch_publishing_alone(flow: Flow) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("publish").execute_in_process(
        instance=open_instance(flow.settings), partition_key=PARTITION, run_config=QUIET, raise_on_error=False
    )


def assert_refused(flow: Flow) -> None:
    before = published(flow)
    with pytest.raises(PublishRefused):
        approvals(flow, PARTITION)
    assert not launch_publishing_alone(flow).success
    assert published(flow) == before


def test_a_rejected_reel(flow: Flow) -> None:
    score = flow.record("evaluation_score", PARTITION)
    rejected = score.editions["main"].model_copy(update={"verdict": Verdict.REJECT})
    swap(flow, "evaluation_score", score.model_copy(update={"editions": {"main": rejected}}))
    assert_refused(flow)


def test_a_reel_with_the_verdict_of_another(flow: Flow) -> None:
    reel, other = flow.record("reel", PARTITION), flow.record("reel", "TEA-1")
    swap(flow, "reel", reel.model_copy(update={"editions": other.editions}))
    assert_refused(flow)


def test_a_clip_swapped_after_the_reel_was_judged(flow: Flow) -> None:
    swap(flow, "video_clip", flow.record("video_clip", "TEA-1"))
    assert_refused(flow)


@pytest.mark.parametrize(
    "check", [check.name for check in CHECKS.values() if check.blocking and check.asset != "mirrored_asset"]
)
def test_any_blocking_check_that_failed_or_never_ran(flow: Flow, check: str) -> None:
    row = CHECKS[check]
    subject = row.subject(flow.records(row.reads, PARTITION))
    flow.store.delete_note(f"checks/{row.asset}.{row.name}", PARTITION, subject)
    assert_refused(flow)
    failed = Finding(passed=False, sentence="The test says no.")
    result = CheckResult(asset=row.asset, check=row.name, subject_sha256=subject, finding=failed)
    flow.store.save_check(PARTITION, result)
    assert_refused(flow)


def test_a_reel_that_a_person_rejected(flow: Flow) -> None:
    decide(flow, open_instance(flow.settings), PARTITION, False, "The handle looks bent.")
    assert_refused(flow)
    state = report(flow, PARTITION)
    assert state.state == "rejected"
    assert "The handle looks bent." in state.reasons[0]


def test_cosmetics_wait_for_a_person_or_for_artwork_that_has_their_whole_label(made: Workspace) -> None:
    catalog = made.source / "catalog.json"
    data = json.loads(catalog.read_text(encoding="utf-8"))
    soap = next(product for product in data["products"] if product["sku"] == PARTITION)
    soap.update(title="Stone soap bar", description="A soap bar with a printed band.", product_type="Soap")
    catalog.write_text(json.dumps(data), encoding="utf-8")
    artwork = made.settings.workspace / "artwork" / PARTITION
    artwork.mkdir(parents=True)

    def state() -> tuple[str, str]:
        product = run_catalog(made.reload(), skus=[PARTITION]).products[0]
        return product.report.state, " ".join(product.report.reasons)

    label(artwork / "label.png", "HARBOUR\nNo 7")
    waiting, why = state()
    assert waiting == "waiting_for_person"
    assert "cosmetics" in why
    assert "artwork" in why
    label(artwork / "label.png", "STONE BOX\nNo 7")
    assert state()[0] == "published"


def label(path: Path, text: str) -> None:
    picture = Image.new("RGB", (700, 400), "white")
    for line, words in enumerate(text.split("\n")):
        font = ImageFont.load_default(80)
        ImageDraw.Draw(picture).text((350, 120 + 130 * line), words, fill="black", font=font, anchor="mm")
    picture.save(path)


def test_a_stale_product(flow: Flow) -> None:
    product = flow.record("product", PARTITION)
    swap(flow, "product", product.model_copy(update={"title": "Another title"}))
    assert_refused(flow)


def test_a_run_of_everything_is_stopped_by_its_own_check(made: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge's reject blocks in the same run, and the retake budget says what comes next."""
    from reel_pipeline.evaluation.engines import Charge, Opinion
    from reel_pipeline.evaluation.engines.classical import ClassicalJudge

    def always_no(*_: object) -> Opinion:
        charge = Charge("warped_logo", 4.0, 0.5, (10, 10, 50, 50), shot=1)
        return Opinion(Verdict.REJECT, (charge,), (), {"warped_logo": 4.0}, {"warped_logo": 1.0})

    monkeypatch.setattr(ClassicalJudge, "judge", always_no)
    row = ENGINES["judge", "classical"]
    monkeypatch.setitem(ENGINES, ("judge", "classical"), replace(row, revision="rejects-all"))
    flow = Flow(made.settings, made.settings.open_store())
    voice = flow.record("voiceover", PARTITION)
    others = {name: data for name, data in published(flow).items() if not name.startswith("box-2-")}
    product = run_catalog(made.settings, skus=[PARTITION], force=True).products[0]
    assert product.report.state == "rejected"
    assert product.report.verdict == "reject"
    assert published(flow) == others, "the judge took its word about the public file back, so it was withdrawn"
    assert flow.record("voiceover", PARTITION) == voice
    attempts = flow.attempts(PARTITION)
    takes = len(flow.record("shot_plan", PARTITION).editions["main"].shots[0].takes)
    assert attempts.attempt == min(made.settings.max_attempts, takes) - 1
    assert [made_.attempt for made_ in attempts.history] == list(range(attempts.attempt))
