"""Drawn products and galleries of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from reel_pipeline.media.photo import Pixels, encode_png
from reel_pipeline.records import Photo, ProductGallery
from reel_pipeline.store import Store, open_store

MakeGallery = Callable[..., ProductGallery]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


@pytest.fixture
def make_gallery(store: Store) -> MakeGallery:
    def make(pictures: Sequence[Pixels], variants: Sequence[str | None] = (), colour: str = "") -> ProductGallery:
        photos = []
        for number, picture in enumerate(pictures):
            blob = store.put(encode_png(picture), ".png")
            photos.append(
                Photo(
                    key=blob.sha256[:16],
                    position=number + 1,
                    variant=variants[number] if variants else None,
                    original=blob,
                    pixels=blob,
                    width_px=picture.shape[1],
                    height_px=picture.shape[0],
                )
            )
        return ProductGallery(colour=colour, photos=tuple(photos))

    return make


@pytest.fixture
def draw_mug() -> Callable[..., Pixels]:
    def draw(
        colour: tuple[int, int, int] = (190, 40, 40), height: int = 500, width: int = 400, tilt: int = 0
    ) -> Pixels:
        """A mug with stripes on white, HWC RGB uint8."""
        picture = np.full((height, width, 3), 255, np.uint8)
        left, right, top, bottom = int(0.25 * width), int(0.65 * width), int(0.3 * height), int(0.75 * height)
        dark = tuple(int(0.6 * level) for level in colour)
        cv2.ellipse(picture, (right, (top + bottom) // 2), (width // 8, height // 9), 0, 0, 360, colour, width // 25)
        cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
        for row in range(top + height // 20, bottom, height // 12):
            cv2.line(picture, (left, row), (right, row + tilt), dark, max(2, height // 120))
        return picture

    return draw
