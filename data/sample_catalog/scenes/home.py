"""Products without a label, told apart by material and shape: mug, cushion, kettle, towel."""

import math
from itertools import pairwise
from pathlib import Path

import bpy
import numpy as np

from . import materials as m
from . import shapes
from .product import Product

GLAZES = {"sage": "#9aab8c", "clay": "#b4694a"}
LINENS = {"sage": ("#93a184", "#b3bda2"), "clay": ("#b06a4c", "#cf9576")}


def mug(artwork: Path, colourway: str | None) -> Product:
    """A 350 ml stoneware mug, thrown by hand: faint rings, glazed to a line above the foot."""
    material = m.stoneware("glaze", GLAZES[colourway or "sage"])
    r, h = 0.425, 0.92
    shapes.lathe(
        "cup",
        [
            (0, 0.03, 0),
            (0.27, 0.03, 0.02),
            (0.29, 0, 0.02),
            (0.33, 0, 0.03),
            (r, 0.13, 0.14),
            (r - 0.008, h, 0.022),
            (r - 0.052, h, 0.022),
            (r - 0.056, 0.16, 0.12),
            (0.25, 0.09, 0.1),
            (0, 0.085, 0),
        ],
        material,
        radius_gain=lambda angle, z: 1 + 0.0025 * math.sin(38 * z) + 0.003 * math.cos(2 * angle + 1),
    )
    shapes.sweep(
        "handle",
        [
            (0.385, 0, 0.74),
            (0.52, 0, 0.775),
            (0.66, 0, 0.71),
            (0.72, 0, 0.55),
            (0.68, 0, 0.38),
            (0.55, 0, 0.27),
            (0.385, 0, 0.255),
        ],
        [(0.085, 0.05), (0.068, 0.036), (0.062, 0.034), (0.062, 0.034), (0.064, 0.034), (0.072, 0.036), (0.09, 0.05)],
        material,
        sideways=(0, 1, 0),
    )
    _fuse(["cup", "handle"], 0.011)
    return Product()


def _fuse(names: list[str], voxel: float) -> None:
    """Melt objects into the first one, with soft joints like worked clay; the others are removed."""
    first, *others = (bpy.context.scene.objects[name] for name in names)
    for thing in (first, *others):
        solid = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
        thing.data = bpy.data.meshes.new_from_object(solid)
        thing.modifiers.clear()
    with bpy.context.temp_override(
        active_object=first, object=first, selected_objects=[first, *others], selected_editable_objects=[first, *others]
    ):
        bpy.ops.object.join()
    remesh = first.modifiers.new("remesh", "REMESH")
    remesh.mode, remesh.voxel_size, remesh.use_smooth_shade = "VOXEL", voxel, True
    smooth = first.modifiers.new("smooth", "SMOOTH")
    smooth.factor, smooth.iterations = 0.5, 8


def cushion(artwork: Path, colourway: str | None) -> Product:
    """A 45 cm linen cushion with piping, upright and leaning back a little; simulated as cloth."""
    colour, other = LINENS[colourway or "sage"]
    linen = m.woven("linen", colour, other, threads=72)
    size, cells = 4.7, 72
    vertices, faces = shapes.inflated_pillow(size, cells)
    flat = _sheet_uv(size, cells)
    tilt = math.radians(11)
    low = vertices[:, 1].min()
    upright = np.stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1] - low + 0.02], -1)
    y, z = upright[:, 1].copy(), upright[:, 2].copy()
    upright[:, 1], upright[:, 2] = y * math.cos(tilt) + z * math.sin(tilt), z * math.cos(tilt) - y * math.sin(tilt)
    upright[:, 2] -= upright[:, 2].min()
    body = shapes.mesh_object("cushion", upright, faces, linen, flat)
    body.modifiers.new("smooth", "SUBSURF").render_levels = 1
    rim = [i * (cells + 1) for i in range(cells + 1)]
    rim += [cells * (cells + 1) + j for j in range(1, cells + 1)]
    rim += [i * (cells + 1) + cells for i in range(cells - 1, -1, -1)]
    rim += list(range(cells - 1, -1, -1))
    cord = m.woven("cord", other, colour, threads=24, kind="Object")
    shapes.sweep(
        "piping", [tuple(upright[k]) for k in rim], [(0.05, 0.05)], cord, sideways=(0.02, 1, 0.01), segments=16
    )
    return Product()


def _sheet_uv(size: float, cells: int) -> list[tuple[float, float]]:
    """UVs in scene units for the vertex order of `shapes.inflated_pillow`."""
    line = np.linspace(0, size, cells + 1)
    return [(line[i], line[j]) for i in range(cells + 1) for j in range(cells + 1)] + [
        (line[i], line[j]) for i in range(1, cells) for j in range(1, cells)
    ]


def kettle(artwork: Path, colourway: str | None) -> Product:
    """A 1 litre gooseneck kettle: brushed steel body and lid, walnut handle and knob."""
    steel = m.brushed_steel("steel")
    walnut = m.wood("walnut", "#6b4630", "#3c2418", (6, 6, 0.5), 0.42)
    black = m.plain("gasket", "#161616", 0.5)
    shapes.lathe(
        "body",
        [
            (0, 0.02, 0),
            (0.66, 0.02, 0.02),
            (0.70, 0, 0.02),
            (0.74, 0, 0.05),
            (0.72, 0.16, 0.1),
            (0.50, 1.06, 0.12),
            (0.44, 1.12, 0.03),
            (0.425, 1.12, 0.006),
            (0.42, 1.06, 0),
        ],
        steel,
        256,
    )
    shapes.lathe(
        "lid",
        [(0.428, 1.118, 0), (0.428, 1.14, 0.01), (0.40, 1.155, 0.03), (0.10, 1.20, 0.06), (0, 1.20, 0)],
        steel,
        192,
    )
    shapes.lathe("neck", [(0.035, 1.19, 0), (0.035, 1.25, 0)], steel, 48)
    shapes.lathe(
        "knob", [(0, 1.235, 0), (0.07, 1.235, 0.03), (0.10, 1.30, 0.05), (0.075, 1.345, 0.04), (0, 1.35, 0)], walnut, 96
    )
    shapes.sweep(
        "spout",
        [
            (-0.62, 0, 0.22),
            (-0.86, 0, 0.26),
            (-0.98, 0, 0.46),
            (-0.97, 0, 0.72),
            (-1.02, 0, 0.95),
            (-1.17, 0, 1.08),
            (-1.29, 0, 1.075),
            (-1.325, 0, 1.045),
        ],
        [
            (0.115, 0.10),
            (0.085, 0.08),
            (0.072, 0.07),
            (0.062, 0.062),
            (0.056, 0.056),
            (0.050, 0.050),
            (0.047, 0.047),
            (0.046, 0.046),
        ],
        steel,
        sideways=(0, 1, 0),
        segments=48,
    )
    shapes.sweep(
        "bracket",
        [(0.50, 0, 0.94), (0.66, 0, 1.0), (0.80, 0, 1.02)],
        [(0.05, 0.03), (0.045, 0.024)],
        steel,
        sideways=(0, 1, 0),
    )
    shapes.sweep(
        "handle",
        [
            (0.74, 0, 1.01),
            (0.92, 0, 1.035),
            (1.05, 0, 0.97),
            (1.10, 0, 0.80),
            (1.12, 0, 0.55),
            (1.15, 0, 0.36),
            (1.19, 0, 0.27),
        ],
        [(0.06, 0.042), (0.075, 0.052), (0.08, 0.056), (0.08, 0.055), (0.078, 0.052), (0.072, 0.05), (0.05, 0.035)],
        walnut,
        sideways=(0, 1, 0),
    )
    shapes.lathe("foot", [(0.6, -0.0, 0), (0.69, 0.0, 0.003), (0.69, 0.02, 0)], black)
    return Product()


def towel(artwork: Path, colourway: str | None) -> Product:
    """A folded bath towel in undyed cotton terry: three soft layers, the fold towards the viewer."""
    yarn = m.plain("yarn", "#efe6d4", 0.95, Sheen_Weight=0.3, Sheen_Roughness=0.6, Specular_IOR_Level=0.1)
    ground = m.plain("ground", "#c4b699", 1.0, Specular_IOR_Level=0.0)
    m.bump(ground, m.noise(ground, 30, 3), 0.8, 0.02)
    rng = np.random.default_rng(4)
    w, d, layer = 2.9, 1.9, 0.19
    for k in range(3):
        phase = rng.uniform(0, 6, 4)
        radius = layer / 2 * (0.97 + 0.05 * rng.random())
        profile = [(-d / 2 + radius - radius * math.sin(a), radius * math.cos(a)) for a in np.linspace(0, math.pi, 19)]
        outline = (
            [(y, radius) for y in np.linspace(d / 2, -d / 2 + radius, 50)[:-1]]
            + profile
            + [(y, -radius) for y in np.linspace(-d / 2 + radius, d / 2, 50)[1:]]
        )
        arc = np.cumsum([0, *(math.dist(a, b) for a, b in pairwise(outline))])
        columns = np.linspace(-w / 2, w / 2, 120) * (1 - 0.012 * k)
        vertices, uv, faces = [], [], []
        for (y, z), s in zip(outline, arc, strict=True):
            for x in columns:
                soft = 1 - 0.10 * np.exp(-(((w / 2 - abs(x)) / 0.12) ** 2))
                sag = 0.012 * math.sin(1.9 * x + phase[0]) + 0.010 * math.sin(3.1 * y + phase[1]) * math.cos(1.3 * x)
                edge = 0.018 * math.sin(2.3 * x + phase[2]) + 0.008 * math.sin(6.1 * x + phase[3])
                vertices.append((x, y + edge * (0.5 - y / d), z * soft + sag * (0.3 + k * 0.35) + layer * (k + 0.5)))
                uv.append((x, s))
        n = len(columns)
        for j in range(len(outline) - 1):
            for i in range(n - 1):
                faces.append((j * n + i, j * n + i + 1, (j + 1) * n + i + 1, (j + 1) * n + i))
        cloth = shapes.mesh_object(f"layer{k}", vertices, faces, ground, uv)
        thick = cloth.modifiers.new("thickness", "SOLIDIFY")
        thick.thickness, thick.offset = 0.05, 0
        shapes.pile(cloth, yarn, loops=420_000, length=0.012, seed=k)
    return Product()
