"""What can be wrong with a finished file: its rate, codec, colour tags and layout. Each changes a clip in place."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from reel_pipeline.records import FPS

InFile = Callable[[Path], None]
_FAST = {"movflags": "+faststart"}


def at_rate(fps: int) -> InFile:
    """The same coded frames at another rate."""
    return lambda path: _repack(path, fps, _FAST)


def index_last(path: Path) -> None:
    _repack(path, FPS, {})


def _repack(path: Path, fps: int, options: dict[str, str]) -> None:
    other = path.with_suffix(".repacked.mp4")
    with av.open(str(path)) as source, av.open(str(other), "w", format="mp4", options=options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            packet.stream, packet.time_base = stream, Fraction(1, fps)
            packet.pts = packet.dts = number
            packet.duration = 1
            target.mux(packet)
    other.replace(path)


def coded(
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    matrix: Colorspace = Colorspace.ITU709,
    primaries: ColorPrimaries = ColorPrimaries.BT709,
    transfer: ColorTrc = ColorTrc.BT709,
    colour_range: ColorRange = ColorRange.MPEG,
) -> InFile:
    """The same pictures coded again, with these tags, whether they are true or not."""

    def change(path: Path) -> None:
        other = path.with_suffix(".coded.mp4")
        with av.open(str(path)) as source, av.open(str(other), "w", format="mp4", options=_FAST) as target:
            shown = source.streams.video[0]
            stream = target.add_stream(codec, rate=FPS, options={"crf": "20", "x265-params": "log-level=none"})
            stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, pix_fmt
            context = stream.codec_context
            context.color_primaries, context.color_trc = primaries, transfer
            context.colorspace, context.color_range = matrix, colour_range
            for number, frame in enumerate(source.decode(shown)):
                frame = frame if pix_fmt == "yuv420p" else frame.reformat(format=pix_fmt)
                frame.color_primaries, frame.color_trc = primaries, transfer
                frame.colorspace, frame.color_range = matrix, colour_range
                frame.pts, frame.time_base = number, Fraction(1, FPS)
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
        other.replace(path)

    return change
