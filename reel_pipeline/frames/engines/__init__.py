"""What a frame classifier and a cutout engine are, and how to open one by name.

`embedded` and `matting` need no weights, key or network. What a room makes of their answers is `classify.py`'s and
`cutout.py`'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, Record, Unit, ViewClass

Mask = NDArray[np.bool_]


class Observation(Record):
    """What one photo shows by itself, before its gallery is known. `features` are the engine's own, by name."""

    features: dict[str, float]
    face_boxes_px_xywh: tuple[BoxPx, ...] = ()
    product_box_px_xywh: BoxPx
    backdrop_is_plain: bool


class FrameClassifier(Protocol):
    name: str
    revision: str

    def look(self, rgb: Pixels) -> Observation:
        """One photo, HWC RGB uint8, alone: remembered per photo."""

    def view_scores(
        self, observations: Sequence[Observation], gallery: Sequence[Pixels]
    ) -> tuple[dict[ViewClass, float], ...]:
        """For all photos of one gallery (HWC RGB uint8), in order: calibrated probabilities of the four view classes.

        Each photo's sum to 1.
        """


@dataclass(frozen=True)
class Matte:
    """`alpha`: HW uint8 of the photo's size, 255 = product. `confidence`: how likely the outline is the product's."""

    alpha: Pixels
    confidence: Unit


class CutoutEngine(Protocol):
    name: str
    revision: str

    def cut_out(self, rgb: Pixels, own_alpha: Pixels | None = None) -> Matte:
        """HWC RGB uint8 and, where the file had one, its own HW uint8 transparency."""
