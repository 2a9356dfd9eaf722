"""A relative depth and normals for one cut-out product.

Depth is a prior, not a measurement: the silhouette is inflated like a balloon, which is right for round bodies and
harmless for small camera moves on flat ones. OpenCV is imported late.
"""

import numpy as np

from reel_pipeline.media.photo import Pixels, fit

REVISION = "2"
"""Bump when the same cutout gets other depth or normals."""
WORK_SIDE_PX = 512
ROUND_SHARE = 0.25
"""The body stops curving this share of the box's shorter side inside the outline; beyond, it is flat."""
BACKDROP_LEVEL, RIM_LEVEL = 0, 64
"""Depth of the backdrop and of the product's outline, of 255: a step, so that a parallax move parts them."""


def inflate(alpha: Pixels) -> Pixels:
    """HW uint8 alpha -> HW uint8 relative depth, 255 = nearest, 0 = backdrop.

    A quarter circle of the distance to the outline (`ROUND_SHARE` of the shorter side wide), blurred and never outside.
    """
    import cv2

    height, width = alpha.shape
    small = fit(alpha, min(WORK_SIDE_PX, max(height, width)))
    solid = (small > 127).astype(np.uint8)
    if not solid.any():
        return np.zeros((height, width), np.uint8)
    padded = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    _, _, box_width, box_height = cv2.boundingRect(solid)
    reach = max(2.0, ROUND_SHARE * min(box_width, box_height))
    inward = np.clip(distance / reach, 0, 1)
    bulge = cv2.GaussianBlur(np.sqrt(1 - (1 - inward) ** 2).astype(np.float32), (0, 0), 2.0)
    depth = RIM_LEVEL + (255 - RIM_LEVEL) * bulge
    large = cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(np.where(alpha > 0, large * (alpha / 255.0), BACKDROP_LEVEL)), np.uint8)


def normals_of(depth: Pixels, alpha: Pixels) -> Pixels:
    """HW uint8 depth -> HWC uint8, (n + 1) / 2 * 255 in camera axes: x right, y up, z to the camera.

    The full range of depth counts as a quarter of the product's shorter side, so the inflated rim turns away by about
    45 degrees. Outside the product the normal is (0, 0, 1).
    """
    import cv2

    solid = (alpha > 127).astype(np.uint8)
    _, _, box_width, box_height = cv2.boundingRect(solid)
    relief = ROUND_SHARE * max(1, min(box_width, box_height)) / (255 - RIM_LEVEL)
    smooth = cv2.GaussianBlur(np.maximum(depth, RIM_LEVEL).astype(np.float32), (0, 0), 2.0) * relief
    normal = np.zeros((*depth.shape, 3), np.float32)
    normal[..., 0] = -cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    normal[..., 1] = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    normal[..., 2] = 1.0
    normal[solid == 0] = (0.0, 0.0, 1.0)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return np.asarray(np.rint((normal + 1) / 2 * 255), np.uint8)
