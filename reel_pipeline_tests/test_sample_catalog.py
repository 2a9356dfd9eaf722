"""The sample catalogue is whole: every photo has its truth, and the truth fits the photo."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample_catalog"
TRUTH = SAMPLE / "truth"
PRODUCTS: list[dict[str, Any]] = json.loads((SAMPLE / "catalog.json").read_text())["products"]
PHOTOS = [Path(image["file"]).stem for product in PRODUCTS for image in product["images"]]
PHOTO_SIDE_PX, TRUTH_SIDE_PX = 1500, 375
FRAME_MARGIN_PX = 3
ROUNDED_CORNER_PX = 5  # a carton's corner is rounded, its artwork's is not
GRID_POINTS = 81


def placement(photo: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((TRUTH / f"{photo}.json").read_text())
    return record


def size_px(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        width_px, height_px = picture.size
    return width_px, height_px


def test_galleries() -> None:
    assert len(PRODUCTS) >= 8
    assert len({product["sku"] for product in PRODUCTS}) == len(PRODUCTS)
    assert len(set(PHOTOS)) == len(PHOTOS)
    assert sum(len(product.get("variants", [])) > 1 for product in PRODUCTS) == 2
    for product in PRODUCTS:
        assert 4 <= len(product["images"]) <= 7, product["sku"]
        assert [image["position"] for image in product["images"]] == list(range(1, len(product["images"]) + 1))
        for variant in product.get("variants", []):
            own = [image for image in product["images"] if image["variant"] in (variant["colour"], None)]
            assert len(own) >= 4, variant["sku"]


def test_two_collections_overlap() -> None:
    members: dict[str, set[str]] = {}
    for product in PRODUCTS:
        for collection in product["collections"]:
            members.setdefault(collection, set()).add(product["sku"])
    assert members["Kitchen"] & members["Gifts"]
    assert members["Kitchen"] - members["Gifts"]
    assert members["Gifts"] - members["Kitchen"]


def test_nothing_is_left_over_and_all_is_small() -> None:
    assert {path.stem for path in (SAMPLE / "images").iterdir()} == set(PHOTOS)
    assert {path.stem for path in TRUTH.glob("*.json")} == set(PHOTOS)
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= 25_000_000


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_truth_has_the_right_sizes(photo: str) -> None:
    size = size_px(SAMPLE / "images" / f"{photo}.jpg")
    assert max(size) == PHOTO_SIDE_PX
    assert list(size) == placement(photo)["size_px"]
    assert size_px(TRUTH / f"{photo}-mask.png") == size
    small = tuple(round(side * TRUTH_SIDE_PX / PHOTO_SIDE_PX) for side in size)
    assert size_px(TRUTH / f"{photo}-depth.png") == small
    assert size_px(TRUTH / f"{photo}-normal.png") == small


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_mask_is_the_product_and_depth_agrees(photo: str) -> None:
    with Image.open(TRUTH / f"{photo}-mask.png") as picture:
        mask = np.asarray(picture)
        small = np.asarray(picture.resize(size_px(TRUTH / f"{photo}-depth.png"), Image.Resampling.BOX))
    assert 0.03 < (mask > 127).mean() < 0.95
    view = {image["file"]: image["view_class"] for product in PRODUCTS for image in product["images"]}
    if view[f"images/{photo}.jpg"] != "detail_crop":
        rows, columns = np.nonzero(mask > 127)
        height, width = mask.shape
        assert min(rows.min(), columns.min()) >= FRAME_MARGIN_PX
        assert height - rows.max() > FRAME_MARGIN_PX
        assert width - columns.max() > FRAME_MARGIN_PX
    with Image.open(TRUTH / f"{photo}-depth.png") as picture:
        deep = np.asarray(picture) > 0
    assert deep[small > 250].mean() > 0.99
    assert not deep[small == 0].any()


@pytest.mark.parametrize("photo", PHOTOS)
def test_labels_lie_on_the_product(photo: str) -> None:
    with Image.open(TRUTH / f"{photo}-mask.png") as picture:
        mask = np.asarray(picture)
    for label in placement(photo)["labels"]:
        assert (TRUTH / label["artwork"]).exists()
        assert len(label["grid"]) == GRID_POINTS
        points = [(round(x), round(y)) for _, _, x, y, visible in label["grid"] if visible]
        near = ROUNDED_CORNER_PX
        inside = [bool(mask[max(y - near, 0) : y + near + 1, max(x - near, 0) : x + near + 1].any()) for x, y in points]
        assert all(inside), f"{inside.count(False)} of {len(inside)} points of {label['artwork']} are off the product"


def test_the_turntable_goes_all_the_way_round() -> None:
    views = sorted((TRUTH / "turntable").iterdir())
    assert len(views) == 24
    assert {max(size_px(view)) for view in views} == {720}
