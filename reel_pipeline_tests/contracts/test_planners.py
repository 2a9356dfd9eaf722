"""What every planner owes, whichever it is."""

from pathlib import Path

import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.records import BrandLook, BrandWords, FrameClassification, ProductCutout, Rung
from reel_pipeline.shots.checks import claims_are_grounded, motions_are_safe
from reel_pipeline.shots.engines import Planner
from reel_pipeline.shots.plan import plan_shots
from reel_pipeline_tests.shots.making import GALLERY, SHIRT, store_in


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


def test_an_unknown_planner_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="embedded"):
        open_engine("planner", "gpt")
