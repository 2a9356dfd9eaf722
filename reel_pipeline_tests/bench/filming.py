"""Clips for the judge's benchmark: real photos, a camera path independent of the fault, the codec after it.

Needs no other room: the clips are made here, so the judge is tested on pictures that no generator of this project made.
What is done to them is `faults.py`'s business.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.video import Encoding, Planes, VideoWriter
from reel_pipeline.records import BoxPx, Cut, CutList, Format, TimedBox, Track
from reel_pipeline_tests.bench.files import InFile
from reel_pipeline_tests.bench.products import Mask
from reel_pipeline_tests.bench.sound import Stereo, steady_sound, write_m4a

FULL, SMALL = (1080, 1920), (540, 960)
_SEEN_LEVELS, _SEEN_PX = 3, 10
ONSETS = ("constant", "ramp", "burst")


@dataclass(frozen=True)
class Fault:
    """`alter` changes a photo before it is filmed, `frames` the sequence of finished frames, `sound` the track, `file`
    the finished file, `listed` the cut list; None: unchanged. `amount` is the severity as a number in `severity`'s
    unit. `apart`: by how many % the product grows before its background during the shot. `has_card`: an end card
    follows."""

    kind: str
    severity: str
    alter: Callable[[Pixels, np.random.Generator], Pixels] | None = None
    frames: Callable[[list[Pixels]], list[Pixels]] | None = None
    needs_text: bool = False
    needs_face: bool = False
    amount: float = 0.0
    sound: Callable[[Stereo], Stereo] | None = None
    listed: Callable[[CutList], CutList] | None = None
    crf: int = 20
    first_photo: int = 0
    shot_s: float = 1.5
    file: InFile | None = None
    apart: float = 0.0
    has_card: bool = True


class Unseen(Exception):
    """The fault lies on a part of the photo that the camera never shows."""


def film(
    photo: Pixels,
    frame_count: int,
    rng: np.random.Generator,
    blurred: bool,
    size: tuple[int, int],
    mask: Mask | None = None,
    apart: float = 0.0,
) -> Iterator[Pixels]:
    """A slow zoom or pan over one photo on its own backdrop or a blurred copy, HWC RGB of `size` (width, height).

    With `apart`, what `mask` shows grows by that many % more than the rest, standing on its own foot.
    """
    width, height = size
    # A cubic warp below half size would alias, which no honest maker ships.
    reduce = min(1.0, 1.7 * width / photo.shape[1])
    photo = np.asarray(cv2.resize(photo, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA), np.uint8)
    rows, columns = photo.shape[:2]
    layer = _layer(photo, mask) if apart and mask is not None else None
    fit = min(width / columns, height / rows, 1.6 * width / 1080 / reduce)
    base = (
        fit * rng.uniform(0.85, 1.0)
        if rng.random() < 0.6
        else min(max(fit, height / rows * 0.8), 1.6 * width / 1080 / reduce)
    )
    grow = rng.uniform(0.04, 0.10) * (1 if rng.random() < 0.6 else -1)
    drift = rng.uniform(-0.03, 0.03, 2) * width
    border = np.median(np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]]), axis=0)
    backdrop = np.empty((height, width, 3), np.uint8)
    if blurred:
        cover = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        backdrop[:] = cv2.GaussianBlur(cover, (0, 0), width / 27)
    else:
        backdrop[:] = border.astype(np.uint8)
    for index in range(frame_count):
        t = index / max(1, frame_count - 1)
        ease = t * t * (3 - 2 * t)
        scale = base * (1 + grow * ease)
        x = width / 2 - scale * columns / 2 + drift[0] * ease
        y = height * 0.48 - scale * rows / 2 + drift[1] * ease
        frame = backdrop.copy()
        matrix = np.array([[scale, 0, x], [0, scale, y]])
        plate = layer.plate if layer else photo
        cv2.warpAffine(plate, matrix, size, dst=frame, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_TRANSPARENT)
        yield layer.over(frame, matrix, 1 + apart / 100 * ease) if layer else frame


@dataclass(frozen=True)
class _Layer:
    """`plate`: the photo with its product painted out; `alpha` HW float32; `foot`: the product's lowest middle."""

    photo: Pixels
    plate: Pixels
    alpha: NDArray[np.float32]
    foot: tuple[float, float]

    def over(self, frame: Pixels, matrix: NDArray[np.float64], grown: float) -> Pixels:
        x, y = self.foot
        about = np.array([[grown, 0, x * (1 - grown)], [0, grown, y * (1 - grown)], [0, 0, 1.0]])
        place, size = (matrix @ about)[:2], (frame.shape[1], frame.shape[0])
        product = cv2.warpAffine(self.photo, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpAffine(self.alpha, place, size, flags=cv2.INTER_LINEAR)[..., None]
        return np.rint(product * share + frame * (1 - share)).astype(np.uint8)


def _layer(photo: Pixels, mask: Mask) -> _Layer:
    small = cv2.resize(mask.astype(np.uint8), (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_NEAREST)
    x, y, w, h = cv2.boundingRect(small)
    hole = cv2.dilate(small, np.ones((7, 7), np.uint8))
    # Where it stands the product hardly moves, and its shadow has to stay.
    hole[y + h * 19 // 20 :] = 0
    plate = cv2.inpaint(photo, hole, 5, cv2.INPAINT_TELEA)
    alpha = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    return _Layer(photo, np.asarray(plate, np.uint8), np.asarray(alpha, np.float32), (x + w / 2, float(y + h)))


def caption(frame: Pixels, text: str, box: BoxPx) -> None:
    """Dark letters on a light plate; nothing is drawn outside `box`."""
    x, y, width, height = box
    frame[y : y + height, x : x + width] = (250, 248, 244)
    text_width, text_height = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.0, 1)[0]
    scale = min(0.9 * width / text_width, 0.6 * height / text_height)
    place = (x + width // 20, y + height * 2 // 3)
    cv2.putText(frame, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (30, 30, 30), 1 + round(scale), cv2.LINE_AA)


def end_card(size: tuple[int, int], frame_count: int) -> Iterator[Pixels]:
    frame = np.full((size[1], size[0], 3), (244, 241, 236), np.uint8)
    cv2.putText(
        frame,
        "Discover more",
        (size[0] // 5, size[1] // 2),
        cv2.FONT_HERSHEY_DUPLEX,
        size[0] / 540,
        (30, 30, 30),
        2,
        cv2.LINE_AA,
    )
    for _ in range(frame_count):
        yield frame


def make_clip(
    path: Path,
    photos: Sequence[Pixels],
    fault: Fault,
    seed: int,
    size: tuple[int, int] = FULL,
    shots: int = 3,
    frames_a_shot: int = 36,
    card_frames: int = 18,
    crf: int | None = None,
    onset: str = "constant",
    masks: Sequence[Mask | None] = (),
) -> CutList:
    """Film up to `shots` photos and an end card, hurt the first shot by `fault`, encode; returns the cut list.

    `onset`: a fault of the photo is there all the time, fades in, or is there in the shot's middle third only.
    `masks`: of `photos`, for what moves apart. Raises `Unseen` for a fault of the photo that no frame shows.
    """
    rng = np.random.default_rng(seed)
    shown = [photos[(fault.first_photo + number) % len(photos)] for number in range(min(shots, len(photos)))]
    cuts, overlays, start = [], [], 0
    card_frames = card_frames if fault.has_card else 0
    total = len(shown) * frames_a_shot + card_frames
    track = path.with_suffix(".m4a") if fault.sound else None
    if fault.sound and track:
        write_m4a(track, fault.sound(steady_sound(total)))
    with VideoWriter(path, *size, Encoding("veryfast", crf or fault.crf), track) as writer:
        for number, photo in enumerate(shown, 1):
            seeds = int(rng.integers(1 << 30)), seed + 7
            mask = masks[fault.first_photo] if number == 1 and fault.apart else None
            frames = _shot(
                photo, fault if number == 1 else None, frames_a_shot, seeds, number % 2 == 0, size, onset, mask
            )
            box = (size[0] // 10, size[1] * 3 // 4, size[0] * 8 // 10, size[1] // 20)
            for frame in frames:
                caption(frame, f"What the photo shows, part {number}", box)
                writer.write(Planes.from_rgb(frame))
            span = {"start_frame": start, "frame_count": len(frames)}
            cuts.append(Cut(shot=number, photo=f"{number:016x}", **span))
            overlays.append(Track(kind="caption", boxes=(TimedBox(box_px_xywh=box, **span),)))
            start += len(frames)
        for frame in end_card(size, card_frames):
            writer.write(Planes.from_rgb(frame))
    if card_frames:
        middle = (size[0] // 8, size[1] * 2 // 5, size[0] * 3 // 4, size[1] // 5)
        span = {"start_frame": start, "frame_count": card_frames}
        cuts.append(Cut(shot=None, photo=None, **span))
        overlays.append(Track(kind="end_card", boxes=(TimedBox(box_px_xywh=middle, **span),)))
    if fault.file:
        fault.file(path)
    shape = Format(width_px=size[0], height_px=size[1])
    cut_list = CutList(format=shape, cuts=tuple(cuts), overlays=tuple(overlays))
    return fault.listed(cut_list) if fault.listed else cut_list


def _shot(
    photo: Pixels,
    fault: Fault | None,
    count: int,
    seeds: tuple[int, int],
    blurred: bool,
    size: tuple[int, int],
    onset: str,
    mask: Mask | None,
) -> list[Pixels]:
    """The frames of one shot; `seeds` of the camera path and of the fault."""
    apart = fault.apart if fault else 0.0
    frames = list(film(photo, count, np.random.default_rng(seeds[0]), blurred, size, mask, apart))
    if fault is None:
        return frames
    if fault.alter:
        hurt_photo = fault.alter(photo, np.random.default_rng(seeds[1]))
        hurt = list(film(hurt_photo, count, np.random.default_rng(seeds[0]), blurred, size, mask, apart))
        mixed = [
            _mixed(*pair, _presence(onset, index / count)) for index, pair in enumerate(zip(frames, hurt, strict=True))
        ]
        if not any(map(_differs, frames, mixed)):
            raise Unseen(f"no frame shows the {fault.kind}")
        frames = mixed
    return fault.frames(frames) if fault.frames else frames


def _presence(onset: str, time: float) -> float:
    """How much of a fault is there at `time` in [0, 1) of a shot."""
    if onset == "ramp":
        return min(1.0, 1.25 * time)
    return 1.0 if onset == "constant" or 1 / 3 <= time < 2 / 3 else 0.0


def _differs(clean: Pixels, hurt: Pixels) -> bool:
    return int((cv2.absdiff(clean, hurt).max(2) > _SEEN_LEVELS).sum()) >= _SEEN_PX


def _mixed(clean: Pixels, hurt: Pixels, share: float) -> Pixels:
    return np.asarray(cv2.addWeighted(clean, 1 - share, hurt, share, 0), np.uint8)
