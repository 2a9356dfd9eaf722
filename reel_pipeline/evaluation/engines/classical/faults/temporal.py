"""From the numbers of every frame to charges about motion: black, frozen, jumping, jerking, flickering, a seam.

`seeing/motion.py` measures; which cuts and holds are intended comes from the scenes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines import Charge
from reel_pipeline.evaluation.engines.classical.seeing.footage import Footage
from reel_pipeline.evaluation.engines.classical.seeing.motion import STILL_LAG_S, Steps
from reel_pipeline.evaluation.engines.classical.seeing.scenes import Scene, still_frames
from reel_pipeline.records import CutList, Span

HALF_SHARE = 0.45
"""Share of a clip without a cut list that, standing still, counts as half of it: nobody cuts to the frame. 54 of 120
frames score 1."""
_DARK_SHARE = 0.85
"""Share of dark pixels from which on a frame is black. Less than the 0.98 of ffmpeg's blackdetect: a caption may lie
over a black picture."""
_FREE_S = 1 / 12
"""Nothing is expected of the picture this near to a cut: two frames at 24 fps."""
_BESIDE_S = 1 / 6
"""How far on either side a frame's neighbours reach: four frames at 24 fps."""
_STEPS_A_SECOND = 24
"""Motion is weighed in so many steps, whatever the file's rate: at 60 fps one step is 2.5 frames."""
_BLACK_LUMA = 16
"""Black in limited range."""
_LEAST_LUMA = 4
"""Levels above black by which flicker is divided at least: that of a darker picture is not magnified further."""
MIN_WAY = 3.0
"""% of the short side that a picture must move away before it can come back: 32 px of 1080. A camera that is held still
by hand sways by less."""
MAX_LEFT = 0.25
"""Share of that way that may be left at the end of a loop: 8 px of 32. A clip that has come back less far may just have
turned."""
_LEAST_STEP = 0.1
"""% of the short side: a pixel of the reel. Slower motion is not told from a codec's noise."""
MAX_HOLD_S = 1.2
"""A declared hold that lasts longer, 29 frames at 24 fps, is a still picture like any other."""
MAX_HELD_SHARE = 0.5
"""Most of a shot that its holds may take together: 18 of 36 frames."""


def inspect_motion(
    footage: Footage, scenes: Sequence[Scene], cut_list: CutList | None, dark_photos: bool
) -> Iterator[Charge]:
    """Everything about how the picture moves. `scenes`: the cut list's, where there is one; `dark_photos`: a gallery
    photo is itself nearly black, so that a black picture means nothing."""
    steps, fps = footage.steps, footage.fps
    for scene in scenes:
        if not dark_photos and not (scene.is_card and cut_list):
            yield _black(steps, scene.with_transition, fps)
        if cut_list:
            yield from _unplanned(steps, scene, fps)
        if scene.is_card:
            continue
        yield _flicker(steps, scene, fps)
        yield from _leaps(steps, scene, fps)
    yield from _frozen_shots(steps, scenes, cut_list.holds, fps) if cut_list else [_frozen(steps, scenes, fps)]
    yield from _loop_seam(footage, scenes[0], scenes[-1])


def _black(steps: Steps, scene: Scene, fps: float) -> Charge:
    """Seconds of the longest black stretch."""
    dark = np.array(steps.dark_share[scene.start : scene.stop]) >= _DARK_SHARE
    at, length = longest_run(dark)
    return Charge("black", length / fps, (scene.start + at) / fps)


def _frozen_shots(steps: Steps, scenes: Sequence[Scene], holds: Sequence[Span], fps: float) -> Iterator[Charge]:
    """Seconds that a shot stands still, its honest holds left out: what stands still before and after one adds up."""
    for scene in scenes:
        if scene.is_card:
            continue
        still = still_frames(steps, scene)
        due = np.flatnonzero(~(still & _held(scene, holds, fps)))
        at, length = longest_run(still[due])
        # A shot shorter than the gate may not stand still as a whole either.
        whole = 1.0 if length >= 0.95 * len(due) else 0.0
        yield Charge("frozen", max(length / fps, whole), (scene.start + int(due[at])) / fps)


def _held(scene: Scene, holds: Sequence[Span], fps: float) -> NDArray[np.bool_]:
    """One bool for each frame of the scene: True in a declared hold. None is, where they are too much together; nor is
    one that is too long, for which holds half a second apart count as one."""
    held = np.zeros(scene.count, np.bool_)
    for hold in holds:
        held[max(0, hold.start_frame - scene.start) : max(0, hold.stop_frame - scene.start)] = True
    reach = round(STILL_LAG_S * fps)
    joined = np.convolve(held.astype(np.uint8), np.ones(reach + 1, np.uint8)) > 0
    is_too_long = longest_run(joined)[1] > MAX_HOLD_S * fps + reach
    return np.zeros_like(held) if is_too_long or held.mean() > MAX_HELD_SHARE else held


def _frozen(steps: Steps, scenes: Sequence[Scene], fps: float) -> Charge:
    """Without a plan: the longest still run over `HALF_SHARE` of the clip, so that a still second half scores 1; an end
    card stands still on purpose."""
    total = len(steps.mean_luma)
    still = np.concatenate(
        [np.zeros(scene.count, np.bool_) if scene.is_card else still_frames(steps, scene) for scene in scenes]
    )
    at, length = longest_run(still)
    return Charge("frozen", length / (HALF_SHARE * total), at / fps)


def _flicker(steps: Steps, scene: Scene, fps: float) -> Charge:
    """By how many % of its usual brightness a frame differs from the mean of those just before and after, 90th
    percentile. A frame at 105 between two at 100, of which 16 are black, is 6 % off."""
    free = max(1, round(_FREE_S * fps))
    luma = np.array(steps.mean_luma[scene.start + free : scene.stop - free])
    usual = max(_LEAST_LUMA, float(np.median(luma)) - _BLACK_LUMA) if len(luma) else 0.0
    worst = Charge("flicker", 0.0, scene.start / fps)
    for lag in range(1, max(1, round(fps / _STEPS_A_SECOND)) + 1):
        if len(luma) < max(2 * lag + 1, fps / 4):
            break
        away = 100 * np.abs(luma[lag:-lag] - (luma[: -2 * lag] + luma[2 * lag :]) / 2) / usual
        score = float(np.percentile(away, 90))
        if score >= worst.score:
            worst = Charge("flicker", score, (scene.start + free + lag + int(np.argmax(away))) / fps)
    return worst


def _unplanned(steps: Steps, scene: Scene, fps: float) -> Iterator[Charge]:
    """A hard change where no cut is planned, or in a slide another one than its push, which scores 100."""
    slid = range(scene.with_transition.start, scene.start + 1) if scene.enters else range(0)
    if found := [cut for cut in steps.cuts if cut in slid or scene.start + 1 < cut < scene.stop - 1]:
        yield Charge("jump_cut", 100.0, found[0] / fps)


def _leaps(steps: Steps, scene: Scene, fps: float) -> Iterator[Charge]:
    """Frames that move by far more than their neighbours, in % of the short side; and jerk, the second difference of
    the steps' lengths, 95th percentile."""
    first, last = scene.start + 1, scene.stop
    shift = np.array(steps.shift[first:last])
    if len(shift) < fps / 3:
        return
    step = 100 * np.hypot(shift[:, 0], shift[:, 1])
    known = np.isfinite(step)
    if known.sum() < fps / 4:
        return
    usual = _neighbours_median(step, max(2, round(_BESIDE_S * fps)))
    beyond = np.where(known, np.abs(step - usual), 0)
    at = int(np.argmax(beyond))
    yield Charge("jump_cut", float(beyond[at]), (first + at) / fps)
    jerk = np.abs(np.diff(_at_even_steps(shift, fps), 2))
    jerk = jerk[np.isfinite(jerk)]
    if len(jerk):
        yield Charge("jerk", float(np.percentile(jerk, 95)), first / fps)


def _at_even_steps(shift: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """(M,) float64: % of the short side moved in each step of 1 / `_STEPS_A_SECOND` s; nan where that can't be told.
    `shift`: (N, 4), as in `Steps`."""
    path = np.concatenate([np.zeros((1, 2)), np.nan_to_num(shift[:, :2]).cumsum(0)])
    # The step into a frame is known with the frame's own shift.
    known = np.concatenate([[1.0], np.isfinite(shift[:, 0])])
    at = np.arange(0, len(shift) + 1e-6, fps / _STEPS_A_SECOND)
    x, y, is_known = (np.interp(at, np.arange(len(path)), values) for values in (path[:, 0], path[:, 1], known))
    step = 100 * np.hypot(np.diff(x), np.diff(y))
    return np.where(is_known[1:] > 1 - 1e-6, step, np.nan)


def _neighbours_median(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """(N,) float64: for each value the median of it and `reach` on either side, those that are nan left out."""
    padded = np.pad(values, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    filled = np.where(np.isfinite(windows).any(1, keepdims=True), windows, 0)
    return np.asarray(np.nanmedian(filled, axis=1))


def _loop_seam(footage: Footage, first: Scene, last: Scene) -> Iterator[Charge]:
    """The step from the last frame to the first over a large one between neighbours, where a loop is meant: the last
    frame has come back to within `MAX_LEFT` of the farthest way from the first. Of a cut reel only the way within the
    first and the last scene counts: one that merely ends on the view that it began with is no loop."""
    if last.is_card:
        return
    steps, size = footage.steps, (footage.width_px, footage.height_px)
    shift = np.array(steps.shift)
    there, back = shift[first.start + 1 : first.stop], shift[last.start + 1 : last.stop]
    seam = np.array(steps.seam)
    gone = np.concatenate([np.nan_to_num(there).cumsum(0), seam + np.nan_to_num(back)[::-1].cumsum(0)])
    left, way = float(_travel(seam, size)), float(_travel(gone, size).max(initial=0.0))
    if way >= MIN_WAY and left <= MAX_LEFT * way:
        # Not the median: a codec lets a dark picture stand for some frames and then leap.
        large = float(np.nanpercentile(_travel(np.concatenate([there, back]), size), 90))
        yield Charge("loop_seam", left / max(large, _LEAST_STEP), (last.stop - 1) / footage.fps)


def _travel(shift: NDArray[np.float64], size_px: tuple[int, int]) -> NDArray[np.float64]:
    """How far similarities, (..., 4) as in `Steps.shift`, move the points of a picture of `size_px` (width, height):
    (...,) float64, root mean square, in % of its short side.

    Scale and rotation move a point by its distance from the middle, whose mean square is, in short sides of a picture
    of 9:16, (1 + (16 / 9)^2) / 12 = 0.347.
    """
    width, height = size_px
    about_middle = round((width**2 + height**2) / min(size_px) ** 2 / 12, 3)
    return np.asarray(100 * np.sqrt(shift**2 @ np.array([1.0, 1.0, about_middle, about_middle])))


def longest_run(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length of the longest run of True; (0, 0) when there is none."""
    best, start, length = (0, 0), 0, 0
    for index, flag in enumerate(flags):
        length = length + 1 if flag else 0
        if length == 1:
            start = index
        if length > best[1]:
            best = (start, length)
    return best
