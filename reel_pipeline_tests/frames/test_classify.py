"""What `classify` makes of a gallery: labels per photo, duplicates, materials, and no work done twice."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import PhotoError
from reel_pipeline.frames.classify import classify
from reel_pipeline.frames.engines import FrameClassifier
from reel_pipeline.media.photo import Pixels, normalise
from reel_pipeline.records import Material, ProductGallery, ViewClass
from reel_pipeline.store import Store

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
MakeGallery = Callable[..., ProductGallery]
DrawMug = Callable[..., Pixels]


@pytest.fixture
def engine() -> FrameClassifier:
    return open_engine("classifier", "embedded")


def reencoded(picture: Pixels, scale: float = 0.8, quality: int = 60) -> Pixels:
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    out = io.BytesIO()
    Image.fromarray(picture).resize(size).save(out, "JPEG", quality=quality)
    return normalise(out.getvalue()).pixels


def test_a_packshot_is_flat_studio_with_its_box_and_plain_backdrop(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    gallery = make_gallery([draw_mug()])
    (frame,) = classify(gallery, engine, store).frames
    assert frame.view_class is ViewClass.FLAT_STUDIO
    assert frame.backdrop_is_plain
    x, y, width, height = frame.product_box_px_xywh
    assert (abs(x - 100), abs(y - 150)) <= (8, 8)
    assert 0.4 * 400 < width < 0.65 * 400
    assert abs(height - 225) < 16
    assert (frame.width_px, frame.height_px, frame.position) == (400, 500, 1)
    assert sum(frame.scores.values()) == pytest.approx(1, abs=1e-4)
    assert frame.confidence == max(frame.scores.values())


def test_an_empty_gallery_has_no_frames(store: Store, make_gallery: MakeGallery, engine: FrameClassifier) -> None:
    assert classify(make_gallery([]), engine, store).frames == ()


def test_a_reencoded_photo_is_a_duplicate_and_another_colour_is_not(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    red, blue = draw_mug(), draw_mug(colour=(60, 80, 190))
    gallery = make_gallery([red, reencoded(red), blue, draw_mug(tilt=60)])
    frames = classify(gallery, engine, store).frames
    assert [frame.duplicate_of for frame in frames] == [None, gallery.photos[0].key, None, None]


def test_a_pale_colour_variant_is_not_a_duplicate(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    gallery = make_gallery([draw_mug(colour=(225, 205, 200)), draw_mug(colour=(205, 210, 228))])
    assert [frame.duplicate_of for frame in classify(gallery, engine, store).frames] == [None, None]


def test_a_photo_of_another_variant_hides_no_photo_of_ours(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    picture = draw_mug()
    gallery = make_gallery([picture, reencoded(picture)], variants=["green", "Red"], colour="red")
    assert [frame.duplicate_of for frame in classify(gallery, engine, store).frames] == [None, None]


def test_label_text_is_read_and_a_talkative_label_is_text_heavy(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    plain, lettered = draw_mug(), draw_mug()
    for row, line in enumerate(("ORGANIC", "GREEN TEA", "250 grams")):
        cv2.rectangle(lettered, (102, 170 + 60 * row), (256, 220 + 60 * row), (245, 245, 245), -1)
        cv2.putText(lettered, line, (106, 205 + 60 * row), 0, 0.85, (20, 20, 20), 2, cv2.LINE_AA)
    without, with_text = classify(make_gallery([plain, lettered]), engine, store).frames
    assert without.label_text == ()
    assert "ORGANIC" in [line.text for line in with_text.label_text]
    assert Material.TEXT_HEAVY in with_text.materials
    assert Material.TEXT_HEAVY not in without.materials


def test_knit_is_textured_and_a_smooth_body_is_not(
    store: Store, make_gallery: MakeGallery, engine: FrameClassifier
) -> None:
    knit, smooth = (np.full((500, 400, 3), 255, np.uint8) for _ in range(2))
    y, x = np.mgrid[100:400, 80:320]
    loops = 110 + 45 * np.sin(x * 1.1) * np.sin(y * 1.1)
    knit[100:400, 80:320] = loops[..., None].astype(np.uint8)
    smooth[100:400, 80:320] = (90, 120, 60)
    rough, even = classify(make_gallery([knit, smooth]), engine, store).frames
    assert Material.TEXTURED in rough.materials
    assert Material.TEXTURED not in even.materials


def test_blur_lowers_sharpness(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    sharp = draw_mug()
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4), np.uint8)
    first, second = classify(make_gallery([sharp, blurred]), engine, store).frames
    assert second.sharpness < first.sharpness / 2


def test_a_crop_of_a_sibling_is_a_detail(store: Store, make_gallery: MakeGallery, engine: FrameClassifier) -> None:
    whole = np.full((900, 720, 3), 255, np.uint8)
    rng = np.random.default_rng(4)
    patches = rng.integers(30, 200, (28, 20, 3), dtype=np.uint8)
    whole[180:720, 160:560] = cv2.resize(patches, (400, 540), interpolation=cv2.INTER_CUBIC)
    crop = np.ascontiguousarray(whole[300:560, 240:450])
    frames = classify(make_gallery([whole, crop]), engine, store).frames
    assert [frame.view_class for frame in frames] == [ViewClass.FLAT_STUDIO, ViewClass.DETAIL_CROP]


def test_nothing_is_computed_twice_and_one_new_photo_costs_only_itself(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug, engine: FrameClassifier
) -> None:
    red, blue, green = (draw_mug(colour=colour) for colour in ((190, 40, 40), (40, 40, 190), (40, 150, 60)))
    first = classify(make_gallery([red, blue]), engine, store)
    computed = store.counts["computed"]
    assert classify(make_gallery([red, blue]), engine, store) == first
    assert store.counts["computed"] == computed
    classify(make_gallery([red, green]), engine, store)
    per_photo = 3  # look, measure, read_text
    assert store.counts["computed"] == computed + per_photo + 1  # and the gallery's views


@pytest.mark.skipif(not (SHARED / "photos").is_dir(), reason="the shared development photos are not at hand")
def test_real_photos_are_labelled_as_well_as_the_model_was_when_it_was_fitted(engine: FrameClassifier) -> None:
    """A guard against a feature or model that drifted; the honest figures are `bench/classify.py`'s."""
    right = total = 0
    for product in json.loads((SHARED / "photos" / "catalog.json").read_text())["products"][1::9]:
        labels, pictures = [], []
        for image in product["images"]:
            try:
                pictures.append(normalise((SHARED / "photos" / image["file"]).read_bytes()).pixels)
                labels.append((image["view_class"], image["ambiguous_with"]))
            except PhotoError:
                continue
        looks = [engine.look(picture) for picture in pictures]
        for label, scores in zip(labels, engine.view_scores(looks, pictures), strict=True):
            right += max(scores, key=lambda view: scores[view]) in label
            total += 1
    assert total >= 18
    assert right / total >= 0.85
