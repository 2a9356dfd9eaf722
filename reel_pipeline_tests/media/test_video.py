import numpy as np
import pytest

from reel_pipeline.media.video import (
    FINAL,
    MEZZANINE,
    Planes,
    VideoWriter,
    audio_packets,
    read_planes,
    to_rgb,
)
from reel_pipeline_tests.reels.making import write_tone


def picture(shift: int, height: int = 128, width: int = 96) -> Planes:
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([(x * 2 + shift) % 256, (y + shift) % 256, np.full_like(x, 90)], axis=2)
    return Planes.from_rgb(rgb.astype(np.uint8))


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 60), (20, 130, 40), (10, 40, 220)])
def test_colours_survive_the_way_through_yuv(colour: tuple[int, int, int]) -> None:
    rgb = np.full((16, 16, 3), colour, np.uint8)
    assert np.abs(to_rgb(Planes.from_rgb(rgb)).astype(int) - rgb).max() <= 3


@pytest.mark.parametrize("encoding", [FINAL, MEZZANINE])
def test_what_is_written_is_read_back(tmp_path, encoding) -> None:
    frames = [picture(shift) for shift in range(0, 60, 2)]
    with VideoWriter(tmp_path / "v.mp4", 96, 128, encoding) as writer:
        for frame in frames:
            writer.write(frame)
    back = list(read_planes(tmp_path / "v.mp4"))
    assert len(back) == len(frames)
    assert max(np.abs(a.y.astype(int) - b.y).mean() for a, b in zip(frames, back, strict=True)) < 4


def test_sound_is_copied_packet_by_packet_and_the_file_starts_at_once(tmp_path) -> None:
    write_tone(tmp_path / "tone.m4a", 48, 0.3)
    with VideoWriter(tmp_path / "v.mp4", 96, 128, audio=tmp_path / "tone.m4a") as writer:
        for shift in range(48):
            writer.write(picture(shift))
    assert list(audio_packets(tmp_path / "v.mp4")) == list(audio_packets(tmp_path / "tone.m4a"))
    data = (tmp_path / "v.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"elst" not in data
