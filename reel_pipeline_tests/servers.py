"""Real servers on loopback, once per test session: PostgreSQL, and Ceph's S3 gateway over a cluster of one in memory.

`make test-servers` installs what is missing. Everything a server writes lies in a folder of its own that goes with it;
servers end with the tests, however those end.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

START_TIMEOUT_S = 120
S3_KINDS = ["moto", pytest.param("radosgw", marks=pytest.mark.servers)]
CEPH_PROGRAMS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "ceph-authtool", "monmaptool")
USER, SECRET = "reel-tests", "reel-tests-secret"


class Process:
    """A server process that can be killed and started again."""

    def __init__(
        self, command: list[str], log: Path, user: str | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self.command, self.log, self.user = ["setpriv", "--pdeathsig", "KILL", *command], log, user
        self.environment = environment
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.user,
                group=self.user,
                env=self.environment,
            )

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            self.running.send_signal(how)
        self.running.wait(60)


def free_port() -> int:
    """As `commands.ui` has it, without loading Dagster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, ready: Callable[[], bool], logs: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.2)
    tails = "\n".join(path.read_text(errors="replace")[-500:] for path in logs.glob("*.log"))
    raise RuntimeError(f"{what} did not start within {START_TIMEOUT_S} s:\n{tails}")


def postgres_programs() -> Path | None:
    """Where Debian keeps the newest PostgreSQL server's programs."""
    return max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=None)


class Postgres:
    """A cluster of its own; each `new_database` is an empty one in it."""

    def __init__(self, postgres: Path, root: Path) -> None:
        self.port, self.programs = free_port(), postgres.parent
        user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if user:
            shutil.chown(root, user)
        self.data = root / "data"
        initdb = [str(self.programs / "initdb"), "-D", str(self.data), "-U", "reel", "--auth=trust", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user, group=user)
        # What a killed server loses without fsync is what the machine would have written, and the machine lives on.
        options = [f"-cport={self.port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", "-cfsync=off"]
        log = root / "postgres.log"
        self.process = Process([str(postgres), "-D", str(self.data), *options, "-cmax_connections=200"], log, user)
        self.wait()

    def wait(self) -> None:
        def ready() -> bool:
            if self.process.running.poll() is not None:  # a killed server's children were not all gone yet
                self.process.start()
            probe = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            return subprocess.run(probe).returncode == 0

        wait_for("PostgreSQL", ready, self.process.log.parent)

    def kill_and_restart(self) -> None:
        self.process.end()
        self.process.start()
        self.wait()

    def new_database(self) -> dict[str, str]:
        """The environment that data/production/dagster.yaml reads, for an empty database."""
        name = f"reel_{uuid.uuid4().hex[:8]}"
        server = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "reel"]
        subprocess.run([str(self.programs / "createdb"), *server, name], check=True)
        return {
            "REEL_POSTGRES_HOST": "127.0.0.1",
            "REEL_POSTGRES_PORT": str(self.port),
            "REEL_POSTGRES_DB": name,
            "REEL_POSTGRES_USER": "reel",
            "REEL_POSTGRES_PASSWORD": "unused",
        }


class Radosgw:
    """One monitor, one OSD in memory, one gateway. Real signatures, real conditions, real races."""

    def __init__(self, root: Path) -> None:
        self.root, self.processes = root, list[Process]()
        self.monitor = f"[v2:127.0.0.1:{free_port()}]"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": USER,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        fsid, osd_id = str(uuid.uuid4()), str(uuid.uuid4())
        (self.root / "ceph.conf").write_text(self._configuration(fsid))
        for folder in ("mon", "osd", "rgw"):
            (self.root / folder).mkdir()
        self._make_keys()
        self._run("monmaptool", "--create", "--addv", "a", self.monitor, "--fsid", fsid, str(self.root / "monmap"))
        self._ceph("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(self.root / "monmap"), "--keyring", self._keyring)
        self._serve("ceph-mon", "-i", "a")
        self._ceph("ceph", "osd", "new", osd_id)
        self._ceph("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id)
        self._serve("ceph-osd", "-i", "0")
        self._serve("radosgw", "-n", "client.rgw")
        user = ("--uid", USER, "--display-name", USER, "--access-key", USER, "--secret-key", SECRET)
        self._ceph("radosgw-admin", "-n", "client.rgw", "user", "create", *user)
        wait_for("radosgw", self._answers, self.root)

    @property
    def gateway(self) -> "subprocess.Popen[bytes]":
        return self.processes[-1].running

    def end(self) -> None:
        for process in reversed(self.processes):
            process.end()

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.endpoint, aws_access_key_id=USER, aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )  # fmt: skip

    def new_bucket(self) -> str:
        name = f"reels-{uuid.uuid4().hex[:8]}"
        self.client().create_bucket(Bucket=name)
        return name

    @property
    def _keyring(self) -> str:
        return str(self.root / "keyring")

    def _configuration(self, fsid: str) -> str:
        root = self.root
        return f"""
[global]
fsid = {fsid}
mon host = {self.monitor}
keyring = {root}/keyring
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = {root}
admin socket = {root}/$name.$pid.asok
log file = {root}/$name.log
pid file =
mon data = {root}/mon
osd data = {root}/osd
rgw data = {root}/rgw
osd objectstore = memstore
memstore device bytes = 8589934592
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{self.port} tcp_nodelay=1
"""

    def _make_keys(self) -> None:
        """Keys of all that take part, in one file. Without them the gateway does not connect."""
        allow = {"mon": "allow *", "osd": "allow *", "mgr": "allow *"}
        rights = {"mon.": {"mon": "allow *"}, "client.admin": allow, "client.rgw": allow, "osd.0": allow}
        for number, (name, granted) in enumerate(rights.items()):
            caps = [word for kind, what in granted.items() for word in ("--cap", kind, what)]
            new = ["--create-keyring"] if number == 0 else []
            self._run("ceph-authtool", self._keyring, *new, "--gen-key", "-n", name, *caps)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_TIMEOUT_S)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")

    def _ceph(self, program: str, *arguments: str) -> None:
        self._run(program, "-c", str(self.root / "ceph.conf"), *arguments)

    def _serve(self, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self.root / "ceph.conf"), *arguments, "-f"]
        self.processes.append(Process(command, self.root / f"{program}.out.log"))

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    from reel_pipeline_tests.conftest import need

    programs = postgres_programs()
    need("postgres", programs is not None, "PostgreSQL is not installed; run `make test-servers`")
    assert programs
    with tempfile.TemporaryDirectory(prefix="reel-postgres-", ignore_cleanup_errors=True) as root:
        server = Postgres(programs, Path(root))
        yield server
        server.process.end(signal.SIGINT)


@pytest.fixture(scope="session")
def radosgw() -> Iterator[Radosgw]:
    from reel_pipeline_tests.conftest import need

    missing = [name for name in CEPH_PROGRAMS if shutil.which(name) is None]
    need("radosgw", not missing, f"{', '.join(missing)} not installed; run `make test-servers`")
    with tempfile.TemporaryDirectory(prefix="reel-ceph-", ignore_cleanup_errors=True) as root:
        server = Radosgw(Path(root))
        try:
            server.start()
            yield server
        finally:
            server.end()


@contextmanager
def s3_bucket(kind: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of one of `S3_KINDS`, where boto3 finds it by the environment."""
    if kind == "radosgw":
        server: Radosgw = request.getfixturevalue("radosgw")
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server.new_bucket()
        return
    import boto3
    from moto import mock_aws

    patch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "test")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="shelf")
        yield "shelf"
