"""Learning in a real workspace: people's words become a candidate; only adopting it makes verdicts stale."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reel_pipeline.cli import main
from reel_pipeline.commands.learn import run_learn
from reel_pipeline.commands.run import run_catalog
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.reviews import decide, spot_check
from reel_pipeline.engines import ENGINES, open_engine
from reel_pipeline.errors import PublishRefused, SettingsError
from reel_pipeline.evaluation.engines import regated
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.learning import Calibration, KindCalibration
from reel_pipeline.records import Review, Severity, Shown
from reel_pipeline.rules import cases as rules_cases
from reel_pipeline.rules.cases import CALIBRATIONS, cases, due_spot_checks
from reel_pipeline.rules.decisions import parse_fault
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import BLIND_REVIEWS, REVIEWS, SHOWN, approvals
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.store import UNPARTITIONED, partition_path
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.defs.test_operations import drop

PARTITION = "BOX-2"


@pytest.fixture
def flow(made: Workspace) -> Flow:
    return Flow(made.settings, made.settings.open_store())


def drawn_for_a_spot_check(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the draw fall on the one reel; returns its SHA-256."""
    sha256: str = flow.record("reel", PARTITION).editions["main"].video.sha256
    monkeypatch.setattr(rules_cases, "is_spot_check", lambda video, propensity: video == sha256 and propensity < 1)
    return sha256


def test_a_verdict_remembers_what_the_reel_consisted_of(flow: Flow) -> None:
    judged = flow.record("evaluation_score", PARTITION).editions["main"]
    shown = flow.store.load_note(SHOWN, PARTITION, judged.video_sha256, Shown)
    assert shown is not None
    stills = flow.record("rendered_still", PARTITION).editions["main"].stills
    assert [(shot.shot, shot.motion, shot.photo) for shot in shown.shots] == [
        (still.shot, still.take.motion, still.take.photo) for still in stills
    ]
    assert shown.sku == PARTITION
    assert all(flow.store.has(shot.clip) for shot in shown.shots)


def test_learn_prints_a_candidate_and_leaves_every_verdict_fresh(
    flow: Flow, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    decide(flow, open_instance(flow.settings), "TEA-1", True, "Looks right.")
    assert main(["learn", "--json"]) == 0
    learned = json.loads(capsys.readouterr().out)
    assert learned["reels"] == len(list(cases(flow)))
    assert learned["decided"] == 1
    assert {row["by"] for row in learned["acceptance"]} == {"view_class", "motion", "rung"}
    assert flow.store.load_note(CALIBRATIONS, UNPARTITIONED, learned["candidate"], Calibration) is not None
    assert stale_assets(flow, PARTITION) == {}
    assert main(["learn"]) == 0
    printed = capsys.readouterr().out
    assert f'calibration = "{learned["candidate"]}"' in printed, "the same data give the same candidate"
    assert main(["export", "labels", str(tmp_path / "labels.jsonl")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert rows
    assert all(row["label"] is True and Path(row["completion"]).is_file() for row in rows)


def test_only_adopting_makes_verdicts_stale_and_the_judge_goes_by_it(
    made: Workspace, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_learn(made.settings)
    gates = {**shipped_thresholds(), "wrong_product": 0.0001}
    kinds = tuple(
        KindCalibration(
            kind=k, labels=0, objections=0, effective_labels=0, gate=v, proposed_gate=v, sentence="By the test."
        )
        for k, v in gates.items()
    )
    candidate = Calibration(table_sha256="0" * 64, kinds=kinds, bounds=())
    flow.store.save_note(CALIBRATIONS, UNPARTITIONED, candidate.digest(), candidate)
    assert stale_assets(flow, PARTITION) == {}
    adopted = new_workspace(made.settings.workspace, made.source, f'calibration = "{candidate.digest()}"\n')
    use(adopted, monkeypatch)
    now = Flow(adopted.settings, adopted.settings.open_store())
    assert next(iter(stale_assets(now, PARTITION))) == "evaluation_score"
    engine = regated(open_engine("judge", "classical"), rules_cases.adopted_gates(now))
    assert engine.revision.startswith(open_engine("judge", "classical").revision + "+")
    reel, gallery = now.record("reel", PARTITION), now.record("product_gallery", PARTITION)
    from reel_pipeline.evaluation.judge import judge

    edition = reel.editions["main"]
    judged = judge(edition.video, edition.cut_list, gallery.photos, engine, now.store)
    assert all(judged.thresholds[kind] == gates[kind] for kind in judged.thresholds)
    shipped = judge(edition.video, edition.cut_list, gallery.photos, open_engine("judge", "classical"), now.store)
    assert all(shipped.thresholds[kind] == shipped_thresholds()[kind] for kind in shipped.thresholds)


@pytest.mark.parametrize("name", ["0" * 64, "no such thing", "../../heads"])
def test_a_calibration_that_is_not_there_is_named(made: Workspace, name: str) -> None:
    other = new_workspace(made.settings.workspace, made.source, f'calibration = "{name}"\n')
    with pytest.raises(SettingsError, match="reel-pipeline learn"):
        rules_cases.adopted_gates(Flow(other.settings, other.settings.open_store()))


def test_a_spot_check_is_a_label_and_releases_nothing(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = drawn_for_a_spot_check(flow, monkeypatch)
    assert [shown.sku for _, shown in due_spot_checks(flow)] == [PARTITION]
    assert spot_check(flow, open_instance(flow.settings), PARTITION, True, "Fine.") == sha256
    assert flow.store.load_note(REVIEWS, PARTITION, sha256, Review) is None
    assert approvals(flow, PARTITION) == {"main": "judge"}
    known = next(case for case in cases(flow) if case.judgement.video_sha256 == sha256)
    assert known.spot_check is not None
    assert known.weight is not None
    assert known.weight > 1
    with pytest.raises(SettingsError, match="No spot check is due"):
        spot_check(flow, open_instance(flow.settings), PARTITION, True, "Fine again.")


def test_a_spot_check_that_finds_a_fault_takes_the_reel_down(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sha256 = drawn_for_a_spot_check(flow, monkeypatch)
    assert main(["review", "list"]) == 0
    assert "--blind" in capsys.readouterr().out
    fault = ["--fault", "warped_logo:critical@10,20,30,40"]
    assert main(["review", "reject", PARTITION, "--blind", "--reason", "The logo leans.", *fault]) == 0
    for kind in (BLIND_REVIEWS, REVIEWS):
        review = flow.store.load_note(kind, PARTITION, sha256, Review)
        assert review is not None
        assert review.faults[0].severity is Severity.CRITICAL
        assert review.faults[0].box_px_xywh == (10, 20, 30, 40)
    with pytest.raises(PublishRefused):
        approvals(flow, PARTITION)


def test_a_spot_check_offers_neither_what_a_person_decided_nor_what_is_no_longer_current(
    made: Workspace, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_cases, "is_spot_check", lambda video, propensity: propensity < 1)
    assert {shown.sku for _, shown in due_spot_checks(flow)} == {PARTITION, "TEA-1"}
    decide(flow, open_instance(flow.settings), PARTITION, False, "Looks dull.")
    assert {shown.sku for _, shown in due_spot_checks(flow)} == {"TEA-1"}
    reel, other = flow.record("reel", "TEA-1"), flow.record("reel", PARTITION)
    flow.store.save("reel", "TEA-1", reel.model_copy(update={"editions": other.editions}), "0" * 64, {})
    assert list(due_spot_checks(flow)) == []
    flow.store.save("reel", "TEA-1", reel, "0" * 64, {})
    assert {shown.sku for _, shown in due_spot_checks(flow)} == {"TEA-1"}
    drop(made, "TEA-1")
    run_catalog(made.reload(), only_stale=True, skus=["BAD-3"], accept_losses=True)
    assert list(due_spot_checks(flow)) == []


def test_how_likely_a_reel_was_drawn_is_written_once(made: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Flow(made.settings, made.settings.open_store())
    sha256 = flow.record("reel", PARTITION).editions["main"].video.sha256
    drawn = flow.store.load_note(SHOWN, PARTITION, sha256, Shown)
    workspace = new_workspace(made.settings.workspace, made.source, 'publish = "after_approval"\n')
    use(workspace, monkeypatch)
    row = ENGINES["judge", "classical"]
    monkeypatch.setitem(ENGINES, ("judge", "classical"), replace(row, revision="judges-again"))
    run_catalog(workspace.settings, force=True, skus=[PARTITION])
    assert flow.record("reel", PARTITION).editions["main"].video.sha256 == sha256
    assert flow.store.load_note(SHOWN, PARTITION, sha256, Shown) == drawn
    assert drawn is not None
    assert drawn.review_propensity < 1


@pytest.mark.parametrize("text", ["", "warped", "warped_logo:huge", "warped_logo:minor:2", "warped_logo@1,2,3", "x y"])
def test_a_fault_that_can_not_be_read_is_answered_with_what_can(text: str) -> None:
    with pytest.raises(SettingsError, match="one of"):
        parse_fault(text)


def test_a_fault_lies_in_the_shot_that_the_rejection_names() -> None:
    assert parse_fault("other", [2]).shot == 2
    assert parse_fault("other:minor", [1, 2]).shot is None
    assert parse_fault("warped_logo").severity is Severity.MAJOR


def test_pruning_keeps_the_clips_of_what_a_person_decided(flow: Flow) -> None:
    from reel_pipeline.prune import prune

    instance = open_instance(flow.settings)
    decide(flow, instance, PARTITION, True, "Fine.")
    shown = {case.sku: case.shown for case in cases(flow)}
    for partition in (PARTITION, "TEA-1"):
        for asset in ("video_clip", "reel"):
            flow.store.objects.delete(f"heads/{asset}/{partition_path(partition)}.json")
    prune(flow.store)
    decided, other = shown[PARTITION], shown["TEA-1"]
    assert decided is not None
    assert other is not None
    assert all(flow.store.has(shot.clip) for shot in decided.shots)
    assert not any(flow.store.has(shot.clip) for shot in other.shots)
