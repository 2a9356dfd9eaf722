"""The commands for single files: rooms put together for one photo or one video, without a catalogue or a workspace."""

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from reel_pipeline.commands.output import print_json, print_table
from reel_pipeline.commands.workspace import open_flow
from reel_pipeline.engines import Engines
from reel_pipeline.errors import PhotoError, ReelError, SettingsError
from reel_pipeline.media.photo import Pixels, encode_png, normalise
from reel_pipeline.records import (
    FPS,
    VERTICAL,
    BrandLook,
    Motion,
    Photo,
    ProductCutout,
    ProductGallery,
    Role,
    Rung,
    Shot,
    Take,
)
from reel_pipeline.rules.cases import adopted_gates
from reel_pipeline.rules.report import own_photos, partition_of
from reel_pipeline.store import Store, open_store

MIN_CLIP_S, MAX_CLIP_S = 0.5, 10.0
DEFAULTS = Engines()


def classify(options: argparse.Namespace) -> int:
    rows = classify_files(options.files)
    if options.json:
        print_json(rows)
    else:
        print_table(rows, ("file", "view_class", "unsure", "confidence", "has_face", "label_text", "error"))
    return 1 if any("error" in row for row in rows) else 0


def cutout(options: argparse.Namespace) -> int:
    confidence = cut_out_file(options.file, options.out)
    print(f"{options.out}: confidence {confidence:.2f}")
    return 0


def animate(options: argparse.Namespace) -> int:
    instead = animate_file(options.file, options.motion, options.duration, options.out)
    if instead:
        print(f"reel-pipeline: {instead}", file=sys.stderr)
    print(options.out)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    references: list[Path] = options.reference
    artworks: list[Path] = options.artwork
    gates = None
    if options.sku:
        flow = open_flow()
        gates = adopted_gates(flow)
        partition = partition_of(flow, options.sku)
        references = [*references, *own_photos(flow, partition)]
        artworks = [*artworks, *flow.settings.artworks(partition)]
    if not references:
        raise SettingsError("Name at least one photo with --reference, or a product with --sku.")
    opinion = evaluate_file(options.video, references, gates, artworks)
    if options.json:
        print_json(opinion)
    else:
        print(opinion["verdict"])
        print_table(opinion["faults"], ("kind", "score", "threshold", "time_s", "region_px_xywh"))
    return 0


def classify_files(files: Sequence[Path]) -> list[dict[str, Any]]:
    """One row a file, in order: what it shows, or `{"file", "error"}`. The files of one call are one gallery."""
    from reel_pipeline.frames.classify import classify

    with scratch_store() as store:
        photos: dict[Path, Photo | str] = {}
        for position, file in enumerate(files, start=1):
            try:
                photos[file] = _photo(file, position, store)
            except ReelError as error:
                photos[file] = str(error)
        usable = {photo.key: photo for photo in photos.values() if isinstance(photo, Photo)}
        gallery = ProductGallery(photos=tuple(usable.values()))
        frames = classify(gallery, DEFAULTS.open("classifier"), store) if usable else None
        rows: list[dict[str, Any]] = []
        for file, photo in photos.items():
            if isinstance(photo, str) or frames is None:
                rows.append({"file": str(file), "error": photo})
                continue
            frame = frames.frame(photo.key)
            width_px, height_px = _oriented_size_px(file)
            rows.append(
                {
                    "file": str(file),
                    "view_class": frame.view_class.value,
                    "unsure": frame.unsure,
                    "confidence": round(frame.confidence, 4),
                    "scores": {name.value: round(score, 4) for name, score in frame.scores.items()},
                    "has_face": bool(frame.face_boxes_px_xywh),
                    "label_text": [line.text for line in frame.label_text],
                    "width_px": width_px,
                    "height_px": height_px,
                }
            )
        return rows


def cut_out_file(file: Path, out: Path) -> float:
    """Write the product's 8-bit alpha, as large as the (upright) photo; returns its confidence in [0, 1]."""
    import cv2

    normalised = normalise(read_file(file))
    matte = DEFAULTS.open("cutout").cut_out(normalised.pixels, normalised.alpha)
    size_px = _oriented_size_px(file)
    alpha = matte.alpha
    if alpha.shape[::-1] != size_px:
        alpha = cv2.resize(alpha, size_px, interpolation=cv2.INTER_CUBIC)
    _write(out, encode_png(alpha))
    return float(matte.confidence)


def animate_file(file: Path, motion: str, duration_s: float, out: Path) -> str:
    """A silent 1080x1920 clip of one photo under one camera move; returns why it is another move than asked, or ''.

    Raises `SettingsError` for a length out of range.
    """
    from reel_pipeline.clips.animate import write_clip
    from reel_pipeline.frames.classify import classify
    from reel_pipeline.frames.cutout import cut_out
    from reel_pipeline.stills.render import render_still

    if not MIN_CLIP_S <= duration_s <= MAX_CLIP_S:
        raise SettingsError(f"--duration is {duration_s} s; it must be {MIN_CLIP_S} to {MAX_CLIP_S} s.")
    if out.suffix.lower() != ".mp4":
        raise SettingsError(f"--out is {out}; the clip is an .mp4 file.")
    with scratch_store() as store:
        photo = _photo(file, 1, store)
        gallery = ProductGallery(photos=(photo,))
        classification = classify(gallery, DEFAULTS.open("classifier"), store)
        parallax = motion == Motion.PARALLAX
        engine = DEFAULTS.open("cutout")
        cutout = cut_out(gallery, classification, engine, store) if parallax else ProductCutout(cutouts=())
        take = Take(
            photo=photo.key,
            rung=Rung.PARALLAX if parallax else Rung.STILL_MOTION,
            motion=Motion(motion),
            focus_px_xywh=classification.frames[0].product_box_px_xywh,
        )
        shot = Shot(number=1, role=Role.OPENING, takes=(take,), line="", caption="")
        still = render_still(shot, 0, gallery, cutout, BrandLook(), partial(DEFAULTS.open, "stills"), store)
        mover = DEFAULTS.open("clips", still.take.rung)
        with _beside(out) as unfinished:
            write_clip(still, VERTICAL, max(2, round(duration_s * FPS)), mover, store, unfinished)
    return still.instead


def evaluate_file(
    video: Path,
    references: Sequence[Path],
    gates: Mapping[str, float] | None = None,
    artworks: Sequence[Path] = (),
) -> dict[str, Any]:
    """The judge's verdict, faults and scores about any video, from it and the product's photos alone.

    `gates`: those that a workspace has adopted instead of the shipped ones. `artworks`: pictures of the product's flat
    master artwork, which lettering is compared with.
    """
    from reel_pipeline.evaluation.engines import regated
    from reel_pipeline.evaluation.judge import readable

    judge = regated(DEFAULTS.open("judge"), gates)
    photos: list[Pixels] = [normalise(read_file(reference)).pixels for reference in references]
    if not video.is_file():
        raise SettingsError(f"{video} is not a file.")
    pages = readable([judge.passport(normalise(read_file(artwork)).pixels) for artwork in artworks])
    opinion = judge.judge(video, None, photos, None, pages)
    return {
        "verdict": opinion.verdict.value,
        "faults": [
            {
                "kind": charge.kind,
                "score": round(charge.score, 4),
                "threshold": opinion.thresholds[charge.kind],
                "time_s": round(charge.time_s, 3),
                "region_px_xywh": list(charge.region_px_xywh),
            }
            for charge in opinion.charges
        ],
        "unverifiable": [{"item": item.item, "error": item.error} for item in opinion.unverifiable],
        "scores": {name: round(score, 4) for name, score in opinion.scores.items()},
    }


def read_file(file: Path) -> bytes:
    """The bytes of a file that the user named; raises `PhotoError` when there are none to be had."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise PhotoError(f"{file} can't be read: {error.strerror}.") from error


@contextmanager
def scratch_store() -> Iterator[Store]:
    """A store that is gone when the command ends."""
    with tempfile.TemporaryDirectory(prefix="reel-pipeline-") as folder:
        yield open_store(folder, Path(folder))


def _photo(file: Path, position: int, store: Store) -> Photo:
    data = read_file(file)
    normalised = normalise(data)
    pixels = store.put(encode_png(normalised.pixels), ".png")
    return Photo(
        key=pixels.sha256[:16],
        position=position,
        original=store.put(data, ".bin"),
        pixels=pixels,
        alpha=None if normalised.alpha is None else store.put(encode_png(normalised.alpha), ".png"),
        width_px=normalised.pixels.shape[1],
        height_px=normalised.pixels.shape[0],
    )


def _oriented_size_px(file: Path) -> tuple[int, int]:
    """Width and height of the upright picture in the file itself, which `normalise` may have shrunk."""
    from PIL import Image

    with Image.open(io.BytesIO(read_file(file))) as image:
        sideways = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        return (image.height, image.width) if sideways else image.size


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A hidden file next to `out` that takes its name only when the work succeeded."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.stem}.partial{out.suffix}")
    try:
        yield unfinished
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(out: Path, data: bytes) -> None:
    with _beside(out) as unfinished:
        unfinished.write_bytes(data)
