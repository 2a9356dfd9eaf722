"""The checks against plans that someone tampered with."""

from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.records import (
    BrandWords,
    Claim,
    FrameClassification,
    Material,
    Motion,
    PlanEdition,
    Rung,
    Shot,
    ShotPlan,
    Subject,
    SubjectKind,
    ViewClass,
)
from reel_pipeline.shots.checks import claims_are_grounded, motions_are_safe
from reel_pipeline_tests.shots.making import GALLERY, SHIRT, frame, plan

FRAMES = FrameClassification(frames=(*GALLERY, frame(9, variant="sand"), frame(8, variant="moss")))


def with_shot(made: ShotPlan, **changes: Any) -> ShotPlan:
    edition = made.editions["main"]
    shots = (edition.shots[0].model_copy(update=changes), *edition.shots[1:])
    return made.model_copy(update={"editions": {"main": edition.model_copy(update={"shots": shots})}})


def going_on(made: ShotPlan, number: int, **changes: Any) -> ShotPlan:
    """The plan in which the line of the shot before is spoken over this one too."""
    silent = {"line": "", "caption": "", "claims": (), "line_goes_on": True, **changes}
    edition = made.editions["main"]
    shots = tuple(shot.model_copy(update=silent) if shot.number == number else shot for shot in edition.shots)
    return made.model_copy(update={"editions": {"main": edition.model_copy(update={"shots": shots})}})


def with_take(made: ShotPlan, **changes: Any) -> ShotPlan:
    take = made.editions["main"].shots[0].takes[0].model_copy(update=changes)
    return with_shot(made, takes=(take,))


def saying(made: ShotPlan, line: str, field: str, evidence: str) -> ShotPlan:
    return with_shot(made, line=line, caption=line, claims=(Claim(text=line, field=field, evidence=evidence),))


def test_an_honest_plan_passes_both(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert claims_are_grounded(made, SHIRT, BrandWords(), {}).passed
    assert motions_are_safe(made, FRAMES, "moss").passed


@pytest.mark.parametrize(
    ("line", "field", "evidence", "told"),
    [
        ("Linen camp shirt, organic.", "title", "Linen camp shirt", "organic"),
        ("Silk shirt.", "title", "Silk shirt", "does not hold"),
        ("Two patch pockets.", "description", "patch pocket", "two"),
        ("An open collar and a patch pocket.", "tags", "open collar", "does not hold"),
        ("Only 64.00.", "price", "64.00", "does not hold"),
        ("Shirt camp linen.", "title", "Linen camp shirt", "other words"),
        ("Anything at all.", "override", "Anything at all.", "no override"),
    ],
)
def test_words_without_a_source_are_found(tmp_path: Path, line: str, field: str, evidence: str, told: str) -> None:
    found = claims_are_grounded(saying(plan(tmp_path), line, field, evidence), SHIRT, BrandWords(), {})
    assert not found.passed
    assert told in found.sentence


def test_a_denial_is_not_evidence(tmp_path: Path) -> None:
    shoe = SHIRT.model_copy(update={"description": "Light shoe, not waterproof."})
    found = claims_are_grounded(
        saying(plan(tmp_path), "Waterproof.", "description", "waterproof"), shoe, BrandWords(), {}
    )
    assert "denies it" in found.sentence


def test_a_line_may_go_on_over_the_next_shots_where_there_is_one(tmp_path: Path) -> None:
    made = plan(tmp_path)
    for honest in (going_on(made, 2), going_on(going_on(made, 2), 3)):
        assert claims_are_grounded(honest, SHIRT, BrandWords(), {}).passed
    for dishonest, told in (
        (going_on(made, 1), "Shot 1 goes on with the line of the shot before, but none is spoken there"),
        (going_on(going_on(made, 2, line_goes_on=False), 3), "Shot 3 goes on"),
        (going_on(made, 2, line="Linen camp shirt."), "has words of its own"),
        (going_on(made, 2, caption="Linen"), "has words of its own"),
    ):
        found = claims_are_grounded(dishonest, SHIRT, BrandWords(), {})
        assert not found.passed
        assert told in found.sentence


@pytest.mark.parametrize("text", ["Now 64.00", "Just £5", "Only 20 dollars"])
def test_a_price_is_never_said_even_when_a_field_holds_it(tmp_path: Path, text: str) -> None:
    product = SHIRT.model_copy(update={"description": f"{text}."})
    found = claims_are_grounded(saying(plan(tmp_path), text, "description", text), product, BrandWords(), {})
    assert "names a price" in found.sentence


def test_a_changed_product_unsettles_the_old_plan(tmp_path: Path) -> None:
    found = claims_are_grounded(plan(tmp_path), SHIRT.model_copy(update={"title": "Cotton shirt"}), BrandWords(), {})
    assert not found.passed


def test_captions_banned_words_risky_claims_and_the_closing_line_are_read_too(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert "caption" in claims_are_grounded(with_shot(made, caption="Silk!"), SHIRT, BrandWords(), {}).sentence
    assert "bans" in claims_are_grounded(made, SHIRT, BrandWords(banned_words=("CAMP",)), {}).sentence
    risky = SHIRT.model_copy(update={"description": "The best shirt."})
    assert (
        "proof"
        in claims_are_grounded(
            saying(made, "The best shirt.", "description", "The best shirt"), risky, BrandWords(), {}
        ).sentence
    )
    assert "closing" in claims_are_grounded(made, SHIRT, BrandWords(call_to_action="Look again"), {}).sentence.lower()
    assert "without naming" in claims_are_grounded(with_shot(made, claims=()), SHIRT, BrandWords(), {}).sentence


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"photo": "f" * 16}, "not in the gallery"),
        ({"photo": f"{9:016x}"}, "another colour"),
        ({"rung": Rung.DIFFUSION}, "allows"),
        ({"motion": Motion.PARALLAX}, "can't do"),
        ({"focus_px_xywh": (1000, 0, 400, 400)}, "outside its photo"),
        ({"subjects": (Subject(kind=SubjectKind.LABEL, box_px_xywh=(-1, 0, 5, 5)),)}, "label box that lies outside"),
        ({"focus_px_xywh": (100, 100, 300, 400)}, "enlarge"),
    ],
)
def test_unsafe_takes_are_found(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    made = plan(tmp_path, product=SHIRT.model_copy(update={"title": "Woven camp shirt"}))
    found = motions_are_safe(with_take(made, **changes), FRAMES, "moss")
    assert not found.passed
    assert told in found.sentence


def test_two_colourways_in_one_plan_are_found_without_knowing_the_colour(tmp_path: Path) -> None:
    made = plan(tmp_path)
    takes = tuple(made.editions["main"].shots[0].takes[0].model_copy(update={"photo": f"{n:016x}"}) for n in (8, 9))
    assert "another colour" in motions_are_safe(with_shot(made, takes=takes), FRAMES).sentence


def test_parallax_on_a_close_up_is_found() -> None:
    close = frame(1, ViewClass.DETAIL_CROP)
    take = {"photo": close.photo, "rung": Rung.PARALLAX, "motion": Motion.PARALLAX, "focus_px_xywh": (0, 0, 1200, 1600)}
    shot = Shot(number=1, role="texture", takes=(take,), line="A.", caption="A.")
    made = ShotPlan(editions={"main": PlanEdition(shots=(shot, shot), closing_line="", materials=(Material.TEXTURED,))})
    assert "close-up" in motions_are_safe(made, FrameClassification(frames=(close,))).sentence
