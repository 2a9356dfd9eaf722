"""What a person's no asks for: read from the faults they name, else from their own words.

The words are few and meant to be sure of: what none of them fits is answered by the next take, and a person looks at it
again in any case.
"""

import re
from enum import StrEnum

from reel_pipeline.records import Review


class Remedy(StrEnum):
    """What is changed. All but `TAKE` are also kinds of fault that a person can name."""

    CAPTION = "caption"
    CROPPED = "cropped"
    PHOTO = "photo"
    WORDS = "words"
    TAKE = "take"


IN_WORDS = {
    Remedy.CAPTION: "its caption elsewhere, or without one where there is no free place",
    Remedy.CROPPED: "a wider framing, or else another photo",
    Remedy.PHOTO: "another photo",
    Remedy.TAKE: "another take",
}
"""What will be done, for the sentence of `retry_budget`; of words nothing can be done without the user."""
KINDS = tuple(remedy.value for remedy in Remedy if remedy is not Remedy.TAKE)
"""Kinds of fault that only a person can name, beside the judge's."""
_OF_JUDGES_KINDS = {"wrong_product": Remedy.PHOTO}

_PICTURE = r"(?:photos?|photograph|pictures?|images?|fotos?|bild(?:er)?|aufnahme)"
_BAD = (
    r"(?:wrong|ugly|soft|blurr\w*|unsharp|grainy|noisy|dark|bad|poor|old|outdated|another|other|different|better"
    r"|falsch\w*|hässlich\w*|unscharf\w*|dunkel|dunkl\w*|schlecht\w*|alt\w*|veraltet\w*|ander\w*|besser\w*)"
)
_PATTERNS = {
    Remedy.WORDS: (
        r"wording|typos?|misspel\w*|spelling|grammar|script|spoken|untrue|not true|the line",
        r"(?:voice|line|caption|text) (?:says?|said|claims?|reads?|sounds?)",
        r"wrong (?:words?|names?|claims?|lines?|texts?)",
        r"(?:words?|lines?|texts?|claims?|names?) (?:is|are) (?:wrong|false)",
        r"wortlaut|formulier\w*|(?:tipp|schreib)fehler|rechtschreib\w*|behaupt\w*|gesprochen\w*",
        r"(?:satz|text|stimme|untertitel) (?:sagt|ist falsch|stimmt nicht|klingt)",
        r"falsche[rns]? (?:text|name|satz|wort)",
    ),
    Remedy.CAPTION: (
        r"captions?|subtitles?|overlay(?:ed)?|(?:on-?screen|burned-?in) text|text (?:covers?|hides?|overlaps?)",
        r"untertitel\w*|einblendung\w*|bildunterschrift\w*|text (?:ver|über)deckt",
    ),
    Remedy.CROPPED: (
        r"crop(?:s|ped|ping)?|cuts? ?-?off|cuts?\b.*\boff|chopped|too (?:close|tight|near)|zoomed in",
        r"(?:out|outside) of(?: the)? (?:frame|picture)|not (?:fully|completely|entirely|wholly) (?:visible|shown|in)",
        r"(?:ab|an|be)geschnitten|zu (?:nah|eng|dicht)|nicht (?:ganz|vollständig)",
    ),
    Remedy.PHOTO: (
        rf"{_PICTURE}\b.*\b{_BAD}|{_BAD}\b.*\b{_PICTURE}",
        r"blurr(?:y|ed)|out of focus|pixel+ated|low[- ]res\w*|wrong (?:product|colou?r|variant|item)",
        r"unscharf|verpixelt|falsche[srn]? (?:produkt|farbe|variante|artikel)",
    ),
}
"""In this order: a caption that is misspelt waits for words, one that is cut off is put elsewhere."""
_CLAUSES = re.compile(r"[.,;:!?]\s|\b(?:and|but|und|aber)\b")
_FINE = re.compile(r"\b(?:fine|ok(?:ay)?|good|great|gut|passt|in ordnung)\b")
_NOT = re.compile(r"\bnot\b|n't\b|\bnicht\b|\bkein\w*|\bno\b")


def remedies_of(review: Review) -> frozenset[Remedy]:
    """What a rejection asks for, at least the next take. Where faults are named, their kinds say it, not the words."""
    named = {fault.kind for fault in review.faults} - {"other"}
    if named:
        return frozenset(_OF_JUDGES_KINDS.get(kind) or Remedy(kind if kind in KINDS else "take") for kind in named)
    found = {remedy for clause in _CLAUSES.split(review.reason.casefold()) for remedy in _remedies_in(clause)}
    return frozenset(found or {Remedy.TAKE})


def _remedies_in(clause: str) -> list[Remedy]:
    """The first that a clause speaks of; none where it says that all is well."""
    if _FINE.search(clause) and not _NOT.search(clause):
        return []
    return [remedy for remedy, words in _PATTERNS.items() if re.search(rf"\b(?:{'|'.join(words)})\b", clause)][:1]
