"""A clip engine in one file, as somebody outside would write it around an image-to-video model."""

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from reel_pipeline.clips.engines import Animated, ClipRequest
from reel_pipeline.media.video import Planes
from reel_pipeline.records import Ground, GroundKind, Money, Span, TimedBox, Track


class ToyOptions(BaseModel):
    """`drift_px`: how far the picture moves to the left at every frame; `rest_frames`: how many it rests in between."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drift_px: int = Field(default=1, ge=0, le=10)
    rest_frames: int = Field(default=0, ge=0)


class Toy:
    name: str
    revision: str

    def __init__(self, options: ToyOptions) -> None:
        self.options = options

    def animate(self, request: ClipRequest, emit: Callable[[Planes], None]) -> Animated:
        """The first frame, which drifts to the left and comes in again on the right."""
        count, rest = request.frame_count, self.options.rest_frames
        before = (count - rest) // 2
        for number in range(count):
            steps = min(number, before) + max(0, number - before - rest)
            emit(Planes.from_rgb(np.roll(request.start_frame, -steps * self.options.drift_px, axis=1)))
        anywhere = TimedBox(start_frame=0, frame_count=count, box_px_xywh=request.format.frame_px_xywh)
        return Animated(
            tracks=(Track(kind="product", boxes=(anywhere,)),),
            holds=(Span(start_frame=before + 1, frame_count=rest),) if rest else (),
            paid=Money(amount="0.05", currency="EUR"),
            ground=Ground(kind=GroundKind.GENERATED, share=0.5),
        )
