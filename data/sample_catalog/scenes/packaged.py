"""Products whose label is what a reel must not change: bottle, carton, can, candle, wrapped soap."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from . import materials as m
from . import shapes
from .product import Product, on_cylinder, on_plane


def bottle(artwork: Path, colourway: str | None) -> Product:
    """Hand wash, 300 ml: green plastic, paper label, black pump."""
    plastic = m.uneven(m.plain("plastic", "#27493c", 0.22, Coat_Weight=0.3, Coat_Roughness=0.08), 5, 0.05, 0.02)
    black = m.uneven(m.plain("pump", "#1b1b1b", 0.36), 9, 0.06, 0.02)
    r = 0.335
    shapes.lathe(
        "body",
        [
            (0, 0.03, 0),
            (0.24, 0.03, 0.02),
            (0.27, 0, 0.02),
            (r, 0, 0.06),
            (r, 1.22, 0.22),
            (0.15, 1.34, 0.06),
            (0.15, 1.42, 0),
        ],
        plastic,
    )
    shapes.lathe(
        "collar",
        [
            (0, 1.41, 0),
            (0.185, 1.41, 0.012),
            (0.185, 1.585, 0.02),
            (0.12, 1.60, 0.02),
            (0.105, 1.66, 0.015),
            (0, 1.66, 0),
        ],
        black,
        segments=288,
        radius_gain=lambda angle, z: 1 + 0.022 * (z > 1.42 and z < 1.58) * max(math.sin(48 * angle), -0.2),
    )
    shapes.lathe("stem", [(0.05, 1.6, 0), (0.05, 1.85, 0)], black, 48)
    shapes.lathe(
        "head", [(0, 1.82, 0), (0.11, 1.82, 0.02), (0.135, 1.92, 0.03), (0.12, 1.975, 0.03), (0, 1.985, 0.02)], black
    )
    shapes.sweep(
        "nozzle",
        [(0.0, 0, 1.905), (-0.2, 0, 1.91), (-0.36, 0, 1.905), (-0.44, 0, 1.86), (-0.452, 0, 1.82)],
        [(0.06, 0.062), (0.055, 0.055), (0.048, 0.046), (0.04, 0.04), (0.038, 0.038)],
        black,
        sideways=(0, 1, 0),
    )
    width, low, high = 0.78, 0.16, 1.074
    label = shapes.wrapped_label(
        "label", r + 0.0015, low, high, width, m.printed("paper", artwork / "bottle.png", 0.55)
    )
    label.modifiers.new("paper", "SOLIDIFY").thickness = 0.0015
    shapes.keep_flats(label)
    return Product([on_cylinder("bottle", r + 0.0015, low, high, width)])


def carton(artwork: Path, colourway: str | None) -> Product:
    """A tea carton, 92 x 58 x 128 mm: four walls and a tucked lid, printed on all sides and the top."""
    w, d, h, board = 0.92, 0.575, 1.28, 0.006
    front, side, top = (
        m.printed(n, artwork / f"{n}.png", 0.42, 0.04) for n in ("carton_front", "carton_side", "carton_top")
    )
    raw = m.uneven(m.plain("board", "#cdbfa6", 0.9))
    x, y, corner = w / 2, d / 2, 0.012
    for name, print_, start, end in (
        ("front", front, (-x, -y), (x, -y)),
        ("right", side, (x, -y), (x, y)),
        ("back", front, (x, y), (-x, y)),
        ("left", side, (-x, y), (-x, -y)),
    ):
        _wall(name, print_, np.array(start), np.array(end), h, corner)
    shapes.box("inside", (w - 2 * board, d - 2 * board, h - 0.02), (0, 0, 0.004), raw, 0.004)
    _lid(top, w - 0.008, d, h)
    return Product(
        [
            on_plane("carton_front", (-x, -y, 0), (w, 0, 0), (0, 0, h)),
            on_plane("carton_side", (x, -y, 0), (0, d, 0), (0, 0, h)),
            on_plane("carton_side", (-x, y, 0), (0, -d, 0), (0, 0, h)),
            on_plane("carton_front", (x, y, 0), (-w, 0, 0), (0, 0, h)),
        ]
    )


def _wall(name: str, print_: m.Material, start: np.ndarray, end: np.ndarray, height: float, corner: float) -> None:
    """A printed wall that bulges 0.6 % of its width and turns a rounded half corner at both ends."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    outward = np.array([along[1], -along[0]])
    across = np.concatenate(
        [corner * (1 - np.cos(np.linspace(0.01, np.pi / 2, 6))), np.linspace(corner, length - corner, 21)[1:-1]]
    )
    across = np.concatenate([across, length - across[5::-1]])
    vertices, uv, faces = [], [], []
    for s in across:
        near = min(s, length - s)
        inset = corner * (1 - 1 / math.sqrt(2)) * max(1 - near / corner, 0) ** 2 if near < corner else 0.0
        for t in np.linspace(0, 1, 13):
            bulge = 0.006 * math.sin(math.pi * s / length) * math.sin(math.pi * t)
            point = (
                start + along * (corner * 0.29 + (s / length) * (length - corner * 0.58)) + outward * (bulge - inset)
            )
            vertices.append((point[0], point[1], t * height))
            uv.append((s / length, t))
    for j in range(len(across) - 1):
        for k in range(12):
            faces.append((j * 13 + k, (j + 1) * 13 + k, (j + 1) * 13 + k + 1, j * 13 + k + 1))
    shapes.mesh_object(name, vertices, faces, print_, uv)


def _lid(print_: m.Material, width: float, depth: float, height: float) -> None:
    """The lid springs from the back wall, lies a little high at the front and tucks in behind the front wall."""
    y = depth / 2
    profile = shapes.fillet(
        [
            (y - 0.001, height - 0.02, 0),
            (y - 0.001, height + 0.002, 0.02),
            (-y + 0.012, height + 0.011, 0.05),
            (-y + 0.02, height - 0.14, 0),
        ],
        10,
    )
    arc = np.cumsum([0, *(math.dist(a, b) for a, b in pairwise(profile))])
    flat = depth + 0.02
    vertices, uv, faces = [], [], []
    for (py, pz), s in zip(profile, arc, strict=True):
        for k in range(13):
            vertices.append(((k / 12 - 0.5) * width, py, pz + 0.004 * math.sin(math.pi * k / 12)))
            uv.append((k / 12, 1 - min(s / flat, 1)))
    for j in range(len(profile) - 1):
        for k in range(12):
            faces.append((j * 13 + k, j * 13 + k + 1, (j + 1) * 13 + k + 1, (j + 1) * 13 + k))
    lid = shapes.mesh_object("lid", vertices, faces, print_, uv)
    lid.modifiers.new("board", "SOLIDIFY").thickness = 0.006
    shapes.keep_flats(lid)


def can(artwork: Path, colourway: str | None) -> Product:
    """Sparkling water, 330 ml sleek can: printed aluminium, bare ends, ring pull."""
    r, low, high = 0.288, 0.075, 1.39
    metal = m.brushed_steel("aluminium", colour="#d6d6d6", roughness=0.22)
    ink = m.uneven(
        m.printed("ink", artwork / "can.png", 0.33, 0.0, Metallic=0.35, Coat_Weight=0.25, Coat_Roughness=0.2),
        4,
        0.04,
        0.01,
    )
    shapes.lathe("wall", [(r, low, 0), (r, high, 0)], ink, 224)
    shapes.lathe(
        "base",
        [(0, 0.06, 0), (0.18, 0.05, 0.04), (0.205, 0, 0.02), (0.23, 0, 0.02), (r, low - 0.012, 0.02), (r, low, 0)],
        metal,
    )
    shapes.lathe(
        "neck",
        [
            (r, high, 0),
            (r, high + 0.02, 0.02),
            (0.235, high + 0.125, 0.03),
            (0.233, high + 0.14, 0.008),
            (0.256, high + 0.15, 0.012),
            (0.256, high + 0.175, 0.012),
            (0.236, high + 0.18, 0.01),
            (0.226, high + 0.12, 0.012),
            (0.19, high + 0.115, 0.01),
            (0.18, high + 0.14, 0.012),
            (0, high + 0.14, 0),
        ],
        metal,
    )
    z = high + 0.147
    ring = [
        (0.06 * math.cos(a), -0.02 + 0.075 * math.sin(a) - 0.06, z + 0.012)
        for a in np.linspace(0.4, 2 * math.pi + 0.4, 14)
    ]
    shapes.sweep("ring", ring, [(0.008, 0.014)], metal)
    shapes.box("tab", (0.085, 0.11, 0.012), (0, 0.045, z + 0.004), metal, 0.005)
    shapes.lathe("rivet", [(0, z + 0.025, 0), (0.022, z + 0.022, 0.008), (0.024, z, 0)], metal, 32)
    shapes.sweep(
        "score",
        [(0.10 * math.cos(a), 0.07 + 0.075 * math.sin(a), z - 0.008) for a in np.linspace(-0.6, 3.8, 16)],
        [(0.005, 0.005)],
        metal,
    )
    return Product([on_cylinder("can", r, low, high, 2 * math.pi * r)])


def candle(artwork: Path, colourway: str | None) -> Product:
    """A 220 g candle: thick-bottomed tumbler, soy wax with a shallow melt pool, cotton wick, paper label."""
    r, wall, h = 0.40, 0.028, 0.92
    clear = m.glass("tumbler")
    shapes.lathe(
        "tumbler",
        [
            (0, 0.03, 0),
            (0.28, 0.028, 0.03),
            (0.32, 0, 0.03),
            (r, 0, 0.09),
            (r, h, 0.014),
            (r - wall, h, 0.014),
            (r - wall, 0.085, 0.07),
            (0, 0.085, 0),
        ],
        clear,
        224,
    )
    wax = m.plain("wax", "#f6e3bd", 0.45, Subsurface_Weight=0.6, Subsurface_Scale=0.12)
    m.bump(wax, m.noise(wax, 4, 4), 0.08, 0.03)
    inner = r - wall - 0.001
    shapes.lathe(
        "wax",
        [
            (0, 0.087, 0),
            (inner - 0.06, 0.087, 0.02),
            (inner, 0.15, 0.06),
            (inner, 0.66, 0.02),
            (inner - 0.03, 0.648, 0.02),
            (0.05, 0.64, 0.02),
            (0, 0.65, 0),
        ],
        wax,
    )
    wick = m.uneven(m.plain("wick", "#e9e0cc", 0.9))
    shapes.sweep(
        "wick", [(0, 0, 0.64), (0.002, 0, 0.70), (0.012, 0.003, 0.75), (0.02, 0.004, 0.775)], [(0.011, 0.011)], wick
    )
    shapes.sweep(
        "char",
        [(0.016, 0.0035, 0.765), (0.022, 0.004, 0.782), (0.03, 0.004, 0.79)],
        [(0.0115, 0.0115), (0.009, 0.009)],
        m.plain("char", "#15120f", 0.9),
    )
    width, low, high = 0.66, 0.17, 0.718
    label = shapes.wrapped_label(
        "label", r + 0.0015, low, high, width, m.printed("paper", artwork / "candle.png", 0.5), corner=0.015
    )
    label.modifiers.new("paper", "SOLIDIFY").thickness = 0.0015
    shapes.keep_flats(label)
    return Product([on_cylinder("candle", r + 0.0015, low, high, width)])


def soap(artwork: Path, colourway: str | None) -> Product:
    """A 120 g oat soap bar lying in a paper band."""
    cream = m.plain("soap", "#e6d2ae", 0.5, Subsurface_Weight=0.35, Subsurface_Scale=0.08)
    flecks = m.mix(
        cream,
        m.ramp(cream, m.noise(cream, 26, 2), 0.66, 0.70),
        m.mix(cream, m.ramp(cream, m.noise(cream, 3, 5), 0.4, 0.7), "#e6d2ae", "#dcc398"),
        "#9a7344",
    )
    m.link(cream, flecks, m.shader(cream).inputs["Base Color"])
    m.bump(cream, m.noise(cream, 12, 5), 0.12, 0.02)
    w, d, h = 0.86, 0.58, 0.26
    shapes.pillow_block("bar", (w, d, h), (0, 0, 0), cream, 7.0, 96)
    if colourway == "bare":
        return Product()
    band, deep, off = 0.60, 0.41, 0.005
    ring = np.linspace(0, 2 * math.pi, 241)
    y = (d / 2 + off) * shapes.signed_power(np.cos(ring), 2 / 7)
    z = (h / 2 + off) * shapes.signed_power(np.sin(ring), 2 / 7) + h / 2
    columns = np.linspace(-band / 2, band / 2, 25)
    vertices = [(x, py, max(pz, 0.001)) for py, pz in zip(y, z, strict=True) for x in columns]
    uv = [(x / band + 0.5, py / deep + 0.5) for py in y for x in columns]
    faces = [
        (j * 25 + k, j * 25 + k + 1, (j + 1) * 25 + k + 1, (j + 1) * 25 + k) for j in range(240) for k in range(24)
    ]
    paper = shapes.mesh_object("band", vertices, faces, m.printed("paper", artwork / "soap_band.png", 0.7, 0.12), uv)
    paper.modifiers.new("paper", "SOLIDIFY").thickness = 0.003
    shapes.keep_flats(paper)
    return Product([on_plane("soap_band", (-band / 2, -deep / 2, h + off), (band, 0, 0), (0, deep, 0))])
