"""What a shop's servers are asked, and how: politely, and never twice for what is held.

Every request obeys robots.txt (RFC 9309), waits its turn (one request at a time per host and machine, with a pause or
the host's Crawl-delay before it), says who it is, and carries the validators of what is held from an earlier visit, so
that an unchanged page or picture travels once. A shop that asks to wait is waited for within bounds; one that asks for
a proof of being human is left alone. Redirects are followed one by one under the same rules.
"""

import contextlib
import email.utils
import hashlib
import re
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from urllib.parse import urljoin

from protego import Protego

from reel_pipeline.catalog.web.transport import Answer, Limits, Target, ask, target_of
from reel_pipeline.catalog.web.turns import turn_at
from reel_pipeline.errors import BlobMissing, CatalogError, HeadConflict, SourceUnavailable
from reel_pipeline.records import Blob, Record
from reel_pipeline.store import Store

ROBOT = "reel_pipeline"
USER_AGENT = f"{ROBOT}/{version_of(ROBOT)} (makes reels of a shop's own products; robots.txt name: {ROBOT})"
MAX_REDIRECTS = 5
MAX_ROBOTS_BYTES = 2**20
"""RFC 9309 asks to read at least 500 KiB."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOTES = "http"
_MAX_VALIDATOR_CHARS = 1000
_CHALLENGED = frozenset({202, 401, 403, 405, 429, 430, 503})
"""Statuses of bot challenges (430 is Shopify's own); only with them are words in the page looked at."""
_CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action")
_CHALLENGE_WORDS = re.compile(
    rb"captcha|cf-chl|challenge-platform|/challenge|datadome|_incapsula_|just a moment|are you (?:a )?(?:human|robot)",
    re.IGNORECASE,
)


class Held(Record):
    """What was answered to `url`, by `final_url` in the end. `version` is what the caller's listing called it then."""

    url: str
    final_url: str
    content_type: str
    etag: str
    last_modified: str
    version: str = ""
    body: Blob


def body_suffix(data: bytes) -> str:
    """Not `.json`: a stranger's text must never be read as one of the store's own records."""
    return ".http"


class Web:
    """The outside world during one visit. `private_hosts` names hosts that may be inside a private network."""

    def __init__(self, store: Store, private_hosts: Collection[str] = (), limits: Limits | None = None) -> None:
        self.store = store
        self.private_hosts = frozenset(host.lower() for host in private_hosts)
        self.limits = limits or Limits()
        self._robots: dict[str, Protego] = {}
        self._until = time.monotonic() + self.limits.visit_s

    def get(self, url: str, max_bytes: int, *, slot: str = "", version: str = "") -> Answer:
        """The answer to a GET after redirects; its status may be any but 429 and 500 and above, which pass.

        What an earlier visit kept under `slot` (default: the address) travels again only if it has changed since. The
        shop is not even asked where `version` is given and is what it was then. Raises `SourceUnavailable` when the
        shop can't answer now, `CatalogError` when it may or will not be asked.
        """
        held = self._note(url, slot)
        if held is not None and version and held.version == version and (answer := self._answer(held)):
            return answer
        usable = held if held is not None and self.store.has(held.body) else None
        answer = self._follow(url, max_bytes, usable, obey=True)
        if answer.status != 304:
            return answer
        known = self._answer(usable) if usable else None
        if usable is None or known is None:
            raise SourceUnavailable(f"{target_of(url).host} says that nothing changed, which is not known; try again.")
        if version and usable.version != version:
            self._save(usable.model_copy(update={"version": version}), slot)
        return known

    def keep(
        self,
        url: str,
        answer: Answer,
        *,
        slot: str = "",
        version: str = "",
        suffix_of: Callable[[bytes], str] = body_suffix,
    ) -> None:
        """Hold a good answer to `url` for later visits; call it once the body has proved to be what was expected."""
        if answer.is_held:
            return
        etag, modified = (answer.headers.get(name, "") for name in ("etag", "last-modified"))
        held = Held(
            url=url,
            final_url=answer.url,
            content_type=answer.content_type,
            etag=etag if len(etag) <= _MAX_VALIDATOR_CHARS else "",
            last_modified=modified if len(modified) <= _MAX_VALIDATOR_CHARS else "",
            version=version,
            body=self.store.put(answer.body, suffix_of(answer.body)),
        )
        self._save(held, slot)

    def held(self, url: str) -> Answer | None:
        """What an earlier visit found at `url`, without asking."""
        note = self._note(url, "")
        return self._answer(note) if note else None

    def robots(self, url: str) -> Protego:
        """The rules of the host of `url`: all is allowed where it has none, nothing while they can't be read."""
        target = target_of(url)
        root = f"{target.scheme}://{target.origin}"
        if root not in self._robots:
            self._robots[root] = Protego.parse(self._rules(f"{root}/robots.txt"))
        return self._robots[root]

    def allows(self, url: str) -> bool:
        """Whether the host's robots.txt lets us read `url`."""
        return self.robots(url).can_fetch(url, ROBOT)

    # --- what is held

    def _note(self, url: str, slot: str) -> Held | None:
        held = self.store.load_note(NOTES, target_of(url).host, _name(slot or url), Held)
        return held if held is not None and held.url == url else None

    def _save(self, held: Held, slot: str) -> None:
        with contextlib.suppress(HeadConflict):  # another run has just stored the same
            self.store.save_note(NOTES, target_of(held.url).host, _name(slot or held.url), held)

    def _answer(self, held: Held) -> Answer | None:
        try:
            body = self.store.read(held.body)
        except BlobMissing:
            return None
        return Answer(held.final_url, 200, {"content-type": held.content_type}, body, is_held=True)

    # --- asking

    def _rules(self, url: str) -> str:
        held = self._note(url, "")
        usable = held if held is not None and self.store.has(held.body) else None
        answer = self._follow(url, MAX_ROBOTS_BYTES, usable, obey=False)
        if answer.status == 304 and usable and (known := self._answer(usable)):
            answer = known
        if answer.status != 200:
            return ""
        self.keep(url, answer)
        return answer.body.decode("utf-8", "replace")

    def _follow(self, url: str, max_bytes: int, held: Held | None, *, obey: bool) -> Answer:
        target = target_of(url)
        for _ in range(MAX_REDIRECTS + 1):
            pause_s = self._permitted_pause_s(target) if obey else self.limits.pause_s
            answer = self._patiently(target, max_bytes, _headers(target, held), pause_s)
            if answer.status not in REDIRECTS or not answer.headers.get("location"):
                return answer
            following = _following(target, answer.headers["location"])
            if (target.scheme, following.scheme) == ("https", "http"):
                raise CatalogError(f"{target.host} redirects to an address without encryption; use another address.")
            target = following
        raise CatalogError(f"{target.host} redirects more than {MAX_REDIRECTS} times; use the final address.")

    def _permitted_pause_s(self, target: Target) -> float:
        """How long to wait before a request; raises `CatalogError` where robots.txt forbids it."""
        if not self.allows(target.url):
            raise CatalogError(
                f"robots.txt of {target.host} forbids {ROBOT} to read {target.path[:80]}; ask the shop to allow it, or "
                "export its products as catalog.csv with their pictures and name that folder."
            )
        delay_s = self.robots(target.url).crawl_delay(ROBOT) or 0.0
        if delay_s > self.limits.wait_s:
            raise CatalogError(
                f"robots.txt of {target.host} asks for {delay_s:.0f} s between two visits, which is too slow to read a "
                f"shop; ask the shop for a smaller Crawl-delay for {ROBOT}, or export its products as catalog.csv."
            )
        return max(self.limits.pause_s, delay_s)

    def _patiently(self, target: Target, max_bytes: int, headers: dict[str, str], pause_s: float) -> Answer:
        """One hop. The turn is kept throughout, so that all runs on this machine wait as the shop asked."""
        if time.monotonic() > self._until:
            minutes = self.limits.visit_s / 60
            raise SourceUnavailable(
                f"This visit has taken {minutes:.0f} minutes already; name one collection of the shop."
            )
        with turn_at(target.origin):
            for attempt in range(1, self.limits.tries + 1):
                time.sleep(pause_s)
                answer = ask(target, headers, max_bytes, self.private_hosts, self.limits)
                _refuse_challenge(target, answer)
                if answer.status != 429 and answer.status < 500:
                    return answer
                wait_s = _asked_wait_s(answer.headers.get("retry-after", ""), 2**attempt * self.limits.pause_s)
                if attempt == self.limits.tries or wait_s > self.limits.wait_s:
                    break
                time.sleep(wait_s)
        after = f" for {wait_s:.0f} s" if wait_s > self.limits.wait_s else ""
        what = f"asks to be left in peace{after}" if answer.status == 429 else f"is out of order{after}"
        raise SourceUnavailable(f"{target.host} {what} (status {answer.status}); try again later.")


def _following(target: Target, location: str) -> Target:
    try:
        return target_of(urljoin(target.url, location))
    except ValueError:
        raise CatalogError(f"{target.host} redirects to what is no web address; use another address.") from None


def _headers(target: Target, held: Held | None) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    if held is not None and held.final_url == target.url:
        headers |= {"If-None-Match": held.etag} if held.etag else {}
        headers |= {"If-Modified-Since": held.last_modified} if held.last_modified else {}
    return headers


def _refuse_challenge(target: Target, answer: Answer) -> None:
    by_header = any(name in answer.headers for name in _CHALLENGE_HEADERS)
    by_words = answer.status in _CHALLENGED and _CHALLENGE_WORDS.search(answer.body)
    if answer.status == 430 or by_header or by_words:
        raise SourceUnavailable(
            f"{target.host} wants a proof that a person is visiting, and {ROBOT} never works around that; ask the shop "
            f"to allow the user agent {ROBOT}, or export its products as catalog.csv with their pictures and name that "
            "folder."
        )


def _asked_wait_s(retry_after: str, default_s: float) -> float:
    """Seconds of a Retry-After header, which holds a number or a date."""
    if retry_after.strip().isascii() and retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return default_s
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _name(slot: str) -> str:
    return hashlib.sha256(slot.encode("utf-8", "replace")).hexdigest()
