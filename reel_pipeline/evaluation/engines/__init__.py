"""What a judge is.

`classical` needs no weights beyond the OCR models of a base dependency, no key and no network. A judge works on a video
file and arrays alone, so that the command line can ask it about any clip without a store.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reel_pipeline.evaluation.thresholds import gates_in_force
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx, CutList, ItemError, Record, TextLine, Verdict, canonical_json


class Passport(Record):
    """What the judge itself read on one gallery photo; text and faces are in photo pixels, and `faces` has doubtful
    ones too. Remembered by the photo's bytes."""

    text: tuple[TextLine, ...] = ()
    faces: tuple[BoxPx, ...] = ()


@dataclass(frozen=True)
class Charge:
    """What one test holds against a video, with when, where and in which shot of its cut list.

    `score`: on the scale of its kind in `thresholds.toml`, higher is worse; a fault from the threshold on. `evidence`:
    JPEG bytes. While an engine gathers charges, their regions are in the pixels of the frames that it keeps, and an
    empty one means the whole picture; in an `Opinion` they are in the video's pixels and never empty.
    """

    kind: str
    score: float
    time_s: float
    region_px_xywh: BoxPx = (0, 0, 0, 0)
    evidence: bytes | None = None
    shot: int | None = None


@dataclass(frozen=True)
class Opinion:
    """An engine's answer. `scores`: the worst of each kind of fault, and a few numbers besides; `thresholds`: from
    which score on each kind is a fault. `unverifiable`: what a person has to look at."""

    verdict: Verdict
    charges: tuple[Charge, ...]
    unverifiable: tuple[ItemError, ...]
    scores: dict[str, float]
    thresholds: dict[str, float]


PAIR_SIDE_PX = 640
"""A product that fills a reel's frame, 1080 px wide and 1300 high, is handed out at 532x640."""
HIDDEN = 128
"""Grey level, in all three channels, of what can't be compared: captions, and what the photo doesn't reach."""


@dataclass(frozen=True)
class Pair:
    """The product as a photo has it and as the video shows it. `photo`, `frame`: HWC RGB uint8 of one size, at most
    `PAIR_SIDE_PX` a side, the same place of the product on the same pixel, `HIDDEN` in both where one has nothing to
    compare. `region_px_xywh`: where they lie in the video's frame at `time_s`."""

    shot: int | None
    time_s: float
    region_px_xywh: BoxPx
    photo: Pixels
    frame: Pixels


class Judge(Protocol):
    name: str
    revision: str

    def passport(self, rgb: Pixels) -> Passport:
        """What can be read on one gallery photo, HWC RGB uint8."""

    def judge(
        self,
        video: Path,
        cut_list: CutList | None,
        photos: Sequence[Pixels],
        passport_of: Callable[[int], Passport] | None = None,
        artworks: Sequence[Passport] = (),
    ) -> Opinion:
        """Whether the video shows nothing but the product in `photos`, HWC RGB uint8.

        Without a cut list every hard cut counts as intended and nothing is known of overlays. `passport_of(i)` is the
        passport of photo i, asked for only where the video shows it; without it the engine makes its own. `artworks`:
        what it read on the product's flat master artwork; lettering that says the same is right, whatever was read on
        a photo. Raises `EvaluationError` for a video that can't be read or an empty gallery.
        """

    def pairs(self, video: Path, cut_list: CutList, photos: Sequence[Pixels]) -> list[Pair]:
        """One pair for each shot in which a photo could be found, in the video's order. `photos`: HWC RGB uint8.

        This is what `advice/` shows to others. Raises `EvaluationError` for a video that can't be read.
        """


class Regated:
    """A judge under gates that were adopted instead of the shipped ones: another revision, since its verdicts
    differ."""

    def __init__(self, shipped: Judge, gates: Mapping[str, float]) -> None:
        self._shipped, self._gates = shipped, gates
        self.name = shipped.name
        self.revision = f"{shipped.revision}+{hashlib.sha256(canonical_json(dict(gates))).hexdigest()[:12]}"

    def passport(self, rgb: Pixels) -> Passport:
        return self._shipped.passport(rgb)

    def judge(
        self,
        video: Path,
        cut_list: CutList | None,
        photos: Sequence[Pixels],
        passport_of: Callable[[int], Passport] | None = None,
        artworks: Sequence[Passport] = (),
    ) -> Opinion:
        with gates_in_force(self._gates):
            return self._shipped.judge(video, cut_list, photos, passport_of, artworks)

    def pairs(self, video: Path, cut_list: CutList, photos: Sequence[Pixels]) -> list[Pair]:
        return self._shipped.pairs(video, cut_list, photos)


def regated(judge: Judge, gates: Mapping[str, float] | None) -> Judge:
    """The judge under `gates`, fault kind -> threshold; itself where none were adopted."""
    return Regated(judge, gates) if gates else judge
