"""The photo's text lines, glyph by glyph at the frame's full resolution.

A line whose every glyph matches needs no reading. One that doesn't is read in both pictures by the same reader at the
same scale, so that what the reader can't do at that size counts against neither.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import permutations

import cv2
import numpy as np

from reel_pipeline.evaluation.engines import Charge
from reel_pipeline.evaluation.engines.classical.comparing.tiles import Comparison, correlate
from reel_pipeline.evaluation.engines.classical.faults.evidence import side_by_side
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, Matrix
from reel_pipeline.evaluation.engines.classical.seeing.references import Reference
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.boxes import holds, intersection, rows_and_columns
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import Quad, read_line, read_text, straighten
from reel_pipeline.records import BoxPx, TextLine

MIN_HEIGHT_PX = 11
"""In the kept frame; smaller text can't be told from codec noise and is left to `fidelity.py`."""
MAX_READ_LINES = 3
"""Lines that are read in one frame, at most: reading costs 0.1 to 0.3 s a line, so a second a frame."""
SUSPECT = 0.3
"""1 - NCC of its worst glyph from which on a line is read in both pictures; the gate of `altered_text`, 0.4, is
higher."""
_MARGIN = 0.15
"""Around a line, in heights of it: 6 px around 40 px."""
_FOLD = str.maketrans("Il|iOoQSsBZz", "111100055822")
"""Letters that readers take for digits, with those digits: "5OO ml" and "500 ml" are the same."""
_SURE = 0.8
"""The reader's confidence from which on its word counts."""
_ALIKE = 0.6
"""Share of letters in common, as by `SequenceMatcher.ratio`, from which on a line nearly says what another does."""
_SURE_LABEL = 0.9
"""The reader's confidence from which on a line of a photo counts in the share that is on the artwork."""


def inspect_text(
    reference: Reference,
    lines: Sequence[TextLine],
    comparison: Comparison,
    frame_rgb: Pixels,
    hidden: Mask,
    time_s: float,
    artwork: Sequence[str],
) -> Iterator[Charge]:
    """One charge about the worst line of one frame; none where the frame is out of focus.

    `lines`: what was read on the photo, in its pixels; `frame_rgb`: HWC RGB uint8, kept frame; `hidden`: HW bool, True
    under an overlay; `artwork`: the lines of the master artwork, empty where there is none.

    Lines on a part of the photo that the maker cropped away are not in the frame; one that is out of focus isn't read.
    """
    if comparison.smear >= thresholds()["smear"]:
        return
    photo_to_frame = comparison.photo_to_frame
    worst: tuple[float, BoxPx, bytes | None] = (0.0, (0, 0, frame_rgb.shape[1], frame_rgb.shape[0]), None)
    reads = 0
    for line in lines:
        quad = _in_frame(line.quad_px, photo_to_frame)
        if not _is_visible(quad, hidden) or not _is_shown(quad, comparison):
            continue
        photo_crop, frame_crop = _crops(reference.rgb, line.quad_px, frame_rgb, photo_to_frame)
        score, box = _worst_glyph(photo_crop, frame_crop)
        off_artwork = bool(artwork) and not is_on_artwork(line.text, artwork)
        if (score >= SUSPECT or off_artwork) and reads < MAX_READ_LINES:
            reads += 1
            score = _after_reading(score, photo_crop, frame_crop, artwork)
        if score > worst[0]:
            guilty = score >= thresholds()["altered_text"]
            worst = (score, _box(quad), side_by_side(photo_crop, frame_crop, box) if guilty else None)
    yield Charge("altered_text", worst[0], time_s, worst[1], worst[2])


def unread_lines(lines: Sequence[TextLine], comparison: Comparison, frame_rgb: Pixels) -> Iterator[TextLine]:
    """Lines that are read in the frame, HWC RGB uint8, where nothing was read on the photo; in photo pixels."""
    to_photo = np.asarray(np.linalg.inv(comparison.photo_to_frame), np.float64)
    known = [_box(line.quad_px) for line in lines]
    for line in read_text(frame_rgb):
        quad = _in_frame(line.quad_px, to_photo)
        x, y = np.asarray(quad).mean(0)
        if not any(left <= x <= left + width and top <= y <= top + height for left, top, width, height in known):
            yield line.model_copy(update={"quad_px": quad})


def _after_reading(score: float, photo: Pixels, frame: Pixels, artwork: Sequence[str]) -> float:
    """The line's score once it has been read in both pictures, HWC RGB uint8, upright.

    1 if both are read surely and the numerals differ, the gate if only letters do, just below the gate if both say the
    same; the old score where the reader isn't sure. What the frame says is right where the artwork says it, and wrong
    where the artwork nearly says it.
    """
    (expected, sure), (found, also_sure) = read_line(photo), read_line(frame)
    gate = thresholds()["altered_text"]
    if also_sure >= _SURE and is_on_artwork(found, artwork):
        return min(score, 0.9 * gate)
    is_read = sure >= _SURE and bool(expected)
    if also_sure >= _SURE and not is_read:
        expected, sure = _nearest(found, artwork), 1.0
    if min(sure, also_sure) < _SURE or not expected:
        return score
    if is_read and score < SUSPECT and digits(expected) == digits(found):
        # Letters of the same picture that are read differently: too small for the reader.
        return score
    if fold(expected) == fold(found):
        return min(score, 0.9 * gate)
    return 1.0 if digits(expected) != digits(found) else max(score, gate)


def share_on_artwork(lines: Sequence[TextLine], artwork: Sequence[str]) -> float:
    """Share in [0, 1] of a label's surely read lines that are on its artwork; 0 where there are none."""
    sure = [line.text for line in lines if line.confidence >= _SURE_LABEL]
    return sum(is_on_artwork(text, artwork) for text in sure) / max(len(sure), 1)


def is_on_artwork(text: str, artwork: Sequence[str]) -> bool:
    """Whether a line of the artwork, or two of them read as one, has this text with the same numerals."""
    said, folded = fold(text), [fold(line) for line in artwork]
    for line, there in zip(artwork, folded, strict=True):
        if said and said in there and set(re.findall(r"\d+", text)) <= set(re.findall(r"\d+", line)):
            return True
    return any(said == one + other for one, other in permutations(folded, 2))


def _nearest(text: str, artwork: Sequence[str]) -> str:
    """The line of the artwork that is most like `text`; empty where none is like it."""
    likeness = {line: SequenceMatcher(None, fold(line), fold(text), autojunk=False).ratio() for line in artwork}
    best = max(likeness, key=lambda line: likeness[line], default="")
    return best if likeness.get(best, 0.0) >= _ALIKE else ""


def fold(text: str) -> str:
    """Without spaces, marks and case, and with digits for the letters that readers take for them: "250 ml" ->
    "250m1"."""
    return re.sub(r"[\W_]+", "", text).translate(_FOLD).lower()


def digits(text: str) -> str:
    """The numerals in order, with signs for per cent and degrees: "12,5 % Vol." -> "125%"."""
    return "".join(re.findall(r"\d+|[%°]", text))


def _in_frame(quad: Quad, matrix: Matrix) -> Quad:
    """Where `matrix` takes four corners."""
    a, b, c, d = cv2.perspectiveTransform(np.asarray(quad, np.float64)[None], matrix)[0]
    return (a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])


def _is_visible(quad: Quad, hidden: Mask) -> bool:
    """Whether the line is large enough, wholly in the frame and under no overlay. `quad`: in kept-frame pixels."""
    corners = np.asarray(quad)
    height = min(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1]))
    is_inside = holds((0, 0, hidden.shape[1], hidden.shape[0]), _box(quad))
    return bool(height >= MIN_HEIGHT_PX and is_inside and not hidden[rows_and_columns(_box(quad))].any())


def _is_shown(quad: Quad, comparison: Comparison) -> bool:
    """Whether the line, with its margin, lies on the part of the photo that was not cropped."""
    on_grid = _in_frame(_grown(quad), np.asarray(np.linalg.inv(comparison.to_frame), np.float64))
    rows, columns = comparison.uncropped.shape
    part = comparison.uncropped[rows_and_columns(intersection(_box(on_grid), (0, 0, columns, rows)))]
    return bool(part.size and part.all())


def _crops(photo: Pixels, quad: Quad, frame: Pixels, photo_to_frame: Matrix) -> tuple[Pixels, Pixels]:
    """The line in photo and frame, both HWC RGB uint8, upright, at the smaller of the two scales; with a margin where
    both pictures have one, as beyond an edge there is nothing to compare."""
    grown = _grown(quad)
    fits = _is_inside(grown, photo) and _is_inside(_in_frame(grown, photo_to_frame), frame)
    chosen = grown if fits else quad
    photo_crop, frame_crop = straighten(photo, chosen), straighten(frame, _in_frame(chosen, photo_to_frame))
    height = min(photo_crop.shape[0], frame_crop.shape[0])
    width = max(2, round(frame_crop.shape[1] * height / frame_crop.shape[0]))
    size = (width, height)
    first, second = (cv2.resize(crop, size, interpolation=cv2.INTER_AREA) for crop in (photo_crop, frame_crop))
    return np.asarray(first, np.uint8), np.asarray(second, np.uint8)


def _is_inside(quad: Quad, picture: Pixels) -> bool:
    corners = np.asarray(quad)
    return bool((corners >= 2).all() and (corners <= (picture.shape[1] - 3, picture.shape[0] - 3)).all())


def _grown(quad: Quad) -> Quad:
    """The line with its margin on all sides."""
    corners = np.asarray(quad, np.float64)
    right = (corners[1] - corners[0]) / max(float(np.linalg.norm(corners[1] - corners[0])), 1e-6)
    down = (corners[3] - corners[0]) * _MARGIN
    side = right * float(np.linalg.norm(down))
    moves = [-down - side, -down + side, down + side, down - side]
    a, b, c, d = (corner + move for corner, move in zip(corners, moves, strict=True))
    return (a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])


def _worst_glyph(photo: Pixels, frame: Pixels) -> tuple[float, BoxPx]:
    """1 - NCC, in [0, 1], of the worst window as large as a glyph, and its box; 0 where the residual is a codec's.
    `photo`, `frame`: HWC RGB uint8 of one size."""
    window = max(7, round(0.5 * photo.shape[0]) | 1)
    planes = [
        np.asarray(cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0), np.float32)
        for crop in (photo, frame)
    ]
    ncc, residual = correlate(planes[0], planes[1], np.ones(planes[0].shape, np.bool_), window)
    mismatch = np.where(residual > 10, 1 - ncc, 0)
    y, x = np.unravel_index(int(np.argmax(mismatch)), mismatch.shape)
    half = window // 2
    return float(np.clip(mismatch[y, x], 0, 1)), (max(0, int(x) - half), max(0, int(y) - half), window, window)


def _box(quad: Quad) -> BoxPx:
    """The upright box around four corners."""
    corners = np.asarray(quad)
    (left, top), (right, bottom) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)
