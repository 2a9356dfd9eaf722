"""Hostile shop text -> short clauses that a voice can say, each a verbatim span of the field it comes from.

No word is added or changed here: text is only cut, at places where a reader would pause. Which clauses are worth saying
is decided in `script.py`.
"""

import re
from unicodedata import category

from reel_pipeline.media.letters import PHRASED, legible, word_count
from reel_pipeline.shots.vocabulary import NEGATION

MAX_FIELD_CHARS = 5000

ADDRESS = re.compile(r"https?://|www\.|\S+@")
BREAK = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+\.\S+"  # addresses
    r"|<[^>]*>|&\w+;|\([^)]*\)|\[[^\]]*\]|[()\[\]{}<>]"  # leftovers of markup, asides
    r"|[;|•·●▪◦*✓✔→=_~^\\]+"  # list marks
    r"|\s[-–—/]+\s|[–—]+|:\s"  # dashes between spaces
    rf"|(?<!\d)[.!?…]+(?=[\s\"'”’){PHRASED}]|$)|(?<=\d)[.!?…]+(?=\s|$)|[。！？؟।۔]+"  # ends of sentences
)
SENTENCE_END = re.compile(r"[.!?…。！？؟।۔]")
ABBREVIATION = re.compile(r"(?:\b(?:approx|ca|no|nr|vs|incl|excl|max|min|st|dr|mr|mrs|e\.g|i\.e|z\.B)|\b\w)$", re.I)
LABEL = re.compile(r"^[\w ]{1,24}$")
UNDIVIDED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
PHRASE_SPACE = re.compile(rf"(?<=[{PHRASED}])\s+(?=[{PHRASED}])")
"""Thai and its neighbours put spaces between phrases, not between words."""

MARKS = " ,.:;!?-–—/&+،؛"
QUOTES = "\"“”„«»'‘"
QUOTE = re.compile(r"[\"“”„«»]|(?<!\w)['‘]|['‘](?!\w)")
"""A quotation mark, and no apostrophe within a word."""
PHOTO_TALK = re.compile(
    r",?\s+(?:(?:as\s+)?(?:shown|seen|photographed|pictured|displayed|depicted)\b"
    r"|(?:lying|laid|hanging|standing|pitched|placed|resting|sitting)\s+(?:flat|on|in|against|from|over|beside)\b"
    r"|(?:worn|shot|taken)\s+(?:outdoors|indoors|outside|inside|by\s+(?:a|an|the|our)\s+model|on\s+(?:a|the|our)\s+model)\b"
    r"|(?:on|against|over|before)\s+(?:an?|the)\s+(?:\w+\s+)?(?:background|backdrop|surface|wall)\b"
    r"|(?:front|back|rear|side|top|close-?up)\s+(?:view|shot)\b"
    r"|(?:with\s+)?(?:a\s+)?separate\s+\w*\s*(?:photo|picture|image)\b).*$",
    re.I,
)
"""Words about the picture instead of the product: the clause is cut before them."""

LIMITS = re.compile(
    r"\b(?:not|no|non|never|without|except|excluding|unless|only|but|until|if|when|may|up to|less than)\b"
    r"|ไม่|แต่|ยกเว้น|ห้าม|เว้น|ถ้า|หาก|ບໍ່|ແຕ່|ຍົກເວັ້ນ|មិន|ប៉ុន្តែ|លើកលែង|မ|သို့သော်",
    re.I,
)
"""A clause with one of these words is said whole or not at all. `Waterproof except at the seams` may not become
`Waterproof`, which would claim more than the shop does."""
OPENERS = r"(?:with|featuring|plus|made|designed|an?|the|in|for|its)"
WITH = r"(?:with|mit|avec|con|com|met|med)"
NEEDS_WITH = re.compile(
    r"\b(?:\w+ed|comes?|goes|works?|made|cut|set|built|sewn|pairs?|closes?|along|together|compatible)$", re.I
)
"""Words that hang on to the `with` after them: `lined with silk` is not cut."""
SOFT_BREAK = re.compile(rf",?\s+(?={WITH}\s)|,\s+(?=(?:and\s+)?{OPENERS}\s)", re.I)
PLACE_TAIL = re.compile(r"\s+(?:on|in|at|against|around)\s+[^,]*$", re.I)
NARROWED = re.compile(
    r"\b(?:safe|suitable|fit|ideal|perfect|good|great|ready|approved|tested|certified|proven|washable|dryable|usable|proof"
    r"|waterproof|resistant|protects?|works?|use|sold|grown|made|cut|woven|stable|free|\w{3,}ed)$",
    re.I,
)
"""Words that mean less with the phrase of place after them, which therefore stays: `safe in the dishwasher` may not
become `safe`."""
UNIT = re.compile(r"(?<=\d)\s?(?:ml|cl|dl|l|mg|g|kg|mm|cm|m|km|oz|lb|w|v|°C)(?!\w)", re.I)
DENSE = (
    (re.compile(rf"[{PHRASED}]"), 0.7),
    (re.compile(r"[\u0621-\u064a\u0671-\u06d3]"), 0.6),
    (re.compile(r"[\u05d0-\u05ea]"), 0.4),
)
"""Scripts that are written without spaces or vowels, and how much longer than a Latin letter one of their letters takes
to say: a Hebrew letter counts as 1.4 characters."""
SPOKEN_UNIT_CHARS = 3
"""A unit is spoken as a word, and so takes longer than its letters: `ml` counts as 2 + 3 characters."""
DANGLING = re.compile(
    r"^(?:and|or|but|which|that|than|to|is|are|has|have|was|of|as|also|such|then|so|who|where)\b", re.I
)
ARTICLE = re.compile(r"^(?:an?|the|one|two|three|four|five|six|its)\s", re.I)
STARTER = re.compile(rf"^(?:{WITH}\s+)?(?:(?:an?|the|its)\s+)?", re.I)
ACRONYM = re.compile(r"\W*(?:USB|LED|OLED|UV|EU|UK|USA|EVA|IPA|HIFI|SUV|UHD|\w*\d\w*)\W*")
WORD = re.compile(r"[^\W_]+(?:(?:[-'’]|(?<=\d)[.,](?=\d))[^\W_]+)*%?")


def fold(text: str) -> str:
    """Plain letters, nothing invisible, single spaces: the form in which fields and evidence are compared."""
    visible = (" " if category(char) == "Cc" else char for char in legible(text))
    return " ".join("".join(visible).split())


def pieces(field: str) -> list[str]:
    """The sentences and asides of a field, in order, each a verbatim span of `fold(field)` without its end mark.

    A short label stays with what it labels (`Material: linen`); a sentence with an address in it is left out, and so is
    what the words before the cut deny.
    """
    found: list[str] = []
    read = field[:MAX_FIELD_CHARS]
    whole = fold(read)
    for line in read.splitlines():
        for run in _legible_runs(fold(line)):
            found.extend(_broken(run))
    return [piece for piece in found if WORD.search(piece) and not NEGATION.search(whole[: whole.index(piece)])]


def _legible_runs(line: str) -> list[str]:
    """Emoji and symbols end a run; they are never said."""
    runs, start = [], 0
    for index, char in enumerate(line):
        if category(char) in {"So", "Sk", "Cs", "Co", "Cn"} and char != "°":
            runs.append(line[start:index])
            start = index + 1
    runs.append(line[start:])
    return runs


def _broken(run: str) -> list[str]:
    spans, start, in_address = [], 0, False
    for mark in BREAK.finditer(run):
        left = run[start : mark.start()]
        if mark.group() == "." and ABBREVIATION.search(left):
            continue
        if mark.group().startswith(":") and len(left.split()) <= 3 and LABEL.match(left.strip()):
            continue
        is_address = ADDRESS.match(mark.group()) is not None
        if not (is_address or in_address):
            spans.append(left)
        in_address = is_address or (in_address and not SENTENCE_END.match(mark.group()))
        start = mark.end()
    if not in_address:
        spans.append(run[start:])
    return [trimmed for span in spans if (trimmed := trim(span))]


def trim(span: str) -> str:
    """Without photo talk, and without marks, quotes around the whole, or half-open quotes at its ends."""
    text = PHOTO_TALK.sub("", span).strip(MARKS)
    while text and (text[0] in QUOTES or text[-1] in QUOTES):
        count = len(QUOTE.findall(text))
        around = count == 2 and text[0] in QUOTES and text[-1] in QUOTES
        if count % 2 == 0 and not around:
            break
        text = text[1 if text[0] in QUOTES else 0 : -1 if around or text[0] not in QUOTES else None].strip(MARKS)
    return text


def split_once(piece: str) -> tuple[str, str] | None:
    """Two clauses of a piece, cut where the second can stand alone; None where no such place exists."""
    if LIMITS.search(piece):
        return None
    for mark in SOFT_BREAK.finditer(piece):
        left, right = trim(piece[: mark.start()]), trim(piece[mark.end() :])
        right = trim(re.sub(r"^and\s+", "", right, flags=re.I))
        if NEEDS_WITH.search(left):
            continue
        if len(left.split()) >= 2 and len(STARTER.sub("", right).split()) >= 2 and not ends_open(left):
            return left, right
    phrases = PHRASE_SPACE.split(piece, maxsplit=1)
    return (trim(phrases[0]), trim(phrases[1])) if len(phrases) == 2 else None


def ends_open(clause: str) -> bool:
    """Whether the clause stops where more must follow, such as `made from a` or `soft and`."""
    return bool(re.search(r"\b(?:and|or|an?|the|of|to|with|from|for|by|in|on|at|is|are|its|very|as)$", clause, re.I))


def without_place(clause: str) -> str:
    """The clause without its last phrase of place: `red zips on front and pockets` -> `red zips`."""
    shorter = clause if LIMITS.search(clause) else trim(PLACE_TAIL.sub("", clause))
    keeps_its_sense = not ends_open(shorter) and not NARROWED.search(shorter)
    return shorter if len(shorter.split()) >= 3 and keeps_its_sense else clause


def is_standalone(clause: str) -> bool:
    """Whether a clause is complete: not `which keeps it warm`, and not `made from a`."""
    return not DANGLING.search(clause) and not ends_open(clause)


def as_line(clause: str) -> str:
    """The clause as a spoken sentence: first letter large, shouting lowered, a full stop where the script has one."""
    if ARTICLE.match(clause[5:]) and clause[:5].casefold() == "with ":
        clause = clause[5:]
    text = " ".join(_lowered(word) for word in clause.split()) if _is_shouting(clause) else clause
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) or not _takes_full_stop(text) else f"{text}."


def _is_shouting(text: str) -> bool:
    letters = [char for char in text if char.isalpha() and char.lower() != char.upper()]
    return len(letters) > 6 and sum(char.isupper() for char in letters) > 0.7 * len(letters)


def _lowered(word: str) -> str:
    """Abbreviations (known, without a vowel, or with digits) keep their capitals."""
    return word if ACRONYM.fullmatch(word) or not re.search(r"[AEIOUY]", word) else word.lower()


def _takes_full_stop(text: str) -> bool:
    return not re.search(rf"[\u3040-\u30ff\u3400-\u9fff\u0900-\u097f{PHRASED}]\W*$", text)


def words_of(text: str) -> list[str]:
    """Casefolded words, hyphens and apostrophes kept; numbers as written."""
    return [word.casefold().replace("’", "'") for word in WORD.findall(fold(text))]


def spoken_words(text: str) -> float:
    """Length in words; of Chinese, Japanese and Korean two signs count as a word, since about two make one."""
    phrases = re.findall(rf"[{PHRASED}]+", text)
    rest = re.sub(rf"[{PHRASED}]+", " ", text)
    undivided = len(UNDIVIDED.findall(rest))
    return sum(map(word_count, phrases)) + undivided / 2 + len(UNDIVIDED.sub(" ", rest).split())


def spoken_chars(text: str) -> int:
    """Length in characters once numbers and units are words: `3840` is `three thousand eight hundred and forty`."""
    length = len(text) + 6 * len(re.findall(r"[1-9]", text)) + SPOKEN_UNIT_CHARS * len(UNIT.findall(text))
    return length + round(sum(share * len(letters.findall(text)) for letters, share in DENSE))
