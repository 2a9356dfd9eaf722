"""One way to set a keyframe in motion.

What doesn't belong here: encoding and the memo (`clips/animate.py`), choosing the motion (`stills/`, `shots/`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import SettingsError
from reel_pipeline.media.photo import Pixels

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes


@dataclass(frozen=True)
class KeyframeLayers:
    """`plate`: HWC RGB uint8. `product`: HWC RGBA uint8 of the same size, None where the plate holds the product."""

    plate: Pixels
    product: Pixels | None


class ClipEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def frames(self, layers: KeyframeLayers, windows: NDArray[np.float64]) -> "Iterator[Planes]":
        """One 1080x1920 picture per row of `windows`: (frames, 4) camera windows x, y, width, height on the canvas."""


def open_engine(name: str) -> ClipEngine:
    """The engine of that name; raises `SettingsError` for any other."""
    if name == "warp":
        from reel_pipeline.clips.engines.warp import Warp

        return Warp()
    raise SettingsError(f"There is no clip engine '{name}'; use one of: warp.")
