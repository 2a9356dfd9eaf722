"""photos -> labels: what each photo of a gallery shows.

Here: reading each photo once (engine, OCR, measures: remembered per photo) and putting the answers together for the
gallery. How a view is recognised is the engine's business; glass, metal and regulated goods need product facts and are
the planner's (`shots/`). Next: `cutout.py`.
"""

from collections.abc import Sequence

from reel_pipeline.frames.engines import FrameClassifier, Observation
from reel_pipeline.frames.measures import REVISION as MEASURES_REVISION
from reel_pipeline.frames.measures import Measures, measure, same_picture, visible_materials
from reel_pipeline.media.photo import Pixels, decode_png
from reel_pipeline.records import Frame, FrameClassification, Photo, ProductGallery, Record, TextLine, ViewClass
from reel_pipeline.store import Store

MIN_CONFIDENCE = 0.6
MIN_LEAD = 0.2
"""Below either, `unsure`: in by-product cross-validation the sure answers are right far more often than the unsure
ones; `reel_pipeline_tests/bench/classify.py` prints the table."""


class _Text(Record):
    lines: tuple[TextLine, ...]


class _Views(Record):
    scores: tuple[dict[ViewClass, float], ...]


class _Ocr:
    """Names the reader for the memo: words don't depend on the classifier."""

    name = "rapidocr"

    def __init__(self) -> None:
        from reel_pipeline.media.text import REVISION

        self.revision = REVISION


class _Measuring:
    name = "measures"
    revision = MEASURES_REVISION


def classify(gallery: ProductGallery, engine: FrameClassifier, store: Store) -> FrameClassification:
    """One frame per photo, in the gallery's order. Raises `EngineUnavailable` where the engine or OCR can't run."""
    photos = gallery.photos
    observations = [_observation(photo, engine, store) for photo in photos]
    measures = [_measure(photo, seen, store) for photo, seen in zip(photos, observations, strict=True)]
    texts = [_text(photo, store) for photo in photos]
    views = _views(photos, observations, engine, store)
    originals = _originals(gallery, measures)
    frames = (
        _frame(photo, seen, measured, text, scores, original)
        for photo, seen, measured, text, scores, original in zip(
            photos, observations, measures, texts, views, originals, strict=True
        )
    )
    return FrameClassification(frames=tuple(frames))


def _frame(
    photo: Photo,
    seen: Observation,
    measures: Measures,
    text: tuple[TextLine, ...],
    scores: dict[ViewClass, float],
    original: str | None,
) -> Frame:
    view = max(scores, key=lambda each: scores[each])
    best, second = sorted(scores.values(), reverse=True)[:2]
    box_is_product = seen.backdrop_is_plain or view is ViewClass.DETAIL_CROP
    return Frame(
        photo=photo.key,
        position=photo.position,
        variant=photo.variant,
        width_px=photo.width_px,
        height_px=photo.height_px,
        view_class=view,
        unsure=best < MIN_CONFIDENCE or best - second < MIN_LEAD,
        confidence=best,
        scores=scores,
        face_boxes_px_xywh=seen.face_boxes_px_xywh,
        label_text=text,
        sharpness=measures.sharpness,
        backdrop_is_plain=seen.backdrop_is_plain,
        product_box_px_xywh=seen.product_box_px_xywh,
        duplicate_of=original,
        materials=visible_materials(measures, text, seen.product_box_px_xywh, box_is_product),
    )


def _pixels(photo: Photo, store: Store) -> Pixels:
    return decode_png(store.read(photo.pixels))


def _observation(photo: Photo, engine: FrameClassifier, store: Store) -> Observation:
    return store.remember("look", engine, photo.pixels.sha256, Observation, lambda: engine.look(_pixels(photo, store)))


def _measure(photo: Photo, seen: Observation, store: Store) -> Measures:
    box = seen.product_box_px_xywh
    inputs = {"photo": photo.pixels.sha256, "box": box}
    return store.remember("measure", _Measuring(), inputs, Measures, lambda: measure(_pixels(photo, store), box))


def _text(photo: Photo, store: Store) -> tuple[TextLine, ...]:
    def read() -> _Text:
        from reel_pipeline.media.text import read_text

        return _Text(lines=read_text(_pixels(photo, store)))

    return store.remember("read_text", _Ocr(), photo.pixels.sha256, _Text, read).lines


def _views(
    photos: Sequence[Photo], observations: Sequence[Observation], engine: FrameClassifier, store: Store
) -> tuple[dict[ViewClass, float], ...]:
    if not photos:
        return ()
    inputs = [photo.pixels.sha256 for photo in photos]

    def weigh() -> _Views:
        return _Views(scores=engine.view_scores(observations, [_pixels(photo, store) for photo in photos]))

    return store.remember("view_scores", engine, inputs, _Views, weigh).scores


def _originals(gallery: ProductGallery, measures: Sequence[Measures]) -> list[str | None]:
    """Per photo, the key of the first earlier usable photo that is the same picture."""
    originals: list[str | None] = []
    for number, photo in enumerate(gallery.photos):
        earlier = (
            other.key
            for index, other in enumerate(gallery.photos[:number])
            if originals[index] is None
            and other.is_of(gallery.colour)
            and same_picture(measures[index], measures[number])
        )
        originals.append(next(earlier, None) if photo.is_of(gallery.colour) else None)
    return originals
