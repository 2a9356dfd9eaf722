"""Galleries out of stored storefront answers: shop platforms, broken pages, hostile bodies, the shared real pages."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reel_pipeline.catalog.pages.addresses import absolute, full_size, picture_key
from reel_pipeline.catalog.pages.extract import FoundProduct
from reel_pipeline.catalog.pages.storefront import MAX_BODY_BYTES, products_in
from reel_pipeline.errors import CatalogError

PAGES = Path(__file__).resolve().parents[2].parent / "shared" / "pages"
URL = "https://shop.example/products/linen-tee"


def found(html: str, url: str = URL) -> FoundProduct:
    (product,) = products_in(html.encode(), url)
    return product


def urls(product: FoundProduct) -> list[str]:
    return [image.url for image in product.images]


def linked(**fields: object) -> str:
    return (
        f'<script type="application/ld+json">{json.dumps({"@type": "Product", "name": "Linen tee", **fields})}</script>'
    )


# --- HTML ---------------------------------------------------------------------------------------------------------


def test_json_ld_with_several_pictures_is_the_gallery() -> None:
    product = found(linked(sku="T-1", image=["/a.jpg", {"url": "https://cdn.example/b.jpg"}, "/a.jpg?width=90"]))
    assert (product.sku, product.title) == ("T-1", "Linen tee")
    assert urls(product) == ["https://shop.example/a.jpg", "https://cdn.example/b.jpg"]
    assert {image.source for image in product.images} == {"json-ld"}


@pytest.mark.parametrize(
    "block",
    [
        '{"@graph": [{"@type": "WebPage"}, {"@type": ["Product"], "name": "Tee", "image": ["/a.jpg", "/b.jpg"]}]}',
        '{"@type": "ProductGroup", "name": "Tee", "hasVariant": [{"image": "/a.jpg"}, {"image": "/b.jpg"}]}',
        '{"@type": "Product", "name": "Tee", "description": "line\nbreak", "image": ["/a.jpg", "/b.jpg",],}',
        '<!-- {"@type": "Product", "name": "Tee", "image": ["/a.jpg", "/b.jpg"]} -->',
    ],
)
def test_json_ld_in_the_forms_that_shops_really_have(block: str) -> None:
    product = found(f'<script type="application/ld+json">{block}</script>')
    assert (product.title, len(product.images)) == ("Tee", 2)


def test_of_two_products_the_one_with_the_pages_address_is_meant() -> None:
    other = linked(name="Other", url="https://shop.example/products/other", image=["/o1.jpg", "/o2.jpg"])
    own = linked(name="Own", url=URL, image=["/a.jpg", "/b.jpg"])
    assert found(other + own).title == "Own"


def test_shopify_page_with_one_shared_picture_gets_its_gallery_from_the_page_state() -> None:
    base = "//cdn.shopify.com/s/files/1/0001/0002/files"
    state = {"handle": "linen-tee", "variants": [{"sku": "T-1"}], "images": [f"{base}/a.jpg?v=1", f"{base}/b.jpg?v=2"]}
    html = f"""<meta property="og:title" content="Linen tee">
        <meta property="og:image" content="https:{base}/a_grande.jpg?v=1">
        <script>window.product = {json.dumps(state).replace("/", chr(92) + "/")};</script>
        <a href="/products/other"><img src="{base}/other_300x.jpg"></a>"""
    product = found(html)
    assert product.sku == "T-1"
    assert urls(product) == [f"https:{base}/a.jpg?v=1", f"https:{base}/b.jpg?v=2"]


def test_magento_gallery_state() -> None:
    cache = "https://shop.example/media/catalog/product/cache/0123456789abcdef0123456789abcdef"
    items = [
        {
            "thumb": f"{cache}/t/e/{n}.jpg",
            "img": f"{cache}/t/e/{n}.jpg",
            "full": f"{cache}/t/e/{n}.jpg",
            "isMain": n == 1,
            "type": "image",
        }
        for n in (1, 2, 3)
    ] + [{"img": f"{cache}/t/e/v.jpg", "type": "video"}]
    init = {"[data-gallery-role=gallery-placeholder]": {"mage/gallery/gallery": {"data": items}}}
    html = f"""<meta property="og:image" content="{cache}/t/e/1.jpg"><h1>Tee</h1>
        <script type="text/x-magento-init">{json.dumps(init)}</script>"""
    assert urls(found(html)) == [f"https://shop.example/media/catalog/product/t/e/{n}.jpg" for n in (1, 2, 3)]


def test_woocommerce_gallery_markup() -> None:
    base = "https://shop.example/wp-content/uploads/2024/05"
    figures = "".join(
        f'<div data-thumb="{base}/tee-{n}-100x100.jpg" class="gallery__image"><a href="{base}/tee-{n}.jpg">'
        f'<img src="{base}/tee-{n}-600x600.jpg" data-large_image="{base}/tee-{n}.jpg"></a></div>'
        for n in (1, 2, 3)
    )
    related = "".join(f'<li><a href="/product/x{n}/"><img src="{base}/x{n}-300x300.jpg"></a></li>' for n in range(4))
    html = f"""<meta property="og:image" content="{base}/tee-1.jpg"><h1>Tee</h1>
        <div><figure>{figures}</figure></div><ul>{related}</ul>"""
    assert urls(found(html)) == [f"{base}/tee-{n}.jpg" for n in (1, 2, 3)]


def test_lazy_pictures_and_source_sets() -> None:
    pictures = "".join(
        f'<picture><source srcset="/p/{n}-tee.jpg?w=400 400w, /p/{n}-tee.jpg?w=1600 1600w"><img src="/loading/x.gif"'
        f' data-src="/p/{n}-tee.jpg?w=200"></picture>'
        for n in (1, 2)
    )
    product = found(f'<meta property="og:image" content="/p/1-tee.jpg?w=200"><div>{pictures}</div>')
    assert urls(product) == [f"https://shop.example/p/{n}-tee.jpg?w=1600" for n in (1, 2)]


def test_a_single_picture_does_not_drag_in_other_products() -> None:
    related = "".join(f'<a href="/products/x{n}"><img src="/img/x{n}.jpg"></a>' for n in range(5))
    html = f'<meta property="og:image" content="/img/tee.jpg"><div><img src="/img/tee.jpg"><div>{related}</div></div>'
    assert urls(found(html)) == ["https://shop.example/img/tee.jpg"]


def test_a_list_of_products_in_the_page_state_is_not_a_gallery() -> None:
    items = [{"image": f"/img/{name}.jpg", "price": 5} for name in ("tee", "mug", "cap")]
    html = f'<meta property="og:image" content="/img/tee.jpg"><script>var related = {json.dumps(items)};</script>'
    assert urls(found(html)) == ["https://shop.example/img/tee.jpg"]


def test_a_page_without_any_name_takes_its_sku_from_the_address() -> None:
    assert found('<meta property="og:image" content="/a.jpg">', "https://shop.example/p/tee-9.html").sku == "tee-9"


def test_text_in_other_encodings_is_read() -> None:
    body = '<meta charset="iso-8859-1"><meta property="og:image" content="/a.jpg"><h1>Brassière</h1>'.encode("latin-1")
    assert products_in(body, URL)[0].title == "Brassière"


# --- APIs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", ["list", "product", "script"])
def test_shopify_api_forms(wrap: str) -> None:
    item = {
        "title": "Tee",
        "handle": "tee",
        "variants": [{"sku": "T-1"}],
        "images": [{"src": "https://cdn.shopify.com/s/files/1/a_480x.jpg?v=3&width=480"}],
    }
    if wrap == "script":
        item["images"] = ["//cdn.shopify.com/s/files/1/a.jpg?v=3"]
    body = {"list": {"products": [item]}, "product": {"product": item}, "script": item}[wrap]
    (product,) = products_in(gzip.compress(json.dumps(body).encode()), URL)
    assert (product.sku, product.title) == ("T-1", "Tee")
    assert urls(product) == ["https://cdn.shopify.com/s/files/1/a.jpg?v=3"]


def test_magento_api() -> None:
    entries = [{"media_type": "image", "file": "/t/e/1.jpg"}, {"media_type": "external-video", "file": "/t/e/v.jpg"}]
    (product,) = products_in(
        json.dumps({"items": [{"sku": "T", "name": "Tee", "media_gallery_entries": entries}]}).encode(), URL
    )
    assert urls(product) == ["https://shop.example/media/catalog/product/t/e/1.jpg"]


# --- hostile bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"\x1f\x8bnot gzip", "damaged"),
        (gzip.compress(b"<html></html>" * 100)[:-20], "too early"),
        (gzip.compress(b" " * (MAX_BODY_BYTES + 1)), "MB"),
        (b'{"products": [', "valid JSON"),
        (b"[" * 200_000, "valid JSON"),
        (b'{"products": []}', "No product"),
        (b"<html><body>Access denied</body></html>", "No product"),
        (b'<meta property="og:image" content="javascript:alert(1)">', "No product"),
    ],
)
def test_an_answer_that_shows_no_product_says_why(body: bytes, words: str) -> None:
    with pytest.raises(CatalogError, match=words):
        products_in(body, URL)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/y"])
def test_the_address_must_be_a_web_address(url: str) -> None:
    with pytest.raises(CatalogError, match="web address"):
        products_in(b"<html>", url)


def test_deep_and_endless_markup_is_read_in_reasonable_time() -> None:
    html = '<meta property="og:image" content="/a.jpg">' + "<div>" * 50_000 + "<img src='/a.jpg'>" + "<script>[{" * 500
    assert urls(found(html)) == ["https://shop.example/a.jpg"]


@given(st.text(max_size=300))
@settings(max_examples=60)
def test_any_text_gives_products_or_a_catalog_error(text: str) -> None:
    body = f'<meta property="og:image" content="{text}"><script>{text}</script><img src="{text}">'
    try:
        products = products_in(body.encode("utf-8", "replace"), URL)
    except CatalogError:
        return
    assert all(image.url.startswith(("http://", "https://")) for product in products for image in product.images)


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "https://cdn.shopify.com/s/files/1/a_480x.jpg?v=1",
            "https://cdn.shopify.com/s/files/1/a_1024x1024@2x.jpg?v=2",
        ),
        ("https://x.example/cdn/shop/a.jpg?width=90", "https://x.example/cdn/shop/a_large.jpg"),
        ("https://x.example/wp-content/uploads/a-300x300.jpg", "https://x.example/wp-content/uploads/a.jpg"),
        ("https://x.example/images/stencil/100x100/p/a.jpg", "https://x.example/images/stencil/1280w/p/a.jpg"),
        ("https://i.ebayimg.com/images/g/abc/s-l64.jpg", "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"),
        ("https://img01.cdn.example/a.jpg?imwidth=90", "https://img02.cdn.example/a.jpg?imwidth=1800"),
        (
            "https://static.wixstatic.com/media/a.jpg/v1/fill/w_90,h_90/a.jpg",
            "https://static.wixstatic.com/media/a.jpg",
        ),
        ("https://x.example/12-home_default/a.jpg", "https://x.example/12-large_default/a.jpg"),
    ],
)
def test_sizes_of_one_picture_have_one_key(one: str, other: str) -> None:
    assert picture_key(one) == picture_key(other)
    assert picture_key(full_size(one)) == picture_key(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a.jpg", "https://x.example/b.jpg"),
        ("https://x.example/image?id=1", "https://x.example/image?id=2"),
        ("https://cdn.shopify.com/s/files/1/tee_1.jpg", "https://cdn.shopify.com/s/files/1/tee_2.jpg"),
        ("https://x.example/tee-100-front.jpg", "https://x.example/tee-200-front.jpg"),
    ],
)
def test_different_pictures_have_different_keys(one: str, other: str) -> None:
    assert picture_key(one) != picture_key(other)


@pytest.mark.parametrize(
    "address", ["", "data:image/png;base64,xx", "javascript:x", "/a.svg", "http://[bad", "x" * 3000, "/a b.jpg"]
)
def test_what_is_no_photo_address_is_none(address: str) -> None:
    assert absolute(address, URL) is None


def test_an_optimiser_address_is_unwrapped() -> None:
    assert absolute("/_next/image?url=%2Fp%2Fa.jpg&w=640&q=75", URL) == "https://shop.example/p/a.jpg"


# --- real pages -------------------------------------------------------------------------------------------------------


def expected() -> list[dict[str, object]]:
    path = PAGES / "expected.json"
    return json.loads(path.read_text(encoding="utf-8"))["pages"] if path.is_file() else []


@pytest.mark.parametrize("page", expected() or [None], ids=lambda page: page["page"][5:17] if page else "absent")
def test_galleries_of_real_pages(page: dict[str, object] | None) -> None:
    if page is None:
        pytest.skip("../shared/pages is not here")
    (product,) = products_in((PAGES / str(page["page"])).read_bytes(), str(page["url"]))
    patterns = [item["match"] for item in page["gallery"]]  # type: ignore[attr-defined]
    allowed = [*patterns, *(page.get("optional_match") or [])]  # type: ignore[misc]
    assert all(any(re.search(pattern, url) for url in urls(product)) for pattern in patterns)
    assert all(any(re.search(pattern, url) for pattern in allowed) for url in urls(product))
