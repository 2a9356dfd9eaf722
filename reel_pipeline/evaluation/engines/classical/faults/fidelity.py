"""One frame against the photo it shows: which deviations there are, what each is called and how far it goes.

Input is a `Comparison`; which deviation is a fault is decided by the gates, later.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.evaluation.engines import Charge
from reel_pipeline.evaluation.engines.classical.comparing.colour import STEP_PX, colour_difference, lightness_gain
from reel_pipeline.evaluation.engines.classical.comparing.tiles import CLEARLY_OFF, Comparison
from reel_pipeline.evaluation.engines.classical.faults.evidence import side_by_side
from reel_pipeline.evaluation.engines.classical.seeing.planes import WINDOW_PX, Mask, Matrix, Plane, local_contrast
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.boxes import intersection, rows_and_columns
from reel_pipeline.records import BoxPx

_SEARCH_PX = 14
"""Grid pixels around its place in which a patch that seems to have moved is looked for."""
_MIN_SHIFT_PX = 1.2
"""Grid pixels of flow from which on something may have moved; clean clips stay below 0.8 at the 99th percentile."""
_MIN_AREA_PX = 12
"""Grid pixels of a patch that doesn't match, at least."""
_MIN_DETAIL_PX = 2000
"""Detailed grid pixels from which on a share of them says something."""
_FLOW_WINDOW_PX = 24
"""Side of the windows in which a product that is bent out of shape is looked for, in grid pixels."""
_APART = 0.7
"""Mean difference in a window, over the tolerance there, up to which its structure is where it should be, whatever the
flow says: 4.9 levels where a codec may leave 7."""
MAX_RELIGHT = 1.15
"""Factor on L* by which the light may differ: a frame at L* 58 where the photo has 50 is in another light, which hides
a hue shift, and a person has to look."""
CLOSE_FACE = 0.96 / 9
"""Share of the frame's short side from which on a face is high enough to be close: 58 of 540 grid pixels, three of the
windows that are compared."""


def inspect(comparison: Comparison, time_s: float, with_plan: bool) -> Iterator[Charge]:
    """A charge for each kind of deviation in one frame, whatever its score; of invented details one for each place.

    The kind `relit` has no gate: its score is the factor between the two lights. `with_plan`: there is a cut list.
    """
    yield Charge("geometry_collapse", comparison.stretch_percent, time_s, _frame_box(comparison, _whole(comparison)))
    yield from _colour(comparison, time_s, with_plan)
    for kind, score in (("ghosting", _ghost(comparison)), ("smear", comparison.smear)):
        yield _suspect(comparison, kind, score, time_s, _whole(comparison))
    yield _warp(comparison, time_s)
    yield _unexplained(comparison, time_s)
    yield from _windows(comparison, time_s)


def inspect_faces(
    comparison: Comparison, faces: Sequence[BoxPx], time_s: float, frame_side_px: int
) -> Iterator[Charge]:
    """For each close face, how much it differs from the photo's: the standard deviation of frame less photo in the
    worst window, over the tolerance there. Nothing is searched for nearby: people see a face move by less than a
    product may.

    `faces`: in photo pixels; `frame_side_px`: the kept frame's short one.
    """
    boxes = [(face, _hull(face, comparison.photo_to_frame)) for face in faces]
    close = [(face, box) for face, box in boxes if box[3] >= CLOSE_FACE * frame_side_px]
    if not close:
        return
    spread = local_contrast(np.where(comparison.valid, comparison.frame - comparison.photo, 0).astype(np.float32))
    to_grid = np.linalg.inv(comparison.to_frame) @ comparison.photo_to_frame
    for face, box in close:
        inside = _open_in(_hull(face, to_grid), comparison)
        if inside.any():
            yield Charge("face_artifact", float((spread / comparison.tolerance)[inside].max()), time_s, box)


def _windows(comparison: Comparison, time_s: float) -> Iterator[Charge]:
    """Each of the six largest patches that don't match, as a detail that was moved or made up."""
    mismatch = comparison.mismatch()
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mismatch > CLEARLY_OFF).astype(np.uint8))
    order = sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))
    for label in order[:6]:
        if stats[label, cv2.CC_STAT_AREA] < _MIN_AREA_PX:
            break
        x, y, width, height = (int(value) for value in stats[label, :4])
        worst = float(mismatch[labels == label].max())
        yield _suspect(comparison, "invented_detail", min(worst, 1.0), time_s, (x, y, width, height))


def _unexplained(comparison: Comparison, time_s: float) -> Charge:
    """The share of the detail that the photo doesn't have there: what a move uncovered was made up."""
    matching, other = comparison.explained()
    share = other / (matching + other) if matching + other >= _MIN_DETAIL_PX else 0.0
    box = _largest(np.asarray(comparison.mismatch() > CLEARLY_OFF, np.bool_))
    return _suspect(comparison, "occluded_invention", share, time_s, box)


def _warp(comparison: Comparison, time_s: float) -> Charge:
    """Flow where the photo has structure: the window that is farthest from its place, in % of the product's width."""
    far = np.linalg.norm(comparison.flow, axis=2)
    structured = _structured(comparison)
    share = _mean(structured.astype(np.float32))
    apart = _mean(np.abs(comparison.frame - comparison.photo) * structured) / np.maximum(share, 1e-3)
    half = _FLOW_WINDOW_PX // 2
    doubtful = (share > 0.2) & (apart > _APART * comparison.tolerance)
    worst, box = 0.0, _whole(comparison)
    for row, column in np.argwhere(doubtful[half:-half:half, half:-half:half]):
        top, left = int(row) * half, int(column) * half
        place = np.s_[top : top + _FLOW_WINDOW_PX, left : left + _FLOW_WINDOW_PX]
        value = float(np.median(far[place][structured[place]])) if structured[place].any() else 0.0
        window = (left, top, _FLOW_WINDOW_PX, _FLOW_WINDOW_PX)
        if value > max(worst, _MIN_SHIFT_PX) and _really_moved(comparison, window):
            worst, box = value, window
    return _suspect(comparison, "warped_logo", 100 * worst / comparison.product_width_px, time_s, box)


def _mean(plane: Plane) -> Plane:
    """Mean of the flow window around each pixel, HW float32."""
    return np.asarray(cv2.blur(plane, (_FLOW_WINDOW_PX, _FLOW_WINDOW_PX)), np.float32)


def _structured(comparison: Comparison) -> Mask:
    """HW bool: where flow can be told in both directions, by the smaller eigenvalue of the structure tensor (Shi and
    Tomasi 1994)."""
    corners = cv2.cornerMinEigenVal(comparison.photo, WINDOW_PX, None, 3)
    return np.asarray(comparison.valid & (comparison.detail > 8) & (corners > 2e-3 * 255), np.bool_)


def _really_moved(comparison: Comparison, box: BoxPx) -> bool:
    """Whether the photo's patch is found in the frame at least a pixel away, matching well and better than at its
    place: only then is the flow believed. `box`: in grid pixels."""
    x, y, width, height = box
    patch = comparison.photo[rows_and_columns(box)]
    pad = _SEARCH_PX
    area = comparison.frame[max(0, y - pad) : y + height + pad, max(0, x - pad) : x + width + pad]
    answer = cv2.matchTemplate(area, patch, cv2.TM_CCOEFF_NORMED)
    _, best, _, (at_x, at_y) = cv2.minMaxLoc(answer)
    home = answer[min(y, pad), min(x, pad)]
    moved = float(np.hypot(at_x - min(x, pad), at_y - min(y, pad)))
    return best > 0.7 and best > home + 0.05 and moved >= 1


def _colour(comparison: Comparison, time_s: float, with_plan: bool) -> Iterator[Charge]:
    """CIEDE2000 of block means, 98th percentile; and the factor between the lights, as `relit`. A gain on lightness
    that product and surroundings have in common is light, not colour."""
    gain = lightness_gain(comparison)
    difference, valid = colour_difference(comparison, 1.0 if with_plan and abs(gain - 1) < 0.02 else gain)
    if not valid.any():
        return
    difference = np.asarray(cv2.medianBlur(np.where(valid, difference, 0).astype(np.float32), 3), np.float32)
    most = float(np.percentile(difference[valid], 98))
    x, y, width, height = _largest(difference >= max(most, 1e-3))
    box = (x * STEP_PX, y * STEP_PX, width * STEP_PX, height * STEP_PX)
    yield _suspect(comparison, "color_drift", most, time_s, box)
    relit = max(gain, 1 / max(gain, 1e-3))
    yield Charge("relit", relit, time_s, _frame_box(comparison, _whole(comparison)))


def _ghost(comparison: Comparison) -> float:
    """Opacity in [0, 1] of a faint second copy of the product; 0 where none explains a third of the residual.

    A ghost F = (1 - a) P + a P(x - d) leaves F - P = a (P(x - d) - P): the shift d is found by correlation, then the
    residual F - P is regressed on P(x - d) - P.
    """
    weight = comparison.valid.astype(np.float32)
    residual = (comparison.frame - comparison.photo) * weight
    if float(np.sqrt((residual**2).sum() / max(weight.sum(), 1))) < 1.5:
        return 0.0
    photo = (comparison.photo - comparison.photo[comparison.valid].mean()) * weight
    spectrum = np.fft.rfft2(residual) * np.conj(np.fft.rfft2(photo))
    surface = np.fft.irfft2(spectrum, s=photo.shape)
    surface[:3, :3] = surface[-2:, :3] = surface[:3, -2:] = surface[-2:, -2:] = -np.inf
    reach_y, reach_x = photo.shape[0] // 6, photo.shape[1] // 6
    surface[reach_y:-reach_y] = -np.inf
    surface[:, reach_x:-reach_x] = -np.inf
    dy, dx = np.unravel_index(int(np.argmax(surface)), surface.shape)
    copy = np.roll(comparison.photo, (int(dy), int(dx)), (0, 1)) - comparison.photo
    copy *= weight
    energy = float((copy * copy).sum())
    if energy < 1e-6:
        return 0.0
    opacity = float((copy * residual).sum()) / energy
    explained = opacity**2 * energy / max(float((residual**2).sum()), 1e-6)
    return max(0.0, opacity) if explained > 0.33 else 0.0


def _suspect(comparison: Comparison, kind: str, score: float, time_s: float, box: BoxPx) -> Charge:
    """A charge about a box in grid pixels; with evidence, which takes time to draw, only if it will be a fault."""
    guilty = score >= thresholds()[kind]
    evidence = side_by_side(comparison.photo_rgb, comparison.frame_rgb, box) if guilty else None
    return Charge(kind, score, time_s, _frame_box(comparison, box), evidence)


def _whole(comparison: Comparison) -> BoxPx:
    """The whole grid."""
    rows, columns = comparison.photo.shape
    return 0, 0, columns, rows


def _frame_box(comparison: Comparison, box: BoxPx) -> BoxPx:
    """The upright box, in kept-frame pixels, around a box in grid pixels."""
    return _hull(box, comparison.to_frame)


def _open_in(box: BoxPx, comparison: Comparison) -> Mask:
    """HW bool: the valid pixels in a box, all on the grid."""
    inside = np.zeros_like(comparison.valid)
    inside[rows_and_columns(intersection(box, _whole(comparison)))] = True
    return inside & comparison.valid


def _hull(box: BoxPx, matrix: Matrix) -> BoxPx:
    """The upright box around where `matrix` takes a box."""
    x, y, width, height = box
    corners = np.array([[[x, y], [x + width, y], [x + width, y + height], [x, y + height]]], np.float64)
    hull: NDArray[np.float64] = cv2.perspectiveTransform(corners, matrix)[0]
    (left, top), (right, bottom) = hull.min(0), hull.max(0)
    return round(left), round(top), max(1, round(right - left)), max(1, round(bottom - top))


def _largest(where: Mask) -> BoxPx:
    """Box of the largest connected patch of HW bool; the whole where there is none."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(where, np.uint8))
    if count < 2:
        return 0, 0, where.shape[1], where.shape[0]
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, width, height = (int(value) for value in stats[best, :4])
    return x, y, width, height
