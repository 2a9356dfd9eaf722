from dataclasses import replace

import cv2
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import ParallaxRefused, RenderError, SettingsError
from reel_pipeline.media.photo import decode_png, encode_png
from reel_pipeline.records import (
    SQUARE,
    Blob,
    BoxPx,
    BrandLook,
    Ground,
    GroundKind,
    MadeBy,
    Money,
    Motion,
    ProductCutout,
    Rung,
    SceneBrief,
    Subject,
    SubjectKind,
    Take,
)
from reel_pipeline.stills.checks import product_pixels_locked
from reel_pipeline.stills.engines import Keyframe, StillEngine, StillRequest
from reel_pipeline.stills.render import render_still, render_stills
from reel_pipeline.store import Store
from reel_pipeline_tests.reels.making import cut_out_of, gallery_of, new_store, packshot, plan_of, scene

NO_CUTOUT = ProductCutout(cutouts=())
PRICE = Money(amount="0.35", currency="EUR")


def layered(rung: Rung) -> StillEngine:
    return open_engine("stills", "layered")


class Builder:
    """Stands in for an engine of built scenes that is paid for each; it lays the photo out and builds nothing."""

    name = "builder"

    def __init__(self, revision: str = "1", refuses: bool = False) -> None:
        self.revision, self.refuses = revision, refuses
        self.asked: list[StillRequest] = []

    def keyframe(self, request: StillRequest) -> Keyframe:
        self.asked.append(request)
        if self.refuses:
            raise ParallaxRefused("This photo allows no built scene.")
        plain = request.take.model_copy(update={"rung": Rung.STILL_MOTION})
        made = layered(Rung.STILL_MOTION).keyframe(replace(request, take=plain))
        return replace(made, ground=Ground(kind=GroundKind.BUILT, share=0.4), paid=PRICE)

    def or_layered(self, rung: Rung) -> StillEngine:
        return self if rung is Rung.COMPOSITE else layered(rung)


@pytest.fixture
def store(tmp_path) -> Store:
    return new_store(tmp_path)


def render(store: Store, *pictures: np.ndarray, motion: Motion = Motion.PUSH_IN, **options):
    gallery = gallery_of(store, pictures)
    plan = plan_of(gallery, motion)
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store, **options)
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
    changed = edition.model_copy(update={"stills": (still, edition.stills[1])})
    finding = product_pixels_locked(changed, gallery, store)
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
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
    plate = decode_png(store.read(edition.stills[0].plate))
    mat = np.array([0xF4, 0xF1, 0xEC])
    assert np.abs(plate[3, 3].astype(int) - mat).max() < 8, "the photo lies on the brand's mat"


def test_a_close_up_of_a_product_that_stands_free_keeps_its_backdrop(store: Store) -> None:
    gallery = gallery_of(store, [packshot(1000, 1000, 200), packshot()])
    plan = plan_of(gallery)
    whole = plan.shots[0].takes[0]
    product = Subject(kind=SubjectKind.PRODUCT, box_px_xywh=(100, 300, 800, 400))
    close = whole.model_copy(update={"focus_px_xywh": (400, 0, 200, 1000), "subjects": (product,)})
    plan = plan.model_copy(update={"shots": (plan.shots[0].model_copy(update={"takes": (close,)}), plan.shots[1])})
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
    plate = decode_png(store.read(edition.stills[0].plate)).astype(int)
    assert np.abs(plate[3].mean(axis=0) - 200).max() < 8, "the backdrop goes on above, no mat begins there"


def test_a_mat_keeps_near_to_a_dark_backdrop(store: Store) -> None:
    picture = np.full((700, 700, 3), 4, np.uint8)
    picture[:, 200:500] = (150, 120, 100)
    gallery = gallery_of(store, [picture, packshot()])
    plan = plan_of(gallery)
    cut = plan.shots[0].takes[0].model_copy(update={"focus_px_xywh": (200, 0, 300, 700)})
    plan = plan.model_copy(update={"shots": (plan.shots[0].model_copy(update={"takes": (cut,)}), plan.shots[1])})
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
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
    plan = plan_of(gallery)
    with pytest.raises(RenderError, match="Shot 2 has 1 takes and take 4"):
        render_stills(plan, {2: 3}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
    less = gallery.model_copy(update={"photos": gallery.photos[:1]})
    with pytest.raises(RenderError, match="no longer in the gallery"):
        render_stills(plan, {}, 0, less, NO_CUTOUT, BrandLook(), layered, store)


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
    still = render_still(shot, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
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
    edition = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
    assert product_pixels_locked(edition, gallery, store).passed
    for still in edition.stills:
        assert (still.take.rung, still.take.motion) == (Rung.STILL_MOTION, Motion.PUSH_IN)
        assert still.instead.startswith("This photo allows no honest parallax")
        assert still.product is None


def test_parallax_starts_as_the_photo_and_discloses_little(store: Store) -> None:
    gallery = gallery_of(store, [packshot(), scene()])
    plan = plan_of(gallery, Motion.PARALLAX, Rung.PARALLAX)
    cutout = cut_out_of(gallery, store)
    edition = render_stills(plan, {}, 0, gallery, cutout, BrandLook(), layered, store)
    finding = product_pixels_locked(edition, gallery, store)
    assert finding.passed, finding.sentence
    assert all(still.parallax and not still.instead for still in edition.stills)
    still = edition.stills[0]
    assert still.parallax is not None
    shrinking = still.model_copy(update={"parallax": still.parallax.model_copy(update={"growth": -0.1})})
    changed = edition.model_copy(update={"stills": (shrinking, edition.stills[1])})
    finding = product_pixels_locked(changed, gallery, store)
    assert not finding.passed
    assert "no photo shows" in finding.sentence


def composite_plan(store: Store, mood: tuple[Blob, ...] = ()):
    gallery = gallery_of(store, [packshot(), scene()])
    plan = plan_of(gallery, rung=Rung.COMPOSITE, shots=2)
    brief = SceneBrief(setting="studio sweep", mood=mood)
    takes = [shot.takes[0].model_copy(update={"brief": brief}) for shot in plan.shots]
    shots = tuple(shot.model_copy(update={"takes": (take,)}) for shot, take in zip(plan.shots, takes, strict=True))
    return gallery, plan.model_copy(update={"shots": shots})


def test_the_engine_of_a_rung_gets_all_that_it_may_need_and_says_what_it_cost(store: Store) -> None:
    mood = store.put(encode_png(scene(80, 120)), ".png")
    gallery, plan = composite_plan(store, (mood,))
    cutout, builder = cut_out_of(gallery, store), Builder()
    edition = render_stills(plan, {}, 0, gallery, cutout, BrandLook(), builder.or_layered, store)
    first = builder.asked[0]
    assert first.layers.depth is not None
    assert first.layers.normals is not None
    assert first.take.brief == plan.shots[0].takes[0].brief
    assert [picture.shape for picture in first.mood] == [(120, 80, 3)]
    assert first.format == plan.format
    still = edition.stills[0]
    assert still.made_by == MadeBy(engine="builder", revision="1", paid=PRICE)
    assert still.ground == Ground(kind=GroundKind.BUILT, share=0.4)
    assert {currency: str(amount) for currency, amount in store.spent.paid.items()} == {"EUR": "0.70"}
    assert render_stills(plan, {}, 0, gallery, cutout, BrandLook(), builder.or_layered, store) == edition
    assert len(builder.asked) == 2, "nothing is paid for twice"
    renewed = Builder("2")
    render_stills(plan, {}, 0, gallery, cutout, BrandLook(), renewed.or_layered, store)
    assert len(renewed.asked) == 2


def test_a_refused_rung_is_made_by_the_engine_of_the_lowest_one(store: Store) -> None:
    gallery, plan = composite_plan(store)
    builder = Builder(refuses=True)
    for _ in range(2):
        still, _ = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), builder.or_layered, store).stills
    assert len(builder.asked) == 2, "a refusal is remembered too"
    lowest = layered(Rung.STILL_MOTION)
    assert still.made_by == MadeBy(engine="layered", revision=lowest.revision)
    assert still.take.rung is Rung.STILL_MOTION
    assert still.instead.startswith("This photo allows no built scene.")

    def with_another_lowest(rung: Rung) -> StillEngine:
        return builder if rung is Rung.COMPOSITE else Builder("lowest")

    still, _ = render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), with_another_lowest, store).stills
    assert still.made_by.revision == "lowest"


def test_a_still_is_made_by_its_engine_at_no_price(store: Store) -> None:
    _, edition = render(store, packshot(), scene())
    engine = layered(Rung.STILL_MOTION)
    assert {still.made_by for still in edition.stills} == {MadeBy(engine="layered", revision=engine.revision)}


def test_stills_have_the_plans_format(store: Store) -> None:
    gallery = gallery_of(store, [packshot(), scene()])
    upright, square = (
        render_stills(plan, {}, 0, gallery, NO_CUTOUT, BrandLook(), layered, store)
        for plan in (plan_of(gallery), plan_of(gallery, format=SQUARE))
    )
    assert square.format == SQUARE
    assert product_pixels_locked(square, gallery, store).passed
    assert all(abs(still.camera_end[2] - still.camera_end[3]) < 1e-6 for still in square.stills)
    stretched = upright.model_copy(update={"format": SQUARE})
    assert "stretch" in product_pixels_locked(stretched, gallery, store).sentence


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="layered"):
        open_engine("stills", "magic")
