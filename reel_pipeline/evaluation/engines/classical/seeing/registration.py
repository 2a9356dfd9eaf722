"""Where a frame shows which gallery photo: a 3x3 matrix from photo pixels to kept-frame pixels.

Keypoints first; where a product has too little texture for them, a direct photometric search.
Whether the frame shows the photo faithfully is `comparing/`'s business.
"""

from collections.abc import Sequence

from reel_pipeline.evaluation.engines.classical.seeing.keypoints import SURE_INLIERS, frame_features, place_by_features
from reel_pipeline.evaluation.engines.classical.seeing.photometric import place_by_picture
from reel_pipeline.evaluation.engines.classical.seeing.references import WORKING_SIDE_PX, Placement, Reference
from reel_pipeline.media.photo import Pixels

_TRACKING_SIDE_PX = 360
"""Short side of the frame at which a photo is found again that the scene is known to show; the comparison refines
that."""


def candidates(references: Sequence[Reference], frame_luma: Pixels, prefer: int | None) -> list[Placement]:
    """Where the photos lie that the frame may show, likeliest first, at most three by keypoints and one without.

    `frame_luma`: HW uint8, kept frame. `prefer`: index of a photo that is the only answer if it is surely there. A
    detail crop and the photo it was cut from both fit the same frame: which one it is shows in the comparison.
    """
    if prefer is not None:
        placement = place_by_features(references[prefer], frame_features(frame_luma, _TRACKING_SIDE_PX, 900))
        if placement and placement.inliers >= SURE_INLIERS:
            return [placement]
    features = frame_features(frame_luma, WORKING_SIDE_PX, 2000)
    placements = [place for reference in references if (place := place_by_features(reference, features))]
    placements.sort(key=lambda place: -place.inliers)
    placements = [place for place in placements if place.inliers > 0.3 * placements[0].inliers][:3]
    if placements and placements[0].inliers >= SURE_INLIERS:
        return placements
    placed = {place.photo for place in placements}
    others = [reference for reference in references if reference.index not in placed]
    found = [answer for reference in others if (answer := place_by_picture(reference, frame_luma))]
    return [*placements, *(answer[1] for answer in sorted(found, key=lambda answer: -answer[0])[:1])]
