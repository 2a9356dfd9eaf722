"""Plans, pictures and verdicts are what they were when the goldens beside this file were made."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reel_pipeline_tests.bench.filming import Fault
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.goldens.cases import (
    CLIPS,
    FOLDER,
    LARGEST_LEVELS,
    LUMA_PX,
    PRODUCTS,
    SCORE_SHARE,
    judged,
    luma,
    planned,
    reels_in,
)


def kept(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", range(len(PRODUCTS)), ids=[title for title, *_ in PRODUCTS])
def test_plan(number: int, tmp_path: Path) -> None:
    assert planned(number, tmp_path) == kept("plans.json")[number]


@pytest.mark.parametrize(
    ("number", "clip", "kinds"),
    [(number, *case) for number, case in enumerate(CLIPS)],
    ids=[f"{clip.kind} {clip.severity}" for clip, _ in CLIPS],
)
def test_verdict(number: int, clip: Fault, kinds: set[str], tmp_path: Path) -> None:
    now, then = judged(clip, tmp_path), kept("verdicts.json")[number]
    assert now["verdict"] == ("reject" if kinds else "accept")
    assert {f"{kind} in shot 1" for kind in kinds} & {*now["faults"]} or not kinds
    scores, expected = now.pop("scores"), then.pop("scores")
    assert now == then
    assert scores.keys() == expected.keys()
    gates = then["thresholds"]
    assert not {
        kind: (scores[kind], expected[kind])
        for kind in expected
        if abs(scores[kind] - expected[kind]) > SCORE_SHARE * gates.get(kind, 1.0)
    }


def test_frames(made: Workspace) -> None:
    now = luma(reels_in(made)).astype(int)
    then = cv2.imread(str(FOLDER / "frames.png"), cv2.IMREAD_GRAYSCALE).astype(int)
    assert now.shape == then.shape
    apart = np.abs(now - then)
    row, column = np.unravel_index(apart.argmax(), apart.shape)
    where = f"reel {row // LUMA_PX[1] + 1}, frame {column // LUMA_PX[0] + 1}"
    assert apart.max() <= LARGEST_LEVELS, f"{where} differs by {apart.max()} levels"
