"""A Shopify-style shop over HTTP as a catalogue, against a real server on loopback that answers recorded forms."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.catalog.build import gallery_of, product_of
from reel_pipeline.catalog.checks import crawl_is_complete
from reel_pipeline.catalog.listing import Listing
from reel_pipeline.catalog.pages.shopify import as_listed, picture_versions
from reel_pipeline.catalog.pages.storefront import products_in
from reel_pipeline.catalog.presence import Presence, without_the_gone
from reel_pipeline.catalog.shop import crawl
from reel_pipeline.catalog.source import open_source
from reel_pipeline.errors import CatalogError, SourceUnavailable
from reel_pipeline.records import CatalogEntry, CatalogSnapshot, PhotoSource
from reel_pipeline.rules.table import ASSETS
from reel_pipeline.store import Store
from reel_pipeline_tests.catalog.making import (
    FAST,
    LOOPBACK,
    Reply,
    Shop,
    picture,
    product,
    serve,
    source_of,
    store_in,
)

PAGES = Path(__file__).resolve().parents[2].parent / "shared" / "pages" / "api"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serve() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path / "store")


def snapshot(shop: Shop, store: Store, path: str = "") -> CatalogSnapshot:
    return source_of(shop, store, path).snapshot()


def skus(found: CatalogSnapshot) -> list[str]:
    return [entry.sku for entry in found.entries]


# --- what is listed


def test_all_fields_of_a_product(shop: Shop, store: Store) -> None:
    shop.products([product(body_html="<p>Soft&nbsp;linen</p><ul><li>Breathes</li></ul>", tags="linen, summer")])
    shop.page("/meta.json", {"currency": "EUR"})
    found = snapshot(shop, store)
    assert (found.source, found.complete) == ("products.json", True)
    (entry,) = found.entries
    (photo,) = entry.photos
    assert (photo.location, photo.position) == (f"{shop.url}/cdn/shop/files/1.png?v=1", 1)
    assert photo.version.endswith("/cdn/shop/files/1? 1")
    assert entry == CatalogEntry(
        partition_key="TEE-1",
        sku="TEE-1",
        product="tee-1",
        title="Tee 1",
        description="Soft linen. Breathes",
        product_type="T-shirt",
        vendor="Acme",
        price="54.00",
        currency="EUR",
        tags=("linen", "summer"),
        variants=entry.variants,
        photos=(photo,),
    )
    assert crawl_is_complete(found, Presence()).passed


def test_every_page_is_read_until_an_empty_one(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)], [product(2), product(3)])
    found = snapshot(shop, store)
    assert (skus(found), found.complete) == (["TEE-1", "TEE-2", "TEE-3"], True), "2 moved on while the shop was read"
    listed = [path for path in shop.paths() if path.startswith("/products.json")]
    assert listed == [f"/products.json?limit=250&page={number}" for number in (1, 2, 3)]


def test_a_server_that_ignores_the_page_is_read_once(shop: Shop, store: Store) -> None:
    shop.page("/products.json", {"products": [product(1)]})
    assert skus(snapshot(shop, store)) == ["TEE-1"]
    assert [path for path in shop.paths() if "products.json" in path][2:] == []


def test_more_pages_than_are_read_is_no_complete_listing(
    shop: Shop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reel_pipeline.catalog.shop.MAX_PAGES", 3)
    shop.products(*([product(number)] for number in range(1, 6)))
    found = snapshot(shop, store)
    assert len(found.entries) == 3
    assert not found.complete
    assert "name one collection" in found.errors[0].error


def test_colourways_get_their_own_pictures(shop: Shop, store: Store) -> None:
    variants = [
        {"id": number, "sku": f"TEE-{colour}-{size}", "option1": size, "option2": colour, "price": "54.00"}
        for number, (colour, size) in enumerate([(c, s) for c in ("Red", "Blue") for s in ("S", "M")])
    ]
    variants[3]["featured_image"] = {"id": 101}
    variants[3]["available"] = False
    images = [
        {"id": 100, "src": "/a.png?v=1", "variant_ids": [0, 1]},
        {"id": 101, "src": "/b.png?v=1", "variant_ids": []},
        {"id": 102, "src": "/c.png?v=1", "variant_ids": [1, 2]},
    ]
    options = [{"name": "Größe"}, {"name": "Farbe"}]
    shop.products([product(variants=variants, images=images, options=options)])
    red, blue = snapshot(shop, store).entries
    assert (red.sku, red.colour, red.aliases) == ("tee-1.red", "Red", ("TEE-Red-M", "TEE-Red-S"))
    assert [(photo.location[-9:], photo.variant) for photo in red.photos] == [("a.png?v=1", "Red"), ("c.png?v=1", None)]
    assert [photo.variant for photo in blue.photos] == ["Blue", None]
    assert [(variant.size, variant.colour) for variant in blue.variants] == [("S", "Blue"), ("M", "Blue")]
    assert blue.sold_out == ("TEE-Blue-M",)


def test_variants_with_different_prices_have_no_one_price(shop: Shop, store: Store) -> None:
    variants = [{"id": number, "sku": f"T-{number}", "price": f"{number}.00"} for number in (1, 2)]
    shop.products([product(variants=variants)])
    shop.page("/meta.json", {"currency": "EUR"})
    (entry,) = snapshot(shop, store).entries
    assert (entry.price, entry.currency) == (None, "")


def test_what_has_no_sku_is_known_by_its_handle_and_number(shop: Shop, store: Store) -> None:
    shop.products([product(variants=[{"id": 77, "sku": "", "option1": "Default Title", "price": "1"}])])
    (entry,) = snapshot(shop, store).entries
    assert (entry.sku, entry.aliases) == ("tee-1", ("77",))


def test_collections_and_their_members(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)])
    listed = [
        {"handle": "summer", "title": "Summer &amp; sun", "products_count": 1},
        {"handle": "empty", "title": "Empty", "products_count": 0},
        {"handle": "hidden", "title": "Hidden", "products_count": 3},
        "nonsense",
    ]
    shop.page("/collections.json?limit=250&page=1", {"collections": listed})
    shop.page("/collections.json?limit=250&page=2", {"collections": []})
    shop.page("/collections/summer/products.json", {"products": [product(2)]})
    found = snapshot(shop, store)
    assert [entry.collections for entry in found.entries] == [(), ("Summer & sun",)]
    assert found.complete, "a collection that the shop does not show is no error"
    assert sum("summer" in path for path in shop.paths()) == 1, "its stated size was seen"


def test_one_collection_as_the_source(shop: Shop, store: Store) -> None:
    shop.page("/collections/new/products.json?limit=250&page=1", {"products": [product(3)]})
    shop.page("/collections/new/products.json?limit=250&page=2", {"products": []})
    shop.page("/meta.json", {"currency": "GBP"})
    (entry,) = snapshot(shop, store, "/collections/new/?sort=price").entries
    assert (entry.sku, entry.currency) == ("TEE-3", "GBP")


def test_a_picture_without_version_is_dated_by_the_listing(shop: Shop, store: Store) -> None:
    images = [
        {"src": "/files/a_480x.png?v=7&width=90", "updated_at": "2026-02-02"},
        {"src": "/files/b.png", "updated_at": "2026-02-02"},
        {"src": "/files/c.png"},
    ]
    shop.products([product(images=images)])
    (entry,) = snapshot(shop, store).entries
    assert [photo.version.split(" ")[1] for photo in entry.photos] == ["7", "2026-02-02", "2026-01-01T00:00:00Z"]


# --- unchanged, changed


def test_an_unchanged_shop_sends_nothing_twice(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)])
    for number in (1, 2):
        shop.picture(f"/cdn/shop/files/{number}.png")
    shop.page("/meta.json", {"currency": "EUR"})
    shop.answers["/robots.txt"] = Reply(b"User-agent: *\nAllow: /", "text/plain")

    def visit() -> list[object]:
        source = source_of(shop, store)
        found = source.snapshot()
        return [found, *(gallery_of(entry, source, store) for entry in found.entries)]

    first = visit()
    sent = len(shop.paths(200))
    assert visit() == first
    assert len(shop.paths(200)) == sent
    assert "/cdn/shop/files/1.png?v=1" not in shop.paths(304), "its version is the same, so it is not even asked for"


def photo_of(shop: Shop, store: Store) -> PhotoSource:
    return snapshot(shop, store).entries[0].photos[0]


def test_a_new_upload_is_noticed_and_another_address_of_the_same_is_not(shop: Shop, store: Store) -> None:
    def listed(src: str) -> str:
        shop.products([product(images=[{"src": src}])])
        return photo_of(shop, store).version

    first = listed("/cdn/shop/files/a.png?v=1")
    assert listed("/cdn/shop/files/a_480x.png?v=1&width=480") == first
    assert listed(f"{shop.url}/cdn/shop/files/a.png?v=1") == first
    assert listed("/cdn/shop/files/a.png?v=2") != first
    assert listed("/cdn/shop/files/b.png?v=1") != first


def test_another_version_of_the_same_pixels_gives_the_same_gallery(shop: Shop, store: Store) -> None:
    galleries = []
    for src in ("/cdn/shop/files/a.png?v=1", "/cdn/shop/files/a.png?v=2", "/cdn/shop/files/moved.png?v=1"):
        shop.products([product(images=[{"src": src}, {"src": "/files/gone.png?" + src[-3:]}])])
        shop.picture(src.partition("?")[0])
        source = source_of(shop, store)
        galleries.append(gallery_of(source.snapshot().entries[0], source, store)[0].digest())
    assert len(set(galleries)) == 1


def test_what_of_a_listing_makes_a_gallery_stale(shop: Shop, store: Store) -> None:
    def reads(src: str, **fields: Any) -> object:
        shop.products([product(images=[{"src": src}], **fields)])
        return ASSETS["product_gallery"].reads({"catalog_snapshot": snapshot(shop, store)}, "TEE-1")

    first = reads("/cdn/shop/files/a.png?v=1")
    assert reads("/cdn/shop/files/a_grande.png?v=1", updated_at="2026-03-03", title="Other") == first
    assert reads("/cdn/shop/files/a.png?v=2") != first


# --- what fails


def test_a_page_that_fails_leaves_the_listing_incomplete(shop: Shop, store: Store) -> None:
    shop.products([product(1)], [product(2)], [product(3)])
    shop.answers["/products.json?limit=250&page=2"] = Reply(status=500)
    found = snapshot(shop, store)
    assert (skus(found), found.complete) == (["TEE-1"], False)
    assert found.errors[0].item == "page 2 of products.json"
    assert not crawl_is_complete(found, Presence()).passed


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(b"<html>", "text/html"),
        Reply(b'{"products": ['),
        Reply(b"[1, 2]"),
        Reply(b'{"products": 7}'),
        Reply(b'{"products": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        Reply(status=400),
    ],
)
def test_a_page_that_fails_is_as_at_the_last_visit(shop: Shop, store: Store, reply: Reply) -> None:
    shop.products([product(1)], [product(2)], [product(3)])
    assert snapshot(shop, store).complete
    shop.answers["/products.json?limit=250&page=2"] = reply
    for _ in range(2):
        found = snapshot(shop, store)
        assert (skus(found), found.complete) == (["TEE-1", "TEE-2", "TEE-3"], False)
        assert [error.item for error in found.errors] == ["page 2 of products.json"]


def test_a_shop_that_goes_down_while_it_is_read_changes_nothing(shop: Shop, store: Store) -> None:
    shop.products(*([product(number)] for number in range(1, 7)))
    snapshot(shop, store)
    for number in range(2, 7):
        shop.answers[f"/products.json?limit=250&page={number}"] = Reply(b"<html>", "text/html")
    with pytest.raises(SourceUnavailable, match="page=4"):
        snapshot(shop, store)
    assert "/sitemap.xml" not in [asked.path for asked in shop.asked]


def test_a_shop_that_is_down_changes_nothing(shop: Shop, store: Store) -> None:
    shop.products([product(1)])
    snapshot(shop, store)
    shop.answers["/products.json?limit=250&page=1"] = Reply(status=503)
    with pytest.raises(SourceUnavailable, match="try again later"):
        snapshot(shop, store)


def test_a_listing_that_vanishes_is_not_replaced_by_pages(shop: Shop, store: Store) -> None:
    shop.products([product(1)])
    snapshot(shop, store)
    shop.answers["/products.json?limit=250&page=1"] = Reply(b"<html>", "text/html")
    with pytest.raises(SourceUnavailable, match="nothing was changed"):
        snapshot(shop, store)


def test_a_collection_that_fails_is_as_at_the_last_visit(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)])
    listed = [{"handle": "a", "title": "A", "products_count": 1}, {"handle": "b", "title": "B"}]
    shop.page("/collections.json", {"collections": listed})
    shop.page("/collections/a/products.json", {"products": [product(1)]})
    shop.answers["/collections/b/products.json"] = Reply(status=500)
    for _ in range(2):
        found = snapshot(shop, store)
        assert [entry.collections for entry in found.entries] == [("A",), ()]
        assert not found.complete
        shop.answers["/collections/a/products.json"] = Reply(status=500)


def test_what_robots_txt_hides_besides_the_products_is_no_error(shop: Shop, store: Store) -> None:
    shop.products([product(1)])
    shop.page("/collections.json", {"collections": [{"handle": "a", "title": "A"}]})
    shop.page("/meta.json", {"currency": "EUR"})
    shop.page("/collections/a/products.json", {"products": [product(1)]})
    for rules in ("Disallow: /collections/", "Disallow: /collections.json\nDisallow: /meta.json"):
        shop.answers["/robots.txt"] = Reply(f"User-agent: *\n{rules}".encode(), "text/plain")
        found = snapshot(shop, store)
        assert found.complete
        assert found.entries[0].collections == ()
    assert found.entries[0].currency == ""


def test_a_closed_shop_says_so(shop: Shop, store: Store) -> None:
    shop.answers["/products.json"] = Reply(status=302, headers={"Location": "/password"})
    shop.answers["/password"] = Reply(b"<html>", "text/html")
    with pytest.raises(CatalogError, match="password"):
        snapshot(shop, store)


def test_a_sku_listed_twice(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2, variants=[{"id": 1, "sku": "TEE-1", "price": "1"}])])
    found = snapshot(shop, store)
    assert (skus(found), found.complete) == (["TEE-1"], True), "every page was reached"
    assert "twice" in found.errors[0].error
    assert not crawl_is_complete(found, Presence()).passed


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("text", "expected an object"),
        (None, "expected an object"),
        ({"images": []}, "no SKU"),
        (product(9, title={"en": "Tee"}), "expected text"),
        (product(9, body_html=["x"]), "expected text"),
        (product(9, tags={"a": 1}), "expected a list"),
        (product(9, images="a.png"), "expected a list"),
        (product(9, images=[{"id": 1}]), "names no file"),
        (product(9, images=["a.png"]), "expected a list of objects"),
        (product(9, images=[{"src": "/a.png", "position": float("nan")}]), "whole number"),
        (product(9, images=[{"src": "/a.png", "position": 10**40}]), "whole number"),
        (product(9, images=[{"src": "\ud800.png"}]), "broken characters"),
        (product(9, variants=["x"]), "expected a list of objects"),
        (product(9, variants=[{"price": "1"}]), "Variant 1 has no SKU"),
    ],
)
def test_a_broken_product_fails_alone(shop: Shop, store: Store, item: Any, words: str) -> None:
    shop.products([product(1), item, product(2)])
    found = snapshot(shop, store)
    assert (skus(found), found.complete) == (["TEE-1", "TEE-2"], True), "every page was reached"
    assert len(found.unread) == 1
    assert [words in error.error for error in found.errors] == [True], found.errors
    assert found.canonical_bytes()


def test_strange_values_that_do_no_harm(shop: Shop, store: Store) -> None:
    strange = product(1, tags=None, options="none", updated_at=[], vendor=None, unknown={"deep": [[[[]]]]})
    strange["variants"][0] |= {"price": float("inf"), "featured_image": {"id": []}, "option2": {}}
    strange["images"][0] |= {"variant_ids": [{}, [], None], "src": "javascript:alert(1)"}
    shop.products([strange])
    found = snapshot(shop, store)
    assert found.complete
    (entry,) = found.entries
    source = source_of(shop, store)
    gallery, _ = gallery_of(entry, source, store)
    assert (entry.price, len(gallery.refused)) == (None, 1)
    assert "no web address" in gallery.refused[0].error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "id",
    "title",
    "handle",
    "body_html",
    "vendor",
    "product_type",
    "tags",
    "options",
    "variants",
    "images",
    "sku",
)
HOSTILE_PRODUCT = st.fixed_dictionaries(
    {},
    optional={
        name: JSON
        | st.lists(
            st.dictionaries(
                st.sampled_from(["id", "src", "sku", "price", "position", "variant_ids", "option1", "name", "values"])
                | st.sampled_from(["featured_image", "updated_at", "available"]),
                JSON,
            ),
            max_size=3,
        )
        for name in FIELDS
    },
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE_PRODUCT)
def test_whatever_a_shop_writes_is_an_entry_or_an_error(item: dict[str, Any]) -> None:
    listing = Listing()
    listing.add(1, as_listed(item, "https://shop.example", "EUR"))
    assert len(listing.entries) + len(listing.errors) == 1
    assert all(isinstance(version, str) for version in picture_versions(item, "https://shop.example").values())
    for entry in listing.entries:
        assert entry.canonical_bytes()
        assert product_of(entry).sku.strip()


# --- pictures


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=404), "status 404"),
        (Reply(b"<html>", "text/html"), "a web page"),
        (Reply(b"<svg xmlns='x'/>", "image/svg+xml"), "not a photo"),
        (Reply(b"", "image/png"), "instead of this picture"),
        (Reply(status=302, headers={"Location": "http://10.0.0.1/x.png"}), "private network"),
    ],
)
def test_a_picture_that_is_none_is_refused_alone(shop: Shop, store: Store, reply: Reply, words: str) -> None:
    shop.products([product(images=[{"src": "/good.png?v=1"}, {"src": "/bad.png?v=1"}])])
    shop.picture("/good.png")
    shop.answers["/bad.png"] = reply
    source = source_of(shop, store)
    gallery, provenance = gallery_of(source.snapshot().entries[0], source, store)
    assert (len(gallery.photos), gallery.refused[0].item) == (1, "bad.png")
    assert words in gallery.refused[0].error
    assert provenance["photos"][gallery.photos[0].key] == [f"{shop.url}/good.png?v=1"]


def test_a_picture_that_can_not_be_read_now_fails_its_product_alone(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)])
    shop.answers["/cdn/shop/files/1.png"] = Reply(status=503)
    shop.picture("/cdn/shop/files/2.png")
    source = source_of(shop, store)
    first, second = source.snapshot().entries
    with pytest.raises(SourceUnavailable, match="out of order"):
        gallery_of(first, source, store)
    assert len(gallery_of(second, source, store)[0].photos) == 1


def test_pictures_and_originals_are_stored_once(shop: Shop, store: Store) -> None:
    shop.products([product(1)])
    shop.picture("/cdn/shop/files/1.png")
    source = source_of(shop, store)
    gallery, _ = gallery_of(source.snapshot().entries[0], source, store)
    assert store.read(gallery.photos[0].original) == picture()
    assert sum(key.endswith(".png") for key in store.objects.list("blobs/")) == 2, "the original and its pixels"


# --- product pages


def page(name: str, **linked: object) -> Reply:
    fields = {"@type": "Product", "name": name, "image": [f"/{name}-1.png", f"/{name}-2.png"], **linked}
    html = f'<script type="application/ld+json">{json.dumps(fields)}</script>'
    return Reply(html.encode(), "text/html")


def site(shop: Shop) -> None:
    """No products.json; a sitemap index whose product sitemap names two pages, and one that is gone."""

    def places(*paths: str) -> str:
        return "".join(f"<url><loc>{shop.url}{path}</loc></url>" for path in paths)

    shop.answers["/products.json"] = Reply(b"<html>", "text/html")
    shop.answers["/robots.txt"] = Reply(f"Sitemap: {shop.url}/index.xml".encode(), "text/plain")
    index = f"<sitemapindex>{places('/sitemap_products_1.xml?from=1&amp;to=9', '/sitemap_blogs.xml')}</sitemapindex>"
    shop.answers["/index.xml"] = Reply(index.encode(), "application/xml")
    urls = places("/", "/products/mug", "/products/tee", "/about", "/products/gone") + (
        "<url><loc>http://169.254.169.254/products/x</loc></url>"
    )
    shop.answers["/sitemap_products_1.xml"] = Reply(f"<urlset>{urls}</urlset>".encode(), "application/xml")
    shop.answers["/products/mug"] = page(
        "Mug",
        sku="M-1",
        description="<p>Stoneware</p>",
        brand={"name": "Acme"},
        color="clay",
        offers=[{"price": "12.50", "priceCurrency": "EUR"}],
    )
    shop.answers["/products/tee"] = page("Tee", offers=[{"price": 1}, {"price": 2}])


def test_without_a_listing_the_product_pages_are_read(shop: Shop, store: Store) -> None:
    site(shop)
    found = snapshot(shop, store)
    mug, tee = found.entries
    assert found.source == "product pages"
    assert (mug.sku, mug.title, mug.description, mug.vendor, mug.colour) == ("M-1", "Mug", "Stoneware", "Acme", "clay")
    assert (mug.price, mug.currency) == ("12.50", "EUR")
    assert [photo.location for photo in mug.photos] == [f"{shop.url}/Mug-1.png", f"{shop.url}/Mug-2.png"]
    assert (tee.sku, tee.price) == ("tee", None)
    assert [error.item for error in found.errors] == [f"{shop.url}/products/gone"]
    assert found.complete
    assert found.unread == (), "what the shop says is gone is gone"
    assert "/about" not in shop.paths()
    assert "/sitemap_blogs.xml" not in shop.paths(404)


def test_a_page_that_fails_is_known_from_the_last_visit_and_not_retired(shop: Shop, store: Store) -> None:
    site(shop)
    known, presence = list(snapshot(shop, store).by_partition), Presence()
    assert known == ["M-1", "tee"]
    shop.answers["/products/mug"] = Reply(b"forbidden", "text/plain", 403)
    shop.answers["/products/tee"] = Reply(b"gone", "text/plain", 410)
    retired = []
    for _ in range(3):
        found = snapshot(shop, store)
        assert found.complete
        presence, gone = without_the_gone(known, found, presence, accept_losses=True)
        retired += gone
    assert retired == ["tee"] * 3


def test_a_sitemap_that_is_named_and_not_there_leaves_the_listing_incomplete(shop: Shop, store: Store) -> None:
    site(shop)
    named = f"Sitemap: {shop.url}/index.xml\nSitemap: {shop.url}/more_products.xml\n"
    shop.answers["/robots.txt"] = Reply(named.encode(), "text/plain")
    found = snapshot(shop, store)
    assert (len(found.entries), found.complete) == (2, False)
    assert found.errors[0].item == f"{shop.url}/more_products.xml"


def test_pictures_of_pages_are_asked_for_with_their_validators(shop: Shop, store: Store) -> None:
    site(shop)
    for number in (1, 2):
        shop.picture(f"/Mug-{number}.png", "red" if number == 1 else "blue")
    for _ in range(2):
        source = source_of(shop, store)
        gallery_of(source.snapshot().entries[0], source, store)
    assert [path for path in shop.paths(304) if path.endswith(".png")] == ["/Mug-1.png", "/Mug-2.png"]


def test_a_site_with_neither_says_what_helps(shop: Shop, store: Store) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.csv"):
        snapshot(shop, store)


# --- crawl


def test_crawl_shows_what_gallery_shows(shop: Shop, store: Store) -> None:
    shop.products([product(1), {"title": "no pictures"}], [product(2)])
    rows = crawl(shop.url, None, store, LOOPBACK, FAST)["products"]
    assert [row["sku"] for row in rows[:2]] == ["TEE-1", "TEE-2"]
    assert rows[0]["images"] == [{"url": f"{shop.url}/cdn/shop/files/1.png?v=1", "position": 1, "source": "shopify"}]
    assert [set(row) for row in rows[2:]] == [{"sku", "error"}]
    body = json.dumps({"products": [product(1)]}).encode()
    (shown,) = products_in(body, f"{shop.url}/products.json")
    assert (shown.sku, shown.title, [image.url for image in shown.images]) == (
        rows[0]["sku"],
        rows[0]["title"],
        [image["url"] for image in rows[0]["images"]],
    )


def test_crawl_stops_at_its_limit(shop: Shop, store: Store) -> None:
    shop.products([product(1), product(2)], [product(3)])
    assert len(crawl(shop.url, 2, store, LOOPBACK, FAST)["products"]) == 2
    assert [path for path in shop.paths() if "page" in path] == ["/products.json?limit=250&page=1"]


def test_crawl_of_product_pages(shop: Shop, store: Store) -> None:
    site(shop)
    rows = crawl(shop.url, None, store, LOOPBACK, FAST)["products"]
    assert [row["sku"] for row in rows] == ["M-1", "tee", f"{shop.url}/products/gone"]
    assert {image["source"] for image in rows[0]["images"]} == {"json-ld"}


@pytest.mark.parametrize("name", ["shopify_admin_products", "shopify_elsewedyshop_products_page1_live"])
def test_recorded_answers_of_real_shops(shop: Shop, store: Store, name: str) -> None:
    if not (PAGES / f"{name}.json").is_file():
        pytest.skip("../shared/pages is not here")
    body = (PAGES / f"{name}.json").read_bytes()
    shop.answers["/products.json?limit=250&page=1"] = Reply(body)
    shop.page("/products.json?limit=250&page=2", {"products": []})
    found = snapshot(shop, store)
    assert found.complete, found.errors
    assert {entry.title for entry in found.entries} == {item.title for item in products_in(body, shop.url)}
    assert all(entry.price for entry in found.entries)
    assert all(photo.version for entry in found.entries for photo in entry.photos)


def test_a_shop_that_never_ends_its_answer_is_left(shop: Shop, store: Store) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(b'{"products": [')
        while True:
            handler.wfile.write(b"1," * 32768)

    shop.answers["/products.json"] = endless
    with pytest.raises(CatalogError, match=r"more than 16 MB|too slowly"):
        snapshot(shop, store)


def test_open_source_reads_a_shop_on_an_allowed_private_host_only(shop: Shop, store: Store) -> None:
    shop.answers["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", "text/plain")
    with pytest.raises(CatalogError, match="allow_private_hosts"):
        open_source(shop.url, store).snapshot()
    assert shop.asked == []
    with pytest.raises(CatalogError, match="forbids"):
        open_source(shop.url, store, ("127.0.0.1",)).snapshot()
