"""Every fault in its severities, and the honest clips that must pass beside them."""

from collections.abc import Callable

import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import CutList
from reel_pipeline_tests.bench import faults
from reel_pipeline_tests.bench.files import at_rate, coded, index_last
from reel_pipeline_tests.bench.filming import Fault
from reel_pipeline_tests.bench.sound import RATE, Stereo, louder

CLEAN = Fault("clean", "")


def _relit(gain: float) -> faults.Frames:
    return lambda frames: [cv2.convertScaleAbs(frame, alpha=gain) for frame in frames]


def _focus_pull(sigma_px: float) -> faults.Frames:
    """Out of focus at the start, sharp from the shot's middle on."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        sigmas = [sigma_px * max(0.0, 1 - 2 * index / len(frames)) for index in range(len(frames))]
        return [
            np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8) if sigma > 0.3 else frame
            for frame, sigma in zip(frames, sigmas, strict=True)
        ]

    return change


def _cropped(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """The middle 80 % by 80 % of the photo."""
    rows, columns = rgb.shape[:2]
    return np.ascontiguousarray(rgb[rows // 10 : rows * 9 // 10, columns // 10 : columns * 9 // 10])


def _panned(frames: list[Pixels]) -> list[Pixels]:
    """A pan of 10 % of the width over a light ground."""
    width = frames[0].shape[1]
    moves = [0.1 * width * index / len(frames) for index in range(len(frames))]
    return [faults.moved(frame, move, 235) for frame, move in zip(frames, moves, strict=True)]


def _hand(reach: float) -> faults.Frames:
    """Three fingers come in from the lower right by `reach` of the width."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        drawn = []
        for index, frame in enumerate(frames):
            height, width = frame.shape[:2]
            out = frame.copy()
            tip = 0.9 - reach * index / len(frames)
            for finger in range(3):
                x, y = round(width * (1.05 + tip) / 2), round(height * (0.45 + 0.035 * finger))
                axes = round(width * (1.05 - tip) / 2), round(0.03 * width)
                cv2.ellipse(out, (x, y), axes, 8, 0, 360, (205, 160, 135), -1, cv2.LINE_AA)
            drawn.append(out)
        return drawn

    return change


HONEST = (
    CLEAN,
    Fault("pan", "10 %", frames=_panned),
    *(Fault("hand", f"{round(100 * reach)} %", frames=_hand(reach), amount=100 * reach) for reach in (0.1, 0.4)),
    *(Fault("codec", f"CRF {crf}", crf=crf, amount=crf) for crf in (26, 18, 35, 30)),
    *(Fault("relight", f"x {gain}", frames=_relit(gain), amount=gain) for gain in (0.92, 1.06)),
    Fault("crop", "80 %", _cropped),
    Fault("another_view", "", first_photo=1),
    *(Fault("parallax", f"{p} %", apart=p, amount=p) for p in (5, 3)),
    *(Fault("focus_pull", f"{sigma} px", frames=_focus_pull(sigma), amount=sigma) for sigma in (1.5, 3.0)),
    Fault("loop", "", frames=faults.there_and_back(0), shot_s=3, has_card=False),
)
"""The first of every four come first in a run."""


def _clipped(gain_db: float) -> Callable[[Stereo], Stereo]:
    """Driven `gain_db` over full scale."""
    return lambda sound: np.clip(sound / np.abs(sound).max() * 10 ** (gain_db / 20), -1, 1).astype(np.float32)


def _hushed(seconds: float) -> Callable[[Stereo], Stereo]:
    def change(sound: Stereo) -> Stereo:
        out, count = sound.copy(), round(seconds * RATE)
        start = max(RATE // 4, (sound.shape[1] - count) // 2)
        out[:, start : start + count] = 0
        return out

    return change


def _quieter(lu: float) -> Callable[[Stereo], Stereo]:
    return lambda sound: louder(sound, -lu)


def _off(kind: str, amount: int) -> Callable[[CutList], CutList]:
    """A cut list that planned `amount` pixels or frames more."""

    def change(cut_list: CutList) -> CutList:
        if kind == "size":
            wider = cut_list.format.model_copy(update={"width_px": cut_list.format.width_px + amount})
            return cut_list.model_copy(update={"format": wider})
        last = cut_list.cuts[-1]
        longer = last.model_copy(update={"frame_count": last.frame_count + amount})
        return cut_list.model_copy(update={"cuts": (*cut_list.cuts[:-1], longer)})

    return change


NAMES = {
    "warp": {"warped_logo", "invented_detail"},
    "stretch": {"geometry_collapse"},
    "colour": {"color_drift"},
    "dot": {"invented_detail"},
    "ghost": {"ghosting"},
    "numeral": {"altered_text", "invented_detail"},
    "occluded_invention": {"occluded_invention", "invented_detail"},
}
"""What the judge may call a kind; the others bear the judge's own name."""

FAULTS = (
    *(Fault("warp", f"{p} %", faults.warp(p), amount=p) for p in (0.5, 1, 2, 4)),
    *(Fault("stretch", f"{p} %", faults.stretch(p), amount=p) for p in (1, 2, 4, 8)),
    *(Fault("colour", f"dE {d}", faults.tint(d), amount=d) for d in (4, 8, 12, 16)),
    *(Fault("dot", f"{p} %", faults.dot(p), amount=p) for p in (2, 4, 8, 12)),
    *(Fault("ghost", f"{p} %", faults.ghost(p), amount=p) for p in (5, 10, 25, 40)),
    *(Fault("numeral", f"{n} glyphs", faults.numeral(n), needs_text=True, amount=n) for n in (1, 2, 3, 4)),
    *(Fault("smear", f"{s} px", faults.blur(s), amount=s) for s in (2, 4, 6, 9)),
    *(Fault("occluded_invention", f"{p} %", faults.invent_side(p), amount=p) for p in (4, 8, 16, 30)),
    *(Fault("frozen", f"{n / 24:.2f} s", frames=faults.hold(n), amount=n / 24) for n in (18, 24, 30, 36)),
    *(Fault("black", f"{n / 24:.2f} s", frames=faults.blacken_for(n), amount=n / 24) for n in (2, 3, 6, 12)),
    *(Fault("jump_cut", f"{p} %", frames=faults.jump_by(p), amount=p) for p in (1, 3, 6, 10)),
    *(Fault("flicker", f"{p} %", frames=faults.flicker_by(p), amount=p) for p in (1, 2, 4, 8)),
    *(Fault("jerk", f"{p} %", frames=faults.jerk(p), amount=p) for p in (0.3, 0.6, 1.2, 2.4)),
    *(
        Fault("loop_seam", f"{p} %", frames=faults.there_and_back(p), amount=p, shot_s=3, has_card=False)
        for p in (0.25, 0.5, 1, 2)
    ),
    *(Fault("nonrigid_motion", f"{p} %", frames=faults.wobble(p), amount=p) for p in (0.25, 0.5, 1, 2)),
    *(Fault("audio_clipping", f"{g} dB", sound=_clipped(g), amount=g) for g in (1, 3, 6, 12)),
    *(Fault("audio_silence", f"{s} s", sound=_hushed(s), amount=s, shot_s=s + 2) for s in (2, 4, 6, 8)),
    *(Fault("audio_loudness", f"{lu} LU", sound=_quieter(lu), amount=lu) for lu in (1, 3, 6, 12)),
    *(Fault("spec_size", f"{n} px", listed=_off("size", n), amount=n) for n in (2, 8, 32, 128)),
    *(Fault("spec_fps", f"{fps} fps", file=at_rate(fps), amount=abs(fps - 24)) for fps in (25, 23, 30, 60)),
    *(Fault("spec_duration", f"{n} frames", listed=_off("frames", n), amount=n) for n in (1, 2, 6, 24)),
    Fault("spec_codec", "H.264 in 4:4:4", file=coded(pix_fmt="yuv444p"), amount=1),
    Fault("spec_codec", "H.265", file=coded("libx265"), amount=2),
    Fault("spec_codec", "VP9", file=coded("libvpx-vp9"), amount=3),
    Fault("spec_codec", "MPEG-4", file=coded("mpeg4"), amount=4),
    Fault("spec_color", "no transfer", file=coded(transfer=ColorTrc.UNSPECIFIED), amount=1),
    Fault("spec_color", "BT.2020 primaries", file=coded(primaries=ColorPrimaries.BT2020), amount=2),
    Fault("spec_color", "full range", file=coded(colour_range=ColorRange.JPEG), amount=3),
    Fault("spec_color", "BT.601 matrix", file=coded(matrix=Colorspace.ITU601), amount=4),
    Fault("spec_faststart", "index last", file=index_last, amount=1),
    *(Fault("face_artifact", f"{p} %", faults.face_artifact(p), needs_face=True, amount=p) for p in (1, 2, 4, 8)),
)
