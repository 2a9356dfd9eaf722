"""What every place for stored objects must do: a folder, and a bucket (moto's in-process S3)."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.errors import BlobMissing, HeadConflict
from reel_pipeline.store import FolderObjects, Objects, S3Objects


def bucket_client() -> Any:
    import boto3

    client: Any = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    client.create_bucket(Bucket="shelf")
    return client


@pytest.fixture(params=["folder", "s3", "s3 without prefix"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Objects]:
    if request.param == "folder":
        yield FolderObjects(tmp_path / "store")
        return
    from moto import mock_aws

    with mock_aws():
        prefix = "" if "without" in request.param else "some/prefix"
        yield S3Objects(bucket_client(), "shelf", prefix, tmp_path / "cache")


def test_what_was_created_is_read_back_and_never_overwritten(objects: Objects) -> None:
    assert objects.read("a/b.txt") is None
    assert not objects.exists("a/b.txt")
    assert objects.create("a/b.txt", b"one")
    assert not objects.create("a/b.txt", b"two")
    found = objects.read("a/b.txt")
    assert found is not None
    assert found[0] == b"one"
    assert objects.exists("a/b.txt")


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


def test_more_keys_than_one_answer_of_s3_holds_are_listed_in_full(objects: Objects) -> None:
    if not isinstance(objects, S3Objects) or not objects.prefix:
        pytest.skip("S3's pages are the same with and without a prefix, and slow to fill; a folder has none")
    for number in range(1001):
        objects.create(f"many/{number:04}", b"")
    assert len(objects.list("many/")) == 1001


def test_a_missing_object_has_no_local_path(objects: Objects) -> None:
    with pytest.raises(BlobMissing, match="run this SKU again"):
        objects.local_path("blobs/gone.png")


def test_of_two_writers_at_once_one_wins(objects: Objects) -> None:
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
    if isinstance(objects, FolderObjects):  # moto itself does not swap atomically; real S3 is for the servers' tests
        assert len(won) == 1
    assert found[0].decode() in {str(number) for number in won}
