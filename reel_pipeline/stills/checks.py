"""Is what the keyframes show of the product the photo itself? Decodes every layer and compares."""

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.boxes import holds, intersection, rows_and_columns
from reel_pipeline.media.photo import Pixels, decode_png
from reel_pipeline.records import Finding, Format, ProductGallery, Rung, Still, StillEdition
from reel_pipeline.store import Store

MAX_UPSCALE = 1.6
"""DESIGN.md section 3."""
MAX_DISCLOSED_PX = 13.0
"""Of the reel: what parallax may show of the background that the product hid; a pixel more than the maker allows."""


def product_pixels_locked(edition: StillEdition, gallery: ProductGallery, store: Store) -> Finding:
    """Passes when every locked pixel equals the photo's bit for bit and the lock covers what the shot is about.

    Raises `BlobMissing` when a layer is gone.
    """
    measured: dict[str, float] = {"stills": float(len(edition.stills)), "pixels_compared": 0.0, "pixels_changed": 0.0}
    problem = ""
    for still in edition.stills:
        compared, changed, fault = _examine(still, edition.format, gallery, store)
        measured["pixels_compared"] += compared
        measured["pixels_changed"] += changed
        problem = problem or (f"Shot {still.shot}: {fault}" if fault else "")
    sentence = problem or (
        f"All {measured['pixels_compared'] / 1e6:.1f} million product pixels of {len(edition.stills)} shots are the "
        "photos' own, bit for bit."
    )
    return Finding(passed=not problem, sentence=sentence, measured=measured)


def _examine(still: Still, format: Format, gallery: ProductGallery, store: Store) -> tuple[int, int, str]:
    """Pixels compared, pixels that differ, and what is wrong ('' if nothing)."""
    photo = next((photo for photo in gallery.photos if photo.key == still.take.photo), None)
    if photo is None:
        return 0, 0, "its photo is no longer in the shop; render this shot again."
    plate, lock = decode_png(store.read(still.plate)), decode_png(store.read(still.lock_mask)) == 255
    if plate.ndim != 3 or lock.shape != plate.shape[:2]:
        return 0, 0, "its layers differ in size; render this shot again."
    a, b, left, c, d, top = still.canvas_to_photo
    if (a, b, c, d) != (1.0, 0.0, 0.0, 1.0) or left != round(left) or top != round(top):
        return 0, 0, "the photo was resampled, so its pixels can't be compared; render this shot again."
    pixels = decode_png(store.read(photo.pixels))
    product = decode_png(store.read(still.product)) if still.product else None
    seen = _together(plate, product)
    rows, columns = np.nonzero(lock)
    photo_rows, photo_columns = rows + round(top), columns + round(left)
    height, width = pixels.shape[:2]
    outside = (photo_rows < 0) | (photo_rows >= height) | (photo_columns < 0) | (photo_columns >= width)
    if outside.any():
        return 0, 0, "it claims pixels that its photo doesn't have; render this shot again."
    if still.parallax and product is not None:
        disclosed_px = _disclosed_px(still, format, product[..., 3])
        if disclosed_px > MAX_DISCLOSED_PX:
            return (
                0,
                0,
                f"its move would show {disclosed_px:.0f} pixels of background that no photo shows; use push_in.",
            )
    changed = int(np.any(seen[rows, columns] != pixels[photo_rows, photo_columns], axis=1).sum())
    if changed:
        return rows.size, changed, f"{changed} product pixels differ from the photo; render this shot again."
    return rows.size, 0, _uncovered(still, lock) or _camera_fault(still, format, lock.shape)


def _together(plate: Pixels, product: Pixels | None) -> Pixels:
    """The product over its plate, as `records.Still` defines it."""
    if product is None:
        return plate
    alpha = product[..., 3:].astype(np.float32) / 255
    mixed: Pixels = np.rint(product[..., :3] * alpha + plate * (1 - alpha)).astype(np.uint8)
    return mixed


def _disclosed_px(still: Still, format: Format, alpha: Pixels) -> float:
    """Width in the last frame of the widest strip that the product covered at first and no longer does."""
    import cv2

    assert still.parallax is not None
    (x, y, w, _), factor, (about_x, about_y) = still.camera_end, 1 + still.parallax.growth, still.parallax.anchor_px
    scale = format.width_px / w
    before, after = (
        cv2.warpAffine(
            alpha,
            scale * np.array([[f, 0.0, about_x * (1 - f) - x], [0.0, f, about_y * (1 - f) - y]]),
            (format.width_px, format.height_px),
            borderMode=cv2.BORDER_REPLICATE,
        )
        for f in (1.0, factor)
    )
    strip = cv2.copyMakeBorder(((before == 255) & (after < 128)).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return max(0.0, 2 * float(cv2.distanceTransform(strip, cv2.DIST_L2, 5).max()) - 1)


def _uncovered(still: Still, lock: NDArray[np.bool_]) -> str:
    """An empty lock would make the comparison worthless: it must hold the focus, on the lowest rung the whole photo."""
    boxes = [still.focus_px_xywh]
    if still.take.rung is Rung.STILL_MOTION:
        boxes.append(still.photo_box_px_xywh)
    on_canvas = intersection(still.photo_box_px_xywh, (0, 0, lock.shape[1], lock.shape[0]))
    for box in boxes:
        part = lock[rows_and_columns(intersection(box, on_canvas))]
        if part.size == 0 or (still.take.rung in (Rung.STILL_MOTION, Rung.PARALLAX) and not part.all()):
            return "a part of the product is not protected against changes; render this shot again."
    return ""


def _camera_fault(still: Still, format: Format, size: tuple[int, ...]) -> str:
    for x, y, w, h in (still.camera_start, still.camera_end):
        if not holds((0, 0, size[1], size[0]), (x, y, w, h)):
            return "the camera leaves the picture; render this shot again."
        if abs(h / w * format.width_px / format.height_px - 1) > 1e-3:
            return "the camera would stretch the product; render this shot again."
        if w * MAX_UPSCALE < format.width_px * 0.999:
            return f"the photo is enlarged more than {MAX_UPSCALE} times and would look soft; use a larger photo."
    return ""
