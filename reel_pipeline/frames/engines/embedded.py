"""The embedded frame classifier: pixel statistics, a face cascade and a linear model; no weights to fetch.

The model is a multinomial logistic regression in `view_model.json`, fitted and cross-validated by product with
`reel_pipeline_tests/bench/classify.py`. The features are `features.py` and `siblings.py`.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from reel_pipeline.errors import EngineUnavailable
from reel_pipeline.frames.backdrop import Backdrop
from reel_pipeline.frames.engines import Look
from reel_pipeline.frames.engines.features import Scene, photo_features, read_scene
from reel_pipeline.frames.engines.siblings import gallery_features
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, ViewClass

FACE_SIDE_PX = 480
MIN_FACE_PX = 24
MIN_FACE_SKIN = 0.4
"""Share of a face box that must look like skin: the cascade also fires on lenses, buckles and lace."""
PLAIN_SIDE_SHARE, PLAIN_SIDES, PLAIN_BORDER_SHARE = 0.9, 3, 0.8
MAX_PLAIN_NOISE_DE = 3.0


class EmbeddedClassifier:
    name = "embedded"
    revision = "3"

    def look(self, rgb: Pixels) -> Look:
        scene = read_scene(rgb)
        faces = find_faces(rgb, scene)
        scale = max(rgb.shape[:2]) / max(scene.rgb.shape[:2])
        return Look(
            features={name: round(value, 6) for name, value in photo_features(scene, len(faces)).items()},
            face_boxes_px_xywh=faces,
            product_box_px_xywh=_scaled(scene.box, scale, rgb),
            backdrop_is_plain=is_plain(scene.backdrop),
        )

    def view_scores(self, looks: Sequence[Look], gallery: Sequence[Pixels]) -> tuple[dict[ViewClass, float], ...]:
        context = gallery_features(looks, gallery)
        return tuple(weigh({**look.features, **extra}) for look, extra in zip(looks, context, strict=True))


def is_plain(backdrop: Backdrop) -> bool:
    """Three sides or four fifths of the border are one smooth surface, which can be continued beyond the frame.

    The rest may be the product itself, cut by the frame. Softly blurred scenes have two such sides at most.
    """
    open_sides = sum(share >= PLAIN_SIDE_SHARE for share in backdrop.side_shares)
    smooth = backdrop.noise_de <= MAX_PLAIN_NOISE_DE
    return smooth and (open_sides >= PLAIN_SIDES or backdrop.plain_share >= PLAIN_BORDER_SHARE)


def weigh(features: dict[str, float]) -> dict[ViewClass, float]:
    """Softmax of the linear model over named features: probabilities that sum to 1."""
    model = _model()
    logits = np.array([model["bias"][view] for view in ViewClass], np.float64)
    for name, term in model["features"].items():
        value = (features[name] - term["mean"]) / term["deviation"]
        logits += value * np.array([term["weights"][view] for view in ViewClass])
    logits /= model["temperature"]
    weights = np.exp(logits - logits.max())
    return {view: round(float(share), 6) for view, share in zip(ViewClass, weights / weights.sum(), strict=True)}


def find_faces(rgb: Pixels, scene: Scene) -> tuple[BoxPx, ...]:
    """Frontal faces, largest first, in photo pixels: local binary pattern cascade, kept where there is skin inside."""
    height, width = scene.rgb.shape[:2]
    scale = FACE_SIDE_PX / max(height, width)
    picture = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    largest = (round(0.7 * min(picture.shape[:2])),) * 2
    if largest[0] <= MIN_FACE_PX:
        return ()
    found = _cascade().detect_multi_scale(
        img=picture, scale_factor=1.2, step_ratio=1, min_size=(MIN_FACE_PX, MIN_FACE_PX), max_size=largest
    )
    faces = []
    for hit in found:
        box: BoxPx = (int(hit["c"]), int(hit["r"]), int(hit["width"]), int(hit["height"]))
        x, y, w, h = (round(value / scale) for value in box)
        inside = scene.skin[y : y + h, x : x + w]
        if inside.size and inside.mean() >= MIN_FACE_SKIN:
            faces.append(_scaled(box, max(rgb.shape[:2]) / FACE_SIDE_PX, rgb))
    return tuple(sorted(faces, key=lambda face: -face[2] * face[3]))


@cache
def _cascade() -> Any:
    import skimage
    from skimage.feature import Cascade

    file = Path(skimage.__file__).parent / "data" / "lbpcascade_frontalface_opencv.xml"
    if not file.is_file():
        raise EngineUnavailable("scikit-image lacks its face cascade; install scikit-image 0.26 again.")
    return Cascade(str(file))


@cache
def _model() -> dict[str, Any]:
    text = resources.files("reel_pipeline.frames.engines").joinpath("view_model.json").read_text("utf-8")
    model: dict[str, Any] = json.loads(text)
    return model


def _scaled(box: BoxPx, scale: float, rgb: Pixels) -> BoxPx:
    """A box of a reduced picture in the pixels of the photo, inside it."""
    height, width = rgb.shape[:2]
    left, top = max(0, round(box[0] * scale)), max(0, round(box[1] * scale))
    right, bottom = min(width, round((box[0] + box[2]) * scale)), min(height, round((box[1] + box[3]) * scale))
    return left, top, max(1, right - left), max(1, bottom - top)
