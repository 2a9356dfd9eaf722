"""The store: nothing half-made is ever seen, nothing is computed twice, what can't be read counts as missing."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.costs import Cost
from reel_pipeline.errors import BlobMissing, HeadConflict, StoreError
from reel_pipeline.objects.folder import FolderObjects
from reel_pipeline.records import Blob, CheckResult, Finding, Money, Product, Record, blobs_in
from reel_pipeline.store import Store, open_store, partition_path
from reel_pipeline_tests.servers import S3_KINDS, s3_bucket

FINGERPRINT = hashlib.sha256(b"inputs").hexdigest()


@dataclass
class Painter:
    name: str = "painter"
    revision: str = "1"


class Painted(Record):
    picture: Blob


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


@pytest.fixture(params=["folder", *S3_KINDS])
def any_store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "folder":
        yield open_store(str(tmp_path / "store"), tmp_path / "cache")
        return
    with s3_bucket(request.param, request, monkeypatch) as bucket:
        yield open_store(f"s3://{bucket}/reels", tmp_path / "cache")


def test_a_blob_is_named_by_its_bytes_and_stored_once(any_store: Store, tmp_path: Path) -> None:
    blob = any_store.put(b"pixels", ".png")
    assert blob.sha256 == hashlib.sha256(b"pixels").hexdigest()
    assert any_store.put(b"pixels", ".png") == blob
    assert any_store.read(blob) == b"pixels"
    file = tmp_path / "other.png"
    file.write_bytes(b"pixels")
    assert any_store.put_file(file) == blob
    assert any_store.path(blob).suffix == ".png"


def test_a_missing_blob_says_what_to_do(any_store: Store) -> None:
    with pytest.raises(BlobMissing, match="run this SKU again"):
        any_store.read(Blob(sha256="0" * 64, size_bytes=1, suffix=".png"))


def test_records_come_back_equal_and_the_head_knows_its_inputs(any_store: Store) -> None:
    product = Product(sku="../../etc", title="Tee 👕", tags=("a", "b"))
    head = any_store.save("product", "../../etc", product, FINGERPRINT, {"catalog": "1" * 64}, {"url": "https://x"})
    assert head.record.sha256 == product.digest()
    assert any_store.load("product", "../../etc", Product) == product
    again = any_store.head("product", "../../etc")
    assert again == head
    assert any_store.load("product", "another", Product) is None
    changed = product.model_copy(update={"title": "Shirt"})
    any_store.save("product", "../../etc", changed, FINGERPRINT, {})
    assert any_store.load("product", "../../etc", Product) == changed


@pytest.mark.parametrize("damage", [b"", b"{", b'{"sku":"T","title":"other","schema_version":2}', b"\xff\xfe"])
def test_a_record_that_cannot_be_read_counts_as_missing(store: Store, damage: bytes) -> None:
    head = store.save("product", "T", Product(sku="T", title="Tee"), FINGERPRINT, {})
    store.path(head.record).write_bytes(damage)
    assert store.load("product", "T", Product) is None


def test_a_record_with_other_bytes_than_its_name_says_counts_as_missing(store: Store) -> None:
    head = store.save("product", "T", Product(sku="T", title="Tee"), FINGERPRINT, {})
    store.path(head.record).write_bytes(Product(sku="T", title="Forged").canonical_bytes())
    assert store.load("product", "T", Product) is None


def test_an_earlier_version_is_loaded_by_its_hash_while_it_is_there(any_store: Store) -> None:
    before = Product(sku="T", title="Tee")
    for product in (before, Product(sku="T", title="Tea towel")):
        any_store.save("product", "T", product, FINGERPRINT, {})
    assert any_store.load_version(before.digest(), Product) == before
    assert any_store.load_version("0" * 64, Product) is None


@pytest.mark.parametrize("damage", [b"", b"[]", b"null", b"\x00\x01"])
def test_a_head_that_cannot_be_read_counts_as_missing_and_can_be_written_anew(store: Store, damage: bytes) -> None:
    product = Product(sku="T", title="Tee")
    store.save("product", "T", product, FINGERPRINT, {})
    assert isinstance(store.objects, FolderObjects)
    (store.objects.root / store.objects.list("heads")[0]).write_bytes(damage)
    assert store.load("product", "T", Product) is None
    store.save("product", "T", product, FINGERPRINT, {})
    assert store.load("product", "T", Product) == product


def test_a_head_that_moved_meanwhile_is_a_conflict(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("product", "T", Product(sku="T", title="first"), FINGERPRINT, {})
    put = store.put

    def put_while_another_run_saves(data: bytes, suffix: str) -> Blob:
        monkeypatch.setattr(store, "put", put)
        store.save("product", "T", Product(sku="T", title="theirs"), FINGERPRINT, {})
        return put(data, suffix)

    monkeypatch.setattr(store, "put", put_while_another_run_saves)
    with pytest.raises(HeadConflict, match="run this SKU again"):
        store.save("product", "T", Product(sku="T", title="ours"), FINGERPRINT, {})
    assert store.load("product", "T", Product) == Product(sku="T", title="theirs")


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [b"", b"PIXELS", b"pixels and more"])
def test_a_damaged_blob_is_written_again_by_whoever_has_its_bytes(
    any_store: Store, tmp_path: Path, damage: bytes
) -> None:
    blob = any_store.put(b"pixels", ".png")
    file = tmp_path / "made.png"
    file.write_bytes(b"pixels")
    forced = Store(any_store.objects, reuse=False)
    for put in (
        lambda: any_store.put(b"pixels", ".png"),
        lambda: any_store.put_file(file),
        lambda: forced.put_file(file),
    ):
        overwrite(any_store, blob, damage)
        assert put() == blob
        assert any_store.read(blob) == b"pixels"


@pytest.mark.parametrize("damage", [b"", b"PIXELS"])
def test_a_damaged_blob_is_noticed_and_what_names_it_is_made_again(any_store: Store, damage: bytes) -> None:
    painted = any_store.remember("paint", Painter(), 1, Painted, lambda: paint(any_store, b"pixels"))
    overwrite(any_store, painted.picture, damage)
    with pytest.raises(BlobMissing, match=r"damaged.*run this SKU again"):
        any_store.read(painted.picture)
    again = any_store.remember("paint", Painter(), 1, Painted, lambda: paint(any_store, b"pixels"))
    assert any_store.read(again.picture) == b"pixels"
    assert any_store.counts["computed"] == 2


def test_an_engine_call_costs_its_own_time_once_and_what_was_paid_by_currency(store: Store) -> None:
    def inner() -> Painted:
        time.sleep(0.2)
        store.count_paid(Money(amount="0.10", currency="EUR"))
        return paint(store, b"inner")

    def outer() -> Painted:
        store.remember("paint", Painter(), "inner", Painted, inner)
        store.count_paid(Money(amount="0.20", currency="EUR"))
        store.count_paid(Money(amount="1", currency="USD"))
        store.count_paid(None)
        return paint(store, b"outer")

    started = time.monotonic()
    for _ in range(2):
        store.remember("paint", Painter(), "outer", Painted, outer)
    assert 0.2 <= store.spent.seconds <= time.monotonic() - started, "the inner call lies within the outer one"
    assert store.spent.paid == {"EUR": Decimal("0.30"), "USD": Decimal("1")}, "a remembered call costs nothing"
    before = store.spent
    store.count_paid(Money(amount="0.70", currency="EUR"))
    since = store.spent.since(before)
    assert since.as_json()["paid"] == {"EUR": "0.70"}
    assert Cost.from_json(before.as_json()) + since == replace(
        store.spent, seconds=before.as_json()["seconds"], paid=store.spent.paid
    )


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket("moto", request, monkeypatch) as bucket:
        store = open_store(f"s3://{bucket}/reels", tmp_path / "cache")
        blob = store.put(b"pixels", ".png")
        store.path(blob).write_bytes(b"PIXELS")
        assert store.read(blob) == b"pixels"


def overwrite(store: Store, blob: Blob, data: bytes) -> None:
    key = next(key for key in store.objects.list("blobs/") if blob.sha256 in key)
    found = store.objects.read(key)
    store.objects.replace(key, data, found[1] if found else None)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_files_have_the_mode_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = open_store(str(tmp_path / "store"), tmp_path / "cache")
        store.save("product", "T", Product(sku="T", title="Tee"), FINGERPRINT, {})
        store.save_note("attempts", "T", "main", Finding(passed=True, sentence="1"))
        (tmp_path / "made.png").write_bytes(b"pixels")
        store.put_file(tmp_path / "made.png")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "store").rglob("*.*") if path.is_file()}
    assert modes == {0o666 & ~umask}


# --- memo ---------------------------------------------------------------------------------------------------------


def paint(store: Store, data: bytes = b"red") -> Painted:
    return Painted(picture=store.put(data, ".png"))


def test_an_engine_call_is_made_once_per_engine_revision_and_inputs(any_store: Store) -> None:
    calls: list[str] = []

    def call(engine: Painter, inputs: object) -> Painted:
        def make() -> Painted:
            calls.append(engine.revision)
            return paint(any_store)

        return any_store.remember("paint", engine, inputs, Painted, make)

    first = call(Painter(), {"photo": "a"})
    assert call(Painter(), {"photo": "a"}) == first
    assert len(calls) == 1
    call(Painter(), {"photo": "b"})
    call(Painter(revision="2"), {"photo": "a"})
    call(Painter(name="brush"), {"photo": "a"})
    assert len(calls) == 4
    assert any_store.counts == {"computed": 4, "reused": 1}


def test_a_remembered_call_whose_blob_is_gone_is_made_again(store: Store) -> None:
    first = store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    store.path(first.picture).unlink()
    again = store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    assert store.read(again.picture) == b"red"
    assert store.counts["computed"] == 2


def test_a_damaged_memo_is_made_again_and_repaired(store: Store) -> None:
    store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    assert isinstance(store.objects, FolderObjects)
    (store.objects.root / store.objects.list("memo")[0]).write_bytes(b"{")
    store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    assert store.counts == {"computed": 2, "reused": 1}


def test_a_call_that_fails_is_not_remembered(store: Store) -> None:
    def fail() -> Painted:
        raise StoreError("no paint")

    with pytest.raises(StoreError):
        store.remember("paint", Painter(), 1, Painted, fail)
    assert store.remember("paint", Painter(), 1, Painted, lambda: paint(store)) == paint(store)


def test_two_runs_that_make_the_same_call_go_on_with_the_same_record(store: Store) -> None:
    """An engine need not be deterministic: the first record to be stored is everybody's."""
    gate = threading.Barrier(2)
    results: list[Painted] = []

    def run(colour: bytes) -> None:
        def make() -> Painted:
            gate.wait()
            return paint(store, colour)

        results.append(store.remember("paint", Painter(), 1, Painted, make))

    threads = [threading.Thread(target=run, args=(colour,)) for colour in (b"red", b"blue")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert store.remember("paint", Painter(), 1, Painted, lambda: paint(store)) == results[0]


def test_without_reuse_a_call_is_made_again_and_its_record_kept(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), tmp_path / "cache")
    store.remember("paint", Painter(), 1, Painted, lambda: paint(store))
    forced = open_store(str(tmp_path / "store"), tmp_path / "cache", reuse=False)
    made = forced.remember("paint", Painter(), 1, Painted, lambda: paint(forced, b"blue"))
    assert forced.read(made.picture) == b"blue"
    assert store.remember("paint", Painter(), 1, Painted, lambda: paint(store)) == made


# --- checks, notes -------------------------------------------------------------------------------------------------


def test_a_check_answers_only_for_what_it_judged(any_store: Store) -> None:
    finding = Finding(passed=True, sentence="Fine.")
    any_store.save_check("T", CheckResult(asset="reel", check="spec", subject_sha256="1" * 64, finding=finding))
    found = any_store.load_check("reel", "spec", "T", "1" * 64)
    assert found is not None
    assert found.finding == finding
    assert any_store.load_check("reel", "spec", "T", "2" * 64) is None
    assert any_store.load_check("reel", "spec", "U", "1" * 64) is None


def test_notes_are_replaced_and_deleted(any_store: Store) -> None:
    any_store.save_note("attempts", "T", "main", Finding(passed=False, sentence="1"))
    any_store.save_note("attempts", "T", "main", Finding(passed=False, sentence="2"))
    found = any_store.load_note("attempts", "T", "main", Finding)
    assert found is not None
    assert found.sentence == "2"
    any_store.delete_note("attempts", "T", "main")
    assert any_store.load_note("attempts", "T", "main", Finding) is None


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_partition_has_a_plain_and_unique_folder_name(first: str, second: str) -> None:
    def path(text: str) -> str:
        return partition_path(text.encode("utf-8", "replace").decode())

    assert set(path(first)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(path(first)) <= 60
    assert (path(first) == path(second)) == (first.encode("utf-8", "replace") == second.encode("utf-8", "replace"))


def test_every_blob_of_a_record_is_found(store: Store) -> None:
    assert list(blobs_in(paint(store))) == [paint(store).picture]


# --- kills ----------------------------------------------------------------------------------------------------------

WRITER = textwrap.dedent(
    """
    import sys
    from dataclasses import dataclass
    from pathlib import Path
    from reel_pipeline.records import Blob, Product, Record
    from reel_pipeline.store import open_store

    @dataclass
    class Painter:
        name: str = "painter"
        revision: str = "1"

    class Painted(Record):
        picture: Blob

    store = open_store(sys.argv[1], Path(sys.argv[1] + ".cache"))
    print("ready", flush=True)
    for number in range(100_000):
        data = str(number).encode() * 50_000
        store.remember("paint", Painter(), number, Painted, lambda: Painted(picture=store.put(data, ".png")))
        store.save("product", "T", Product(sku="T", title=f"Tee {number}"), "0" * 64, {})
    """
)


@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.11, 0.2, 0.37])
def test_a_kill_at_any_moment_leaves_nothing_half_made(tmp_path: Path, delay_s: float) -> None:
    location = tmp_path / "store"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(location)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)
    store = open_store(str(location), tmp_path / "cache")
    head = store.head("product", "T")
    if head is not None:
        record = store.load("product", "T", Product)
        assert record is not None
        assert record.digest() == head.record.sha256
    for key in store.objects.list("blobs"):
        assert hashlib.sha256((location / key).read_bytes()).hexdigest() == Path(key).stem
    for key in store.objects.list("memo"):
        painted = Painted.model_validate_json((location / key).read_bytes())
        assert store.has(painted.picture)
    store.save("product", "T", Product(sku="T", title="after"), FINGERPRINT, {})
    assert store.load("product", "T", Product) == Product(sku="T", title="after")
