"""Which photos a plan shows, in which order and by which moves."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reel_pipeline.errors import PlanError
from reel_pipeline.records import (
    BrandWords,
    FrameClassification,
    Motion,
    Role,
    Rung,
    Subject,
    SubjectKind,
    TransitionKind,
    ViewClass,
)
from reel_pipeline.shots.checks import motions_are_safe
from reel_pipeline_tests.shots.making import GALLERY, SHIRT, frame, lines, plan, store_in


def shown(folder: Path, *frames, **more) -> list[tuple[Role, int]]:
    edition = plan(folder, frames=frames, **more).editions["main"]
    return [(shot.role, int(shot.takes[0].photo, 16)) for shot in edition.shots]


def test_opening_is_worn_then_studio_then_close_up_then_another_view(tmp_path: Path) -> None:
    assert shown(tmp_path, *GALLERY) == [(Role.OPENING, 2), (Role.REVEAL, 1), (Role.TEXTURE, 3), (Role.DETAIL, 4)]


def test_a_literal_shot_has_no_brief_enters_by_a_cut_and_has_a_line_of_its_own(tmp_path: Path) -> None:
    for shot in plan(tmp_path).editions["main"].shots:
        assert all(take.brief is None for take in shot.takes)
        assert (shot.enters, shot.line_goes_on, bool(shot.line)) == (TransitionKind.CUT, False, True)


def test_a_lifestyle_photo_opens_before_a_worn_one(tmp_path: Path) -> None:
    assert shown(tmp_path, *GALLERY, frame(5, ViewClass.LIFESTYLE))[0] == (Role.OPENING, 5)


def test_a_close_up_that_passes_for_a_scene_does_not_open(tmp_path: Path) -> None:
    corner = frame(5, ViewClass.LIFESTYLE).model_copy(update={"product_box_px_xywh": (240, 200, 960, 1400)})
    assert shown(tmp_path / "a", *GALLERY, corner, frame(6, ViewClass.LIFESTYLE))[0] == (Role.OPENING, 6)
    assert shown(tmp_path / "b", *GALLERY, corner)[0] == (Role.OPENING, 2)
    assert shown(tmp_path / "c", corner)[0] == (Role.OPENING, 5)


def test_photos_of_another_colour_and_repeats_are_never_used(tmp_path: Path) -> None:
    frames = (
        frame(1, variant="Moss "),
        frame(2, ViewClass.MODEL_WORN, variant="sand"),
        frame(3, ViewClass.DETAIL_CROP, duplicate_of=f"{1:016x}"),
        frame(4, ViewClass.LIFESTYLE),
    )
    edition = plan(tmp_path, frames=frames).editions["main"]
    used = {int(take.photo, 16) for shot in edition.shots for take in shot.takes}
    assert used == {1, 4}


def test_no_photo_of_this_colour_is_an_error_that_names_the_colour(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="'moss'"):
        plan(tmp_path, frames=(frame(1, variant="sand"),))


def test_no_photo_at_all_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="upload at least one"):
        plan(tmp_path, frames=())


def test_a_product_without_a_colour_does_not_borrow_a_colourway(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="fill in its colour"):
        plan(tmp_path, product=SHIRT.model_copy(update={"colour": ""}), frames=(frame(1, variant="sand"),))


def test_a_tiny_photo_is_left_out_where_there_are_others_and_used_where_there_are_none(tmp_path: Path) -> None:
    tiny = frame(2, ViewClass.MODEL_WORN, size=(220, 220))
    assert all(photo != 2 for _, photo in shown(tmp_path / "a", frame(1), tiny))
    assert {photo for _, photo in shown(tmp_path / "b", tiny)} == {2}


def test_the_sure_and_sharp_photo_wins_over_the_first_one(tmp_path: Path) -> None:
    frames = (frame(1, unsure=True), frame(2, sharpness=5.0), frame(3))
    assert shown(tmp_path, *frames)[0] == (Role.OPENING, 3)


def test_one_large_photo_gives_three_framings_with_the_label_up_close(tmp_path: Path) -> None:
    edition = plan(tmp_path, frames=(frame(1, size=(2400, 3000), label=(900, 2000, 300, 120)),)).editions["main"]
    assert [shot.role for shot in edition.shots] == [Role.OPENING, Role.TEXTURE, Role.REVEAL]
    x, y, width, height = edition.shots[1].takes[0].focus_px_xywh
    assert x <= 900 < 1200 <= x + width
    assert y <= 2000 < 2120 <= y + height
    assert width >= 675
    assert edition.shots[0].takes[0].motion != edition.shots[2].takes[0].motion


def test_one_small_photo_is_not_cropped(tmp_path: Path) -> None:
    edition = plan(tmp_path, frames=(frame(1, size=(700, 700)),)).editions["main"]
    assert [shot.role for shot in edition.shots] == [Role.OPENING, Role.REVEAL]
    assert len({shot.takes[0].focus_px_xywh for shot in edition.shots}) == 1


def test_takes_offer_another_motion_and_then_another_photo(tmp_path: Path) -> None:
    takes = plan(tmp_path).editions["main"].shots[0].takes
    assert [take.seed for take in takes] == list(range(len(takes)))
    assert takes[0].photo == takes[1].photo != takes[2].photo
    assert takes[0].motion != takes[1].motion
    assert {take.rung for take in takes} == {Rung.STILL_MOTION}
    assert Motion.PARALLAX not in {take.motion for take in takes}


def test_what_people_accept_more_often_is_chosen_first(tmp_path: Path) -> None:
    before = plan(tmp_path / "a").editions["main"].shots
    after = plan(tmp_path / "b", prefer=(Motion.PULL_OUT, ViewClass.FLAT_STUDIO)).editions["main"].shots
    kinds = {photo.photo: photo.view_class for photo in GALLERY}
    assert (kinds[before[0].takes[0].photo], before[0].takes[0].motion) == (ViewClass.MODEL_WORN, Motion.PUSH_IN)
    assert (kinds[after[0].takes[0].photo], after[0].takes[0].motion) == (ViewClass.FLAT_STUDIO, Motion.PULL_OUT)
    moves = [(shot.takes[0].photo, shot.takes[0].motion) for shot in after]
    assert len(set(moves)) == len(moves), "variety comes first"


def test_product_label_and_faces_are_kept_free_of_captions_in_at_most_twelve_boxes(tmp_path: Path) -> None:
    crowded = frame(1, label=(400, 400, 200, 50))
    small = tuple(frame(1, label=(10 * n, 10 * n, 40, 10)).label_text[0] for n in range(1, 30))
    crowded = crowded.model_copy(update={"label_text": crowded.label_text + small})
    crowded = crowded.model_copy(update={"face_boxes_px_xywh": ((300, 200, 90, 90),)})
    subjects = plan(tmp_path, frames=(crowded,)).editions["main"].shots[0].takes[0].subjects
    assert subjects[:3] == (
        Subject(kind=SubjectKind.PRODUCT, box_px_xywh=crowded.product_box_px_xywh),
        Subject(kind=SubjectKind.FACE, box_px_xywh=(300, 200, 90, 90)),
        Subject(kind=SubjectKind.LABEL, box_px_xywh=(400, 400, 200, 50)),
    )
    assert len(subjects) == 12


def test_the_same_inputs_are_planned_once_and_price_does_not_matter(tmp_path: Path) -> None:
    first = plan(tmp_path)
    other_price = plan(tmp_path, product=SHIRT.model_copy(update={"price": "1.00", "sku": "OTHER"}))
    assert other_price == first
    other_title = plan(tmp_path, product=SHIRT.model_copy(update={"title": "Linen shirt"}))
    assert other_title != first
    store = store_in(tmp_path)
    assert len(store.objects.list("memo/plan_shots")) == 2


def test_overrides_replace_lines_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    edition = plan(tmp_path, overrides={"reveal.line": "Made for slow days.", "closing_line": "See it worn"}).editions[
        "main"
    ]
    assert edition.shots[1].line == "Made for slow days."
    assert edition.shots[1].claims[0].field == "override"
    assert edition.closing_line == "See it worn."
    with pytest.raises(PlanError, match=r"opening\.line"):
        plan(tmp_path, overrides={"hook.line": "x"})


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        ({"opening.line": "word " * 12}, "at most 9 words"),
        ({"opening.line": "…"}, "no words"),
        ({"opening.line": "Quite cheap."}, "bans"),
        ({"closing_line": "Come and have a long look at all of it today"}, "7 words"),
    ],
)
def test_an_override_that_cannot_be_spoken_is_refused(tmp_path: Path, overrides: dict[str, str], remedy: str) -> None:
    with pytest.raises(PlanError, match=remedy):
        plan(tmp_path, words=BrandWords(banned_words=("cheap",)), overrides=overrides)


some_frames = st.builds(
    frame,
    position=st.integers(1, 10**6),
    view=st.sampled_from(ViewClass),
    size=st.tuples(st.integers(64, 3000), st.integers(64, 3000)),
    variant=st.sampled_from([None, "moss", "sand"]),
    unsure=st.booleans(),
    sharpness=st.floats(0, 2000),
    label=st.sampled_from([None, (5, 5, 20, 10)]),
    plain=st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.lists(some_frames, min_size=1, max_size=8, unique_by=lambda item: item.photo).map(tuple))
def test_every_plan_passes_its_own_check_whatever_the_gallery(tmp_path: Path, frames) -> None:
    try:
        made = plan(tmp_path, frames=frames)
    except PlanError:
        assert all(item.variant == "sand" for item in frames)
        return
    edition = made.editions["main"]
    assert 2 <= len(edition.shots) <= 6
    assert [shot.number for shot in edition.shots] == list(range(1, len(edition.shots) + 1))
    assert len(set(lines(edition))) == len(edition.shots)
    found = motions_are_safe(made, FrameClassification(frames=frames), "moss")
    assert found.passed, found.sentence
