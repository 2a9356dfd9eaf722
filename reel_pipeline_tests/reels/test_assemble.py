import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from reel_pipeline.errors import RenderError
from reel_pipeline.media.video import read_planes, to_rgb
from reel_pipeline.records import VERTICAL, BrandLook, BrandWords, ClipEdition, Product, Track
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.reels.checks import audio_is_the_approved_track, reel_meets_spec
from reel_pipeline.reels.end_card import end_card
from reel_pipeline_tests.reels.making import clip_of, new_store, stem_of, voice_of

PRODUCT = Product(sku="A-1", title="Small red box", price="12.50", currency="GBP")
WORDS = BrandWords(brand_name="Atelier", call_to_action="Shop now")
LOOK = BrandLook()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    store = new_store(tmp_path_factory.mktemp("reel"))
    voice = voice_of(store, ["A small red box", "Blue, too"])
    clips = (clip_of(store, 1, product=(200, 300, 700, 700)), clip_of(store, 2, product=(200, 500, 700, 1200)))
    clips = ClipEdition(format=VERTICAL, clips=clips)
    return store, voice, clips, assemble(clips, voice, PRODUCT, LOOK, WORDS, store)


def test_the_reel_meets_the_spec_and_carries_the_approved_sound(made) -> None:
    store, voice, _, reel = made
    for finding in (reel_meets_spec(reel, voice, store), audio_is_the_approved_track(reel, voice, store)):
        assert finding.passed, finding.sentence


def test_the_cut_list_is_the_timeline(made) -> None:
    _, voice, clips, reel = made
    assert [(c.shot, c.start_frame, c.frame_count) for c in reel.cut_list.cuts] == [
        (s.shot, s.start_frame, s.frame_count) for s in voice.segments
    ]
    assert [c.photo for c in reel.cut_list.cuts] == [clip.photo for clip in clips.clips] + [None]
    assert [cut.made_by for cut in reel.cut_list.cuts] == [clip.made_by for clip in clips.clips] + [()]
    spans = {(o.kind, o.boxes[0].start_frame, o.boxes[0].frame_count) for o in reel.cut_list.overlays}
    assert spans == {("caption", 0, 80), ("caption", 80, 80), ("end_card", 160, 48)}


def test_only_the_overlays_differ_from_the_clips(made) -> None:
    store, _voice, clips, reel = made
    frames = list(read_planes(store.path(reel.video)))
    first = list(read_planes(store.path(clips.clips[0].video)))
    x, y, w, h = reel.cut_list.overlays[0].boxes[0].box_px_xywh
    difference = np.abs(frames[40].y.astype(int) - first[40].y)
    assert difference[y : y + h, x : x + w].max() > 100
    difference[y : y + h, x : x + w] = 0
    assert difference.mean() < 1.5


def test_captions_stand_off_the_product(made) -> None:
    _, _, clips, reel = made
    _x, y, _w, h = reel.cut_list.overlays[0].boxes[0].box_px_xywh
    _px, py, _pw, ph = clips.clips[0].tracks[0].boxes[0].box_px_xywh
    assert y + h <= py or y >= py + ph


def test_the_end_card_comes_to_rest(made) -> None:
    store, _voice, _, reel = made
    frames = list(read_planes(store.path(reel.video)))
    assert np.abs(frames[-1].y.astype(int) - frames[-12].y).max() <= 6
    x, y, w, h = reel.cut_list.overlays[-1].boxes[0].box_px_xywh
    assert np.ptp(frames[-1].y[y : y + h, x : x + w]) > 150


def test_the_poster_is_a_whole_frame_without_caption(made) -> None:
    store, _, clips, reel = made
    poster = np.asarray(Image.open(io.BytesIO(store.read(reel.poster))))
    assert poster.shape == (1920, 1080, 3)
    whole = clips.clips[1]  # the larger one
    middle = to_rgb(list(read_planes(store.path(whole.video)))[40])
    assert np.abs(poster.astype(int) - middle).max() <= 4


def test_a_price_change_makes_another_reel_only_where_the_price_is_shown(made) -> None:
    store, voice, clips, reel = made
    dearer = PRODUCT.model_copy(update={"price": "99.00"})
    store.counts.clear()
    assert assemble(clips, voice, dearer, LOOK, WORDS, store) == reel
    assert store.counts["computed"] == 0
    shown = end_card(dearer, LOOK, WORDS.model_copy(update={"show_price": True}), None, None, VERTICAL)
    assert len(shown.bitmaps) == len(end_card(dearer, LOOK, WORDS, None, None, VERTICAL).bitmaps) + 1


@pytest.mark.parametrize(("price", "currency"), [("12.50", ""), (None, "GBP"), (None, "")])
def test_a_price_without_its_currency_is_not_shown(price: str | None, currency: str) -> None:
    unsure = PRODUCT.model_copy(update={"price": price, "currency": currency})
    shown = end_card(unsure, LOOK, WORDS.model_copy(update={"show_price": True}), None, None, VERTICAL)
    assert len(shown.bitmaps) == len(end_card(PRODUCT, LOOK, WORDS, None, None, VERTICAL).bitmaps)


def test_clips_of_another_length_are_refused(made) -> None:
    store, voice, clips, _ = made
    short = clips.clips[0].model_copy(update={"frame_count": 12})
    with pytest.raises(RenderError, match="Shot 1 needs 80 frames"):
        assemble(clips.model_copy(update={"clips": (short, clips.clips[1])}), voice, PRODUCT, LOOK, WORDS, store)


def test_checks_find_a_foreign_sound_and_an_unsafe_overlay(made) -> None:
    store, voice, _, reel = made
    other = voice_of(store, ["A small red box", "Blue, too"], level=0.2)
    assert not audio_is_the_approved_track(reel, other, store).passed
    safe = reel.cut_list.overlays[0].boxes[0]
    below = safe.model_copy(update={"start_frame": safe.stop_frame, "box_px_xywh": (100, 1500, 200, 100)})
    moved = reel.cut_list.model_copy(update={"overlays": (Track(kind="caption", boxes=(safe, below)),)})
    finding = reel_meets_spec(reel.model_copy(update={"cut_list": moved}), voice, store)
    assert not finding.passed
    assert "buttons" in finding.sentence


def test_the_check_tells_which_stem_is_not_the_approved_one(made) -> None:
    store, voice, _, reel = made
    quiet = stem_of(store, voice.frame_count, 0.1)
    assert audio_is_the_approved_track(reel, voice.model_copy(update={"voice": quiet}), store).passed
    lost = quiet.model_copy(update={"packets_sha256": voice.mix.packets_sha256})
    finding = audio_is_the_approved_track(reel, voice.model_copy(update={"voice": lost}), store)
    assert not finding.passed
    assert "without music" in finding.sentence
    finding = audio_is_the_approved_track(reel, voice.model_copy(update={"mix": quiet}), store)
    assert "The reel's sound" in finding.sentence


def with_edit_list(source: Path, target: Path) -> bytes:
    options = {"movflags": "+faststart", "use_editlist": "1"}
    with av.open(str(source)) as reel, av.open(str(target), "w", format="mp4", options=options) as copy:
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in reel.streams}
        for packet in reel.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    return target.read_bytes()


@pytest.mark.parametrize("kind", ["html", "cut off", "edit list"])
def test_the_check_finds_broken_files(made, tmp_path, kind: str) -> None:
    store, voice, _, reel = made
    data = store.read(reel.video)
    broken = {
        "html": b"<html>gone</html>" * 9,
        "cut off": data[: len(data) // 2],
        "edit list": with_edit_list(store.path(reel.video), tmp_path / "edited.mp4"),
    }[kind]
    bad = reel.model_copy(update={"video": store.put(broken, ".mp4")})
    assert not reel_meets_spec(bad, voice, store).passed


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("x", WORDS),
        ("X" * 300, WORDS),
        ("An endless name " * 30, WORDS.model_copy(update={"disclaimer": "Colours vary. " * 8})),
        ("حقيبة ظهر للأطفال", WORDS),
        ("Scarf 🎒", BrandWords(call_to_action="")),
    ],
)
def test_the_end_card_stays_in_the_safe_zone(title: str, words: BrandWords) -> None:
    x, y, w, h = end_card(PRODUCT.model_copy(update={"title": title}), LOOK, words, None, None, VERTICAL).box_px_xywh
    assert x >= 64
    assert y >= 268
    assert x + w <= 1016
    assert y + h <= 1248


def test_a_title_without_letters_is_refused() -> None:
    with pytest.raises(RenderError, match="no letter"):
        end_card(PRODUCT.model_copy(update={"title": "🎒🎒"}), LOOK, WORDS, None, None, VERTICAL)


def test_a_logo_is_set_and_a_broken_one_named() -> None:
    logo = io.BytesIO()
    Image.new("RGBA", (700, 90), (10, 60, 50, 255)).save(logo, "PNG")
    box = end_card(PRODUCT, LOOK, WORDS, logo.getvalue(), None, VERTICAL).logo_box_px_xywh
    assert box is not None
    assert box[2] == 460
    with pytest.raises(RenderError, match="logo can't be read"):
        end_card(PRODUCT, LOOK, WORDS, b"<svg/>", None, VERTICAL)


def drawn_logo(mode: str, ground: tuple[int, ...], ink: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    logo = Image.new(mode, (400, 160), ground)
    ImageDraw.Draw(logo).ellipse((120, 20, 280, 140), fill=ink)
    logo.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("logo", "palette", "on_plate"),
    [
        (drawn_logo("RGBA", (0, 0, 0, 0), (255, 255, 255, 255)), "#ffffff", True),
        (drawn_logo("RGBA", (0, 0, 0, 0), (20, 20, 22, 255)), "#101010", True),
        (drawn_logo("RGB", (255, 255, 255), (255, 255, 255)), "#ffffff", True),
        (drawn_logo("RGBA", (0, 0, 0, 0), (20, 20, 22, 255)), "#ffffff", False),
        (drawn_logo("RGB", (255, 255, 255), (20, 20, 22)), "#ffffff", False),
    ],
)
def test_a_logo_without_contrast_gets_a_plate(logo: bytes, palette: str, on_plate: bool) -> None:
    look = BrandLook(palette=(palette, "#22201d" if palette == "#ffffff" else "#f0f0f0", "#7d6a4f"))
    card = end_card(PRODUCT, look, WORDS, logo, None, VERTICAL)
    assert card.logo_box_px_xywh is not None
    bitmap = next(bitmap for bitmap, _ in card.bitmaps if bitmap.box_px_xywh == card.logo_box_px_xywh)
    rgba = bitmap.rgba.astype(int)
    height, width = rgba.shape[:2]
    middle, edge = rgba[height // 2, width // 2], rgba[height // 2, 8]
    stands_out = min(abs(edge[:3] - card.background).max(), abs(edge[:3] - middle[:3]).max()) > 60
    assert on_plate == stands_out
