"""The judge in other formats than 9:16."""

from functools import cache
from pathlib import Path

import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Passport
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Verdict
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.cases import CLEAN
from reel_pipeline_tests.bench.filming import Fault, make_clip
from reel_pipeline_tests.drawing import product_photo

FORMATS = {"1:1": (540, 540), "4:5": (540, 676), "16:9": (960, 540)}
HURT = (
    (Fault("warp", "4 %", faults.warp(4)), {"warped_logo"}),
    (Fault("ghost", "25 %", faults.ghost(25)), {"ghosting"}),
    (Fault("dot", "8 %", faults.dot(8)), {"invented_detail"}),
    (Fault("frozen", "", frames=faults.freeze), {"frozen"}),
)


@cache
def gallery() -> tuple[Pixels, ...]:
    return (product_photo(1, "NORTH TEA\n250 g"),)


def unread(index: int) -> Passport:
    return Passport()


@pytest.mark.parametrize("shape", FORMATS)
def test_accepts_an_honest_clip_with_and_without_its_cut_list(tmp_path: Path, shape: str) -> None:
    path, judge = tmp_path / "clip.mp4", open_engine("judge", "classical")
    cut_list = make_clip(path, gallery(), CLEAN, 3, FORMATS[shape], shots=1, frames_a_shot=26, card_frames=10)
    for known in (cut_list, None):
        opinion = judge.judge(path, known, gallery(), unread)
        assert opinion.verdict is Verdict.ACCEPT, opinion


@pytest.mark.parametrize("shape", FORMATS)
def test_names_what_is_wrong(tmp_path: Path, shape: str) -> None:
    path, judge = tmp_path / "clip.mp4", open_engine("judge", "classical")
    for fault, kinds in HURT:
        cut_list = make_clip(path, gallery(), fault, 3, FORMATS[shape], shots=1, frames_a_shot=26, card_frames=4)
        opinion = judge.judge(path, cut_list, gallery(), unread)
        assert opinion.verdict is Verdict.REJECT, (fault.kind, opinion)
        assert kinds & {charge.kind for charge in opinion.charges}, (fault.kind, opinion)
    other = (product_photo(8, "SALT SOAP\n90 g"),)
    cut_list = make_clip(path, other, CLEAN, 3, FORMATS[shape], shots=1, frames_a_shot=26, card_frames=4)
    opinion = judge.judge(path, cut_list, gallery(), unread)
    assert "wrong_product" in {charge.kind for charge in opinion.charges}, opinion
