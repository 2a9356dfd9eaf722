"""The two checks, and that this room loads nothing heavy until it works."""

import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.frames.checks import cutout_is_trustworthy, has_a_product_view
from reel_pipeline.frames.classify import classify
from reel_pipeline.frames.cutout import cut_out
from reel_pipeline.media.photo import Pixels, encode_png
from reel_pipeline.records import FrameClassification, ProductCutout, ProductGallery, ViewClass
from reel_pipeline.store import Store

MakeGallery = Callable[..., ProductGallery]
DrawMug = Callable[..., Pixels]


def relabelled(classification: FrameClassification, view: ViewClass) -> FrameClassification:
    frames = tuple(frame.model_copy(update={"view_class": view}) for frame in classification.frames)
    return FrameClassification(frames=frames)


@pytest.fixture
def mug(store: Store, make_gallery: MakeGallery, draw_mug: DrawMug) -> tuple[ProductGallery, FrameClassification]:
    gallery = make_gallery([draw_mug()])
    return gallery, classify(gallery, open_engine("classifier", "embedded"), store)


def test_a_whole_view_passes(mug: tuple[ProductGallery, FrameClassification]) -> None:
    gallery, classification = mug
    finding = has_a_product_view(classification, gallery)
    assert finding.passed
    assert finding.sentence == "1 photo shows the product whole or worn."


def test_close_ups_alone_pass_with_advice(mug: tuple[ProductGallery, FrameClassification]) -> None:
    gallery, classification = mug
    finding = has_a_product_view(relabelled(classification, ViewClass.DETAIL_CROP), gallery)
    assert finding.passed
    assert "close-ups" in finding.sentence


def test_no_photo_fails(store: Store, make_gallery: MakeGallery) -> None:
    finding = has_a_product_view(FrameClassification(frames=()), make_gallery([]))
    assert not finding.passed
    assert "upload" in finding.sentence


def test_a_photo_of_another_colour_does_not_count(store: Store, make_gallery: MakeGallery, draw_mug: DrawMug) -> None:
    gallery = make_gallery([draw_mug()], variants=["red"], colour="blue")
    finding = has_a_product_view(classify(gallery, open_engine("classifier", "embedded"), store), gallery)
    assert not finding.passed
    assert "blue" in finding.sentence


def test_blurred_photos_alone_fail(store: Store, make_gallery: MakeGallery, draw_mug: DrawMug) -> None:
    gallery = make_gallery([np.asarray(cv2.GaussianBlur(draw_mug(), (0, 0), 9), np.uint8)])
    finding = has_a_product_view(classify(gallery, open_engine("classifier", "embedded"), store), gallery)
    assert not finding.passed
    assert "blurred" in finding.sentence


def test_a_clear_outline_is_trusted_and_a_forged_one_is_not(
    store: Store, mug: tuple[ProductGallery, FrameClassification]
) -> None:
    gallery, classification = mug
    made = cut_out(gallery, classification, open_engine("cutout", "matting"), store)
    assert cutout_is_trustworthy(made, gallery, store).passed
    shifted = np.zeros((500, 400), np.uint8)
    shifted[20:120, 20:380] = 255
    for alpha in (shifted, np.full((500, 400), 255, np.uint8), np.zeros((500, 400), np.uint8)):
        forged = made.cutouts[0].model_copy(update={"alpha": store.put(encode_png(alpha), ".png"), "confidence": 1.0})
        assert not cutout_is_trustworthy(ProductCutout(cutouts=(forged,)), gallery, store).passed


def test_no_cutout_is_not_trusted(store: Store, make_gallery: MakeGallery) -> None:
    assert not cutout_is_trustworthy(ProductCutout(cutouts=()), make_gallery([]), store).passed


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, reel_pipeline.frames.classify, reel_pipeline.frames.cutout, reel_pipeline.frames.checks\n"
        "import reel_pipeline.media.text\n"
        "print([name for name in ('cv2', 'onnxruntime', 'rapidocr', 'pymatting', 'skimage', 'scipy', 'dagster')"
        " if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def on_its_own_ground(light: int, dark: int) -> Pixels:
    """A mug and its ring-shaped handle `light` on `dark`, edges as fine as a camera's, with grain."""
    picture = np.full((900, 900), dark, np.float32)
    cv2.rectangle(picture, (250, 250), (600, 700), light, -1)
    cv2.ellipse(picture, (610, 470), (90, 120), 0, 0, 360, light, 30)
    grain = np.random.default_rng(4).normal(0, 0.8, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.9) + grain, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


@pytest.mark.parametrize(("light", "dark"), [(240, 254), (26, 6)], ids=["white on white", "black on black"])
def test_low_contrast_is_no_blur(store: Store, make_gallery: MakeGallery, light: int, dark: int) -> None:
    sharp = on_its_own_ground(light, dark)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 7), np.uint8)
    noisy = np.clip(blurred + np.random.default_rng(5).normal(0, 4, sharp.shape), 0, 255).astype(np.uint8)
    findings = []
    for picture in (sharp, blurred, noisy):
        gallery = make_gallery([picture])
        findings.append(has_a_product_view(classify(gallery, open_engine("classifier", "embedded"), store), gallery))
    assert [finding.passed for finding in findings] == [True, False, False]
    assert all("blurred" in finding.sentence for finding in findings[1:])


def test_a_photo_in_which_nothing_stands_out_is_not_called_blurred(store: Store, make_gallery: MakeGallery) -> None:
    gallery = make_gallery([on_its_own_ground(253, 254)])
    finding = has_a_product_view(classify(gallery, open_engine("classifier", "embedded"), store), gallery)
    assert not finding.passed
    assert "contrast" in finding.sentence
