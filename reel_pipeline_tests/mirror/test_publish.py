"""Publishing: seen whole or not at all, byte for byte, and taken back when it is no longer true."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.errors import EngineUnavailable, HeadConflict, SettingsError, StoreError
from reel_pipeline.mirror.checks import mirror_matches_source
from reel_pipeline.mirror.engines import Target, open_target
from reel_pipeline.mirror.publish import public_reels, publish, withdraw
from reel_pipeline.records import Blob, PublishedEdition, PublishedFile
from reel_pipeline.store import Store, open_store, partition_path
from reel_pipeline_tests.servers import S3_KINDS, s3_bucket

SKU = "../../etc/Tee 👕"
ROOT = partition_path(SKU)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


@pytest.fixture(params=["folder", *S3_KINDS])
def target(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    if request.param == "folder":
        yield open_target(str(tmp_path / "published"), "https://reels.example/")
        return
    with s3_bucket(request.param, request, monkeypatch) as bucket:
        yield open_target(f"s3://{bucket}/reels", "https://reels.example")


def reel(store: Store, text: bytes = b"reel one") -> dict[str, Blob]:
    return {
        "reel.mp4": store.put(text, ".mp4"),
        "poster.jpg": store.put(b"poster", ".jpg"),
        "captions.srt": store.put(b"1", ".srt"),
        "captions.vtt": store.put(b"WEBVTT", ".vtt"),
    }


def by_name(files: tuple[PublishedFile, ...]) -> dict[str, PublishedFile]:
    return {file.name: file for file in files}


def edition(files: tuple[PublishedFile, ...]) -> PublishedEdition:
    return PublishedEdition(files=files, approved_by="judge")


def latest(target: Target) -> Any:
    found = target.read(f"{ROOT}/latest.json")
    return json.loads(found[0]) if found else None


def test_every_file_is_at_its_address_with_its_bytes(store: Store, target: Target) -> None:
    files = reel(store)
    published = by_name(publish(files, SKU, "main", target, store, title="Tee", verdict_sha256="a" * 64))
    assert set(published) == {*files, "manifest.json"}
    for name, blob in files.items():
        found = target.read(published[name].key)
        assert found is not None
        assert hashlib.sha256(found[0]).hexdigest() == blob.sha256 == published[name].sha256
        assert published[name].url == f"https://reels.example/{published[name].key}"
        assert published[name].key.startswith(f"{ROOT}/main/")
    found = target.read(published["manifest.json"].key)
    assert found is not None
    manifest = json.loads(found[0])
    assert (manifest["sku"], manifest["title"], manifest["verdict_sha256"]) == (SKU, "Tee", "a" * 64)
    assert manifest["files"]["reel.mp4"] == {"sha256": files["reel.mp4"].sha256, "size_bytes": 8}
    assert latest(target)["editions"]["main"]["reel_sha256"] == files["reel.mp4"].sha256
    finding = mirror_matches_source(edition(tuple(published.values())), target)
    assert finding.passed
    assert finding.measured["files"] == 5


def test_publishing_again_changes_nothing(store: Store, target: Target) -> None:
    first = publish(reel(store), SKU, "main", target, store)
    tags = {key: (target.read(key) or (b"", ""))[1] for key in target.list(ROOT)}
    assert publish(reel(store), SKU, "main", target, store) == first
    assert {key: (target.read(key) or (b"", ""))[1] for key in target.list(ROOT)} == tags


def test_a_new_verdict_on_the_same_files_only_renews_the_manifest(store: Store, target: Target) -> None:
    first = by_name(publish(reel(store), SKU, "main", target, store, verdict_sha256="a" * 64))
    second = by_name(publish(reel(store), SKU, "main", target, store, verdict_sha256="b" * 64))
    assert first["reel.mp4"] == second["reel.mp4"]
    assert first["manifest.json"].sha256 != second["manifest.json"].sha256
    assert mirror_matches_source(edition(tuple(second.values())), target).passed


def test_a_new_reel_replaces_the_old_one_of_its_edition_only(store: Store, target: Target) -> None:
    old = publish(reel(store), SKU, "main", target, store)
    other = publish(reel(store, b"summer"), SKU, "summer", target, store)
    new = publish(reel(store, b"reel two"), SKU, "main", target, store)
    assert target.list(f"{ROOT}/main/") == sorted(file.key for file in new)
    assert target.list(f"{ROOT}/summer/") == sorted(file.key for file in other)
    assert set(latest(target)["editions"]) == {"main", "summer"}
    finding = mirror_matches_source(edition(old), target)
    assert not finding.passed
    assert "publish this product again" in finding.sentence


def test_a_new_poster_beside_the_same_reel_can_be_published(store: Store, target: Target) -> None:
    publish(reel(store), SKU, "main", target, store)
    files = reel(store) | {"poster.jpg": store.put(b"better poster", ".jpg")}
    assert mirror_matches_source(edition(publish(files, SKU, "main", target, store)), target).passed


def test_withdrawing_takes_away_what_was_named_and_nothing_else(store: Store, target: Target) -> None:
    publish(reel(store), SKU, "main", target, store)
    publish(reel(store, b"summer"), SKU, "summer", target, store)
    neighbour = publish(reel(store), "neighbour", "main", target, store)
    assert len(withdraw(SKU, target, "summer")) == 5
    assert set(latest(target)["editions"]) == {"main"}
    withdraw(SKU, target)
    assert target.list(ROOT) == []
    assert withdraw(SKU, target) == ()
    assert mirror_matches_source(edition(neighbour), target).passed


def test_what_is_public_is_read_where_the_public_reads_it(store: Store, target: Target) -> None:
    assert public_reels(SKU, target) == {}
    files, summer = reel(store), reel(store, b"summer")
    publish(files, SKU, "main", target, store)
    publish(summer, SKU, "summer", target, store)
    assert public_reels(SKU, target) == {"main": files["reel.mp4"].sha256, "summer": summer["reel.mp4"].sha256}
    withdraw(SKU, target)
    assert public_reels(SKU, target) == {}
    for damaged in (b"{", b"[]", b'{"editions":[]}', b'{"editions":{"main":{}}}', b'{"editions":{"main":7}}'):
        found = target.read(f"{ROOT}/latest.json")
        target.replace(f"{ROOT}/latest.json", damaged, "application/json", "no-cache", found[1] if found else None)
        assert public_reels(SKU, target) == {}


def test_withdrawing_the_last_edition_leaves_nothing(store: Store, target: Target) -> None:
    publish(reel(store), SKU, "main", target, store)
    withdraw(SKU, target, "main")
    assert target.list("") == []


def test_changed_public_bytes_are_noticed_and_not_papered_over(store: Store, target: Target) -> None:
    published = by_name(publish(reel(store), SKU, "main", target, store))
    key = published["reel.mp4"].key
    target.delete(key)
    target.replace(key, b"another reel", "video/mp4", "no-cache", None)
    finding = mirror_matches_source(edition(tuple(published.values())), target)
    assert not finding.passed
    assert "reel.mp4 is not the file that was approved" in finding.sentence
    with pytest.raises(StoreError, match="holds other bytes"):
        publish(reel(store), SKU, "main", target, store)


def test_a_latest_that_cannot_be_read_is_written_anew(store: Store, target: Target) -> None:
    target.replace(f"{ROOT}/latest.json", b"{", "application/json", "no-cache", None)
    publish(reel(store), SKU, "main", target, store)
    assert set(latest(target)["editions"]) == {"main"}


def test_nothing_published_is_no_success(target: Target) -> None:
    assert not mirror_matches_source(edition(()), target).passed


@pytest.mark.parametrize(
    "name", ["../reel.mp4", ".hidden.mp4", "a/b.mp4", "page.html", "latest.json", "manifest.json", "reel"]
)
def test_names_that_could_mislead_are_refused(store: Store, target: Target, name: str) -> None:
    with pytest.raises(SettingsError):
        publish(reel(store) | {name: store.put(b"x", ".mp4")}, SKU, "main", target, store)
    assert target.list("") == []


@pytest.mark.parametrize("name", ["../main", "", ".", "..", "a/b", "x" * 65])
def test_an_edition_that_is_no_plain_name_is_refused(store: Store, target: Target, name: str) -> None:
    with pytest.raises(SettingsError):
        publish(reel(store), SKU, name, target, store)


def test_an_edition_without_a_reel_is_refused(store: Store, target: Target) -> None:
    with pytest.raises(SettingsError, match=r"reel\.mp4"):
        publish({"poster.jpg": store.put(b"poster", ".jpg")}, SKU, "main", target, store)


def test_two_who_publish_one_product_at_once_do_not_overwrite_each_other(store: Store, tmp_path: Path) -> None:
    target = open_target(str(tmp_path / "published"))
    gate = threading.Barrier(2)
    failed: list[HeadConflict] = []

    def run(name: str) -> None:
        files = reel(store, name.encode())
        gate.wait()
        try:
            publish(files, SKU, name, target, store)
        except HeadConflict as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("main", "summer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latest(target)["editions"]) == 2 - len(failed)


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_a_folder_is_readable_by_the_web_server_that_shows_it(store: Store, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        publish(reel(store), SKU, "main", open_target(str(tmp_path / "published")), store)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "published" / ROOT).rglob("*.*")}
    assert modes == dict.fromkeys((*reel(store), "manifest.json", "latest.json"), 0o666 & ~umask)


def test_a_folder_never_shows_a_half_written_file(store: Store, tmp_path: Path) -> None:
    target = open_target(str(tmp_path / "published"))
    large = b"x" * 40_000_000
    files = reel(store) | {"reel.mp4": store.put(large, ".mp4")}
    seen: set[int] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.update(path.stat().st_size for path in (tmp_path / "published").rglob("reel.mp4"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    publish(files, SKU, "main", target, store)
    done.set()
    watcher.join()
    assert seen <= {len(large)}
    assert not list((tmp_path / "published").rglob("*.partial"))


@pytest.mark.parametrize("kind", S3_KINDS)
def test_s3_objects_carry_type_and_caching(
    store: Store, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket(kind, request, monkeypatch) as bucket:
        import boto3

        client: Any = boto3.client("s3")
        published = by_name(publish(reel(store), SKU, "main", open_target(f"s3://{bucket}"), store))
        heads = {name: client.head_object(Bucket=bucket, Key=file.key) for name, file in published.items()}
        assert heads["reel.mp4"]["ContentType"] == "video/mp4"
        assert heads["captions.vtt"]["ContentType"].startswith("text/vtt")
        assert "immutable" in heads["reel.mp4"]["CacheControl"]
        assert heads["manifest.json"]["CacheControl"] == "no-cache"


@pytest.mark.parametrize("kind", S3_KINDS)
def test_a_bucket_that_is_not_there_says_what_to_check(
    store: Store, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_bucket(kind, request, monkeypatch), pytest.raises(EngineUnavailable, match="credentials"):
        publish(reel(store), SKU, "main", open_target("s3://nowhere-at-all"), store)


def test_s3_without_credentials_says_what_to_check(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(EngineUnavailable, match="credentials"):
        publish(reel(store), SKU, "main", open_target("s3://nowhere"), store)


@pytest.mark.parametrize("location", ["ftp://host/x", "s3://", "https://x"])
def test_an_unknown_target_says_which_exist(location: str) -> None:
    with pytest.raises(SettingsError, match="s3://bucket/prefix"):
        open_target(location)
