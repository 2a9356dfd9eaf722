"""Which font draws which character. No layout here (`typeset.py`).

The brand's own font first, then Manrope (Latin, Greek, Cyrillic), then Noto Sans for other scripts; these come as
Python packages, because a fresh machine may have no fonts. What none of them holds is replaced or left out, never an
empty box; a text with many such letters is an error.
"""

import importlib.util
import io
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from PIL import ImageFont

from reel_pipeline.errors import RenderError
from reel_pipeline.media.letters import legible

_RTL, _SEA, _INDIC, _CJK = (f"justmytype_intl_{part}" for part in ("rtl", "sea", "south_asia", "cjk"))
_PACKAGED = (
    ("font_manrope", "files/Manrope-{weight}.ttf"),
    (_RTL, "fonts/ofl/notosanshebrew/NotoSansHebrew[wdth,wght].ttf"),
    (_RTL, "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf"),
    (_SEA, "fonts/ofl/notosansthai/NotoSansThai[wdth,wght].ttf"),
    (_SEA, "fonts/ofl/notosanslao/NotoSansLao[wdth,wght].ttf"),
    (_SEA, "fonts/ofl/notosanskhmer/NotoSansKhmer[wdth,wght].ttf"),
    (_SEA, "fonts/ofl/notosansmyanmar/NotoSansMyanmar[wdth,wght].ttf"),
    (_INDIC, "fonts/ofl/notosansdevanagari/NotoSansDevanagari[wdth,wght].ttf"),
    (_INDIC, "fonts/ofl/notosansbengali/NotoSansBengali[wdth,wght].ttf"),
    (_INDIC, "fonts/ofl/notosanstamil/NotoSansTamil[wdth,wght].ttf"),
    (_INDIC, "fonts/ofl/notosanstelugu/NotoSansTelugu[wdth,wght].ttf"),
    (_CJK, "fonts/ofl/notosansjp/NotoSansJP[wght].ttf"),
    (_CJK, "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"),
    (_CJK, "fonts/ofl/notosanstc/NotoSansTC[wght].ttf"),
    (_CJK, "fonts/ofl/notosanskr/NotoSansKR[wght].ttf"),
)
_OPTIONAL = frozenset({_CJK})
"""Large: the extra `cjk` of this package brings it."""
_WEIGHTS = {"Medium": 500, "SemiBold": 600, "Bold": 700}
_ORNAMENTS = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc"})
"""Unicode categories that carry no word: an emoji that no font holds is not missed."""
_REPLACED = str.maketrans({"′": "'", "″": '"', "‴": "'\"", "‐": "-", "‑": "-", "⁄": "/", "∕": "/", "⌀": "Ø", "∅": "Ø"})
_MOST_LEFT_OUT = 0.3
"""Share of a text's letters that may be missing in every font: 3 of 10. With more gone it would say something else."""


@dataclass(frozen=True, eq=False)
class Face:
    """One font file, read when it is first asked for."""

    source: bytes | Path
    weight: int

    @cached_property
    def data(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @property
    def characters(self) -> frozenset[int]:
        return _characters(self.source)

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        return _opened(self.data, size_px, self.weight)


@lru_cache(maxsize=32)
def _characters(source: bytes | Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(io.BytesIO(source) if isinstance(source, bytes) else source, lazy=True) as font:
        return frozenset(font.getBestCmap() or ())


@lru_cache(maxsize=64)
def _opened(data: bytes, size_px: int, weight: int) -> ImageFont.FreeTypeFont:
    """Opening a font costs a hundred times what measuring a word does."""
    font = ImageFont.truetype(io.BytesIO(data), size_px, layout_engine=ImageFont.Layout.RAQM)
    try:
        axes = font.get_variation_axes()
    except OSError:
        return font
    font.set_variation_by_axes([float(weight if a["name"] == b"Weight" else a["default"] or 0) for a in axes])
    return font


@dataclass(frozen=True)
class FontStack:
    """Faces in order of preference."""

    faces: tuple[Face, ...]

    def face_of(self, character: str) -> Face | None:
        return next((face for face in self.faces if ord(character) in face.characters), None)

    def drawable(self, text: str) -> str:
        """`text` with plain letters and single spaces, less what no face holds.

        Raises `RenderError` where that is so much that the text would no longer say the same.
        """
        missing = self.left_out(text)
        letters = sum(not unicodedata.combining(char) for char in text if char.isalpha())
        if sum(char.isalpha() for char in text if char in missing) > _MOST_LEFT_OUT * letters:
            first = next(char for char in missing if char.isalpha())
            raise RenderError(
                f"No font at hand holds '{first}' ({unicodedata.name(first, f'U+{ord(first):04X}')}) and others of "
                f"'{text[:40]}'; put a font that does (such as Noto Sans for that script) into the brand folder as its "
                "`font`, or for Chinese, Japanese and Korean install reel_pipeline[cjk]."
            )
        kept = "".join(self._held(char) for char in legible(" ".join(text.split())))
        return " ".join(kept.split())

    def left_out(self, text: str) -> str:
        """The letters and signs of `text`, each once, that no face holds; ornaments are not counted."""
        lost = (char for char in legible(text) if not char.isspace() and not self._held(char))
        return "".join(dict.fromkeys(char for char in lost if unicodedata.category(char) not in _ORNAMENTS))

    def _held(self, char: str) -> str:
        """The character, else what is read the same, as far as a face holds it; an ornament is not worth a search."""
        if unicodedata.category(char) in _ORNAMENTS:
            return char if any(ord(char) in face.characters for face in self.faces[:2]) else ""
        forms = (char, char.translate(_REPLACED), unicodedata.normalize("NFKC", char))
        return next((form for form in forms if all(self.face_of(part) for part in form)), "")


@lru_cache(maxsize=8)
def font_stack(brand_font: bytes | None, weight: str) -> FontStack:
    """`weight`: Medium, SemiBold or Bold. `brand_font`: the bytes of a TTF or OTF, which then comes first."""
    faces = [_checked(Face(brand_font, _WEIGHTS[weight]))] if brand_font else []
    for package, path in _PACKAGED:
        found = importlib.util.find_spec(package)
        if found and found.submodule_search_locations:
            file = Path(found.submodule_search_locations[0]) / path.format(weight=weight)
            faces.append(Face(file, _WEIGHTS[weight]))
        elif package not in _OPTIONAL:
            name = package.replace("_", "-")
            raise RenderError(f"The font package {name} is missing; install this project's requirements again.")
    return FontStack(tuple(faces))


def _checked(face: Face) -> Face:
    """Raises `RenderError` for a brand's font that can't be read."""
    from fontTools.ttLib import TTLibError

    try:
        _ = face.characters
    except (TTLibError, OSError, TypeError, KeyError, AssertionError) as error:
        raise RenderError(
            f"The brand's font can't be read ({error}); put a TTF or OTF file into the brand folder."
        ) from error
    return face
