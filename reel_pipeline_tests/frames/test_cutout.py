"""Which photos are cut out, and what depth and normals promise."""

from collections.abc import Callable

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.engines import open_engine
from reel_pipeline.frames.cutout import cut_out
from reel_pipeline.frames.geometry import inflate, normals_of
from reel_pipeline.media.boxes import box_around
from reel_pipeline.media.photo import Pixels, decode_png, encode_png
from reel_pipeline.records import Frame, FrameClassification, ProductGallery, ViewClass
from reel_pipeline.store import Store

MakeGallery = Callable[..., ProductGallery]
DrawMug = Callable[..., Pixels]


def labelled(gallery: ProductGallery, views: list[ViewClass], duplicate: int | None = None) -> FrameClassification:
    frames = []
    for number, (photo, view) in enumerate(zip(gallery.photos, views, strict=True)):
        frames.append(
            Frame(
                photo=photo.key,
                position=photo.position,
                variant=photo.variant,
                width_px=photo.width_px,
                height_px=photo.height_px,
                view_class=view,
                unsure=False,
                confidence=0.9,
                scores=dict.fromkeys(ViewClass, 0.25),
                sharpness=300.0,
                backdrop_is_plain=True,
                product_box_px_xywh=(0, 0, photo.width_px, photo.height_px),
                duplicate_of=gallery.photos[0].key if number == duplicate else None,
            )
        )
    return FrameClassification(frames=tuple(frames))


def test_whole_views_of_this_variant_are_cut_out_once(
    store: Store, make_gallery: MakeGallery, draw_mug: DrawMug
) -> None:
    colours = ((190, 40, 40), (180, 40, 40), (170, 40, 40), (40, 40, 190))
    gallery = make_gallery(
        [draw_mug(colour=colour) for colour in colours], variants=[None, "red", "red", "blue"], colour="red"
    )
    views = [ViewClass.FLAT_STUDIO, ViewClass.DETAIL_CROP, ViewClass.LIFESTYLE, ViewClass.FLAT_STUDIO]
    made = cut_out(gallery, labelled(gallery, views), open_engine("cutout", "matting"), store)
    assert [cutout.photo for cutout in made.cutouts] == [gallery.photos[0].key, gallery.photos[2].key]
    computed = store.counts["computed"]
    assert cut_out(gallery, labelled(gallery, views), open_engine("cutout", "matting"), store) == made
    assert store.counts["computed"] == computed
    with_duplicate = labelled(gallery, views, duplicate=2)
    assert cut_out(gallery, with_duplicate, open_engine("cutout", "matting"), store).cutouts == made.cutouts[:1]


def test_all_pictures_have_the_photos_size(store: Store, make_gallery: MakeGallery, draw_mug: DrawMug) -> None:
    gallery = make_gallery([draw_mug(height=640, width=430)])
    made = cut_out(gallery, labelled(gallery, [ViewClass.FLAT_STUDIO]), open_engine("cutout", "matting"), store)
    (cutout,) = made.cutouts
    alpha, depth, normals = (decode_png(store.read(blob)) for blob in (cutout.alpha, cutout.depth, cutout.normals))
    assert alpha.shape == depth.shape == (640, 430)
    assert normals.shape == (640, 430, 3)
    assert cutout.box_px_xywh == box_around(alpha > 127)


def test_the_files_own_transparency_is_used(store: Store, make_gallery: MakeGallery, draw_mug: DrawMug) -> None:
    gallery = make_gallery([draw_mug()])
    own = np.zeros((500, 400), np.uint8)
    own[200:300, 150:250] = 255
    photo = gallery.photos[0].model_copy(update={"alpha": store.put(encode_png(own), ".png")})
    gallery = gallery.model_copy(update={"photos": (photo,)})
    made = cut_out(gallery, labelled(gallery, [ViewClass.FLAT_STUDIO]), open_engine("cutout", "matting"), store)
    assert made.cutouts[0].box_px_xywh == (150, 200, 100, 100)


def ellipses(seed: int, height: int, width: int) -> Pixels:
    rng = np.random.default_rng(seed)
    alpha = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(0, 4))):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(1, width)), int(rng.integers(1, height)))
        cv2.ellipse(alpha, centre, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(1, 256)), -1, cv2.LINE_AA)
    return alpha


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.integers(64, 700), st.integers(64, 700))
def test_geometry_holds_for_any_outline(seed: int, height: int, width: int) -> None:
    alpha = ellipses(seed, height, width)
    depth = inflate(alpha)
    normals = normals_of(depth, alpha)
    assert not depth[alpha == 0].any()
    lengths = np.linalg.norm(normals / 127.5 - 1.0, axis=2)
    assert np.abs(lengths - 1).max() < 0.02
    assert (normals[..., 2] >= 127).all()


def test_a_ball_bulges_towards_the_camera() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    cv2.circle(alpha, (150, 150), 100, 255, -1)
    depth = inflate(alpha)
    normals = normals_of(depth, alpha)
    assert depth[150, 150] == depth.max() == 255
    assert depth[150, 150] > depth[150, 80] > depth[150, 55] > 0
    assert normals[150, 60, 0] < 110 < 145 < normals[150, 240, 0]
    assert normals[60, 150, 1] > 145 > 110 > normals[240, 150, 1]
