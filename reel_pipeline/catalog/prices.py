"""A price as shops write it -> an exact amount and its currency, or nothing where it may be read in two ways.

What belongs here: how amounts and currencies are written. Who shows a price is `reels/`'s business. ISO 4217's own
table says how many decimals a currency has; CLDR's (`babel`) gives those that are usual on price tags, none for IQD,
and `price-parser` guesses where this refuses.
"""

import re
import unicodedata
from decimal import Decimal
from functools import cache

MAX_PRICE = 10**12
MAX_PRICE_CHARS = 40
MAX_DECIMALS = 12
UNKNOWN_DECIMALS = 2
SIGNS = {
    "AED": "dh dhs دإ", "AMD": "֏", "ARS": "$ ar$", "AUD": "$ a$ au$", "AZN": "₼", "BBD": "$ bds$", "BDT": "৳",
    "BHD": "bd دب", "BMD": "$", "BND": "$", "BRL": "r$", "BSD": "$", "BZD": "$ bz$", "CAD": "$ c$ ca$ can$",
    "CHF": "fr sfr", "CLP": "$ cl$", "CNY": "¥ cn¥ 元 rmb", "COP": "$ co$ col$", "CUP": "$", "CZK": "kč", "DKK": "kr",
    "DOP": "$ rd$", "EGP": "£ e£ جم", "EUR": "€", "FJD": "$", "FKP": "£", "GBP": "£", "GEL": "₾", "GHS": "gh₵",
    "GIP": "£", "GYD": "$", "HKD": "$ hk$ 元", "HUF": "ft", "IDR": "rp", "ILS": "₪", "INR": "₹ rs", "IQD": "دع",
    "ISK": "kr", "JMD": "$ j$", "JOD": "jd دا", "JPY": "¥ jp¥ 円", "KES": "ksh", "KRW": "₩ 원", "KWD": "kd دك",
    "KYD": "$", "KZT": "₸", "LBP": "£ l£", "LKR": "rs", "LRD": "$", "LYD": "دل", "MAD": "dh dhs", "MDL": "lei",
    "MOP": "mop$", "MUR": "rs", "MXN": "$ mx$ mex$", "MYR": "rm", "NAD": "$", "NGN": "₦", "NIO": "c$", "NOK": "kr",
    "NPR": "rs", "NZD": "$ nz$", "OMR": "رع", "PEN": "s/", "PHP": "₱", "PKR": "rs", "PLN": "zł", "PYG": "₲",
    "QAR": "رق", "RON": "lei", "RUB": "₽", "SAR": "رس", "SBD": "$", "SCR": "rs", "SEK": "kr", "SGD": "$ s$ sg$",
    "SHP": "£", "SRD": "$", "SSP": "£", "SYP": "£", "THB": "฿", "TND": "دت", "TRY": "₺ tl", "TTD": "$ tt$",
    "TWD": "$ nt$ 元", "UAH": "₴ грн", "USD": "$ us$ u$s", "UYU": "$ $u", "VND": "₫ đ", "XAF": "fcfa", "XCD": "$ ec$",
    "XOF": "fcfa", "ZAR": "r",
}  # fmt: skip
"""How currencies are written, in lower case without dots and spaces. A sign that several share names none of them."""
COMMA_GROUPS = frozenset(
    {"USD", "GBP", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "CNY", "INR", "PKR", "MXN", "PHP", "THB", "MYR", "ILS"}
    | {"AED", "SAR", "NGN", "KES"}
)
"""Where a comma before three digits is no decimal sign; elsewhere '1,299' is 1299 to one shop and 1.299 to another."""
_TEXT = re.compile(r"(?P<before>\D*?)(?P<number>(?:(?<!\w)[.,])?\d(?:[\d.,' ]*\d)?)(?P<flat>[.,] ?--?)?(?P<after>\D*)")
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3}(?:\1\d{3})*)?|\d{1,2}(?:,\d{2})+,\d{3}")
_VARIANTS_OF_SIGNS = {"٫": ".", "٬": "'", "’": "'", "‘": "'", "´": "'", "–": "-", "—": "-", "−": "-"}


def parse_price(value: object, currency: str = "") -> tuple[str | None, str]:
    """The amount with the currency's own decimals, such as '1299.00' or '12.500', and the currency's ISO code.

    `currency`: what is said beside the price, a code or a sign. The answer is (None, '') for a price that may be read
    in two ways, such as a range, two prices, or '12.500' in euros, and for a text that has other words in it. The code
    is '' where the currency can't be told: '$54.00' alone may be of thirty currencies. A number is read as a program
    means it, see `as_number`.
    """
    marks = [currency.upper()]
    if isinstance(value, str):
        found = _TEXT.fullmatch(_plain(value)) if len(value) <= MAX_PRICE_CHARS else None
        if not found:
            return None, ""
        marks += [found["before"], found["after"]]
        value = found["number"] + (f"{found['flat'][0]}00" if found["flat"] else "")
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None, ""
    possible = [codes for mark in marks if (codes := _currencies(mark)) is not None]
    named = frozenset.intersection(*possible) if possible else None
    if named is not None and not named:
        return None, ""
    code = next(iter(named)) if named and len(named) == 1 else ""
    amount = _written_amount(value, code) if isinstance(value, str) else as_number(value)
    text = _with_decimals(amount, _decimals().get(code, UNKNOWN_DECIMALS)) if isinstance(amount, Decimal) else None
    return text, code if text else ""


def as_number(value: object) -> object:
    """Of a field that a program wrote (Shopify, JSON-LD, a feed): '12.500' is twelve and a half, a `Decimal`.

    What is no plain number stays as it is and is then read as a person's text.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return value
    text = str(value).strip()
    plain = re.fullmatch(r"[0-9]{1,18}(?:\.[0-9]{1,18})?", text)
    return Decimal(text) if plain else value


def _with_decimals(amount: Decimal, decimals: int) -> str | None:
    """None for nothing, what is absurdly much, and what nobody could pay in this currency."""
    if not 0 < amount < MAX_PRICE:  # first, as a number of 27 digits can't be rounded
        return None
    rounded = round(amount, decimals)
    return f"{rounded:f}" if rounded == amount else None


def _written_amount(text: str, code: str) -> Decimal | None:
    """The one amount that digits with separators stand for; None where there are two, or none."""
    mark = next((char for char in reversed(text) if char in ".,"), "")
    head, _, cents = text.rpartition(mark) if mark else (text, "", "")
    whole = _whole(text)
    has_point = mark and cents.isdecimal() and mark not in head and len(cents) <= MAX_DECIMALS
    point = _whole(head or "0") if has_point else None
    if whole is None or point is None:
        return Decimal(whole) if whole else Decimal(f"{point}.{cents}") if point else None
    if _decimals().get(code) == 3 and mark == ".":  # '12.500 KWD' is written in full
        return Decimal(f"{point}.{cents}")
    is_group = _decimals().get(code) == 0 or (mark == "," and code in COMMA_GROUPS)
    return Decimal(whole) if is_group else None


def _whole(text: str) -> str | None:
    """The digits of a whole number, which may be in groups; None when it is none."""
    if text.isdecimal():
        return text
    is_number = _GROUPED.fullmatch(text) and not text.startswith("0")
    return re.sub(r"\D", "", text) if is_number else None


def _currencies(mark: str) -> frozenset[str] | None:
    """The currencies that a code or sign, or both together ('USD $'), may stand for; None where nothing is written."""
    sign = re.sub(r"[\s.]", "", _plain(mark))
    if not sign:
        return None
    if known := _written_as(sign):
        return known
    for code, rest in ((sign[:3], sign[3:]), (sign[-3:], sign[:-3])):
        if code in _decimals():
            return frozenset({code}) & (_written_as(rest) if rest else {code})
    return frozenset()


def _written_as(sign: str) -> frozenset[str]:
    return frozenset(code for code, signs in SIGNS.items() if sign.casefold() in signs.split())


@cache
def _decimals() -> dict[str, int]:
    """ISO code -> decimals, of everything that is money."""
    from iso4217 import Currency  # reads its table when imported

    return {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}


def _plain(text: str) -> str:
    """With ASCII digits and spaces, one kind of each sign, and nothing invisible."""
    chars = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    digits = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in chars)
    return re.sub(r"\s+", " ", "".join(_VARIANTS_OF_SIGNS.get(char, char) for char in digits)).strip()
