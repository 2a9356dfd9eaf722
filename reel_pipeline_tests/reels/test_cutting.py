"""How shots follow one another: parts of clips, slides, holds, and captions over several shots."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from reel_pipeline.errors import RenderError
from reel_pipeline.media.video import Planes, VideoWriter, read_planes
from reel_pipeline.records import (
    BrandLook,
    BrandWords,
    Clip,
    ClipEdition,
    Format,
    Product,
    Segment,
    Span,
    TimedBox,
    TimedLine,
    Track,
    TransitionKind,
)
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.reels.checks import reel_meets_spec
from reel_pipeline.reels.cutting import parts_of, pictures
from reel_pipeline.reels.end_card import end_card
from reel_pipeline.store import Store
from reel_pipeline_tests.reels.making import clip_of, new_store, voice_of

SMALL = Format(width_px=360, height_px=640)
PRODUCT, LOOK, WORDS = Product(sku="A-1", title="Small red box"), BrandLook(), BrandWords()
CUT, SLIDE = TransitionKind.CUT, TransitionKind.SLIDE


def segment(shot: int | None, start: int, frames: int, slides: int = 0) -> Segment:
    enters = SLIDE if slides else CUT
    return Segment(shot=shot, start_frame=start, frame_count=frames, enters=enters, transition_frames=slides)


TIMELINE = (segment(1, 0, 50), segment(2, 50, 60, slides=8), segment(3, 110, 40), segment(None, 150, 60))
LINES = (
    TimedLine(start_frame=0, frame_count=110, text="Over two shots.", caption="Over two shots"),
    TimedLine(start_frame=110, frame_count=40, text="Over one.", caption="Over one"),
    TimedLine(start_frame=150, frame_count=60, text="Discover more"),
)
PUSHED = range(50, 58)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Clips of 80 frames each, so that shot 1 begins at frame 11, shot 2 at 10 and shot 3 at 20 of its own."""
    store = new_store(tmp_path_factory.mktemp("cutting"))
    holds = [Span(start_frame=5, frame_count=10), Span(start_frame=30, frame_count=12)]
    clips = (
        clip_of(store, 1, 80, SMALL, product=(60, 60, 240, 100)),
        clip_of(store, 2, 80, SMALL, product=(60, 200, 240, 140), holds=holds),
        clip_of(store, 3, 80, SMALL),
    )
    edition = ClipEdition(format=SMALL, clips=clips)
    voice = voice_of(store, ["x"], 150, 60).model_copy(update={"segments": TIMELINE, "lines": LINES})
    reel = assemble(edition, voice, PRODUCT, LOOK, WORDS, store)
    return store, voice, edition, reel, list(read_planes(store.path(reel.video)))


def shot_and_clip_frame(picture: Planes, x: int) -> tuple[int, float]:
    """Which shot is seen at a column below all captions, and which frame of its clip (see `clip_of`)."""
    return round((picture.u[-8:, x // 2].mean() - 90) / 20), (picture.y[-16:, x].mean() - 40) / 2


def test_a_part_is_taken_from_the_middle_of_its_clip(made) -> None:
    *_, reel, frames = made
    assert [cut.clip_start_frame for cut in reel.cut_list.cuts] == [11, 10, 20, 0]
    for at, shot, clip_frame in ((0, 1, 11), (49, 1, 60), (58, 2, 18), (109, 2, 69), (110, 3, 20), (149, 3, 59)):
        for x in (2, 180, 357):
            seen, frame = shot_and_clip_frame(frames[at], x)
            assert seen == shot
            assert frame == pytest.approx(clip_frame, abs=0.6), at


def test_a_slide_shows_both_shots_side_by_side_and_both_go_on(made) -> None:
    *_, reel, frames = made
    (transition,) = reel.cut_list.transitions
    assert (transition.from_shot, transition.to_shot, transition.kind) == (1, 2, SLIDE)
    assert (transition.start_frame, transition.frame_count) == (50, 8)
    widths = []
    for at in PUSHED:
        leaving, entering = transition.leaving.box_at(at), transition.entering.box_at(at)
        assert leaving == (0, 0, 360 - entering[2], 640)
        assert entering == (leaving[2], 0, entering[2], 640)
        widths.append(entering[2])
        for x, shot, clip_frame in ((2, 1, at + 11), (357, 2, at - 40)):
            seen, frame = shot_and_clip_frame(frames[at], x)
            assert seen == shot
            assert frame == pytest.approx(clip_frame, abs=1.5), at
        chroma = frames[at].u[-8:].mean(axis=0)
        assert np.abs(np.flatnonzero(chroma > 120)[0] - leaving[2] // 2) <= 2
    steps = np.diff([0, *widths, 360])
    assert all(width % 2 == 0 for width in widths)
    assert steps.min() > 0
    assert steps[0] < steps[4] > steps[-1], "starts and ends slowly"


def striped(store: Store, shot: int, frame_count: int) -> Clip:
    """A clip in which no column is like another one, in brightness and in colour."""
    clip, seed = clip_of(store, shot, frame_count, SMALL), np.random.default_rng(shot)
    stripes = [np.sort(seed.integers(30, 220, width)) for width in (360, 180, 180)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with VideoWriter(path, 360, 640) as writer:
            for frame in range(frame_count):
                y, u, v = (np.roll(part, 3 * frame).astype(np.uint8) for part in stripes)
                writer.write(Planes(np.tile(y, (640, 1)), np.tile(u, (320, 1)), np.tile(v, (320, 1))))
        return clip.model_copy(update={"video": store.put_file(path)})


def test_what_is_pushed_out_is_moved_to_the_left_and_never_mixed(tmp_path: Path) -> None:
    """Exact, as it goes into the encoder: every column is one of the leaving or of the entering picture."""
    store = new_store(tmp_path)
    edition = ClipEdition(format=SMALL, clips=(striped(store, 1, 64), striped(store, 2, 60)))
    voice = voice_of(store, ["x"], 110, 24).model_copy(update={"segments": (segment(1, 0, 50), segment(2, 50, 60, 14))})
    card = end_card(PRODUCT, LOOK, WORDS, None, None, SMALL)
    shown = list(pictures(parts_of(edition, voice), card, store))
    one, other = (list(read_planes(store.path(clip.video))) for clip in edition.clips)
    assert len(shown) == 110

    def is_beside(picture: Planes, left: Planes, right: Planes, px: int) -> bool:
        return all(
            np.array_equal(
                getattr(picture, name), np.hstack([getattr(left, name)[:, by:], getattr(right, name)[:, :by]])
            )
            for name, by in (("y", px), ("u", px // 2), ("v", px // 2))
        )

    pushed = [
        [px for px in range(2, 360, 2) if is_beside(shown[50 + index], one[50 + index], other[index], px)]
        for index in range(14)
    ]
    assert [len(found) for found in pushed] == [1] * 14
    assert pushed == sorted(pushed)


def test_two_clips_at_most_are_open_and_one_outside_of_slides(made) -> None:
    store, voice, edition, *_ = made
    files = {str(store.path(clip.video).resolve()) for clip in edition.clips}
    card = end_card(PRODUCT, LOOK, WORDS, None, None, SMALL)
    for at, _ in enumerate(pictures(parts_of(edition, voice), card, store)):
        opened = [str(link.resolve()) for link in Path("/proc/self/fd").iterdir()]
        count = sum(path in files for path in opened)
        assert count == (2 if at in PUSHED else 0 if at >= 150 else 1), at


def test_a_caption_over_two_shots_stands_still_and_covers_neither_product(made) -> None:
    *_, reel, frames = made
    captions = [track for track in reel.cut_list.overlays if track.kind == "caption"]
    (first,), (second,) = (track.boxes for track in captions)
    assert (first.start_frame, first.frame_count, second.start_frame) == (0, 110, 110)
    x, y, _w, h = first.box_px_xywh
    assert y + h <= 60 or (y >= 160 and y + h <= 200) or y >= 340
    plate = [frame.y[y + h // 2, x + 6].astype(int) for frame in frames[:110]]
    assert max(plate[4:106]) - min(plate[4:106]) <= 12, "no fade at the cut or in the slide"
    assert abs(plate[0] - plate[20]) > 20, "fades in"
    assert abs(plate[109] - plate[90]) > 8, "fades out"


def test_a_caption_keeps_off_what_is_seen_while_it_stands(made) -> None:
    """Shot 1 begins at frame 11 of its clip, so its frame 25 of the reel is frame 36 there."""
    _, voice, edition, *_ = made
    early, late = (60, 60, 100, 100), (200, 300, 100, 100)
    boxes = (
        TimedBox(start_frame=0, frame_count=40, box_px_xywh=early),
        TimedBox(start_frame=40, frame_count=40, box_px_xywh=late),
    )
    tracks = (Track(kind="product", boxes=boxes), Track(kind="photo", boxes=boxes), Track(kind="face"))
    moving = edition.clips[0].model_copy(update={"tracks": tracks})
    part = parts_of(edition.model_copy(update={"clips": (moving, *edition.clips[1:])}), voice)[0]
    for start, frames, box in ((0, 10, early), (29, 40, late), (25, 10, (60, 60, 240, 340))):
        (subject,) = part.subjects_during(Span(start_frame=start, frame_count=frames))
        assert (subject.kind, subject.box_px_xywh) == ("product", box)
    assert not list(part.subjects_during(LINES[1]))


def test_holds_are_told_in_frames_of_the_reel_and_cut_to_what_is_seen(made) -> None:
    """Clip frames 5 to 15 begin before the part (10) and lie in the slide up to 18; 30 to 42 are 70 to 82."""
    *_, reel, _ = made
    assert [(hold.start_frame, hold.frame_count) for hold in reel.cut_list.holds] == [(70, 12)]


def test_the_reel_meets_the_spec_with_a_slide_a_hold_and_a_line_over_two_shots(made) -> None:
    store, voice, _, reel, _ = made
    finding = reel_meets_spec(reel, voice, store)
    assert finding.passed, finding.sentence
    assert "360x640" in finding.sentence


def narrowed(track: Track) -> Track:
    return Track(
        kind=track.kind,
        boxes=tuple(
            TimedBox(start_frame=b.start_frame, frame_count=1, box_px_xywh=(*b.box_px_xywh[:3], 600))
            for b in track.boxes
        ),
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda cuts: {"transitions": ()}, "transitions don't follow"),
        (lambda cuts: {"transitions": (cuts.transitions[0].model_copy(update={"from_shot": 3}),)}, "don't follow"),
        (lambda cuts: {"transitions": (cuts.transitions[0].model_copy(update={"frame_count": 9}),)}, "don't follow"),
        (
            lambda cuts: {
                "transitions": (
                    cuts.transitions[0].model_copy(update={"leaving": narrowed(cuts.transitions[0].leaving)}),
                )
            },
            "don't fill the frame",
        ),
        (
            lambda cuts: {
                "transitions": (cuts.transitions[0].model_copy(update={"entering": Track(kind="entering")}),)
            },
            "don't fill the frame",
        ),
        (lambda cuts: {"holds": (Span(start_frame=200, frame_count=20),)}, "hold is listed beyond"),
        (
            lambda cuts: {"cuts": (cuts.cuts[0].model_copy(update={"clip_start_frame": 40}), *cuts.cuts[1:])},
            "frames 40 to 98 of its clip",
        ),
        (lambda cuts: {"cuts": (cuts.cuts[1], cuts.cuts[0], *cuts.cuts[2:])}, "cuts don't follow"),
        (lambda cuts: {"format": Format(width_px=640, height_px=360)}, "size is 360x640, not 640x360"),
    ],
)
def test_the_check_finds_a_cut_list_that_does_not_say_what_is_shown(made, change, sentence: str) -> None:
    store, voice, _, reel, _ = made
    wrong = reel.cut_list.model_copy(update=change(reel.cut_list))
    finding = reel_meets_spec(reel.model_copy(update={"cut_list": wrong}), voice, store)
    assert not finding.passed
    assert sentence in finding.sentence


@pytest.mark.parametrize(
    ("segments", "sentence"),
    [
        ((segment(1, 0, 50), segment(2, 51, 60)), "gap before frame 51"),
        ((segment(1, 0, 76), segment(2, 76, 40, slides=8)), "Shot 1 needs 84 frames and its clip has 80"),
        ((segment(1, 0, 50, slides=8), segment(2, 50, 60)), "slide in at frame 0"),
        ((segment(1, 0, 50), segment(None, 50, 60, slides=8)), "slide in at frame 50"),
        ((segment(1, 0, 50), segment(2, 50, 12, slides=8)), "slide in at frame 50"),
        ((segment(1, 0, 50), segment(2, 50, 60, 8).model_copy(update={"enters": CUT})), "slide in at frame 50"),
        ((segment(4, 0, 50),), "Shot 4 needs 50 frames and its clip has no"),
    ],
)
def test_a_timeline_that_can_not_be_shown_is_refused(made, segments: tuple[Segment, ...], sentence: str) -> None:
    _, voice, edition, *_ = made
    with pytest.raises(RenderError, match=sentence):
        parts_of(edition, voice.model_copy(update={"segments": segments}))


def test_a_file_that_holds_fewer_frames_than_its_record_says_is_refused(made) -> None:
    store, voice, edition, *_ = made
    short = edition.clips[2].model_copy(update={"video": clip_of(store, 3, 30, SMALL).video})
    wrong = edition.model_copy(update={"clips": (*edition.clips[:2], short)})
    with pytest.raises(RenderError, match="Shot 3 needs 40 frames and its file holds 10"):
        assemble(wrong, voice, PRODUCT, LOOK, WORDS, store)


def test_what_was_refused_for_one_shot_keeps_the_caption_over_both_away(made) -> None:
    store, voice, edition, reel, _ = made
    refused = reel.cut_list.overlays[0].boxes[0].box_px_xywh
    other = assemble(edition, voice, PRODUCT, LOOK, WORDS, store, {2: (refused,)})
    captions = [track for track in other.cut_list.overlays if track.kind == "caption"]
    assert captions[0].boxes[0].start_frame == 110 or captions[0].boxes[0].box_px_xywh[1] != refused[1]
