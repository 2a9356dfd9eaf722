"""Whether a product's words name goods that platforms restrict. The words are in `restricted.toml`.

Several signs are weighed, the title first: what its noun is (the last one of an English, German or Dutch name, the
first of a Romance one), names of brands, grapes, regions and substances, amounts ("40 % vol", "500 mg", "cal. 4,5");
then type, tags and collections, what the description and the label say. An innocent noun (wine rack, glue gun)
outweighs names.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.restricted_words import (
    ALCOHOL,
    COSMETICS,
    INNOCENT,
    ROMANCE,
    SHORTEST_ENDING,
    Entry,
    joined_words,
    table,
    tokens,
)

LONGEST_PHRASE = 5
LEAST_STRENGTH_PERCENT = 1.2
"""Drinks above it are alcoholic (Regulation (EU) 1169/2011, article 16)."""
TASTING_WORDS = 2
"""How many words of a taster a description has to hold."""
MOST_VINTAGE_WORDS = 6

PHRASE = re.compile(r"\s[-–—|/]\s|[|;:()\[\]•·!?]|,(?!\d)|(?<!\d)\.\s")
BEYOND = re.compile(r"[.!?]\s|\b(?:with|for|like|mit|zu|für|met|bij|voor|avec|pour|con|para|per|com)\b", re.I)
"""What a description says after this is no longer what the thing is."""
STRENGTH = re.compile(
    r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s?(?:%|°)\s?(?:vol|alc|abv)|\b(?:alc|abv)\W{0,3}(\d{1,2}(?:[.,]\d)?)\s?%",
    re.I,
)
VOLUME = re.compile(
    r"\b(?:70|75|37[.,]5|150)\s?cl\b|\b0[.,]75?\s?l\b|\b1[.,]75\s?l\b"
    r"|\b\d{1,2}\s?x\s?(?:25|27[.,]5|33|35[.,]5|44|47[.,]3|50|56[.,]8)0?\s?(?:cl|ml)\b",
    re.I,
)
VINTAGE = re.compile(r"\b(?:19[5-9]\d|20[0-3]\d)\b(?=\W*(?:$|\d+(?:[.,]\d+)?\s?(?:cl|ml|l)\b))", re.I)
AMOUNTS = {
    "tobacco or vaping": r"\d\s?(?:Ω|ohms?\b)|\b\d+(?:[.,]\d)?\s?mg/ml\b"
    r"|\b\d{3,5} ?(?:puffs|züge|bouffées|caladas|tiri)\b",
    "food supplements": r"\d\s?(?:mg|mcg|μg|ug|iu|ie|ui|i\.e\.|u\.i\.|kbe|cfu|ufc)\b"
    r"|\b\d+\s?(?:v?caps|tabs|cpr|cps|compr|comp|serv)\b",
    "weapons": r"\b[ck]al(?:iber|ibre|ibro)?\b\.?\s?[.,]?\d"
    r"|(?<![\w.,])\.(?:17|177|20|22|223|243|25|270|308|30|338|357|38|380|40|44|45|50)\b"
    r"|\b\d{1,2}[.,]?\d*\s?x\s?(?:19|39|51|54|57|63|64|65)(?:\s?mm|\s?r)?\b|\b9\s?mm\b"
    r"|\b\d+(?:[.,]\d)?\s?joules?\b",
    COSMETICS: r"\b(?:spf|lsf|fps|ip)\s?\d{2}\b",
}


class Found(NamedTuple):
    start: int
    text: str
    entries: tuple[Entry, ...]

    @property
    def entry(self) -> Entry:
        return self.entries[0]


class Phrase(NamedTuple):
    tokens: list[str]
    found: list[Found]


class Reading(NamedTuple):
    """What a text names. `role` is that of the word that decided; `kind` is empty for what is innocent or unknown."""

    role: str = ""
    kind: str = INNOCENT


def restricted_kind(facts: Facts, label: Sequence[str] = ()) -> str | None:
    """The kind of restricted goods that the words name, or None. A colour named like a drink is no drink.

    `label`: the lines that were read on the product's photos.
    """
    said = " . ".join((facts.title, facts.product_type, *facts.tags, facts.description))
    is_free = _first_of(table().free, said) is not None
    if not is_free and any(_is_strong(text) for text in (said, *label)):
        return ALCOHOL
    kind = _by_title(facts)
    if kind is None:
        kind = _by_the_rest(facts, label)
    return None if kind == INNOCENT or (kind == ALCOHOL and is_free) else kind


def _by_title(facts: Facts) -> str | None:
    """The kind, `INNOCENT`, or None where the title alone tells neither."""
    title, sort = read(facts.title, facts.colour), read(facts.product_type)
    category = table().categories.get(joined_words(facts.product_type))
    if title.kind:
        return INNOCENT if sort.role == "thing" and not category and title.role != "noun" else title.kind
    if title.role in ("thing", "food"):
        return sort.kind if sort.role == "noun" and not category else INNOCENT
    return None


def _by_the_rest(facts: Facts, label: Sequence[str]) -> str:
    """For a title that tells nothing: type, tags and collections, a bottle's name, the description, the label."""
    for category in (facts.product_type, *facts.tags, *facts.collections):
        sort = read(category)
        if found := table().categories.get(joined_words(category)) or (
            sort.kind if sort.role in ("noun", "name") else ""
        ):
            return found
        if category == facts.product_type and sort.role in ("thing", "food"):
            return INNOCENT
    if not read(facts.title).role and _looks_bottled(facts.title):
        return ALCOHOL
    return _by_description(facts.description) or _by_label(label)


def _by_description(description: str) -> str:
    first = read(BEYOND.split(description, maxsplit=1)[0])
    if first.kind and first.role != "tint":
        return first.kind
    if found := _first_of(table().labels, description):
        return table().labels[found]
    tasted = sum(_first_of((word,), description) is not None for word in table().tasting)
    return ALCOHOL if tasted >= TASTING_WORDS and first.role not in ("thing", "food", "drink") else INNOCENT


def _by_label(label: Sequence[str]) -> str:
    """What only a label says, or a line of it that is the noun of restricted goods and nothing more."""
    if found := _first_of(table().labels, " . ".join(label)):
        return table().labels[found]
    entries = (entry for line in label for entry in table().words.get(joined_words(line), ()))
    return next((entry.kind for entry in entries if entry.role == "noun"), INNOCENT)


def read(text: str, colour: str = "") -> Reading:
    """What the text names: the noun of its first phrase that has one, else a name, an amount, a tint."""
    parts = text.split(" + ")
    phrases = [_phrase(part, colour) for part in PHRASE.split(parts[0])]
    if len(parts) > 1 and not any(phrase.found for phrase in phrases):
        phrases = [_phrase(part, colour) for part in PHRASE.split(text)]
    everything = [found for phrase in phrases for found in phrase.found]
    by_role = {found.entry.role: found.entry for found in reversed(everything)}
    is_romance = _is_romance(phrases)
    for phrase in phrases:
        head = _head(phrase, is_romance)
        if head and not (head.text in table().packing and "name" in by_role):
            return Reading(head.entry.role, head.entry.kind)
    if name := by_role.get("name"):
        return Reading("name", name.kind)
    plain = unicodedata.normalize("NFKC", text)
    if kind := next((kind for kind, pattern in AMOUNTS.items() if re.search(pattern, plain, re.I)), None):
        return Reading("name", kind)
    if "tint" in by_role and not by_role.keys() & {"material", "drink", "food"}:
        return Reading("tint", by_role["tint"].kind)
    return Reading("drink" if "drink" in by_role else "food" if "food" in by_role else "")


def _head(phrase: Phrase, is_romance: bool) -> Found | None:
    """The noun that says what the thing is. A food outweighs only drinks: a supplement may taste like one."""
    kinds = {found.entry.kind for found in phrase.found} - {INNOCENT}
    roles = {"noun", "thing", "food"} if kinds <= {ALCOHOL} else {"noun", "thing"}
    nouns = [found for found in phrase.found if found.entry.role in roles]
    if not nouns:
        return None
    if is_romance:
        return nouns[1] if _is_packing(phrase, nouns) else nouns[0]
    cuts = (at for at, token in enumerate(phrase.tokens) if token in table().cuts and at > nouns[0].start)
    end = next(cuts, len(phrase.tokens))
    return [found for found in nouns if found.start < end][-1]


def _is_packing(phrase: Phrase, nouns: list[Found]) -> bool:
    """Whether the first noun only holds a number of the second, as in `astuccio 5 sigari`."""
    holds = len(nouns) > 1 and nouns[1].entry.role == "noun"
    return holds and phrase.tokens[nouns[1].start - 1].isdigit() and nouns[1].start == nouns[0].start + 2


def _is_romance(phrases: Sequence[Phrase]) -> bool:
    """By the languages of its nouns and by little words; the first noun decides between equals."""
    score = 0
    first = 0
    for phrase in phrases:
        score += sum((token in table().romance) - (token in table().germanic) for token in phrase.tokens)
        for found in phrase.found:
            languages = {entry.language for entry in found.entries} - {""}
            side = bool(languages) * ((languages <= ROMANCE) - languages.isdisjoint(ROMANCE))
            score += (3 if found.entry.kind == INNOCENT else 2) * side  # the names of goods travel more
            first = first or side
    return score > 0 or (score == 0 and first > 0)


def _phrase(text: str, colour: str) -> Phrase:
    """The longest phrases of the table, from left to right; `colour` itself names no goods."""
    words = tokens(text)
    found: list[Found] = []
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            joined = " ".join(words[at : at + length])
            entries = table().words.get(joined) or (_compound(joined) if length == 1 else ())
            # An English The is no thé.
            if entries and joined not in table().germanic and joined != joined_words(colour):
                found.append(Found(at, joined, entries))
                break
        at += length
    return Phrase(words, found)


def _compound(word: str) -> tuple[Entry, ...]:
    """By its longest ending: a Rotwein is a wine, a Weinregal a shelf."""
    endings = (table().endings.get(word[start:]) for start in range(3, len(word) - SHORTEST_ENDING + 1))
    return next((entries for entries in endings if entries), ())


def _looks_bottled(title: str) -> bool:
    """A bottle's or a crate's volume, or a short name with a vintage at its end."""
    return bool(VOLUME.search(title) or (VINTAGE.search(title) and len(title.split()) <= MOST_VINTAGE_WORDS))


def _is_strong(text: str) -> bool:
    found = (one or other for one, other in STRENGTH.findall(text))
    return any(float(percent.replace(",", ".")) > LEAST_STRENGTH_PERCENT for percent in found)


def _first_of(phrases: Sequence[str] | dict[str, str], text: str) -> str | None:
    joined = f" {joined_words(text)} "
    return next((phrase for phrase in phrases if f" {phrase} " in joined), None)
