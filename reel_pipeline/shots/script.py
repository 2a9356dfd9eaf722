"""Facts -> the spoken lines of a reel, each with the field and the words it rests on.

Nothing is said that no field says: no price, stock, praise or health claim. How text is cut is in `wording.py`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reel_pipeline.errors import PlanError
from reel_pipeline.records import BrandWords, Claim
from reel_pipeline.shots import wording
from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.vocabulary import PRICE, RISKY, SHOP_TALK

WORD_BUDGET = 9
CHAR_BUDGET = 52
"""The longest line in words and in characters. Read at 150 words a minute, 9 words last 3.6 s, and at 15 characters a
second 52 characters last 3.5 s; with a breath that still fits into a shot of 4 s."""
CLOSING_WORD_BUDGET = 7
CLOSING_CHAR_BUDGET = 38
"""The same for the line over the end card, which lasts 3 s: 7 words take 2.8 s, 38 characters 2.5 s."""
MIN_LINES = 2
FILL_TO = 4
"""Where the description has too little to say, `In moss.` and `From Fernhill.` are added until there are this many
lines. A fifth shot has to have something to tell."""
MIN_WORDS = 1.5
"""Shorter clauses of a description are left out: a single word is 1 and says nothing. Two signs of Chinese count as one
word, so three signs are 1.5 and may be said."""
FEW_WORDS = 3
"""A clause of fewer words, such as `two pockets`, is chosen after longer ones."""

ADDRESSING = re.compile(r"\b(?:you|your|you'll|we|our|us|i|my)\b", re.I)
FOREIGN = re.compile(
    r"\b(?:der|die|das|und|mit|für|le|la|les|et|avec|pour|el|los|con|para|il|di|per|het|een|met|en|com|och|med)\b", re.I
)
ENGLISH = re.compile(r"\b(?:the|and|with|of|for|in|from|an?)\b", re.I)
GLUE = frozenset(
    {"a", "an", "and", "the", "in", "of", "from", "with", "for", "to", "on", "at", "by", "or", "its", "it", "is"}
)


@dataclass(frozen=True)
class Line:
    """One spoken line, and for each field that it draws on a claim; every claim's `text` is the whole line."""

    text: str
    claims: tuple[Claim, ...]


SILENCE = Line("", ())


def write_script(facts: Facts, words: BrandWords, wanted: int) -> list[Line]:
    """2 to `wanted` lines, the product's name first; with one fact alone the second shot is silent.

    Raises `PlanError` when nothing may be said.
    """
    lines = _Editor(facts, words).lines(wanted)
    if not lines:
        raise PlanError(
            "The product's title and description hold no short fact that may be said; add a sentence that describes "
            "the product, without prices, superlatives or health claims."
        )
    return lines + [SILENCE] * (MIN_LINES - len(lines))


def closing_line(facts: Facts, words: BrandWords) -> str:
    """The brand's call to action, or its name, or the vendor's. Raises `PlanError` when it can't be said in 3 s."""
    text = wording.fold(words.call_to_action or words.brand_name or facts.vendor)
    if wording.spoken_words(text) > CLOSING_WORD_BUDGET or wording.spoken_chars(text) > CLOSING_CHAR_BUDGET:
        raise PlanError(
            f"The closing line {text!r} is too long for 3 s; use at most {CLOSING_WORD_BUDGET} words and "
            f"{CLOSING_CHAR_BUDGET} characters."
        )
    if banned := banned_word(text, words):
        raise PlanError(f"The closing line uses the word {banned!r}, which the brand bans; change one of them.")
    return wording.as_line(text) if text else ""


def own_line(key: str, text: str, words: BrandWords) -> Line:
    """A line that the user wrote. Raises `PlanError` when it is too long to be said in 4 s or uses a banned word."""
    folded = wording.fold(text)
    if not wording.words_of(folded):
        raise PlanError(f"The override {key} has no words; write a line or remove it.")
    if not fits(folded):
        raise PlanError(
            f"The override {key} is too long for 4 s; use at most {WORD_BUDGET} words and {CHAR_BUDGET} characters."
        )
    if banned := banned_word(folded, words):
        raise PlanError(f"The override {key} uses the word {banned!r}, which the brand bans; change one of them.")
    return Line(folded, (Claim(text=folded, field="override", evidence=folded),))


def fits(text: str) -> bool:
    """Whether a line can be said in a shot of 4 s."""
    return wording.spoken_words(text) <= WORD_BUDGET and wording.spoken_chars(text) <= CHAR_BUDGET


def banned_word(text: str, words: BrandWords) -> str | None:
    """The first banned word or phrase that `text` holds, at word boundaries and whatever the case."""
    folded = wording.fold(text).casefold()
    for banned in words.banned_words:
        phrase = wording.fold(banned).casefold()
        if phrase and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", folded):
            return banned
    return None


class _Editor:
    """Chooses among the clauses of one product."""

    def __init__(self, facts: Facts, words: BrandWords) -> None:
        self.facts = facts
        self.words = words
        text = f"{facts.title} {facts.description}"
        english, foreign = len(ENGLISH.findall(text)), len(FOREIGN.findall(text))
        plain_letters = all(char.isascii() for char in text if char.isalpha())
        self.is_english = english > foreign or (english == foreign and plain_letters)

    def lines(self, wanted: int) -> list[Line]:
        name = self._name()
        clauses = self._chosen(wanted, name)
        if name and clauses and _content(name.text) <= _content(clauses[0].text) and len(clauses) >= wanted:
            name = None
        lines = [name, *clauses][:wanted] if name else clauses
        for extra in (self._colour(), self._origin()) if lines else ():
            said = {word for line in lines for word in _content(line.text)}
            if extra and len(lines) < min(wanted, FILL_TO) and not _new_words(extra) & said:
                lines.append(extra)
        return lines

    def _chosen(self, wanted: int, name: Line | None) -> list[Line]:
        """Clauses that each add something, the best ones if there are too many, in the description's order."""
        wanted -= bool(name)
        clauses = self._clauses(wanted)
        told = _content(name.text) if name else set()
        order = sorted(range(len(clauses)), key=lambda index: (_rank(clauses[index].text, told), index))
        colour = self._colour()
        chosen: dict[int, Line] = {}
        for index in order:
            said = {word for line in chosen.values() for word in _content(line.text)}
            new = _content(clauses[index].text) - told - said
            if new and len(chosen) < wanted:
                only_colour = colour is not None and name is not None and new <= _content(colour.text)
                chosen[index] = colour if colour and only_colour else clauses[index]
        return [chosen[index] for index in sorted(chosen)]

    def _name(self) -> Line | None:
        """The title, cut to what can be said; without a usable one the first clause opens the reel."""
        vendor, colour = (wording.fold(field) for field in (self.facts.vendor, self.facts.colour))
        parts = [part for part in wording.pieces(self.facts.title) if part.casefold() != vendor.casefold()]
        if not parts:
            return None
        title = parts[0]
        coloured = re.fullmatch(rf"(.+?)(?:,| in)\s+({re.escape(colour)})", title, re.I) if colour else None
        if coloured and self.is_english and self._may_say(title) and fits(f"{coloured[1]} in {colour}"):
            return self._line(f"{coloured[1]} in {coloured[2]}", "title", title)
        return self._first_fit([title, *self._ends_of(title)], "title")

    def _ends_of(self, title: str) -> Iterator[str]:
        """An English name ends with its noun, so what stands before may go, longest first.

        Not half of a joined pair, though: "grapefruit & rosemary water" is no rosemary water.
        """
        if self.is_english and not wording.LIMITS.search(title):
            name = (wording.split_once(title) or (title, ""))[0].split()
            joins = [not word[0].isalnum() or word.casefold() in GLUE for word in name]
            starts = (start for start in range(1, len(name) - 1) if not joins[start] and not joins[start - 1])
            yield from (" ".join(name[start:]) for start in starts)

    def _clauses(self, wanted: int) -> list[Line]:
        """Clauses of the description in order, cut finer as long as more lines are wanted than there are."""
        pieces = wording.pieces(self.facts.description)
        units = [piece for piece in pieces if wording.is_standalone(piece) and wording.spoken_words(piece) >= MIN_WORDS]
        units = [part for unit in units for part in (self._halves(unit) if not fits(wording.as_line(unit)) else [unit])]
        while len([unit for unit in units if self._may_say(unit)]) < wanted:
            longest = max((unit for unit in units if wording.split_once(unit)), key=len, default=None)
            if longest is None:
                break
            at = units.index(longest)
            units[at : at + 1] = wording.split_once(longest) or ()
        lines = (self._clause_line(unit) for unit in units)
        return [line for line in lines if line]

    def _halves(self, unit: str) -> list[str]:
        halves = wording.split_once(unit)
        if halves is None:
            return [unit]
        return [halves[0], *(self._halves(halves[1]) if not fits(wording.as_line(halves[1])) else [halves[1]])]

    def _clause_line(self, clause: str) -> Line | None:
        """The clause if it may be said and fits, else without its `with`, else without its place."""
        bare = re.sub(r"^with\s+", "", clause, flags=re.I)
        return self._first_fit(
            [clause, bare, wording.without_place(clause), wording.without_place(bare)], "description"
        )

    def _first_fit(self, spans: Iterable[str], field: str) -> Line | None:
        for span in spans:
            if self._may_say(span) and wording.is_standalone(span) and fits(wording.as_line(span)):
                return self._line(span, field, span)
        return None

    def _colour(self) -> Line | None:
        colour = wording.trim(wording.fold(self.facts.colour))
        if not colour or not self._may_say(colour):
            return None
        said = re.sub(r"\s*[/,&+]\s*", " and ", colour) if self.is_english else colour
        text = f"In {said[:1].lower() + said[1:]}" if self.is_english else said
        return self._line(text, "colour", colour) if fits(text) else None

    def _origin(self) -> Line | None:
        """`Tableware from Fernhill.`, as far as these fields hold something that can be said."""
        vendor = self._short_fact(self.facts.vendor)
        if not vendor or vendor.casefold() == wording.fold(self.facts.title).casefold():
            return None
        if not self.is_english:
            return self._line(vendor, "vendor", vendor)
        kind = self._short_fact(self.facts.product_type)
        is_named = set(wording.words_of(kind)) <= set(wording.words_of(f"{self.facts.title} {self.facts.description}"))
        text = wording.as_line(f"{kind} from {vendor}")
        if kind and is_named and fits(text):
            claims = (("product_type", kind), ("vendor", vendor))
            return Line(text, tuple(Claim(text=text, field=field, evidence=evidence) for field, evidence in claims))
        return self._line(f"From {vendor}", "vendor", vendor)

    def _short_fact(self, field: str) -> str:
        parts = wording.pieces(field)
        text = parts[0] if len(parts) == 1 else ""
        is_said = text and fits(f"From {text}.") and self._may_say(text) and not re.search(r"[\d.]", text)
        return text if is_said else ""

    def _may_say(self, text: str) -> bool:
        return not (RISKY.search(text) or PRICE.search(text) or SHOP_TALK.search(text) or banned_word(text, self.words))

    def _line(self, text: str, field: str, evidence: str) -> Line:
        spoken = wording.as_line(text)
        return Line(spoken, (Claim(text=spoken, field=field, evidence=evidence),))


def _content(text: str) -> set[str]:
    return set(wording.words_of(text)) - GLUE


def _new_words(line: Line) -> set[str]:
    """What a filler line is about: of `Mug from Fernhill.` the vendor, since the name has been said."""
    return _content(line.claims[-1].evidence)


def _rank(text: str, told: set[str]) -> int:
    """Lower is said first if there are more clauses than shots: facts before talk, news before repetition and stubs."""
    content = _content(text)
    is_repetition = len(content - told) < len(content) / 2
    return 2 * bool(ADDRESSING.search(text)) + is_repetition + (len(text.split()) < FEW_WORDS)
