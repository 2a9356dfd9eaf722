from dataclasses import replace

import numpy as np
import pytest

from reel_pipeline.clips.animate import animate_stills, write_clip
from reel_pipeline.clips.checks import clip_meets_spec
from reel_pipeline.clips.engines import Animated, ClipEngine
from reel_pipeline.clips.path import camera_windows, tracks_of
from reel_pipeline.engines import open_engine
from reel_pipeline.errors import RenderError
from reel_pipeline.media.boxes import union
from reel_pipeline.media.video import Planes, VideoWriter, read_planes
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    ClipEdition,
    Format,
    Rung,
    Span,
    StillEdition,
    Subject,
    SubjectKind,
    TimedBox,
    Track,
    VoiceEdition,
)
from reel_pipeline.store import Store
from reel_pipeline_tests.clips.making import box_in, canvas, keyframe, stored, timeline
from reel_pipeline_tests.reels.making import new_store
from reel_pipeline_tests.toy_engine import Toy, ToyOptions

HALF = Format(width_px=540, height_px=960)
WIDE, TIGHT = (10.0, 20.0, 630.0, 1120.0), (55.0, 100.0, 540.0, 960.0)
PRODUCT = Subject(kind=SubjectKind.PRODUCT, box_px_xywh=box_in())


def warp(rung: Rung) -> ClipEngine:
    return open_engine("clips", "warp")


def toy(**options: int) -> Toy:
    engine = Toy(ToyOptions(**options))
    engine.name, engine.revision = "toy", f"7+{options}"
    return engine


def two_stills(store: Store) -> StillEdition:
    push, pull = (keyframe(canvas(), *ends, 48, HALF, subjects=(PRODUCT,)) for ends in ((WIDE, TIGHT), (TIGHT, WIDE)))
    return stored([push, pull], store)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StillEdition, VoiceEdition, ClipEdition, Store]:
    store = new_store(tmp_path_factory.mktemp("clips"))
    stills, voice = two_stills(store), timeline(48, 48)
    return stills, voice, animate_stills(stills, voice, warp, store), store


def test_clips_follow_the_timeline_and_meet_the_spec(made) -> None:
    _, voice, clips, store = made
    assert [(clip.shot, clip.frame_count) for clip in clips.clips] == [(1, 48), (2, 48)]
    finding = clip_meets_spec(clips, voice, store)
    assert finding.passed, finding.sentence


def test_a_clip_says_who_made_it_from_what(made) -> None:
    stills, _, clips, _ = made
    for still, clip in zip(stills.stills, clips.clips, strict=True):
        assert [maker.engine for maker in clip.made_by] == ["layered", "warp"]
        assert (clip.photo, clip.rung, clip.ground) == (still.take.photo, still.take.rung, still.ground)
        assert clip.made_by[1].paid is None


def test_a_second_call_computes_nothing(made) -> None:
    stills, voice, clips, store = made
    store.counts.clear()
    assert animate_stills(stills, voice, warp, store) == clips
    assert store.counts["computed"] == 0


def test_a_clip_is_as_long_as_its_shot_is_seen_and_2_to_4_s(tmp_path) -> None:
    store = new_store(tmp_path)
    stills = two_stills(store)
    for counts, transitions, lengths in (
        ((60, 50), (), [60, 50]),
        ((60, 50), (8,), [68, 50]),
        ((20, 40), (6,), [48, 48]),
    ):
        voice = timeline(*counts, transitions=transitions)
        clips = animate_stills(stills, voice, lambda rung: toy(), store)
        assert [clip.frame_count for clip in clips.clips] == lengths
        assert clip_meets_spec(clips, voice, store).passed
    with pytest.raises(RenderError, match=r"Shot 1 needs 4\.3 s .* at most 4 s"):
        animate_stills(stills, timeline(96, 50, transitions=(8,)), lambda rung: toy(), store)


@pytest.mark.parametrize("format", [VERTICAL, PORTRAIT, SQUARE, LANDSCAPE, Format(width_px=720, height_px=1280)])
def test_clips_have_the_format_of_their_edition(tmp_path, format: Format) -> None:
    store = new_store(tmp_path)
    width, height = format.width_px + 200, format.height_px + 200
    start, end = (
        (0.0, 0.0, width - 40.0, (width - 40.0) / format.aspect),
        (80.0, 80.0, format.width_px, format.height_px),
    )
    request = keyframe(canvas(width, height), start, end, 48, format)
    voice = timeline(48)
    clips = animate_stills(stored([request], store), voice, warp, store)
    assert clips.format == format
    finding = clip_meets_spec(clips, voice, store)
    assert finding.passed, finding.sentence
    other = clips.model_copy(update={"format": Format(width_px=1000, height_px=1000)})
    assert "has the size" in clip_meets_spec(other, voice, store).sentence


def test_the_product_lies_where_the_clip_says(made) -> None:
    _, _, clips, store = made
    for clip in clips.clips:
        (track,) = clip.tracks
        for number, picture in enumerate(read_planes(store.path(clip.video))):
            rows, columns = np.nonzero(picture.v > 150)
            x, y, w, h = track.box_at(number)
            assert columns.min() * 2 >= x - 3
            assert columns.max() * 2 <= x + w + 3
            assert rows.min() * 2 >= y - 3
            assert rows.max() * 2 <= y + h + 3


def test_other_shots_than_the_timelines_are_refused(made) -> None:
    stills, voice, _, store = made
    with pytest.raises(RenderError, match="make the voice again"):
        animate_stills(stills.model_copy(update={"stills": stills.stills[:1]}), voice, warp, store)


def test_a_single_clip_is_written_at_final_quality(made, tmp_path) -> None:
    stills, _, _clips, store = made
    write_clip(stills.stills[0], HALF, 24, open_engine("clips", "warp"), store, tmp_path / "clip.mp4")
    assert sum(1 for _ in read_planes(tmp_path / "clip.mp4")) == 24


class Careless(Toy):
    """Gives something else than it was asked for."""

    def __init__(self, fault: str) -> None:
        super().__init__(ToyOptions())
        self.name, self.revision, self.fault = "careless", "1", fault

    def animate(self, request, emit) -> Animated:
        other = {"few": {"frame_count": 47}, "many": {"frame_count": 49}, "small": {"format": SQUARE}}
        animated = super().animate(replace(request, **other.get(self.fault, {})), emit)
        late = TimedBox(start_frame=40, frame_count=9, box_px_xywh=(0, 0, 10, 10))
        aside = TimedBox(start_frame=0, frame_count=48, box_px_xywh=(500, 0, 100, 10))
        said = {
            "hold": {"holds": (Span(start_frame=-1, frame_count=9),)},
            "late": {"tracks": (Track(kind="label", boxes=(late,)),)},
            "aside": {"tracks": (Track(kind="label", boxes=(aside,)),)},
        }
        return replace(animated, **said.get(self.fault, {}))


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("few", "gave 47 frames where 48 was wanted"),
        ("many", "gave more than 48 frames where 48 was wanted"),
        ("small", "a frame of 1080x1080 where 540x960 was wanted"),
        ("hold", "frames -1 to 8 .* 0 to 48"),
        ("late", "frames 40 to 49 .* 0 to 48"),
        ("aside", r"\(500, 0, 100, 10\) .* \(0, 0, 540, 960\)"),
    ],
)
def test_what_an_engine_gives_unasked_is_refused_by_name_and_nothing_is_kept(made, fault: str, named: str) -> None:
    stills, voice, _, store = made
    before = store.counts["computed"]
    with pytest.raises(RenderError, match=f"Shot 1: the clip engine 'careless' .*{named}"):
        animate_stills(stills, voice, lambda rung: Careless(fault), store)
    assert store.counts["computed"] == before


@pytest.mark.parametrize("fault", ["frozen", "black", "short", "small", "not a video"])
def test_the_check_finds_bad_clips(made, tmp_path, fault: str) -> None:
    _, voice, clips, store = made
    path = tmp_path / "bad.mp4"
    good = list(read_planes(store.path(clips.clips[0].video)))
    black = Planes.from_rgb(np.zeros((960, 540, 3), np.uint8))
    pictures = {"frozen": [good[0]] * 48, "black": good[:40] + [black] * 8, "short": good[:47]}.get(fault, good)
    if fault == "small":
        pictures = [Planes(p.y[::2, ::2], p.u[::2, ::2], p.v[::2, ::2]) for p in good]
    with VideoWriter(path, pictures[0].y.shape[1], pictures[0].y.shape[0]) as writer:
        for picture in pictures:
            writer.write(picture)
    if fault == "not a video":
        path.write_bytes(b"<html>not found</html>")
    bad = clips.clips[0].model_copy(update={"video": store.put_file(path)})
    finding = clip_meets_spec(clips.model_copy(update={"clips": (bad, clips.clips[1])}), voice, store)
    assert not finding.passed
    assert finding.sentence.startswith("Shot 1")


@pytest.mark.parametrize(
    ("frames", "rest", "fault"),
    [(60, 28, ""), (60, 29, "rests for 29 frames at a stretch"), (48, 24, ""), (48, 25, "25 of 48 frames")],
)
def test_a_planned_rest_is_no_standing_still_and_stays_short(tmp_path, frames: int, rest: int, fault: str) -> None:
    store = new_store(tmp_path)
    voice = timeline(frames)
    stills = stored([keyframe(canvas(), TIGHT, TIGHT, frames, HALF)], store)
    clips = animate_stills(stills, voice, lambda rung: toy(drift_px=3, rest_frames=rest), store)
    (clip,) = clips.clips
    assert sum(hold.frame_count for hold in clip.holds) == rest
    finding = clip_meets_spec(clips, voice, store)
    assert finding.passed == (not fault)
    assert fault in finding.sentence
    unplanned = clips.model_copy(update={"clips": (clip.model_copy(update={"holds": ()}),)})
    assert "stands still" in clip_meets_spec(unplanned, voice, store).sentence


def test_holds_are_no_way_around_standing_still(tmp_path) -> None:
    store = new_store(tmp_path)
    voice = timeline(60)
    stills = stored([keyframe(canvas(), TIGHT, TIGHT, 60, HALF)], store)
    (clip,) = animate_stills(stills, voice, lambda rung: toy(drift_px=0), store).clips
    for claimed, fault in (
        (((10, 28),), "stands still for 1.0 seconds"),
        (((0, 20), (20, 10)), "stands still"),
    ):
        holds = tuple(Span(start_frame=start, frame_count=count) for start, count in claimed)
        frozen = ClipEdition(format=HALF, clips=(clip.model_copy(update={"holds": holds}),))
        assert fault in clip_meets_spec(frozen, voice, store).sentence
    (moving,) = animate_stills(stills, voice, lambda rung: toy(drift_px=3), store).clips
    chained = tuple(Span(start_frame=start, frame_count=15) for start in (0, 15))
    claimed = ClipEdition(format=HALF, clips=(moving.model_copy(update={"holds": chained}),))
    assert "rests for 30 frames at a stretch" in clip_meets_spec(claimed, voice, store).sentence


def test_a_zoom_heads_for_a_point_that_stands_still() -> None:
    windows = camera_windows((0, 0, 1200, 2133.3), (150, 300, 1000, 1777.8), 30)
    shares = [(540.0 - x) / w for x, _, w, _ in windows]
    fixed = (0 * 1000 - 150 * 1200) / (1000 - 1200)
    places = [(fixed - x) / w for x, _, w, _ in windows]
    assert np.ptp(places) < 1e-6 < np.ptp(shares)


def test_no_frame_of_the_path_stands_still() -> None:
    windows = camera_windows((0, 0, 1200, 2133.3), (100, 100, 1000, 1777.8), 72)
    steps = np.abs(np.diff(windows[:, 2]))
    assert steps.min() > 0.4 * steps.mean()


def test_tracks_follow_their_subjects_in_quarters_of_a_second() -> None:
    pan = (0.0, 0.0, 540.0, 960.0), (50.0, 0.0, 540.0, 960.0)
    boxes = {"leaves": (0, 10, 40, 50), "stays": (200, 300, 100, 100), "is never seen": (-200, 10, 50, 50)}
    subjects = tuple(Subject(kind=SubjectKind.LABEL, box_px_xywh=box) for box in boxes.values())
    leaves, stays = tracks_of(keyframe(canvas(), *pan, 50, HALF, subjects=subjects).still, 50, HALF)
    assert [box.frame_count for box in stays.boxes] == [6] * 8 + [2]
    assert union(box.box_px_xywh for box in stays.boxes) == (150, 300, 150, 100)
    assert stays.box_at(49)[0] == 150
    assert union(box.box_px_xywh for box in leaves.boxes) == (0, 10, 40, 50)
    assert leaves.boxes[-1].stop_frame < 50
    assert leaves.box_at(49) is None


def test_a_photo_that_does_not_fill_the_frame_has_a_track_of_its_own() -> None:
    still = keyframe(canvas(), WIDE, TIGHT, 48, HALF, photo_box_px_xywh=(0, 250, 650, 650)).still
    (photo,) = tracks_of(still, 48, HALF)
    assert photo.kind == "photo"
    first, last = photo.box_at(0), photo.box_at(47)
    assert (first[0], first[2]) == (0, 540)
    assert abs(first[1] - (250 - WIDE[1]) * 540 / WIDE[2]) < 4, "and what it comes to in the next quarter of a second"
    assert last[3] > first[3]
