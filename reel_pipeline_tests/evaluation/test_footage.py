"""Files as phones and other tools write them: turned by their metadata, at any frame rate."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.evaluation.engines import Passport
from reel_pipeline.media.video import Planes, VideoWriter
from reel_pipeline.records import CutList, Verdict
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.cases import CLEAN
from reel_pipeline_tests.bench.files import InFile, at_rate
from reel_pipeline_tests.bench.filming import SMALL, Fault, make_clip
from reel_pipeline_tests.drawing import product_photo

MATRICES = {1: (0, -1, 1, 0), 2: (-1, 0, 0, -1), 3: (0, 1, -1, 0)}
"""Quarter turns to the left that a player makes -> a, b, c, d of the track's matrix (ISO/IEC 14496-12, 8.3.2)."""
MATRIX_AT = 44


def lying(quarter_turns: int) -> InFile:
    """The frames lie on their side; the track header says how players have to turn them."""

    def change(path: Path) -> None:
        with av.open(str(path)) as source:
            frames = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
        turned = [np.ascontiguousarray(np.rot90(frame, -quarter_turns)) for frame in frames]
        with VideoWriter(path, turned[0].shape[1], turned[0].shape[0]) as writer:
            for frame in turned:
                writer.write(Planes.from_rgb(frame))
        a, b, c, d = (value << 16 for value in MATRICES[quarter_turns])
        data = bytearray(path.read_bytes())
        at = data.index(b"tkhd") + MATRIX_AT
        data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path.write_bytes(data)

    return change


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_video_is_judged_as_players_turn_it(tmp_path: Path, quarter_turns: int) -> None:
    path, photos = tmp_path / "clip.mp4", (product_photo(1, "NORTH TEA\n250 g"),)
    fault = Fault("lying", "", file=lying(quarter_turns))
    cut_list = make_clip(path, photos, fault, 3, SMALL, shots=1, frames_a_shot=20, card_frames=0)
    opinion = open_engine("judge", "classical").judge(path, cut_list, photos, lambda _: Passport())
    assert opinion.verdict is Verdict.ACCEPT, opinion


def doubled(path: Path) -> None:
    """Each frame twice, in the time of one."""
    with av.open(str(path)) as source:
        frames = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
    with VideoWriter(path, *SMALL) as writer:
        for frame in frames:
            writer.write(Planes.from_rgb(frame))
            writer.write(Planes.from_rgb(frame))
    at_rate(48)(path)


@pytest.mark.parametrize(
    "fault",
    [CLEAN, Fault("hold", "0.75 s", frames=faults.hold(18)), Fault("jerk", "1.2 %", frames=faults.jerk(1.2))],
    ids=["clean", "hold", "jerk"],
)
def test_motion_is_weighed_in_seconds_at_any_frame_rate(tmp_path: Path, fault: Fault) -> None:
    path, photos = tmp_path / "clip.mp4", (product_photo(1, "NORTH TEA\n250 g"),)
    cut_list = make_clip(path, photos, fault, 3, SMALL, shots=1, frames_a_shot=36, card_frames=0)

    def scores(listed: CutList) -> dict[str, float]:
        found = open_engine("judge", "classical").judge(path, listed, photos, lambda _: Passport()).scores
        return {kind: found[kind] for kind in ("frozen", "jerk", "jump_cut", "flicker")}

    usual = scores(cut_list)
    doubled(path)
    twice = [
        cut.model_copy(update={"start_frame": 2 * cut.start_frame, "frame_count": 2 * cut.frame_count})
        for cut in cut_list.cuts
    ]
    box = cut_list.overlays[0].boxes[0].model_copy(update={"frame_count": 72})
    caption = cut_list.overlays[0].model_copy(update={"boxes": (box,)})
    listed = cut_list.model_copy(update={"cuts": tuple(twice), "overlays": (caption,)})
    assert scores(listed) == pytest.approx(usual, abs=0.25, rel=0.25)
