"""Words of a product -> what it is made of, how high it may climb the honesty ladder, and who must approve it.

One table each for materials and rungs; restricted goods are told in `restricted.py`. What a photo shows of materials
comes from `frames/`.
"""

import re
from collections.abc import Sequence

from reel_pipeline.records import Cutout, Frame, Material, Rung
from reel_pipeline.shots.engines import Facts
from reel_pipeline.shots.restricted import restricted_kind
from reel_pipeline.shots.restricted_words import COSMETICS

MATERIAL_WORDS: dict[Material, str] = {
    Material.GLASS: r"glass|glassware|mirror(?:ed)?|lens(?:es)?|sunglasses|eyeglasses|crystal",
    Material.TRANSPARENT: r"transparent|translucent|see-through|sheer|acrylic"
    r"|clear (?:\w+ )?(?:bottle|glass|plastic|acrylic|jar|case|box|vase|mills?|tumblers?|cups?)",
    Material.METAL: r"metal(?:lic)?|(?:stainless )?steel|alumini?um|brass|copper|chrome|titanium|iron|pewter"
    r"|(?:gold|silver)-(?:tone|plated)|sterling silver|holographic|iridescent",
    Material.TEXTURED: r"crochet(?:ed)?|lace|laced|knit(?:ted)?|woven|weave|embroider(?:y|ed)|quilted|suede|velvet"
    r"|fringed?|tweed|corduroy|sequins?|sequined|fur|wool(?:len)?|linen|ruched|beaded|eyelet|fleece|boucl[eé]",
    Material.TECHNICAL: r"cameras?|watch(?:es)?|smartwatch(?:es)?|keyboards?|electronics?|headphones?|earbuds"
    r"|laptops?|smartphones?|tablets?|drones?|robots?|consoles?|printers?|speakers?|digital|appliances?"
    r"|(?:hair ?)?dryers?|(?:music|media|mp3) players?|monitors?|drills?",
    Material.TEXT_HEAVY: r"books?|dvds?|magazines?|posters?|calendars?|newspapers?|board games?|greeting cards?",
}
TEXT_HEAVY_LINES = 6
"""Label lines on one photo from which its text is what the product is about."""


HIGHEST_RUNG: dict[Material, Rung] = {
    Material.REGULATED: Rung.STILL_MOTION,
    Material.TEXT_HEAVY: Rung.STILL_MOTION,
    Material.GLASS: Rung.STILL_MOTION,
    Material.TRANSPARENT: Rung.STILL_MOTION,
    Material.METAL: Rung.PARALLAX,
    Material.TECHNICAL: Rung.PARALLAX,
    Material.TEXTURED: Rung.PARALLAX,
}
"""What a generator gets wrong first: refraction, small print, highlights, exact parts, weave."""
LADDER = tuple(Rung)
RUNG_CONFIDENCE = ((0.9, Rung.DIFFUSION), (0.8, Rung.COMPOSITE), (0.5, Rung.PARALLAX))
"""The least confidence of a product's surest cutout for each rung: with 0.85 it may be set into a built scene, but not
be animated by a model; below 0.5 its outline isn't trusted and nothing moves apart from its background."""
VIEWS_FOR_GENERATION = 3
"""A model may animate a product only if this many photos show it."""
RUNG_ADVICE: dict[Rung, str] = {
    Rung.STILL_MOTION: "Its photos may only be panned and zoomed.",
    Rung.PARALLAX: "Its photos may be moved in depth, with nothing added.",
    Rung.COMPOSITE: "It may be set into a built scene.",
    Rung.DIFFUSION: "It may be set into a built scene and animated.",
}


def materials_of(facts: Facts, frames: Sequence[Frame]) -> tuple[Material, ...]:
    """In the order of `Material`: from the product's words and from what `frames/` saw."""
    text = _all_text(facts)
    found = {material for material, words in MATERIAL_WORDS.items() if _has(words, f"{text} {facts.colour}")}
    for frame in frames:
        found.update(frame.materials)
        if len(frame.label_text) >= TEXT_HEAVY_LINES:
            found.add(Material.TEXT_HEAVY)
    if kind_of(facts, frames) not in (None, COSMETICS):
        found.add(Material.REGULATED)
    return tuple(material for material in Material if material in found)


def kind_of(facts: Facts, frames: Sequence[Frame]) -> str | None:
    """The kind of restricted goods that words or label name, or None."""
    return restricted_kind(facts, [line.text for frame in frames for line in frame.label_text])


def person_must_approve(kind: str | None) -> str:
    """The sentence that says why a reel of this kind of goods waits for a person; '' where it needn't."""
    if not kind:
        return ""
    instead = " A picture of its label's master artwork in the folder artwork/SKU does so too, where both agree."
    return (
        f"This looks like {kind}, which ad platforms restrict: a person must approve the reel before it is published."
        f"{instead if kind == COSMETICS else ''}"
    )


def highest_rung(materials: tuple[Material, ...], frames: tuple[Frame, ...], cutouts: tuple[Cutout, ...]) -> Rung:
    """The highest rung that a product may be shown by: the lowest of what materials, outline and number of views allow.

    A knitted hat is textured (at most parallax); a sure cutout of one photo would allow a composite: it gets parallax.
    """
    confidence = max((cutout.confidence for cutout in cutouts), default=0.0)
    by_outline = next((rung for least, rung in RUNG_CONFIDENCE if confidence >= least), Rung.STILL_MOTION)
    by_views = Rung.DIFFUSION if len(frames) >= VIEWS_FOR_GENERATION else Rung.COMPOSITE
    return min([by_outline, by_views, *(HIGHEST_RUNG[material] for material in materials)], key=LADDER.index)


def advice_for(materials: tuple[Material, ...], rung: Rung) -> str:
    """What a marketer should know about how this product may be shown."""
    better = [material.value for material in materials if material in (Material.TEXTURED, Material.TECHNICAL)]
    footage = f"This product is {' and '.join(better)}: real footage would show it better. " if better else ""
    return footage + RUNG_ADVICE[rung]


def _all_text(facts: Facts) -> str:
    return " . ".join((facts.title, facts.product_type, *facts.tags, facts.description))


def _has(pattern: str, text: str) -> bool:
    return re.search(rf"\b(?:{pattern})\b", text, re.I) is not None
