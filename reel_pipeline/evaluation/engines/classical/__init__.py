"""The embedded judge: classical image analysis, tile by tile in the photo's own coordinates.

`seeing/` watches the video once and finds the photos on its frames, `comparing/` holds the two against each other,
`faults/` names what differs. `views.py` lays one frame on its photo, `examiner.py` goes through a scene, `sides.py`
through a transition, and here every charge is held against its gate in `thresholds.toml`. A fault rejects; without one,
anything that had to be verified and could not be is for a person; only the rest is accepted. `pairs.py` is for others,
who want to see what was compared.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from reel_pipeline.errors import EvaluationError
from reel_pipeline.evaluation.engines import Charge, Opinion, Pair, Passport
from reel_pipeline.evaluation.engines.classical.examiner import Examiner, Findings
from reel_pipeline.evaluation.engines.classical.faults.lettering import share_on_artwork
from reel_pipeline.evaluation.engines.classical.faults.technical import inspect_file, inspect_format, inspect_sound
from reel_pipeline.evaluation.engines.classical.faults.temporal import inspect_motion
from reel_pipeline.evaluation.engines.classical.pairs import aligned_pairs
from reel_pipeline.evaluation.engines.classical.seeing.footage import CLEAR_OF_CUT_S, Footage, watch
from reel_pipeline.evaluation.engines.classical.seeing.overlays import scaled
from reel_pipeline.evaluation.engines.classical.seeing.passages import without_fleeting
from reel_pipeline.evaluation.engines.classical.seeing.references import Reference
from reel_pipeline.evaluation.engines.classical.seeing.scenes import Scene, planned_scenes, seen_scenes
from reel_pipeline.evaluation.engines.classical.sides import examine_sides
from reel_pipeline.evaluation.engines.classical.views import Viewer
from reel_pipeline.evaluation.thresholds import thresholds
from reel_pipeline.media.boxes import area, intersection
from reel_pipeline.media.faces import find_faces
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import read_text
from reel_pipeline.records import FPS, LABEL_ON_ARTWORK, CutList, ItemError, Verdict

MAX_CARD_SHARE = 0.4
"""Share of the video: an end card that lasts longer than 4 of 10 s is no end card."""
FACE_HITS = 1
"""Overlapping hits of the face finder that make a face here. A sure face has more: better to look closely at what is
none than to miss one."""
FOR_A_PERSON = {"face_artifact": "a close face differs from the photo's"}
"""Kinds of fault that only a person can tell from what is meant, with what that person is told."""


class ClassicalJudge:
    name: str
    revision: str

    def passport(self, rgb: Pixels) -> Passport:
        return Passport(text=read_text(rgb), faces=find_faces(rgb, FACE_HITS))

    def judge(
        self,
        video: Path,
        cut_list: CutList | None,
        photos: Sequence[Pixels],
        passport_of: Callable[[int], Passport] | None = None,
        artworks: Sequence[Passport] = (),
    ) -> Opinion:
        if not photos:
            raise EvaluationError("There is no photo to compare the video with; give at least one reference photo.")
        if cut_list:
            cut_list = without_fleeting(cut_list, FPS, round(CLEAR_OF_CUT_S * FPS))
        footage = watch(video, cut_list)
        references = [Reference(index, rgb) for index, rgb in enumerate(photos)]
        read = passport_of or cache(lambda index: self.passport(photos[index]))
        artwork = tuple(line.text for page in artworks for line in page.text)
        viewer = Viewer(footage, cut_list, references)
        examiner = Examiner(viewer, read, artwork)
        if cut_list:
            scenes = planned_scenes(cut_list, footage.fps, footage.frame_count)
        else:
            scenes = seen_scenes(footage, viewer.shows_a_photo)
        for scene in scenes:
            samples = [sample for sample in footage.samples if scene.start <= sample.index < scene.stop]
            (examiner.examine_card if scene.is_card else examiner.examine)(scene, samples)
        findings = examiner.findings
        for leaving, entering in pairwise(scenes):
            if entering.enters:
                examine_sides(examiner, leaving, entering, entering.enters)
        dark = any(bool((reference.luma < 6).mean() > 0.7) for reference in references)
        whole = list(inspect_motion(footage, scenes, cut_list, dark))
        if cut_list:
            whole += [*inspect_format(footage, cut_list), *inspect_file(video)]
            whole += inspect_sound(video, footage.fps, cut_list)
        findings.charges += [(_scene_at(scenes, round(charge.time_s * footage.fps)), charge) for charge in whole]
        opinion = _opinion(footage, findings, scenes)
        if artwork:
            label = [line for index in range(len(photos)) for line in read(index).text]
            opinion.scores[LABEL_ON_ARTWORK] = share_on_artwork(label, artwork)
        return opinion

    def pairs(self, video: Path, cut_list: CutList, photos: Sequence[Pixels]) -> list[Pair]:
        return aligned_pairs(video, cut_list, photos)


def _scene_at(scenes: Sequence[Scene], frame: int) -> Scene:
    """The scene of a frame; the last one for a frame in none."""
    return next((scene for scene in scenes if scene.with_transition.start <= frame < scene.stop), scenes[-1])


def _opinion(footage: Footage, findings: Findings, scenes: Sequence[Scene]) -> Opinion:
    """The verdict, with the worst fault of each kind in each scene and the highest score of each kind."""
    gates = thresholds()
    scores: dict[str, float] = {}
    worst: dict[tuple[str, Scene], Charge] = {}
    for scene, charge in findings.charges:
        scores[charge.kind] = round(max(charge.score, scores.get(charge.kind, 0.0)), 4)
        known = worst.get((charge.kind, scene))
        if charge.score >= gates[charge.kind] and (known is None or charge.score > known.score):
            worst[charge.kind, scene] = charge
    charges = tuple(
        _in_video(charge, scene, footage) for (kind, scene), charge in worst.items() if kind not in FOR_A_PERSON
    )
    unsure = [(scene, FOR_A_PERSON[kind]) for kind, scene in worst if kind in FOR_A_PERSON]
    doubts = [ItemError(item=_name(scene, scenes), error=why) for scene, why in (*findings.unverifiable, *unsure)]
    doubts += _doubts_on_whole(findings, scenes, footage.frame_count)
    verdict = Verdict.REJECT if charges else Verdict.ABSTAIN if doubts else Verdict.ACCEPT
    used = {kind: gates[kind] for kind in scores}
    scores["verified_shots"] = float(findings.verified_scenes)
    scores["least_open_share"] = round(findings.least_seen, 4)
    return Opinion(verdict, charges, tuple(doubts), scores, used)


def _doubts_on_whole(findings: Findings, scenes: Sequence[Scene], total: int) -> Iterator[ItemError]:
    """Nothing is accepted for want of something to look at."""
    shots = sum(not scene.is_card for scene in scenes)
    if findings.verified_scenes < max(shots, 1):
        few = f"only {findings.verified_scenes} of {shots} shots" if findings.verified_scenes else "no shot"
        yield ItemError(item="The video", error=f"{few} of it could be matched with a photo")
    card = sum(scene.count for scene in scenes if scene.is_card)
    if card > MAX_CARD_SHARE * total or any(scene.is_card for scene in scenes[:-1]):
        yield ItemError(item="The end card", error="it is too long, or not at the end")
    if any(before.stop > after.with_transition.start for before, after in pairwise(scenes)):
        yield ItemError(item="The video", error="its cut list has shots that overlap")
    covered = sum(scene.with_transition.count for scene in scenes)
    if covered < total - 1:
        yield ItemError(item="The video", error=f"its cut list leaves {total - covered} frames unexplained")


def _in_video(charge: Charge, scene: Scene, footage: Footage) -> Charge:
    """The charge as an opinion has it: with its shot, rounded, and its region in the video's own pixels."""
    whole = (0, 0, footage.width_px, footage.height_px)
    region = intersection(scaled(charge.region_px_xywh, 1 / footage.scale), whole)
    return replace(
        charge,
        score=round(charge.score, 4),
        time_s=round(charge.time_s, 3),
        region_px_xywh=region if area(region) else whole,
        shot=scene.number,
    )


def _name(scene: Scene, scenes: Sequence[Scene]) -> str:
    if scene.is_card:
        return "The end card"
    return f"Shot {scene.number if scene.number is not None else scenes.index(scene) + 1}"
