"""One pass over the video: a few frames kept whole for close inspection, a handful of numbers for every frame.

What the numbers mean is the business of `faults/temporal.py`, what the kept frames show that of `views.py`. Memory does
not grow with the video's length beyond a few floats a frame.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from reel_pipeline.errors import EvaluationError
from reel_pipeline.evaluation.engines.classical.seeing.motion import MotionMeter, Steps
from reel_pipeline.evaluation.engines.classical.seeing.overlays import listed
from reel_pipeline.evaluation.engines.classical.seeing.passages import Passage, passages
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, size_at
from reel_pipeline.media.boxes import rows_and_columns
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, CutList

MAX_SHORT_SIDE_PX = 1080
"""A kept frame of a larger video is reduced to this: 2160x3840 is kept at 1080x1920."""
METER_SIDE_PX = 270
"""Short side at which motion is measured: a quarter of a reel's."""
SAMPLES_A_SHOT = 3
"""Frames kept of each shot: one near either end and one from its middle."""
MAX_SAMPLES = 30
"""Kept frames at most, 3 MB each: 90 MB."""
CLEAR_OF_CUT_S = 1 / 12
"""Frames this near to a cut, two at 24 fps, are not inspected closely: codecs blur them."""

# ITU-R BT.709-6 and BT.601-7, limited range, applied to (Y - 16, U - 128, V - 128); full range is rescaled to it first.
_TO_RGB = {
    "bt709": np.array([[1.16438, 0.0, 1.79274], [1.16438, -0.21325, -0.53291], [1.16438, 2.11240, 0.0]]),
    "bt601": np.array([[1.16438, 0.0, 1.59603], [1.16438, -0.39176, -0.81297], [1.16438, 2.01723, 0.0]]),
}
_TAGGED = {1: ("bt709",), 5: ("bt601",), 6: ("bt601",)}
"""`AVColorSpace` -> matrix. An untagged file may be either: the judge takes the one that suits the photos better."""


@dataclass(frozen=True)
class Sample:
    """A frame kept whole. `y`: HW uint8, `u` and `v` of half its size: yuv420p in limited range, at most
    `MAX_SHORT_SIDE_PX` on the short side. `index`: its number in the video. `part`: the box, in its own pixels, that is
    looked at; None: all of it."""

    index: int
    time_s: float
    y: Pixels
    u: Pixels
    v: Pixels
    part: BoxPx | None = None

    def only(self, part: BoxPx) -> "Sample":
        """The same frame, all grey but for a box."""
        return replace(self, y=_only(self.y, part, 1), u=_only(self.u, part, 2), v=_only(self.v, part, 2), part=part)

    def rgb(self, matrix: str) -> Pixels:
        """HWC RGB uint8, by the matrix called `bt709` or `bt601`."""
        size = (self.y.shape[1], self.y.shape[0])
        chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (self.u, self.v)]
        offsets = _TO_RGB[matrix] @ np.array([-16.0, -128.0, -128.0])
        transform = np.hstack([_TO_RGB[matrix], offsets[:, None]])
        return np.asarray(cv2.transform(cv2.merge([self.y, *chroma]), transform), np.uint8)


@dataclass
class Footage:
    """What was seen of a video, upright as players show it. `scale`: kept-frame pixels per pixel of the video.
    `matrices`: names of the colour matrices that it may mean, both where the file doesn't say."""

    width_px: int
    height_px: int
    fps: float
    scale: float
    matrices: tuple[str, ...]
    steps: Steps
    samples: list[Sample] = field(default_factory=list)

    @property
    def frame_count(self) -> int:
        return len(self.steps.mean_luma)


def watch(path: Path, cut_list: CutList | None) -> Footage:
    """Decode the video once, from its first frame to its last. With a cut list, the kept frames are spread over its
    shots and their transitions. Raises `EvaluationError` for a file that is no readable video."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise EvaluationError(f"{path.name} has no picture; give a video file.")
            return _watch(container, cut_list, path.name)
    except (av.FFmpegError, OSError) as error:
        raise EvaluationError(f"{path.name} can't be read as a video ({error}); export it again as MP4.") from error


def _watch(container: av.container.InputContainer, cut_list: CutList | None, name: str) -> Footage:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    fps = float(stream.average_rate or stream.guessed_rate or 24)
    footage: Footage | None = None
    meter = MotionMeter(METER_SIDE_PX, fps)
    entered = passages(cut_list, fps) if cut_list else {}
    clear_frames = max(1, round(CLEAR_OF_CUT_S * fps))
    chooser = _Chooser(cut_list, entered, _expected_frames(container, stream, fps), clear_frames)
    pushed = {start + number: px for start, one in entered.items() for number, px in enumerate(one.pushed_px)}
    for index, frame in enumerate(container.decode(stream)):
        plain = _plain(frame)
        if footage is None:
            # A phone writes the picture as its sensor lies, and how players have to turn it.
            quarter_turns = round(frame.rotation / 90) % 4
            footage = _begin(frame, fps, meter, quarter_turns)
        planes = [_upright(_plane(plane), quarter_turns) for plane in plain.planes]
        is_cut = meter.see(planes[0], *_slid(cut_list, pushed, index))
        if chooser.wants(index, is_cut) and len(footage.samples) < MAX_SAMPLES:
            footage.samples.append(_sample(index, index / fps, planes, footage.scale))
    if footage is None:
        raise EvaluationError(f"{name} has no frames; export the video again.")
    footage.steps.seam = meter.seam()
    return footage


def _slid(cut_list: CutList | None, pushed: Mapping[int, int], index: int) -> tuple[float | None, Mask | None]:
    """By which share of its width a slide has pushed the picture with this frame, and what lies still over it."""
    if cut_list is None or not pushed.keys() & {index, index + 1}:
        return None, None
    format, scale = cut_list.format, METER_SIDE_PX / min(cut_list.format.width_px, cut_list.format.height_px)
    shape = size_at(METER_SIDE_PX, (format.height_px, format.width_px))[::-1]
    share = pushed[index] / format.width_px if index in pushed else None
    return share, listed(cut_list, index, shape, scale)


def _begin(frame: VideoFrame, fps: float, meter: MotionMeter, quarter_turns: int) -> Footage:
    scale = min(1.0, MAX_SHORT_SIDE_PX / min(frame.width, frame.height))
    matrices = _TAGGED.get(int(frame.colorspace), ("bt709", "bt601"))
    width, height = (frame.height, frame.width) if quarter_turns % 2 else (frame.width, frame.height)
    return Footage(width, height, fps, scale, matrices, meter.steps)


def _expected_frames(container: av.container.InputContainer, stream: av.VideoStream, fps: float) -> int:
    if stream.frames:
        return stream.frames
    return round((container.duration or av.time_base * 10) / av.time_base * fps)


class _Chooser:
    """Which frames are kept: three a shot and one a transition where they are known, else an even grid and one after
    every cut."""

    def __init__(
        self, cut_list: CutList | None, entered: Mapping[int, Passage], frame_count: int, clear_frames: int
    ) -> None:
        self._clear = clear_frames
        planned = _planned(cut_list, entered, clear_frames) if cut_list else None
        self._wanted = set(planned or _even(0, frame_count, 15, clear_frames))
        self._follow_cuts = cut_list is None
        self._after_cut = -1

    def wants(self, index: int, is_cut: bool) -> bool:
        if self._follow_cuts and is_cut:
            self._after_cut = index + self._clear
        return index in self._wanted or index == self._after_cut


def _planned(cut_list: CutList, entered: Mapping[int, Passage], clear_frames: int) -> Iterator[int]:
    for cut in cut_list.cuts:
        start = cut.start_frame
        if start in entered:
            yield entered[start].middle_frame
            start += entered[start].frame_count
        yield from _even(start, cut.stop_frame - start, SAMPLES_A_SHOT if cut.photo else 1, clear_frames)


def _even(start: int, count: int, wanted: int, clear_frames: int) -> Iterator[int]:
    """Indices of `wanted` frames spread over a stretch, clear of its ends: 3 of 48 frames from 0 on are 2, 24 and
    45."""
    clear = min(clear_frames, max(0, (count - 1) // 2))
    room = count - 1 - 2 * clear
    for number in range(wanted):
        yield start + clear + round(room * (number / (wanted - 1) if wanted > 1 else 0.5))


def _plain(frame: VideoFrame) -> VideoFrame:
    """The frame as yuv420p in limited range. Its colour matrix stays."""
    if frame.format.name == "yuv420p" and int(frame.color_range) != 2:
        return frame
    return frame.reformat(format="yuv420p", dst_color_range="MPEG")


def _plane(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """HW uint8, without the padding at the end of each row; a view of the frame's memory."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _only(plane: NDArray[np.uint8], part: BoxPx, step: int) -> NDArray[np.uint8]:
    """HW uint8, grey outside of a box in pixels of a plane `step` times as large."""
    x, y, width, height = (value // step for value in part)
    left = np.full_like(plane, 128)
    left[rows_and_columns((x, y, width, height))] = plane[rows_and_columns((x, y, width, height))]
    return left


def _upright(plane: NDArray[np.uint8], quarter_turns: int) -> NDArray[np.uint8]:
    """HW uint8, turned counter-clockwise."""
    return np.ascontiguousarray(np.rot90(plane, quarter_turns)) if quarter_turns else plane


def _sample(index: int, time_s: float, planes: list[NDArray[np.uint8]], scale: float) -> Sample:
    if scale == 1.0:
        y, u, v = (plane.copy() for plane in planes)
        return Sample(index, time_s, y, u, v)
    height, width = planes[0].shape
    size = (round(width * scale), round(height * scale))
    y, u, v = (np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8) for plane in planes)
    return Sample(index, time_s, y, u, v)
