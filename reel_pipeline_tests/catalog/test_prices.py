"""Prices as shops write them: the exact amount in its currency, or none."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from reel_pipeline.catalog.prices import SIGNS, as_number, parse_price
from reel_pipeline.catalog.source import FolderSource
from reel_pipeline.records import Product
from reel_pipeline_tests.catalog.making import Reply, product, serve, source_of, store_in
from reel_pipeline_tests.catalog.test_shop import page
from reel_pipeline_tests.catalog.test_source import catalogue

MONEY = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
NONE = (None, "")

WRITTEN = [
    # what is written, the currency field, the price
    ("54.00", "", ("54.00", "")),
    ("54.00", "eur", ("54.00", "EUR")),
    ("54", "€", ("54.00", "EUR")),
    (54.5, "EUR", ("54.50", "EUR")),
    (".99", "EUR", ("0.99", "EUR")),
    ("1.299,00 EUR", "", ("1299.00", "EUR")),
    ("€1,299.5", "", ("1299.50", "EUR")),
    ("1 299,00 zł", "", ("1299.00", "PLN")),
    ("1\u202f234,56\u00a0€", "", ("1234.56", "EUR")),
    ("CHF 1'299.00", "", ("1299.00", "CHF")),
    ("Fr. 1’250.–", "", ("1250.00", "CHF")),
    ("1.299,- €", "", ("1299.00", "EUR")),
    ("₹1,23,456.00", "", ("123456.00", "INR")),
    ("Rs.500", "INR", ("500.00", "INR")),
    ("١٬٢٣٤٫٥٠٠ د.ك.\u200f", "", ("1234.500", "KWD")),
    ("ＵＳ＄１２", "", ("12.00", "USD")),
    ("1.234.567 EUR", "", ("1234567.00", "EUR")),
    # currencies with three decimals, and with none
    ("12.500", "KWD", ("12.500", "KWD")),
    ("KWD 1,250.000", "", ("1250.000", "KWD")),
    ("3.750 OMR", "", ("3.750", "OMR")),
    ("0.950", "BHD", ("0.950", "BHD")),
    ("1250.000", "IQD", ("1250.000", "IQD")),
    (12.5, "TND", ("12.500", "TND")),
    ("12.500", "CLP", ("12500", "CLP")),
    ("JP¥1,200", "", ("1200", "JPY")),
    ("1200.00", "KRW", ("1200", "KRW")),
    # dollars of everywhere
    ("R$ 2.720,00", "", ("2720.00", "BRL")),
    ("CA$54.00", "", ("54.00", "CAD")),
    ("A$ 54.00", "", ("54.00", "AUD")),
    ("AU$54", "", ("54.00", "AUD")),
    ("HK$199", "", ("199.00", "HKD")),
    ("NT$1,299", "", ("1299.00", "TWD")),
    ("MX$ 1,200.00", "", ("1200.00", "MXN")),
    ("NZ$5", "", ("5.00", "NZD")),
    ("S$5", "", ("5.00", "SGD")),
    ("US $12", "", ("12.00", "USD")),
    ("$12 USD", "", ("12.00", "USD")),
    ("$54.00", "CAD", ("54.00", "CAD")),
    ("1,299", "USD", ("1299.00", "USD")),
    # a sign that several currencies share names none of them
    ("$54.00", "", ("54.00", "")),
    ("£54.00", "", ("54.00", "")),
    ("199 kr", "", ("199.00", "")),
    ("¥1200", "", ("1200.00", "")),
    ("C$12.00", "", ("12.00", "")),
    # two readings, two prices, other words, no price
    ("12.500", "EUR", NONE),
    ("12,500", "EUR", NONE),
    ("12,500", "KWD", NONE),
    ("12.500", "", NONE),
    ("12.50", "JPY", NONE),
    ("54.00 USD", "EUR", NONE),
    ("$54.00", "EUR", NONE),
    ("54.00", "shells", NONE),
    ("10 - 20 EUR", "", NONE),
    ("from 12 EUR", "", NONE),
    ("ab 12 €", "", NONE),
    ("was 20, now 12 EUR", "", NONE),
    ("12.00 EUR / 100 g", "", NONE),
    ("-5", "EUR", NONE),
    ("€ –5", "", NONE),
    (-5, "EUR", NONE),
    (0, "EUR", NONE),
    ("0.00", "EUR", NONE),
    ("1e9", "EUR", NONE),
    ("1.2.3", "EUR", NONE),
    ("free", "EUR", NONE),
    ("", "EUR", NONE),
    (None, "EUR", NONE),
    (True, "EUR", NONE),
    (float("nan"), "EUR", NONE),
    (float("inf"), "EUR", NONE),
    (1e300, "EUR", NONE),
    (10**400, "EUR", NONE),
    ({"amount": 5}, "EUR", NONE),
]


@pytest.mark.parametrize(("value", "currency", "price"), WRITTEN, ids=lambda part: str(part)[:16])
def test_a_catalogue_gives_the_exact_price_or_none(
    tmp_path: Path, value: object, currency: str, price: tuple[str | None, str]
) -> None:
    (entry,) = catalogue(tmp_path, {"sku": "A", "price": value, "currency": currency}).entries
    assert (entry.price, entry.currency) == price


def test_shops_write_numbers_as_programs_do(tmp_path: Path) -> None:
    with serve() as shop:
        variants = [{"id": 10, "sku": "K1", "option1": "Default Title", "price": "12.500"}]
        shop.products([product(1, variants=variants)])
        for code, price in (("KWD", ("12.500", "KWD")), ("EUR", ("12.50", "EUR")), ("JPY", NONE)):
            shop.page("/meta.json", {"currency": code})
            (entry,) = source_of(shop, store_in(tmp_path / code)).snapshot().entries
            assert (entry.price, entry.currency) == price


@pytest.mark.parametrize(
    ("offers", "price"),
    [
        ({"price": "12.500", "priceCurrency": "KWD"}, ("12.500", "KWD")),
        ({"price": "12.500", "priceCurrency": "EUR"}, ("12.50", "EUR")),
        ({"price": 12.5, "priceCurrency": "OMR"}, ("12.500", "OMR")),
        ({"price": "R$ 2.720,00"}, ("2720.00", "BRL")),
        ({"priceSpecification": [{"price": "9.00", "priceCurrency": "GBP"}]}, ("9.00", "GBP")),
        ({"priceSpecification": [{"price": "9.00"}, {"price": "12.00"}], "priceCurrency": "GBP"}, NONE),
        ([{"price": "9", "priceCurrency": "GBP"}, {"price": "9", "priceCurrency": "EUR"}], NONE),
        ({"lowPrice": "9.00", "highPrice": "12.00", "priceCurrency": "GBP"}, NONE),
        ("9.00", NONE),
    ],
)
def test_so_do_the_pages_of_a_shop(tmp_path: Path, offers: object, price: tuple[str | None, str]) -> None:
    with serve() as shop:
        place = f"<urlset><url><loc>{shop.url}/products/mug</loc></url></urlset>"
        shop.answers["/sitemap.xml"] = Reply(place.encode(), "application/xml")
        shop.answers["/products/mug"] = page("Mug", sku="M-1", offers=offers)
        (entry,) = source_of(shop, store_in(tmp_path / "store")).snapshot().entries
        assert (entry.price, entry.currency) == price


@given(st.sampled_from(sorted(MONEY)), st.integers(1, 10**9))
def test_what_is_shown_reads_as_the_same_amount(code: str, minor_units: int) -> None:
    amount = Decimal(minor_units).scaleb(-MONEY[code])
    price, currency = parse_price(as_number(str(amount)), code)
    shown = Product(sku="A", title="A", price=price, currency=currency).shown_price
    assert parse_price(shown, code) == (price, code)
    assert Decimal(price or "0") == amount
    assert code in ("USD", "EUR", "GBP") or shown == f"{price} {code}"


@given(st.one_of(st.text(max_size=60), st.floats(), st.integers()), st.sampled_from(["", "EUR", "KWD", "$", "x"]))
def test_any_price_is_a_positive_amount_or_nothing(value: object, currency: str) -> None:
    price, code = parse_price(value, currency)
    assert code == "" or (code in MONEY and price is not None)
    assert price is None or Decimal(price) > 0


def test_every_sign_is_of_a_currency_that_exists() -> None:
    assert set(SIGNS) <= set(MONEY)


EXPORTS = {
    "Shopify": ("Handle,Title,Variant SKU,Variant Price\na,A,A-1,{}\n", "12.500", ("12.50", "")),
    "WooCommerce": ("Type,SKU,Name,Regular price\nsimple,A,A,{}\n", '"1.299,00 €"', ("1299.00", "EUR")),
    "Google": ("id\ttitle\tprice\timage_link\nA\tA\t{}\ta.jpg\n", "12.500 KWD", ("12.500", "KWD")),
    "Google in euros": ("id\ttitle\tprice\timage_link\nA\tA\t{}\ta.jpg\n", "12.500 EUR", ("12.50", "EUR")),
    "a spreadsheet": ("sku;price;currency\nA;{};EUR\n", "12.500", NONE),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_so_do_exports_but_not_people(tmp_path: Path, kind: str) -> None:
    rows, written, price = EXPORTS[kind]
    (tmp_path / "catalog.csv").write_text(rows.format(written), encoding="utf-8")
    (entry,) = FolderSource(tmp_path).snapshot().entries
    assert (entry.price, entry.currency) == price
