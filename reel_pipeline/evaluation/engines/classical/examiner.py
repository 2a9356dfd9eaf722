"""Fidelity, scene by scene: each kept frame is laid on a photo, compared, and what the tests say of it gathered.

Says too what could not be verified. Gates and verdict are the judge's, in `__init__.py`; which photo a frame shows is
found out by `views.py`, and the tests themselves are in `faults/`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from reel_pipeline.evaluation.engines import Charge, Passport
from reel_pipeline.evaluation.engines.classical.comparing.captions import unlisted
from reel_pipeline.evaluation.engines.classical.comparing.choice import (
    detail_share,
    open_share,
    outside_share,
    product_share,
)
from reel_pipeline.evaluation.engines.classical.comparing.layers import Layered, in_two_layers
from reel_pipeline.evaluation.engines.classical.comparing.occluders import passing
from reel_pipeline.evaluation.engines.classical.comparing.tiles import clear_of_edges
from reel_pipeline.evaluation.engines.classical.faults.bending import bending_percent
from reel_pipeline.evaluation.engines.classical.faults.evidence import frame_alone
from reel_pipeline.evaluation.engines.classical.faults.fidelity import MAX_RELIGHT, inspect, inspect_faces
from reel_pipeline.evaluation.engines.classical.faults.focus import with_lasting_smear
from reel_pipeline.evaluation.engines.classical.faults.lettering import inspect_text, unread_lines
from reel_pipeline.evaluation.engines.classical.seeing.footage import Sample
from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS, is_recognisable
from reel_pipeline.evaluation.engines.classical.seeing.overlays import lettered
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask, size_at
from reel_pipeline.evaluation.engines.classical.seeing.references import WORKING_SIDE_PX, Placement, Reference
from reel_pipeline.evaluation.engines.classical.seeing.scenes import Scene
from reel_pipeline.evaluation.engines.classical.views import Unplaced, View, Viewer
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import TextLine

MIN_SEEN = 0.4
"""Of the photo's detail that is in the frame, the share that captions and glare must leave open: with two thirds
under a caption a label is not verified."""
MIN_FRAME_DETAIL = 0.01
"""Share of a frame with local contrast. A frame that no photo explains shows another product only if it has this much,
which is 1296 of the 270x480 pixels at which it is measured."""
SHOWN_BY_NONE = "a part of the picture is shown by none of the photos"
BOUND_TO_PLANE = {
    "warped_logo",
    "invented_detail",
    "occluded_invention",
    "altered_text",
    "color_drift",
    "geometry_collapse",
    "ghosting",
}
"""The kinds of fault that honest parallax looks like, as long as photo and frame are compared as one plane."""
TOLD_WITHOUT_EDGES = {"invented_detail", "occluded_invention", "color_drift"}
"""The kinds of fault that can be told where the photo itself is smooth."""
MIN_OUTLINE = 0.5
"""Share of a plain product that has to be in the frame: of less, its edges may be any other product's."""
MAX_LEAP, MAX_GROWN = 15.0, 1.1
"""% of the frame's short side, and a factor. A hard change that moves the photo by less, 162 px of 1080, and makes it
less than 1.1 times as large is a jump; one that changes more is another view, which an editor may cut to."""
MAX_CARD_DETAIL = 0.004
"""Share of an end card with local contrast, beside what it lists: 518 of 270x480 pixels."""
MAX_OUTSIDE = {True: 0.03, False: 0.15}
"""Most of the frame that may have sharp detail beyond the photo's edge, by whether a cut list names the captions there:
3888 or 19440 of 270x480 pixels."""


@dataclass
class Findings:
    """What is known of the whole video so far. `charges` has every test's answer, below its gate too.
    `verified_scenes`: scenes of which every kept frame was placed on a photo. `least_seen`: the least share of a
    photo's detail that any frame left open."""

    charges: list[tuple[Scene, Charge]] = field(default_factory=list)
    unverifiable: list[tuple[Scene, str]] = field(default_factory=list)
    verified_scenes: int = 0
    least_seen: float = 1.0


class Examiner:
    """Examines one video's scenes in order. `artwork`: the lines of the product's master artwork, if there is one.
    `ends`: where each scene's first and last kept frame have which photo."""

    def __init__(self, viewer: Viewer, passport_of: Callable[[int], Passport], artwork: Sequence[str]) -> None:
        self.viewer, self.passport_of, self.artwork = viewer, passport_of, artwork
        self.with_plan = viewer.cut_list is not None
        self.findings = Findings()
        self.ends: dict[Scene, tuple[Placement, Placement]] = {}
        self._before: View | None = None
        self._is_recognisable = cache(is_recognisable)

    def examine(self, scene: Scene, samples: Sequence[Sample]) -> None:
        """All kept frames of one scene."""
        views = self._views(scene, samples)
        if views:
            self.ends[scene] = views[0].pose, views[-1].pose
        if not self.with_plan:
            views = self._without_captions(scene, views)
            self._judge_join(scene, views)
        self.weigh(scene, views)
        if not samples:
            self.cannot(scene, "it is too short to be looked at")
        elif len(views) == len(samples):
            self.findings.verified_scenes += 1
        else:
            self.cannot(scene, "a part of it could not be matched with a photo")

    def weigh(self, scene: Scene, views: Sequence[View]) -> None:
        """What every test says of the scene's frames on their photos."""
        found = [self._inspected(view) for view in views]
        if any(_is_guilty(charge, BOUND_TO_PLANE) for charges in found for charge in charges):
            views = self._without_passers(scene, views)
            found = [self._inspected(view) for view in views]
        found, in_layers = self._in_layers(scene, views, with_lasting_smear(found))
        found = [self._as_far_as_aligned(scene, view, charges) for view, charges in zip(views, found, strict=True)]
        for view, charges in zip(views, found, strict=True):
            self._judge_view(scene, view, charges)
        if not in_layers:
            self._judge_bending(scene, views)

    def examine_card(self, scene: Scene, samples: Sequence[Sample]) -> None:
        """An end card may show what its cut list names, or text where there is no list, on a calm ground; any other
        picture is for a person."""
        said = "text and logo that its cut list names" if self.with_plan else "text"
        hidden = [self.viewer.hidden(sample) for sample in samples]
        if samples and not self.with_plan:
            hidden = [lettered(self.viewer.rgb(samples[-1]))] * len(samples)
        if any(detail_share(sample.y, mask) > MAX_CARD_DETAIL for sample, mask in zip(samples, hidden, strict=True)):
            self.cannot(scene, f"it shows more than the {said}")

    def _views(self, scene: Scene, samples: Sequence[Sample]) -> list[View]:
        """The frames that show a photo; of the others it is noted what that means."""
        views: list[View] = []
        for sample in samples:
            seen = self.viewer.view(sample, views[-1].placement.photo if views else None)
            if isinstance(seen, View):
                views.append(seen)
            else:
                self.judge_unplaced(scene, sample, seen)
        return views

    def judge_unplaced(self, scene: Scene, sample: Sample, seen: Unplaced) -> None:
        if detail_share(sample.y, seen.hidden) < MIN_FRAME_DETAIL:
            self.cannot(scene, "it has too little detail to be compared with a photo")
        elif not self._are_recognisable(seen.rgb, seen.hidden, self.viewer.references):
            self.cannot(scene, "it or a photo is too plain for the one to be found in the other")
        else:
            evidence = frame_alone(seen.rgb)
            charge = Charge("wrong_product", seen.unexplained, sample.time_s, evidence=evidence)
            self.findings.charges.append((scene, charge))

    def _are_recognisable(self, rgb: Pixels, hidden: Mask, references: Sequence[Reference]) -> bool:
        """Whether the frame and each photo have keypoints enough for one to be found in the other, if it were there."""
        shown = Reference(-1, np.where(hidden[..., None], np.uint8(128), rgb))
        shown_px, _ = size_at(WORKING_SIDE_PX, rgb.shape)
        return all(map(self._is_recognisable, references)) and is_recognisable(shown, shown_px)

    def _without_captions(self, scene: Scene, views: Sequence[View]) -> list[View]:
        """The same views with what lies on the screen hidden."""
        masks = unlisted([(view.comparison, view.rgb) for view in views])
        return list(self._hiding(scene, views, masks, "captions cover the product"))

    def _without_passers(self, scene: Scene, views: Sequence[View]) -> list[View]:
        """The same views with what passes before the product hidden. All are held against one photo: what covers a
        product may make it resemble the wrong one."""
        photos = [view.placement.photo for view in views]
        for photo in sorted(set(photos), key=photos.count, reverse=True):
            on_photo = [view if view.placement.photo == photo else self.viewer.on_photo(view, photo) for view in views]
            alike = [view for view in on_photo if view]
            if len(alike) < len(views):
                continue
            masks = passing([view.comparison for view in alike], [view.rgb for view in alike])
            if any(mask.any() for mask in masks):
                self.cannot(scene, "something passes before the product")
                return list(self._hiding(scene, alike, masks, "something passes before the product"))
        return list(views)

    def _hiding(self, scene: Scene, views: Sequence[View], masks: Sequence[Mask], why: str) -> Iterator[View]:
        for view, mask in zip(views, masks, strict=True):
            left = self.viewer.hiding(view, mask) if mask.any() else view
            if left:
                yield left
            else:
                self.cannot(scene, why)

    def _inspected(self, view: View) -> list[Charge]:
        """What every test of one frame says."""
        comparison, time_s = view.comparison, view.sample.time_s
        passport = self.passport_of(view.reference.index)
        lines = passport.text
        if self.artwork:
            lines = (*lines, *unread_lines(lines, comparison, view.rgb))
        return [
            *inspect(comparison, time_s, self.with_plan),
            *inspect_faces(comparison, passport.faces, time_s, min(view.rgb.shape[:2])),
            *inspect_text(view.reference, lines, comparison, view.rgb, view.hidden, time_s, self.artwork),
        ]

    def _in_layers(
        self, scene: Scene, views: Sequence[View], found: list[list[Charge]]
    ) -> tuple[list[list[Charge]], bool]:
        """Where one plane makes a frame guilty and two explain it, what is left against it then; whether any was."""
        any_layered = False
        for at, (view, charges) in enumerate(zip(views, found, strict=True)):
            if view.reference.is_on_plain_ground or not any(_is_guilty(charge, BOUND_TO_PLANE) for charge in charges):
                continue
            layered = in_two_layers(view.comparison)
            if layered:
                any_layered = True
                others = [charge for charge in charges if charge.kind not in BOUND_TO_PLANE]
                again = [charge for charge in self._inspected_layers(view, layered) if charge.kind in BOUND_TO_PLANE]
                found[at] = [*others, *again]
        if any_layered:
            self.cannot(scene, "its background moves apart from the product, so they can't be compared as one")
        return found, any_layered

    def _inspected_layers(self, view: View, layered: Layered) -> Iterator[Charge]:
        comparison, time_s = view.comparison, view.sample.time_s
        yield from inspect(layered.comparison, time_s, self.with_plan)
        photo_to_grid = np.linalg.inv(comparison.to_frame) @ comparison.photo_to_frame
        inside: list[TextLine] = []
        outside: list[TextLine] = []
        for line in self.passport_of(view.reference.index).text:
            (inside if layered.is_inner(line.quad_px, photo_to_grid) else outside).append(line)
        for lines, moved in ((inside, layered.inner_moved), (outside, layered.outer_moved)):
            matrix = comparison.to_frame @ moved @ photo_to_grid
            placed = replace(comparison, photo_to_frame=matrix)
            yield from inspect_text(view.reference, lines, placed, view.rgb, view.hidden, time_s, self.artwork)

    def _as_far_as_aligned(self, scene: Scene, view: View, charges: list[Charge]) -> list[Charge]:
        """The same charges; of a picture with few keypoints only what is wrong away from the photo's edges, as an edge
        out of place may have been aligned badly. A shape that fits exactly is believed."""
        is_seen = True
        if view.placement.inliers < SURE_INLIERS:
            is_seen = product_share(view.reference, view.comparison, view.sample.y) >= MIN_OUTLINE
        guilty = {charge.kind for charge in charges if _is_guilty(charge, BOUND_TO_PLANE)}
        if view.placement.inliers >= SURE_INLIERS or (is_seen and guilty <= {"geometry_collapse"}):
            return charges
        if not view.placement.inliers and self._are_recognisable(view.rgb, view.hidden, [view.reference]):
            return charges
        self.cannot(scene, "it is too plain to be aligned exactly with its photo")
        read = [charge for charge in charges if charge.kind == "altered_text" and charge.score >= 1]
        others = [charge for charge in charges if charge.kind not in BOUND_TO_PLANE]
        again = inspect(clear_of_edges(view.comparison), view.sample.time_s, self.with_plan)
        return [*others, *read, *(charge for charge in again if charge.kind in TOLD_WITHOUT_EDGES)]

    def _judge_view(self, scene: Scene, view: View, charges: Sequence[Charge]) -> None:
        for charge in charges:
            if charge.kind == "relit":
                if charge.score > MAX_RELIGHT:
                    self.cannot(scene, "its light differs too much from the photo's to compare colours")
            else:
                self.findings.charges.append((scene, charge))
        seen = open_share(view.comparison)
        self.findings.least_seen = min(self.findings.least_seen, seen)
        if seen < MIN_SEEN:
            self.cannot(scene, "captions or glare hide most of the product")
        outside = outside_share(view.reference, view.comparison, view.sample.y, view.hidden)
        if outside > MAX_OUTSIDE[self.with_plan]:
            self.cannot(scene, SHOWN_BY_NONE)

    def _judge_join(self, scene: Scene, views: Sequence[View]) -> None:
        """Where no cut is planned, a hard change between two nearly equal views of a photo is a leap and no cut."""
        before, self._before = self._before, views[-1] if views else None
        if before and views and before.placement.photo == views[0].placement.photo:
            height, width = views[0].rgb.shape[:2]
            side = min(height, width)
            follow = views[0].comparison.photo_to_frame @ np.linalg.inv(before.comparison.photo_to_frame)
            middle = np.array([width / 2, height / 2, 1.0])
            moved = (follow @ middle)[:2] / (follow @ middle)[2] - middle[:2]
            leap, grown = 100 * float(np.hypot(*moved)) / side, float(np.sqrt(abs(np.linalg.det(follow[:2, :2]))))
            if leap < MAX_LEAP and abs(np.log(grown)) < np.log(MAX_GROWN):
                charge = Charge("jump_cut", leap, scene.start / self.viewer.footage.fps)
                self.findings.charges.append((scene, charge))

    def _judge_bending(self, scene: Scene, views: Sequence[View]) -> None:
        """Only where something is out of place: elsewhere a difference of flows is their noise."""
        warped = [charge for at, charge in self.findings.charges if at == scene and _is_guilty(charge, {"warped_logo"})]
        if warped:
            first = views[0].placement.photo
            score = bending_percent([view.comparison for view in views if view.placement.photo == first])
            worst = max(warped, key=lambda charge: charge.score)
            self.findings.charges.append((scene, replace(worst, kind="nonrigid_motion", score=score)))

    def cannot(self, scene: Scene, why: str) -> None:
        if (scene, why) not in self.findings.unverifiable:
            self.findings.unverifiable.append((scene, why))


def _is_guilty(charge: Charge, kinds: set[str]) -> bool:
    return charge.kind in kinds and charge.score >= thresholds()[charge.kind]
