"""Fault injection for the judge: real photos, a camera path independent of the fault, the codec after it.

Run from the project's folder: `python -m reel_pipeline_tests.bench.faults PHOTO_FOLDER [--products N] [--split even]`
for the table of recall per kind and severity and of false rejects. `PHOTO_FOLDER` holds `catalog.json` with products,
their SKUs and picture files. Thresholds are chosen on even-numbered SKUs and reported on odd ones. Injected faults are
cleaner than real ones: recall here is an upper bound.

Needs no other room: the clips are made here, so the judge is tested on pictures that no generator of this project made.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import PhotoError
from reel_pipeline.evaluation.engines import Opinion, open_engine
from reel_pipeline.media.photo import Pixels, normalise
from reel_pipeline.media.video import Encoding, Planes, VideoWriter
from reel_pipeline.records import Cut, CutList, Overlay, Verdict

FULL, SMALL = (1080, 1920), (540, 960)
BoxPx = tuple[int, int, int, int]
Answers = dict[tuple[str, str], list[tuple[str, Opinion]]]
"""(fault kind, severity) -> (SKU, what the judge said)"""


@dataclass(frozen=True)
class Product:
    sku: str
    photos: tuple[Pixels, ...]


@dataclass(frozen=True)
class Fault:
    """`alter` changes a photo before it is filmed, `frames` the sequence of finished frames. None: unchanged."""

    kind: str
    severity: str
    alter: Callable[[Pixels, np.random.Generator], Pixels] | None = None
    frames: Callable[[list[Pixels]], list[Pixels]] | None = None
    needs_text: bool = False


# --- filming -----------------------------------------------------------------------------------------------------


def product_box(rgb: Pixels) -> BoxPx:
    """Where the picture differs from its border, else its middle."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    mask = (np.linalg.norm(lab - np.median(border, 0), axis=2) > 12).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    height, width = mask.shape
    if not 0.01 < mask.mean() < 0.85:
        return width // 5, height // 5, width * 3 // 5, height * 3 // 5
    x, y, w, h = cv2.boundingRect(mask)
    return x, y, w, h


def film(
    photo: Pixels, frame_count: int, rng: np.random.Generator, blurred: bool, size: tuple[int, int]
) -> Iterator[Pixels]:
    """A slow zoom or pan over one photo on its own backdrop or a blurred copy, HWC RGB of `size` (width, height)."""
    width, height = size
    # A cubic warp below half size would alias, which no honest maker ships.
    reduce = min(1.0, 1.7 * width / photo.shape[1])
    photo = np.asarray(cv2.resize(photo, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA), np.uint8)
    rows, columns = photo.shape[:2]
    fit = min(width / columns, 1.6 * width / 1080 / reduce)
    base = (
        fit * rng.uniform(0.85, 1.0)
        if rng.random() < 0.6
        else min(max(fit, height / rows * 0.8), 1.6 * width / 1080 / reduce)
    )
    grow = rng.uniform(0.04, 0.10) * (1 if rng.random() < 0.6 else -1)
    drift = rng.uniform(-0.03, 0.03, 2) * width
    border = np.median(np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]]), axis=0)
    backdrop = np.empty((height, width, 3), np.uint8)
    if blurred:
        cover = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        backdrop[:] = cv2.GaussianBlur(cover, (0, 0), width / 27)
    else:
        backdrop[:] = border.astype(np.uint8)
    for index in range(frame_count):
        t = index / max(1, frame_count - 1)
        ease = t * t * (3 - 2 * t)
        scale = base * (1 + grow * ease)
        x = width / 2 - scale * columns / 2 + drift[0] * ease
        y = height * 0.48 - scale * rows / 2 + drift[1] * ease
        frame = backdrop.copy()
        matrix = np.array([[scale, 0, x], [0, scale, y]])
        cv2.warpAffine(photo, matrix, size, dst=frame, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_TRANSPARENT)
        yield frame


def caption(frame: Pixels, text: str, box: BoxPx) -> None:
    """Dark letters on a light plate; nothing is drawn outside `box`."""
    x, y, width, height = box
    frame[y : y + height, x : x + width] = (250, 248, 244)
    scale = 0.9 * width / cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.0, 1)[0][0]
    place = (x + width // 20, y + height * 2 // 3)
    cv2.putText(frame, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (30, 30, 30), 1 + round(scale), cv2.LINE_AA)


def end_card(size: tuple[int, int], frame_count: int) -> Iterator[Pixels]:
    frame = np.full((size[1], size[0], 3), (244, 241, 236), np.uint8)
    cv2.putText(
        frame,
        "Discover more",
        (size[0] // 5, size[1] // 2),
        cv2.FONT_HERSHEY_DUPLEX,
        size[0] / 540,
        (30, 30, 30),
        2,
        cv2.LINE_AA,
    )
    for _ in range(frame_count):
        yield frame


def make_clip(
    path: Path,
    photos: Sequence[Pixels],
    fault: Fault,
    seed: int,
    size: tuple[int, int] = FULL,
    shots: int = 3,
    frames_a_shot: int = 36,
    card_frames: int = 18,
    crf: int = 20,
) -> CutList:
    """Film up to `shots` photos and an end card, hurt the first shot by `fault`, encode; returns the cut list."""
    rng = np.random.default_rng(seed)
    cuts, overlays, start = [], [], 0
    with VideoWriter(path, *size, Encoding("veryfast", crf)) as writer:
        for number, photo in enumerate(photos[:shots], 1):
            path_rng, fault_rng = np.random.default_rng(rng.integers(1 << 30)), np.random.default_rng(seed + 7)
            hurt = fault.alter(photo, fault_rng) if fault.alter and number == 1 else photo
            frames = list(film(hurt, frames_a_shot, path_rng, number % 2 == 0, size))
            if fault.frames and number == 1:
                frames = fault.frames(frames)
            box = (size[0] // 10, size[1] * 3 // 4, size[0] * 8 // 10, size[1] // 20)
            for frame in frames:
                caption(frame, f"What the photo shows, part {number}", box)
                writer.write(Planes.from_rgb(frame))
            cuts.append(Cut(shot=number, photo=f"{number:016x}", start_frame=start, frame_count=len(frames)))
            overlays.append(Overlay(kind="caption", start_frame=start, frame_count=len(frames), box_px_xywh=box))
            start += len(frames)
        for frame in end_card(size, card_frames):
            writer.write(Planes.from_rgb(frame))
        middle = (size[0] // 8, size[1] * 2 // 5, size[0] * 3 // 4, size[1] // 5)
        span = {"start_frame": start, "frame_count": card_frames}
        cuts.append(Cut(shot=None, photo=None, **span))
        overlays.append(Overlay(kind="end_card", box_px_xywh=middle, **span))
    return CutList(width_px=size[0], height_px=size[1], cuts=tuple(cuts), overlays=tuple(overlays))


# --- faults ------------------------------------------------------------------------------------------------------


def warp(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """A smooth field over the product: at most `percent` of its width, two lobes, nothing at its box's rim."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        x, y, w, h = product_box(rgb)
        rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
        u, v = (columns - x) / w, (rows - y) / h
        inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
        window = np.where(inside, np.sin(np.pi * np.clip(u, 0, 1)) * np.sin(np.pi * np.clip(v, 0, 1)), 0)
        phase = rng.uniform(0, 2 * np.pi)
        shift = percent / 100 * w * window
        move_x = (shift * np.cos(2 * np.pi * v + phase)).astype(np.float32)
        move_y = (shift * np.sin(2 * np.pi * u + phase)).astype(np.float32)
        return np.asarray(
            cv2.remap(rgb, columns + move_x, rows + move_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return alter


def tint(delta_e: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Shift a* and b* of the product by `delta_e` (CIE76) in one direction, its lightness untouched."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        mask = (np.linalg.norm(lab - np.median(border, 0), axis=2) > 12).astype(np.float32)
        if not 0.01 < mask.mean() < 0.9:
            mask[:] = 1
        mask = cv2.GaussianBlur(mask, (0, 0), 2)
        middle = lab[..., 1:][mask > 0.5].mean(0)
        # Away from the product's own hue, so that the shift stays inside the gamut.
        angle = np.arctan2(middle[1], middle[0]) + np.pi + rng.uniform(-0.6, 0.6)
        lab[..., 1] += mask * delta_e * np.cos(angle)
        lab[..., 2] += mask * delta_e * np.sin(angle)
        return np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8)

    return alter


def dot(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """An invented disc on the product, its diameter `percent` of the product's width, of contrasting lightness."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        x, y, w, h = product_box(rgb)
        radius = max(2, round(percent / 200 * w))
        at = (round(x + w * rng.uniform(0.35, 0.65)), round(y + h * rng.uniform(0.35, 0.65)))
        value = 40 if rgb[at[1], at[0]].mean() > 128 else 215
        out = rgb.copy()
        cv2.circle(out, at, radius, (value, value, value), -1, cv2.LINE_AA)
        return out

    return alter


def ghost(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        shift = round(0.03 * rgb.shape[1])
        moved = np.roll(rgb, (shift // 2, shift), (0, 1)).astype(np.float32)
        return np.rint(rgb * (1 - percent / 100) + moved * percent / 100).astype(np.uint8)

    return alter


def numeral(count: int) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Paint `count` glyphs of the photo's largest line over by another of its glyphs, or by a mirrored one."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        from reel_pipeline.media.text import read_text

        lines = [line for line in read_text(rgb) if len(line.text) >= 2]
        digits = [line for line in lines if any(character.isdigit() for character in line.text)]
        line = max(digits or lines, key=lambda line: line.box_px_xywh[2] * line.box_px_xywh[3])
        out = rgb.copy()
        corners = np.asarray(line.quad_px, np.float32)
        places = [i for i, c in enumerate(line.text) if c.isdigit()] or list(range(len(line.text)))
        for place in rng.permutation(places)[:count]:
            other = (place + 1 + int(rng.integers(len(line.text) - 1))) % len(line.text)
            cell = _cell(corners, int(place), len(line.text))
            if line.text[other] == line.text[place]:
                source = cell[[2, 3, 0, 1]]
            else:
                source = _cell(corners, other, len(line.text))
            matrix = cv2.getPerspectiveTransform(source, cell)
            moved = cv2.warpPerspective(rgb, matrix, (rgb.shape[1], rgb.shape[0]), flags=cv2.INTER_CUBIC)
            mask = cv2.fillConvexPoly(np.zeros(rgb.shape[:2], np.uint8), np.rint(cell).astype(np.int32), 1)
            out[mask > 0] = moved[mask > 0]
        return out

    return alter


def _cell(corners: NDArray[np.float32], place: int, count: int) -> NDArray[np.float32]:
    a, b, c, d = corners
    left, right = place / count, (place + 1) / count
    return np.array([a + (b - a) * left, a + (b - a) * right, d + (c - d) * right, d + (c - d) * left], np.float32)


def stretch(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """The whole photo `percent` narrower than it is."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        size = (round(rgb.shape[1] * (1 - percent / 100)), rgb.shape[0])
        return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)

    return alter


def freeze(frames: list[Pixels]) -> list[Pixels]:
    return [frames[0].copy() for _ in frames]


def blacken(frames: list[Pixels]) -> list[Pixels]:
    return frames[:12] + [np.zeros_like(frames[0]) for _ in frames[12:24]] + frames[24:]


def jump(frames: list[Pixels]) -> list[Pixels]:
    """The picture leaps by 6 % of the width in the middle of the shot."""
    half = len(frames) // 2
    step = round(0.06 * frames[0].shape[1])
    return frames[:half] + [np.roll(frame, (step // 2, step), (0, 1)) for frame in frames[half:]]


def flicker(frames: list[Pixels]) -> list[Pixels]:
    return [
        cv2.convertScaleAbs(frame, alpha=1.0 + (0.04 if index % 2 else -0.04)) for index, frame in enumerate(frames)
    ]


def blur(sigma_px: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    return lambda rgb, rng: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px * rgb.shape[1] / 1080), np.uint8)


CLEAN = Fault("clean", "")
FAULTS = (
    *(Fault("warp", f"{p} %", warp(p)) for p in (1, 2, 4)),
    *(Fault("stretch", f"{p} %", stretch(p)) for p in (2, 4)),
    *(Fault("colour", f"dE {d}", tint(d)) for d in (4, 8, 16)),
    *(Fault("dot", f"{p} %", dot(p)) for p in (4, 8)),
    *(Fault("ghost", f"{p} %", ghost(p)) for p in (10, 25)),
    Fault("numeral", "1 glyph", numeral(1), needs_text=True),
    Fault("smear", "6 px", blur(6)),
    Fault("frozen", "1.5 s", frames=freeze),
    Fault("black", "0.5 s", frames=blacken),
    Fault("jump_cut", "6 %", frames=jump),
    Fault("flicker", "4 %", frames=flicker),
)


# --- the table ---------------------------------------------------------------------------------------------------


def load_products(folder: Path, split: str, count: int) -> list[Product]:
    """`count` products spread over the catalogue. Reads files and SKUs only, no label."""
    entries = json.loads((folder / "catalog.json").read_text())["products"]
    wanted = {"even": (0,), "odd": (1,), "all": (0, 1)}[split]
    chosen = [entry for entry in entries if int(entry["sku"].split("-")[-1]) % 2 in wanted]
    step = max(1, len(chosen) // count)
    return [Product(entry["sku"], _photos(folder, entry["images"][:4])) for entry in chosen[::step][:count]]


def _photos(folder: Path, images: list[dict[str, str]]) -> tuple[Pixels, ...]:
    photos = []
    for image in images:
        try:
            photos.append(normalise((folder / image["file"]).read_bytes()).pixels)
        except PhotoError as error:
            print(f"{image['file']} left out: {error}", file=sys.stderr)
    return tuple(photos)


def has_text(photo: Pixels) -> bool:
    from reel_pipeline.media.text import read_text

    return any(len(line.text) >= 2 for line in read_text(photo))


def run(products: list[Product], faults: Sequence[Fault], with_cut_list: bool, size: tuple[int, int]) -> Answers:
    judge = open_engine("classical")
    answers: Answers = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        for number, product in enumerate(products):
            passport_of = cache(lambda index, photos=product.photos: judge.passport(photos[index]))
            for fault in (CLEAN, *faults):
                if fault.needs_text and not has_text(product.photos[0]):
                    continue
                cut_list = make_clip(clip, product.photos, fault, number, size, shots=2)
                started = time.perf_counter()
                opinion = judge.judge(clip, cut_list if with_cut_list else None, product.photos, passport_of)
                answers[fault.kind, fault.severity].append((product.sku, opinion))
                kinds = ", ".join(sorted({f"{charge.kind} {charge.score:.2f}" for charge in opinion.charges}))
                asked = "; ".join(f"{item.item}: {item.error}" for item in opinion.unverifiable)
                spent = time.perf_counter() - started
                print(
                    product.sku,
                    fault.kind,
                    fault.severity,
                    opinion.verdict,
                    kinds,
                    asked,
                    f"{spent:.1f} s",
                    file=sys.stderr,
                )
            if len(products) > 1:
                stranger = products[(number + 1) % len(products)]
                cut_list = make_clip(clip, stranger.photos, CLEAN, number, size, shots=2)
                opinion = judge.judge(clip, cut_list if with_cut_list else None, product.photos, passport_of)
                answers["wrong product", ""].append((product.sku, opinion))
    return answers


def table(answers: Answers) -> str:
    rows = ["| fault | severity | clips | reject | abstain | accept | kinds named |", "|---|---|---|---|---|---|---|"]
    for (kind, severity), found in answers.items():
        share = {verdict: sum(opinion.verdict is verdict for _, opinion in found) / len(found) for verdict in Verdict}
        named: dict[str, int] = defaultdict(int)
        for _, opinion in found:
            for name in {charge.kind for charge in opinion.charges}:
                named[name] += 1
        words = ", ".join(f"{name} {count}" for name, count in sorted(named.items(), key=lambda item: -item[1]))
        rows.append(
            f"| {kind} | {severity} | {len(found)} | {share[Verdict.REJECT]:.2f} | {share[Verdict.ABSTAIN]:.2f} |"
            f" {share[Verdict.ACCEPT]:.2f} | {words} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--products", type=int, default=4)
    parser.add_argument("--split", choices=("even", "odd", "all"), default="odd")
    parser.add_argument("--full", action="store_true", help="1080x1920 instead of 540x960")
    parser.add_argument("--no-cut-list", action="store_true")
    parser.add_argument("--only", nargs="*", help="fault kinds")
    arguments = parser.parse_args()
    products = load_products(arguments.photos, arguments.split, arguments.products)
    faults = [fault for fault in FAULTS if arguments.only is None or fault.kind in arguments.only]
    print(table(run(products, faults, not arguments.no_cut_list, FULL if arguments.full else SMALL)))


if __name__ == "__main__":
    main()
