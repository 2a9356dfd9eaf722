"""What every planner owes, whichever it is."""

from pathlib import Path

import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    BrandLook,
    BrandWords,
    Format,
    FrameClassification,
    ProductCutout,
    Rung,
    ViewClass,
)
from reel_pipeline.shots.checks import claims_are_grounded, motions_are_safe
from reel_pipeline.shots.engines import Facts, Planner, PlanRequest
from reel_pipeline.shots.plan import plan_shots
from reel_pipeline_tests.shots.making import GALLERY, SHIRT, frame, store_in


@pytest.fixture(params=["embedded"])
def planner(request: pytest.FixtureRequest) -> Planner:
    return open_engine("planner", request.param)


def test_plans_are_grounded_safe_and_repeatable(planner: Planner, tmp_path: Path) -> None:
    frames = FrameClassification(frames=GALLERY)
    plans = [
        plan_shots(
            SHIRT,
            frames,
            ProductCutout(cutouts=()),
            BrandLook(),
            BrandWords(),
            {},
            (),
            planner,
            store_in(tmp_path / name),
        )
        for name in ("a", "b")
    ]
    assert plans[0] == plans[1]
    assert claims_are_grounded(plans[0], SHIRT, BrandWords(), {}).passed
    assert motions_are_safe(plans[0], frames, SHIRT.colour).passed
    edition = plans[0].editions["main"]
    assert 2 <= len(edition.shots) <= 6
    assert all(shot.takes[0].rung in Rung and shot.line and shot.caption for shot in edition.shots)
    assert edition.closing_line


@pytest.mark.parametrize("format", [VERTICAL, PORTRAIT, SQUARE, LANDSCAPE], ids=["9:16", "4:5", "1:1", "16:9"])
def test_every_format_is_planned_safely(planner: Planner, format: Format) -> None:
    facts = Facts(**{name: getattr(SHIRT, name) for name in Facts.model_fields})
    labelled = frame(1, size=(2400, 3000), label=(900, 2000, 300, 120))
    wide, upright = (frame(2, ViewClass.DETAIL_CROP, size=size) for size in ((2400, 1000), (2000, 2500)))
    for frames in (GALLERY, (labelled,), (labelled, wide), (labelled, upright), (frame(1, size=(700, 700)),)):
        request = PlanRequest(
            facts=facts,
            frames=frames,
            cutouts=(),
            look=BrandLook(),
            words=BrandWords(),
            overrides={},
            prefer=(),
            format=format,
        )
        made = planner.plan(request)
        assert made.editions["main"].format == format
        found = motions_are_safe(made, FrameClassification(frames=frames), SHIRT.colour)
        assert found.passed, found.sentence
        for take in (take for shot in made.editions["main"].shots for take in shot.takes):
            if frames == (labelled,) and take.focus_px_xywh != labelled.product_box_px_xywh:
                _, _, w, h = take.focus_px_xywh
                assert abs(w / h / format.aspect - 1) < 0.01, "a close-up has the shape of its frame"
            if take.photo == upright.photo and upright in frames:
                _, _, w, h = take.focus_px_xywh
                assert max(w / upright.width_px, h / upright.height_px) < 0.95, "the camera has room to move over it"


def test_an_unknown_planner_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="embedded"):
        open_engine("planner", "gpt")
