"""The embedded clip engine: the camera alone moves, over the photo's own pixels."""

from collections.abc import Callable

from reel_pipeline.clips.camera import film
from reel_pipeline.clips.engines import Animated, ClipRequest
from reel_pipeline.clips.path import tracks_of
from reel_pipeline.media.video import Planes


class Warp:
    name: str
    revision: str

    def animate(self, request: ClipRequest, emit: Callable[[Planes], None]) -> Animated:
        for planes in film(request, range(request.frame_count)):
            emit(planes)
        return Animated(tracks_of(request.still, request.frame_count, request.format))
