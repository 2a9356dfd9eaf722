"""Files that people change at any time: read once while they stay as they are, and never taken for what they were."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reel_pipeline.catalog.source import open_source
from reel_pipeline.file_hashes import SETTLED_NS, FileHashes
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.settings import Settings
from reel_pipeline.store import open_store
from reel_pipeline_tests.drawing import draw_products


def settle() -> None:
    time.sleep(SETTLED_NS / 1e9 + 0.1)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose bytes were hashed."""
    names: list[str] = []
    digest = hashlib.file_digest

    def counting(file, kind):
        names.append(Path(file.name).name)
        return digest(file, kind)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    return names


def rewrite(path: Path) -> None:
    path.write_bytes(b"b" * path.stat().st_size)


def rewrite_and_keep_the_time(path: Path) -> None:
    before = path.stat()
    rewrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_and_keep_the_time(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    rewrite_and_keep_the_time(other)
    shutil.copystat(path, other)
    other.replace(path)


CHANGES = [rewrite, rewrite_and_keep_the_time, replace_and_keep_the_time]


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_of_the_same_size_is_read_again(
    tmp_path: Path, change: Callable[[Path], None], settled: bool
) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"a" * 999)
    if settled:
        settle()
    hashes = FileHashes(tmp_path / "cache" / "hashes.sqlite")
    assert hashes.of(path) == hashlib.sha256(b"a" * 999).hexdigest()
    change(path)
    assert hashes.of(path) == hashlib.sha256(b"b" * 999).hexdigest()


def test_what_cannot_be_kept_is_read_each_time_and_what_is_gone_is_an_error(tmp_path: Path, read: list[str]) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"a")
    (tmp_path / "damaged.sqlite").write_bytes(b"this is no database" * 99)
    settle()
    for database in (tmp_path / "damaged.sqlite", tmp_path / "damaged.sqlite" / "below.sqlite"):
        assert {FileHashes(database).of(path) for _ in range(2)} == {hashlib.sha256(b"a").hexdigest()}
    assert len(read) == 4
    known = FileHashes(tmp_path / "hashes.sqlite")
    assert {known.of(path) for _ in range(3)} == {hashlib.sha256(b"a").hexdigest()}
    assert len(read) == 5
    path.unlink()
    with pytest.raises(FileNotFoundError):
        known.of(path)


def test_syncs_and_plans_read_no_picture_and_no_recording_twice(tmp_path: Path, read: list[str]) -> None:
    source = draw_products(tmp_path / "source", ["A", "B"], photos=2, size_px=(400, 500))
    for folder, name in (("voice", "1.wav"), ("artwork", "label.png")):
        (tmp_path / folder / "A").mkdir(parents=True)
        (tmp_path / folder / "A" / name).write_bytes(b"recorded or drawn")
    settings = Settings(workspace=tmp_path, source="source", engines={"voice": "file"})
    store = open_store(str(tmp_path / "store"), tmp_path / "cache")

    def sync_and_plan() -> list[object]:
        snapshot = open_source(str(source), store, (), settings.file_hashes()).snapshot()
        return [snapshot, *(ASSETS[name].made_with(settings, "A") for name in ("voiceover", "evaluation_score"))]

    settle()
    first = sync_and_plan()
    assert sorted(read) == ["0-0.jpg", "0-1.jpg", "1-0.jpg", "1-1.jpg", "1.wav", "label.png"]
    read.clear()
    assert sync_and_plan() == first
    assert read == []
    (source / "images" / "0-1.jpg").write_bytes((source / "images" / "1-1.jpg").read_bytes())
    (tmp_path / "voice" / "A" / "1.wav").write_bytes(b"recorded anew....")
    assert [one == other for one, other in zip(first, sync_and_plan(), strict=True)] == [False, False, True]
    assert sorted(read) == ["0-1.jpg", "1.wav"]
