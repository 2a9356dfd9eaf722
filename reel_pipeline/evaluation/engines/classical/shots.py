"""Fidelity scene by scene: each kept frame is placed on a gallery photo, compared, and its suspicions gathered.

Also says what could not be verified. Gates and verdict are the judge's, in `__init__.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reel_pipeline.evaluation.engines import Passport
from reel_pipeline.evaluation.engines.classical import overlays
from reel_pipeline.evaluation.engines.classical.bending import bending_percent
from reel_pipeline.evaluation.engines.classical.choice import (
    detail_share,
    fittest,
    open_share,
    outside_share,
    product_share,
)
from reel_pipeline.evaluation.engines.classical.colour import colour_difference
from reel_pipeline.evaluation.engines.classical.evidence import frame_alone
from reel_pipeline.evaluation.engines.classical.fidelity import CLEARLY_OFF, MAX_RELIGHT, inspect, inspect_faces
from reel_pipeline.evaluation.engines.classical.focus import lasting_smear
from reel_pipeline.evaluation.engines.classical.footage import Footage, Sample
from reel_pipeline.evaluation.engines.classical.layers import Layered, in_two_layers
from reel_pipeline.evaluation.engines.classical.lettering import inspect_text, unread_lines
from reel_pipeline.evaluation.engines.classical.occluders import passing
from reel_pipeline.evaluation.engines.classical.planes import Mask
from reel_pipeline.evaluation.engines.classical.registration import (
    SURE_INLIERS,
    Placement,
    Reference,
    candidates,
)
from reel_pipeline.evaluation.engines.classical.suspicion import Suspicion
from reel_pipeline.evaluation.engines.classical.temporal import Scene
from reel_pipeline.evaluation.engines.classical.tiles import Comparison, clear_of_edges, compare
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import CutList, TextLine

MIN_EXPLAINED = 0.5
"""Share of a frame's detail that the photo must explain before a placement without many keypoints is believed."""
MIN_SEEN = 0.4
"""Share of the visible photo that must lie open: the rest may be covered by captions."""
MIN_FRAME_DETAIL = 0.01
"""Share of a frame with local contrast, from which on a frame that no photo explains shows another thing."""
BOUND_TO_PLANE = {
    "warped_logo",
    "invented_detail",
    "occluded_invention",
    "altered_text",
    "color_drift",
    "geometry_collapse",
    "ghosting",
}
"""Kinds of fault that parallax looks like."""
TOLD_WITHOUT_EDGES = {"invented_detail", "occluded_invention", "color_drift"}
"""Kinds of fault that can be told where the photo itself is smooth."""
MIN_OUTLINE = 0.5
"""Share of a plain product that has to be seen: of less, its edges may be any other's."""
MAX_LEAP, MAX_GROWN = 15.0, 1.1
"""% of the frame's width and factor: what moves or grows by more is another view, which an editor may cut to."""
MAX_CARD_DETAIL = 0.004
"""As `MIN_FRAME_DETAIL`, on an end card beside what it lists."""
MAX_OUTSIDE = {True: 0.03, False: 0.15}
"""Share of the frame with sharp detail beyond the photo's edge, by whether a cut list names the captions there."""


@dataclass
class Findings:
    suspicions: list[tuple[Scene, Suspicion]] = field(default_factory=list)
    unverifiable: list[tuple[Scene, str]] = field(default_factory=list)
    verified_scenes: int = 0
    least_seen: float = 1.0
    least_inliers: int = 0


@dataclass(frozen=True)
class _View:
    """One kept frame on its photo."""

    sample: Sample
    rgb: Pixels
    hidden: Mask
    placement: Placement
    comparison: Comparison


class Examiner:
    """Holds what one call shares: the prepared photos, the cut list, the artwork's lines, the colour matrix."""

    def __init__(
        self,
        footage: Footage,
        cut_list: CutList | None,
        references: Sequence[Reference],
        passport_of: Callable[[int], Passport],
        artwork: Sequence[str],
    ) -> None:
        self.footage, self.cut_list, self.references, self.passport_of = footage, cut_list, references, passport_of
        self.artwork = artwork
        self.matrix = footage.matrices[0]
        self.matrix_is_chosen = len(footage.matrices) == 1
        self.findings = Findings()
        self._before: _View | None = None

    def examine(self, scene: Scene, samples: Sequence[Sample]) -> None:
        """All kept frames of one scene."""
        views, prefer = [], None
        for sample in samples:
            view = self._view(scene, sample, prefer)
            if view:
                views.append(view)
                prefer = view.placement.photo
        if self.cut_list is None:
            views = list(self._without_overlays(scene, views))
            self._judge_join(scene, views)
        found = [self._inspected(view) for view in views]
        if any(_is_guilty(item, BOUND_TO_PLANE) for items in found for item in items):
            views = list(self._without_passers(scene, views))
            found = [self._inspected(view) for view in views]
        found = _with_lasting_smear(found)
        found, in_layers = self._in_layers(scene, views, found)
        found = [self._as_far_as_aligned(scene, view, items) for view, items in zip(views, found, strict=True)]
        for view, items in zip(views, found, strict=True):
            self._judge_view(scene, view, items)
        if not in_layers:
            self._judge_bending(scene, views)
        if not samples:
            self._cannot(scene, "it is too short to be looked at")
        elif len(views) == len(samples):
            self.findings.verified_scenes += 1
        else:
            self._cannot(scene, "a part of it could not be matched with a photo")

    def examine_card(self, scene: Scene, samples: Sequence[Sample]) -> None:
        """An end card may show what its cut list names, or text where there is none, on a calm ground; any other
        picture is for a person."""
        said = "text and logo that its cut list names" if self.cut_list else "text"
        hidden = [self._hidden(sample) for sample in samples]
        if self.cut_list is None and samples:
            hidden = [overlays.lettered(samples[-1].rgb(self.matrix))] * len(samples)
        if any(detail_share(sample.y, mask) > MAX_CARD_DETAIL for sample, mask in zip(samples, hidden, strict=True)):
            self._cannot(scene, f"it shows more than the {said}")

    def shows_a_photo(self, sample: Sample) -> bool:
        """Whether a gallery photo explains most of the frame's detail."""
        nothing = np.zeros(sample.y.shape[:2], np.bool_)
        rgb = sample.rgb(self.matrix)
        compared = (
            compare(self.references[place.photo], place, rgb, nothing)
            for place in candidates(self.references, sample.y, None)
        )
        return any(comparison and comparison.explained_share() >= MIN_EXPLAINED for comparison in compared)

    def _view(self, scene: Scene, sample: Sample, prefer: int | None) -> _View | None:
        """Without `prefer`, every photo may be the one that is shown."""
        hidden = self._hidden(sample)
        placements = candidates(self.references, sample.y, prefer)
        if placements and not self.matrix_is_chosen:
            self._choose_matrix(sample, placements[0], hidden)
        rgb = sample.rgb(self.matrix)
        compared = [(place, compare(self.references[place.photo], place, rgb, hidden)) for place in placements]
        pairs = [(place, comparison) for place, comparison in compared if comparison]
        best = fittest(pairs, self.references, sample.y, hidden)
        if best is None:
            self._unplaced(scene, sample, rgb, hidden, 1.0)
            return None
        explained = best[1].explained_share()
        if best[0].inliers < SURE_INLIERS and explained < MIN_EXPLAINED:
            self._unplaced(scene, sample, rgb, hidden, 1.0 - explained)
            return None
        if prefer is not None and (best[1].mismatch() > CLEARLY_OFF).any():
            return self._view(scene, sample, None)
        return _View(sample, rgb, hidden, *best)

    def _hidden(self, sample: Sample) -> Mask:
        shape = (sample.y.shape[0], sample.y.shape[1])
        if self.cut_list is None:
            return np.zeros(shape, np.bool_)
        return overlays.listed(self.cut_list, sample.index, shape, shape[1] / self.cut_list.width_px)

    def _choose_matrix(self, sample: Sample, placement: Placement, hidden: Mask) -> None:
        """An untagged file: the matrix under which the first placed frame is nearer to its photo."""
        errors = {}
        for matrix in self.footage.matrices:
            comparison = compare(self.references[placement.photo], placement, sample.rgb(matrix), hidden)
            if comparison is None:
                return
            difference, valid = colour_difference(comparison, 1.0)
            errors[matrix] = float(difference[valid].mean()) if valid.any() else 0.0
        self.matrix = min(errors, key=lambda matrix: errors[matrix])
        self.matrix_is_chosen = True

    def _unplaced(self, scene: Scene, sample: Sample, rgb: Pixels, hidden: Mask, score: float) -> None:
        if detail_share(sample.y, hidden) < MIN_FRAME_DETAIL:
            self._cannot(scene, "it has too little detail to be compared with a photo")
            return
        if not _are_recognisable(rgb, hidden, self.references):
            self._cannot(scene, "it or a photo is too plain for the one to be found in the other")
            return
        evidence = frame_alone(rgb)
        self.findings.suspicions.append((scene, Suspicion("wrong_product", score, sample.index, None, evidence)))

    def _without_overlays(self, scene: Scene, views: Sequence[_View]) -> Iterator[_View]:
        """The same views once more, with what lies on the screen hidden."""
        masks = overlays.unlisted([(view.comparison, view.rgb) for view in views])
        return self._hiding(scene, views, masks, "captions cover the product")

    def _without_passers(self, scene: Scene, views: Sequence[_View]) -> Iterator[_View]:
        """The same views once more, with what passes before the product hidden."""
        photos = [view.placement.photo for view in views]
        for photo in sorted(set(photos), key=photos.count, reverse=True):
            alike = [view if view.placement.photo == photo else self._placed_on(photo, view) for view in views]
            if any(view.placement.photo != photo for view in alike):
                continue
            masks = passing([view.comparison for view in alike], [view.rgb for view in alike])
            if any(mask.any() for mask in masks):
                self._cannot(scene, "something passes before the product")
                return self._hiding(scene, alike, masks, "something passes before the product")
        return iter(views)

    def _placed_on(self, photo: int, view: _View) -> _View:
        """The same frame beside another photo, if it can be found there: what covers a product may make it resemble
        the wrong one."""
        placement = next(iter(candidates([self.references[photo]], view.sample.y, None)), None)
        comparison = compare(self.references[photo], placement, view.rgb, view.hidden) if placement else None
        return replace(view, placement=placement, comparison=comparison) if placement and comparison else view

    def _hiding(self, scene: Scene, views: Sequence[_View], masks: Sequence[Mask], why: str) -> Iterator[_View]:
        for view, mask in zip(views, masks, strict=True):
            if not mask.any():
                yield view
                continue
            hidden = view.hidden | mask
            comparison = compare(self.references[view.placement.photo], view.placement, view.rgb, hidden)
            if comparison is None:
                self._cannot(scene, why)
            else:
                yield _View(view.sample, view.rgb, hidden, view.placement, comparison)

    def _in_layers(
        self, scene: Scene, views: Sequence[_View], found: list[list[Suspicion]]
    ) -> tuple[list[list[Suspicion]], bool]:
        """Where one plane makes a frame guilty and two explain it, what is left against it then; whether any was."""
        any_layered = False
        for at, (view, items) in enumerate(zip(views, found, strict=True)):
            reference = self.references[view.placement.photo]
            if reference.is_on_plain_ground or not any(_is_guilty(item, BOUND_TO_PLANE) for item in items):
                continue
            layered = in_two_layers(view.comparison)
            if layered:
                any_layered = True
                others = [item for item in items if item.kind not in BOUND_TO_PLANE]
                again = [item for item in self._inspected_layers(view, layered) if item.kind in BOUND_TO_PLANE]
                found[at] = [*others, *again]
        if any_layered:
            self._cannot(scene, "its background moves apart from the product, so they can't be compared as one")
        return found, any_layered

    def _as_far_as_aligned(self, scene: Scene, view: _View, items: list[Suspicion]) -> list[Suspicion]:
        """The same; of a picture with few keypoints only what is wrong away from the photo's edges, as an edge out of
        place may have been aligned badly. A shape that fits exactly is believed."""
        reference, is_seen = self.references[view.placement.photo], True
        if view.placement.inliers < SURE_INLIERS:
            is_seen = product_share(reference, view.comparison, view.sample.y) >= MIN_OUTLINE
        guilty = {item.kind for item in items if _is_guilty(item, BOUND_TO_PLANE)}
        if view.placement.inliers >= SURE_INLIERS or (is_seen and guilty <= {"geometry_collapse"}):
            return items
        if not view.placement.inliers and _are_recognisable(view.rgb, view.hidden, [reference]):
            return items
        self._cannot(scene, "it is too plain to be aligned exactly with its photo")
        read = [item for item in items if item.kind == "altered_text" and item.score >= 1]
        others = [item for item in items if item.kind not in BOUND_TO_PLANE]
        again = inspect(clear_of_edges(view.comparison), view.sample.index, self.cut_list is not None)
        return [*others, *read, *(item for item in again if item.kind in TOLD_WITHOUT_EDGES)]

    def _inspected_layers(self, view: _View, layered: Layered) -> Iterator[Suspicion]:
        comparison, reference, frame = view.comparison, self.references[view.placement.photo], view.sample.index
        yield from inspect(layered.comparison, frame, self.cut_list is not None)
        photo_to_grid = np.linalg.inv(comparison.to_frame) @ comparison.photo_to_frame
        inside: list[TextLine] = []
        outside: list[TextLine] = []
        for line in self.passport_of(reference.index).text:
            (inside if layered.is_inner(line.quad_px, photo_to_grid) else outside).append(line)
        for lines, moved in ((inside, layered.inner_moved), (outside, layered.outer_moved)):
            matrix = comparison.to_frame @ moved @ photo_to_grid
            placed = replace(comparison, photo_to_frame=matrix)
            yield from inspect_text(reference, lines, placed, view.rgb, view.hidden, frame, self.artwork)

    def _inspected(self, view: _View) -> list[Suspicion]:
        comparison, reference, frame = view.comparison, self.references[view.placement.photo], view.sample.index
        passport = self.passport_of(reference.index)
        lines = passport.text
        if self.artwork:
            lines = (*lines, *unread_lines(lines, comparison, view.rgb))
        return [
            *inspect(comparison, frame, self.cut_list is not None),
            *inspect_faces(comparison, passport.faces, frame, len(view.rgb)),
            *inspect_text(reference, lines, comparison, view.rgb, view.hidden, frame, self.artwork),
        ]

    def _judge_view(self, scene: Scene, view: _View, found: Sequence[Suspicion]) -> None:
        comparison, reference = view.comparison, self.references[view.placement.photo]
        for suspicion in found:
            if suspicion.kind == "relit":
                if suspicion.score > MAX_RELIGHT:
                    self._cannot(scene, "its light differs too much from the photo's to compare colours")
            else:
                self.findings.suspicions.append((scene, suspicion))
        seen = open_share(comparison)
        self.findings.least_seen = min(self.findings.least_seen, seen)
        if seen < MIN_SEEN:
            self._cannot(scene, "captions or glare hide most of the product")
        outside = outside_share(reference, comparison, view.sample.y, view.hidden)
        if outside > MAX_OUTSIDE[self.cut_list is not None]:
            self._cannot(scene, "a part of the picture is shown by none of the photos")

    def _judge_join(self, scene: Scene, views: Sequence[_View]) -> None:
        """Where no cut is planned, a hard change between two nearly equal views of a photo is a leap and no cut."""
        before, self._before = self._before, views[-1] if views else None
        if before and views and before.placement.photo == views[0].placement.photo:
            height, width = views[0].rgb.shape[:2]
            follow = views[0].comparison.photo_to_frame @ np.linalg.inv(before.comparison.photo_to_frame)
            middle = np.array([width / 2, height / 2, 1.0])
            moved = (follow @ middle)[:2] / (follow @ middle)[2] - middle[:2]
            leap, grown = 100 * float(np.hypot(*moved)) / width, float(np.sqrt(abs(np.linalg.det(follow[:2, :2]))))
            if leap < MAX_LEAP and abs(np.log(grown)) < np.log(MAX_GROWN):
                self.findings.suspicions.append((scene, Suspicion("jump_cut", leap, scene.start)))

    def _judge_bending(self, scene: Scene, views: Sequence[_View]) -> None:
        """Only where something is out of place: elsewhere a difference of flows is their noise."""
        warped = [item for at, item in self.findings.suspicions if at == scene and _is_guilty(item, {"warped_logo"})]
        if warped:
            first = views[0].placement.photo
            score = bending_percent([view.comparison for view in views if view.placement.photo == first])
            worst = max(warped, key=lambda item: item.score)
            bent = Suspicion("nonrigid_motion", score, worst.frame, worst.box, worst.evidence)
            self.findings.suspicions.append((scene, bent))

    def _cannot(self, scene: Scene, why: str) -> None:
        if (scene, why) not in self.findings.unverifiable:
            self.findings.unverifiable.append((scene, why))


def _with_lasting_smear(found: Sequence[Sequence[Suspicion]]) -> list[list[Suspicion]]:
    """Smear is a scene's: a focus pull is none."""
    smears = [item.score for items in found for item in items if item.kind == "smear"]
    limit = lasting_smear(smears) if smears else 0.0
    return [[item for item in items if item.kind != "smear" or item.score <= limit] for items in found]


def _are_recognisable(rgb: Pixels, hidden: Mask, references: Sequence[Reference]) -> bool:
    """Whether the frame and each photo have keypoints enough for the one to be found in the other, if it were there."""
    shown = Reference(-1, np.where(hidden[..., None], np.uint8(128), rgb))
    return all(picture.is_recognisable for picture in (*references, shown))


def _is_guilty(suspicion: Suspicion, kinds: set[str]) -> bool:
    return suspicion.kind in kinds and suspicion.score >= thresholds()[suspicion.kind]
