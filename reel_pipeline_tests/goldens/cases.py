"""What the goldens are taken of, and how: one table for the tests and for making them anew.

`python -m reel_pipeline_tests.goldens.cases` writes the files beside this one. They may change only where a change is
meant to show something else, say something else or judge otherwise; the commit that changes them says what.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import PlanError
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import read_planes
from reel_pipeline.records import Frame, Material, Product, ViewClass
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.cases import CLEAN
from reel_pipeline_tests.bench.filming import SMALL, Fault, make_clip
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.drawing import draw_catalog, product_photo
from reel_pipeline_tests.shots.making import GALLERY, frame, plan

FOLDER = Path(__file__).parent
LUMA_PX = (54, 96)
"""Width and height of a kept frame."""
FRAMES_A_REEL = 8
REELS = ("TEA-1", "BOX-2")
"""Drawn products with three photos and with one: their reels hold every kind of shot, captions and the end card."""
LARGEST_LEVELS = 6.0
"""Most that a kept frame may differ anywhere, in levels of 255: another processor rounds otherwise, by 1 or 2."""
SCORE_SHARE = 0.02
"""Most that a score may differ, as a share of its gate."""

STUDIO, WORN, DETAIL, SCENE = ViewClass.FLAT_STUDIO, ViewClass.MODEL_WORN, ViewClass.DETAIL_CROP, ViewClass.LIFESTYLE
ONE = (frame(1),)
LABELLED = (frame(1, size=(2400, 3000), label=(900, 2000, 300, 120)),)
SCENES = (frame(1), frame(2, SCENE), frame(3, DETAIL), frame(4, SCENE), frame(5, STUDIO))
COLOURS = (frame(1, variant="moss"), frame(2, WORN, variant="sand"), frame(3, DETAIL, variant="Moss"), frame(4))
GLASS = (frame(1, materials=(Material.GLASS,)), frame(2, DETAIL, materials=(Material.GLASS,)))
DOUBTFUL = (frame(1, unsure=True), frame(2, sharpness=5.0), frame(3), frame(4, duplicate_of=f"{3:016x}"))

PRODUCTS: tuple[tuple[str, str, str, str, tuple[Frame, ...]], ...] = (
    # title, type, vendor, description, frames
    ("Linen camp shirt", "Shirt", "Fernhill", "Short sleeves, an open collar. Woven in Portugal.", GALLERY),
    ("Oak serving board 40 cm", "Kitchen", "Fernhill", "One piece of oak. Oiled by hand. Hang it by its hole.", SCENES),
    ("Stoneware mug 350 ml", "Mug", "Ridge", "Speckled glaze. Safe in a dishwasher.", LABELLED),
    ("Glass carafe 1 l", "Carafe", "Ridge", "Blown glass. A cork stopper.", GLASS),
    ("Merino beanie", "Hat", "Fernhill", "Knitted from merino. One size.", DOUBTFUL),
    ("Steel kettle 1.2 l", "Kettle", "Swan", "Brushed steel. Holds 1.2 l. For induction hobs.", ONE),
    ("Black tea, 20 bags", "Tea", "Orchard", "Black tea from one garden. Steep for 4 minutes.", LABELLED),
    ("Olive oil soap 120 g", "Soap", "Oat & Co", "Cold-pressed. Without perfume.", SCENES),
    ("London Dry Gin 70cl", "", "Harbour", "Distilled with juniper. 40 % vol.", LABELLED),
    ("Vitamin D3 60 capsules", "Supplement", "Well", "One capsule a day.", LABELLED),
    ("Face cream 50 ml", "Skin care", "Well", "A light cream with aloe.", LABELLED),
    ("Wine red dress", "Dress", "Fernhill", "A midi dress with pockets.", COLOURS),
    ("Baumwollhandtuch 70 x 140 cm", "Handtuch", "Fernhill", "Aus Baumwolle. Waschbar bei 60 Grad.", GALLERY),
    ("Chemise en lin", "Chemise", "Fernhill", "Manches courtes. Tissée au Portugal.", GALLERY),
    ("Taza de cerámica", "Taza", "Ridge", "Esmalte moteado. Apta para lavavajillas.", ONE),
    ("Scarpe da trekking", "Scarpe", "Passo", "Suola in gomma. Tomaia in pelle.", SCENES),
    ("Linnen kussen 45 x 45 cm", "Kussen", "Fernhill", "Met katoenen rits. Gevuld met veren.", GALLERY),
    ("Almofada de linho", "Almofada", "Fernhill", "Capa lavável a 30 graus.", ONE),
    ("ผ้าปูโต๊ะ", "", "Fernhill", "ทอด้วยมือ ซักเครื่องได้", GALLERY),
    ("カップ", "", "Ridge", "陶器のカップです。電子レンジで使えます。", ONE),
    ("طاولة خشبية 140 × 70 سم", "", "Fernhill", "مصنوعة من خشب البلوط. سهلة التركيب.", GALLERY),
    ("Carton", "", "", "", ONE),
    ("The best chair in the world", "Chair", "Fernhill", "Guaranteed to cure your back! Buy now.", SCENES),
    ("Toddler rain jacket, sizes 2 to 6", "Jacket", "Fernhill", "Taped seams. Reflective piping.", COLOURS),
)

CLIPS: tuple[tuple[Fault, set[str]], ...] = (
    (CLEAN, set()),
    (Fault("codec", "CRF 30", crf=30), set()),
    (Fault("warp", "4 %", faults.warp(4)), {"warped_logo", "invented_detail"}),
    (Fault("colour", "dE 16", faults.tint(16)), {"color_drift"}),
    (Fault("dot", "8 %", faults.dot(8)), {"invented_detail"}),
    (Fault("ghost", "25 %", faults.ghost(25)), {"ghosting"}),
    (Fault("smear", "6 px", faults.blur(6)), {"smear"}),
    (Fault("frozen", "", frames=faults.freeze), {"frozen"}),
    (Fault("jump", "", frames=faults.jump), {"jump_cut"}),
    (Fault("wobble", "1.5 %", frames=faults.wobble(1.5)), {"nonrigid_motion"}),
)
"""Clips, and the kinds of which the judge must name one; none: it must accept."""


def planned(number: int, folder: Path) -> Any:
    """The plan of a product of `PRODUCTS` as JSON, or the sentence that says why there is none."""
    title, product_type, vendor, description, frames = PRODUCTS[number]
    colour = "moss" if any(frame.variant for frame in frames) else ""
    product = Product(
        sku=f"G-{number}",
        title=title,
        description=description,
        product_type=product_type,
        vendor=vendor,
        colour=colour,
    )
    try:
        return plan(folder, product, frames).model_dump(mode="json")
    except PlanError as error:
        return str(error)


def judged(clip: Fault, folder: Path) -> Any:
    """What the embedded judge says about a drawn product's clip with this fault, as JSON."""
    photos = (product_photo(1, "NORTH TEA\n250 g"),)
    path = folder / "clip.mp4"
    cut_list = make_clip(path, photos, clip, 3, SMALL, shots=1, frames_a_shot=30)
    opinion = open_engine("judge", "classical").judge(path, cut_list, photos)
    return {
        "verdict": opinion.verdict.value,
        "faults": sorted({f"{charge.kind} in shot {charge.shot}" for charge in opinion.charges}),
        "unverifiable": [item.error for item in opinion.unverifiable],
        "scores": {kind: round(float(score), 4) for kind, score in sorted(opinion.scores.items())},
        "thresholds": {kind: float(gate) for kind, gate in sorted(opinion.thresholds.items())},
    }


def luma(reels: Sequence[Path]) -> Pixels:
    """Frames spread over the finished reels, one row a reel, HW uint8."""
    return np.vstack([np.hstack(_frames(reel)) for reel in reels])


def _frames(reel: Path) -> list[Pixels]:
    planes = [cv2.resize(planes.y, LUMA_PX, interpolation=cv2.INTER_AREA) for planes in read_planes(reel)]
    return [planes[round(index)] for index in np.linspace(3, len(planes) - 2, FRAMES_A_REEL)]


def reels_in(workspace: Workspace) -> list[Path]:
    published = Path(workspace.settings.publish_location)
    return [next(published.glob(f"{sku.lower()}-*/main/*/reel.mp4")) for sku in REELS]


def write() -> None:
    """Make all goldens anew."""
    from reel_pipeline.commands.run import run_catalog

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = [planned(number, folder / str(number)) for number in range(len(PRODUCTS))]
        keep("plans.json", plans)
        keep("verdicts.json", [judged(clip, folder) for clip, _ in CLIPS])
        draw_catalog(folder / "source")
        workspace = new_workspace(folder / "work", folder / "source")
        with pytest.MonkeyPatch.context() as patch:
            use(workspace, patch)
            run_catalog(workspace.settings)
        cv2.imwrite(str(FOLDER / "frames.png"), luma(reels_in(workspace)))


def keep(name: str, values: Sequence[Any]) -> None:
    """One line a value, so that a difference shows which of them it is."""
    lines = ",\n".join(json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values)
    (FOLDER / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
