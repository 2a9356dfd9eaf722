"""One way to turn a photo and a take into a layered keyframe; every engine keeps the product's own pixels bit for bit.

What doesn't belong here: the store and the memo (`stills/render.py`), moving the camera (`clips/`).
"""

from dataclasses import dataclass
from typing import Protocol

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import VERTICAL, Affine, BoxPx, Format, Ground, Money, Parallax, Subject, Take, WindowPx


@dataclass(frozen=True)
class PhotoLayers:
    """One photo and what is known of it, all of the same height and width.

    `pixels`: HWC RGB uint8. `alpha`: HW uint8, 255 = product. `depth`: HW uint8, 255 = nearest. `normals`: HWC uint8,
    (n + 1) / 2 * 255 with x right, y up, z to the camera. None where there is no cutout; depth is read for rungs above
    `still_motion` only, normals for those that build a ground. `confidence`: 0 to 1, how likely the alpha's outline is
    the product's.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    depth: Pixels | None = None
    normals: Pixels | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class StillRequest:
    """What a keyframe is to be made of. `take` holds the scene's brief, where its rung has one.

    `palette`: `#rrggbb` background, text, accent; the first is always there. `mood`: the brief's mood pictures, HWC RGB
    uint8.
    """

    layers: PhotoLayers
    take: Take
    palette: tuple[str, ...]
    mood: tuple[Pixels, ...] = ()
    format: Format = VERTICAL


@dataclass(frozen=True)
class Keyframe:
    """The arrays and geometry of `records.Still`, before they are stored; see there for what each means.

    `paid`: None where it cost nothing but time.
    """

    plate: Pixels
    product: Pixels | None
    depth: Pixels | None
    lock_mask: Pixels
    canvas_to_photo: Affine
    photo_box_px_xywh: BoxPx
    focus_px_xywh: BoxPx
    subjects: tuple[Subject, ...]
    camera_start: WindowPx
    camera_end: WindowPx
    ground: Ground
    parallax: Parallax | None = None
    paid: Money | None = None


class StillEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def keyframe(self, request: StillRequest) -> Keyframe:
        """Lay out one take. Raises `RenderError` when it can't, `ParallaxRefused` when `still_motion` could."""
