"""One HTTP request to one checked address, with every size and time bounded. No redirects, no retries, no manners.

The connection goes to the very address that `safety.py` checked, under the host's own name (Host header, TLS server
name, certificate). Environment proxies are not used: behind one, nothing could be checked.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from reel_pipeline.catalog.pages.addresses import MAX_URL_CHARS
from reel_pipeline.catalog.web.safety import resolve
from reel_pipeline.errors import CatalogError, SourceUnavailable

MAX_ERROR_BYTES = 64 * 2**10
"""Of an answer that is no success: enough to recognise a bot challenge."""
_CHUNK_BYTES = 2**16
_PATH_CHARS = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Limits:
    """Seconds. `silence_s`: between two arrivals of bytes; `answer_s`: one whole answer, however it dribbles in;
    `visit_s`: all that is asked in one visit; `wait_s`: the longest wait that a shop may ask for; `pause_s`: before
    every request to a host."""

    connect_s: float = 10.0
    silence_s: float = 20.0
    answer_s: float = 120.0
    visit_s: float = 3600.0
    wait_s: float = 60.0
    pause_s: float = 0.5
    tries: int = 3


@dataclass(frozen=True)
class Target:
    """A web address taken apart; `path` holds the query too, in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """As in a Host header and before a path: without the port where it is the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.origin}{self.path}"


@dataclass(frozen=True)
class Answer:
    """`url` is where the answer came from in the end; header names are in lower case; `body` is decompressed.

    `is_held`: the body was kept from an earlier visit, because the shop said that it still stands.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_held: bool = False

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def target_of(url: str) -> Target:
    """Raises `CatalogError` for what is no plain http(s) address."""
    shown = url[:120].encode("ascii", "replace").decode()
    try:
        parts = urlsplit(url)
        named = parts.hostname or ""
        host = named if named.isascii() else named.encode("idna").decode()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        path = quote(parts.path or "/", safe=_PATH_CHARS)
        query = quote(parts.query, safe=_PATH_CHARS + "?")
    except (ValueError, UnicodeError):
        raise CatalogError(f"{shown!r} is no web address; correct it.") from None
    if parts.scheme not in ("http", "https") or not host or len(url) > MAX_URL_CHARS:
        raise CatalogError(f"{shown!r} is no web address; expected https://shop.example/.")
    if "@" in parts.netloc:
        raise CatalogError(f"The address of {host} holds a user name or password; leave it out.")
    return Target(parts.scheme, host.lower(), port, f"{path}?{query}" if query else path)


def ask(
    target: Target, headers: Mapping[str, str], max_bytes: int, private_hosts: Collection[str], limits: Limits
) -> Answer:
    """The answer to one GET, whatever its status.

    The body of a 200 is whole; of any other answer only the first `MAX_ERROR_BYTES` are read. Raises `CatalogError` for
    an address that is not public or a body of more than `max_bytes`, `SourceUnavailable` when there is no answer, only
    a part of one, or a damaged one.
    """
    connection = _connected(target, resolve(target.host, target.port, private_hosts), limits)
    try:
        with _cut_off(connection, limits.answer_s) as was_cut:
            try:
                asked = {**headers, "Host": target.origin}
                connection.request("GET", target.path, headers=asked, preload_content=False)
                response = connection.getresponse()
                known = {name.lower(): value for name, value in response.headers.items()}
                body = _body(response, target, max_bytes)
            except CatalogError:
                raise
            except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
                slow = was_cut.is_set() or isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError)
                what = "answered too slowly" if slow else f"broke off its answer ({type(error).__name__})"
                raise SourceUnavailable(f"{target.host} {what}; try again later.") from None
            if was_cut.is_set():  # a body without a stated length ends like a whole one when it is cut
                raise SourceUnavailable(f"{target.host} answered too slowly; try again later.")
    finally:
        connection.close()
    return Answer(target.url, response.status, known, body)


def _connected(target: Target, addresses: list[str], limits: Limits) -> HTTPConnection:
    problem: Exception | None = None
    for address in addresses:
        connection: HTTPConnection
        if target.scheme == "https":
            connection = HTTPSConnection(
                address,
                target.port,
                timeout=limits.connect_s,
                ssl_context=ssl.create_default_context(),
                server_hostname=target.host,
            )
        else:
            connection = HTTPConnection(address, target.port, timeout=limits.connect_s)
        try:
            connection.connect()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            connection.close()
            problem = error
            continue
        connection.timeout = limits.silence_s
        return connection
    if isinstance(problem, ssl.SSLError | urllib3.exceptions.SSLError):
        reason = getattr(problem, "verify_message", "") or "no agreement on encryption"
        raise SourceUnavailable(f"{target.host} can't prove that it is {target.host} ({reason}); tell the shop.")
    raise SourceUnavailable(f"{target.host} can't be reached; try again later.")


@contextlib.contextmanager
def _cut_off(connection: HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Shuts the connection's socket after `seconds`: socket timeouts alone let a byte a second go on for ever."""
    was_cut = threading.Event()
    sock = connection.sock

    def cut() -> None:
        was_cut.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's polite goodbye

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield was_cut
    finally:
        timer.cancel()


def _body(response: urllib3.HTTPResponse, target: Target, max_bytes: int) -> bytes:
    is_success = response.status == 200
    limit = max_bytes if is_success else min(MAX_ERROR_BYTES, max_bytes)
    stated = response.headers.get("Content-Length", "")
    body = bytearray()
    if not (is_success and stated.isascii() and stated.isdecimal() and int(stated[:15]) > limit):
        for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    if is_success:
        raise CatalogError(f"{target.host}{target.path[:80]} has more than {max_bytes >> 20} MB; it is left alone.")
    return bytes(body[:limit])
