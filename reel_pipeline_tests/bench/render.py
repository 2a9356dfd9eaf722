"""How long stills, clips and reels take over the floor of DESIGN.md section 8: one encode of the same final frames.

    python -m reel_pipeline_tests.bench.render [--photos DIR] [--products N]

DIR holds one folder a product or pictures of one product a file (grouped by the name before the last `_`). The best
that can be hoped for is 1; DESIGN.md allows 2.5 for animate and assemble together, median of 5 products.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.engines import open_engine
from reel_pipeline.errors import PhotoError
from reel_pipeline.media.photo import Pixels, normalise
from reel_pipeline.media.video import Planes, VideoWriter, read_planes
from reel_pipeline.records import VERTICAL, BrandLook, BrandWords, Motion, Product, ProductCutout
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.stills.render import render_stills
from reel_pipeline_tests.reels.making import gallery_of, new_store, packshot, plan_of, scene, voice_of

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "photos" / "images"
SHOTS = 4
ALLOWED = 2.5


@dataclass(frozen=True)
class Timing:
    """Seconds of wall clock. `ratio`: animate and assemble over the floor; `cpu_ratio`: the same in CPU time."""

    product: str
    stills_s: float
    animate_s: float
    assemble_s: float
    floor_s: float
    cpu_ratio: float

    @property
    def ratio(self) -> float:
        return (self.animate_s + self.assemble_s) / self.floor_s


def time_product(name: str, pictures: list[Pixels]) -> Timing:
    """Everything once over an empty store, on shots of 3 s and an end card of 2 s."""
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        gallery = gallery_of(store, pictures)
        plan = plan_of(gallery, Motion.PUSH_IN, shots=SHOTS)
        voice = voice_of(store, [f"Caption of shot {shot.number}" for shot in plan.shots], 72, 48)
        look, words, product = BrandLook(), BrandWords(brand_name="Brand"), Product(sku=name, title=name)
        marks = [_clock()]
        stills = render_stills(
            plan, {}, 0, gallery, ProductCutout(cutouts=()), look, open_engine("stills", "layered"), store
        )
        marks.append(_clock())
        clips = animate_stills(stills, voice, open_engine("clips", "warp"), store)
        marks.append(_clock())
        reel = assemble(clips, voice, product, look, words, store)
        marks.append(_clock())
        floor = _floor(store.path(reel.video), Path(folder) / "floor.mp4")
    wall = [later[0] - sooner[0] for sooner, later in pairwise(marks)]
    cpu_s = marks[3][1] - marks[1][1]
    return Timing(name, wall[0], wall[1], wall[2], floor[0], cpu_s / floor[1])


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _floor(reel: Path, target: Path) -> tuple[float, float]:
    """Wall and CPU seconds of encoding the reel's frames once more, a second at a time so that memory stays flat."""
    wall = cpu = 0.0
    chunk: list[Planes] = []
    with VideoWriter(target, VERTICAL.width_px, VERTICAL.height_px) as writer:
        for picture in read_planes(reel):
            chunk.append(picture)
            if len(chunk) == 24:
                start = _clock()
                for one in chunk:
                    writer.write(one)
                wall, cpu = wall + _clock()[0] - start[0], cpu + _clock()[1] - start[1]
                chunk.clear()
        start = _clock()
        for one in chunk:
            writer.write(one)
    return wall + _clock()[0] - start[0], cpu + _clock()[1] - start[1]


def products(folder: Path, wanted: int) -> list[tuple[str, list[Pixels]]]:
    """Up to `wanted` products spread over the folder; drawn ones where there is no folder."""
    if not folder.is_dir():
        return [("drawn packshot", [packshot(1200, 1200)]), ("drawn scene", [scene()])]
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    groups = [list(group) for _, group in groupby(files, key=lambda path: (path.parent, path.stem.rsplit("_", 1)[0]))]
    chosen = groups[:: max(1, len(groups) // wanted)][:wanted]
    return [(group[0].stem.rsplit("_", 1)[0], list(_readable(group[:SHOTS]))) for group in chosen]


def _readable(files: list[Path]) -> list[Pixels]:
    pictures = []
    for file in files:
        try:
            pictures.append(normalise(file.read_bytes()).pixels)
        except PhotoError as error:
            print(f"{file.name}: {error}")
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=SHARED)
    parser.add_argument("--products", type=int, default=5)
    options = parser.parse_args()
    print(f"{'product':<24}{'stills':>8}{'animate':>9}{'assemble':>10}{'floor':>8}{'ratio':>8}{'cpu':>8}")
    timings = []
    for name, pictures in products(options.photos, options.products):
        if not pictures:
            continue
        t = time_product(name, pictures)
        timings.append(t)
        print(
            f"{t.product:<24}{t.stills_s:>8.2f}{t.animate_s:>9.2f}{t.assemble_s:>10.2f}{t.floor_s:>8.2f}"
            f"{t.ratio:>8.2f}{t.cpu_ratio:>8.2f}"
        )
    median = statistics.median(t.ratio for t in timings)
    cpu = statistics.median(t.cpu_ratio for t in timings)
    print(f"median {median:.2f} (CPU time {cpu:.2f}); {ALLOWED} is allowed")


if __name__ == "__main__":
    main()
