"""The judge's benchmark: `python -m reel_pipeline_tests.bench.judging RESULTS.jsonl --photos FOLDER [--split odd]`.

Makes every clip of `cases.py`, asks the judge and three baselines, and appends one line a clip to RESULTS; what is
there already is not done again, so that it may be stopped at any time. `tables.py` makes the tables. Each fault takes
one onset a product, in turn; the severities come lap by lap. `FOLDER` holds `catalog.json` with products, their SKUs
and picture files.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Judge, Opinion, Passport
from reel_pipeline.media.faces import find_faces
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import read_text
from reel_pipeline_tests.bench.cases import FAULTS, HONEST
from reel_pipeline_tests.bench.filming import FULL, ONSETS, SMALL, Fault, Unseen, make_clip
from reel_pipeline_tests.bench.products import Product, load_products

LAPS = 4
_ORDER = (2, 1, 3, 0)
"""Which severity of a kind comes in which lap: a table from a run cut short has the telling one of every kind."""
_TINY = (135, 240)


def baselines(clip: Path, photos: Sequence[Pixels], lines: Sequence[str]) -> dict[str, float]:
    """Scores of three simpler judges, higher is worse. `lines`: the filmed photo's text, empty to skip reading."""
    with av.open(str(clip)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    shown = frames[: max(1, len(frames) * 2 // 3)]
    scores = {"ssim": _ssim(shown, photos), "consistency": _inconsistency(shown)}
    if lines:
        found = "".join(line.text for line in read_text(shown[len(shown) // 2]))
        scores["ocr"] = float(np.mean([_distance(line, found) for line in lines]))
    return scores


def _ssim(frames: Sequence[Pixels], photos: Sequence[Pixels]) -> float:
    """1 - SSIM of a frame against the photo fitted into it, the best photo a frame, the mean over five frames."""
    from skimage.metrics import structural_similarity

    fitted = []
    for photo in photos:
        fit = min(_TINY[0] / photo.shape[1], _TINY[1] / photo.shape[0])
        width, height = round(photo.shape[1] * fit), round(photo.shape[0] * fit)
        canvas = np.full((_TINY[1], _TINY[0]), np.median(photo[0]), np.uint8)
        left, top = (_TINY[0] - width) // 2, (_TINY[1] - height) // 2
        small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        canvas[top : top + height, left : left + width] = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        fitted.append(canvas)
    best = []
    for frame in frames[:: max(1, len(frames) // 5)]:
        small = cv2.cvtColor(cv2.resize(frame, _TINY, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        best.append(max(structural_similarity(small, canvas) for canvas in fitted))
    return 1 - float(np.mean(best))


def _inconsistency(frames: Sequence[Pixels]) -> float:
    """1 - VBench's subject consistency, (cosine to the last frame + cosine to the first) / 2 averaged over the frames,
    with a thumbnail for its DINO features."""
    small = np.stack([cv2.resize(frame, (32, 57), interpolation=cv2.INTER_AREA).astype(np.float64) for frame in frames])
    flat = small.reshape(len(small), -1) - small.mean()
    unit = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    steps = [(unit[index] @ unit[index - 1] + unit[index] @ unit[0]) / 2 for index in range(1, len(unit))]
    return 1 - float(np.mean(steps)) if steps else 0.0


def _distance(line: str, found: str) -> float:
    """Share of a line's characters that the best aligned stretch of `found` lacks (Levenshtein, free ends)."""
    previous = [0] * (len(found) + 1)
    for row, character in enumerate(line, 1):
        current = [row]
        for column, other in enumerate(found, 1):
            cost = previous[column - 1] + (character != other)
            current.append(min(cost, previous[column] + 1, current[column - 1] + 1))
        previous = current
    return min(previous) / max(1, len(line))


def cases(product: Product, number: int, told: Sequence[int], lap: int) -> Iterator[tuple[Fault, str]]:
    """What is filmed of one product in one of `LAPS` laps, each with its onset: a severity of every fault, and a
    share of the honest clips. `told`: the photos for faults that need text."""
    for fault in HONEST[lap::LAPS]:
        if fault.apart:
            yield from ((replace(fault, first_photo=index), "constant") for index in _scenes(product))
        elif fault.first_photo < len(product.photos):
            yield fault, "constant"
    for index, (_, severities) in enumerate(groupby(FAULTS, lambda fault: fault.kind)):
        # A kind with fewer severities than laps has nothing in some of them.
        for fault in list(severities)[_ORDER[lap] :][:1]:
            onset = ONSETS[(number + index + lap) % 3] if fault.alter else "constant"
            photos = told if fault.needs_text else _faced(product) if fault.needs_face else [0]
            yield from ((replace(fault, first_photo=photo), onset) for photo in photos)
    if lap == 0:
        yield Fault("wrong_product", ""), "constant"


def lettered(pages: Sequence[Passport], photos: Sequence[Pixels]) -> list[int]:
    """The photo with the tallest line that has a numeral, else the tallest of all; none where nothing can be read."""
    lines = [
        (any(map(str.isdigit, line.text)), line.box_px_xywh[3] / photo.shape[1], -index)
        for index, (page, photo) in enumerate(zip(pages, photos, strict=True))
        for line in page.text
        if len(line.text) >= 2
    ]
    return [-max(lines)[2]] if lines else []


def most_alike(product: Product, products: Sequence[Product]) -> Product:
    """Of the others, the one whose first photo looks most like this one's first."""
    small = {other.sku: cv2.resize(other.photos[0], (32, 40), interpolation=cv2.INTER_AREA) for other in products}
    others = (other for other in products if other.sku != product.sku)
    return min(others, key=lambda other: float(cv2.absdiff(small[other.sku], small[product.sku]).mean()))


def _scenes(product: Product) -> list[int]:
    """The last photo of which it is known where the product is: shop photos come before pictures in a room."""
    return [index for index, mask in enumerate(product.masks) if mask is not None][-1:]


def _faced(product: Product) -> list[int]:
    """The first photo with a sure face, if there is one."""
    return list(islice((index for index, photo in enumerate(product.photos) if find_faces(photo)), 1))


def row(
    product: Product, fault: Fault, onset: str, opinion: Opinion, simple: dict[str, float], judge: Judge
) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "kind": fault.kind,
        "severity": fault.severity,
        "amount": fault.amount,
        "onset": onset,
        "honest": fault.kind in {honest.kind for honest in HONEST},
        "verdict": opinion.verdict.value,
        "named": sorted({charge.kind for charge in opinion.charges}),
        "unverifiable": [item.error for item in opinion.unverifiable],
        "scores": opinion.scores,
        "thresholds": opinion.thresholds,
        "baselines": {name: round(value, 4) for name, value in simple.items()},
        "revision": judge.revision,
    }


def measure(
    results: Path, products: Sequence[Product], size: tuple[int, int], only: Sequence[str], with_ocr: bool
) -> None:
    judge = open_engine("judge", "classical")
    done = {(r["sku"], r["kind"], r["severity"]) for r in read(results) if r["revision"] == judge.revision}
    passport = cache(lambda number, index: judge.passport(products[number].photos[index]))
    with tempfile.TemporaryDirectory() as folder, results.open("a") as out:
        clip = Path(folder) / "clip.mp4"
        for lap, (number, product) in itertools.product(range(LAPS), enumerate(products)):
            pages = [passport(number, index) for index in range(len(product.photos))]
            for fault, onset in cases(product, number, lettered(pages, product.photos), lap):
                if (product.sku, fault.kind, fault.severity) in done or (only and fault.kind not in only):
                    continue
                filmed = most_alike(product, products) if fault.kind == "wrong_product" else product
                started = time.perf_counter()
                frame_count = round(24 * fault.shot_s)
                try:
                    cut_list = make_clip(
                        clip, filmed.photos, fault, number, size, 1, frame_count, 9, None, onset, filmed.masks
                    )
                except Unseen as error:
                    print(product.sku, fault.kind, fault.severity, error, file=sys.stderr, flush=True)
                    continue
                text = [line.text for line in pages[fault.first_photo].text if len(line.text) >= 2]
                opinion = judge.judge(clip, cut_list, product.photos, partial(passport, number))
                simple = baselines(clip, product.photos, text if with_ocr else ())
                print(json.dumps(row(product, fault, onset, opinion, simple, judge)), file=out, flush=True)
                spent = time.perf_counter() - started
                said = product.sku, fault.kind, fault.severity, onset, opinion.verdict.value, f"{spent:.1f} s"
                print(*said, file=sys.stderr, flush=True)


def read(results: Path) -> list[dict[str, Any]]:
    """The lines of a results file; a last line cut short by a kill is left out."""
    if not results.exists():
        return []
    rows = []
    for line in results.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--products", type=int, default=8)
    parser.add_argument("--split", choices=("even", "odd", "all"), default="all")
    parser.add_argument("--full", action="store_true", help="1080x1920 instead of 540x960")
    parser.add_argument("--only", nargs="*", default=(), help="kinds")
    parser.add_argument("--ocr", action="store_true", help="the OCR baseline too; it triples the time")
    arguments = parser.parse_args()
    products = load_products(arguments.photos, arguments.split, arguments.products)
    measure(arguments.results, products, FULL if arguments.full else SMALL, arguments.only, arguments.ocr)


if __name__ == "__main__":
    main()
