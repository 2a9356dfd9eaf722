"""Every picture of the catalogue: what stands where, in which light, seen from where. One entry per image file."""

from collections.abc import Callable
from dataclasses import dataclass

from . import home, packaged, sets, studio, terrace
from .product import Builder

Point = tuple[float, float, float]
PRODUCTS: dict[str, Builder] = {
    f.__name__: f
    for f in (
        packaged.bottle,
        packaged.carton,
        packaged.can,
        packaged.candle,
        packaged.soap,
        home.mug,
        home.cushion,
        home.kettle,
        home.towel,
    )
}
PORTRAIT, SQUARE, LANDSCAPE = (1200, 1500), (1500, 1500), (1500, 1125)


@dataclass(frozen=True)
class Item:
    """One product in the picture, turned about its own axis."""

    product: str
    colourway: str | None = None
    at: Point = (0, 0, 0)
    turn_deg: float = 0
    roll_deg: float = 0


@dataclass(frozen=True)
class Shot:
    """A picture; the camera orbits `aim` (angles as in studio.orbit), in scene units; no `f_stop`, all sharp."""

    items: tuple[Item, ...]
    place: Callable[[], None]
    azimuth_deg: float
    elevation_deg: float
    distance: float
    aim: Point
    lens_mm: float = 100
    f_stop: float | None = None
    focus: Point | None = None
    size_px: tuple[int, int] = PORTRAIT
    exposure: float = 0.3
    view: str = "Standard"
    samples: int = 6


def paper(
    colour: str, lamps: tuple[studio.Lamp, ...], world: float = 0.35, glow: float = 0.0, scale: float = 1.0
) -> Callable[[], None]:
    """A studio with a seamless paper backdrop."""

    def place() -> None:
        studio.cyclorama(colour, glow, scale)
        studio.light(lamps, world, scale=scale)

    return place


def _one(product: str, colourway: str | None = None, turn_deg: float = 0) -> tuple[Item, ...]:
    return (Item(product, colourway, turn_deg=turn_deg),)


WARM = "#e8e2d7"
WHITE = "#ffffff"
GREY = "#8f9294"
BLUSH = "#f0c9b8"
MIST = "#d5dbdc"

white = paper(WHITE, studio.HIGH_KEY, 0.45, glow=0.3)

SHOTS: dict[str, Shot] = {
    "hand-wash-front": Shot(_one("bottle"), paper(WARM, studio.SOFTBOX), 0, 6, 6.9, (0, 0, 0.98), samples=24),
    "hand-wash-angle": Shot(
        _one("bottle", turn_deg=14), paper(WARM, studio.STRIPS), 8, 16, 6.9, (0, 0, 0.97), samples=10
    ),
    "hand-wash-label": Shot(
        _one("bottle"),
        paper(WARM, studio.SOFTBOX),
        -6,
        4,
        2.6,
        (0, 0, 0.66),
        90,
        11,
        (0, -0.33, 0.66),
        SQUARE,
        samples=12,
    ),
    "hand-wash-pump": Shot(
        _one("bottle", turn_deg=-10),
        paper(WARM, studio.SIDE),
        14,
        24,
        2.6,
        (-0.12, 0, 1.62),
        90,
        8,
        (-0.1, -0.12, 1.75),
        SQUARE,
        samples=14,
    ),
    "hand-wash-shelf": Shot(
        _one("bottle", turn_deg=5),
        sets.bath,
        6,
        7,
        6.2,
        (0.12, 0, 1.12),
        62,
        3.2,
        (0, -0.33, 0.7),
        PORTRAIT,
        samples=16,
    ),
    "mug-sage-front": Shot(
        _one("mug", "sage"), paper(MIST, studio.SOFTBOX), -8, 14, 4.7, (0.14, 0, 0.46), size_px=SQUARE, samples=24
    ),
    "mug-sage-above": Shot(
        _one("mug", "sage", -28), paper(MIST, studio.SIDE), 0, 42, 4.8, (0.1, 0, 0.40), size_px=SQUARE
    ),
    "mug-sage-kitchen": Shot(
        _one("mug", "sage", -20), sets.kitchen, 8, 10, 4.6, (0.05, 0, 0.72), 55, 2.8, (0, -0.42, 0.6), PORTRAIT
    ),
    "mug-clay-front": Shot(
        _one("mug", "clay"), paper(MIST, studio.SOFTBOX), -8, 14, 4.7, (0.14, 0, 0.46), size_px=LANDSCAPE, samples=8
    ),
    "mug-clay-glaze": Shot(
        _one("mug", "clay", -25),
        paper(MIST, studio.SIDE),
        6,
        12,
        1.8,
        (0.12, 0, 0.36),
        80,
        8,
        (0.1, -0.4, 0.36),
        LANDSCAPE,
    ),
    "mug-pair": Shot(
        (Item("mug", "sage", (-0.62, 0.25, 0), -150), Item("mug", "clay", (0.5, -0.2, 0), 10)),
        paper(MIST, studio.CRISP, 0.45),
        0,
        20,
        8.2,
        (0.0, 0, 0.44),
        size_px=LANDSCAPE,
        samples=10,
    ),
    "mug-clay-desk": Shot(
        _one("mug", "clay", 15),
        sets.desk,
        -6,
        12,
        4.4,
        (0.1, 0, 0.66),
        55,
        2.8,
        (0, -0.42, 0.5),
        PORTRAIT,
        exposure=0.8,
    ),
    "tea-front": Shot(_one("carton"), white, 0, 5, 4.9, (0, 0, 0.64), exposure=-0.35, samples=14),
    "tea-three-quarter": Shot(_one("carton", turn_deg=34), white, 0, 16, 5.3, (0, 0, 0.62), exposure=-0.35, samples=24),
    "tea-side": Shot(_one("carton", turn_deg=-66), white, 0, 9, 5.0, (0, 0, 0.64), exposure=-0.35, samples=12),
    "tea-lid": Shot(
        _one("carton", turn_deg=28),
        white,
        0,
        38,
        3.3,
        (0.0, -0.1, 1.04),
        90,
        22,
        (0.05, -0.3, 1.1),
        SQUARE,
        -0.35,
        samples=14,
    ),
    "tea-kitchen": Shot(
        _one("carton", turn_deg=22), sets.kitchen, -4, 9, 4.3, (0.1, 0, 0.74), 55, 3.2, (0, -0.3, 0.7), PORTRAIT
    ),
    "cushion-sage-front": Shot(
        _one("cushion", "sage"),
        paper("#e9e6e0", studio.SOFTBOX, scale=3.2),
        0,
        4,
        15.6,
        (0, 0, 2.25),
        size_px=SQUARE,
        samples=8,
    ),
    "cushion-pair": Shot(
        (Item("cushion", "clay", (-1.5, 1.5, 0), 10), Item("cushion", "sage", (1.35, -0.4, 0), -16)),
        paper("#e9e6e0", studio.SIDE, scale=3.2),
        4,
        9,
        27,
        (0, 0, 2.2),
        size_px=LANDSCAPE,
        samples=8,
    ),
    "cushion-sage-weave": Shot(
        _one("cushion", "sage", 10),
        paper("#e9e6e0", studio.SIDE, scale=3.2),
        -8,
        12,
        5.4,
        (0.35, 0.05, 4.0),
        85,
        22,
        size_px=LANDSCAPE,
        samples=10,
    ),
    "cushion-sage-sofa": Shot(
        (Item("cushion", "sage", (-0.5, 1.6, 0.0), -8),),
        sets.sofa,
        6,
        11,
        15,
        (0.2, 0.5, 2.5),
        48,
        3.2,
        (-0.4, 0.4, 2.2),
        LANDSCAPE,
    ),
    "cushion-clay-front": Shot(
        _one("cushion", "clay"), paper("#e9e6e0", studio.SOFTBOX, scale=3.2), 0, 4, 15.6, (0, 0, 2.25), size_px=SQUARE
    ),
    "cushion-clay-corner": Shot(
        _one("cushion", "clay", -16),
        paper("#e9e6e0", studio.SIDE, scale=3.2),
        -14,
        12,
        6.6,
        (-1.35, -0.3, 3.75),
        85,
        16,
        size_px=SQUARE,
        samples=8,
    ),
    "cushion-clay-sofa": Shot(
        (Item("cushion", "clay", (0.4, 1.6, 0.0), 10),),
        sets.sofa,
        -10,
        9,
        14,
        (0.3, 0.5, 2.3),
        50,
        2.8,
        (0.4, 0.4, 2.2),
        PORTRAIT,
        0,
        samples=8,
    ),
    "can-front": Shot(_one("can"), paper(BLUSH, studio.STRIPS), 0, 7, 5.8, (0, 0, 0.79), samples=10),
    "can-back": Shot(_one("can", turn_deg=-118), paper(BLUSH, studio.SOFTBOX), 0, 13, 5.2, (0, 0, 0.78), samples=16),
    "can-trio": Shot(
        (
            Item("can", None, (0, -0.3, 0)),
            Item("can", None, (-0.68, 0.35, 0), 75),
            Item("can", None, (0.68, 0.4, 0), -65),
        ),
        paper(BLUSH, studio.CRISP, 0.5),
        0,
        12,
        7.4,
        (0, 0, 0.78),
        size_px=SQUARE,
    ),
    "can-top": Shot(
        _one("can", turn_deg=-12),
        paper(BLUSH, studio.SOFTBOX),
        6,
        46,
        2.2,
        (0, -0.02, 1.44),
        90,
        11,
        (0, -0.1, 1.5),
        LANDSCAPE,
    ),
    "can-terrace": Shot(
        _one("can", turn_deg=-6),
        terrace.terrace,
        -6,
        9,
        5.6,
        (0.38, 0, 0.84),
        62,
        4,
        (0, -0.28, 0.8),
        PORTRAIT,
        -0.3,
        samples=12,
    ),
    "candle-front": Shot(
        _one("candle"), paper("#d9cfc4", studio.STRIPS), 0, 8, 3.9, (0, 0, 0.47), size_px=PORTRAIT, samples=12
    ),
    "candle-angle": Shot(
        _one("candle", turn_deg=-10),
        paper("#d9cfc4", studio.SOFTBOX),
        0,
        22,
        4.1,
        (0, 0, 0.44),
        size_px=PORTRAIT,
        samples=12,
    ),
    "candle-wick": Shot(
        _one("candle"),
        paper("#d9cfc4", studio.SIDE),
        10,
        38,
        2.4,
        (0, 0, 0.74),
        85,
        8,
        (0.02, 0, 0.72),
        LANDSCAPE,
        samples=12,
    ),
    "candle-desk": Shot(
        _one("candle", turn_deg=-6),
        sets.desk,
        -4,
        9,
        5.0,
        (0.2, 0, 0.86),
        55,
        2.8,
        (0, -0.4, 0.5),
        PORTRAIT,
        samples=12,
        exposure=0.9,
    ),
    "kettle-front": Shot(_one("kettle"), paper(GREY, studio.STRIPS), 0, 8, 8.6, (-0.08, 0, 0.68), size_px=LANDSCAPE),
    "kettle-angle": Shot(
        _one("kettle", turn_deg=38), paper(GREY, studio.SOFTBOX), 0, 18, 8.8, (-0.05, 0, 0.64), size_px=LANDSCAPE
    ),
    "kettle-handle": Shot(
        _one("kettle", turn_deg=20),
        paper(GREY, studio.SIDE),
        16,
        20,
        3.6,
        (0.72, -0.2, 0.88),
        85,
        10,
        size_px=LANDSCAPE,
    ),
    "kettle-kitchen": Shot(
        _one("kettle", turn_deg=16), sets.kitchen, 4, 10, 6.6, (0, 0, 0.98), 50, 3.2, (0, -0.6, 0.7), PORTRAIT
    ),
    "soap-front": Shot(
        _one("soap", turn_deg=12),
        paper("#c9d2c4", studio.SOFTBOX),
        0,
        48,
        3.9,
        (0, 0, 0.13),
        size_px=LANDSCAPE,
        samples=10,
    ),
    "soap-stack": Shot(
        (Item("soap", "bare", (0, 0, 0), -8), Item("soap", None, (0.02, -0.01, 0.26), 10)),
        paper("#c9d2c4", studio.SIDE),
        -6,
        34,
        4.2,
        (0, 0, 0.28),
        size_px=LANDSCAPE,
    ),
    "soap-grain": Shot(
        _one("soap", "bare", -25),
        paper("#c9d2c4", studio.SIDE),
        8,
        30,
        1.9,
        (0.08, -0.1, 0.2),
        90,
        9,
        size_px=LANDSCAPE,
    ),
    "soap-shelf": Shot(
        (Item("soap", "bare", (0, 0, 0), 5), Item("soap", None, (0.0, 0.0, 0.26), -10)),
        sets.bath,
        -6,
        36,
        3.5,
        (0.05, -0.06, 0.34),
        60,
        5.6,
        (0, -0.2, 0.5),
        LANDSCAPE,
        -0.3,
        samples=10,
    ),
    "towel-front": Shot(
        _one("towel", turn_deg=-14),
        paper("#b9c0c4", studio.SOFTBOX, scale=1.8),
        0,
        20,
        11,
        (0, 0, 0.3),
        size_px=LANDSCAPE,
        samples=8,
    ),
    "towel-above": Shot(
        _one("towel", turn_deg=18),
        paper("#b9c0c4", studio.SIDE, scale=1.8),
        0,
        40,
        11.5,
        (0, 0, 0.25),
        size_px=LANDSCAPE,
        samples=8,
    ),
    "towel-fold": Shot(
        _one("towel", turn_deg=-22),
        paper("#b9c0c4", studio.SIDE, scale=1.8),
        6,
        16,
        4.6,
        (-0.5, -0.75, 0.3),
        85,
        8,
        size_px=LANDSCAPE,
        samples=10,
    ),
    "towel-bath": Shot(
        (Item("towel", None, (0, 0.25, 0), 6),),
        sets.bath,
        4,
        15,
        7.2,
        (0.05, 0, 0.62),
        55,
        4,
        (0, -0.6, 0.35),
        LANDSCAPE,
        samples=14,
    ),
}

TURNTABLE: dict[str, Shot] = {
    f"turntable-{k:02d}": Shot(
        _one("bottle", turn_deg=15.0 * k),
        paper(WARM, studio.SOFTBOX),
        0,
        6,
        6.9,
        (0, 0, 0.98),
        size_px=(576, 720),
        samples=12,
    )
    for k in range(24)
}
