"""One way to set a keyframe in motion.

What doesn't belong here: encoding and the memo (`clips/animate.py`), choosing the motion (`stills/`, `shots/`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import Format, Ground, Money, Motion, SceneBrief, Span, Still, Track

if TYPE_CHECKING:
    from reel_pipeline.media.video import Planes


@dataclass(frozen=True)
class ClipRequest:
    """A keyframe and what is to become of it: `frame_count` frames of `format`.

    The layers are as large as the still's canvas. `plate`: HWC RGB uint8. `product`: HWC RGBA uint8, None where the
    plate holds the product. `depth`: HW uint8, 255 = nearest, None where the still has none.
    """

    still: Still
    format: Format
    frame_count: int
    plate: Pixels
    product: Pixels | None = None
    depth: Pixels | None = None

    @property
    def motion(self) -> Motion:
        return self.still.take.motion

    @property
    def brief(self) -> SceneBrief | None:
        """What the rung builds or generates around the product."""
        return self.still.take.brief

    @property
    def seed(self) -> int:
        return self.still.take.seed

    @property
    def start_frame(self) -> Pixels:
        """What the camera sees first, HWC RGB uint8 of the format's size: an image-to-video model begins with it."""
        return self._ends[0]

    @property
    def end_frame(self) -> Pixels:
        """What the camera sees last, as `start_frame`."""
        return self._ends[1]

    @cached_property
    def _ends(self) -> tuple[Pixels, Pixels]:
        from reel_pipeline.clips.camera import film
        from reel_pipeline.media.video import to_rgb

        first, last = film(self, (0, self.frame_count - 1))
        return to_rgb(first), to_rgb(last)


@dataclass(frozen=True)
class Animated:
    """What an engine says of the frames that it made, in frames of the clip and pixels of the format.

    `tracks` and `holds`: see `records.Clip`. `paid`: None where it costs nothing but time. `ground`: None where it is
    the still's.
    """

    tracks: tuple[Track, ...] = ()
    holds: tuple[Span, ...] = ()
    paid: Money | None = None
    ground: Ground | None = None


class ClipEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def animate(self, request: ClipRequest, emit: "Callable[[Planes], None]") -> Animated:
        """Hand over every frame in order to `emit`, one at a time, so that memory stays flat in their number.

        Raises `RenderError` where it can't.
        """
