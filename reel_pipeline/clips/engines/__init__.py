"""One way to set a keyframe in motion.

What doesn't belong here: encoding and the memo (`clips/animate.py`), choosing the motion (`stills/`, `shots/`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes


@dataclass(frozen=True)
class KeyframeLayers:
    """`plate`: HWC RGB uint8. `product`: HWC RGBA uint8 of the same size, None where the plate holds the product.

    `stencil_px_xywh`: the part of the plate inside which the product shows, None for all of it.
    """

    plate: Pixels
    product: Pixels | None
    stencil_px_xywh: BoxPx | None = None


class ClipEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def frames(
        self, layers: KeyframeLayers, windows: NDArray[np.float64], near: NDArray[np.float64]
    ) -> "Iterator[Planes]":
        """One 1080x1920 picture per row of `windows`: (frames, 4) camera windows x, y, width, height on the canvas.

        `near`: as many windows, through which the product's layer is seen.
        """
