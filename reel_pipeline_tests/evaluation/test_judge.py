"""The embedded judge on drawn products: every fault it must see, and what it must not mistake for one."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Opinion, Passport
from reel_pipeline.evaluation.engines.classical.faults.technical import integrated_lufs
from reel_pipeline.evaluation.judge import judge
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.photo import Pixels, decode_png, encode_png
from reel_pipeline.media.video import Planes, VideoWriter, read_planes
from reel_pipeline.records import CutList, Photo, Track, Verdict
from reel_pipeline.store import Store, open_store
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.cases import CLEAN, FAULTS, HONEST
from reel_pipeline_tests.bench.filming import SMALL, Fault, Unseen, caption, make_clip
from reel_pipeline_tests.drawing import product_photo

CASES = (
    (Fault("numeral", "", faults.numeral(1)), {"altered_text", "invented_detail"}),
    (Fault("stretch", "6 %", faults.stretch(6)), {"geometry_collapse"}),
    (Fault("black", "", frames=faults.blacken), {"black"}),
    (Fault("flicker", "", frames=faults.flicker), {"flicker"}),
    (Fault("jerk", "2.4 %", frames=faults.jerk(2.4)), {"jerk"}),
    (Fault("loop", "2 %", frames=faults.there_and_back(2), has_card=False), {"loop_seam"}),
    (Fault("side", "32 %", faults.invent_side(32)), {"invented_detail", "occluded_invention"}),
)


@cache
def gallery() -> tuple[Pixels, ...]:
    return (product_photo(1, "NORTH TEA\n250 g"),)


@cache
def passport_of(index: int) -> Passport:
    return open_engine("judge", "classical").passport(gallery()[index])


def opinion_on(path: Path, cut_list: CutList | None) -> Opinion:
    return open_engine("judge", "classical").judge(path, cut_list, gallery(), passport_of)


@pytest.mark.parametrize(("fault", "kinds"), CASES, ids=[fault.kind for fault, _ in CASES])
def test_rejects_and_names_the_fault(tmp_path: Path, fault: Fault, kinds: set[str]) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), fault, 3, SMALL, shots=1, frames_a_shot=30)
    opinion = opinion_on(path, cut_list)
    assert opinion.verdict is Verdict.REJECT
    found = [charge for charge in opinion.charges if charge.kind in kinds]
    assert found, [charge.kind for charge in opinion.charges]
    assert all(charge.shot == 1 and charge.time_s < 30 / 24 for charge in found)


DARK = (
    Fault("jump_cut", "3 %", frames=faults.jump_by(3)),
    Fault("jerk", "1.2 %", frames=faults.jerk(1.2)),
    Fault("flicker", "4 %", frames=faults.flicker_by(4)),
)


@pytest.mark.parametrize("fault", DARK, ids=[fault.kind for fault in DARK])
def test_sees_how_a_dark_product_moves_behind_a_bright_caption(tmp_path: Path, fault: Fault) -> None:
    dark = cv2.convertScaleAbs(product_photo(1, "NORTH TEA\n250 g", backdrop=(0, 0, 0)), alpha=0.15)
    judge, path = open_engine("judge", "classical"), tmp_path / "clip.mp4"
    for shown, named in ((fault, True), (CLEAN, False)):
        cut_list = make_clip(path, (dark,), shown, 3, SMALL, shots=1, frames_a_shot=30)
        opinion = judge.judge(path, cut_list, (dark,), lambda _: Passport())
        assert (fault.kind in {charge.kind for charge in opinion.charges}) == named, opinion.scores


def test_a_detail_crop_is_not_taken_for_the_photo_that_it_was_cut_from(tmp_path: Path) -> None:
    whole = gallery()[0]
    height, width = whole.shape[:2]
    photos = (whole, np.ascontiguousarray(whole[height // 4 : height * 3 // 4, width // 5 : width * 4 // 5]))
    path = tmp_path / "clip.mp4"
    for first in (0, 1):
        cut_list = make_clip(path, photos, Fault("view", "", first_photo=first), 4, SMALL, shots=1, frames_a_shot=36)
        opinion = open_engine("judge", "classical").judge(path, cut_list, photos)
        assert opinion.verdict is Verdict.ACCEPT, opinion


@pytest.mark.parametrize("shows_another", [False, True])
def test_an_end_card_without_a_cut_list_may_fade_in_text_and_show_no_picture(
    tmp_path: Path, shows_another: bool
) -> None:
    other = np.random.default_rng(3).integers(0, 255, (300, 200, 3), dtype=np.uint8)
    other = cv2.GaussianBlur(other, (0, 0), 6) * 4

    def with_card(frames: list[Pixels]) -> list[Pixels]:
        card = np.full_like(frames[0], 240)
        cv2.rectangle(card, (170, 430), (370, 490), (120, 90, 60), -1)
        cv2.putText(card, "Discover more", (190, 468), cv2.FONT_HERSHEY_DUPLEX, 0.7, (255, 255, 255), 1, cv2.LINE_AA)
        if shows_another:
            card[80:380, 170:370] = other
        ground = np.full_like(card, 240)
        shares = [1.0 if shows_another else min(1.0, index / 8) for index in range(24)]
        return frames + [cv2.addWeighted(card, share, ground, 1 - share, 0) for share in shares]

    path = tmp_path / "clip.mp4"
    fault = Fault("card", "", frames=with_card)
    make_clip(path, gallery(), fault, 3, SMALL, shots=1, frames_a_shot=48, card_frames=0)
    opinion = opinion_on(path, None)
    assert opinion.verdict is (Verdict.ABSTAIN if shows_another else Verdict.ACCEPT), opinion


def test_a_leap_is_told_from_a_cut_to_another_view_without_a_cut_list(tmp_path: Path) -> None:
    def closer(frames: list[Pixels]) -> list[Pixels]:
        half, (height, width) = len(frames) // 2, frames[0].shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height * 0.45), 0, 1.35)
        return [
            *frames[:half],
            *(np.asarray(cv2.warpAffine(f, matrix, (width, height)), np.uint8) for f in frames[half:]),
        ]

    path = tmp_path / "clip.mp4"
    for change, is_leap in ((faults.jump_by(6), True), (faults.jump_by(10), True), (closer, False)):
        make_clip(path, gallery(), Fault("join", "", frames=change), 3, SMALL, shots=1, frames_a_shot=48)
        kinds = {charge.kind for charge in opinion_on(path, None).charges}
        assert ("jump_cut" in kinds) == is_leap, kinds


def test_a_hand_that_passes_before_the_product_is_for_a_person(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    for fault in (fault for fault in HONEST if fault.kind == "hand"):
        cut_list = make_clip(path, gallery(), fault, 3, SMALL, shots=1, frames_a_shot=30)
        opinion = opinion_on(path, cut_list)
        assert opinion.verdict is Verdict.ABSTAIN, opinion
        assert any("passes before" in item.error for item in opinion.unverifiable)


def test_a_thing_that_comes_in_beside_a_small_photo_is_for_a_person(tmp_path: Path) -> None:
    """Its hidden part lies beyond the photo's edge, in every frame but the last."""

    def reaching(frames: list[Pixels]) -> list[Pixels]:
        drawn = [frame.copy() for frame in frames]
        for index, frame in enumerate(drawn):
            left = round(frame.shape[1] * (0.99 - 0.11 * index / len(frames)))
            frame[440:500, left:] = (205, 160, 135)
        return drawn

    path = tmp_path / "clip.mp4"
    fault = Fault("reaching", "", frames=reaching)
    cut_list = make_clip(path, gallery(), fault, 3, SMALL, shots=1, frames_a_shot=30)
    opinion = opinion_on(path, cut_list)
    assert opinion.verdict is Verdict.ABSTAIN, opinion


def test_another_colour_is_not_taken_for_a_brighter_light(tmp_path: Path) -> None:
    """The frame's contrast is the photo's, increased; that light would take the photo's colours to full scale."""
    dark = 255 - product_photo(1, "NORTH TEA\n250 g").astype(np.float32)
    lavender, pink = (
        np.rint(np.clip(255 - dark * np.array(tint), 0, 255)).astype(np.uint8)
        for tint in ((0.315, 0.315, 0.035), (0.04, 0.56, 0.44))
    )
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, (pink,), CLEAN, 3, SMALL, shots=1, frames_a_shot=30)
    opinion = open_engine("judge", "classical").judge(path, cut_list, (lavender,))
    assert "color_drift" in {charge.kind for charge in opinion.charges}


def test_a_fault_beside_a_passing_hand_is_still_seen(tmp_path: Path) -> None:
    hand = next(fault for fault in HONEST if fault.kind == "hand")
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), replace(hand, alter=faults.dot(8)), 3, SMALL, shots=1, frames_a_shot=30)
    assert "invented_detail" in {charge.kind for charge in opinion_on(path, cut_list).charges}


@pytest.mark.parametrize("kind", ["focus_pull", "relight", "loop"])
def test_what_only_looks_like_a_fault_is_accepted(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.mp4"
    for fault in (fault for fault in HONEST if fault.kind == kind):
        cut_list = make_clip(path, gallery(), fault, 3, SMALL, shots=1, frames_a_shot=30)
        opinion = opinion_on(path, cut_list)
        assert opinion.verdict is Verdict.ACCEPT, opinion


@cache
def portrait() -> tuple[Pixels, Passport]:
    """A photo of a person that comes with scikit-image."""
    return astronaut(), open_engine("judge", "classical").passport(astronaut())


def opinion_on_portrait(path: Path, cut_list: CutList | None) -> Opinion:
    photo, passport = portrait()
    return open_engine("judge", "classical").judge(path, cut_list, (photo,), lambda _: passport)


@pytest.mark.parametrize(("percent", "verdict"), [(0, Verdict.ACCEPT), (4, Verdict.ABSTAIN)])
def test_a_close_face_that_is_not_as_in_the_photo_is_for_a_person(
    tmp_path: Path, percent: float, verdict: Verdict
) -> None:
    path = tmp_path / "clip.mp4"
    bent = Fault("face_artifact", "", faults.face_artifact(percent)) if percent else CLEAN
    for onset, is_planned in (("constant", False), ("ramp", True), ("burst", True)):
        cut_list = make_clip(path, portrait()[:1], bent, 3, SMALL, shots=1, frames_a_shot=30, onset=onset)
        opinion = opinion_on_portrait(path, cut_list if is_planned else None)
        assert (opinion.verdict, opinion.charges) == (verdict, ()), opinion
        assert any("close face" in doubt.error for doubt in opinion.unverifiable) == (percent > 0)
        is_over = opinion.scores["face_artifact"] >= opinion.thresholds["face_artifact"]
        assert is_over == (percent > 0), "a score of its own, for people to move its gate"


def test_a_close_face_is_accepted_after_a_strong_compression(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, portrait()[:1], CLEAN, 3, SMALL, shots=1, frames_a_shot=30, crf=30)
    assert opinion_on_portrait(path, cut_list).verdict is Verdict.ACCEPT


def test_a_small_face_is_held_to_what_a_product_is(tmp_path: Path) -> None:
    far = cv2.copyMakeBorder(portrait()[0], 600, 600, 400, 400, cv2.BORDER_REPLICATE)
    path, judge = tmp_path / "clip.mp4", open_engine("judge", "classical")
    assert judge.passport(far).faces
    cut_list = make_clip(path, (far,), CLEAN, 3, SMALL, shots=1, frames_a_shot=30)
    assert "face_artifact" not in judge.judge(path, cut_list, (far,)).scores


def test_a_face_that_no_photo_shows_is_a_fault(tmp_path: Path) -> None:
    x, y, width, height = portrait()[1].faces[0]
    face = cv2.resize(portrait()[0][y : y + height, x : x + width], (200, 200), interpolation=cv2.INTER_CUBIC)

    def with_face(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        out = rgb.copy()
        top, left = rgb.shape[0] // 2 - 100, rgb.shape[1] // 2 - 100
        out[top : top + 200, left : left + 200] = face
        return out

    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), Fault("face", "", with_face), 3, SMALL, shots=1, frames_a_shot=30)
    assert "invented_detail" in {charge.kind for charge in opinion_on(path, cut_list).charges}


def test_a_smear_that_comes_is_no_focus_pull(tmp_path: Path) -> None:
    smear = Fault("smear", "6 px", faults.blur(6))
    path = tmp_path / "clip.mp4"
    for onset in ("burst", "ramp"):
        cut_list = make_clip(path, gallery(), smear, 3, SMALL, shots=1, frames_a_shot=30, onset=onset)
        assert "smear" in {charge.kind for charge in opinion_on(path, cut_list).charges}


def test_artwork_is_what_lettering_is_compared_with(tmp_path: Path) -> None:
    judge, path = open_engine("judge", "classical"), tmp_path / "clip.mp4"
    artwork = (Passport(text=passport_of(0).text),)
    old = (product_photo(1, "NORTH TEA\n450 g"),)
    cut_list = make_clip(path, gallery(), CLEAN, 3, SMALL, shots=1, frames_a_shot=30)

    def named(photos: tuple[Pixels, ...], pages: tuple[Passport, ...]) -> set[str]:
        opinion = judge.judge(path, cut_list, photos, lambda _: Passport(), pages)
        return {charge.kind for charge in opinion.charges}

    assert named(gallery(), artwork) == set()
    assert "altered_text" in {charge.kind for charge in judge.judge(path, cut_list, old).charges}
    assert "altered_text" not in named(old, artwork), "what the artwork says is right"
    make_clip(path, old, CLEAN, 3, SMALL, shots=1, frames_a_shot=30)
    assert "altered_text" in named(gallery(), artwork), "read on the frame, though nothing was read on the photo"


def test_every_sound_and_format_that_can_be_injected_is_found_at_its_worst(tmp_path: Path) -> None:
    worst = {fault.kind: fault for fault in FAULTS if fault.kind.startswith(("audio_", "spec_"))}
    assert set(worst) == {kind for kind in thresholds() if kind.startswith(("audio_", "spec_"))}
    for kind, fault in worst.items():
        path = tmp_path / f"{kind}.mp4"
        cut_list = make_clip(path, gallery(), fault, 3, (270, 480), 1, round(24 * fault.shot_s), 9)
        kinds = {charge.kind for charge in opinion_on(path, cut_list).charges}
        assert kind in kinds
        assert not {"spec_fps", *worst} & kinds - {kind, "audio_loudness"}, "one injected fault is no other"


@pytest.mark.parametrize("is_written_over", ["each shot", "both shots at once", ""])
def test_silence_is_a_fault_only_where_something_was_to_be_said(tmp_path: Path, is_written_over: str) -> None:
    hushed = next(fault for fault in FAULTS if fault.kind == "audio_silence" and fault.amount == 6)
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, (*gallery(), *gallery()), hushed, 3, (270, 480), 2, 90, 9)
    first, _, card = cut_list.overlays
    if is_written_over == "both shots at once":
        long = first.boxes[0].model_copy(update={"frame_count": 180})
        cut_list = cut_list.model_copy(update={"overlays": (Track(kind="caption", boxes=(long,)), card)})
    elif not is_written_over:
        cut_list = cut_list.model_copy(update={"overlays": (card,)})
    kinds = {charge.kind for charge in opinion_on(path, cut_list).charges}
    assert ("audio_silence" in kinds) == bool(is_written_over)


@pytest.mark.parametrize("is_hurt", [False, True])
def test_a_background_that_moves_apart_is_for_a_person(tmp_path: Path, is_hurt: bool) -> None:
    rng = np.random.default_rng(5)
    small = cv2.resize(rng.integers(60, 200, (60, 48, 3), dtype=np.uint8), (960, 1200), interpolation=cv2.INTER_CUBIC)
    near = cv2.resize(rng.integers(0, 255, (40, 30, 3), dtype=np.uint8), (360, 480), interpolation=cv2.INTER_CUBIC)
    photo = small.copy()
    photo[360:840, 300:660] = near
    if is_hurt:
        cv2.circle(near, (180, 240), 30, (255, 255, 255), -1, cv2.LINE_AA)
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, *SMALL) as writer:
        for index in range(30):
            frame = np.full((SMALL[1], SMALL[0], 3), 235, np.uint8)
            frame[120:795] = cv2.resize(small, (540, 675), interpolation=cv2.INTER_AREA)
            scale = 0.5625 * (1 + 0.05 * index / 29)
            grown = cv2.resize(near, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top, left = 120 + 337 - grown.shape[0] // 2, 270 - grown.shape[1] // 2
            frame[top : top + grown.shape[0], left : left + grown.shape[1]] = grown
            writer.write(Planes.from_rgb(frame))
    opinion = open_engine("judge", "classical").judge(path, None, (photo,))
    assert opinion.verdict is (Verdict.REJECT if is_hurt else Verdict.ABSTAIN), opinion
    assert any("moves apart" in item.error for item in opinion.unverifiable)
    assert {charge.kind for charge in opinion.charges} <= {"invented_detail", "color_drift"}


def test_a_fault_that_no_frame_shows_is_no_case_for_the_benchmark(tmp_path: Path) -> None:
    def nothing_to_see(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        out = rgb.copy()
        out[0, 0] = 255 - out[0, 0]
        return out

    with pytest.raises(Unseen):
        make_clip(tmp_path / "clip.mp4", gallery(), Fault("unseen", "", nothing_to_see), 3, SMALL, shots=1)


def test_a_second_half_that_stands_still_is_frozen_without_a_cut_list(tmp_path: Path) -> None:
    def half(frames: list[Pixels]) -> list[Pixels]:
        return [frames[min(index, len(frames) // 2)] for index in range(len(frames))]

    path = tmp_path / "clip.mp4"
    make_clip(path, gallery(), Fault("half", "", frames=half), 3, SMALL, shots=1, frames_a_shot=60, card_frames=0)
    opinion = opinion_on(path, None)
    assert "frozen" in {charge.kind for charge in opinion.charges}


def test_only_what_comes_back_is_meant_to_loop(tmp_path: Path) -> None:
    path, pan = tmp_path / "clip.mp4", next(fault for fault in HONEST if fault.kind == "pan")

    def seam(fault: Fault, photos: tuple[Pixels, ...] = gallery(), is_listed: bool = True) -> float | None:
        cut_list = make_clip(path, photos, fault, 3, (270, 480), frames_a_shot=48)
        return opinion_on(path, cut_list if is_listed else None).scores.get("loop_seam")

    whole = Fault("whole", "", frames=faults.there_and_back(0), has_card=False)
    cut_off = Fault("cut off", "2 %", frames=faults.there_and_back(2), has_card=False)
    assert seam(whole) == pytest.approx(1.0, abs=0.1)
    assert seam(cut_off) == pytest.approx(0.02 / (0.18 / 47), rel=0.1)
    assert seam(cut_off, is_listed=False) == pytest.approx(0.02 / (0.18 / 47), rel=0.1)
    assert seam(replace(cut_off, has_card=True)) is None
    assert seam(replace(pan, has_card=False)) is None
    assert seam(Fault("still", "", frames=faults.freeze, has_card=False)) is None
    three = (*gallery(), product_photo(7, "OTHER"), *gallery())
    assert seam(replace(CLEAN, has_card=False), three) is None, "it ends on the view that it began with"


def test_a_caption_over_the_product_is_no_fault_without_a_cut_list(tmp_path: Path) -> None:
    def titled(frames: list[Pixels]) -> list[Pixels]:
        for frame in frames:
            caption(frame, "A small honest caption", (60, 300, 420, 50))
        return frames

    path = tmp_path / "clip.mp4"
    make_clip(path, gallery(), Fault("titled", "", frames=titled), 3, SMALL, shots=1, frames_a_shot=36)
    assert opinion_on(path, None).verdict is Verdict.ACCEPT


def test_what_an_overlay_covers_is_not_accepted_unseen(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), CLEAN, 3, SMALL, shots=1, frames_a_shot=30)
    box = cut_list.overlays[0].boxes[0].model_copy(update={"box_px_xywh": (0, 0, *SMALL)})
    everything = Track(kind="caption", boxes=(box,))
    opinion = opinion_on(path, cut_list.model_copy(update={"overlays": (everything, *cut_list.overlays)}))
    assert opinion.verdict is Verdict.ABSTAIN


def test_a_shot_called_an_end_card_is_not_accepted_unseen(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, (*gallery(), product_photo(7, "OTHER")), CLEAN, 3, SMALL, shots=2, frames_a_shot=30)
    first, second, last = cut_list.cuts
    hiding = (first, second.model_copy(update={"shot": None, "photo": None}), last)
    assert opinion_on(path, cut_list.model_copy(update={"cuts": hiding})).verdict is not Verdict.ACCEPT


def test_frames_are_not_left_out_by_naming_others_twice(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery() * 2, replace(CLEAN, has_card=False), 3, SMALL, shots=2)
    first, second = cut_list.cuts
    again = second.model_copy(update={"start_frame": first.start_frame})
    opinion = opinion_on(path, cut_list.model_copy(update={"cuts": (first, again)}))
    assert opinion.verdict is Verdict.ABSTAIN, opinion


def test_judges_once_and_keeps_the_evidence(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), tmp_path / "cache")
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), Fault("dot", "8 %", faults.dot(8)), 3, SMALL, shots=1, frames_a_shot=30)
    video, photos = store.put_file(path), [_photo(store, gallery()[0])]
    engine = open_engine("judge", "classical")
    judgement = judge(video, cut_list, photos, engine, store)
    assert judgement.video_sha256 == video.sha256
    assert judgement.verdict is Verdict.REJECT
    fault = next(fault for fault in judgement.faults if fault.kind == "invented_detail")
    assert fault.evidence is not None
    assert store.read(fault.evidence).startswith(b"\xff\xd8")
    computed = store.counts["computed"]
    assert judge(video, cut_list, photos, engine, store) == judgement
    assert store.counts["computed"] == computed
    judge(video, None, photos, engine, store)
    assert store.counts["computed"] == computed + 1, "another question about the same photos reads no photo again"


def _photo(store: Store, pixels: Pixels) -> Photo:
    blob = store.put(encode_png(pixels), ".png")
    assert np.array_equal(decode_png(store.read(blob)), pixels)
    height, width = pixels.shape[:2]
    return Photo(key=blob.sha256[:16], position=1, original=blob, pixels=blob, width_px=width, height_px=height)


def test_every_threshold_has_a_value_that_some_score_can_reach() -> None:
    assert all(value > 0 for value in thresholds().values())
    assert {"warped_logo", "altered_text", "color_drift", "frozen", "black", "wrong_product"} <= set(thresholds())


def test_loudness_of_a_full_scale_tone_is_what_the_standard_says() -> None:
    time = np.arange(2 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 997 * time).astype(np.float32)
    assert integrated_lufs(np.stack([tone, tone])) == pytest.approx(0.0, abs=0.1)
    assert integrated_lufs(np.stack([tone, 0 * tone])) == pytest.approx(-3.01, abs=0.1)


def test_a_shorter_video_than_its_cut_list_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), CLEAN, 3, SMALL, shots=1, frames_a_shot=30)
    longer = replace_last(cut_list, 12)
    assert "spec_duration" in {charge.kind for charge in opinion_on(path, longer).charges}


def replace_last(cut_list: CutList, more: int) -> CutList:
    last = cut_list.cuts[-1]
    return cut_list.model_copy(
        update={"cuts": (*cut_list.cuts[:-1], last.model_copy(update={"frame_count": last.frame_count + more}))}
    )


def test_a_picture_that_flashes_up_on_an_end_card_is_seen(tmp_path: Path) -> None:
    """The one frame of the card that is looked at closely is as it should be."""
    path = tmp_path / "clip.mp4"
    cut_list = make_clip(path, gallery(), CLEAN, 3, SMALL, shots=1, card_frames=18)
    flashed = cut_list.cuts[-1].start_frame + 12
    other = Planes.from_rgb(np.asarray(cv2.resize(product_photo(8, "SALT SOAP"), SMALL), np.uint8))
    with VideoWriter(tmp_path / "flashed.mp4", *SMALL) as writer:
        for number, planes in enumerate(read_planes(path)):
            writer.write(other if flashed <= number < flashed + 3 else planes)
    opinion = opinion_on(tmp_path / "flashed.mp4", cut_list)
    assert {(charge.kind, charge.shot) for charge in opinion.charges} == {("jump_cut", None)}
