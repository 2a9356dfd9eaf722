"""Products and labelled frames for tests of the planner, without pictures."""

from pathlib import Path

from reel_pipeline.engines import open_engine
from reel_pipeline.records import (
    BoxPx,
    BrandLook,
    BrandWords,
    Frame,
    FrameClassification,
    Material,
    PlanEdition,
    Preferences,
    Product,
    ProductCutout,
    ShotPlan,
    TextLine,
    ViewClass,
)
from reel_pipeline.shots.plan import plan_shots
from reel_pipeline.store import Store, open_store

SHIRT = Product(
    sku="SHIRT-1",
    title="Linen camp shirt",
    description="Short-sleeve shirt with an open collar and a patch pocket. "
    "Cut wide, woven in Portugal. Coconut buttons.",
    product_type="Shirt",
    vendor="Fernhill",
    colour="moss",
    price="64.00",
    tags=("shirt", "summer"),
)


def frame(
    position: int,
    view: ViewClass = ViewClass.FLAT_STUDIO,
    size: tuple[int, int] = (1200, 1600),
    variant: str | None = None,
    *,
    unsure: bool = False,
    sharpness: float = 300.0,
    duplicate_of: str | None = None,
    label: BoxPx | None = None,
    plain: bool = True,
    materials: tuple[Material, ...] = (),
) -> Frame:
    width, height = size
    fills = view is ViewClass.DETAIL_CROP
    left, top = (0, 0) if fills else (width // 6, height // 10)
    lines: tuple[TextLine, ...] = ()
    if label:
        x, y, w, h = label
        lines = (TextLine(text="LABEL", confidence=0.9, quad_px=((x, y), (x + w, y), (x + w, y + h), (x, y + h))),)
    return Frame(
        photo=f"{position:016x}",
        position=position,
        variant=variant,
        width_px=width,
        height_px=height,
        view_class=view,
        unsure=unsure,
        confidence=0.9,
        scores={kind: 0.91 if kind is view else 0.03 for kind in ViewClass},
        label_text=lines,
        sharpness=sharpness,
        backdrop_is_plain=plain and not fills,
        product_box_px_xywh=(left, top, width - 2 * left, height - 2 * top),
        duplicate_of=duplicate_of,
        materials=materials,
    )


GALLERY = (
    frame(1, ViewClass.FLAT_STUDIO),
    frame(2, ViewClass.MODEL_WORN),
    frame(3, ViewClass.DETAIL_CROP),
    frame(4, ViewClass.MODEL_WORN),
)


def store_in(folder: Path) -> Store:
    return open_store(str(folder / "store"), folder / "cache")


def plan(
    folder: Path,
    product: Product = SHIRT,
    frames: tuple[Frame, ...] = GALLERY,
    words: BrandWords | None = None,
    overrides: dict[str, str] | None = None,
    cutout: ProductCutout | None = None,
    prefer: Preferences = (),
) -> ShotPlan:
    return plan_shots(
        product,
        FrameClassification(frames=frames),
        cutout or ProductCutout(cutouts=()),
        BrandLook(),
        words or BrandWords(),
        overrides or {},
        prefer,
        open_engine("planner", "embedded"),
        store_in(folder),
    )


def lines(edition: PlanEdition) -> list[str]:
    return [shot.line for shot in edition.shots]
