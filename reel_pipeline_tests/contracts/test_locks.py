"""What every kind of lock must do: files on one machine, leases in a bucket. Real processes, killed and suspended."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reel_pipeline.errors import HeadConflict
from reel_pipeline.mirror.engines import open_target
from reel_pipeline.mirror.publish import public_reels, publish
from reel_pipeline.objects import open_objects
from reel_pipeline.objects.bucket import Bucket
from reel_pipeline.objects.s3 import S3Objects
from reel_pipeline.records import Product
from reel_pipeline.store import Store, partition_path
from reel_pipeline_tests.servers import S3_KINDS, s3_bucket

LEASE_S = 3.0
SERVER_KINDS = ["folder", pytest.param("radosgw", marks=pytest.mark.servers)]
PRELUDE = """
import sys, time
from pathlib import Path
from reel_pipeline.errors import HeadConflict
from reel_pipeline.records import Product
from reel_pipeline_tests.contracts.test_locks import open_place, pair
store = open_place(sys.argv[1], Path(sys.argv[2]))
"""


def open_place(location: str, cache: Path) -> Store:
    """A store whose leases are short enough to wait for."""
    if not location.startswith("s3://"):
        return Store(open_objects(location, cache))
    name, _, prefix = location.removeprefix("s3://").partition("/")
    return Store(S3Objects(Bucket(name, prefix), cache, lease_s=LEASE_S))


def pair(store: Store) -> tuple[str, str]:
    """The two records that every run writes together; equal unless two runs got mixed up."""
    first, second = (store.load(asset, "T", Product) for asset in ("product", "other"))
    return first.title if first else "", second.title if second else ""


@dataclass
class Place:
    location: str
    cache: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def open(self) -> Store:
        return open_place(self.location, self.cache)

    def run(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """Another process at the same place."""
        command = [sys.executable, "-c", PRELUDE + textwrap.dedent(script), self.location, str(self.cache), *arguments]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.running.append(process)
        return process

    def holder(self) -> subprocess.Popen[str]:
        """A process that holds T by the time this returns, for ever."""
        process = self.run('with store.lock("T"):\n    print("held", flush=True)\n    time.sleep(600)')
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        return process


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        place = Place(str(tmp_path / "store"), tmp_path / "cache")
        yield place
    else:
        with s3_bucket(request.param, request, monkeypatch) as bucket:
            place = Place(f"s3://{bucket}/reels", tmp_path / "cache")
            yield place
    for process in place.running:
        process.kill()
        process.communicate()


any_place = pytest.mark.parametrize("place", ["folder", *S3_KINDS], indirect=True)
between_processes = pytest.mark.parametrize("place", SERVER_KINDS, indirect=True)
leases = pytest.mark.parametrize("place", SERVER_KINDS[1:], indirect=True)


@any_place
def test_a_lock_is_held_by_one_thread_at_a_time_and_re_entered_by_its_own(place: Place) -> None:
    inside: list[str] = []

    def other() -> None:
        with place.open().lock("T"):
            inside.append("other")

    with place.open().lock("T"), place.open().lock("T"):
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.5)
        inside.append("first")
        with place.open().lock("another"):
            assert set(place.open().objects.locks.holders()) == {partition_path("T"), partition_path("another")}
    thread.join(timeout=10)
    assert inside == ["first", "other"]
    assert not place.open().objects.locks.holders()


@between_processes
def test_who_waits_says_once_for_whom(place: Place) -> None:
    holder = place.holder()
    waiter = place.run('with store.lock("T"):\n    print("mine", flush=True)')
    assert waiter.stderr
    said = next(line for line in waiter.stderr if "is being made by" in line)
    assert f"is being made by process {holder.pid} on " in said
    time.sleep(2)
    assert waiter.poll() is None
    assert place.open().objects.locks.holders().keys() == {partition_path("T")}
    holder.kill()
    out, err = waiter.communicate(timeout=60)
    assert out == "mine\n"
    assert "is being made by" not in err


@between_processes
def test_the_lock_of_a_killed_process_is_free_within_its_lease(place: Place) -> None:
    holder = place.holder()
    time.sleep(LEASE_S)  # renewed meanwhile
    holder.kill()
    holder.wait()
    started = time.monotonic()
    with place.open().lock("T"):
        assert time.monotonic() - started < LEASE_S + 4


@leases
def test_a_lease_is_renewed_while_it_is_held(place: Place) -> None:
    place.holder()
    waiter = place.run('with store.lock("T"):\n    print("mine", flush=True)')
    time.sleep(3 * LEASE_S)
    assert waiter.poll() is None


@leases
def test_a_suspended_run_that_lost_its_lease_writes_no_record(place: Place, tmp_path: Path) -> None:
    """It wakes up in the middle of its work, after another run has taken over and written."""
    wake = tmp_path / "wake"
    sleeper = place.run(
        """
        with store.lock("T"):
            print("held", flush=True)
            while not Path(sys.argv[3]).exists():
                time.sleep(0.05)
            try:
                store.save("product", "T", Product(sku="T", title="late"), "0" * 64, {})
            except HeadConflict as error:
                print(error, flush=True)
        """,
        str(wake),
    )
    assert sleeper.stdout
    assert sleeper.stdout.readline() == "held\n"
    sleeper.send_signal(signal.SIGSTOP)
    store = place.open()
    with store.lock("T"):
        store.save("product", "T", Product(sku="T", title="in time"), "0" * 64, {})
        wake.touch()
        sleeper.send_signal(signal.SIGCONT)
        out, _ = sleeper.communicate(timeout=30)
    assert "another one may have taken over" in out
    assert "run this SKU again" in out
    found = store.load("product", "T", Product)
    assert found is not None
    assert found.title == "in time"


PUBLISHER = """
from reel_pipeline.mirror.engines import open_target
from reel_pipeline.mirror.held import HeldTarget
from reel_pipeline.mirror.publish import publish

def sleep():
    print("held", flush=True)
    while not Path(sys.argv[3]).exists():
        time.sleep(0.05)

with store.lock("T"):
    target = HeldTarget(open_target(sys.argv[1] + "-public"), lambda: store.verify_lock("T"))
    files = {"reel.mp4": store.put(b"late", ".mp4"), "poster.jpg": store.put(b"late", ".jpg")}
    if sys.argv[4] == "files":
        sleep()
    try:
        publish(files, "T", "main", target, store, confirm=sleep if sys.argv[4] == "latest.json" else lambda: None)
    except HeadConflict as error:
        print(error, flush=True)
"""


@leases
@pytest.mark.parametrize("before", ["files", "latest.json"])
def test_a_suspended_run_that_lost_its_lease_makes_nothing_public(place: Place, tmp_path: Path, before: str) -> None:
    """It wakes up before its first file, or with all of them out, after another run has published."""
    wake = tmp_path / "wake"
    sleeper = place.run(PUBLISHER, str(wake), before)
    assert sleeper.stdout
    assert sleeper.stdout.readline() == "held\n"
    sleeper.send_signal(signal.SIGSTOP)
    store, target = place.open(), open_target(f"{place.location}-public")
    with store.lock("T"):
        published = publish({"reel.mp4": store.put(b"in time", ".mp4")}, "T", "main", target, store)
        wake.touch()
        sleeper.send_signal(signal.SIGCONT)
        out, _ = sleeper.communicate(timeout=30)
    assert "another one may have taken over" in out
    assert set(target.list("")) == {f"{partition_path('T')}/latest.json", *(file.key for file in published)}
    assert public_reels("T", target) == {"main": next(f.sha256 for f in published if f.name == "reel.mp4")}


@leases
def test_a_run_that_is_cut_off_from_the_bucket_stops_writing(place: Place, request: pytest.FixtureRequest) -> None:
    """The gateway is suspended for longer than the lease lasts, then answers again."""
    gateway = request.getfixturevalue("radosgw").gateway
    store = place.open()
    with store.lock("T"):
        gateway.send_signal(signal.SIGSTOP)
        try:
            time.sleep(LEASE_S)
            with pytest.raises(HeadConflict, match="run this SKU again"):
                store.save("product", "T", Product(sku="T", title="late"), "0" * 64, {})
        finally:
            gateway.send_signal(signal.SIGCONT)
    with place.open().lock("T"):
        assert store.load("product", "T", Product) is None


WRITER = """
for number in range(int(sys.argv[4])):
    with store.lock("T"):
        before = pair(store)
        assert before[0] == before[1] or sys.argv[3] == "after a kill", before
        title = f"{sys.argv[3]} {number}"
        store.save("product", "T", Product(sku="T", title=title), "0" * 64, {})
        time.sleep(0.01)
        store.save("other", "T", Product(sku="T", title=title), "0" * 64, {})
        assert pair(store) == (title, title), pair(store)
print("done", flush=True)
"""


@between_processes
def test_two_processes_never_mix_their_records(place: Place) -> None:
    writers = [place.run(WRITER, name, "20") for name in ("one", "two")]
    for writer in writers:
        out, err = writer.communicate(timeout=120)
        assert out == "done\n", err
    first, second = pair(place.open())
    assert first == second


@between_processes
def test_a_kill_in_the_middle_is_repaired_by_the_next_run_and_disturbs_no_other(place: Place) -> None:
    victim = place.run(WRITER, "after a kill", "10000")
    time.sleep(2)
    other = place.run(WRITER, "after a kill", "20")
    time.sleep(1.5)
    victim.kill()
    out, err = other.communicate(timeout=120)
    assert out == "done\n", err
    # The other may have ended before the kill: only a run that begins after it must find nothing in its way.
    out, err = place.run(WRITER, "after a kill", "1").communicate(timeout=120)
    assert out == "done\n", err
    assert pair(place.open()) == ("after a kill 0", "after a kill 0")
