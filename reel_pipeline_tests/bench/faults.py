"""What can be wrong with a clip, in severities of physical units, and what only looks as if it were.

`cases.py` lists them; `filming.py` makes the clips. Injected faults are cleaner than real ones: recall is an upper
bound.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from reel_pipeline.media.faces import find_faces
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import BoxPx
from reel_pipeline_tests.bench.products import product_box

Frames = Callable[[list[Pixels]], list[Pixels]]


def warp(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """A smooth field over the product: at most `percent` of its width, two lobes, nothing at its box's rim."""

    return lambda rgb, rng: _bent(rgb, product_box(rgb), percent, rng)


def face_artifact(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """As `warp`, over the largest sure face alone; `percent` of its box's width."""
    return lambda rgb, rng: _bent(rgb, find_faces(rgb)[0], percent, rng)


def _bent(rgb: Pixels, box: BoxPx, percent: float, rng: np.random.Generator) -> Pixels:
    x, y, w, h = box
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
    u, v = (columns - x) / w, (rows - y) / h
    inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
    window = np.where(inside, np.sin(np.pi * np.clip(u, 0, 1)) * np.sin(np.pi * np.clip(v, 0, 1)), 0)
    phase = rng.uniform(0, 2 * np.pi)
    shift = percent / 100 * w * window
    move_x = (shift * np.cos(2 * np.pi * v + phase)).astype(np.float32)
    move_y = (shift * np.sin(2 * np.pi * u + phase)).astype(np.float32)
    bent = cv2.remap(rgb, columns + move_x, rows + move_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8)


def tint(delta_e: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Shift a* and b* of the product by `delta_e` (CIE76) in one direction, its lightness untouched."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        mask = (np.linalg.norm(lab - np.median(border, 0), axis=2) > 12).astype(np.float32)
        if not 0.01 < mask.mean() < 0.9:
            mask[:] = 1
        mask = cv2.GaussianBlur(mask, (0, 0), 2)
        middle = lab[..., 1:][mask > 0.5].mean(0)
        # Away from the product's own hue, so that the shift stays inside the gamut.
        angle = np.arctan2(middle[1], middle[0]) + np.pi + rng.uniform(-0.6, 0.6)
        lab[..., 1] += mask * delta_e * np.cos(angle)
        lab[..., 2] += mask * delta_e * np.sin(angle)
        return np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8)

    return alter


def dot(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """An invented disc on the product, its diameter `percent` of the product's width, of contrasting lightness."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        x, y, w, h = product_box(rgb)
        radius = max(2, round(percent / 200 * w))
        at = (round(x + w * rng.uniform(0.35, 0.65)), round(y + h * rng.uniform(0.35, 0.65)))
        value = 40 if rgb[at[1], at[0]].mean() > 128 else 215
        out = rgb.copy()
        cv2.circle(out, at, radius, (value, value, value), -1, cv2.LINE_AA)
        return out

    return alter


def ghost(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        shift = round(0.03 * rgb.shape[1])
        moved = np.roll(rgb, (shift // 2, shift), (0, 1)).astype(np.float32)
        return np.rint(rgb * (1 - percent / 100) + moved * percent / 100).astype(np.uint8)

    return alter


def numeral(count: int) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Paint `count` glyphs of the photo's largest line over by another of its glyphs, or by a mirrored one."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        from reel_pipeline.media.text import read_text

        lines = [line for line in read_text(rgb) if len(line.text) >= 2]
        digits = [line for line in lines if any(character.isdigit() for character in line.text)]
        line = max(digits or lines, key=lambda line: line.box_px_xywh[2] * line.box_px_xywh[3])
        out = rgb.copy()
        corners = np.asarray(line.quad_px, np.float32)
        places = [i for i, c in enumerate(line.text) if c.isdigit()] or list(range(len(line.text)))
        for place in rng.permutation(places)[:count]:
            other = (place + 1 + int(rng.integers(len(line.text) - 1))) % len(line.text)
            cell = _cell(corners, int(place), len(line.text))
            if line.text[other] == line.text[place]:
                source = cell[[2, 3, 0, 1]]
            else:
                source = _cell(corners, other, len(line.text))
            matrix = cv2.getPerspectiveTransform(source, cell)
            moved = cv2.warpPerspective(rgb, matrix, (rgb.shape[1], rgb.shape[0]), flags=cv2.INTER_CUBIC)
            mask = cv2.fillConvexPoly(np.zeros(rgb.shape[:2], np.uint8), np.rint(cell).astype(np.int32), 1)
            out[mask > 0] = moved[mask > 0]
        return out

    return alter


def _cell(corners: NDArray[np.float32], place: int, count: int) -> NDArray[np.float32]:
    a, b, c, d = corners
    left, right = place / count, (place + 1) / count
    return np.array([a + (b - a) * left, a + (b - a) * right, d + (c - d) * right, d + (c - d) * left], np.float32)


def stretch(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """The whole photo `percent` narrower than it is."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        size = (round(rgb.shape[1] * (1 - percent / 100)), rgb.shape[0])
        return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)

    return alter


def blur(sigma_px: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """`sigma_px` at 1080 px width."""
    return lambda rgb, rng: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px * rgb.shape[1] / 1080), np.uint8)


def invent_side(percent: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """A side that no photo shows: the last `percent` of the product's width are what lies beside them, mirrored."""

    def alter(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        x, y, w, h = product_box(rgb)
        reach, right = max(2, round(w * percent / 100)), x + w
        out = rgb.copy()
        out[y : y + h, right - reach : right] = rgb[y : y + h, right - 2 * reach : right - reach][:, ::-1]
        return out

    return alter


def freeze(frames: list[Pixels]) -> list[Pixels]:
    return [frames[0].copy() for _ in frames]


def blacken(frames: list[Pixels]) -> list[Pixels]:
    return blacken_for(12)(frames)


def blacken_for(count: int) -> Frames:
    def change(frames: list[Pixels]) -> list[Pixels]:
        return frames[:12] + [np.zeros_like(frames[0]) for _ in frames[12 : 12 + count]] + frames[12 + count :]

    return change


def hold(count: int) -> Frames:
    """The picture stands still for `count` frames in the middle, then goes on from where it is."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        first = max(0, (len(frames) - count) // 2)
        return [frames[first] if first <= index < first + count else frame for index, frame in enumerate(frames)]

    return change


def jump(frames: list[Pixels]) -> list[Pixels]:
    return jump_by(6)(frames)


def jump_by(percent: float) -> Frames:
    """The picture leaps by `percent` of the width in the middle of the shot."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        half = len(frames) // 2
        step = round(percent / 100 * frames[0].shape[1])
        return frames[:half] + [np.roll(frame, (step // 2, step), (0, 1)) for frame in frames[half:]]

    return change


def jerk(percent: float) -> Frames:
    """Every third frame is `percent` of the width off its path, to either side in turn."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        step = percent / 100 * frames[0].shape[1]
        off = [step * (0, 1, 0, -1, 0, 0)[index % 6] for index in range(len(frames))]
        return [moved(frame, move) for frame, move in zip(frames, off, strict=True)]

    return change


def there_and_back(seam_percent: float) -> Frames:
    """The first picture grows until its sides are 10 % of the width farther out, and shrinks again, at an even pace;
    from the last frame to the first the sides have `seam_percent` of the width left to go, at 0 one step."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        (height, width), count, reach = frames[0].shape[:2], len(frames), 0.1
        step = (2 * reach - seam_percent / 100) / (count - 1) if seam_percent else 2 * reach / count
        grown = []
        for index in range(count):
            scale = 1 + 2 * min(index * step, 2 * reach - index * step)
            matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, scale)
            picture = cv2.warpAffine(frames[0], matrix, (width, height), flags=cv2.INTER_CUBIC)
            grown.append(np.asarray(picture, np.uint8))
        return grown

    return change


def moved(frame: Pixels, by_px: float, ground: int | None = None) -> Pixels:
    """`frame` moved sideways and a third as much down; what comes in is grey `ground`, else the rim repeated."""
    matrix = np.array([[1, 0, by_px], [0, 1, by_px / 3]])
    size, how = (frame.shape[1], frame.shape[0]), cv2.INTER_CUBIC
    border = cv2.BORDER_REPLICATE if ground is None else cv2.BORDER_CONSTANT
    value = (ground or 0,) * 3
    return np.asarray(cv2.warpAffine(frame, matrix, size, flags=how, borderMode=border, borderValue=value), np.uint8)


def wobble(percent: float) -> Frames:
    """What should be rigid bends as it moves: a travelling wave of `percent` of the width, a second long."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        height, width = frames[0].shape[:2]
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        bent = []
        for index, frame in enumerate(frames):
            wave = percent / 100 * width * np.sin(2 * np.pi * (rows / (0.35 * width) + index / 24))
            moved_x = columns + wave.astype(np.float32)
            picture = cv2.remap(frame, moved_x, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            bent.append(np.asarray(picture, np.uint8))
        return bent

    return change


def flicker(frames: list[Pixels]) -> list[Pixels]:
    return flicker_by(4)(frames)


def flicker_by(percent: float) -> Frames:
    """Every other frame `percent` brighter, the rest as much darker."""

    def change(frames: list[Pixels]) -> list[Pixels]:
        gains = (1.0 - percent / 100, 1.0 + percent / 100)
        return [cv2.convertScaleAbs(frame, alpha=gains[index % 2]) for index, frame in enumerate(frames)]

    return change
