import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import RenderError, SettingsError
from reel_pipeline.media.photo import decode_png, encode_png
from reel_pipeline.records import BoxPx, BrandLook, Motion, ProductCutout, Rung, StillEdition, Take
from reel_pipeline.stills.checks import product_pixels_locked
from reel_pipeline.stills.render import render_still, render_stills
from reel_pipeline.store import Store
from reel_pipeline_tests.reels.making import cut_out_of, gallery_of, new_store, packshot, plan_of, scene

NO_CUTOUT = ProductCutout(cutouts=())


@pytest.fixture
def store(tmp_path) -> Store:
    return new_store(tmp_path)


def render(store: Store, *pictures: np.ndarray, motion: Motion = Motion.PUSH_IN, **options):
    gallery = gallery_of(store, pictures)
    plan = plan_of(gallery, motion)
    edition = render_stills(
        plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store, **options
    )
    return gallery, edition


def test_keyframes_hold_the_photos_own_pixels(store: Store) -> None:
    gallery, edition = render(store, packshot(), scene())
    finding = product_pixels_locked(edition, gallery, store)
    assert finding.passed, finding.sentence
    assert finding.measured["pixels_compared"] > 600 * 600


@pytest.mark.parametrize("change", ["one_pixel", "empty_lock", "stretched_camera", "shifted"])
def test_the_check_finds_a_tampered_keyframe(store: Store, change: str) -> None:
    gallery, edition = render(store, packshot(), scene())
    still = edition.stills[0]
    if change == "one_pixel":
        plate = decode_png(store.read(still.plate)).copy()
        x, y, w, h = still.focus_px_xywh
        plate[y + h // 2, x + w // 2, 1] ^= 1
        still = still.model_copy(update={"plate": store.put(encode_png(plate), ".png")})
    elif change == "empty_lock":
        lock = np.zeros_like(decode_png(store.read(still.lock_mask)))
        still = still.model_copy(update={"lock_mask": store.put(encode_png(lock), ".png")})
    elif change == "stretched_camera":
        x, y, w, h = still.camera_end
        still = still.model_copy(update={"camera_end": (x, y, w, h * 0.95)})
    else:
        a, b, c, d, e, f = still.canvas_to_photo
        still = still.model_copy(update={"canvas_to_photo": (a, b, c + 1, d, e, f)})
    finding = product_pixels_locked(StillEdition(attempt=0, stills=(still, edition.stills[1])), gallery, store)
    assert not finding.passed
    assert finding.sentence.startswith("Shot 1")


def test_a_plain_backdrop_goes_on_without_a_seam(store: Store) -> None:
    _, edition = render(store, packshot(backdrop=225), packshot())
    still = edition.stills[0]
    plate = decode_png(store.read(still.plate)).astype(float)
    x, y, w, _h = still.photo_box_px_xywh
    assert y > 100, "a square photo in a tall frame needs backdrop above it"
    above, below = plate[y - 6 : y, x : x + w].mean((0, 1)), plate[y : y + 6, x : x + w].mean((0, 1))
    assert np.abs(above - below).max() < 1.5
    far = plate[: y - 8, x : x + w]
    assert far.std(axis=1).max() < 3.0, "streaks"


def test_a_shadow_at_the_edge_melts_away_instead_of_streaking(store: Store) -> None:
    picture = packshot().astype(float)
    across = np.exp(-(((np.arange(600) - 300) / 70.0) ** 2))
    picture[500:] -= 22 * across[None, :, None] * np.linspace(0, 1, 100)[:, None, None]
    _, edition = render(store, np.rint(picture).astype(np.uint8), packshot())
    still = edition.stills[0]
    plate = decode_png(store.read(still.plate)).astype(float)
    x, y, w, h = still.photo_box_px_xywh
    assert plate.shape[0] - (y + h) > 200
    at_edge = np.ptp(plate[y + h + 2, x : x + w].mean(axis=-1))
    further = np.ptp(cv2.blur(plate, (9, 9))[y + h + 180, x : x + w].mean(axis=-1))
    assert further < 0.6 * at_edge


def test_pale_cloth_that_fills_its_photo_is_not_taken_for_backdrop(store: Store) -> None:
    cloth = np.full((600, 600, 3), 246, np.uint8)
    cloth[250:350, 280:320] = 60
    gallery = gallery_of(store, [cloth, packshot()])
    plan = plan_of(gallery)
    whole = plan.shots[0].takes[0].model_copy(update={"focus_px_xywh": (0, 0, 600, 600)})
    shots = (plan.shots[0].model_copy(update={"takes": (whole,)}), plan.shots[1])
    plan = plan.model_copy(update={"shots": shots})
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store)
    plate = decode_png(store.read(edition.stills[0].plate))
    mat = np.array([0xF4, 0xF1, 0xEC])
    assert np.abs(plate[3, 3].astype(int) - mat).max() < 8, "the photo lies on the brand's mat"


def test_a_close_up_of_a_product_that_stands_free_keeps_its_backdrop(store: Store) -> None:
    gallery = gallery_of(store, [packshot(1000, 1000, 200), packshot()])
    plan = plan_of(gallery)
    whole = plan.shots[0].takes[0]
    close = whole.model_copy(update={"focus_px_xywh": (400, 0, 200, 1000), "avoid_px_xywh": ((100, 300, 800, 400),)})
    plan = plan.model_copy(update={"shots": (plan.shots[0].model_copy(update={"takes": (close,)}), plan.shots[1])})
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store)
    plate = decode_png(store.read(edition.stills[0].plate)).astype(int)
    assert np.abs(plate[3].mean(axis=0) - 200).max() < 8, "the backdrop goes on above, no mat begins there"


def test_a_mat_keeps_near_to_a_dark_backdrop(store: Store) -> None:
    picture = np.full((700, 700, 3), 4, np.uint8)
    picture[:, 200:500] = (150, 120, 100)
    gallery = gallery_of(store, [picture, packshot()])
    plan = plan_of(gallery)
    cut = plan.shots[0].takes[0].model_copy(update={"focus_px_xywh": (200, 0, 300, 700)})
    plan = plan.model_copy(update={"shots": (plan.shots[0].model_copy(update={"takes": (cut,)}), plan.shots[1])})
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store)
    plate = decode_png(store.read(edition.stills[0].plate)).astype(int)
    assert 15 < plate[3, 3].mean() < 60


def test_a_second_call_computes_nothing(store: Store) -> None:
    render(store, packshot(), scene())
    store.counts.clear()
    render(store, packshot(), scene())
    assert (store.counts["reused"], store.counts["computed"]) == (2, 0)


def test_previews_are_small(store: Store) -> None:
    _, edition = render(store, scene(), packshot())
    assert all(still.preview.size_bytes < 40_000 for still in edition.stills)


def test_a_missing_take_or_photo_is_named(store: Store) -> None:
    gallery = gallery_of(store, [packshot(), scene()])
    plan, engine = plan_of(gallery), open_engine("stills", "layered")
    with pytest.raises(RenderError, match="Shot 2 has 1 takes and take 4"):
        render_stills(plan, {2: 3}, 0, gallery, NO_CUTOUT, BrandLook(), engine, store)
    less = gallery.model_copy(update={"photos": gallery.photos[:1]})
    with pytest.raises(RenderError, match="no longer in the gallery"):
        render_stills(plan, {}, 0, less, NO_CUTOUT, BrandLook(), engine, store)


@pytest.mark.parametrize("size", [(600, 600), (1440, 1440), (1600, 700), (640, 1600)])
@pytest.mark.parametrize("motion", [Motion.PUSH_IN, Motion.PULL_OUT, Motion.PAN_LEFT, Motion.PAN_RIGHT])
def test_a_still_names_the_motion_that_happens(store: Store, motion: Motion, size: tuple[int, int]) -> None:
    _, edition = render(store, packshot(*size), scene(*size), motion=motion)
    for still in edition.stills:
        (x, _, width, _), (end_x, _, end_width, _) = still.camera_start, still.camera_end
        zooms, pans = (width > end_width, width < end_width), (x > end_x, x < end_x)
        happens = (*zooms, False, False) if abs(width - end_width) > 1 else (False, False, *pans)
        names = (Motion.PUSH_IN, Motion.PULL_OUT, Motion.PAN_LEFT, Motion.PAN_RIGHT)
        assert still.take.motion is names[happens.index(True)]
        assert bool(still.instead) == (still.take.motion is not motion)


@pytest.mark.parametrize(
    ("size", "focus", "asked", "happens"),
    [
        ((1440, 1440), (72, 72, 1296, 1296), Motion.PAN_LEFT, Motion.PUSH_IN),
        ((1600, 680), (0, 0, 1600, 680), Motion.PUSH_IN, Motion.PAN_RIGHT),
        ((1600, 680), (0, 0, 1600, 680), Motion.PULL_OUT, Motion.PAN_LEFT),
    ],
)
def test_a_motion_without_room_becomes_another_and_says_so(
    store: Store, size: tuple[int, int], focus: BoxPx, asked: Motion, happens: Motion
) -> None:
    gallery = gallery_of(store, [scene(*size)])
    take = Take(photo=gallery.photos[0].key, rung=Rung.STILL_MOTION, motion=asked, focus_px_xywh=focus)
    shot = plan_of(gallery).shots[0].model_copy(update={"takes": (take,)})
    still = render_still(shot, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store)
    assert still.take.motion is happens
    assert f"no room for a {asked.replace('_', ' ')}. The camera" in still.instead


def test_wider_shows_more_around_the_product(store: Store) -> None:
    _, planned = render(store, packshot(1800, 1800))
    _, wider = render(store, packshot(1800, 1800), wider=(2,))
    (first, before), (same, after) = planned.stills, wider.stills
    assert same == first
    assert after.take.motion is before.take.motion
    assert after.camera_end[2] > 1.2 * before.camera_end[2]


def test_a_photo_that_allows_no_parallax_falls_to_the_lowest_rung_and_says_why(store: Store) -> None:
    gallery = gallery_of(store, [packshot(), scene()])
    plan = plan_of(gallery, Motion.PARALLAX, Rung.PARALLAX)
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), open_engine("stills", "layered"), store)
    assert product_pixels_locked(edition, gallery, store).passed
    for still in edition.stills:
        assert (still.take.rung, still.take.motion) == (Rung.STILL_MOTION, Motion.PUSH_IN)
        assert still.instead.startswith("This photo allows no honest parallax")
        assert still.product is None


def test_parallax_starts_as_the_photo_and_discloses_little(store: Store) -> None:
    gallery = gallery_of(store, [packshot(), scene()])
    plan = plan_of(gallery, Motion.PARALLAX, Rung.PARALLAX)
    cutout = cut_out_of(gallery, store)
    edition = render_stills(plan, {}, 0, gallery, cutout, BrandLook(), open_engine("stills", "layered"), store)
    finding = product_pixels_locked(edition, gallery, store)
    assert finding.passed, finding.sentence
    assert all(still.parallax and not still.instead for still in edition.stills)
    still = edition.stills[0]
    assert still.parallax is not None
    shrinking = still.model_copy(update={"parallax": still.parallax.model_copy(update={"growth": -0.1})})
    changed = StillEdition(attempt=0, stills=(shrinking, edition.stills[1]))
    finding = product_pixels_locked(changed, gallery, store)
    assert not finding.passed
    assert "no photo shows" in finding.sentence


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="layered"):
        open_engine("stills", "magic")
