"""Facts and labels -> the shots of a product's reel: what is shown, in which order, and what is said about it.

What each photo shows was decided in `frames/`; `voice/` speaks the lines next and so decides how long a shot lasts.
"""

from reel_pipeline.errors import PlanError
from reel_pipeline.records import (
    BrandLook,
    BrandWords,
    Frame,
    FrameClassification,
    Preferences,
    Product,
    ProductCutout,
    Role,
    ShotPlan,
)
from reel_pipeline.shots.engines import Facts, Planner, PlanRequest
from reel_pipeline.store import Store, jsonable

OVERRIDE_KEYS = ("closing_line", *(f"{role.value}.line" for role in Role))
"""`opening.line` and so on replace the line of the first shot with that role."""


def plan_shots(
    product: Product,
    classification: FrameClassification,
    cutout: ProductCutout,
    look: BrandLook,
    words: BrandWords,
    overrides: dict[str, str],
    prefer: Preferences,
    engine: Planner,
    store: Store,
) -> ShotPlan:
    """The plan of edition `main`, made at most once for the same facts.

    Raises `PlanError` with the remedy when no honest plan exists: no photo of the right variant, nothing that may be
    said, or an override that can't be used.
    """
    _refuse_unknown(overrides)
    frames = usable_frames(product.colour, classification)
    if not frames:
        raise PlanError(_no_frames_sentence(product.colour, classification))
    request = PlanRequest(
        facts=Facts(
            title=product.title,
            description=product.description,
            product_type=product.product_type,
            vendor=product.vendor,
            colour=product.colour,
            tags=product.tags,
            collections=product.collections,
        ),
        frames=frames,
        cutouts=cutout.cutouts,
        look=look,
        words=words.model_copy(update={"show_price": False, "disclaimer": ""}),  # neither is spoken
        overrides=overrides,
        prefer=prefer,
    )
    return store.remember("plan_shots", engine, jsonable(request), ShotPlan, lambda: engine.plan(request))


def usable_frames(colour: str, classification: FrameClassification) -> tuple[Frame, ...]:
    """Frames of this colourway or of none in particular, without repeats of an earlier picture."""
    return tuple(frame for frame in classification.frames if frame.duplicate_of is None and frame.is_of(colour))


def _refuse_unknown(overrides: dict[str, str]) -> None:
    unknown = sorted(set(overrides) - set(OVERRIDE_KEYS))
    if unknown:
        raise PlanError(f"The override {unknown[0]!r} is not known; use one of: {', '.join(OVERRIDE_KEYS)}.")


def _no_frames_sentence(colour: str, classification: FrameClassification) -> str:
    if not classification.frames:
        return "This product has no photo that can be shown; upload at least one product photo."
    if colour:
        return f"No photo shows the colour {colour!r}; assign at least one photo to it, or to no colour in particular."
    return "Every photo belongs to a colour, but this product names none; fill in its colour or unassign one photo."
