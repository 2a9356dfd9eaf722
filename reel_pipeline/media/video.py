"""H.264 in and out through PyAV: YUV planes straight into the encoder, never through picture files.

A video on the way through the pipeline is limited-range BT.709 yuv420p at 24 fps. What moves in it is `clips/`'s
business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from reel_pipeline.records import FPS

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class Planes:
    """One yuv420p picture: `y` (H, W), `u` and `v` (H/2, W/2), uint8, BT.709 limited range. H and W are even."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def from_rgb(cls, rgb: NDArray[np.uint8]) -> Self:
        """From HWC uint8 RGB of even height and width. Chroma is the mean of each 2x2 block (siting: centre)."""
        import cv2

        matrix = np.array(  # ITU-R BT.709-6, item 3: limited range 8 bit
            [
                [0.18259, 0.61423, 0.06201, 16.0],
                [-0.10064, -0.33857, 0.43922, 128.0],
                [0.43922, -0.39894, -0.04027, 128.0],
            ]
        )
        y = cv2.transform(rgb, matrix[:1])
        half = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
        chroma = cv2.transform(half, matrix[1:])
        return cls(np.ascontiguousarray(y), np.ascontiguousarray(chroma[..., 0]), np.ascontiguousarray(chroma[..., 1]))


@dataclass(frozen=True)
class Encoding:
    """x264 settings; `FINAL` is what people watch, `MEZZANINE` what is decoded once more by the assembly."""

    preset: str
    crf: int


FINAL = Encoding("veryfast", 20)
MEZZANINE = Encoding("ultrafast", 16)


class VideoWriter:
    """Encodes `Planes` to an MP4 with moov first, closed GOPs, no edit list; a context manager.

    `audio`: an M4A whose AAC packets are copied as they are.
    """

    def __init__(
        self, path: Path, width_px: int, height_px: int, encoding: Encoding = FINAL, audio: Path | None = None
    ) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "use_editlist": "0"})
        stream = self._container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.thread_count = 2
        stream.time_base = Fraction(1, FPS)
        # Without B-frames the first packet has dts = pts = 0, so no player needs an edit list to start at zero.
        stream.options = {
            "preset": encoding.preset,
            "crf": str(encoding.crf),
            "profile": "high",
            "bf": "0",
            "x264-params": f"keyint={2 * FPS}:open-gop=0:colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv",
        }
        context = stream.codec_context
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        self._stream = stream
        self._next_pts = 0
        self._audio = av.open(str(audio)) if audio else None
        if self._audio:
            self._audio_out = self._container.add_stream_from_template(self._audio.streams.audio[0])

    def write(self, planes: Planes) -> None:
        frame = VideoFrame(planes.y.shape[1], planes.y.shape[0], "yuv420p")
        for target, source in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            view = np.frombuffer(memoryview(target), np.uint8).reshape(target.height, target.line_size)
            view[:, : target.width] = source
        frame.pts, frame.time_base = self._next_pts, Fraction(1, FPS)
        frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        self._next_pts += 1
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._container.mux(self._stream.encode(None))
            if self._audio:
                for packet in self._audio.demux(audio=0):
                    if packet.size:
                        packet.stream = self._audio_out
                        self._container.mux(packet)
        if self._audio:
            self._audio.close()
        self._container.close()


def read_planes(path: Path) -> Iterator[Planes]:
    """Every frame of a video, decoded one at a time; memory stays flat. Any pixel format is converted to yuv420p."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if frame.format.name != "yuv420p":
                frame = frame.reformat(
                    format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
                )
            yield Planes(*(_visible(plane) for plane in frame.planes))


def _visible(plane: av.video.plane.VideoPlane) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].copy()


def to_rgb(planes: Planes) -> NDArray[np.uint8]:
    """HWC uint8 RGB of one picture, for looking and judging."""
    frame = VideoFrame(planes.y.shape[1], planes.y.shape[0], "yuv420p")
    for target, source in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
        view = np.frombuffer(memoryview(target), np.uint8).reshape(target.height, target.line_size)
        view[:, : target.width] = source
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    rgb = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.JPEG)
    return np.asarray(rgb.to_ndarray(), np.uint8)


def audio_packets(path: Path) -> Iterator[bytes]:
    """The audio packets of a file in order, as they lie in it."""
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            if packet.size:
                yield bytes(packet)
