"""Product pictures that the tests draw themselves: a labelled, textured thing on a plain backdrop."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.uint8]


def product_photo(
    seed: int, label: str, size_px: tuple[int, int] = (1000, 1250), backdrop: tuple[int, int, int] = (238, 236, 232)
) -> Pixels:
    """HWC uint8 RGB: a carton with printed pattern and label, its contact shadow, and sensor grain."""
    rng = np.random.default_rng(seed)
    width, height = size_px
    picture = Image.new("RGB", size_px, backdrop)
    left, top, right, bottom = width * 28 // 100, height * 22 // 100, width * 72 // 100, height * 80 // 100
    shadow = Image.new("L", size_px, 0)
    ImageDraw.Draw(shadow).ellipse((left - 20, bottom - 18, right + 20, bottom + 22), fill=110)
    picture.paste((120, 116, 110), mask=shadow.filter(ImageFilter.GaussianBlur(14)))
    draw = ImageDraw.Draw(picture)
    base = tuple(int(value) for value in rng.integers(40, 150, 3))
    draw.rectangle((left, top, right, bottom), fill=base)
    for _ in range(140):
        x, y = int(rng.integers(left, right - 12)), int(rng.integers(top, bottom - 12))
        side = int(rng.integers(4, 12))
        draw.rectangle((x, y, x + side, y + side), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    box = (left + 30, (top + bottom) // 2 - 110, right - 30, (top + bottom) // 2 + 110)
    draw.rectangle(box, fill=(247, 245, 240), outline=(30, 30, 30), width=3)
    for line, text in enumerate(label.split("\n")):
        font = ImageFont.load_default(64 if line == 0 else 40)
        draw.text(((box[0] + box[2]) // 2, box[1] + 55 + 75 * line), text, fill=(20, 20, 24), font=font, anchor="mm")
    grain = rng.normal(0, 1.2, (height, width, 1))
    return np.clip(np.asarray(picture, float) + grain, 0, 255).astype(np.uint8)


def jpeg(pixels: Pixels, quality: int = 92) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def draw_catalog(folder: Path) -> Path:
    """Three products: TEA-1 with three photos, BOX-2 with one, BAD-3 whose only photo is damaged."""
    images = folder / "images"
    images.mkdir(parents=True)
    front = product_photo(1, "NORTH TEA\n250 g")
    pictures = {
        "tea-1": front,
        "tea-2": product_photo(2, "NORTH TEA\nback", size_px=(1100, 1100), backdrop=(226, 230, 233)),
        "tea-3": np.ascontiguousarray(front[420:860, 300:700]),
        "box-1": product_photo(3, "STONE BOX\nNo 7", size_px=(1000, 1000), backdrop=(250, 250, 250)),
    }
    for name, pixels in pictures.items():
        (images / f"{name}.jpg").write_bytes(jpeg(pixels))
    (images / "bad-1.jpg").write_bytes(b"\xff\xd8 this is no picture")
    products = [
        _product(
            "TEA-1",
            "North loose-leaf tea",
            "Loose-leaf tea in a paper carton. Grown in one garden.",
            "tea-1 tea-2 tea-3",
        ),
        _product("BOX-2", "Stone keepsake box", "A keepsake box with a printed lid.", "box-1"),
        _product("BAD-3", "Broken picture", "A product whose only photo is damaged.", "bad-1"),
    ]
    (folder / "catalog.json").write_text(json.dumps({"products": products}))
    return folder


def _product(sku: str, title: str, description: str, pictures: str) -> dict[str, object]:
    images = [{"file": f"images/{name}.jpg", "position": n} for n, name in enumerate(pictures.split(), start=1)]
    return {
        "sku": sku,
        "title": title,
        "description": description,
        "product_type": "Box",
        "colour": "",
        "vendor": "Fernhill",
        "tags": ["gift"],
        "price": "12.00",
        "collections": ["All", "Gifts"] if sku != "BOX-2" else ["All"],
        "images": images,
    }


def draw_products(folder: Path, skus: Sequence[str], photos: int = 1, size_px: tuple[int, int] = (800, 1000)) -> Path:
    """A catalogue of alike but different cartons, each with `photos` photos, all in the collection `All`."""
    (folder / "images").mkdir(parents=True)
    products = []
    for number, sku in enumerate(skus):
        names = [f"{number}-{photo}" for photo in range(photos)]
        for photo, name in enumerate(names):
            pixels = product_photo(100 * number + photo + 11, f"NO {number}\nSIDE {photo + 1}", size_px)
            (folder / "images" / f"{name}.jpg").write_bytes(jpeg(pixels))
        product = _product(sku, f"Carton number {number}", "A printed carton with a white label.", " ".join(names))
        products.append({**product, "collections": ["All"]})
    (folder / "catalog.json").write_text(json.dumps({"products": products}))
    return folder
