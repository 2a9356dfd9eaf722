"""What every frame classifier promises."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import SettingsError
from reel_pipeline.frames.engines import FrameClassifier
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import ViewClass

CLASSIFIERS = ["embedded"]


def blot(seed: int, height: int, width: int) -> Pixels:
    """Anything between a plain field, a soft blot and noise, HWC RGB uint8."""
    rng = np.random.default_rng(seed)
    side = int(rng.integers(1, 12))
    picture = cv2.resize(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), (width, height))
    return np.asarray(picture.reshape(height, width, 3), np.uint8)


@pytest.fixture(params=CLASSIFIERS)
def engine(request: pytest.FixtureRequest) -> FrameClassifier:
    return open_engine("classifier", request.param)


def test_has_a_name_and_a_revision(engine: FrameClassifier) -> None:
    assert engine.name in CLASSIFIERS
    assert engine.revision


@pytest.mark.parametrize("name", CLASSIFIERS)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**16), st.integers(64, 700), st.integers(64, 700))
def test_any_picture_gets_probabilities_and_boxes_inside_it(name: str, seed: int, height: int, width: int) -> None:
    engine, picture = open_engine("classifier", name), blot(seed, height, width)
    look = engine.look(picture)
    for x, y, box_width, box_height in (look.product_box_px_xywh, *look.face_boxes_px_xywh):
        assert box_width > 0 < box_height
        assert 0 <= x <= width - box_width
        assert 0 <= y <= height - box_height
    (scores,) = engine.view_scores([look], [picture])
    assert set(scores) == set(ViewClass)
    assert all(0 <= score <= 1 for score in scores.values())
    assert sum(scores.values()) == pytest.approx(1, abs=1e-4)


def test_the_same_pictures_get_the_same_answer(engine: FrameClassifier) -> None:
    gallery = [blot(seed, 300, 240) for seed in range(3)]
    looks = [engine.look(picture) for picture in gallery]
    assert looks == [engine.look(picture) for picture in gallery]
    assert engine.view_scores(looks, gallery) == engine.view_scores(looks, gallery)


def test_one_answer_per_photo_of_a_long_gallery(engine: FrameClassifier) -> None:
    gallery = [blot(seed, 80, 64) for seed in range(14)]
    assert len(engine.view_scores([engine.look(picture) for picture in gallery], gallery)) == 14


def test_a_blank_picture_is_plain_and_its_product_fills_it(engine: FrameClassifier) -> None:
    look = engine.look(np.full((200, 150, 3), 255, np.uint8))
    assert look.backdrop_is_plain
    assert look.product_box_px_xywh == (0, 0, 150, 200)


def test_noise_has_no_plain_backdrop(engine: FrameClassifier) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    assert not engine.look(noise).backdrop_is_plain


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="embedded"):
        open_engine("classifier", "clip")
