"""A shop on the loopback interface that answers what a test tells it to, and remembers what it was asked."""

import hashlib
import io
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

from reel_pipeline.catalog.shop import ShopSource
from reel_pipeline.catalog.web.manners import Web
from reel_pipeline.catalog.web.transport import Limits
from reel_pipeline.store import Store, open_store

FAST = Limits(connect_s=4, silence_s=2, answer_s=3, wait_s=2, pause_s=0)
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass
class Reply:
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_tagged: bool = True
    """Carries an ETag and honours If-None-Match."""


@dataclass(frozen=True)
class Asked:
    path: str
    status: int
    headers: Mapping[str, str]


class Shop:
    """`answers`: path with query, or without -> a reply, or a function that writes to the connection itself."""

    def __init__(self, scheme: str = "http") -> None:
        self.answers: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[Asked] = []
        self.scheme = scheme
        self.port = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def paths(self, status: int = 200) -> list[str]:
        """What was asked and answered with this status, in order."""
        return [asked.path for asked in self.asked if asked.status == status]

    def page(self, path: str, value: object, **reply: Any) -> None:
        self.answers[path] = Reply(json.dumps(value).encode(), **reply)

    def products(self, *pages: list[Any]) -> None:
        """The pages of products.json, and the empty one behind them."""
        for number, products in enumerate([*pages, []], 1):
            self.page(f"/products.json?limit=250&page={number}", {"products": products})

    def picture(self, path: str, colour: str = "red", **reply: Any) -> None:
        self.answers[path] = Reply(picture(colour), "image/png", **reply)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        found = self.answers.get(path) or self.answers.get(path.partition("?")[0])
        if callable(found):
            self.asked.append(Asked(path, 200, dict(handler.headers)))
            found(handler)
            return
        reply = found or Reply(b"nothing here", "text/plain", 404)
        etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
        if reply.status == 200 and reply.is_tagged and handler.headers.get("If-None-Match") == etag:
            reply = Reply(status=304)
        self.asked.append(Asked(path, reply.status, dict(handler.headers)))
        handler.send_response(reply.status)
        if reply.status == 200 and reply.is_tagged:
            handler.send_header("ETag", etag)
        for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
            handler.send_header(name, value)
        if reply.status != 304:
            handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[Shop]:
    """A running shop; with TLS where `certificate` names a PEM file of key and certificate."""
    shop = Shop("https" if certificate else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                shop.answer(self)
            except OSError:
                self.close_connection = True  # the client went away, as some tests mean it to

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests read `asked`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that refuses the certificate is no error of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    shop.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def store_in(folder: Path) -> Store:
    return open_store(str(folder), folder / "cache")


def source_of(shop: Shop, store: Store, path: str = "", limits: Limits = FAST) -> ShopSource:
    return ShopSource(f"{shop.url}{path}", Web(store, LOOPBACK, limits))


def picture(colour: str = "red", side_px: int = 80) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), colour).save(out, "PNG")
    return out.getvalue()


def product(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A product of products.json with one picture, as Shopify writes it."""
    return {
        "id": number,
        "title": f"Tee {number}",
        "handle": f"tee-{number}",
        "body_html": f"<p>Soft tee {number}</p>",
        "vendor": "Acme",
        "product_type": "T-shirt",
        "tags": ["linen"],
        "updated_at": "2026-01-01T00:00:00Z",
        "options": [{"name": "Title", "position": 1, "values": ["Default Title"]}],
        "variants": [{"id": number * 10, "sku": f"TEE-{number}", "option1": "Default Title", "price": "54.00"}],
        "images": [{"id": number * 100, "position": 1, "src": f"/cdn/shop/files/{number}.png?v=1", "variant_ids": []}],
        **fields,
    }
