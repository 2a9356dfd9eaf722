"""What is public is watched: cut short anywhere, written by another version, beside others, or with its record gone."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.defs.reviews import decide
from reel_pipeline.errors import HeadConflict, PublishRefused
from reel_pipeline.mirror.publish import clear, publish
from reel_pipeline.objects.folder import FolderObjects
from reel_pipeline.records import MirroredAsset, PublishedEdition, Review
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import REVIEWS, VERDICTS, approvals
from reel_pipeline.rules.public import PUBLICATIONS, public_of
from reel_pipeline.rules.publication import publish_reel
from reel_pipeline.store import partition_path
from reel_pipeline_tests.conftest import Workspace

PARTITION = "BOX-2"
PLACE = partition_path(PARTITION)
FINGERPRINT = "0" * 64


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def flow(made: Workspace) -> Flow:
    return Flow(made.settings, made.settings.open_store())


@pytest.fixture
def instance(made: Workspace) -> dg.DagsterInstance:
    return open_instance(made.settings)


def published(flow: Flow) -> dict[str, bytes]:
    root = Path(flow.settings.publish_location)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*") if path.is_file()}


def at(flow: Flow, place: str = PLACE) -> set[str]:
    return {key for key in published(flow) if key.startswith(place)}


def publish_now(flow: Flow) -> None:
    """What a run of `mirrored_asset` does."""
    reel, score = flow.record("reel", PARTITION), flow.record("evaluation_score", PARTITION)
    mirrored = publish_reel(flow, PARTITION, reel, score, approvals(flow, PARTITION))
    head = flow.head("mirrored_asset", PARTITION)
    flow.store.save("mirrored_asset", PARTITION, mirrored, head.inputs_fingerprint if head else FINGERPRINT, {})


def publish_another_reel(flow: Flow) -> None:
    """An earlier reel of the product, public with its record."""
    clear(PLACE, flow.target)
    mirrored: MirroredAsset = flow.record("mirrored_asset", PARTITION)
    files = {"reel.mp4": flow.store.put(b"an earlier reel", ".mp4"), "poster.jpg": flow.store.put(b"poster", ".jpg")}
    edition = PublishedEdition(files=publish(files, PARTITION, "main", flow.target, flow.store), approved_by="judge")
    earlier = mirrored.model_copy(update={"editions": {"main": edition}})
    flow.store.save("mirrored_asset", PARTITION, earlier, FINGERPRINT, {})


def head_is_lost(flow: Flow) -> None:
    for key in flow.store.objects.list("heads/mirrored_asset/"):
        if PLACE in key:
            flow.store.objects.delete(key)


def rewritten(flow: Flow, key: str, change: Callable[[bytes], bytes]) -> None:
    found = flow.store.objects.read(key)
    assert found
    flow.store.objects.replace(key, change(found[0]), found[1])


def of_another_schema(asset: str) -> Callable[[Flow], None]:
    """The record as another version of this program would have written it: other fields, another number."""

    def change(flow: Flow) -> None:
        head = flow.head(asset, PARTITION)
        assert head
        value = json.loads(flow.store.read(head.record)) | {"schema_version": 7, "a_later_field": {"x": [1]}}
        later = flow.store.put(json.dumps(value).encode(), ".json")
        key = next(key for key in flow.store.objects.list(f"heads/{asset}/") if PLACE in key or asset not in key)
        rewritten(flow, key, lambda data: data.replace(head.record.sha256.encode(), later.sha256.encode()))
        assert flow.record(asset, PARTITION) is None

    return change


def record_is_damaged(flow: Flow) -> None:
    head = flow.head("mirrored_asset", PARTITION)
    assert head
    flow.store.path(head.record).write_bytes(b"{")


def everything_about_it_is_damaged(flow: Flow) -> None:
    record_is_damaged(flow)
    rewritten(flow, f"notes/{PUBLICATIONS}/{PLACE}/{PLACE}.json", lambda data: b"{")


def head_and_note_are_lost(flow: Flow) -> None:
    head_is_lost(flow)
    flow.store.objects.delete(f"notes/{PUBLICATIONS}/{PLACE}/{PLACE}.json")


LOSSES = {
    "head": head_is_lost,
    "head and note": head_and_note_are_lost,
    "damaged": record_is_damaged,
    "all damaged": everything_about_it_is_damaged,
    **{
        f"schema of {asset}": of_another_schema(asset)
        for asset in ("mirrored_asset", "reel", "evaluation_score", "product", "shot_plan", "product_gallery")
    },
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_rejection_takes_down_what_is_public_whatever_became_of_its_records(
    flow: Flow, instance: dg.DagsterInstance, loss: str
) -> None:
    LOSSES[loss](flow)
    decide(flow, instance, PARTITION, False, "The logo is wrong.")
    assert at(flow) == set()
    assert public_of(flow, PARTITION) == {}
    assert public_of(flow, "TEA-1"), "another product's reel stays"
    assert withdraw_untrue(flow, instance) == {}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_public_is_kept_or_withdrawn_with_a_reason_and_made_right_by_the_next_run(
    flow: Flow, instance: dg.DagsterInstance, made: Workspace, loss: str
) -> None:
    reel = public_of(flow, PARTITION)
    LOSSES[loss](flow)
    withdrawn = withdraw_untrue(flow, instance)
    assert withdrawn.keys() == (set() if public_of(flow, PARTITION) else {PARTITION})
    assert all(why.endswith("run this product again.") for why in withdrawn.values())
    if "schema" in loss:
        assert public_of(flow, PARTITION) == reel, "what another version wrote is still understood"
    if loss == "all damaged":
        assert run_catalog(made.reload(), only_stale=True, skus=[PARTITION]).products[0].report.state == "published"
        assert public_of(flow, PARTITION) == reel


@pytest.mark.parametrize("decision", [b"{", b'{"approved":"perhaps"}', None])
def test_a_decision_that_cannot_be_read_is_no_permission(
    flow: Flow, instance: dg.DagsterInstance, decision: bytes | None
) -> None:
    video = public_of(flow, PARTITION)["main"]
    review = Review(video_sha256=video, approved=False, reason="No.", reviewer="person:x")
    flow.store.save_note(REVIEWS, PARTITION, video, review)
    later = json.dumps(json.loads(review.canonical_bytes()) | {"weight": 2}).encode()
    rewritten(flow, f"notes/{REVIEWS}/{PLACE}/{video}.json", lambda data: decision or later)
    with pytest.raises(PublishRefused):
        approvals(flow, PARTITION)
    assert withdraw_untrue(flow, instance).keys() == {PARTITION}
    assert at(flow) == set()


@pytest.mark.parametrize("decision", [b"{", None])
def test_a_decision_about_an_earlier_reel_that_cannot_be_read_may_have_been_a_no(
    flow: Flow, decision: bytes | None
) -> None:
    review = Review(video_sha256="1" * 64, approved=False, reason="No.", reviewer="person:x")
    flow.store.save_note(REVIEWS, PARTITION, "1" * 64, review)
    later = json.dumps(json.loads(review.canonical_bytes()) | {"weight": 2}).encode()
    rewritten(flow, f"notes/{REVIEWS}/{PLACE}/{'1' * 64}.json", lambda data: decision or later)
    with pytest.raises(PublishRefused):
        approvals(flow, PARTITION)


def test_a_verdict_that_cannot_be_read_is_no_permission(flow: Flow, instance: dg.DagsterInstance) -> None:
    video = public_of(flow, PARTITION)["main"]
    rewritten(flow, f"notes/{VERDICTS}/{PLACE}/{video}.json", lambda data: b"{")
    assert "judge" in withdraw_untrue(flow, instance)[PARTITION]
    assert at(flow) == set()


def test_a_rejection_counts_also_while_nothing_is_known_of_the_shop(flow: Flow, instance: dg.DagsterInstance) -> None:
    for key in flow.store.objects.list("heads/catalog_snapshot/"):
        flow.store.objects.delete(key)
    decide(flow, instance, PARTITION, False, "The logo is wrong.")
    assert at(flow) == set()


# --- crashes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def crash_before(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Called with n: the process dies before its n-th write from now on, at the store or the target; None: no more."""
    left: list[int] = []
    for name in ("create", "create_from_file", "replace", "delete"):
        original = getattr(FolderObjects, name)

        def write(self: FolderObjects, *arguments: Any, original: Callable[..., Any] = original) -> Any:
            if left:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash
            return original(self, *arguments)

        monkeypatch.setattr(FolderObjects, name, write)

    def arm(writes: int | None) -> None:
        left[:] = [] if writes is None else [writes]

    return arm


def crash_points(flow: Flow, arm: Callable[[int | None], None], act: Callable[[], object]) -> Iterator[int]:
    """Do `act` from the same state, dying one write later each time, until it gets through."""
    kept = [Path(flow.settings.publish_location), *(flow.settings.workspace / "store" / n for n in ("heads", "notes"))]
    for folder in kept:
        shutil.copytree(folder, folder.with_name(f"{folder.name}-before"))
    for point in range(100):
        for folder in kept:
            shutil.rmtree(folder)
            shutil.copytree(folder.with_name(f"{folder.name}-before"), folder)
        arm(point)
        try:
            act()
        except Crash:
            arm(None)
            yield point
        else:
            arm(None)
            assert point > 5
            return
    raise AssertionError("it never gets through")


def assert_nothing_unwatched(flow: Flow, instance: dg.DagsterInstance) -> None:
    """After reconciling, whole reels or nothing are public, and a rejection of what is takes it down."""
    withdraw_untrue(flow, instance)
    files, reels = published(flow), public_of(flow, PARTITION)
    current = json.loads(files[f"{PLACE}/latest.json"])["editions"] if reels else {}
    whole = {f"{entry['folder']}/{name}" for entry in current.values() for name in _names(files, entry["folder"])}
    assert at(flow) == whole | ({f"{PLACE}/latest.json"} if reels else set())
    assert withdraw_untrue(flow, instance) == {}, "done again, it finds nothing"
    for video in reels.values():
        flow.store.save_note(
            REVIEWS, PARTITION, video, Review(video_sha256=video, approved=False, reason="No.", reviewer="person:x")
        )
    withdraw_untrue(flow, instance, [PARTITION])
    assert at(flow) == set()


def _names(files: dict[str, bytes], folder: str) -> set[str]:
    return {"manifest.json", *json.loads(files[f"{folder}/manifest.json"])["files"]}


def test_publishing_may_die_before_any_of_its_writes(
    flow: Flow, instance: dg.DagsterInstance, crash_before: Callable[[int | None], None]
) -> None:
    publish_another_reel(flow)
    for _ in crash_points(flow, crash_before, lambda: publish_now(flow)):
        assert_nothing_unwatched(flow, instance)


def test_publishing_for_the_first_time_may_die_before_any_of_its_writes(
    flow: Flow, instance: dg.DagsterInstance, crash_before: Callable[[int | None], None]
) -> None:
    clear(PLACE, flow.target)
    head_and_note_are_lost(flow)
    for _ in crash_points(flow, crash_before, lambda: publish_now(flow)):
        assert_nothing_unwatched(flow, instance)


def test_withdrawing_may_die_before_any_of_its_writes(
    flow: Flow, instance: dg.DagsterInstance, crash_before: Callable[[int | None], None]
) -> None:
    video = public_of(flow, PARTITION)["main"]
    review = Review(video_sha256=video, approved=False, reason="No.", reviewer="person:x")
    flow.store.save_note(REVIEWS, PARTITION, video, review)
    for _ in crash_points(flow, crash_before, lambda: withdraw_untrue(flow, instance)):
        withdraw_untrue(flow, instance)
        assert at(flow) == set()
        assert flow.record("mirrored_asset", PARTITION).withdrawn


# --- others at the same target --------------------------------------------------------------------------------------


def test_what_is_not_ours_stays(flow: Flow, instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """Another workspace's products, one of them with a SKU of ours, and files of anybody."""
    head_and_note_are_lost(flow)
    clear(PLACE, flow.target)
    theirs = Flow(flow.settings, flow.store.__class__(FolderObjects(tmp_path / "their store")))
    for sku in ("THEIRS-1", PARTITION):
        files = {"reel.mp4": theirs.store.put(b"their reel", ".mp4")}
        publish(files, sku, "main", flow.target, theirs.store)
    root = Path(flow.settings.publish_location)
    for name in ("index.html", f"{PLACE}/note.txt", "photos/2026/a.jpg", f"{partition_path('TEA-1')}/main/readme.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("mine")
    before = published(flow)
    assert withdraw_untrue(flow, instance) == {}
    assert published(flow) == before
    decide(flow, instance, "TEA-1", False, "No.")
    left = {name for name in before if not name.startswith(partition_path("TEA-1"))}
    assert set(published(flow)) == left | {f"{partition_path('TEA-1')}/main/readme.txt"}


def test_a_product_that_another_workspace_replaced_is_told_and_left_alone(
    flow: Flow, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    theirs = Flow(flow.settings, flow.store.__class__(FolderObjects(tmp_path / "their store")))
    publish({"reel.mp4": theirs.store.put(b"their reel", ".mp4")}, PARTITION, "main", flow.target, theirs.store)
    before = published(flow)
    assert "another workspace" in withdraw_untrue(flow, instance)[PARTITION]
    assert published(flow) == before


# --- while it is being published ------------------------------------------------------------------------------------


def test_what_is_rejected_while_its_files_go_out_does_not_become_current(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_another_reel(flow)
    before, reel = published(flow), flow.record("reel", PARTITION)
    create = FolderObjects.create_from_file

    def create_and_reject(self: FolderObjects, key: str, path: Path) -> bool:
        video = reel.editions["main"].video.sha256
        review = Review(video_sha256=video, approved=False, reason="No.", reviewer="person:x")
        flow.store.save_note(REVIEWS, PARTITION, video, review)
        return create(self, key, path)

    monkeypatch.setattr(FolderObjects, "create_from_file", create_and_reject)
    with pytest.raises(PublishRefused, match="rejected"):
        publish_now(flow)
    assert published(flow) == before


def test_who_lost_the_lock_writes_nothing_more(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every write to the target in turn, another run has taken over before it."""
    publish_another_reel(flow)
    before = published(flow)
    for lost_at in range(6):
        asked = iter(range(100))

        def verify(name: str, asked: Iterator[int] = asked, lost_at: int = lost_at) -> None:
            if next(asked) > lost_at:
                raise HeadConflict("lost")

        monkeypatch.setattr(flow.store.objects.locks, "verify", verify)
        with pytest.raises(HeadConflict):
            publish_now(flow)
        new = set(published(flow)) - set(before)
        assert len(new) == lost_at
        assert json.loads(published(flow)[f"{PLACE}/latest.json"]) == json.loads(before[f"{PLACE}/latest.json"])
        for key in new:
            flow.target.delete(key)
