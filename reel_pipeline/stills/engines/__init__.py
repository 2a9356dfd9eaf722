"""One way to turn a photo and a take into a layered keyframe; every engine keeps the product's own pixels bit for bit.

What doesn't belong here: the store and the memo (`stills/render.py`), moving the camera (`clips/`).
"""

from dataclasses import dataclass
from typing import Protocol

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Affine, BoxPx, Parallax, Take, WindowPx


@dataclass(frozen=True)
class PhotoLayers:
    """One photo and what is known of it, all of the same height and width.

    `pixels`: HWC RGB uint8. `alpha`: HW uint8, 255 = product. `depth`: HW uint8, 255 = nearest. None where no cutout.
    `confidence`: how likely the alpha's outline is the product's.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    depth: Pixels | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class Keyframe:
    """The arrays and geometry of `records.Still`, before they are stored; see there for what each means."""

    plate: Pixels
    product: Pixels | None
    depth: Pixels | None
    lock_mask: Pixels
    canvas_to_photo: Affine
    photo_box_px_xywh: BoxPx
    focus_px_xywh: BoxPx
    avoid_px_xywh: tuple[BoxPx, ...]
    camera_start: WindowPx
    camera_end: WindowPx
    parallax: Parallax | None = None


class StillEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def keyframe(self, layers: PhotoLayers, take: Take, palette: tuple[str, ...]) -> Keyframe:
        """Lay out one take. `palette`: `#rrggbb` background, text, accent. Raises `RenderError` when it can't,
        `ParallaxRefused` when another rung could."""
