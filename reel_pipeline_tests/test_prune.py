"""`store prune`: what a run saves while it is under way stays, whenever the run begins."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reel_pipeline.errors import StoreError
from reel_pipeline.prune import prune
from reel_pipeline.records import Blob, Photo, ProductGallery
from reel_pipeline.store import Store, open_store
from reel_pipeline_tests.servers import S3_KINDS, s3_bucket


@pytest.fixture(params=["folder", *S3_KINDS])
def open_one(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Store]]:
    """Opens the same place anew, as another process would."""
    if request.param == "folder":
        yield lambda: open_store(str(tmp_path / "store"), tmp_path / "cache")
        return
    with s3_bucket(request.param, request, monkeypatch) as bucket:
        yield lambda: open_store(f"s3://{bucket}/reels", tmp_path / "cache")


def run(store: Store) -> None:
    """A run that makes one thing anew and comes upon another that lay about."""
    with store.lock("T"):
        old, new = store.put(b"nobody needs this", ".png"), store.put(b"new", ".png")
        photo = Photo(key="0" * 16, position=1, original=old, pixels=new, width_px=1, height_px=1)
        store.save("product_gallery", "T", ProductGallery(photos=(photo,)), "0" * 64, {})


def saved(store: Store) -> list[Blob]:
    gallery = store.load("product_gallery", "T", ProductGallery)
    assert gallery
    return [blob for photo in gallery.photos for blob in (photo.original, photo.pixels)]


def test_what_nothing_names_goes_and_the_rest_stays(open_one: Callable[[], Store]) -> None:
    store = open_one()
    run(store)
    garbage = store.put(b"garbage", ".png")
    assert prune(store) == (1, 0)
    assert not store.has(garbage)
    assert all(store.has(blob) for blob in saved(store))


def test_a_run_that_is_under_way_is_given_way_to(open_one: Callable[[], Store]) -> None:
    store = open_one()
    garbage = store.put(b"garbage", ".png")
    with store.lock("T"), pytest.raises(StoreError, match="prune when no run is under way"):
        prune(open_one())
    assert store.has(garbage)


@pytest.mark.parametrize("moment", ["blobs/", "memo/", "heads/", "notes/", "checks/"])
def test_what_a_run_saves_while_prune_reads_stays(
    open_one: Callable[[], Store], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins and ends right after one of prune's listings."""
    store = open_one()
    store.put(b"nobody needs this", ".png")
    garbage = store.put(b"garbage", ".png")
    begun: list[str] = []

    def and_a_run(listing: Callable[[str], object]) -> Callable[[str], object]:
        def listed(prefix: str) -> object:
            found = listing(prefix)
            if prefix == moment and not begun:
                begun.append(prefix)
                run(open_one())
            return found

        return listed

    monkeypatch.setattr(store.objects, "list", and_a_run(store.objects.list))
    monkeypatch.setattr(store.objects, "versions", and_a_run(store.objects.versions))
    prune(store)
    assert begun
    assert all(store.has(blob) for blob in saved(store))
    assert not store.has(garbage)


def test_a_run_that_begins_while_prune_deletes_waits_for_it(
    open_one: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_one()
    store.put(b"nobody needs this", ".png")
    runner, delete = threading.Thread(target=lambda: run(open_one())), store.objects.delete

    def delete_while_a_run_begins(key: str) -> None:
        if not runner.ident:
            runner.start()
            runner.join(timeout=1)
            assert runner.is_alive()
        delete(key)

    monkeypatch.setattr(store.objects, "delete", delete_while_a_run_begins)
    prune(store)
    runner.join(timeout=20)
    assert all(store.has(blob) for blob in saved(store))
