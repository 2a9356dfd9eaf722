"""Products for the judge's benchmark: their photos, and where these show them. Reads files and SKUs only, no label."""

import json
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import PhotoError
from reel_pipeline.media.photo import Pixels, normalise
from reel_pipeline.records import BoxPx

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Product:
    """`masks`: where each photo shows the product whole, None where that is not known."""

    sku: str
    photos: tuple[Pixels, ...]
    masks: tuple[Mask | None, ...] = ()


def load_products(folder: Path, split: str, count: int) -> list[Product]:
    """`count` products spread over the catalogue, of both halves in turn. Reads files and SKUs only, no label."""
    if split == "all":
        halves = load_products(folder, "even", (count + 1) // 2), load_products(folder, "odd", count // 2)
        return [product for pair in zip_longest(*halves) for product in pair if product]
    entries = json.loads((folder / "catalog.json").read_text())["products"]
    chosen = [entry for entry in entries if int(entry["sku"].split("-")[-1]) % 2 == ("even", "odd").index(split)]
    step = max(1, len(chosen) // count)
    return [_product(folder, entry) for entry in chosen[::step][:count]]


def _product(folder: Path, entry: dict[str, Any]) -> Product:
    photos, masks = [], []
    for image in entry["images"][:5]:
        file = folder / image["file"]
        try:
            photos.append(normalise(file.read_bytes()).pixels)
        except PhotoError as error:
            print(f"{image['file']} left out: {error}", file=sys.stderr)
            continue
        truth = folder / "truth" / f"{file.stem}-mask.png"
        mask = _true_mask(truth, photos[-1]) if truth.exists() else _plain_outline(photos[-1])
        masks.append(None if mask is None or _is_cut_off(mask) else mask)
    return Product(entry["sku"], tuple(photos), tuple(masks))


def _true_mask(file: Path, rgb: Pixels) -> Mask:
    grey = normalise(file.read_bytes()).pixels[..., 0]
    return np.asarray(cv2.resize(grey, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_AREA) > 127, np.bool_)


def _is_cut_off(mask: Mask) -> bool:
    """A product that the photo cuts off has no outline to move by."""
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _plain_outline(rgb: Pixels) -> Mask | None:
    """On a ground of one colour, all that is not quite the ground, with a rim of ground, which nobody sees move."""
    away = _off_ground(rgb, 480)
    if away is None:
        return None
    side = away.shape[1] // 60 | 1
    grown = cv2.dilate((away > 2.5).astype(np.uint8), np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(grown, contours, -1, 1, cv2.FILLED)
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST) > 0, np.bool_)


def _plain_mask(rgb: Pixels) -> Mask | None:
    """What differs from a border of one colour; None where the border has several."""
    away = _off_ground(rgb, 240)
    if away is None:
        return None
    mask = (away > 8).astype(np.uint8)
    mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _SQUARE), cv2.MORPH_OPEN, _SQUARE)
    if not 0.01 < mask.mean() < 0.85:
        return None
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0, np.bool_)


def _off_ground(rgb: Pixels, width_px: int) -> NDArray[np.float32] | None:
    """Distance in Lab to the border's colour, at `width_px`; None where the border has several."""
    small = cv2.resize(rgb, (width_px, round(width_px * rgb.shape[0] / rgb.shape[1])), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    middle = np.median(border, 0)
    is_plain = np.percentile(np.linalg.norm(border - middle, axis=1), 80) <= 6
    return np.asarray(np.linalg.norm(lab - middle, axis=2), np.float32) if is_plain else None


_SQUARE = np.ones((5, 5), np.uint8)


def product_box(rgb: Pixels) -> BoxPx:
    """Where the picture differs from a plain border, else what stands out in its middle (GrabCut)."""
    mask = _plain_mask(rgb)
    if mask is not None:
        x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
        return x, y, w, h
    factor = 240 / rgb.shape[1]
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    rows, columns = small.shape[:2]
    guess = np.full((rows, columns), cv2.GC_BGD, np.uint8)
    guess[rows // 10 : rows * 9 // 10, columns // 8 : columns * 7 // 8] = cv2.GC_PR_BGD
    guess[rows // 4 : rows * 4 // 5, columns * 2 // 7 : columns * 5 // 7] = cv2.GC_PR_FGD
    colours = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(small), guess, (0, 0, 1, 1), *colours, 4, cv2.GC_INIT_WITH_MASK)
    found = cv2.morphologyEx((guess % 2).astype(np.uint8), cv2.MORPH_OPEN, _SQUARE)
    count, _, stats, _ = cv2.connectedComponentsWithStats(found)
    if count < 2:
        return rgb.shape[1] // 5, rgb.shape[0] // 5, rgb.shape[1] * 3 // 5, rgb.shape[0] * 3 // 5
    x, y, w, h = (round(int(value) / factor) for value in max(stats[1:], key=lambda part: part[cv2.CC_STAT_AREA])[:4])
    return x, y, w, h
