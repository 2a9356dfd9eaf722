"""The embedded frame classifier: pixel statistics, a face cascade and a linear model; no weights to fetch.

The model is a multinomial logistic regression in `view_model.json`, fitted and cross-validated by product with
`reel_pipeline_tests/bench/classify.py`. The features are `features.py` and `siblings.py`.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from reel_pipeline.frames.backdrop import Backdrop
from reel_pipeline.frames.engines import Observation
from reel_pipeline.frames.engines.features import photo_features, read_scene
from reel_pipeline.frames.engines.siblings import gallery_features
from reel_pipeline.media.boxes import scaled_inside
from reel_pipeline.media.faces import find_faces
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import ViewClass

PLAIN_SIDE_SHARE, PLAIN_SIDES, PLAIN_BORDER_SHARE = 0.9, 3, 0.8
MAX_PLAIN_NOISE_DE = 3.0


class EmbeddedClassifier:
    name: str
    revision: str

    def look(self, rgb: Pixels) -> Observation:
        scene = read_scene(rgb)
        faces = find_faces(rgb)
        scale = max(rgb.shape[:2]) / max(scene.rgb.shape[:2])
        return Observation(
            features={name: round(value, 6) for name, value in photo_features(scene, len(faces)).items()},
            face_boxes_px_xywh=faces,
            product_box_px_xywh=scaled_inside(scene.box, scale, rgb.shape[:2]),
            backdrop_is_plain=is_plain(scene.backdrop),
        )

    def view_scores(
        self, observations: Sequence[Observation], gallery: Sequence[Pixels]
    ) -> tuple[dict[ViewClass, float], ...]:
        context = gallery_features(observations, gallery)
        return tuple(weigh({**seen.features, **extra}) for seen, extra in zip(observations, context, strict=True))


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


@cache
def _model() -> dict[str, Any]:
    text = resources.files("reel_pipeline.frames.engines").joinpath("view_model.json").read_text("utf-8")
    model: dict[str, Any] = json.loads(text)
    return model
