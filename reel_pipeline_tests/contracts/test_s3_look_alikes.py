"""Servers that speak S3 and lack a part of it: found at the first write, then refused in words or done without."""

import base64
import email.utils
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from reel_pipeline.errors import EngineUnavailable
from reel_pipeline.mirror.engines import open_target
from reel_pipeline.objects import open_objects
from reel_pipeline.objects.bucket import Bucket
from reel_pipeline.store import open_store

CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum", "x-amz-trailer")


class LookAlike(ThreadingHTTPServer):
    """Keeps objects in memory. `lacks`: what it does not know or passes over; see `Handler`."""

    daemon_threads = True

    def __init__(self, lacks: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lacks, self.objects = lacks, dict[str, bytes]()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LookAlike

    def log_message(self, *_: object) -> None: ...

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, code: str) -> None:
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lacks, objects = self.server.lacks, self.server.objects
        create_only, tag = self.headers.get("If-None-Match"), self.headers.get("If-Match")
        known = objects.get(self.key)
        if lacks == "conditions" and (create_only or tag):
            return self.refuse(501, "NotImplemented")
        if lacks == "conditions as arguments" and (create_only or tag):
            return self.refuse(400, "InvalidArgument")
        if lacks == "if-match" and tag:
            return self.refuse(501, "NotImplemented")
        if lacks == "checksums" and any(name.lower().startswith(CHECKSUMS) for name in self.headers):
            return self.refuse(400, "InvalidArgument")
        if create_only and known is not None and lacks not in ("heed", "heed of if-none-match"):
            return self.refuse(412, "PreconditionFailed")
        if tag and lacks not in ("heed", "heed of if-match"):
            if known is None:
                return self.refuse(404, "NoSuchKey")
            if lacks == "any match" or tag.strip('"') != hashlib.md5(known).hexdigest():
                return self.refuse(412, "PreconditionFailed")
        objects[self.key] = body
        return self.answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_GET(self) -> None:
        body = self.server.objects.get(self.key)
        if body is None:
            return self.refuse(404, "NoSuchKey")
        now, tag = email.utils.formatdate(usegmt=True), hashlib.md5(body).hexdigest()
        return self.answer(200, body, ETag=f'"{tag}"', Last_Modified=now)

    def do_HEAD(self) -> None:
        body = self.server.objects.get(self.key)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()

    def do_DELETE(self) -> None:
        self.server.objects.pop(self.key, None)
        self.answer(204)


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookAlike]:
    server = LookAlike(request.param)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    server.server_close()


UNCONDITIONAL = [
    "conditions",
    "conditions as arguments",
    "if-match",
    "heed",
    "heed of if-none-match",
    "heed of if-match",
    "any match",
]


@pytest.mark.parametrize("server", UNCONDITIONAL, indirect=True)
def test_a_server_without_conditional_writes_is_refused_before_anything_is_written(
    server: LookAlike, tmp_path: Path
) -> None:
    file = tmp_path / "reel.mp4"
    file.write_bytes(b"reel")
    objects, target = open_objects("s3://shop/reels", tmp_path / "cache"), open_target("s3://shop/public")
    for write in (
        lambda: objects.create("a", b"1"),
        lambda: objects.create_from_file("b", file),
        lambda: objects.replace("c", b"1", None),
        lambda: open_store("s3://shop", tmp_path / "cache").put(b"1", ".png"),
        lambda: target.write_once("reel.mp4", file, "video/mp4", "no-cache"),
        lambda: target.replace("latest.json", b"{}", "application/json", "no-cache", None),
        lambda: objects.locks.hold("T").__enter__(),
    ):
        with pytest.raises(EngineUnavailable, match="has no conditional writes"):
            write()
    assert server.objects == {}


@pytest.mark.parametrize("server", ["nothing"], indirect=True)
def test_a_server_with_conditional_writes_is_tried_once_and_nothing_is_left_of_it(
    server: LookAlike, tmp_path: Path
) -> None:
    objects = open_objects("s3://shop/reels", tmp_path / "cache")
    assert objects.create("a", b"1")
    assert not objects.create("a", b"2")
    with objects.locks.hold("T"):
        assert objects.locks.holder("T")
    assert server.objects.keys() == {"/shop/reels/a", "/shop/reels/locks/T.json"}
    server.lacks = "conditions"
    with pytest.raises(EngineUnavailable, match="NotImplemented"):
        Bucket("shop", "reels").put("b", b"1", None)


@pytest.mark.parametrize("server", ["checksums"], indirect=True)
def test_checksums_are_left_out_where_the_environment_says_so(
    server: LookAlike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineUnavailable, match="AWS_REQUEST_CHECKSUM_CALCULATION=when_required"):
        open_objects("s3://shop", tmp_path / "cache").create("a", b"1")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    monkeypatch.setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
    objects = open_objects("s3://shop", tmp_path / "cache")
    file = tmp_path / "reel.mp4"
    file.write_bytes(b"reel")
    assert objects.create("a", b"1")
    assert objects.create_from_file("b", file)
    assert (objects.read("b") or (b"",))[0] == b"reel"


@pytest.mark.parametrize("server", ["nothing"], indirect=True)
def test_checksums_are_sent_otherwise(server: LookAlike, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str | None] = []
    put = Handler.do_PUT

    def look(handler: Handler) -> None:
        sent.append(handler.headers.get("x-amz-checksum-sha256"))
        put(handler)

    monkeypatch.setattr(Handler, "do_PUT", look)
    Bucket("shop", "").put("a", b"1", None)
    assert sent[-1] == base64.b64encode(hashlib.sha256(b"1").digest()).decode()
