"""Shots -> layered keyframes. Next: `clips/` moves the camera over them.

A keyframe holds the photo's own pixels at their native scale; what the camera does is decided here, carried out there.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from reel_pipeline.errors import ParallaxRefused, RenderError
from reel_pipeline.media.photo import Pixels, decode_png, encode_jpeg, encode_png, normalise
from reel_pipeline.records import (
    VERTICAL,
    BoxPx,
    BrandLook,
    Cutout,
    Format,
    MadeBy,
    Motion,
    Photo,
    PlanEdition,
    ProductCutout,
    ProductGallery,
    Rung,
    Shot,
    Still,
    StillEdition,
    Take,
)
from reel_pipeline.stills.engines import Keyframe, PhotoLayers, StillEngine, StillRequest
from reel_pipeline.store import Store

PREVIEW_SIDE_PX = 480
_LEAST_ZOOM = 0.01
_HAPPENS = {
    Motion.PUSH_IN: "The camera moves in on it",
    Motion.PULL_OUT: "The camera moves away from it",
    Motion.PAN_LEFT: "The camera pans across it to the left",
    Motion.PAN_RIGHT: "The camera pans across it to the right",
}
_BUILT = (Rung.COMPOSITE, Rung.DIFFUSION)
"""Rungs that put light and ground around the product, and so need to know which way its surface looks."""
_WIDER, _AIR = 0.3, 0.02
"""What a wider framing shows besides, as a share of the focus, and what it leaves free at the photo's edges."""


def render_stills(
    plan: PlanEdition,
    take_indexes: dict[int, int],
    attempt: int,
    gallery: ProductGallery,
    cutout: ProductCutout,
    look: BrandLook,
    engine_for: Callable[[Rung], StillEngine],
    store: Store,
    wider: Collection[int] = (),
) -> StillEdition:
    """One keyframe a shot, in the plan's format.

    `take_indexes` maps a shot's number to the take to use; shots not named use their first. `engine_for` opens the
    engine that makes the takes of a rung. `wider`: the shots that show more around their focus than their takes say.

    Raises `RenderError` when a shot has no such take or its photo is gone from the gallery.
    """
    stills = tuple(
        render_still(
            shot,
            take_indexes.get(shot.number, 0),
            gallery,
            cutout,
            look,
            engine_for,
            store,
            format=plan.format,
            wider=shot.number in wider,
        )
        for shot in plan.shots
    )
    return StillEdition(attempt=attempt, format=plan.format, stills=stills)


def render_still(
    shot: Shot,
    take_index: int,
    gallery: ProductGallery,
    cutout: ProductCutout,
    look: BrandLook,
    engine_for: Callable[[Rung], StillEngine],
    store: Store,
    *,
    format: Format = VERTICAL,
    wider: bool = False,
) -> Still:
    """The keyframe of one take; the lowest rung, and the record says why, where its photo allows no honest parallax."""
    if not 0 <= take_index < len(shot.takes):
        raise RenderError(
            f"Shot {shot.number} has {len(shot.takes)} takes and take {take_index + 1} was asked for; plan again."
        )
    take = shot.takes[take_index]
    photo = next((photo for photo in gallery.photos if photo.key == take.photo), None)
    if photo is None:
        raise RenderError(f"Shot {shot.number} uses photo {take.photo}, which is no longer in the gallery; plan again.")
    if wider:
        take = take.model_copy(update={"focus_px_xywh": _widened(take.focus_px_xywh, photo)})
    cut = cutout.cutout(photo.key)
    engine, lowest = engine_for(take.rung), engine_for(Rung.STILL_MOTION)
    is_literal, is_built = take.rung is Rung.STILL_MOTION, take.rung in _BUILT
    inputs = {
        "shot": shot.number,
        "take_index": take_index,
        "take": take.digest(),
        "format": format.digest(),
        "pixels": photo.pixels.sha256,
        "alpha": cut.alpha.sha256 if cut else None,
        "depth": cut.depth.sha256 if cut and not is_literal else None,
        "normals": cut.normals.sha256 if cut and is_built else None,
        "confidence": cut.confidence if cut and not is_literal else None,
        "palette": list(look.palette),
        "lowest": None if is_literal else [lowest.name, lowest.revision],
    }

    def make() -> Still:
        layers, mood = _layers(photo, cut, take.rung, store), _mood(take, store)
        keyframe, maker, done, instead = _keyframe(
            StillRequest(layers, take, look.palette, mood, format), engine, lowest
        )
        store.count_paid(keyframe.paid)
        made_by = MadeBy(engine=maker.name, revision=maker.revision, paid=keyframe.paid)
        return _stored(keyframe, shot, take_index, done, instead, made_by, store)

    return store.remember("render_still", engine, inputs, Still, make)


def _keyframe(
    request: StillRequest, engine: StillEngine, lowest: StillEngine
) -> tuple[Keyframe, StillEngine, Take, str]:
    """The keyframe, its maker, the take that was really made, and why that is not the one asked for, '' where it is."""
    take, why = request.take, ""
    try:
        keyframe = engine.keyframe(request)
    except ParallaxRefused as refusal:
        take, why = take.model_copy(update={"rung": Rung.STILL_MOTION, "motion": Motion.PUSH_IN}), str(refusal)
        engine = lowest
        keyframe = engine.keyframe(replace(request, take=take))
    done = take if keyframe.parallax else take.model_copy(update={"motion": _motion_of(keyframe)})
    if done.motion is not take.motion and not why:
        why = f"This photo leaves no room for a {take.motion.replace('_', ' ')}."
    return keyframe, engine, done, f"{why} {_HAPPENS[done.motion]} instead." if why else ""


def _motion_of(keyframe: Keyframe) -> Motion:
    """What the camera does between its two windows, whatever it was asked for."""
    (x, _, width, _), (end_x, _, end_width, _) = keyframe.camera_start, keyframe.camera_end
    if abs(end_width / width - 1) > _LEAST_ZOOM:
        return Motion.PUSH_IN if end_width < width else Motion.PULL_OUT
    return Motion.PAN_RIGHT if end_x >= x else Motion.PAN_LEFT


def _widened(focus: BoxPx, photo: Photo) -> BoxPx:
    """The focus with more around it; it comes no nearer to the photo's edge than `_AIR`, where it would be cut."""
    sides = []
    for axis, full in ((0, photo.width_px), (1, photo.height_px)):
        start, length = focus[axis], focus[axis + 2]
        grow, margin = _WIDER / 2 * length, _AIR * full
        low = min(start, max(margin, start - grow))
        high = max(start + length, min(full - margin, start + length + grow))
        sides.append((round(low), round(high) - round(low)))
    (x, w), (y, h) = sides
    return x, y, w, h


def _layers(photo: Photo, cut: Cutout | None, rung: Rung, store: Store) -> PhotoLayers:
    pixels = decode_png(store.read(photo.pixels))
    if cut is None:
        return PhotoLayers(pixels)
    return PhotoLayers(
        pixels,
        alpha=decode_png(store.read(cut.alpha)),
        depth=None if rung is Rung.STILL_MOTION else decode_png(store.read(cut.depth)),
        normals=decode_png(store.read(cut.normals)) if rung in _BUILT else None,
        confidence=cut.confidence,
    )


def _mood(take: Take, store: Store) -> tuple[Pixels, ...]:
    return tuple(normalise(store.read(picture)).pixels for picture in take.brief.mood) if take.brief else ()


def _stored(
    keyframe: Keyframe, shot: Shot, take_index: int, take: Take, instead: str, made_by: MadeBy, store: Store
) -> Still:
    left, top, width, height = (round(value) for value in keyframe.camera_end)
    seen = keyframe.plate[max(0, top) : top + height, max(0, left) : left + width]
    return Still(
        shot=shot.number,
        take_index=take_index,
        take=take,
        instead=instead,
        made_by=made_by,
        ground=keyframe.ground,
        parallax=keyframe.parallax,
        plate=store.put(encode_png(keyframe.plate), ".png"),
        product=None if keyframe.product is None else store.put(encode_png(keyframe.product), ".png"),
        depth=None if keyframe.depth is None else store.put(encode_png(keyframe.depth), ".png"),
        lock_mask=store.put(encode_png(keyframe.lock_mask), ".png"),
        canvas_to_photo=keyframe.canvas_to_photo,
        photo_box_px_xywh=keyframe.photo_box_px_xywh,
        focus_px_xywh=keyframe.focus_px_xywh,
        subjects=keyframe.subjects,
        camera_start=keyframe.camera_start,
        camera_end=keyframe.camera_end,
        preview=store.put(encode_jpeg(seen, PREVIEW_SIDE_PX), ".jpg"),
    )
