"""Asks a judge about a reel, once for the same bytes, and keeps its answer as a record with its evidence as blobs.

How a judge finds out is `engines/`'s business; what follows from the answer is `checks.py`'s.
"""

from collections.abc import Sequence
from functools import cache

from reel_pipeline.evaluation.engines import Charge, Judge, Opinion, Passport
from reel_pipeline.media.photo import decode_png
from reel_pipeline.records import Blob, CutList, Fault, Judgement, Photo
from reel_pipeline.store import Store, jsonable


def judge(
    video: Blob, cut_list: CutList | None, gallery_photos: Sequence[Photo], engine: Judge, store: Store
) -> Judgement:
    """The verdict about exactly the bytes of `video`; `gallery_photos` are the sold variant's and unassigned ones.

    The gallery's photos are read once each, whatever becomes of the reel. Raises `EvaluationError` for a video that
    can't be read.
    """
    pixels = [photo.pixels for photo in gallery_photos]

    def make() -> Judgement:
        @cache
        def passport_of(index: int) -> Passport:
            blob = pixels[index]
            return store.remember(
                "passport", engine, blob.sha256, Passport, lambda: engine.passport(decode_png(store.read(blob)))
            )

        photos = [decode_png(store.read(blob)) for blob in pixels]
        return _judgement(video, engine.judge(store.path(video), cut_list, photos, passport_of), store)

    inputs = {
        "video": video.sha256,
        "cut_list": jsonable(cut_list) if cut_list else None,
        "photos": [blob.sha256 for blob in pixels],
    }
    return store.remember("judge", engine, inputs, Judgement, make)


def _judgement(video: Blob, opinion: Opinion, store: Store) -> Judgement:
    return Judgement(
        video_sha256=video.sha256,
        verdict=opinion.verdict,
        faults=tuple(_fault(charge, store) for charge in opinion.charges),
        unverifiable=opinion.unverifiable,
        scores=opinion.scores,
        thresholds=opinion.thresholds,
    )


def _fault(charge: Charge, store: Store) -> Fault:
    return Fault(
        kind=charge.kind,
        score=charge.score,
        threshold=charge.threshold,
        time_s=charge.time_s,
        region_px_xywh=charge.region_px_xywh,
        shot=charge.shot,
        evidence=store.put(charge.evidence, ".jpg") if charge.evidence else None,
    )
