"""The state of a product in words: for the table that `run` and `status` print and for `why`."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reel_pipeline.errors import PublishRefused, SettingsError
from reel_pipeline.records import (
    BrandKit,
    BrandWords,
    EvaluationScore,
    ItemError,
    MirroredAsset,
    Product,
    ProductGallery,
    Reel,
    RenderedStill,
    Rung,
    ShotPlan,
)
from reel_pipeline.rules.flow import Flow, FrozenFlow
from reel_pipeline.rules.guard import Rejected, Waiting, approvals
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import CHECKS, SKU_ASSETS
from reel_pipeline.rules.work import work
from reel_pipeline.store import UNPARTITIONED


class State(StrEnum):
    """Where a product stands: `PUBLISHED` also while its update waits for a run, `FAILED` also if it was never made."""

    PUBLISHED = "published"
    WAITING = "waiting_for_person"
    REJECTED = "rejected"
    FAILED = "failed"


class Public(StrEnum):
    """What the public sees of a product: nothing, its present reel, or an earlier one that is still true."""

    NONE = "none"
    CURRENT = "current"
    UPDATE_PENDING = "update_pending"


@dataclass(frozen=True)
class ProductReport:
    """Where one product stands, for people.

    `verdict`: the judge's of the present reel; None while that is not judged. `reasons`: why it is not published, or
    what its update waits for. `reel`: the file's path or address, None while there is nothing that may be shown.
    `shots`: of all editions. `rungs`: those of its present pictures, lowest first. `action`: the one thing that would
    bring it on; empty when nothing has to be done.
    """

    sku: str
    title: str
    state: State
    public: Public
    verdict: str | None
    reasons: list[str]
    reel: str | None
    shots: int
    rungs: list[str]
    action: str


def report(flow: Flow, partition: str, error: str | None = None) -> ProductReport:
    """Where a product stands now. `error`: what its run died of, if it did."""
    flow = FrozenFlow(flow)
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    sku = entry.sku if entry else partition
    plan: ShotPlan | None = flow.record("shot_plan", partition)
    public = _public(flow, partition)
    state, reasons, reel = _state(flow, partition, public, error)
    reasons += filter(None, [missing_price(flow.record("product", partition), flow.record("brand_kit", UNPARTITIONED))])
    score: EvaluationScore | None = flow.record("evaluation_score", partition)
    judged = "evaluation_score" not in stale_assets(flow, partition)
    return ProductReport(
        sku=sku,
        title=entry.title if entry else "",
        state=state,
        public=public,
        verdict=next((judgement.verdict.value for judgement in score.editions.values()), None)
        if score and judged
        else None,
        reasons=reasons,
        reel=reel,
        shots=sum(len(edition.shots) for edition in plan.editions.values()) if plan else 0,
        rungs=[rung.value for rung in Rung if rung in _rungs(flow.record("rendered_still", partition))],
        action=_action(flow, partition, shlex.quote(sku), state, public, reasons),
    )


def _rungs(stills: RenderedStill | None) -> set[Rung]:
    return {still.take.rung for edition in stills.editions.values() for still in edition.stills} if stills else set()


def missing_price(product: Product | None, brand: BrandKit | None) -> str:
    """Why the end card lacks the price that the brand asks for; '' where it is shown or not asked for."""
    if not (product and brand and brand.words.show_price) or product.shown_price:
        return ""
    what = f"its price {product.price} names no currency" if product.price else "it has no sure price"
    return f"show_price is on, but {what}, so none is shown; give it a price such as 54.00 and a currency such as EUR."


def _action(flow: Flow, partition: str, quoted_sku: str, state: State, public: Public, reasons: list[str]) -> str:
    """A command, or the sentence of the check that says what to upload or correct."""
    if state is State.PUBLISHED and public is Public.CURRENT:
        return ""
    if state is State.WAITING:
        return f"watch it, then `reel-pipeline review approve {quoted_sku} --reason TEXT`, or reject it"
    budget = flow.finding("retry_budget", partition)
    if work(flow, partition) or (budget and budget.measured.get("next_attempt")):
        return f"`reel-pipeline run --sku {quoted_sku}`"
    if budget and budget.measured.get("waits_for_words"):
        return budget.sentence
    if state is State.REJECTED:
        return f"watch it (`reel-pipeline why {quoted_sku}`), then approve it, or give the product other photos"
    return next(iter(reasons), f"`reel-pipeline why {quoted_sku}`")


def _public(flow: Flow, partition: str) -> Public:
    mirrored: MirroredAsset | None = flow.record("mirrored_asset", partition)
    if mirrored is None or not mirrored.editions:
        return Public.NONE
    return Public.UPDATE_PENDING if "mirrored_asset" in stale_assets(flow, partition) else Public.CURRENT


def _state(flow: Flow, partition: str, public: Public, error: str | None) -> tuple[State, list[str], str | None]:
    """A reel that is public is `published` while nothing but a run stands between it and its update."""
    reel: Reel | None = flow.record("reel", partition)
    shown = None if public is Public.NONE else _address(flow, flow.record("mirrored_asset", partition))
    try:
        approvals(flow, partition)
    except Waiting as waiting:
        path = str(flow.store.path(next(iter(reel.editions.values())).video)) if reel else None
        return State.WAITING, [_reason(waiting)], path
    except Rejected as rejected:
        return State.REJECTED, failed_sentences(flow, partition) or [_reason(rejected)], None
    except PublishRefused as refused:
        error = error or next(filter(None, (flow.failure(name, partition) for name in SKU_ASSETS)), None)
        failed = [error] if error else failed_sentences(flow, partition)
        if failed or shown is None:
            return State.FAILED, failed or [_reason(refused)], shown
        return State.PUBLISHED, [_reason(refused)], shown
    error = error or flow.failure("mirrored_asset", partition)
    if public is Public.CURRENT and not error:
        return State.PUBLISHED, [], shown
    if error or shown is None:
        return State.FAILED, [error or "Verified, but not published yet; run this product again."], shown
    return State.PUBLISHED, ["A newer reel is verified and not published yet; run this product again."], shown


def _address(flow: Flow, mirrored: MirroredAsset) -> str:
    """Where what is public can be watched: a file's path, or an address in a bucket."""
    files = next(iter(mirrored.editions.values())).files
    video = next(file for file in files if file.name == "reel.mp4")
    location = flow.settings.publish_location
    return video.url if "://" in location else f"{location}/{video.key}"


def _reason(refused: PublishRefused) -> str:
    return str(refused).removeprefix("Not published: ").removeprefix("Waiting for a person: ")


def failed_sentences(flow: Flow, partition: str) -> list[str]:
    """What failed blocking checks say about the records as they are now, in flow order."""
    findings = (flow.finding(check.name, partition) for check in CHECKS.values() if check.blocking)
    return [finding.sentence for finding in findings if finding and not finding.passed]


def chain(flow: Flow, partition: str) -> list[str]:
    """From photos to verdict, one line an asset: what it is, whether it is fresh, what its checks found.

    Below the plan, what every word rests on; below the stills, what is shown of which photo, and what was rejected.
    """
    stale = stale_assets(flow, partition)
    lines = []
    for name in SKU_ASSETS:
        head = flow.head(name, partition)
        made = f"{head.record.sha256[:12]}" if head else "not made"
        lines.append(f"{name}: {made}{f' - stale: {stale[name]}' if name in stale else ''}")
        for check in CHECKS.values():
            finding = flow.finding(check.name, partition) if check.asset == name else None
            if finding:
                lines.append(f"  {'ok ' if finding.passed else 'NO '} {check.name}: {finding.sentence}")
        if name == "shot_plan":
            lines += _words(flow, partition)
        if name == "rendered_still":
            lines += _shown(flow, partition)
    return lines


def _words(flow: Flow, partition: str) -> Iterator[str]:
    """Every line with the field that it rests on, or whose it is."""
    plan: ShotPlan | None = flow.record("shot_plan", partition)
    brand: BrandKit = flow.record("brand_kit", UNPARTITIONED) or BrandKit()
    for edition in plan.editions.values() if plan else ():
        for shot in edition.shots:
            fields = ", ".join(dict.fromkeys(claim.field for claim in shot.claims if claim.field != "override"))
            whose = f"from {fields}" if fields else "yours, an override"
            if shot.line:
                yield f"      shot {shot.number} says {shot.line!r}: {whose}"
        if edition.closing_line:
            words = brand.words
            if "closing_line" in flow.settings.overrides(partition):
                whose = "yours, an override"
            elif words.call_to_action and words.call_to_action != BrandWords().call_to_action:
                whose = "yours, the brand's call to action"
            elif words.call_to_action:
                whose = "the default words; set call_to_action for your own"
            else:
                whose = "yours, the brand's name" if words.brand_name else "from vendor"
            yield f"      the end says {edition.closing_line!r}: {whose}"


def _shown(flow: Flow, partition: str) -> Iterator[str]:
    """What happens in every shot, and the attempts that came before."""
    stills: RenderedStill | None = flow.record("rendered_still", partition)
    for edition in stills.editions.values() if stills else ():
        for still in edition.stills:
            instead = f" ({still.instead})" if still.instead else ""
            yield f"      shot {still.shot}: {still.take.motion} over photo {still.take.photo}{instead}"
    for made in flow.attempts(partition).history:
        reason = f": {made.reason}" if made.reason else ""
        yield f"      attempt {made.attempt + 1} was rejected by {made.rejected_by or 'the judge'}{reason}"


def unclaimed(flow: Flow) -> list[str]:
    """Sentences about the user's files that are of no product in the catalogue as last synced."""
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    return flow.settings.unclaimed({entry.partition_key: entry.sku for entry in snapshot.entries}) if snapshot else []


def own_photos(flow: Flow, partition: str) -> list[Path]:
    """The gallery of a product as the judge sees it: files of its own variant's and unassigned photos."""
    gallery: ProductGallery | None = flow.record("product_gallery", partition)
    if gallery is None:
        raise SettingsError(
            f"The gallery of {partition} was not read yet; run `reel-pipeline run --sku {shlex.quote(partition)}`."
        )
    return [flow.store.path(photo.pixels) for photo in gallery.own]


def known_partitions(flow: Flow, collection: str | None = None) -> list[str]:
    """Partition keys of the last snapshot, in its order, of one collection if it is given."""
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    entries = snapshot.entries if snapshot else ()
    return [entry.partition_key for entry in entries if collection is None or collection in entry.collections]


def unlisted(flow: Flow) -> tuple[ItemError, ...]:
    """What the last sync found and could not read: products that never became partitions."""
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    return snapshot.errors if snapshot else ()


def partition_of(flow: Flow, sku: str) -> str:
    """The partition key of a SKU, or of one of its sizes, as the source spells it.

    Raises `SettingsError` when the last sync did not find it.
    """
    snapshot = flow.record("catalog_snapshot", UNPARTITIONED)
    entries = snapshot.entries if snapshot else ()
    named = [entry for entry in entries if sku in (entry.sku, entry.partition_key)]
    for entry in named or [entry for entry in entries if sku in entry.aliases]:
        return str(entry.partition_key)
    raise SettingsError(f"{sku} is not in the catalogue as last synced; `reel-pipeline status` lists what is.")
