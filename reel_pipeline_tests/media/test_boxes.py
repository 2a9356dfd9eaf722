"""Boxes against the pixels that they hold: what is true of the masks is true of the boxes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reel_pipeline.media.boxes import (
    area,
    box_around,
    grown,
    holds,
    intersection,
    moved,
    rows_and_columns,
    scaled_inside,
    union,
)
from reel_pipeline.records import BoxPx

boxes = st.tuples(*[st.integers(2, 12)] * 2, *[st.integers(1, 8)] * 2)


def mask_of(box: BoxPx) -> NDArray[np.bool_]:
    mask = np.zeros((24, 28), bool)
    mask[rows_and_columns(box)] = True
    return mask


@given(boxes, boxes)
def test_boxes_are_what_their_masks_are(one: BoxPx, other: BoxPx) -> None:
    both = mask_of(one) & mask_of(other)
    assert area(one) == mask_of(one).sum()
    assert area(intersection(one, other)) == both.sum()
    assert not both.any() or intersection(one, other) == box_around(both)
    assert union([one, other]) == box_around(mask_of(one) | mask_of(other))
    assert holds(one, other) == (mask_of(one) >= mask_of(other)).all()
    assert (mask_of(moved(one, 1, -2)) == np.roll(mask_of(one), (-2, 1), (0, 1))).all()
    assert holds(grown(one, 1), one)
    assert grown(grown(one, 2), -2) == one


def test_the_box_around_nothing_is_the_whole_picture() -> None:
    assert box_around(np.zeros((20, 30), bool)) == (0, 0, 30, 20)


def test_a_scaled_box_stays_inside_its_picture() -> None:
    assert scaled_inside((2, 3, 4, 5), 2.5, (100, 100)) == (5, 8, 10, 12)
    assert scaled_inside((2, 3, 4, 5), 2.5, (16, 12)) == (5, 8, 7, 8)
    assert scaled_inside((-1, 0, 1, 1), 2.0, (16, 12)) == (0, 0, 1, 2)
