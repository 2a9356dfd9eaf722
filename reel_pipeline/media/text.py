"""Words in a picture: OCR by RapidOCR's bundled models, offline.

Every room that needs to know what a picture says reads through here. What the words mean is the caller's business.
Detection runs once on a reduced picture; each line is then cut out of the full picture, straightened and recognised,
which is faster and surer than recognising the reduced picture.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.errors import EngineUnavailable
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import TextLine

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Corners (x, y) in picture pixels, clockwise from the top left of the text."""

REVISION = "pp-ocrv6-small/1"
"""Bumped when the same picture would be read differently."""
DETECT_SIDE_PX = 960
"""Long side at which text is looked for; smaller pictures grow to it, but no more than `MAX_UPSCALE` times."""
MAX_UPSCALE = 2.0
MAX_LINES = 24
MIN_CONFIDENCE = 0.6
"""The recogniser's own, in [0, 1]: texture that was taken for text is read with less."""
MIN_CONFIDENCE_SHORT = 0.85
"""For one or two characters, which seams and studs are easily taken for."""
MAX_LINE_ASPECT = 25.0
"""Width over height at which a line is cut, after some 40 letters."""
_READ_HEIGHT_PX = 48
"""Height of a line at which the recogniser works."""
_MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
_one_at_a_time = threading.Lock()


def read_text(rgb: Pixels, max_lines: int = MAX_LINES) -> tuple[TextLine, ...]:
    """The lines of text in HWC RGB uint8 pixels, top to bottom; at most `max_lines`, the largest ones.

    A line that is read with too little confidence is left out: texture looks like text to a detector.
    """
    boxes = _detect(rgb)
    boxes.sort(key=lambda quad: -_area(quad))
    lines = [line for quad in boxes[:max_lines] if (line := _read_quad(rgb, quad))]
    return tuple(sorted(lines, key=lambda line: (line.box_px_xywh[1], line.box_px_xywh[0])))


def read_line(rgb: Pixels) -> tuple[str, float]:
    """The text of one straightened, upright line (HWC RGB uint8, text left to right) and its confidence in [0, 1]."""
    if min(rgb.shape[:2]) < 2:
        return "", 0.0
    bgr = np.ascontiguousarray(_limited(rgb)[..., ::-1])
    reader = _reader()
    with _one_at_a_time:
        found = reader(bgr, use_det=False, use_cls=False, use_rec=True)
    if not found.txts:
        return "", 0.0
    return str(found.txts[0]).strip(), float(np.clip(found.scores[0], 0.0, 1.0))


def straighten(rgb: Pixels, quad_px: Quad) -> Pixels:
    """The upright HWC RGB uint8 rectangle that `quad_px` frames, at the picture's own scale."""
    import cv2

    corners = np.asarray(quad_px, np.float32)
    width = max(2, round(float(max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3])))))
    height = max(2, round(float(max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1])))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    crop = cv2.warpPerspective(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


@cache
def _reader() -> Any:
    """RapidOCR with the models of its own wheel, named by path so that it never looks for a download."""
    try:
        import rapidocr
    except ImportError as error:
        raise EngineUnavailable("Reading label text needs the package rapidocr; install the project again.") from error

    folder = Path(rapidocr.__file__).parent / "models"
    missing = [name for name in _MODELS.values() if not (folder / name).is_file()]
    if missing:
        raise EngineUnavailable(f"The package rapidocr lacks its model {missing[0]}; install rapidocr 3.10 again.")
    paths = {f"{part}.model_path": str(folder / name) for part, name in _MODELS.items()}
    return rapidocr.RapidOCR(
        params={
            **paths,
            "Global.log_level": "critical",
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECT_SIDE_PX,
        }
    )


def _detect(rgb: Pixels) -> list[Quad]:
    import cv2

    height, width = rgb.shape[:2]
    scale = min(DETECT_SIDE_PX / max(height, width), MAX_UPSCALE)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(rgb, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=how)
    bgr = np.ascontiguousarray(small[..., ::-1])
    reader = _reader()
    with _one_at_a_time:
        found = reader(bgr, use_det=True, use_cls=False, use_rec=False).boxes
    if found is None:
        return []
    limits = np.array([width, height], np.float64)
    factor = limits / np.array([small.shape[1], small.shape[0]])
    return [_quad(np.clip(np.asarray(box, np.float64) * factor, 0, limits)) for box in found]


def _quad(corners: NDArray[np.float64]) -> Quad:
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    return a, b, c, d


def _read_quad(rgb: Pixels, quad: Quad) -> TextLine | None:
    """A tall box is text that runs up or down: it is read both ways and the surer reading is kept."""
    crop = straighten(rgb, quad)
    height, width = crop.shape[:2]
    turns = (0,) if height < 1.5 * width else (0, 1, 3)
    best = TextLine(text="", confidence=0.0, quad_px=quad)
    for turn in turns:
        text, confidence = read_line(np.ascontiguousarray(np.rot90(crop, turn)))
        if confidence > best.confidence and any(character.isalnum() for character in text):
            a, b, c, d = (quad[(turn + corner) % 4] for corner in range(4))
            best = TextLine(text=text, confidence=confidence, quad_px=(a, b, c, d))
    long_enough = sum(character.isalnum() for character in best.text) > 2
    return best if best.confidence >= (MIN_CONFIDENCE if long_enough else MIN_CONFIDENCE_SHORT) else None


def _limited(line: Pixels) -> Pixels:
    """At most as tall as the recogniser works at, cut at `MAX_LINE_ASPECT`, which bounds time and memory."""
    import cv2

    height = line.shape[0]
    line = line[:, : round(MAX_LINE_ASPECT * height)]
    if height <= _READ_HEIGHT_PX:
        return line
    size = (max(1, round(line.shape[1] * _READ_HEIGHT_PX / height)), _READ_HEIGHT_PX)
    return np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8)


def _area(quad: Quad) -> float:
    """Shoelace formula, px^2."""
    pairs = zip(quad, (*quad[1:], quad[0]), strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2
