"""Is every word of a plan covered by the product's facts, and every move by its photos?

Nothing here calls the planner: what a plan claims is looked up again in the product and the frames.
"""

import re
import unicodedata
from collections.abc import Iterator

from reel_pipeline.media.boxes import area, holds
from reel_pipeline.media.letters import legible
from reel_pipeline.records import (
    BrandWords,
    Claim,
    Finding,
    Format,
    Frame,
    FrameClassification,
    Motion,
    Product,
    Role,
    Rung,
    Shot,
    ShotPlan,
    Take,
    ViewClass,
    folded,
)
from reel_pipeline.shots.suitability import HIGHEST_RUNG
from reel_pipeline.shots.views import MAX_UPSCALE, window_width_px
from reel_pipeline.shots.vocabulary import NEGATION, PRICE, RISKY

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
GLUE = frozenset({"a", "an", "and", "the", "in", "of", "from", "with", "&"})
"""Words that a line may add to its evidence; they carry no fact."""
SPOKEN_FIELDS = ("title", "description", "product_type", "colour", "vendor", "tags")
SAFE_MOTIONS: dict[Rung, frozenset[Motion]] = {
    Rung.STILL_MOTION: frozenset({Motion.PUSH_IN, Motion.PULL_OUT, Motion.PAN_LEFT, Motion.PAN_RIGHT}),
    Rung.PARALLAX: frozenset(Motion),
    Rung.COMPOSITE: frozenset(Motion),
    Rung.DIFFUSION: frozenset(Motion),
}


def claims_are_grounded(plan: ShotPlan, product: Product, words: BrandWords, overrides: dict[str, str]) -> Finding:
    """Passes when each line and caption says only what its fields hold: no price, banned word or risky claim."""
    spoken = claims = 0

    def found(passed: bool, sentence: str, shot: int = 0) -> Finding:
        measured = {"words": float(spoken), "claims": float(claims), "faulted_shot": float(shot)}
        return Finding(passed=passed, sentence=sentence, measured=measured)

    for edition in plan.editions.values():
        line = ""
        for shot in edition.shots:
            goes_on = _going_on_problems(shot, line) if shot.line_goes_on else ()
            for problem in (*goes_on, *_line_problems(shot, product, words, overrides)):
                return found(False, f"Shot {shot.number} {problem}", shot.number)
            line = line if shot.line_goes_on else shot.line
            spoken += len(_tokens(shot.line))
            claims += len(shot.claims)
        for problem in _closing_problems(edition.closing_line, product, words, overrides):
            return found(False, f"The closing line {problem}")
    return found(True, f"All {spoken} spoken words rest on fields of the product.")


def _going_on_problems(shot: Shot, line: str) -> Iterator[str]:
    """`line`: what was last begun to be said, '' where nothing was."""
    if not line:
        yield "goes on with the line of the shot before, but none is spoken there; plan this product again."
    if shot.line or shot.caption or shot.claims:
        yield "goes on with the line of the shot before, yet has words of its own; plan this product again."


def _line_problems(shot: Shot, product: Product, words: BrandWords, overrides: dict[str, str]) -> Iterator[str]:
    own = overrides.get(f"{shot.role.value}.line")
    if not shot.line and not shot.caption and not shot.claims:
        return
    if any(claim.field == "override" for claim in shot.claims):
        if own is None or _folded(own) != _folded(shot.line):
            yield f"says {shot.line!r} as the user's own words, but no override holds them; plan it again."
    elif not shot.claims:
        yield f"says {shot.line!r} without naming the field it comes from; plan this product again."
    else:
        yield from _evidence_problems(shot, product)
        if RISKY.search(shot.line):
            yield f"says {shot.line!r}, a claim that needs proof; reword the description or override the line."
    for text in (shot.line, shot.caption):
        yield from _forbidden(text, product, words)
    if set(_tokens(shot.caption)) - set(_tokens(shot.line)):
        yield f"shows the caption {shot.caption!r}, which says more than its line; plan this product again."


def _evidence_problems(shot: Shot, product: Product) -> Iterator[str]:
    supported: list[str] = []
    for claim in shot.claims:
        values = [_folded(value) for value in _values(product, claim.field)]
        evidence = _folded(claim.evidence)
        if not evidence or not any(evidence in value for value in values):
            yield f"rests on {claim.evidence!r}, which the product's {claim.field} does not hold; plan it again."
        elif all(_is_negated(evidence, value) for value in values if evidence in value):
            yield f"says {shot.line!r}, but the product's {claim.field} denies it; override the line."
        supported += _tokens(claim.evidence)
    loose = [token for token in _tokens(shot.line) if token not in GLUE]
    extra = [token for token in loose if token not in supported]
    if extra:
        yield f"says {extra[0]!r}, which no field of the product supports; plan it again."
    if not _in_order(loose, shot.claims):
        yield f"says {shot.line!r} in other words than the product's own; plan it again."


def _in_order(tokens: list[str], claims: tuple[Claim, ...]) -> bool:
    """Whether the words follow their evidence in its order: a shuffled sentence can say something else."""
    evidence = iter([token for claim in claims for token in _tokens(claim.evidence)])
    return all(token in evidence for token in tokens)


def _is_negated(evidence: str, value: str) -> bool:
    at = value.index(evidence)
    return NEGATION.search(value[:at]) is not None and value.count(evidence) == 1


def _forbidden(text: str, product: Product, words: BrandWords) -> Iterator[str]:
    folded = _folded(text)
    for banned in words.banned_words:
        phrase = _folded(banned)
        if phrase and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", folded):
            yield f"uses {banned!r}, which the brand bans; plan this product again or change the banned words."
    if PRICE.search(text) or (product.price and re.search(rf"(?<![\d.,]){re.escape(product.price)}(?![\d.,])", text)):
        yield f"names a price in {text!r}; prices change, so take it out of the description or override the line."


def _closing_problems(line: str, product: Product, words: BrandWords, overrides: dict[str, str]) -> Iterator[str]:
    allowed = (overrides.get("closing_line"), words.call_to_action, words.brand_name, product.vendor)
    if not any(_tokens(line) == _tokens(text) for text in allowed if text is not None):
        yield f"{line!r} is neither the brand's call to action nor the user's own; plan this product again."
    yield from _forbidden(line, product, words)


def motions_are_safe(plan: ShotPlan, classification: FrameClassification, colour: str | None = None) -> Finding:
    """Passes when each take shows a known photo of one colourway, inside its edges, by a move its material allows.

    `colour`: what this partition sells; where it is given, photos of another colour fail.
    """
    frames = {frame.photo: frame for frame in classification.frames}
    takes = 0

    def found(passed: bool, sentence: str, shot: int = 0) -> Finding:
        return Finding(passed=passed, sentence=sentence, measured={"takes": float(takes), "faulted_shot": float(shot)})

    for edition in plan.editions.values():
        seen = {material for frame in classification.frames for material in frame.materials}
        ceiling = min(
            (HIGHEST_RUNG[material] for material in {*edition.materials, *seen}), key=_height, default=Rung.DIFFUSION
        )
        used = [frames[take.photo] for shot in edition.shots for take in shot.takes if take.photo in frames]
        variants = {folded(frame.variant): frame.variant for frame in used if frame.variant}
        if len(variants) > 1 or (colour is not None and not all(frame.is_of(colour) for frame in used)):
            named = ", ".join(sorted(variants.values()))
            return found(False, f"The plan uses photos of another colour ({named}); plan this product again.")
        for shot in edition.shots:
            for take in shot.takes:
                for problem in _take_problems(shot.role, take, frames.get(take.photo), ceiling, edition.format):
                    return found(False, f"Shot {shot.number} {problem}; plan this product again.", shot.number)
                takes += 1
    return found(True, f"All {takes} takes stay inside what the photos show.")


def _take_problems(role: Role, take: Take, frame: Frame | None, ceiling: Rung, format: Format) -> Iterator[str]:
    if frame is None:
        yield f"uses the photo {take.photo}, which is not in the gallery"
        return
    if _height(take.rung) > _height(ceiling):
        yield f"would be made by {take.rung.value}, but this material allows {ceiling.value} at most"
    if take.motion not in SAFE_MOTIONS[take.rung]:
        yield f"asks for {take.motion.value}, which {take.rung.value} can't do"
    if take.motion is Motion.PARALLAX and (role is Role.TEXTURE or frame.view_class is ViewClass.DETAIL_CROP):
        yield "asks for parallax on a close-up, where there is no background to move"
    boxes = [("focus", take.focus_px_xywh), *((subject.kind.value, subject.box_px_xywh) for subject in take.subjects)]
    for name, box in boxes:
        if not (area(box) > 0 and holds((0, 0, frame.width_px, frame.height_px), box)):
            yield f"has a {name} box that lies outside its photo"
    product = frame.product_box_px_xywh
    is_part = take.focus_px_xywh[2] * take.focus_px_xywh[3] < 0.9 * product[2] * product[3]
    upscale = format.width_px / max(window_width_px(take.focus_px_xywh, format), 1.0)
    if is_part and upscale > MAX_UPSCALE + 0.01:
        yield f"would enlarge its photo {upscale:.1f} times, more than {MAX_UPSCALE}"


def _height(rung: Rung) -> int:
    return tuple(Rung).index(rung)


def _values(product: Product, field: str) -> tuple[str, ...]:
    if field not in SPOKEN_FIELDS:
        return ()
    value = getattr(product, field)
    return value if isinstance(value, tuple) else (value,)


def _folded(text: str) -> str:
    """Casefolded, as it can be read; white space and control characters as one space."""
    shown = (" " if unicodedata.category(char) == "Cc" else char for char in legible(text))
    return " ".join("".join(shown).casefold().split())


def _tokens(text: str) -> list[str]:
    """Casefolded words and numbers; `2.5` and `long-sleeve` are taken apart and compared part by part."""
    return [token.replace("’", "'") for token in TOKEN.findall(_folded(text))]
