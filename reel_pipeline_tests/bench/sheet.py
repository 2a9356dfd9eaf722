"""Every kind of fault once as a picture: `python -m reel_pipeline_tests.bench.sheet --photos FOLDER OUT.jpg`.

A pair a kind: the frame at which the judge saw it, then the same frame with what it boxed, or the sound's envelope with
full scale in red; below, what was injected and what was named.
"""

import argparse
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Charge, Opinion
from reel_pipeline.media.photo import Pixels, encode_jpeg
from reel_pipeline_tests.bench.cases import HONEST
from reel_pipeline_tests.bench.filming import SMALL, Fault, make_clip
from reel_pipeline_tests.bench.judging import LAPS, cases, lettered, most_alike
from reel_pipeline_tests.bench.products import Product, load_products

_TILE = (225, 400)
_TEXT_PX = 40
_COLUMNS = 3


def tile(product: Product, filmed: Product, fault: Fault) -> Pixels:
    """`filmed`: the product that the clip shows, `product` the one it is to show."""
    judge = open_engine("judge", "classical")
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        cut_list = make_clip(clip, filmed.photos, fault, 3, SMALL, 1, round(24 * fault.shot_s), 9)
        opinion = judge.judge(clip, cut_list, product.photos)
        with av.open(str(clip)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        sound = _envelope(clip) if fault.sound else None
    charge = max(opinion.charges, key=lambda charge: charge.score / opinion.thresholds[charge.kind], default=None)
    frame = frames[min(round(charge.time_s * 24) if charge else 12, len(frames) - 1)]
    pictures = frame, _boxed(frame, opinion, charge) if sound is None else sound
    pair = np.hstack([cv2.resize(picture, _TILE, interpolation=cv2.INTER_AREA) for picture in pictures])
    label = np.full((_TEXT_PX, pair.shape[1], 3), 255, np.uint8)
    named = ", ".join(sorted({charge.kind for charge in opinion.charges}))
    words = f"{fault.kind} {fault.severity}", f"{opinion.verdict.value}: {named}"
    for row, line in enumerate(words):
        cv2.putText(label, line[:68], (4, 15 + 18 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (20, 20, 20), 1, cv2.LINE_AA)
    return np.vstack([pair, label])


def _envelope(clip: Path) -> Pixels:
    """Peaks of the sound over time, full scale at the picture's edges."""
    with av.open(str(clip)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    width, height = _TILE
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[[4, height - 5]] = (230, 30, 30)
    for column, part in enumerate(np.array_split(np.abs(sound).max(0), width)):
        reach = round(min(1.0, float(part.max())) * (height / 2 - 5))
        picture[height // 2 - reach : height // 2 + reach + 1, column] = (60, 60, 60)
    return picture


def _boxed(frame: Pixels, opinion: Opinion, worst: Charge | None) -> Pixels:
    """All charges at the worst one's time; the worst in red."""
    out = frame.copy()
    for charge in opinion.charges:
        if worst and abs(charge.time_s - worst.time_s) < 0.02:
            x, y, width, height = charge.region_px_xywh
            colour = (230, 30, 30) if charge is worst else (240, 160, 20)
            cv2.rectangle(out, (x, y), (x + width - 1, y + height - 1), colour, 4)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--product", type=int, default=0, help="which of eight products spread over the catalogue")
    arguments = parser.parse_args()
    products = load_products(arguments.photos, "odd", 8)
    product = products[arguments.product]
    pages = [open_engine("judge", "classical").passport(photo) for photo in product.photos]
    told = lettered(pages, product.photos)
    # The last lap has the kinds of one severity.
    faults = {fault.kind: fault for lap in (LAPS - 1, 0) for fault, _ in cases(product, 0, told, lap)}
    tiles = [
        tile(product, most_alike(product, products) if kind == "wrong_product" else product, fault)
        for kind, fault in faults.items()
        if kind not in {honest.kind for honest in HONEST}
    ]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    sheet = np.vstack(rows)
    arguments.out.write_bytes(encode_jpeg(sheet, max(sheet.shape[:2]), quality=85))


if __name__ == "__main__":
    main()
