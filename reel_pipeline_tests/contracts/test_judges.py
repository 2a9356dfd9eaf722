"""What every judge promises."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import EvaluationError, SettingsError
from reel_pipeline.evaluation.engines import Judge, Passport
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import Planes, VideoWriter
from reel_pipeline.records import Verdict
from reel_pipeline_tests.bench.cases import CLEAN
from reel_pipeline_tests.bench.filming import SMALL, make_clip
from reel_pipeline_tests.drawing import product_photo

ENGINES = ["classical"]


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Judge:
    return open_engine("judge", request.param)


@cache
def gallery() -> tuple[Pixels, ...]:
    return product_photo(1, "NORTH TEA\n250 g"), product_photo(2, "NORTH TEA\nback", size_px=(900, 900))


def unread(index: int) -> Passport:
    return Passport()


def film_of(picture: Pixels, path: Path, frames: int = 16) -> Path:
    """Anything at all, drifting by two pixels a frame."""
    with VideoWriter(path, picture.shape[1], picture.shape[0]) as writer:
        for index in range(frames):
            writer.write(Planes.from_rgb(np.ascontiguousarray(np.roll(picture, 2 * index, axis=1))))
    return path


def test_accepts_an_honest_clip_with_and_without_its_cut_list(engine: Judge, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), CLEAN, 1, SMALL, shots=2, frames_a_shot=26)
    for known in (cut_list, None):
        opinion = engine.judge(path, known, gallery(), unread)
        assert opinion.verdict is Verdict.ACCEPT, opinion
        assert not opinion.charges
        assert set(opinion.thresholds) <= set(opinion.scores)


def test_rejects_another_product_and_shows_where(engine: Judge, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    others = (product_photo(8, "SALT SOAP\n90 g"), product_photo(9, "SALT SOAP\nback"))
    cut_list = make_clip(path, others, CLEAN, 1, SMALL, shots=2, frames_a_shot=26)
    opinion = engine.judge(path, cut_list, gallery(), unread)
    assert opinion.verdict is Verdict.REJECT
    charge = opinion.charges[0]
    assert charge.score >= opinion.thresholds[charge.kind]
    assert charge.evidence is not None
    assert charge.evidence.startswith(b"\xff\xd8")
    x, y, width, height = charge.region_px_xywh
    assert 0 <= x < x + width <= SMALL[0]
    assert 0 <= y < y + height <= SMALL[1]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["flat", "noise", "stripes", "gradient"]),
    seed=st.integers(0, 2**16),
    width=st.sampled_from([180, 270, 360]),
)
def test_never_accepts_what_shows_nothing_of_the_photos(
    engine: Judge, tmp_path: Path, kind: str, seed: int, width: int
) -> None:
    rng = np.random.default_rng(seed)
    height = 2 * round(width * 8 / 9)
    picture = np.empty((height, width, 3), np.uint8)
    if kind == "flat":
        picture[:] = rng.integers(0, 256, 3)
    elif kind == "noise":
        picture[:] = rng.integers(0, 256, (height, width, 3))
    elif kind == "stripes":
        picture[:] = np.where(np.arange(width) // int(rng.integers(4, 30)) % 2, 30, 220)[None, :, None]
    else:
        picture[:] = np.linspace(0, 255, height)[:, None, None]
    opinion = engine.judge(film_of(picture, tmp_path / "clip.mp4"), None, gallery(), unread)
    assert opinion.verdict is not Verdict.ACCEPT


def test_abstains_or_rejects_where_there_is_nothing_to_compare(engine: Judge, tmp_path: Path) -> None:
    plain = np.full((500, 500, 3), (236, 236, 234), np.uint8)
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, (plain,), CLEAN, 1, SMALL, shots=1, frames_a_shot=26)
    opinion = engine.judge(path, cut_list, (plain,), unread)
    assert opinion.verdict is not Verdict.ACCEPT
    assert any("detail" in item.error for item in opinion.unverifiable)


def test_names_what_can_not_be_judged(engine: Judge, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"<html>not found</html>")
    with pytest.raises(EvaluationError, match="export it again"):
        engine.judge(broken, None, gallery(), unread)
    with pytest.raises(EvaluationError, match="reference photo"):
        engine.judge(film_of(gallery()[0][:480, :270], tmp_path / "clip.mp4"), None, (), unread)


def test_refuses_an_unknown_name() -> None:
    with pytest.raises(SettingsError, match="classical"):
        open_engine("judge", "oracle")
