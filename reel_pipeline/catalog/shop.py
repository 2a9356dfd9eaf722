"""A shop on the web as a source: Shopify-style `products.json` with its collections, else the product pages themselves.

Every answer is held in the store with its validators (`web/manners.py`): what did not change is not sent again. A page
of the listing that can't be read leaves the listing incomplete, and nothing is retired after such a one.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from reel_pipeline.catalog.listing import Listing
from reel_pipeline.catalog.pages.extract import FoundProduct
from reel_pipeline.catalog.pages.shopify import as_listed, picture_versions
from reel_pipeline.catalog.pages.storefront import as_line, found_product, is_product, json_of, products_in
from reel_pipeline.catalog.partitions import keyed_entries
from reel_pipeline.catalog.sitemap import PageGone, body_of, page_as_listed, site_pages
from reel_pipeline.catalog.web.manners import Web
from reel_pipeline.catalog.web.transport import Answer, Limits, target_of
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.media.photo import MAX_BYTES, suffix_of
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, ItemError, PhotoSource
from reel_pipeline.store import Store

PRODUCTS = "products.json"
COLLECTIONS = "collections.json"
PER_PAGE = 250
MAX_PAGE_BYTES = 16 * 2**20
"""Real pages have 1 to 3 MB; JSON takes up to thirty times its size in memory."""
MAX_PAGES = 100
"""Shopify answers 400 from page 101 on."""
MAX_COLLECTIONS = 250
MAX_FAILED_PAGES = 2
"""More of them: the shop is down, and the last listing is worth more than a torn one."""


class _NoListing(CatalogError):
    """The shop has no such listing: it answers with an error or a web page. Never leaves this file."""


class ShopSource:
    """The shop at `location`: its address, or that of one of its collections."""

    def __init__(self, location: str, web: Web) -> None:
        target = target_of(location)
        self.web = web
        self.host = target.host
        self.root = f"{target.scheme}://{target.origin}"
        self.base = f"{self.root}{target.path.partition('?')[0].rstrip('/')}"
        self._failures = 0

    def snapshot(self) -> CatalogSnapshot:
        listing, kind = Listing(), PRODUCTS
        try:
            self._list_products(listing)
        except _NoListing as refusal:
            kind = "product pages"
            self._list_pages(listing, refusal)
        entries, twice = keyed_entries(listing.entries)
        return CatalogSnapshot(
            source=kind,
            entries=tuple(entries),
            errors=(*listing.unreached, *listing.errors, *twice),
            unread=tuple(listing.unread),
            complete=not listing.unreached,
        )

    def read_photo(self, photo: PhotoSource) -> bytes:
        return fetched_photo(self.web, photo)

    def crawl(self, limit: int | None) -> Iterator[dict[str, Any]]:
        """One row a product as `gallery` shows it, or `{"sku", "error"}` for what could not be read."""
        errors: list[ItemError] = []
        yield from itertools.islice(self._rows(errors), limit)
        for error in errors:
            yield {"sku": error.item, "error": error.error}

    # --- products.json

    def _list_products(self, listing: Listing) -> None:
        """Page by page, so that only the entries stay in memory; which collections hold them is known at the end."""
        numbers: list[str] = []
        place = itertools.count(1)
        currency: str | None = None
        for _, products in self._pages(PRODUCTS, "products", listing.unreached):
            currency = self._currency() if currency is None else currency
            for product in products:
                before = len(listing.entries)
                if not isinstance(product, Mapping):
                    listing.add(next(place), product)
                    continue
                listing.add(next(place), as_listed(product, self.base, currency))
                if len(listing.entries) > before:
                    listing.entries[-1] = _versioned(listing.entries[-1], picture_versions(product, self.base))
                    numbers.append(as_line(product.get("id")))
        collections = self._collections(listing.unreached)
        for position, number in enumerate(numbers):
            titles = tuple(dict.fromkeys(collections.get(number, ())))
            listing.entries[position] = listing.entries[position].model_copy(update={"collections": titles})

    def _pages(
        self, path: str, key: str, errors: list[ItemError], expected: int | None = None
    ) -> Iterator[tuple[str, list[Any]]]:
        """Each page's address and the items that no earlier page had, until a page is empty or `expected` are seen.

        A page that can't be read now is as it was at the last visit, or ends the listing; either is an error in
        `errors`. Raises `_NoListing` or another `CatalogError` when that is so from the first page on, and
        `SourceUnavailable` after more than `MAX_FAILED_PAGES` of them in one visit.
        """
        seen: set[str] = set()
        count = 0
        for number in range(1, MAX_PAGES + 1):
            url = f"{self.base}/{path}?limit={PER_PAGE}&page={number}"
            try:
                items = self._items(url, key)
            except CatalogError as error:
                earlier = self.web.held(url)
                if number == 1 and (path == PRODUCTS or earlier is None or isinstance(error, _NoListing)):
                    raise
                self._failures += 1
                if self._failures > MAX_FAILED_PAGES:
                    raise SourceUnavailable(str(error)) from None
                errors.append(ItemError(item=f"page {number} of {path}", error=str(error)))
                if earlier is None:
                    return
                items = _parsed(earlier, key)
            fresh = [item for item in items if not (identity := _identity(item)) or identity not in seen]
            seen |= {identity for item in fresh if (identity := _identity(item))}
            count += len(fresh)
            if fresh:
                yield url, fresh
            if not fresh or (expected is not None and count >= expected):
                return
        what = f"There are more than {MAX_PAGES * PER_PAGE} products; name one collection, such as /collections/new."
        errors.append(ItemError(item=path, error=what))

    def _items(self, url: str, key: str) -> list[Any]:
        answer = self.web.get(url, MAX_PAGE_BYTES)
        name = target_of(url).path
        if urlsplit(answer.url).path.rstrip("/").endswith("/password"):
            raise CatalogError(f"{self.host} is closed by a password; open the shop, or export its products.")
        if answer.status != 200:
            raise _NoListing(f"{self.host} answers {name} with status {answer.status}; try again later.")
        if "json" not in answer.content_type:
            raise _NoListing(f"{self.host} answers {name} with {answer.content_type or 'something'} instead of JSON.")
        items = _parsed(answer, key)
        self.web.keep(url, answer)
        return items

    def _currency(self) -> str:
        """The shop's own currency, which `products.json` leaves out; '' where the shop does not say it.

        Below a locale's path (`/en-us`) prices may be in another currency, so there none is given.
        """
        url = f"{self.root}/meta.json"
        if not (self._is_whole_shop() or self._is_collection()) or not self.web.allows(url):
            return ""
        try:
            answer = self.web.get(url, MAX_PAGE_BYTES)
        except SourceUnavailable:
            answer = self.web.held(url) or Answer(url, 503, {}, b"")
        if answer.status != 200 or "json" not in answer.content_type:
            return ""
        try:
            content = json_of(answer.body, target_of(answer.url).path)
        except CatalogError:
            return ""
        code = as_line(content.get("currency")) if isinstance(content, dict) else ""
        if len(code) != 3:
            return ""
        self.web.keep(url, answer)
        return code.upper()

    def _collections(self, errors: list[ItemError]) -> dict[str, list[str]]:
        """Product number -> titles of the collections that hold it; empty where the shop does not list them."""
        members: dict[str, list[str]] = {}
        if self._is_collection() or not self.web.allows(f"{self.base}/{COLLECTIONS}"):
            return members
        try:
            listed = [item for _, items in self._pages(COLLECTIONS, "collections", errors) for item in items]
        except _NoListing:
            return members
        except CatalogError as error:
            errors.append(ItemError(item=COLLECTIONS, error=str(error)))
            return members
        for collection in [item for item in listed if isinstance(item, Mapping)][:MAX_COLLECTIONS]:
            handle, title = as_line(collection.get("handle")), as_line(collection.get("title"))
            size = collection.get("products_count")
            path = f"collections/{quote(handle, safe='')}/{PRODUCTS}"
            if not handle or not title or size == 0 or not self.web.allows(f"{self.base}/{path}"):
                continue
            try:
                for _, products in self._pages(path, "products", errors, size if isinstance(size, int) else None):
                    for product in (part for part in products if isinstance(part, Mapping)):
                        members.setdefault(as_line(product.get("id")), []).append(title)
            except _NoListing:
                continue
            except CatalogError as error:
                self._failures += 1
                if self._failures > MAX_FAILED_PAGES:
                    raise
                errors.append(ItemError(item=path, error=str(error)))
        return members

    def _is_whole_shop(self) -> bool:
        return self.base == self.root

    def _is_collection(self) -> bool:
        return self.base.startswith(f"{self.root}/collections/")

    # --- product pages

    def _list_pages(self, listing: Listing, refusal: CatalogError) -> None:
        """List what the shop's own pages show. A shop that once had a listing is not read in another way meanwhile."""
        if self.web.held(f"{self.base}/{PRODUCTS}?limit={PER_PAGE}&page=1") is not None:
            raise SourceUnavailable(f"{refusal} It was there at the last visit, so nothing was changed.")
        for number, (url, found) in enumerate(site_pages(self.web, self.root, listing.unreached), 1):
            if isinstance(found, PageGone):
                listing.errors.append(ItemError(item=url, error=str(found)))
                continue
            try:
                listing.add(number, page_as_listed(body_of(found), url))
            except CatalogError as error:
                listing.leave_out(url, str(error), self._skus_at_last_visit(url), url)

    def _skus_at_last_visit(self, url: str) -> list[str]:
        earlier = self.web.held(url)
        try:
            return [product.sku for product in products_in(earlier.body, url)] if earlier else []
        except CatalogError:
            return []

    def _rows(self, errors: list[ItemError]) -> Iterator[dict[str, Any]]:
        try:
            for url, items in self._pages(PRODUCTS, "products", errors):
                for number, item in enumerate(items, 1):
                    if isinstance(item, dict) and is_product(item):
                        yield _row(found_product(item, url))
                    else:
                        what = "This is no product with a title and a list of pictures; correct it in the shop."
                        errors.append(ItemError(item=f"product {number} of {url}", error=what))
        except _NoListing:
            for url, found in site_pages(self.web, self.root, errors):
                try:
                    yield from (_row(product) for product in products_in(body_of(found), url))
                except CatalogError as error:
                    errors.append(ItemError(item=url, error=str(error)))


def fetched_photo(web: Web, photo: PhotoSource) -> bytes:
    """Asked for only where the shop's listing does not say that it is the version that is held."""
    slot = photo.version.partition(" ")[0]
    answer = web.get(photo.location, MAX_BYTES, slot=slot, version=photo.version)
    if answer.status != 200 or answer.content_type.startswith("text/") or not answer.body:
        what = "a web page" if answer.status == 200 else f"status {answer.status}"
        raise CatalogError(f"The shop answers with {what} instead of this picture; upload it to the shop again.")
    web.keep(photo.location, answer, slot=slot, version=photo.version, suffix_of=suffix_of)
    return answer.body


def crawl(
    url: str, limit: int | None, store: Store, private_hosts: Collection[str] = (), limits: Limits | None = None
) -> dict[str, Any]:
    """`{"products": [{"sku", "title", "images": [{"url", "position", "source"}]}]}` of the shop at `url`.

    The first `limit` products, all without one. What could not be read is a row `{"sku", "error"}` at the end. Raises
    `CatalogError` when nothing can be listed at all.
    """
    return {"products": list(ShopSource(url, Web(store, private_hosts, limits)).crawl(limit))}


def _versioned(entry: CatalogEntry, versions: Mapping[str, str]) -> CatalogEntry:
    photos = (photo.model_copy(update={"version": versions.get(photo.location, "")}) for photo in entry.photos)
    return entry.model_copy(update={"photos": tuple(photos)})


def _row(product: FoundProduct) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "title": product.title,
        "images": [
            {"url": image.url, "position": position, "source": image.source}
            for position, image in enumerate(product.images, 1)
        ],
    }


def _parsed(answer: Answer, key: str) -> list[Any]:
    content = json_of(answer.body, target_of(answer.url).path)
    items = content.get(key) if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise CatalogError(f"{target_of(answer.url).path} has no list of {key}; the shop is not Shopify-like.")
    return items


def _identity(item: object) -> str:
    return as_line(item.get("id")) or as_line(item.get("handle")) if isinstance(item, Mapping) else ""
