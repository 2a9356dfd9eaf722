"""What learning needs of a workspace: what each judged reel consisted of, its cases, the gates in force. No Dagster."""

from collections.abc import Iterator

from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.guard import BLIND_REVIEWS, REVIEWS, SHOWN, VERDICTS
from reel_pipeline.errors import SettingsError
from reel_pipeline.evaluation.learning import Calibration
from reel_pipeline.evaluation.learning.sampling import is_spot_check, review_propensity
from reel_pipeline.evaluation.learning.table import Case
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.records import Judgement, Reel, Review, Shown, ShownShot
from reel_pipeline.store import UNPARTITIONED

CALIBRATIONS = "calibrations"
"""Notes: every candidate version by its digest, so that an adopted one outlives the next."""


def remember_shown(flow: Flow, partition: str, edition: str, reel: Reel, judgement: Judgement) -> None:
    """Keep what this reel consisted of beside its verdict; the next take overwrites the records that say so now."""
    behind = flow.records(
        ("product", "frame_classification", "shot_plan", "rendered_still", "video_clip", "reel"), partition
    )
    if None in behind.values() or not _belong_together(flow, partition):
        return
    plan = behind["shot_plan"]
    frames = behind["frame_classification"]
    clips = {clip.shot: clip.video for clip in behind["video_clip"].editions[edition].clips}
    scenes = {shot.number: shot.scene for shot in plan.editions[edition].shots}
    waits = flow.settings.publish == "after_approval" or bool(plan.person_must_approve)
    shown = Shown(
        sku=behind["product"].sku,
        edition=edition,
        video=reel.editions[edition].video,
        generator=flow.settings.engines.clips,
        shots=tuple(
            ShownShot(
                shot=still.shot,
                photo=still.take.photo,
                view_class=frames.frame(still.take.photo).view_class,
                rung=still.take.rung,
                motion=still.take.motion,
                take_index=still.take_index,
                scene=scenes[still.shot],
                clip=clips[still.shot],
            )
            for still in behind["rendered_still"].editions[edition].stills
        ),
        review_propensity=review_propensity(judgement.verdict, person_decides_accepts=waits),
    )
    flow.store.save_note(SHOWN, partition, judgement.video_sha256, shown)


def _belong_together(flow: Flow, partition: str) -> bool:
    """Whether the present reel was made from what is present now, all the way up to what the photos show."""
    chain = ("reel", "video_clip", "rendered_still", "shot_plan", "frame_classification")
    heads = [flow.head(asset, partition) for asset in chain]
    return all(
        made and source and made.inputs.get(name) == source.record.sha256
        for made, (name, source) in zip(heads, zip(chain[1:], heads[1:], strict=True), strict=False)
    )


def cases(flow: Flow) -> Iterator[Case]:
    """Every judged reel of this workspace with all that is known of it, in the order of the store."""
    reviews, checked, shown = (
        dict(flow.store.load_notes(REVIEWS, Review)),
        dict(flow.store.load_notes(BLIND_REVIEWS, Review)),
        dict(flow.store.load_notes(SHOWN, Shown)),
    )
    for place, judgement in flow.store.load_notes(VERDICTS, Judgement):
        made_of = shown.get(place)
        sku = made_of.sku if made_of else place.partition("/")[0]
        yield Case(sku, judgement, made_of, reviews.get(place), checked.get(place))


def due_spot_checks(flow: Flow) -> Iterator[tuple[str, Shown]]:
    """Reels drawn for a blind look that nobody has had yet, by place (`<partition's path>/<video's SHA-256>`)."""
    done = {place for place, _ in flow.store.load_notes(BLIND_REVIEWS, Review)}
    for place, shown in flow.store.load_notes(SHOWN, Shown):
        drawn = is_spot_check(shown.video.sha256, shown.review_propensity)
        if drawn and place not in done and flow.store.has(shown.video):
            yield place, shown


def adopted_gates(flow: Flow) -> dict[str, float] | None:
    """The gates of the version that the settings name; None for the shipped ones."""
    name = flow.settings.calibration
    if not name:
        return None
    version = flow.store.load_note(CALIBRATIONS, UNPARTITIONED, name, Calibration) if name.isalnum() else None
    if version is None or version.digest() != name:
        raise SettingsError(
            f"The settings adopt the calibration {name[:16]!r}, which the store does not hold; "
            "`reel-pipeline learn` prints the name of one that it does."
        )
    return version.gates


def gates_now(flow: Flow) -> dict[str, float]:
    """Fault kind -> the gate in force."""
    return {**shipped_thresholds(), **(adopted_gates(flow) or {})}
