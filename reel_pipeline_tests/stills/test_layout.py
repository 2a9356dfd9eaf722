import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.records import LANDSCAPE, PORTRAIT, SQUARE, VERTICAL, Format, Motion
from reel_pipeline.stills.framing import MAX_UPSCALE, Box, Layout, Scene
from reel_pipeline.stills.layout import lay_out

SIDES = ("left", "top", "right", "bottom")


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    width, height = draw(st.integers(200, 3000)), draw(st.integers(200, 3000))
    x, y = draw(st.integers(0, width // 2)), draw(st.integers(0, height // 2))
    focus = Box(x, y, draw(st.integers(width // 8, width - x)), draw(st.integers(height // 8, height - y)))
    sides = frozenset(draw(st.sets(st.sampled_from(SIDES))))
    format = draw(st.sampled_from((VERTICAL, PORTRAIT, SQUARE, LANDSCAPE)))
    return Scene(width, height, sides, focus, focus, format=format)


def windows(layout: Layout) -> list[Box]:
    return [Box(*layout.start), Box(*layout.end)]


@given(scenes(), st.sampled_from(Motion))
@settings(max_examples=400, deadline=None)
def test_the_camera_never_stretches_nor_enlarges_too_much_nor_stands_still(scene: Scene, motion: Motion) -> None:
    layout = lay_out(scene, motion)
    for window in windows(layout):
        assert abs(window.w / window.h - scene.format.aspect) < 1e-6
        assert scene.format.width_px / window.w <= MAX_UPSCALE * 1.0001
    start, end = windows(layout)
    zooms = abs(start.w / end.w - 1) >= 0.039
    travels = abs(start.cx - end.cx) >= 0.04 * start.w
    assert zooms or travels


@given(scenes(), st.sampled_from(Motion))
@settings(max_examples=400, deadline=None)
def test_a_product_that_its_photo_shows_whole_stays_whole(scene: Scene, motion: Motion) -> None:
    focus = scene.focus
    whole = (
        focus.x > 0.02 * scene.width
        and focus.y > 0.02 * scene.height
        and focus.x + focus.w < 0.98 * scene.width
        and focus.y + focus.h < 0.98 * scene.height
    )
    if not whole:
        return
    for window in windows(lay_out(scene, motion)):
        assert window.x <= focus.x + 2
        assert window.x + window.w >= focus.x + focus.w - 2
        assert window.y <= focus.y + 2
        assert window.y + window.h >= focus.y + focus.h - 2


@given(scenes(), st.sampled_from(Motion))
@settings(max_examples=400, deadline=None)
def test_nothing_is_invented_beyond_a_closed_side(scene: Scene, motion: Motion) -> None:
    layout = lay_out(scene, motion)
    if layout.on_mat:
        return
    for window in windows(layout):
        reach = {
            "left": window.x,
            "top": window.y,
            "right": scene.width - window.x - window.w,
            "bottom": scene.height - window.y - window.h,
        }
        closed = set(SIDES) - scene.open_sides - ({"bottom"} if layout.panel else set())
        assert all(reach[side] >= -1 for side in closed)


def test_a_worn_photo_cut_at_the_waist_ends_at_the_frames_lower_edge() -> None:
    person = Box(320, 30, 640, 1550)
    layout = lay_out(Scene(1274, 1580, frozenset({"left", "top", "right"}), person, person), Motion.PUSH_IN)
    assert all(abs(window.y + window.h - 1580) < 1 for window in windows(layout))


def test_a_low_product_cut_below_stands_on_a_panel() -> None:
    sofa = Box(200, 700, 1100, 367)
    layout = lay_out(Scene(1600, 1067, frozenset({"left", "top", "right"}), sofa, sofa), Motion.PUSH_IN)
    assert layout.panel
    assert all(window.y + window.h > 1067 for window in windows(layout))


def test_a_low_product_cut_above_lies_on_a_mat_and_does_not_hang_over_emptiness() -> None:
    bag = Box(49, 0, 491, 469)
    layout = lay_out(Scene(540, 469, frozenset({"left", "bottom"}), bag, bag), Motion.PUSH_IN)
    assert layout.on_mat


def test_a_small_product_cut_below_stands_on_a_panel_though_its_photo_is_upright() -> None:
    neck = Box(83, 56, 306, 399)
    layout = lay_out(Scene(475, 455, frozenset({"left", "top", "right"}), neck, neck), Motion.PULL_OUT)
    assert layout.panel


def test_a_wide_scene_becomes_a_large_upright_picture_on_a_mat() -> None:
    layout = lay_out(Scene(1600, 1067, frozenset(), Box(700, 400, 300, 300), Box(700, 400, 300, 300)), Motion.PUSH_IN)
    assert layout.on_mat
    assert layout.shown[3] / layout.shown[2] > 1.2


def test_a_low_scene_without_a_known_product_is_panned_across_from_end_to_end() -> None:
    whole = Box(0, 0, 1500, 1125)
    for motion in Motion:
        layout = lay_out(Scene(1500, 1125, frozenset(), whole, whole), motion)
        ends = sorted([layout.start, layout.end])
        assert layout.on_mat
        assert abs(ends[0][0]) < 1
        assert abs(ends[1][0] + ends[1][2] - 1500) < 1
        assert 1125 / ends[0][3] > 0.48, "it is half as tall as the frame"
    label = Box(20, 500, 1400, 80)
    calm = lay_out(Scene(1500, 1125, frozenset(), whole, whole, label), Motion.PUSH_IN)
    assert all(window.x <= 20 and window.x + window.w >= 1420 for window in windows(calm))


@pytest.mark.parametrize("format", [VERTICAL, PORTRAIT, SQUARE, LANDSCAPE])
def test_label_text_is_never_cut_by_a_crop(format: Format) -> None:
    whole = Box(0, 0, 1440, 1440)
    for label in (Box(100, 500, 1240, 200), Box(500, 100, 200, 1240)):
        scene = Scene(1440, 1440, frozenset(), whole, whole, label, format=format)
        for window in windows(lay_out(scene, Motion.PAN_LEFT)):
            assert window.x <= label.x
            assert window.x + window.w >= label.x + label.w
            assert window.y <= label.y
            assert window.y + window.h >= label.y + label.h


def test_a_pan_over_a_close_up_travels_though_its_focus_fills_the_frame() -> None:
    cloth, focus = Box(0, 0, 1290, 1600), Box(249, 96, 792, 1408)
    layout = lay_out(Scene(1290, 1600, frozenset(), cloth, focus, close_up=True), Motion.PAN_RIGHT)
    assert layout.end[0] - layout.start[0] > 0.15 * layout.start[2]


def test_pans_go_where_they_are_told() -> None:
    box = Box(600, 600, 240, 240)
    scene = Scene(1440, 1440, frozenset(), box, box)
    left, right = lay_out(scene, Motion.PAN_LEFT), lay_out(scene, Motion.PAN_RIGHT)
    assert left.end[0] < left.start[0]
    assert right.end[0] > right.start[0]
