"""What a product builder hands over: where its labels lie. The objects it linked are found by the caller."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Label:
    """Printed artwork on a product; `surface` maps its (u, v), v up, to a point in the product's frame."""

    artwork: str
    surface: Callable[[float, float], Point]


@dataclass
class Product:
    """A product standing at the origin, front towards -y; lengths in scene units (10 cm)."""

    labels: list[Label] = field(default_factory=list)


Builder = Callable[[Path, str | None], Product]
"""(artwork folder, colourway) -> the product, linked into the scene."""


def on_cylinder(artwork: str, radius: float, low: float, high: float, width: float) -> Label:
    """A label wrapped around z, its middle at -y, `width` along the surface."""

    def surface(u: float, v: float) -> Point:
        angle = -math.pi / 2 + (u - 0.5) * width / radius
        return radius * math.cos(angle), radius * math.sin(angle), low + v * (high - low)

    return Label(artwork, surface)


def on_plane(artwork: str, origin: Point, along_u: Point, along_v: Point) -> Label:
    """A flat label from its lower left corner and its two edges."""

    def surface(u: float, v: float) -> Point:
        x, y, z = (o + u * a + v * b for o, a, b in zip(origin, along_u, along_v, strict=True))
        return x, y, z

    return Label(artwork, surface)
