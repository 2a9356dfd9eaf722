"""Which font draws which character. No layout here (`typeset.py`).

The brand's own font first, then Manrope (Latin, Greek, Cyrillic), then Noto Sans Hebrew and Arabic; these come as
Python packages, because a fresh machine may have no fonts. A letter that none of them holds is an error, never an empty
box.
"""

import importlib.util
import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from reel_pipeline.errors import RenderError

_PACKAGED = (
    ("font_manrope", "files/Manrope-{weight}.ttf"),
    ("justmytype_intl_rtl", "fonts/ofl/notosanshebrew/NotoSansHebrew[wdth,wght].ttf"),
    ("justmytype_intl_rtl", "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf"),
)
_WEIGHTS = {"Medium": 500, "SemiBold": 600, "Bold": 700}
_DROPPED = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc"})
"""Unicode categories that are ornament or control: an emoji that no font holds is left out rather than refused."""


@dataclass(frozen=True)
class Face:
    """One font file and the characters it holds."""

    data: bytes
    characters: frozenset[int]
    weight: int

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        return _opened(self.data, size_px, self.weight)


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
        """`text` with spaces folded and ornaments left out that no face holds; raises `RenderError` for a letter."""
        kept = []
        for character in unicodedata.normalize("NFC", " ".join(text.split())):
            if self.face_of(character) is not None:
                kept.append(character)
            elif unicodedata.category(character) not in _DROPPED and not unicodedata.combining(character):
                name = unicodedata.name(character, f"U+{ord(character):04X}")
                raise RenderError(
                    f"No font at hand holds '{character}' ({name}); put a font that does (such as Noto Sans for that "
                    "script) into the brand folder as its font."
                )
        return " ".join("".join(kept).split())


@lru_cache(maxsize=8)
def font_stack(brand_font: bytes | None, weight: str) -> FontStack:
    """`weight`: Medium, SemiBold or Bold. `brand_font`: the bytes of a TTF or OTF, which then comes first."""
    faces = [_face(brand_font, _WEIGHTS[weight])] if brand_font else []
    for package, path in _PACKAGED:
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            name = package.replace("_", "-")
            raise RenderError(f"The font package {name} is missing; install this project's requirements again.")
        file = Path(found.submodule_search_locations[0]) / path.format(weight=weight)
        faces.append(_face(file.read_bytes(), _WEIGHTS[weight]))
    return FontStack(tuple(faces))


def _face(data: bytes, weight: int) -> Face:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(io.BytesIO(data), lazy=True) as font:
            return Face(data, frozenset(font.getBestCmap() or ()), weight)
    except (TTLibError, OSError, TypeError, KeyError, AssertionError) as error:
        raise RenderError(
            f"The brand's font can't be read ({error}); put a TTF or OTF file into the brand folder."
        ) from error
