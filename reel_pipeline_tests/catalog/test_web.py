"""Asking a shop's servers: bounds, redirects, manners and validators, against a real server on loopback."""

import datetime
import email.utils
import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from reel_pipeline.catalog.web.manners import MAX_REDIRECTS, USER_AGENT, Web
from reel_pipeline.catalog.web.transport import Limits, target_of
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.prune import prune
from reel_pipeline_tests.catalog.making import FAST, LOOPBACK, Reply, Shop, serve, store_in

MB = 2**20


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serve() as running:
        yield running


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(store_in(tmp_path), LOOPBACK, FAST)


def visit(web: Web, url: str, max_bytes: int = MB) -> bytes:
    """As a caller does that finds every answer good."""
    answer = web.get(url, max_bytes)
    web.keep(url, answer)
    return answer.body


# --- what is held


def test_what_did_not_change_is_not_sent_again(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(b"first")
    assert visit(web, f"{shop.url}/a") == visit(web, f"{shop.url}/a") == b"first"
    shop.answers["/a"] = Reply(b"second")
    assert visit(web, f"{shop.url}/a") == b"second"
    assert [asked.status for asked in shop.asked if asked.path == "/a"] == [200, 304, 200]


def test_another_run_asks_with_the_validators_too(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/a"] = Reply(b"x", is_tagged=False, headers={"Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"})
    shop.answers["/robots.txt"] = Reply(b"User-agent: *\nAllow: /", "text/plain")
    for _ in range(2):
        visit(Web(store_in(tmp_path), LOOPBACK, FAST), f"{shop.url}/a")
    assert shop.asked[-1].headers["If-Modified-Since"] == "Mon, 05 Jan 2026 10:00:00 GMT"
    assert shop.paths(304) == ["/robots.txt"]


def test_a_known_version_is_not_asked_for_at_all(shop: Shop, web: Web) -> None:
    shop.answers["/a.png"] = Reply(b"x")
    url = f"{shop.url}/a.png"
    web.keep(url, web.get(url, MB, version="v1"), version="v1")
    asked = len(shop.asked)
    assert web.get(url, MB, version="v1").body == b"x"
    assert len(shop.asked) == asked
    assert web.get(url, MB, version="v2").body == b"x", "asked again, and unchanged"
    assert web.get(url, MB, version="v2").body == b"x", "now known as v2"
    assert (len(shop.asked), shop.paths(304)) == (asked + 1, ["/a.png"])


def test_what_is_gone_from_the_store_is_fetched_whole(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(b"x")
    visit(web, f"{shop.url}/a")
    for key in web.store.objects.list("blobs/"):
        web.store.objects.delete(key)
    assert visit(web, f"{shop.url}/a") == b"x"
    assert shop.paths(304) == []


def test_pruning_the_store_keeps_what_is_held_and_reads_no_strangers_record(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(b'{"sha256": "not one", "size_bytes": -1, "suffix": "../../x"}')
    first = visit(web, f"{shop.url}/a")
    prune(web.store)
    assert visit(web, f"{shop.url}/a") == first
    assert shop.paths(304) == ["/a"]


def test_an_unasked_for_304_is_an_error(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(status=304)
    with pytest.raises(SourceUnavailable, match="nothing changed"):
        web.get(f"{shop.url}/a", MB)


def test_validators_belong_to_the_address_that_answered(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(status=302, headers={"Location": "/first"})
    shop.answers["/first"] = Reply(b"same", is_tagged=False, headers={"Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"})
    shop.answers["/second"] = Reply(b"other")
    assert visit(web, f"{shop.url}/a") == b"same"
    shop.answers["/a"] = Reply(status=302, headers={"Location": "/second"})
    assert visit(web, f"{shop.url}/a") == b"other"
    assert "If-Modified-Since" not in shop.asked[-1].headers


# --- redirects and addresses


def test_a_redirect_to_a_private_address_is_refused(shop: Shop, web: Web) -> None:
    for number, address in enumerate(("169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0")):
        shop.answers[f"/{number}"] = Reply(status=302, headers={"Location": f"http://{address}:{shop.port}/secret"})
        with pytest.raises(CatalogError, match="private network"):
            web.get(f"{shop.url}/{number}", MB)
    assert "/secret" not in shop.paths()


def test_a_host_that_is_not_named_is_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="allow_private_hosts"):
        Web(store_in(tmp_path), (), FAST).get(f"{shop.url}/a", MB)
    assert shop.asked == []


def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_asked(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that has another address a moment later (DNS rebinding) gains nothing."""
    look_up, asked = socket.getaddrinfo, []

    def rebinding(host: str, port: int, *args: int, **kind: int) -> list[Any]:
        asked.append(host)
        return look_up("127.0.0.1" if asked.count(host) == 1 else "127.0.0.2", port, *args, **kind)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    shop.answers["/robots.txt"] = Reply(status=302, headers={"Location": f"{shop.url}/rules"})
    Web(store_in(tmp_path), ("shop.test", *LOOPBACK), FAST).robots(f"http://shop.test:{shop.port}/")
    assert asked.count("shop.test") == 1
    assert [request.headers["Host"] for request in shop.asked] == [f"shop.test:{shop.port}", f"127.0.0.1:{shop.port}"]


def test_redirects_end(shop: Shop, web: Web) -> None:
    for number in range(9):
        shop.answers[f"/{number}"] = Reply(status=301, headers={"Location": f"/{number + 1}"})
    shop.answers["/9"] = Reply(b"there")
    assert web.get(f"{shop.url}/{9 - MAX_REDIRECTS}", MB).body == b"there"
    with pytest.raises(CatalogError, match="redirects more than 5 times"):
        web.get(f"{shop.url}/{8 - MAX_REDIRECTS}", MB)


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://[::1", "http://a:b@127.0.0.1/"]
)
def test_a_redirect_to_something_else_is_refused(shop: Shop, web: Web, location: str) -> None:
    shop.answers["/a"] = Reply(status=302, headers={"Location": location})
    with pytest.raises(CatalogError, match=r"no web address|password"):
        web.get(f"{shop.url}/a", MB)


@pytest.mark.parametrize(
    "url",
    ["http://", "https:///x", "gopher://shop.example/", "http://shop.example:99999/", "http://u@shop.example/", "x"],
)
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(CatalogError):
        target_of(url)


def test_addresses_are_sent_in_ascii() -> None:
    target = target_of("https://Bücher.example/ku%20schel/كشاف.png?v=1&n=ü#part")
    assert (target.host, target.origin) == ("xn--bcher-kva.example", "xn--bcher-kva.example")
    assert target.path == "/ku%20schel/%D9%83%D8%B4%D8%A7%D9%81.png?v=1&n=%C3%BC"
    assert target_of("http://[::1]:8080").url == "http://[::1]:8080/"


# --- encryption


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate for `localhost` that nobody has signed but itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = tmp_path / "localhost.pem"
    path.write_bytes(pem)
    return path


def test_a_certificate_must_be_trusted_and_for_the_hosts_own_name(
    certificate: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(certificate) as shop:
        shop.answers["/a"] = Reply(b"private")
        shop.answers["/plain"] = Reply(status=302, headers={"Location": f"http://localhost:{shop.port}/a"})
        root = f"https://localhost:{shop.port}"
        with pytest.raises(SourceUnavailable, match="can't prove"):
            web.get(f"{root}/a", MB)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert web.get(f"{root}/a", MB).body == b"private"
        assert shop.asked[-1].headers["Host"] == f"localhost:{shop.port}"
        with pytest.raises(SourceUnavailable, match=r"can't prove that it is 127\.0\.0\.1"):
            web.get(f"{shop.url}/a", MB)
        with pytest.raises(CatalogError, match="without encryption"):
            web.get(f"{root}/plain", MB)


# --- bounds


def test_a_body_larger_than_allowed_is_left_alone(shop: Shop, web: Web) -> None:
    shop.answers["/stated"] = Reply(b"x" * (2 * MB))
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)
            sent.append(65536)

    shop.answers["/endless"] = endless
    for path in ("/stated", "/endless"):
        with pytest.raises(CatalogError, match="more than 1 MB"):
            web.get(f"{shop.url}{path}", MB)
    assert sum(sent) < 16 * MB, "the rest is never read; some of it waits in the sockets"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_a_small_answer_that_unpacks_to_a_huge_one(shop: Shop, web: Web, coding: str) -> None:
    zeros = bytes(64 * MB)
    bomb = zlib.compress(zeros, 9) if coding == "deflate" else gzip.compress(zeros, 9)
    bomb = gzip.compress(bomb, 9) if coding == "gzip, gzip" else bomb
    shop.answers["/bomb"] = Reply(bomb, headers={"Content-Encoding": coding})
    del zeros
    tracemalloc.start()
    try:
        with pytest.raises(CatalogError, match="more than 1 MB"):
            web.get(f"{shop.url}/bomb", MB)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * MB


def test_a_packed_answer_is_unpacked_and_a_damaged_one_refused(shop: Shop, web: Web) -> None:
    packed = gzip.compress(b"hello" * 1000)
    shop.answers["/good"] = Reply(packed, headers={"Content-Encoding": "gzip"})
    shop.answers["/bad"] = Reply(b"\x1f\x8b" + b"nonsense" * 20, headers={"Content-Encoding": "gzip"})
    assert web.get(f"{shop.url}/good", MB).body == b"hello" * 1000
    with pytest.raises(SourceUnavailable, match="broke off"):
        web.get(f"{shop.url}/bad", MB)


def dribble(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def dribble_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X")
        time.sleep(0.05)


def say_nothing(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(4)


@pytest.mark.parametrize("behaviour", [dribble, dribble_headers, say_nothing])
def test_a_slow_server_is_left_in_bounded_time(shop: Shop, web: Web, behaviour: object) -> None:
    shop.answers["/slow"] = behaviour  # type: ignore[assignment]
    shop.answers["/robots.txt"] = Reply(b"", "text/plain")
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="too slowly"):
        web.get(f"{shop.url}/slow", MB)
    assert time.monotonic() - started < FAST.answer_s + 3


def test_an_answer_that_breaks_off_is_not_taken_for_whole(shop: Shop, web: Web) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 10)

    shop.answers["/short"] = short
    shop.answers["/nonsense"] = lambda handler: handler.wfile.write(b"\0\1\2 this is no HTTP\r\n\r\n") and None
    for path in ("/short", "/nonsense"):
        with pytest.raises(SourceUnavailable, match="broke off"):
            web.get(f"{shop.url}{path}", MB)


def test_a_server_that_is_not_there(web: Web) -> None:
    with serve() as gone:
        url = gone.url
    with pytest.raises(SourceUnavailable, match="can't be reached"):
        web.get(f"{url}/a", MB)


def test_a_visit_ends(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/a"] = Reply(b"x")
    web = Web(store_in(tmp_path), LOOPBACK, replace(FAST, visit_s=2.0))
    assert web.get(f"{shop.url}/a", MB).body == b"x"
    time.sleep(2.0)
    with pytest.raises(SourceUnavailable, match="name one collection"):
        web.get(f"{shop.url}/a", MB)


# --- manners


def test_it_says_who_it_is(shop: Shop, web: Web) -> None:
    shop.answers["/a"] = Reply(b"x")
    web.get(f"{shop.url}/a", MB)
    assert {asked.headers["User-Agent"] for asked in shop.asked} == {USER_AGENT}
    assert USER_AGENT.startswith("reel_pipeline/")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/products.json", False),
        ("User-agent: *\nDisallow: /\nUser-agent: reel_pipeline\nAllow: /", "/products.json", True),
        ("User-agent: reel_pipeline\nDisallow: /products\nUser-agent: *\nAllow: /", "/products.json", False),
        ("User-agent: *\nDisallow: /p\nAllow: /products.json", "/products.json", True),
        ("User-agent: *\nDisallow: /*.json$", "/products.json", False),
        ("User-agent: *\nDisallow: /*?*page=", "/products.json?limit=250&page=1", False),
        ("User-agent: *\nDisallow: /collections/*+*", "/products.json", True),
        ("<html>not found</html>", "/products.json", True),
    ],
)
def test_robots_txt_is_obeyed(shop: Shop, web: Web, rules: str, path: str, allowed: bool) -> None:
    shop.answers["/robots.txt"] = Reply(rules.encode(), "text/plain")
    shop.answers["/products.json"] = Reply(b"{}")
    if allowed:
        assert web.get(shop.url + path, MB).status == 200
        return
    with pytest.raises(CatalogError, match="forbids reel_pipeline"):
        web.get(shop.url + path, MB)
    assert shop.paths() == ["/robots.txt"]


def test_rules_that_cannot_be_read_forbid_everything(shop: Shop, web: Web) -> None:
    shop.answers["/robots.txt"] = Reply(status=500)
    shop.answers["/a"] = Reply(b"x")
    with pytest.raises(SourceUnavailable, match="out of order"):
        web.get(f"{shop.url}/a", MB)
    assert "/a" not in shop.paths()


def test_a_crawl_delay_is_kept_or_the_shop_left_alone(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 0.3", "text/plain")
    shop.answers["/a"] = Reply(b"x")
    web = Web(store_in(tmp_path), LOOPBACK, FAST)
    started = time.monotonic()
    for _ in range(2):
        web.get(f"{shop.url}/a", MB)
    assert time.monotonic() - started >= 0.6
    shop.answers["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 86400", "text/plain")
    with pytest.raises(CatalogError, match="86400 s between two visits"):
        Web(store_in(tmp_path), LOOPBACK, FAST).get(f"{shop.url}/a", MB)


def in_turn(shop: Shop, *replies: Reply) -> None:
    """Answer /a with each of these in turn, the last for ever."""
    waiting = list(replies)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)

    shop.answers["/a"] = answer


@pytest.mark.parametrize("status", [429, 503])
def test_a_shop_that_asks_to_wait_is_waited_for(shop: Shop, web: Web, status: int) -> None:
    in_turn(shop, Reply(status=status, headers={"Retry-After": "1"}), Reply(b"x"))
    started = time.monotonic()
    assert web.get(f"{shop.url}/a", MB).body == b"x"
    assert 1 <= time.monotonic() - started < 2


def test_a_date_to_wait_for(shop: Shop, web: Web) -> None:
    moment = email.utils.format_datetime(
        datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2), usegmt=True
    )
    in_turn(shop, Reply(status=429, headers={"Retry-After": moment}), Reply(b"x"))
    started = time.monotonic()
    assert web.get(f"{shop.url}/a", MB).body == b"x"
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize("wait", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT", "9" * 400])
def test_a_wait_that_is_too_long_is_said(shop: Shop, web: Web, wait: str) -> None:
    in_turn(shop, Reply(status=429, headers={"Retry-After": wait}))
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"left in peace for \d+ s"):
        web.get(f"{shop.url}/a", MB)
    assert time.monotonic() - started < 1
    assert len(shop.paths()) == 1


def test_after_three_tries_it_stops(shop: Shop, web: Web) -> None:
    in_turn(shop, Reply(status=500, headers={"Retry-After": "nonsense"}))
    with pytest.raises(SourceUnavailable, match="status 500"):
        web.get(f"{shop.url}/a", MB)
    assert shop.paths() == ["/a"] * 3


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<title>Just a moment...</title>", "text/html", 403),
        Reply(b"<div class='g-recaptcha'>", "text/html", 429),
        Reply(b"", "text/html", 430),
        Reply(b"<html>", "text/html", 200, {"cf-mitigated": "challenge"}),
        Reply(b"", "text/html", 202, {"x-amzn-waf-action": "challenge"}),
    ],
)
def test_a_bot_challenge_is_never_worked_around(shop: Shop, web: Web, reply: Reply) -> None:
    shop.answers["/a"] = reply
    with pytest.raises(SourceUnavailable, match="never works around"):
        web.get(f"{shop.url}/a", MB)
    assert [asked.path for asked in shop.asked].count("/a") == 1


def test_requests_to_one_host_wait_their_turn(shop: Shop, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    shop.answers["/a"] = Reply(b"x")
    limits = Limits(pause_s=0.1)

    def one(number: int) -> int:
        return Web(store_in(tmp_path), LOOPBACK, limits).get(f"{shop.url}/a?{number}", MB).status

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(4))) == {200}
    assert time.monotonic() - started >= 0.8, "four visits and four robots.txt, 0.1 s before each"
