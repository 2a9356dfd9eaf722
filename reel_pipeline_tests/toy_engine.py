"""A clip engine in one file, as somebody outside would write it."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from reel_pipeline.clips.engines import KeyframeLayers
from reel_pipeline.media.video import Planes


class ToyOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    wobble_px: int = Field(default=1, ge=0, le=10)


class Toy:
    name: str
    revision: str

    def __init__(self, options: ToyOptions) -> None:
        self.options = options

    def frames(
        self, layers: KeyframeLayers, windows: NDArray[np.float64], near: NDArray[np.float64]
    ) -> Iterator[Planes]:
        """The plate through each window, moved to the side by `wobble_px` in every other frame."""
        for index, (x, y, width, height) in enumerate(windows):
            scale = np.array([1080 / width, 1920 / height])
            matrix = np.array(
                [[scale[0], 0, -x * scale[0] + index % 2 * self.options.wobble_px], [0, scale[1], -y * scale[1]]]
            )
            picture = cv2.warpAffine(layers.plate, matrix, (1080, 1920), borderMode=cv2.BORDER_REPLICATE)
            yield Planes.from_rgb(np.asarray(picture, np.uint8))
