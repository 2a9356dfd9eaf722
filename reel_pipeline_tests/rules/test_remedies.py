"""A person's no: what it asks for, what is made of it, and that only a person releases that."""

from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.cli import main
from reel_pipeline.commands.run import run_catalog
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.reviews import decide
from reel_pipeline.records import Review, ReviewFault, TimedBox
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import Waiting, approvals
from reel_pipeline.rules.remedies import Remedy, remedies_of
from reel_pipeline.rules.report import State
from reel_pipeline.rules.work import work
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.defs.test_operations import public
from reel_pipeline_tests.rules.test_staleness import edit_product

SKU = "TEA-1"


@pytest.mark.parametrize(
    ("reason", "asked_for"),
    [
        ("The caption covers the label.", "caption"),
        ("Subtitle hides the cap", "caption"),
        ("The caption is cut off", "caption"),
        ("Der Untertitel verdeckt das Etikett.", "caption"),
        ("The lid is cropped", "cropped"),
        ("The handle is cut off at the left", "cropped"),
        ("Too close, the product is not fully visible", "cropped"),
        ("Der Henkel ist abgeschnitten", "cropped"),
        ("Flasche nicht ganz zu sehen.", "cropped"),
        ("The picture is cropped", "cropped"),
        ("Blurry", "photo"),
        ("wrong photo", "photo"),
        ("The picture is too soft.", "photo"),
        ("Falsche Farbe", "photo"),
        ("Das Bild ist unscharf", "photo"),
        ("Typo in the caption", "words"),
        ("The line is wrong", "words"),
        ("The caption says waterproof and it is not", "words"),
        ("Tippfehler", "words"),
        ("Formulierung passt nicht", "words"),
        ("Looks dull.", "take"),
        ("The handle looks bent.", "take"),
        ("Text is too small for the platform", "take"),
        ("Le cadrage ne va pas", "take"),
        ("", "take"),
        ("The caption is fine but the photo is blurry", "photo"),
        ("Caption covers the logo and the bottle is cropped", "caption cropped"),
        ("The caption is not good", "caption"),
    ],
)
def test_the_words_of_a_rejection_say_what_it_asks_for(reason: str, asked_for: str) -> None:
    review = Review(video_sha256="0" * 64, approved=False, reason=reason, reviewer="person:test")
    assert remedies_of(review) == {Remedy(word) for word in asked_for.split()}


@pytest.mark.parametrize(
    ("kinds", "asked_for"),
    [(["caption"], "caption"), (["warped_logo"], "take"), (["wrong_product", "cropped"], "photo cropped")],
)
def test_faults_that_are_named_count_more_than_words(kinds: list[str], asked_for: str) -> None:
    faults = tuple(ReviewFault(kind=kind) for kind in kinds)
    review = Review(video_sha256="0" * 64, approved=False, reason="A typo", reviewer="person:test", faults=faults)
    assert remedies_of(review) == {Remedy(word) for word in asked_for.split()}
    other = review.model_copy(update={"faults": (ReviewFault(kind="other"),)})
    assert remedies_of(other) == {Remedy.WORDS}


@pytest.fixture
def flow(made: Workspace) -> Flow:
    return Flow(made.settings, made.settings.open_store())


def reject(flow: Flow, reason: str, shots: tuple[int, ...] = (), **options: Any) -> None:
    decide(flow, open_instance(flow.settings), SKU, False, reason, shots=shots, **options)


def run_again(made: Workspace) -> Any:
    return run_catalog(made.reload(), only_stale=True, skus=[SKU]).products[0]


def captions(flow: Flow) -> dict[int | None, TimedBox]:
    """By the shot they stand in."""
    cut_list = flow.record("reel", SKU).editions["main"].cut_list
    shots = {cut.start_frame: cut.shot for cut in cut_list.cuts}
    boxes = [box for overlay in cut_list.overlays if overlay.kind == "caption" for box in overlay.boxes]
    return {shots[box.start_frame]: box for box in boxes}


def overlap(one: TimedBox, other: TimedBox) -> bool:
    (_, y, _, h), (_, top, _, height) = one.box_px_xywh, other.box_px_xywh
    return y < top + height and top < y + h


def test_a_caption_that_was_rejected_stands_elsewhere_or_is_gone_and_a_person_releases_it(
    made: Workspace, flow: Flow
) -> None:
    stills, before, voice = flow.record("rendered_still", SKU), captions(flow), flow.head("voiceover", SKU)
    reject(flow, "The caption covers the label.", (2,))
    ran = run_again(made)
    after = captions(flow)
    assert flow.record("rendered_still", SKU).editions["main"].stills == stills.editions["main"].stills
    assert flow.head("voiceover", SKU) == voice
    assert after.keys() | {2} == before.keys()
    assert 2 not in after or not overlap(after[2], before[2])
    assert {shot: after[shot] for shot in after if shot != 2} == {shot: before[shot] for shot in before if shot != 2}
    assert flow.record("evaluation_score", SKU).editions["main"].verdict == "accept"
    assert ran.report.state is State.WAITING, ran.report
    assert "The caption covers the label." in ran.report.reasons[0]
    assert public(made) == {"box"}
    assert work(flow, SKU) == {}
    first = flow.attempts(SKU).history[0]
    assert first.rejected_by.startswith("person:")
    assert first.reason == "The caption covers the label."
    assert main(["review", "approve", SKU, "--reason", "Better."]) == 0
    run_again(made)
    assert public(made) == {"box", "tea"}
    edit_product(made, tags=["another"])
    assert run_again(made).report.state is State.PUBLISHED, "the person's last word was yes"


def test_what_a_person_rejected_is_released_by_a_person_whatever_changes_meanwhile(made: Workspace, flow: Flow) -> None:
    reject(flow, "Looks dull.")
    edit_product(made, title="North leaf tea", description="Loose-leaf tea in a carton. Grown in one garden.")
    ran = run_again(made)
    assert ran.report.state is State.WAITING, ran.report
    with pytest.raises(Waiting, match=r"Looks dull\."):
        approvals(flow, SKU)
    assert public(made) == {"box"}


def test_a_cropped_shot_is_framed_wider_then_made_from_another_photo(made: Workspace, flow: Flow) -> None:
    def shot(number: int) -> Any:
        return next(
            still for still in flow.record("rendered_still", SKU).editions["main"].stills if still.shot == number
        )

    before, others = shot(1), [shot(2)]
    reject(flow, "The lid is cropped", (1,))
    assert run_again(made).report.state is State.WAITING
    wider = shot(1)
    assert (wider.take.photo, wider.take.motion) == (before.take.photo, before.take.motion)
    assert wider.camera_end[2] > 1.05 * before.camera_end[2]
    assert [shot(2)] == others
    reject(flow, "Still cropped", (1,))
    assert run_again(made).report.state is State.WAITING
    assert shot(1).take.photo != before.take.photo
    assert [made.rejected_by != "" for made in flow.attempts(SKU).history] == [True, True]


def test_a_photo_that_was_rejected_gives_way_to_another(made: Workspace, flow: Flow) -> None:
    shots = flow.record("shot_plan", SKU).editions["main"].shots
    number = next(shot.number for shot in shots if len({take.photo for take in shot.takes}) > 1)
    reject(flow, "Nothing to say", (number,), faults=(ReviewFault(kind="photo"),))
    assert run_again(made).report.state is State.WAITING
    still = next(s for s in flow.record("rendered_still", SKU).editions["main"].stills if s.shot == number)
    assert still.take.photo != shots[number - 1].takes[0].photo


def test_words_that_were_rejected_wait_for_words(
    made: Workspace, flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    reel = flow.head("reel", SKU)
    reject(flow, "Typo in the caption", (2,))
    finding = flow.finding("retry_budget", SKU)
    assert finding is not None
    assert finding.measured["next_attempt"] == 0
    assert "overrides" in finding.sentence
    run_again(made)
    assert flow.head("reel", SKU) == reel, "nothing was made"
    overrides = made.settings.workspace / "overrides"
    overrides.mkdir()
    role = flow.record("shot_plan", SKU).editions["main"].shots[0].role
    (overrides / f"{SKU}.toml").write_text(f'[{role}]\nline = "Tea from one garden."\n')
    ran = run_again(made)
    assert ran.report.state is State.WAITING, ran.report
    assert "Typo in the caption" in ran.report.reasons[0]


def test_a_platforms_rejection_too_is_released_by_a_person(made: Workspace, flow: Flow, tmp_path: Path) -> None:
    (tmp_path / "rejected.csv").write_text(f"sku,platform,reason,shots\n{SKU},Meta,Bad crop,1\n")
    assert main(["review", "import", str(tmp_path / "rejected.csv")]) == 0
    ran = run_again(made)
    assert ran.report.state is State.WAITING, ran.report
    assert "Meta" in ran.report.reasons[0]
    assert public(made) == {"box"}
