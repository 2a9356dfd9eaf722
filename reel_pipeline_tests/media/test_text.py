"""Reading words off pictures that this test draws itself."""

import socket
from typing import NoReturn

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import MIN_CONFIDENCE, read_line, read_text, straighten


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("reading text must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def label(*lines: str, height: int = 600, width: int = 800) -> Pixels:
    picture = np.full((height, width, 3), 245, np.uint8)
    for number, line in enumerate(lines):
        place = (width // 10, height // 4 + number * height // 5)
        cv2.putText(picture, line, place, cv2.FONT_HERSHEY_SIMPLEX, width / 450, (20, 30, 60), 3, cv2.LINE_AA)
    return picture


def test_reads_the_lines_of_a_label_top_to_bottom() -> None:
    lines = read_text(label("GREEN TEA", "Net 250 g"))
    assert [line.text.replace(" ", "").upper() for line in lines] == ["GREENTEA", "NET250G"]


def test_boxes_lie_where_the_words_are() -> None:
    (line,) = read_text(label("GREEN TEA"))
    x, y, width, height = line.box_px_xywh
    assert 60 <= x <= 90
    assert y <= 150 <= y + height + 5
    assert width > 4 * height


@pytest.mark.parametrize("scale", [0.5, 2.5])
def test_size_of_the_picture_does_not_matter(scale: float) -> None:
    picture = np.asarray(cv2.resize(label("GREEN TEA"), None, fx=scale, fy=scale), np.uint8)
    (line,) = read_text(picture)
    assert line.text.replace(" ", "").upper() == "GREENTEA"
    assert abs(line.quad_px[0][0] / scale - 80) < 20


@pytest.mark.parametrize("turns", [1, 3])
def test_text_that_runs_up_or_down_is_read_from_its_own_top_left(turns: int) -> None:
    picture = np.ascontiguousarray(np.rot90(label("GREEN TEA"), turns))
    (line,) = read_text(picture)
    assert line.text.replace(" ", "").upper() == "GREENTEA"
    assert read_line(straighten(picture, line.quad_px))[0].replace(" ", "").upper() == "GREENTEA"


def test_plain_and_noisy_pictures_hold_no_words() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert read_text(np.full((300, 400, 3), 255, np.uint8)) == ()
    assert read_text(noise) == ()


def test_keeps_the_largest_lines() -> None:
    picture = label("GREEN TEA", "ORGANIC")
    cv2.putText(picture, "small print", (80, 550), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1, cv2.LINE_AA)
    assert {line.text.replace(" ", "").upper() for line in read_text(picture, max_lines=2)} == {"GREENTEA", "ORGANIC"}


def test_one_straight_line() -> None:
    text, confidence = read_line(label("Batch 3")[100:180, 60:560])
    assert text.replace(" ", "") == "Batch3"
    assert confidence > 0.9


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (2, 2, 3), (40, 4000, 3)])
def test_a_line_of_any_shape_is_answered(shape: tuple[int, int, int]) -> None:
    text, confidence = read_line(np.full(shape, 200, np.uint8))
    assert (text, confidence) == ("", 0.0) or 0 <= confidence <= 1


@settings(max_examples=5, deadline=None)
@given(st.integers(64, 300), st.integers(64, 300), st.integers(0, 2**16))
def test_lines_are_sure_and_inside_the_picture(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.asarray(cv2.resize(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8), (width, height)), np.uint8)
    cv2.putText(picture, "SALE 50", (int(rng.integers(-20, 60)), height // 2), 0, 1.0, (255, 255, 255), 2)
    for line in read_text(picture):
        assert line.confidence >= MIN_CONFIDENCE
        assert all(0 <= x <= width and 0 <= y <= height for x, y in line.quad_px)
