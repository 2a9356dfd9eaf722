"""What every place for stored objects must do: a folder, moto's in-process S3, and the real S3 gateway of Ceph."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reel_pipeline.errors import BlobMissing, EngineUnavailable, HeadConflict
from reel_pipeline.objects import Objects, open_objects
from reel_pipeline_tests.servers import S3_KINDS, s3_bucket


@pytest.fixture(params=["folder", *S3_KINDS])
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    if request.param == "folder":
        yield open_objects(str(tmp_path / "store"), tmp_path / "cache")
        return
    with s3_bucket(request.param, request, monkeypatch) as bucket:
        yield open_objects(f"s3://{bucket}/some/prefix", tmp_path / "cache")


def test_what_was_created_is_read_back_and_never_overwritten(objects: Objects) -> None:
    assert objects.read("a/b.txt") is None
    assert objects.size_bytes("a/b.txt") is None
    assert objects.create("a/b.txt", b"one")
    assert not objects.create("a/b.txt", b"two")
    found = objects.read("a/b.txt")
    assert found is not None
    assert found[0] == b"one"
    assert objects.size_bytes("a/b.txt") == 3


def test_a_file_is_copied_and_left_in_place(objects: Objects, tmp_path: Path) -> None:
    source = tmp_path / "reel.mp4"
    source.write_bytes(b"x" * 3_000_000)
    assert objects.create_from_file("blobs/reel.mp4", source)
    assert not objects.create_from_file("blobs/reel.mp4", source)
    found = objects.read("blobs/reel.mp4")
    assert found is not None
    assert found[0] == source.read_bytes()


def test_replace_needs_the_tag_that_was_read(objects: Objects) -> None:
    objects.replace("head.json", b"1", None)
    with pytest.raises(HeadConflict):
        objects.replace("head.json", b"2", None)
    first = objects.read("head.json")
    assert first is not None
    objects.replace("head.json", b"2", first[1])
    with pytest.raises(HeadConflict):
        objects.replace("head.json", b"3", first[1])
    found = objects.read("head.json")
    assert found is not None
    assert found[0] == b"2"


def test_replacing_what_is_gone_is_a_conflict(objects: Objects) -> None:
    objects.replace("head.json", b"1", None)
    found = objects.read("head.json")
    assert found is not None
    objects.delete("head.json")
    with pytest.raises(HeadConflict):
        objects.replace("head.json", b"2", found[1])


def test_list_is_sorted_and_below_the_prefix(objects: Objects) -> None:
    for key in ("b/2", "b/1", "a/1"):
        objects.create(key, b"x")
    assert objects.list("b/") == ["b/1", "b/2"]
    assert objects.list("") == ["a/1", "b/1", "b/2"]
    assert objects.list("c/") == []
    objects.delete("b/1")
    objects.delete("b/1")
    assert objects.list("b/") == ["b/2"]


@pytest.mark.parametrize("kind", S3_KINDS)
def test_without_a_prefix_keys_are_the_buckets_own(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket(kind, request, monkeypatch) as bucket:
        outer, inner = (open_objects(f"s3://{bucket}{prefix}", tmp_path / "cache") for prefix in ("", "/a/"))
        outer.create("a/1", b"x")
        assert inner.read("1") is not None
        assert outer.list("") == ["a/1"]
        assert inner.list("") == ["1"]


def test_more_keys_than_one_answer_of_s3_holds_are_listed_in_full(objects: Objects) -> None:
    for number in range(1001):
        objects.create(f"many/{number:04}", b"")
    assert len(objects.list("many/")) == 1001


def test_bytes_of_any_size_and_names_of_any_kind_come_back(objects: Objects, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 4096 * 20)
    for key, data in {"empty": b"", "é/ñ 100%+&?#.json": b"name", "a//b": b"slashes"}.items():
        assert objects.create(key, data)
        assert (objects.read(key) or (None,))[0] == data
    assert objects.create_from_file("large", large)
    assert (objects.read("large") or (None,))[0] == large.read_bytes()


def test_a_tag_changes_with_the_bytes_and_only_then(objects: Objects) -> None:
    objects.replace("head.json", b"1", None)
    first = objects.read("head.json")
    assert objects.read("head.json") == first
    assert first is not None
    objects.replace("head.json", b"2", first[1])
    second = objects.read("head.json")
    assert second is not None
    assert second[1] != first[1]


def test_bytes_that_do_not_match_their_name_are_refused_and_count_as_missing_from_then_on(objects: Objects) -> None:
    key = "blobs/" + "0" * 64 + ".png"
    objects.create(key, b"other bytes")
    with pytest.raises(BlobMissing, match="damaged"):
        objects.local_path(key)
    assert objects.size_bytes(key) is None


def test_a_missing_object_has_no_local_path(objects: Objects) -> None:
    with pytest.raises(BlobMissing, match="run this SKU again"):
        objects.local_path("blobs/gone.png")


def test_of_two_writers_at_once_one_wins(objects: Objects, request: pytest.FixtureRequest) -> None:
    """Each thread reads, waits for all others, then tries to replace: exactly one may succeed."""
    objects.replace("head.json", b"start", None)
    gate = threading.Barrier(4)
    won: list[int] = []

    def write(number: int) -> None:
        found = objects.read("head.json")
        assert found is not None
        gate.wait()
        try:
            objects.replace("head.json", f"{number}".encode(), found[1])
        except HeadConflict:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = objects.read("head.json")
    assert found is not None
    if "moto" not in request.node.name:  # moto itself does not swap atomically
        assert len(won) == 1
    assert found[0].decode() in {str(number) for number in won}


def test_of_two_who_create_at_once_one_does(objects: Objects, request: pytest.FixtureRequest) -> None:
    gate = threading.Barrier(4)
    won: list[bytes] = []

    def write(data: bytes) -> None:
        gate.wait()
        if objects.create("new.json", data):
            won.append(data)

    threads = [threading.Thread(target=write, args=(data,)) for data in (b"1", b"2", b"3", b"4")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if "moto" not in request.node.name:
        assert won == [(objects.read("new.json") or (b"",))[0]]


def test_counting_together_loses_no_step(objects: Objects, request: pytest.FixtureRequest) -> None:
    """Read, add one, swap, again on a conflict: what heads and `latest.json` rest on."""
    if "moto" in request.node.name:
        pytest.skip("moto does not swap atomically")
    objects.replace("count", b"0", None)

    def count() -> None:
        for _ in range(10):
            while True:
                found = objects.read("count")
                assert found is not None
                try:
                    objects.replace("count", str(int(found[0]) + 1).encode(), found[1])
                except HeadConflict:
                    continue
                break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (objects.read("count") or (b"",))[0] == b"40"


@pytest.mark.parametrize("kind", S3_KINDS)
def test_a_bucket_that_is_not_there_is_no_missing_object(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket(kind, request, monkeypatch):
        nowhere = open_objects("s3://nowhere-at-all", tmp_path / "cache")
        for use in (lambda: nowhere.read("a"), lambda: nowhere.create("a", b""), lambda: nowhere.list("")):
            with pytest.raises(EngineUnavailable, match=r"nowhere-at-all can't be used.*credentials"):
                use()


@pytest.mark.servers
def test_a_wrong_secret_is_refused_in_words(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket("radosgw", request, monkeypatch) as bucket:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(EngineUnavailable, match="SignatureDoesNotMatch"):
            open_objects(f"s3://{bucket}", tmp_path / "cache").read("a")
