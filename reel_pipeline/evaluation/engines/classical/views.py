"""A kept frame beside the photo that it shows: which photo, where it lies, and the two compared on one grid.

What the comparison says against the frame is `examiner.py`'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reel_pipeline.evaluation.engines.classical.comparing.choice import fittest
from reel_pipeline.evaluation.engines.classical.comparing.colour import colour_difference
from reel_pipeline.evaluation.engines.classical.comparing.tiles import CLEARLY_OFF, Comparison, compare
from reel_pipeline.evaluation.engines.classical.seeing import overlays
from reel_pipeline.evaluation.engines.classical.seeing.footage import Footage, Sample
from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS
from reel_pipeline.evaluation.engines.classical.seeing.planes import Mask
from reel_pipeline.evaluation.engines.classical.seeing.references import Placement, Reference
from reel_pipeline.evaluation.engines.classical.seeing.registration import candidates
from reel_pipeline.media.boxes import grown, rows_and_columns
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import CutList

MIN_EXPLAINED = 0.5
"""A photo that was placed with few keypoints is believed only if it explains this share of the frame's detail: 500 of
1000 detailed pixels."""


@dataclass(frozen=True)
class View:
    """A kept frame on its photo. `rgb`: HWC RGB uint8; `hidden`: HW bool of the same size, True under an overlay."""

    sample: Sample
    rgb: Pixels
    hidden: Mask
    reference: Reference
    placement: Placement
    comparison: Comparison

    @property
    def pose(self) -> Placement:
        """Where the photo lies, as exactly as the comparison knows."""
        return replace(self.placement, matrix=self.comparison.photo_to_frame)


@dataclass(frozen=True)
class Unplaced:
    """A kept frame that no photo explains, arrays as in `View`. `unexplained`: share of its detail, 1 where no photo
    could be placed at all."""

    rgb: Pixels
    hidden: Mask
    unexplained: float


class Viewer:
    """Places frames on photos. Holds what the frames of one video share: photos, cut list, colour matrix."""

    def __init__(self, footage: Footage, cut_list: CutList | None, references: Sequence[Reference]) -> None:
        self.footage, self.cut_list, self.references = footage, cut_list, references
        self._matrix = footage.matrices[0]
        self._matrix_is_chosen = len(footage.matrices) == 1

    def view(self, sample: Sample, prefer: int | None) -> View | Unplaced:
        """The frame on the photo that fits it best. `prefer`: index of the photo that the scene's last frame showed;
        it is looked for first, and the others only where it leaves something unexplained."""
        hidden = self.hidden(sample)
        placements = candidates(self.references, sample.y, prefer)
        if placements and not self._matrix_is_chosen:
            self._choose_matrix(sample, placements[0], hidden)
        rgb = self.rgb(sample)
        compared = [(place, compare(self.references[place.photo], place, rgb, hidden)) for place in placements]
        pairs = [(place, comparison) for place, comparison in compared if comparison]
        best = fittest(pairs, self.references, sample.y, hidden)
        if best is None:
            return Unplaced(rgb, hidden, 1.0)
        placement, comparison = best
        explained = comparison.explained_share()
        if placement.inliers < SURE_INLIERS and explained < MIN_EXPLAINED:
            return Unplaced(rgb, hidden, 1.0 - explained)
        if prefer is not None and (comparison.mismatch() > CLEARLY_OFF).any():
            return self.view(sample, None)
        return View(sample, rgb, hidden, self.references[placement.photo], placement, comparison)

    def placed(self, sample: Sample, placement: Placement) -> View | None:
        """The frame with its photo about where `placement` has it, fitted by the pixels alone: the flow over a part of
        a picture tells little of its stretch. None where the photo does not explain the frame."""
        hidden, rgb, reference = self.hidden(sample), self.rgb(sample), self.references[placement.photo]
        comparison = compare(reference, replace(placement, inliers=0), rgb, hidden)
        if comparison is None or comparison.explained_share() < MIN_EXPLAINED:
            return None
        return View(sample, rgb, hidden, reference, placement, comparison)

    def on_photo(self, view: View, photo: int) -> View | None:
        """The same frame on another photo; None where it can't be found there."""
        reference = self.references[photo]
        placement = next(iter(candidates([reference], view.sample.y, None)), None)
        comparison = compare(reference, placement, view.rgb, view.hidden) if placement else None
        if placement is None or comparison is None:
            return None
        return View(view.sample, view.rgb, view.hidden, reference, placement, comparison)

    def hiding(self, view: View, mask: Mask) -> View | None:
        """The same view with more of the frame hidden (HW bool); None where too little is left to compare."""
        hidden = view.hidden | mask
        comparison = compare(view.reference, view.placement, view.rgb, hidden)
        return View(view.sample, view.rgb, hidden, view.reference, view.placement, comparison) if comparison else None

    def shows_a_photo(self, sample: Sample) -> bool:
        """Whether some photo explains most of the frame's detail."""
        nothing, rgb = np.zeros(sample.y.shape[:2], np.bool_), self.rgb(sample)
        compared = (
            compare(self.references[place.photo], place, rgb, nothing)
            for place in candidates(self.references, sample.y, None)
        )
        return any(comparison and comparison.explained_share() >= MIN_EXPLAINED for comparison in compared)

    def rgb(self, sample: Sample) -> Pixels:
        """HWC RGB uint8, by the file's colour matrix as far as that is known."""
        return sample.rgb(self._matrix)

    def hidden(self, sample: Sample) -> Mask:
        """HW bool: what the cut list's overlays cover of the frame, and all but the part of it that is looked at."""
        shape = (sample.y.shape[0], sample.y.shape[1])
        if self.cut_list is None:
            return np.zeros(shape, np.bool_)
        hidden = overlays.listed(self.cut_list, sample.index, shape, shape[1] / self.cut_list.format.width_px)
        if sample.part:
            beside = np.ones(shape, np.bool_)
            beside[rows_and_columns(grown(sample.part, -overlays.MARGIN_PX))] = False
            hidden |= beside
        return hidden

    def _choose_matrix(self, sample: Sample, placement: Placement, hidden: Mask) -> None:
        """For a file without colour tags: the matrix under which the first placed frame is nearer to its photo."""
        errors = {}
        for matrix in self.footage.matrices:
            comparison = compare(self.references[placement.photo], placement, sample.rgb(matrix), hidden)
            if comparison is None:
                return
            difference, valid = colour_difference(comparison, 1.0)
            errors[matrix] = float(difference[valid].mean()) if valid.any() else 0.0
        self._matrix = min(errors, key=lambda matrix: errors[matrix])
        self._matrix_is_chosen = True
