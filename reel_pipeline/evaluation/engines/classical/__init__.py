"""The embedded judge: classical image analysis, tile by tile in the photo's own coordinates.

Watch the video once (`footage.py`), say what each scene shows (`shots.py`: placed by `registration.py`, compared by
`tiles.py`, named by `fidelity.py` and `lettering.py`), how it moves (`temporal.py`) and whether the file keeps to its
format (`technical.py`); then gate every suspicion by `thresholds.toml`. A fault rejects; without one, anything that had
to be verified and could not be is for a person; only the rest is accepted.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from reel_pipeline.errors import EvaluationError
from reel_pipeline.evaluation.engines import Charge, Opinion, Passport
from reel_pipeline.evaluation.engines.classical.footage import Footage, Sample, watch
from reel_pipeline.evaluation.engines.classical.lettering import share_on_artwork
from reel_pipeline.evaluation.engines.classical.overlays import scaled
from reel_pipeline.evaluation.engines.classical.registration import Reference
from reel_pipeline.evaluation.engines.classical.shots import Examiner, Findings
from reel_pipeline.evaluation.engines.classical.suspicion import Suspicion
from reel_pipeline.evaluation.engines.classical.technical import inspect_file, inspect_format, inspect_sound
from reel_pipeline.evaluation.engines.classical.temporal import Scene, inspect_motion, still_frames
from reel_pipeline.evaluation.thresholds import thresholds, thresholds_digest
from reel_pipeline.media.faces import find_faces
from reel_pipeline.media.photo import Pixels
from reel_pipeline.media.text import REVISION as OCR_REVISION
from reel_pipeline.media.text import read_text
from reel_pipeline.records import LABEL_ON_ARTWORK, CutList, ItemError, Verdict

MAX_CARD_SHARE = 0.4
"""An end card that lasts longer is no end card."""
FACE_HITS = 1
"""Fewer than a sure face has: better to look closely at what is none than to miss one."""
FOR_A_PERSON = {"face_artifact": "a close face differs from the photo's"}
"""Kinds of fault that only a person can tell from what is meant, with what that person is told."""


class ClassicalJudge:
    name = "classical"
    revision = f"12+{thresholds_digest()}+{OCR_REVISION}"

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
        footage = watch(video, cut_list)
        references = [Reference(index, rgb) for index, rgb in enumerate(photos)]
        read = passport_of or cache(lambda index: self.passport(photos[index]))
        artwork = tuple(line.text for page in artworks for line in page.text)
        examiner = Examiner(footage, cut_list, references, read, artwork)
        scenes = _planned_scenes(cut_list, footage) if cut_list else _seen_scenes(footage, examiner)
        for scene in scenes:
            samples = [sample for sample in footage.samples if scene.start <= sample.index < scene.stop]
            (examiner.examine_card if scene.is_card else examiner.examine)(scene, samples)
        findings = examiner.findings
        dark = any(bool((reference.luma < 6).mean() > 0.7) for reference in references)
        whole = list(inspect_motion(footage.steps, scenes, footage.fps, cut_list is not None, dark))
        if cut_list:
            whole += [*inspect_format(footage, cut_list), *inspect_file(video)]
            whole += inspect_sound(video, footage.fps, cut_list)
        findings.suspicions += [(_scene_at(scenes, suspicion.frame), suspicion) for suspicion in whole]
        opinion = _opinion(footage, findings, scenes)
        if artwork:
            label = [line for index in range(len(photos)) for line in read(index).text]
            opinion.scores[LABEL_ON_ARTWORK] = share_on_artwork(label, artwork)
        return opinion


def _planned_scenes(cut_list: CutList, footage: Footage) -> list[Scene]:
    """The cut list's shots, as far as the video goes."""
    total = footage.frame_count
    return [
        Scene(cut.start_frame, min(cut.frame_count, total - cut.start_frame), cut.shot, cut.photo is None)
        for cut in cut_list.cuts
        if cut.start_frame < total
    ]


def _seen_scenes(footage: Footage, examiner: Examiner) -> list[Scene]:
    """The stretches between hard cuts; the last is an end card if it mostly stands still in mostly one colour and is no
    photo."""
    edges = [0, *footage.steps.cuts, footage.frame_count]
    scenes = [Scene(start, stop - start) for start, stop in pairwise(edges) if stop > start]
    last = scenes[-1]
    samples = [sample for sample in footage.samples if last.start <= sample.index < last.stop]
    is_calm = bool(samples) and still_frames(footage.steps, last).mean() >= 0.5 and all(map(_is_mostly_flat, samples))
    if len(scenes) > 1 and is_calm and not examiner.shows_a_photo(samples[-1]):
        scenes[-1] = Scene(last.start, last.count, is_card=True)
    return scenes


def _is_mostly_flat(sample: Sample) -> bool:
    """A designed card: seven tenths of it within 4 grey levels of its commonest one."""
    counts = np.bincount(sample.y.ravel(), minlength=256)
    common = int(np.argmax(counts))
    return bool(counts[max(0, common - 4) : common + 5].sum() > 0.7 * counts.sum())


def _scene_at(scenes: Sequence[Scene], frame: int) -> Scene:
    return next((scene for scene in scenes if scene.start <= frame < scene.stop), scenes[-1])


def _opinion(footage: Footage, findings: Findings, scenes: Sequence[Scene]) -> Opinion:
    gates = thresholds()
    scores: dict[str, float] = {}
    worst: dict[tuple[str, Scene], Suspicion] = {}
    for scene, suspicion in findings.suspicions:
        scores[suspicion.kind] = round(max(suspicion.score, scores.get(suspicion.kind, 0.0)), 4)
        key = (suspicion.kind, scene)
        if suspicion.score >= gates[suspicion.kind] and suspicion.score > worst.get(key, _NOTHING).score:
            worst[key] = suspicion
    charges = tuple(
        _charge(footage, scene, suspicion, gates)
        for (kind, scene), suspicion in worst.items()
        if kind not in FOR_A_PERSON
    )
    unsure = [(scene, FOR_A_PERSON[kind]) for kind, scene in worst if kind in FOR_A_PERSON]
    doubts = [ItemError(item=_name(scene, scenes), error=why) for scene, why in (*findings.unverifiable, *unsure)]
    doubts += _doubts_on_whole(findings, scenes, footage.frame_count)
    verdict = Verdict.REJECT if charges else Verdict.ABSTAIN if doubts else Verdict.ACCEPT
    used = {kind: gates[kind] for kind in scores}
    scores["verified_shots"] = float(findings.verified_scenes)
    scores["least_open_share"] = round(findings.least_seen, 4)
    return Opinion(verdict, charges, tuple(doubts), scores, used)


_NOTHING = Suspicion("", -1.0, 0)


def _doubts_on_whole(findings: Findings, scenes: Sequence[Scene], total: int) -> Iterator[ItemError]:
    """Nothing is accepted for want of something to look at."""
    shots = sum(not scene.is_card for scene in scenes)
    if findings.verified_scenes < max(shots, 1):
        few = f"only {findings.verified_scenes} of {shots} shots" if findings.verified_scenes else "no shot"
        yield ItemError(item="The video", error=f"{few} of it could be matched with a photo")
    card = sum(scene.count for scene in scenes if scene.is_card)
    if card > MAX_CARD_SHARE * total or any(scene.is_card for scene in scenes[:-1]):
        yield ItemError(item="The end card", error="it is too long, or not at the end")
    covered = sum(scene.count for scene in scenes)
    if covered < total - 1:
        yield ItemError(item="The video", error=f"its cut list leaves {total - covered} frames unexplained")


def _charge(footage: Footage, scene: Scene, suspicion: Suspicion, gates: dict[str, float]) -> Charge:
    whole = (0, 0, footage.width_px, footage.height_px)
    box = scaled(suspicion.box, 1 / footage.scale) if suspicion.box else whole
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(footage.width_px, box[0] + box[2]), min(footage.height_px, box[1] + box[3])
    if right <= left or bottom <= top:
        left, top, right, bottom = 0, 0, footage.width_px, footage.height_px
    return Charge(
        kind=suspicion.kind,
        score=round(suspicion.score, 4),
        threshold=gates[suspicion.kind],
        time_s=round(suspicion.frame / footage.fps, 3),
        region_px_xywh=(left, top, right - left, bottom - top),
        shot=scene.number,
        evidence=suspicion.evidence,
    )


def _name(scene: Scene, scenes: Sequence[Scene]) -> str:
    if scene.is_card:
        return "The end card"
    return f"Shot {scene.number if scene.number is not None else scenes.index(scene) + 1}"
