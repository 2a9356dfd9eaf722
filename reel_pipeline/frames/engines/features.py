"""The numbers that the embedded classifier weighs: what a photo's border, silhouette, skin and texture show.

Everything is measured at `WORK_SIDE_PX`, so a photo's resolution does not matter. Weighing them is `embedded.py`'s
business, the border model `backdrop.py`'s.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.frames.backdrop import INLIER_DE, Backdrop, read_backdrop, to_lab
from reel_pipeline.frames.engines import Mask
from reel_pipeline.media.boxes import box_around, rows_and_columns
from reel_pipeline.media.faces import skin_mask
from reel_pipeline.media.photo import Pixels, fit
from reel_pipeline.records import BoxPx

WORK_SIDE_PX = 320
PLAIN_SHARE = 0.5
"""Below it, the border is not a backdrop and the silhouette means little."""


@dataclass(frozen=True)
class Scene:
    """One photo at `WORK_SIDE_PX`. `subject`: what is not backdrop. `skin`: what has the colour of skin."""

    rgb: Pixels
    backdrop: Backdrop
    subject: Mask
    skin: Mask
    box: BoxPx


def read_scene(rgb: Pixels) -> Scene:
    """From HWC RGB uint8 of any size."""
    small = fit(rgb, WORK_SIDE_PX)
    lab = to_lab(small)
    backdrop = read_backdrop(lab)
    subject = _main_parts(~backdrop.is_backdrop)
    return Scene(small, backdrop, subject, skin_mask(small), box_around(subject))


def photo_features(scene: Scene, faces: int) -> dict[str, float]:
    """All features of one photo by name; each about 0 to 1."""
    grey = np.asarray(cv2.cvtColor(scene.rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    border = _border_features(scene.backdrop, grey)
    silhouette = _silhouette_features(scene.subject, scene.box)
    skin = _skin_features(scene)
    return {
        **border,
        **silhouette,
        **skin,
        **_texture_features(scene, grey),
        "faces": min(1.0, float(faces)),
        # What a linear model can't see: skin before a backdrop is a wearer, a body cut by the frame's lower edge too.
        "skin_on_plain": skin["skin_some"] * border["border_plain"],
        "skin_in_the_open": skin["skin"] * border["border_sides_open"],
        "cut_below": silhouette["touch_bottom"] * border["border_plain_top"],
        "all_sides_open": float(border["border_plain_worst"] > 0.9),
    }


def _border_features(backdrop: Backdrop, grey: Pixels) -> dict[str, float]:
    top, bottom, left, right = backdrop.side_shares
    lightness = backdrop.colour_lab[0]
    chroma = float(np.hypot(*backdrop.colour_lab[1:]))
    edges = cv2.Canny(grey, 50, 120) > 0
    thickness = max(3, round(0.06 * max(grey.shape)))
    band = np.ones(grey.shape, bool)
    band[thickness:-thickness, thickness:-thickness] = False
    return {
        "border_plain": backdrop.plain_share,
        "border_plain_top": top,
        "border_plain_bottom": bottom,
        "border_plain_sides": (left + right) / 2,
        "border_plain_worst": min(backdrop.side_shares),
        "border_sides_open": sum(share > 0.9 for share in backdrop.side_shares) / 4,
        "border_noise": min(1.0, backdrop.noise_de / INLIER_DE),
        "border_extreme": float(lightness > 96 or lightness < 4) * backdrop.plain_share,
        "border_chroma": min(1.0, chroma / 40),
        "border_edges": min(1.0, float(edges[band].mean()) / 0.2),
        "edges": min(1.0, float(edges.mean()) / 0.25),
    }


def _silhouette_features(subject: Mask, box: BoxPx) -> dict[str, float]:
    height, width = subject.shape
    _, _, box_width, box_height = box
    top, bottom, left, right = (float(line.mean()) for line in (subject[1], subject[-2], subject[:, 1], subject[:, -2]))
    rows = subject.mean(axis=1)
    thirds = [float(part.mean()) for part in np.array_split(rows, 3)]
    return {
        "fill": float(subject.mean()),
        "box_height": box_height / height,
        "box_width": box_width / width,
        "box_solid": float(subject.sum()) / max(1, box_width * box_height),
        "box_tall": float(np.tanh(np.log(max(box_height, 1) / max(box_width, 1)))),
        "touch_top": top,
        "touch_bottom": bottom,
        "touch_sides": (left + right) / 2,
        "touch_one_side": max(left, right) - min(left, right),
        "touches": sum(share > 0.04 for share in (top, bottom, left, right)) / 4,
        "top_heavy": thirds[0] - thirds[2],
        "middle_heavy": thirds[1] - (thirds[0] + thirds[2]) / 2,
        "symmetry": _symmetry(subject, box),
        "frame_tall": float(np.tanh(np.log(height / width))),
    }


def _symmetry(subject: Mask, box: BoxPx) -> float:
    """Overlap (IoU) of the silhouette with its mirror image inside its box."""
    part = subject[rows_and_columns(box)]
    return float((part & part[:, ::-1]).sum() / max(1, (part | part[:, ::-1]).sum()))


def _skin_features(scene: Scene) -> dict[str, float]:
    skin = scene.skin & scene.subject
    count, _, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8))
    areas = sorted((int(stats[i, cv2.CC_STAT_AREA]) for i in range(1, count)), reverse=True)
    total = max(1, int(scene.subject.sum()))
    share = sum(areas) / total
    parts = sum(area > 0.003 * skin.size for area in areas)
    return {
        "skin": min(1.0, share / 0.4),
        "skin_some": float(0.02 < share < 0.5),
        "skin_largest": min(1.0, (areas[0] if areas else 0) / total / 0.3),
        "skin_parts": min(1.0, parts / 4),
    }


def _texture_features(scene: Scene, grey: Pixels) -> dict[str, float]:
    lab = to_lab(scene.rgb)
    laplacian = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    inside = scene.subject if scene.subject.any() else np.ones_like(scene.subject)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    blocks = _blocks(laplacian)
    hues = np.histogram2d(lab[..., 1].ravel(), lab[..., 2].ravel(), bins=12, range=[[-80, 80], [-80, 80]])[0].ravel()
    hues = hues[hues > 0] / hues.sum()
    green = (lab[..., 1] < -10) & (lab[..., 2] > 8)
    return {
        "detail": min(1.0, float(laplacian[inside].mean()) / 30),
        "flat_blocks": float((blocks < 2.0).mean()),
        "blurred_blocks": float(((blocks >= 0.6) & (blocks < 3.0)).mean()),
        "chroma": min(1.0, float(chroma[inside].mean()) / 50),
        "dark": float((lab[..., 0] < 15).mean()),
        "bright": float((lab[..., 0] > 97).mean()),
        "green": min(1.0, float(green.mean()) / 0.3),
        "hue_spread": float(-(hues * np.log(hues)).sum() / 3),
    }


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over a 16 x 16 grid."""
    return np.asarray(cv2.resize(values, (16, 16), interpolation=cv2.INTER_AREA), np.float32)


def _main_parts(subject: Mask) -> Mask:
    """Without specks: parts below 0.2 % of the picture, or all of them when nothing larger is there."""
    opened = cv2.morphologyEx(subject.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    keep = stats[:, cv2.CC_STAT_AREA] > 0.002 * subject.size
    keep[0] = False
    return np.asarray(keep[labels], bool) if keep.any() else subject
