"""Serves a folder of published reels: an index page, and the files with byte ranges, right types and lasting caching.

Only what `mirror/` published is reachable: known file types below the folder, nothing hidden, nothing by way of a link.
It listens on loopback unless told otherwise; whoever makes it public puts a TLS proxy in front.
"""

import hashlib
import os
import re
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from reel_pipeline.errors import BlobMissing, SettingsError
from reel_pipeline.origin.page import index_page
from reel_pipeline.records import Blob

TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".srt": "application/x-subrip; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
}
IMMUTABLE = "public, max-age=31536000, immutable"
CHANGING_NAMES = frozenset({"latest.json", "manifest.json"})
"""Files that get other bytes under the same name: a browser asks each time. All others it may keep for a year."""
SAFE_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
PAGE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'"


class _Digests:
    """SHA-256 of files, computed once per (path, size, time of change); bounded, for many threads."""

    def __init__(self, capacity: int = 4096) -> None:
        self._known: OrderedDict[tuple[str, int, int], str] = OrderedDict()
        self._capacity = capacity
        self._guard = threading.Lock()

    def of(self, path: Path, status: os.stat_result) -> str:
        key = (str(path), status.st_size, status.st_mtime_ns)
        with self._guard:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._guard:
            self._known[key] = digest
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return digest


def create_app(published: Path | None, preview: Callable[[Blob], Path] | None = None) -> Starlette:
    """The site over the folder `published`, which `mirror/` fills; it may be empty or appear later. None where reels
    are published to a bucket, which serves them itself.

    `preview` finds a reel that is not published, for the people who decide on it, at /preview/<sha256>.mp4; it is for
    loopback alone and nothing links to it.
    """
    digests = _Digests()

    def index(request: Request) -> Response:
        headers = SAFE_HEADERS | {"cache-control": "no-cache", "content-security-policy": PAGE_POLICY}
        return HTMLResponse(index_page(published), headers=headers)

    def file(request: Request) -> Response:
        path = _public_file(published, request.path_params["key"])
        status = path.stat()
        headers = SAFE_HEADERS | {
            "etag": f'"{digests.of(path, status)}"',
            "cache-control": "no-cache" if path.name in CHANGING_NAMES else IMMUTABLE,
            "access-control-allow-origin": "*",
        }
        if _is_known(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, headers=headers, media_type=TYPES[path.suffix], stat_result=status)

    def unpublished(request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        if preview is None or not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise HTTPException(404)
        try:
            path = preview(Blob(sha256=sha256, size_bytes=0, suffix=".mp4"))
        except BlobMissing:
            raise HTTPException(404) from None
        headers = SAFE_HEADERS | {"etag": f'"{sha256}"', "cache-control": "private, no-cache"}
        return FileResponse(path, headers=headers, media_type=TYPES[".mp4"])

    def health(request: Request) -> Response:
        return Response("ok", media_type="text/plain", headers={"cache-control": "no-store"})

    return Starlette(
        routes=[
            Route("/", index),
            Route("/healthz", health),
            Route("/preview/{sha256}.mp4", unpublished),
            Route("/{key:path}", file, methods=["GET", "HEAD"]),
        ]
    )


def _public_file(published: Path | None, key: str) -> Path:
    """The file of a key; 404 for anything that `mirror/` would not have published there."""
    parts = key.split("/")
    if published is None or any(not part or part.startswith(".") or re.search(r"[\\\0]", part) for part in parts):
        raise HTTPException(404)
    root = published.resolve()
    path = root.joinpath(*parts)
    try:
        is_public = path.suffix in TYPES and path.resolve() == path and path.is_file()
    except OSError:  # a name too long for the file system
        is_public = False
    if not is_public:
        raise HTTPException(404)
    return path


def _is_known(request: Request, etag: str) -> bool:
    """RFC 9110, 13.1.2: the client's copy is current; tags compare weakly."""
    sent = request.headers.get("if-none-match", "")
    return sent.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in sent.split(",")}


def run(
    published: Path | None, port: int = 0, host: str = "127.0.0.1", preview: Callable[[Blob], Path] | None = None
) -> None:
    """Serve until interrupted; prints the address to stdout once it listens. Port 0 takes a free one.

    `published` and `preview` as in `create_app`. Raises `SettingsError` when the port is taken.
    """
    import uvicorn

    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with listener:
        try:
            listener.bind((host, port))
        except OSError as error:
            raise SettingsError(f"Can't listen on {host}:{port} ({error.strerror}); choose another --port.") from None
        listener.listen(128)
        name = f"[{host}]" if ":" in host else host
        print(f"http://{name}:{listener.getsockname()[1]}/", flush=True)
        config = uvicorn.Config(
            create_app(published, preview),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        uvicorn.Server(config).run(sockets=[listener])
        print("The origin has stopped.", file=sys.stderr)
