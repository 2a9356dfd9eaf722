"""The questions asked of this room's records: is there a photo to build on, and can the outlines be trusted?

Both measure the blobs themselves and repeat none of the makers' numbers.
"""

import numpy as np

from reel_pipeline.frames.backdrop import read_backdrop, to_lab
from reel_pipeline.media.photo import Pixels, decode_png, fit
from reel_pipeline.records import Cutout, Finding, FrameClassification, Photo, ProductCutout, ProductGallery, ViewClass
from reel_pipeline.store import Store

MIN_SIDE_PX = 300
"""Long side of a photo that a reel can be built on."""
MIN_SHARPNESS = 0.24
"""The softest of 202 shop photos has 0.32, a black kettle on black 0.31; blurred by a Gaussian of 4 px at 512 px the
202 have 0.12 to 0.21."""
WHOLE_VIEWS = (ViewClass.MODEL_WORN, ViewClass.FLAT_STUDIO, ViewClass.LIFESTYLE)
MEASURE_SIDE_PX = 512
MIN_SHARE, MAX_SHARE = 0.01, 0.95
"""Share of the photo that a product takes: less is a speck, more is a photo that was not cut out at all."""
MIN_RIM_STEP_DE = 5.0
"""CIE76 by which the product's rim stands off a plain backdrop, in the middle of all rim pixels."""
MIN_MAIN_PART = 0.3
"""Share of the cutout in its largest part: a pair of shoes has 0.5 each, crumbs have less than this."""
MIN_PLAIN_OUTSIDE = 0.75
"""Share of what is outside the outline that one smooth surface must explain; a cast shadow may take the rest."""


def has_a_product_view(classification: FrameClassification, gallery: ProductGallery) -> Finding:
    """Blocks unless a sharp photo of this variant shows the product; one that shows it whole is better."""
    originals = [frame for frame in classification.frames if frame.duplicate_of is None]
    ours = [frame for frame in originals if frame.is_of(gallery.colour)]
    usable = [
        frame
        for frame in ours
        if frame.sharpness >= MIN_SHARPNESS and max(frame.width_px, frame.height_px) >= MIN_SIDE_PX
    ]
    whole = [frame for frame in usable if frame.view_class in WHOLE_VIEWS]
    measured = {
        "photos": float(len(classification.frames)),
        "of_this_variant": float(len(ours)),
        "usable": float(len(usable)),
        "whole": float(len(whole)),
    }
    if whole:
        return Finding(passed=True, sentence=f"{_photos(len(whole))} the product whole or worn.", measured=measured)
    if usable:
        sentence = "Only close-ups were recognised; a photo of the whole product would make a better reel."
        return Finding(passed=True, sentence=sentence, measured=measured)
    if not classification.frames:
        sentence = "The product has no usable photo; upload at least one sharp photo of the whole product."
    elif not ours:
        sentence = f"No photo shows the colour {gallery.colour}; upload one, or assign a photo to it."
    elif all(frame.sharpness == 0 for frame in ours):
        sentence = "In no photo does the product stand out from its background; upload one with more contrast."
    else:
        sentence = f"Every photo is blurred or under {MIN_SIDE_PX} px; upload a sharp one of the whole product."
    return Finding(passed=False, sentence=sentence, measured=measured)


def cutout_is_trustworthy(cutout: ProductCutout, gallery: ProductGallery, store: Store) -> Finding:
    """Not blocking: without a trustworthy outline a product is shown only in its untouched photo."""
    good, worst_step = 0, float("inf")
    for one in cutout.cutouts:
        share, main_part, step = _measure(one, gallery.photo(one.photo), store)
        trusted = MIN_SHARE <= share <= MAX_SHARE and main_part >= MIN_MAIN_PART and step >= MIN_RIM_STEP_DE
        good += trusted
        worst_step = min(worst_step, step)
    measured = {"cutouts": float(len(cutout.cutouts)), "trustworthy": float(good)}
    if cutout.cutouts:
        measured["worst_rim_step_de"] = round(worst_step, 2)
    if good:
        sentence = f"{good} of {len(cutout.cutouts)} outlines stand clear of their background."
        return Finding(passed=True, sentence=sentence, measured=measured)
    sentence = "No outline can be trusted, so the photos stay untouched; a plain, contrasting backdrop would help."
    return Finding(passed=False, sentence=sentence, measured=measured)


def _measure(cutout: Cutout, photo: Photo, store: Store) -> tuple[float, float, float]:
    """Share of the photo that is product, share of that in its largest part, and how far the rim's inside stands off
    a backdrop that covers most of what is outside: the median CIE76 step, 0 where the outside is no single surface."""
    import cv2

    alpha, rgb = decode_png(store.read(cutout.alpha)), decode_png(store.read(photo.pixels))
    if alpha.shape != rgb.shape[:2]:
        return 0.0, 0.0, 0.0
    solid: Pixels = np.asarray(fit(alpha, MEASURE_SIDE_PX, enlarging=cv2.INTER_AREA) > 127, np.uint8)
    if not solid.any():
        return 0.0, 0.0, 0.0
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    lab = to_lab(fit(rgb, MEASURE_SIDE_PX, enlarging=cv2.INTER_AREA))
    backdrop = read_backdrop(lab)
    outside = cv2.dilate(solid, np.ones((7, 7), np.uint8)) == 0
    plain = outside.any() and backdrop.is_backdrop[outside].mean() >= MIN_PLAIN_OUTSIDE
    rim = (solid > 0) & (cv2.erode(solid, np.ones((9, 9), np.uint8)) == 0)
    step = float(np.median(backdrop.distance[rim])) if plain and rim.any() else 0.0
    return float(solid.mean()), float(stats[1:, cv2.CC_STAT_AREA].max() / solid.sum()), step


def _photos(count: int) -> str:
    return "1 photo shows" if count == 1 else f"{count} photos show"
