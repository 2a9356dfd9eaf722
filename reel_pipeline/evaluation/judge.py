"""Asks a judge about a reel, once for the same bytes, and keeps its answer as a record with its evidence as blobs.

How a judge finds out is `engines/`'s business; what follows from the answer is `checks.py`'s.
"""

from collections.abc import Sequence
from functools import cache

from reel_pipeline.errors import EvaluationError
from reel_pipeline.evaluation.engines import Charge, Judge, Opinion, Passport
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import Blob, CutList, Fault, Judgement, Photo
from reel_pipeline.store import Store, jsonable


def judge(
    video: Blob,
    cut_list: CutList | None,
    gallery_photos: Sequence[Photo],
    engine: Judge,
    store: Store,
    artworks: Sequence[Blob] = (),
) -> Judgement:
    """The verdict about exactly the bytes of `video`. `gallery_photos`: those of the variant that is sold, and those of
    no variant. `artworks`: PNGs of the product's flat master artwork, where the user gave any. Photos and artworks are
    read once each, whatever becomes of the reel. Raises `EvaluationError` for a video or an artwork that can't be read.
    """
    pixels = [photo.pixels for photo in gallery_photos]

    def passport(blob: Blob) -> Passport:
        return store.remember(
            "passport", engine, blob.sha256, Passport, lambda: engine.passport(decode_png(store.read(blob)))
        )

    def make() -> Judgement:
        photos = [decode_png(store.read(blob)) for blob in pixels]
        read = readable([passport(blob) for blob in artworks])
        opinion = engine.judge(store.path(video), cut_list, photos, cache(lambda index: passport(pixels[index])), read)
        return _judgement(video, opinion, store)

    inputs = {
        "video": video.sha256,
        "cut_list": jsonable(cut_list) if cut_list else None,
        "photos": [blob.sha256 for blob in pixels],
        "artworks": [blob.sha256 for blob in artworks],
    }
    return store.remember("judge", engine, inputs, Judgement, make)


def readable(artworks: Sequence[Passport]) -> Sequence[Passport]:
    """The same artworks. Raises `EvaluationError` for one without text: nothing can be compared with it."""
    for number, page in enumerate(artworks, start=1):
        if not page.text:
            raise EvaluationError(
                f"No text can be read on artwork {number} of {len(artworks)}; give a sharp, upright picture of it."
            )
    return artworks


def _judgement(video: Blob, opinion: Opinion, store: Store) -> Judgement:
    return Judgement(
        video_sha256=video.sha256,
        verdict=opinion.verdict,
        faults=tuple(_fault(charge, opinion.thresholds[charge.kind], store) for charge in opinion.charges),
        unverifiable=opinion.unverifiable,
        scores=opinion.scores,
        thresholds=opinion.thresholds,
    )


def _fault(charge: Charge, threshold: float, store: Store) -> Fault:
    return Fault(
        kind=charge.kind,
        score=charge.score,
        threshold=threshold,
        time_s=charge.time_s,
        region_px_xywh=charge.region_px_xywh,
        shot=charge.shot,
        evidence=store.put(charge.evidence, ".jpg") if charge.evidence else None,
    )
