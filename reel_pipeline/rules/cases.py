"""What learning needs of a workspace: what each judged reel consisted of, its cases, the gates in force. No Dagster."""

from collections.abc import Iterator

from reel_pipeline.errors import SettingsError
from reel_pipeline.evaluation.thresholds import shipped_thresholds
from reel_pipeline.learning import Calibration
from reel_pipeline.learning.judgements import Case
from reel_pipeline.learning.sampling import is_spot_check, review_propensity
from reel_pipeline.records import CatalogSnapshot, Judgement, Reel, Review, SceneBrief, Shown, ShownShot, Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import BLIND_REVIEWS, REVIEWS, SHOWN, VERDICTS, is_for_a_person, last_word
from reel_pipeline.store import UNPARTITIONED, partition_path

CALIBRATIONS = "calibrations"
"""Notes: every candidate version by its digest, so that an adopted one outlives the next."""


def remember_shown(flow: Flow, partition: str, edition: str, reel: Reel, judgement: Judgement) -> None:
    """Keep what this reel consisted of beside its first verdict; the next take overwrites the records that say so now.

    Written once: by how likely it was to be drawn then, and not by a later verdict, its decision is weighed.
    """
    if flow.store.load_note(SHOWN, partition, judgement.video_sha256, Shown):
        return
    behind = flow.records(
        ("product", "frame_classification", "shot_plan", "rendered_still", "video_clip", "reel"), partition
    )
    if None in behind.values() or not _belong_together(flow, partition):
        return
    plan = behind["shot_plan"]
    frames = behind["frame_classification"]
    clips = {clip.shot: clip for clip in behind["video_clip"].editions[edition].clips}
    last = last_word(flow, partition)
    is_held = last is not None and not last.approved
    waits = is_held or flow.settings.publish == "after_approval" or is_for_a_person(plan, judgement)
    shown = Shown(
        sku=behind["product"].sku,
        edition=edition,
        video=reel.editions[edition].video,
        generator="+".join(sorted({clip.made_by[-1].engine for clip in clips.values()})),
        shots=tuple(
            ShownShot(
                shot=still.shot,
                photo=still.take.photo,
                view_class=frames.frame(still.take.photo).view_class,
                rung=still.take.rung,
                motion=still.take.motion,
                take_index=still.take_index,
                scene=_scene(still.take.brief),
                clip=clips[still.shot].video,
            )
            for still in behind["rendered_still"].editions[edition].stills
        ),
        review_propensity=review_propensity(judgement.verdict, person_decides_accepts=waits),
    )
    flow.store.save_note(SHOWN, partition, judgement.video_sha256, shown)


def _scene(brief: SceneBrief | None) -> str:
    """What is around the product, in words."""
    if brief is None:
        return "The untouched photo."
    told = (brief.setting, brief.surface, brief.season, f"{brief.light} light", " ".join(brief.palette))
    return ", ".join(part for part in told if part) + "."


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
    """Partition and reel of what is drawn for a blind look: present reels that nobody has said anything of."""
    decided = {place for kind in (BLIND_REVIEWS, REVIEWS) for place, _ in flow.store.load_notes(kind, Review)}
    snapshot: CatalogSnapshot | None = flow.record("catalog_snapshot", UNPARTITIONED)
    partitions = {partition_path(partition): partition for partition in (snapshot.by_partition if snapshot else ())}
    for place, shown in flow.store.load_notes(SHOWN, Shown):
        partition = partitions.get(place.partition("/")[0])
        drawn = is_spot_check(shown.video.sha256, shown.review_propensity)
        if partition and drawn and place not in decided and _is_current(flow, partition, shown):
            yield partition, shown


def _is_current(flow: Flow, partition: str, shown: Shown) -> bool:
    """Whether this is the reel that the product has now, and the judge has decided about it."""
    reel: Reel | None = flow.record("reel", partition)
    edition = reel.editions.get(shown.edition) if reel else None
    judged = flow.store.load_note(VERDICTS, partition, shown.video.sha256, Judgement)
    is_decided = judged is not None and judged.verdict is not Verdict.ABSTAIN
    return edition is not None and edition.video == shown.video and is_decided and flow.store.has(shown.video)


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
