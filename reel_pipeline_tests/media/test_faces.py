"""Faces in a picture: found where one is, in the picture's own pixels; a product is none."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from reel_pipeline.media.faces import SURE_HITS, find_faces
from reel_pipeline_tests.drawing import product_photo


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_finds_the_face_at_any_size_of_the_picture(scale: float) -> None:
    picture = np.asarray(cv2.resize(astronaut(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    x, y, width, height = (value / scale for value in find_faces(picture)[0])
    assert x < 224 < x + width, "the middle of the face"
    assert y < 115 < y + height
    assert 60 < width < 130


def test_a_product_and_a_grey_face_are_none() -> None:
    grey = np.repeat(astronaut().mean(2, keepdims=True), 3, 2).astype(np.uint8)
    assert find_faces(product_photo(1, "NORTH TEA\n250 g")) == ()
    assert find_faces(grey) == (), "there is no skin in it"


def test_fewer_hits_find_more() -> None:
    assert len(find_faces(astronaut(), 1)) > len(find_faces(astronaut(), SURE_HITS))
