import numpy as np
import pytest

from reel_pipeline.clips.animate import animate_stills, write_clip
from reel_pipeline.clips.checks import clip_meets_spec
from reel_pipeline.clips.path import camera_windows, seen_at
from reel_pipeline.engines import open_engine
from reel_pipeline.errors import RenderError
from reel_pipeline.media.video import Planes, VideoWriter, read_planes
from reel_pipeline.records import BrandLook, ClipEdition, Motion, ProductCutout, Rung, StillEdition, VoiceEdition
from reel_pipeline.stills.render import render_stills
from reel_pipeline.store import Store
from reel_pipeline_tests.reels.making import cut_out_of, gallery_of, new_store, packshot, plan_of, scene, voice_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StillEdition, VoiceEdition, ClipEdition, Store]:
    store = new_store(tmp_path_factory.mktemp("clips"))
    gallery = gallery_of(store, [packshot(), scene()])
    cutout = ProductCutout(cutouts=())
    stills = render_stills(
        plan_of(gallery), {}, 0, gallery, cutout, BrandLook(), open_engine("stills", "layered"), store
    )
    voice = voice_of(store, ["One", "Two"], shot_frames=48, card_frames=24)
    return stills, voice, animate_stills(stills, voice, open_engine("clips", "warp"), store), store


def test_clips_follow_the_timeline_and_meet_the_spec(made) -> None:
    _, voice, clips, store = made
    assert [(clip.shot, clip.frame_count) for clip in clips.clips] == [(1, 48), (2, 48)]
    finding = clip_meets_spec(clips, voice, store)
    assert finding.passed, finding.sentence


def test_a_second_call_computes_nothing(made) -> None:
    stills, voice, clips, store = made
    store.counts.clear()
    assert animate_stills(stills, voice, open_engine("clips", "warp"), store) == clips
    assert store.counts["computed"] == 0


def test_the_product_lies_where_the_clip_says(made) -> None:
    _, _, clips, store = made
    ((x, y, w, h),) = clips.clips[0].avoid_px_xywh
    for picture in read_planes(store.path(clips.clips[0].video)):
        rows, columns = np.nonzero(picture.v > 150)
        assert columns.min() * 2 >= x - 3
        assert columns.max() * 2 <= x + w + 3
        assert rows.min() * 2 >= y - 3
        assert rows.max() * 2 <= y + h + 3


def test_a_parallax_clip_lists_where_the_grown_product_lies(tmp_path) -> None:
    store = new_store(tmp_path)
    gallery = gallery_of(store, [packshot(), packshot()])
    plan = plan_of(gallery, Motion.PARALLAX, Rung.PARALLAX)
    cutout = cut_out_of(gallery, store)
    stills = render_stills(plan, {}, 0, gallery, cutout, BrandLook(), open_engine("stills", "layered"), store)
    assert all(still.parallax for still in stills.stills)
    voice = voice_of(store, ["One", "Two"], shot_frames=48, card_frames=24)
    clips = animate_stills(stills, voice, open_engine("clips", "warp"), store)
    assert clip_meets_spec(clips, voice, store).passed
    ((x, y, w, h),) = clips.clips[0].avoid_px_xywh
    last = list(read_planes(store.path(clips.clips[0].video)))[-1]
    rows, columns = np.nonzero(last.v > 150)
    assert abs(rows.min() * 2 - y) <= 4
    assert abs(columns.min() * 2 - x) <= 4
    assert abs(columns.max() * 2 - (x + w)) <= 4
    assert rows.max() * 2 <= y + h + 4


def test_other_shots_than_the_timelines_are_refused(made) -> None:
    stills, voice, _, store = made
    with pytest.raises(RenderError, match="make the voice again"):
        animate_stills(
            stills.model_copy(update={"stills": stills.stills[:1]}), voice, open_engine("clips", "warp"), store
        )


def test_a_single_clip_is_written_at_final_quality(made, tmp_path) -> None:
    stills, _, _clips, store = made
    write_clip(stills.stills[0], 24, open_engine("clips", "warp"), store, tmp_path / "clip.mp4")
    assert sum(1 for _ in read_planes(tmp_path / "clip.mp4")) == 24


@pytest.mark.parametrize("fault", ["frozen", "black", "short", "small", "not a video"])
def test_the_check_finds_bad_clips(made, tmp_path, fault: str) -> None:
    _, voice, clips, store = made
    path = tmp_path / "bad.mp4"
    good = list(read_planes(store.path(clips.clips[0].video)))
    black = Planes.from_rgb(np.zeros((1920, 1080, 3), np.uint8))
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


def test_what_leaves_the_frame_is_not_listed() -> None:
    windows = camera_windows((0, 0, 1080, 1920), (50, 0, 1080, 1920), 10)
    assert seen_at((-400, 10, 100, 100), windows) is None
    assert seen_at((20, 10, 100, 100), windows) == (0, 10, 120, 100)
