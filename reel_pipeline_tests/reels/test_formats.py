"""Captions and end card in every format: inside the safe zone, as large for its frame as in 1080x1920, readable."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from reel_pipeline.media.boxes import grown, holds, intersection
from reel_pipeline.media.video import read_planes
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    BrandLook,
    BrandWords,
    ClipEdition,
    Format,
    Product,
    Subject,
    SubjectKind,
    VoiceEdition,
)
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.reels.captions import caption_bitmap, place
from reel_pipeline.reels.checks import reel_meets_spec
from reel_pipeline.reels.end_card import end_card
from reel_pipeline_tests.reels.making import clip_of, new_store, voice_of

HD_READY, TINY = Format(width_px=720, height_px=1280), Format(width_px=240, height_px=426)
FORMATS = pytest.mark.parametrize(
    "format",
    [VERTICAL, PORTRAIT, SQUARE, LANDSCAPE, HD_READY, TINY],
    ids=["9:16", "4:5", "1:1", "16:9", "720p", "tiny"],
)
LOOK = BrandLook()
PRODUCT = Product(sku="A-1", title="Moss & Cedar Hand Wash 300 ml", price="12.50", currency="GBP")
WORDS = BrandWords(
    brand_name="Atelier",
    call_to_action="Shop now",
    show_price=True,
    disclaimer="Colours may vary from screen to screen. " * 2,
)
CAPTIONS = [
    "Soft",
    "A gentle hand wash with aloe, cedarwood and oakmoss",
    "Ninety characters are what a caption may have, " * 2,
]


@FORMATS
@pytest.mark.parametrize("text", CAPTIONS)
def test_captions_stay_in_the_safe_zone_and_off_the_product_where_there_is_room(format: Format, text: str) -> None:
    x, y, w, h = format.safe_zone_px_xywh
    product = Subject(kind=SubjectKind.PRODUCT, box_px_xywh=(0, 0, format.width_px, y + h // 2))
    placed = place(caption_bitmap(text, LOOK, None, format), [product], None, format)
    assert holds(grown((x, y, w, h), 1), placed.box_px_xywh)
    assert intersection(placed.box_px_xywh, product.box_px_xywh)[3] == 0
    assert placed.x % 2 == placed.y % 2 == 0
    left, right = placed.x, format.width_px - placed.x - placed.box_px_xywh[2]
    assert abs(left - right) <= 2, "in the middle"


@FORMATS
def test_type_has_the_same_share_of_the_short_side(format: Format) -> None:
    here, designed = (caption_bitmap("Soft", LOOK, None, it).rgba.shape for it in (format, VERTICAL))
    scale = min(format.width_px, format.height_px) / 1080
    assert here[0] == pytest.approx(designed[0] * scale, rel=0.08, abs=2)
    assert here[1] == pytest.approx(designed[1] * scale, rel=0.08, abs=2)


def test_a_line_is_never_longer_than_can_be_read_at_a_glance() -> None:
    """1728 px of a landscape frame are free, and a caption takes 1200."""
    assert caption_bitmap("word " * 20, LOOK, None, LANDSCAPE).rgba.shape[1] <= 1200


@FORMATS
@pytest.mark.parametrize("logo", [False, True])
@pytest.mark.parametrize("title", ["x", PRODUCT.title, "An endless name " * 30])
def test_the_end_card_fits_and_its_pieces_do_not_overlap(format: Format, logo: bool, title: str) -> None:
    drawn = io.BytesIO()
    Image.new("RGBA", (700, 90), (10, 60, 50, 255)).save(drawn, "PNG")
    product = PRODUCT.model_copy(update={"title": title})
    card = end_card(product, LOOK, WORDS, drawn.getvalue() if logo else None, None, format)
    assert holds(grown(format.safe_zone_px_xywh, 1), card.box_px_xywh)
    boxes = sorted((bitmap.box_px_xywh for bitmap, _ in card.bitmaps), key=lambda box: box[1])
    assert len(boxes) == 6
    assert all(one[1] + one[3] <= other[1] for one, other in pairwise(boxes))
    picture = list(card.frames(24))[-1]
    assert picture.y.shape == (format.height_px, format.width_px)
    for x, y, w, h in boxes:
        assert np.ptp(picture.y[y : y + h, max(0, x - 4) : x + w + 4]) > 60


@pytest.mark.parametrize("size_px", [(432, 540), (360, 360), (640, 360)])
def test_a_reel_is_made_in_its_format(size_px: tuple[int, int], tmp_path) -> None:
    format = Format(width_px=size_px[0], height_px=size_px[1])
    store = new_store(tmp_path)
    voice: VoiceEdition = voice_of(store, CAPTIONS[:2], shot_frames=72, card_frames=50)
    clips = ClipEdition(format=format, clips=tuple(clip_of(store, shot, 72, format) for shot in (1, 2)))
    reel = assemble(clips, voice, PRODUCT, LOOK, WORDS, store)
    finding = reel_meets_spec(reel, voice, store)
    assert finding.passed, finding.sentence
    assert reel.cut_list.format == format
    count, size = 0, set()
    for picture in read_planes(store.path(reel.video)):
        count, size = count + 1, size | {picture.y.shape}
    assert (count, size) == (194, {(format.height_px, format.width_px)})
    assert Image.open(io.BytesIO(store.read(reel.poster))).size == (format.width_px, format.height_px)
