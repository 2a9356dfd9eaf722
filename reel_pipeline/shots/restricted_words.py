"""The words of `restricted.toml`, ready to be looked up: folded, with plurals. `restricted.py` weighs them."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

ALCOHOL, COSMETICS = "alcohol", "cosmetics"
INNOCENT = ""
"""The kind of an innocent noun."""
ROMANCE = frozenset({"fr", "es", "it", "pt"})
SHORTEST_ENDING = 4

ELISION = re.compile(r"\b(?:[dlnscjm]|qu|dell|all|nell|sull|dall)['’](?=\w)", re.I)
ENDINGS = {"en": "s es", "de": "e en n s er", "nl": "s en n", "fr": "s x", "es": "s es", "pt": "s es"}
CHANGED_ENDINGS = {
    "en": (("y", "ies"),),
    "it": (("co", "chi"), ("o", "i"), ("a", "e"), ("e", "i")),
    "pt": (("ao", "oes"), ("l", "is"), ("em", "ens"), ("om", "ons")),
    "fr": (("eau", "eaux"), ("al", "aux")),
}


class Entry(NamedTuple):
    """`role`: noun, name, tint, thing, food, drink or material; `kind`: of goods, `INNOCENT` for the last four."""

    role: str
    kind: str
    language: str


@dataclass(frozen=True)
class Table:
    """`endings`: nouns that end a German or Dutch compound; `categories`, `labels`: phrase -> kind; `romance`,
    `germanic`: little words of these languages; `cuts`: what follows one only tells more about what stands before it.
    """

    words: dict[str, tuple[Entry, ...]]
    endings: dict[str, tuple[Entry, ...]]
    categories: dict[str, str]
    labels: dict[str, str]
    packing: frozenset[str]
    romance: frozenset[str]
    germanic: frozenset[str]
    cuts: frozenset[str]
    tasting: tuple[str, ...]
    free: tuple[str, ...]


@cache
def table() -> Table:
    data = tomllib.loads((Path(__file__).parent / "restricted.toml").read_text(encoding="utf-8"))
    innocent, little = data.pop("innocent"), data.pop("little")
    rows: list[tuple[str, str, dict[str, str]]] = []
    for goods in data.values():
        rows.append(("noun", goods["says"], goods["nouns"]))
        rows += [(role, goods["says"], {"": goods.get(f"{role}s", "")}) for role in ("name", "tint")]
    rows += [(role, INNOCENT, innocent[f"{role}s"]) for role in ("thing", "food", "drink")]
    rows.append(("material", INNOCENT, {"": innocent["materials"]}))
    words: dict[str, tuple[Entry, ...]] = {}
    endings: dict[str, tuple[Entry, ...]] = {}
    for role, kind, by_language in rows:
        for language, listed in by_language.items():
            entry = Entry(role, kind, language)
            for phrase in _listed(listed):
                for form in _forms(phrase, language):
                    words[form] = (*words.get(form, ()), entry)
                    if language in ("de", "nl") and " " not in phrase and len(phrase) >= SHORTEST_ENDING:
                        endings[form] = (*endings.get(form, ()), entry)
    return Table(
        words=words,
        endings=endings,
        categories={text: goods["says"] for goods in data.values() for text in _listed(goods.get("categories", ""))},
        labels={text: goods["says"] for goods in data.values() for text in _listed(goods.get("label", ""))},
        packing=frozenset(form for phrase in _listed(innocent["packing"]) for form in (phrase, f"{phrase}s")),
        romance=frozenset(_listed(little["romance"])),
        germanic=frozenset(_listed(little["germanic"])),
        cuts=frozenset(_listed(little["cuts"])),
        tasting=tuple(_listed(data[ALCOHOL]["tasting"])),
        free=tuple(_listed(data[ALCOHOL]["free"])),
    )


def fold(text: str) -> str:
    """Casefolded, without accents and apostrophes: in this form words and titles are compared."""
    text = ELISION.sub(lambda found: f"{found.group()[:-1]} ", unicodedata.normalize("NFKC", text))
    text = re.sub(r"['’](?=\w)", "", text).casefold()
    for letter, letters in (("œ", "oe"), ("æ", "ae"), ("ø", "o"), ("ł", "l")):
        text = text.replace(letter, letters)
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(text))


def joined_words(text: str) -> str:
    return " ".join(tokens(text))


def _listed(text: str) -> list[str]:
    return [found for part in text.split(",") if (found := joined_words(part))]


def _forms(phrase: str, language: str) -> Iterator[str]:
    """The phrase and its regular plurals; of a Romance phrase the first word is its noun."""
    yield phrase
    if len(phrase) < 3 or not language:
        return
    first, space, rest = phrase.partition(" ")
    stems = [(phrase, "")] if language not in ROMANCE or not space else [(phrase, ""), (first, f" {rest}")]
    for stem, tail in stems:
        for ending in ENDINGS.get(language, "").split():
            yield f"{stem}{ending}{tail}"
        for old, new in CHANGED_ENDINGS.get(language, ()):
            if stem.endswith(old):
                yield f"{stem.removesuffix(old)}{new}{tail}"
    if language == "nl":
        yield f"{phrase}{phrase[-1]}en"
