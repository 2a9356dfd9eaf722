"""labels -> the product cut out of each usable photo, with depth and normals.

The engine finds the outline, `geometry.py` what follows from it. How cutouts are used is for `shots/` and `stills/`.
"""

from reel_pipeline.frames.engines import CutoutEngine
from reel_pipeline.frames.geometry import REVISION as GEOMETRY_REVISION
from reel_pipeline.frames.geometry import inflate, normals_of
from reel_pipeline.media.boxes import box_around
from reel_pipeline.media.photo import decode_png, encode_png
from reel_pipeline.records import (
    Cutout,
    Frame,
    FrameClassification,
    Photo,
    ProductCutout,
    ProductGallery,
    ViewClass,
)
from reel_pipeline.store import Store


def cut_out(
    gallery: ProductGallery, classification: FrameClassification, engine: CutoutEngine, store: Store
) -> ProductCutout:
    """One cutout per photo that shows this product whole: no duplicates, no detail crops, no other colour.

    On a worn photo it is the wearer with the product. Remembered per photo.
    """
    photos = (gallery.photo(frame.photo) for frame in classification.frames if shows_it_whole(frame, gallery))
    return ProductCutout(cutouts=tuple(_cutout(photo, engine, store) for photo in photos))


def shows_it_whole(frame: Frame, gallery: ProductGallery) -> bool:
    whole = frame.view_class is not ViewClass.DETAIL_CROP
    return whole and frame.duplicate_of is None and frame.is_of(gallery.colour)


def _cutout(photo: Photo, engine: CutoutEngine, store: Store) -> Cutout:
    inputs = [photo.pixels.sha256, photo.alpha.sha256 if photo.alpha else None, GEOMETRY_REVISION]

    def make() -> Cutout:
        rgb = decode_png(store.read(photo.pixels))
        matte = engine.cut_out(rgb, decode_png(store.read(photo.alpha)) if photo.alpha else None)
        depth = inflate(matte.alpha)
        pictures = (matte.alpha, depth, normals_of(depth, matte.alpha))
        alpha, depth_blob, normals = (store.put(encode_png(picture), ".png") for picture in pictures)
        return Cutout(
            photo=photo.key,
            alpha=alpha,
            confidence=matte.confidence,
            box_px_xywh=box_around(matte.alpha > 127),
            depth=depth_blob,
            normals=normals,
        )

    return store.remember("cut_out", engine, inputs, Cutout, make)
