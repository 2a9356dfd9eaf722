"""The origin over real sockets: ranges, types, caching, only published files; and a browser that plays a reel."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from reel_pipeline.errors import SettingsError
from reel_pipeline.origin.server import run
from reel_pipeline_tests.conftest import CHROMIUM, need

REEL = "tee-0123456789abcdef/main/0123456789ab"
RUN = "import sys; from pathlib import Path; from reel_pipeline.origin.server import run; run(Path(sys.argv[1]))"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from reel_pipeline.media.video import Planes, VideoWriter

    root = tmp_path_factory.mktemp("published")
    folder = root / REEL
    folder.mkdir(parents=True)
    with VideoWriter(folder / "reel.mp4", 360, 640) as video:
        for number in range(96):
            frame = np.full((640, 360, 3), (40, 90, 60), np.uint8)
            frame[:, : 3 * number + 3] = (220, 210, 180)
            video.write(Planes.from_rgb(frame))
    (folder / "poster.jpg").write_bytes(b"\xff\xd8 poster")
    (folder / "captions.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nLinen\n", encoding="utf-8")
    (folder / "captions.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nLinen\n", encoding="utf-8")
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    (folder / ".half.mp4").write_bytes(b"half")
    (folder / "script.html").write_text("<script>", encoding="utf-8")
    (folder / "stolen.json").symlink_to("/etc/hostname")
    editions = {"main": {"folder": REEL, "title": "<script>alert('Tee')</script>", "reel_sha256": "0" * 64}}
    (folder.parent.parent / "latest.json").write_text(json.dumps({"sku": "TEE & 1", "editions": editions}))
    return root


@pytest.fixture(scope="module")
def origin(published: Path) -> Iterator[str]:
    """The address of a server in a process of its own, as `reel-pipeline serve` runs it."""
    with subprocess.Popen([sys.executable, "-c", RUN, str(published)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        yield address
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) in (0, 130, -signal.SIGINT)


Answer = tuple[int, dict[str, str], bytes]


def ask(origin: str, path: str, method: str = "GET", **headers: str) -> Answer:
    parts = urlsplit(origin)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_a_reel_comes_whole_with_type_tag_and_lasting_caching(origin: str, published: Path) -> None:
    data = (published / REEL / "reel.mp4").read_bytes()
    status, headers, body = ask(origin, f"/{REEL}/reel.mp4")
    assert (status, body) == (200, data)
    assert headers["content-type"] == "video/mp4"
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert "immutable" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in headers


def test_head_has_the_headers_and_no_body(origin: str, published: Path) -> None:
    status, headers, body = ask(origin, f"/{REEL}/reel.mp4", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) == (published / REEL / "reel.mp4").stat().st_size


@pytest.mark.parametrize(
    ("name", "kind", "caching"),
    [
        ("captions.vtt", "text/vtt; charset=utf-8", "immutable"),
        ("captions.srt", "application/x-subrip; charset=utf-8", "immutable"),
        ("poster.jpg", "image/jpeg", "immutable"),
        ("manifest.json", "application/json", "no-cache"),
    ],
)
def test_each_file_has_its_type(origin: str, name: str, kind: str, caching: str) -> None:
    status, headers, _ = ask(origin, f"/{REEL}/{name}")
    assert (status, headers["content-type"]) == (200, kind)
    assert caching in headers["cache-control"]


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=7-7", slice(7, 8)),
    ],
)
def test_ranges(origin: str, published: Path, wanted: str, part: slice) -> None:
    data = (published / REEL / "reel.mp4").read_bytes()
    status, headers, body = ask(origin, f"/{REEL}/reel.mp4", Range=wanted)
    assert (status, body) == (206, data[part])
    first, end, _ = part.indices(len(data))
    assert headers["content-range"] == f"bytes {first}-{end - 1}/{len(data)}"
    assert int(headers["content-length"]) == len(body)


def test_a_range_past_the_end_is_416(origin: str, published: Path) -> None:
    size = (published / REEL / "reel.mp4").stat().st_size
    status, headers, _ = ask(origin, f"/{REEL}/reel.mp4", Range=f"bytes={size}-")
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")


def test_if_range_with_another_tag_gives_the_whole_file(origin: str) -> None:
    tag = ask(origin, f"/{REEL}/reel.mp4")[1]["etag"]
    assert ask(origin, f"/{REEL}/reel.mp4", Range="bytes=0-9", If_Range=tag)[0] == 206
    assert ask(origin, f"/{REEL}/reel.mp4", Range="bytes=0-9", If_Range='"old"')[0] == 200


def test_a_known_tag_is_304(origin: str) -> None:
    tag = ask(origin, f"/{REEL}/reel.mp4")[1]["etag"]
    for sent in (tag, f'"other", W/{tag}', "*"):
        status, headers, body = ask(origin, f"/{REEL}/reel.mp4", If_None_Match=sent)
        assert (status, body, headers["etag"]) == (304, b"", tag)
    assert ask(origin, f"/{REEL}/reel.mp4", If_None_Match='"other"')[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fhostname",
        f"/{REEL}/../../../../../etc/hostname",
        f"/{REEL}/.half.mp4",
        f"/{REEL}/script.html",
        f"/{REEL}/stolen.json",
        f"/{REEL}",
        f"/{REEL}/",
        "//etc/passwd",
        "/a%00b.mp4",
        "/a%5cb.mp4",
        "/" + "x" * 300 + ".mp4",
        "/nothing.mp4",
    ],
)
def test_nothing_else_is_reachable(origin: str, path: str) -> None:
    assert ask(origin, path)[0] == 404


def test_only_reading_is_allowed(origin: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(origin, f"/{REEL}/reel.mp4", method)[0] == 405


def test_the_index_shows_reels_with_their_text_escaped(origin: str) -> None:
    status, headers, body = ask(origin, "/")
    page = body.decode()
    assert status == 200
    assert f'src="/{REEL}/reel.mp4"' in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "TEE &amp; 1" in page
    assert "default-src 'none'" in headers["content-security-policy"]


def test_an_empty_or_damaged_folder_has_an_index_too(tmp_path: Path) -> None:
    from reel_pipeline.origin.page import index_page

    assert "Nothing has been published yet" in index_page(tmp_path / "not there")
    for number, text in enumerate(
        ["{", "[]", '{"editions": []}', '{"sku": 1, "editions": {"main": {"folder": "../.."}}}']
    ):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "latest.json").write_text(text)
    assert "Nothing has been published yet" in index_page(tmp_path)


def test_a_taken_port_says_so(origin: str, published: Path) -> None:
    with pytest.raises(SettingsError, match="choose another --port"):
        run(published, urlsplit(origin).port or 0)


def test_a_browser_plays_the_reel_and_seeks_in_it(origin: str) -> None:
    need("browser", CHROMIUM.is_file(), "no chromium here; install it to watch a reel play in a real browser")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 900})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(origin)
        state = page.evaluate(
            """async () => {
              const video = document.querySelector('video');
              video.muted = true;
              await video.play();
              await new Promise(done => { video.ontimeupdate = () => video.currentTime > 0.2 && done(); });
              video.pause();
              const played = video.currentTime;
              video.currentTime = 3.0;
              await new Promise(done => { video.onseeked = done; });
              return {played, at: video.currentTime, width: video.videoWidth, duration: video.duration,
                      tracks: video.textTracks.length, error: video.error};
            }"""
        )
        browser.close()
    assert state["played"] > 0.2
    assert state["at"] == pytest.approx(3.0, abs=0.05)
    assert (state["width"], state["tracks"], state["error"]) == (360, 1, None)
    assert state["duration"] == pytest.approx(4.0, abs=0.05)
    assert not problems
