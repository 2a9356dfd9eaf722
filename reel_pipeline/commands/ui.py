"""`reel-pipeline ui`: Dagster's webserver and daemon on a workspace, and the origin to which their links lead.

Starting and ending processes, for the demo too. What Dagster shows is `definitions.py`'s business.
"""

import argparse
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reel_pipeline.commands.workspace import open_workspace
from reel_pipeline.defs.in_process import open_instance
from reel_pipeline.errors import ReelError, SettingsError
from reel_pipeline.settings import Settings

START_TIMEOUT_S = 120
LOADED = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
  __typename ... on PythonError { message } } } } } }"""
Child = subprocess.Popen[bytes]


def ui(options: argparse.Namespace) -> int:
    settings = open_workspace(options.source)
    try:
        run_ui(settings, options.port)
    except KeyboardInterrupt:
        print("The UI has ended.", file=sys.stderr)
    return 0


def run_ui(settings: Settings, port: int) -> None:
    """Start both, print the address once it answers, and stay until interrupted; port 0 takes a free one.

    Raises `SettingsError` for a taken port or a workspace whose UI runs already, `ReelError` where Dagster ends.
    """
    open_instance(settings)  # alone: two that make SQLite's tables at one moment can leave them broken (1.13.27)
    home = Path(os.environ["DAGSTER_HOME"])
    if port and not is_free(port):
        raise SettingsError(f"Port {port} is taken; choose another with --port, or 0 for a free one.")
    url = f"http://127.0.0.1:{port or free_port()}"
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    log = home / "ui.log"
    with _only_one(home, url), ExitStack() as running, log.open("ab") as logs:
        _start_origin(running, settings, logs)
        dagster = start_dagster(running, url, logs)
        print(f"Dagster starts; its log is {log}", file=sys.stderr)
        wait_until_loaded(url, dagster, log)
        print(url, flush=True)
        print("Ctrl-C ends it.", file=sys.stderr)
        while dagster.poll() is None:
            time.sleep(0.5)
        raise ReelError(f"Dagster has ended by itself; {log} says why.")


@contextmanager
def _only_one(home: Path, url: str) -> Iterator[None]:
    """Two daemons on one instance would launch everything twice."""
    with (home / "ui.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise SettingsError(f"The UI of this workspace runs already: {lock.read()}") from None
        lock.truncate(0)
        lock.write(url)
        lock.flush()
        yield


def _start_origin(running: ExitStack, settings: Settings, logs: object) -> None:
    """What "watch" links lead to, unless somebody serves it already."""
    port = urlsplit(settings.preview_url("")).port or 80
    if is_free(port):
        start(running, [sys.executable, "-m", "reel_pipeline.cli", "serve", "--port", str(port)], logs)
    else:
        print(f"Port {port} is taken: links to reels lead to whatever is served there.", file=sys.stderr)


def start_dagster(running: ExitStack, url: str, logs: object) -> Child:
    """Webserver and daemon with one code server between them."""
    dagster = str(Path(sys.executable).with_name("dagster"))
    port = str(urlsplit(url).port)
    return start(running, [dagster, "dev", "-m", "reel_pipeline.definitions", "-h", "127.0.0.1", "-p", port], logs)


def start(running: ExitStack, command: list[str], logs: object) -> Child:
    """A child in a process group of its own, which ends with `running`, all its members too."""
    process: Child = subprocess.Popen(command, stdout=logs, stderr=logs, start_new_session=True)  # type: ignore[call-overload]

    def end() -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        # A code server outlives what started it while its runs go on; they are taken up again where they stopped.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    running.callback(end)
    return process


def wait_until_loaded(url: str, dagster: Child, log: Path) -> None:
    """Until the webserver answers and shows our definitions; raises `ReelError` when it can't or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and dagster.poll() is None:
        loaded = _loaded(url)
        if loaded and loaded["__typename"] == "RepositoryLocation":
            return
        if loaded:
            raise ReelError(f"Dagster can't load the project: {loaded.get('message', '').strip()} {log} says more.")
        time.sleep(0.5)
    what = f"did not answer within {START_TIMEOUT_S} s" if dagster.poll() is None else "ended"
    raise ReelError(f"Dagster on {url} {what}; {log} says why.")


def _loaded(url: str) -> dict[str, Any] | None:
    """The code location as the UI sees it; None while there is none yet."""
    body = json.dumps({"query": LOADED}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found: list[dict[str, Any]] = [entry["locationOrLoadError"] for entry in entries if entry["locationOrLoadError"]]
    return found[0] if found else None


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
