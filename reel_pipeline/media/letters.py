"""Letters of any script: which of them can be seen, and where a text may be cut that has no spaces.

What is said or drawn is the rooms' business. Words are found by ICU, offline; it is imported only for scripts that
write without spaces.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icu4py.breakers import BaseBreaker

JOINERS = frozenset("\u200c\u200d")
"""Zero-width joiners that Arabic and Indic spelling needs."""
LONE_JOINER = re.compile(r"(?<![\u0590-\u0dff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0590-\u0dff])")
IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u20e3")
"""Fillers, the braille blank and the keycap's frame: no format characters, but nothing to see (or of an emoji)."""
STYLED = ("<font>", "<square>", "<circle>", "<isolated>", "<initial>", "<medial>", "<final>")
"""Compatibility forms that stand for plain letters; a fraction, a power or a trade mark is left as it is."""
PHRASED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese, Khmer: words are not divided, phrases are."""
UNSPACED = re.compile(rf"[{PHRASED}\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
KANA = re.compile(r"[\u3041-\u30fa]")


def is_invisible(char: str) -> bool:
    """Direction marks, zero-width spaces, soft hyphens, picture selectors, tags; not the joiners of spelling."""
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return is_selector or char in IGNORABLE or (unicodedata.category(char) == "Cf" and char not in JOINERS)


def legible(text: str) -> str:
    """NFC without what can't be seen; letters in plain style (`𝗕𝗼𝗹𝗱`, `ﬁ`), joiners where spelling needs them."""
    plain = "".join(_plain(char) for char in text if not is_invisible(char))
    return unicodedata.normalize("NFC", LONE_JOINER.sub("", plain))


def _plain(char: str) -> str:
    kind = unicodedata.decomposition(char).partition(" ")[0]
    is_wide_letter = kind in ("<wide>", "<narrow>") and char.isalnum()
    is_ligature = "\ufb00" <= char <= "\ufb06"
    return unicodedata.normalize("NFKC", char) if kind in STYLED or is_wide_letter or is_ligature else char


def word_count(text: str) -> int:
    """Words of a text without spaces, as a dictionary divides them."""
    from icu4py.breakers import WordBreaker

    return sum(UNSPACED.search(part) is not None for part in _cut(text, WordBreaker(text, _locale(text))))


def line_parts(text: str) -> list[str]:
    """The text cut where a line may break; each part keeps the space after it, so that they join to `text`."""
    parts: list[str] = []
    for word in re.findall(r"\S+\s*", text):
        parts += _phrases(word) if UNSPACED.search(word) else [word]
    return parts


def _phrases(word: str) -> list[str]:
    from icu4py.breakers import LineBreaker

    return _cut(word, LineBreaker(word, _locale(word)))


def _locale(text: str) -> str:
    """Japanese is broken between phrases, as its readers expect; ICU knows the other scripts by their letters."""
    return "ja-u-lw-phrase" if KANA.search(text) else "zh"


def _cut(text: str, breaker: "BaseBreaker") -> list[str]:
    """ICU counts in UTF-16."""
    units = text.encode("utf-16-le")
    return [units[2 * start : 2 * end].decode("utf-16-le") for start, end in breaker.segments()]
