"""The backdrop as the photo's own border shows it: a smooth colour surface, and how far each pixel is from it.

Both engines of this room rest on it: a studio photo is one whose border is one smooth surface, and the product is what
differs from that surface. `stills/engines/border.py` has a model of its own, as it asks something else: what has to be
painted beyond the frame, in levels of RGB, so that it meets the photo's edge. OpenCV is imported late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels

Plane = NDArray[np.float32]
RING_SHARE = 0.025
"""Thickness of the border that shows the backdrop, in long sides of the photo: 13 px of 512."""
INLIER_DE = 7.0
"""CIE76 distance within which a border pixel belongs to the backdrop: above JPEG noise and vignetting that the surface
does not follow, below the palest cloth on white (about 9) in the development photos."""


@dataclass(frozen=True)
class Backdrop:
    """`distance`: HW float32, CIE76 from the surface. `is_backdrop`: HW bool, near it and connected to the border.

    `plain_share`: share in [0, 1] of the border that lies on the surface; `side_shares` the same for top, bottom, left,
    right. `noise_de`: median distance of those border pixels. `colour_lab`: the surface's mean on the border.
    """

    distance: Plane
    is_backdrop: NDArray[np.bool_]
    plain_share: float
    side_shares: tuple[float, float, float, float]
    noise_de: float
    colour_lab: tuple[float, float, float]


def to_lab(rgb: Pixels) -> Plane:
    """HWC RGB uint8 -> HWC float32 CIELAB (L in [0, 100])."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def read_backdrop(lab: Plane) -> Backdrop:
    """From HWC float32 CIELAB of a photo of about 256 to 1024 px.

    The commonest border colour starts a quadratic surface per channel, refitted three times to the border pixels near
    it; the surface may not leave the range of colours that the border itself shows by more than 3 units.
    """
    height, width = lab.shape[:2]
    ring = _ring(height, width)
    colours = lab[ring]
    near = np.linalg.norm(colours - _mode(colours), axis=1) < 2 * INLIER_DE
    terms = _terms(height, width)
    ring_terms = terms[ring]
    surface = np.zeros((6, 3))
    for _ in range(3):
        surface = _fit(ring_terms[near], colours[near])
        close = np.linalg.norm(colours - ring_terms @ surface, axis=1) < INLIER_DE
        if close.sum() < 0.05 * len(close):
            break
        near = close
    low, high = colours[near].min(axis=0) - 3, colours[near].max(axis=0) + 3
    predicted = np.clip(terms.reshape(-1, 6) @ surface, low, high).reshape(height, width, 3)
    distance = np.linalg.norm(lab - predicted, axis=2).astype(np.float32)
    on_ring = distance[ring] < INLIER_DE
    noise = float(np.median(distance[ring][on_ring])) if on_ring.any() else INLIER_DE
    return Backdrop(
        distance=distance,
        is_backdrop=connected_to_border(distance < min(INLIER_DE, 1.2 + 4 * noise)),
        plain_share=float(on_ring.mean()),
        side_shares=_side_shares(distance),
        noise_de=noise,
        colour_lab=(float(colours[near, 0].mean()), float(colours[near, 1].mean()), float(colours[near, 2].mean())),
    )


def connected_to_border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of an HW bool mask that reach the edge of the picture."""
    import cv2

    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    keep = np.zeros(int(labels.max()) + 1, bool)
    keep[edge] = True
    keep[0] = False
    return np.asarray(keep[labels], bool)


def _ring(height: int, width: int) -> NDArray[np.bool_]:
    thickness = max(2, round(RING_SHARE * max(height, width)))
    ring = np.ones((height, width), bool)
    ring[thickness:-thickness, thickness:-thickness] = False
    return ring


def _side_shares(distance: Plane) -> tuple[float, float, float, float]:
    thickness = max(2, round(RING_SHARE * max(distance.shape)))
    near = distance < INLIER_DE
    top, bottom, left, right = near[:thickness], near[-thickness:], near[:, :thickness], near[:, -thickness:]
    return float(top.mean()), float(bottom.mean()), float(left.mean()), float(right.mean())


def _mode(colours: Plane) -> Plane:
    """The centre of the fullest 8-unit bin of Lab, refined to the median of its surroundings."""
    bins = np.floor(colours / 8).astype(np.int64)
    _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    centre = np.median(colours[which.reshape(-1) == counts.argmax()], axis=0)
    return np.asarray(np.median(colours[np.linalg.norm(colours - centre, axis=1) < 10], axis=0), np.float32)


def _terms(height: int, width: int) -> NDArray[np.float64]:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _fit(terms: NDArray[np.float64], colours: Plane) -> NDArray[np.float64]:
    """Ridge on all but the constant, so that a border seen on one side only stays nearly flat."""
    weight = np.diag([0.0, *[0.02 * len(terms)] * 5])
    normal = terms.T @ terms + weight + 1e-9 * np.eye(6)
    return np.asarray(np.linalg.solve(normal, terms.T @ colours.astype(np.float64)))
