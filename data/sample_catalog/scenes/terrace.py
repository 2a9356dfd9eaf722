"""A terrace at noon: one more place with depth, and the grapefruit that lie in it."""

import math

import numpy as np

from . import materials as m
from . import sets, shapes, studio


def terrace() -> None:
    """Noon on a terrace: a limewashed wall in the shade of leaves, a stone top, a grapefruit and half of another."""
    shapes.box("top", (20, 7, 0.5), (0, 0.2, -0.5), m.stone("travertine", "#e6dccb", "#cbb89c", 0.5), 0.04)
    shapes.box("wall", (26, 0.3, 12), (0, 3.0, -1), m.plaster("wall", "#d8a892"), 0.02)
    _grapefruit((1.02, 1.25, 0.56), 0.56)
    _half_grapefruit((0.84, 0.22, 0.47), 0.47, tilt_deg=-60, turn_deg=-14)
    shade = studio.orbit(-52, 42, 3.4, (0.2, 2.4, 1.9))
    for k, (dx, dz) in enumerate(((-1.3, 0.9), (-0.4, 1.5), (0.5, 1.2), (1.4, 0.4))):
        tip = (shade.x + dx, shade.y - 0.2 * k, shade.z + dz)
        sets.twig((shade.x + 0.4 * dx, shade.y, shade.z - 1.3), tip, "#5f7550", seed=20 + k)
    studio.sun(-52, 42, 4.6, 0.7, "#fff0d8")
    studio.light((studio.Lamp(66, 20, 6, (1.2, 4.5), 90), studio.Lamp(-72, 16, 6, (0.8, 4.5), 60)), 0.5, "#e9efff")


def _grapefruit(at: shapes.Point, radius: float) -> None:
    """A whole fruit, a little flat at the poles, lying on its side."""
    skin = m.plain("skin", "#e79a4e", 0.38, Subsurface_Weight=0.2, Subsurface_Scale=0.05)
    blush = m.mix(skin, m.ramp(skin, m.noise(skin, 1.4, 3), 0.38, 0.62), "#e9a24f", "#dc6f4c")
    m.link(skin, blush, m.shader(skin).inputs["Base Color"])
    m.bump(skin, m.noise(skin, 34, 2), 0.35, 0.012)
    arc = np.linspace(-np.pi / 2, np.pi / 2, 41)
    profile = [(radius * math.cos(a), radius * (0.93 - 0.05 * math.cos(a) ** 8) * math.sin(a), 0.0) for a in arc]
    fruit = shapes.lathe("grapefruit", profile, skin)
    fruit.location, fruit.rotation_euler = at, (math.radians(70), 0.3, 0.4)


def _half_grapefruit(at: shapes.Point, radius: float, tilt_deg: float, turn_deg: float) -> None:
    """A halved fruit with its cut face turned from straight up by the tilt: rind, pith and juicy segments."""
    skin = m.uneven(m.plain("rind", "#e6954f", 0.4), 30, 0.05, 0.1)
    pith = m.plain("pith", "#f6e3cf", 0.75, Subsurface_Weight=0.3, Subsurface_Scale=0.05)
    flesh = m.plain("flesh", "#dd4f48", 0.16, Subsurface_Weight=0.35, Subsurface_Scale=0.06, Coat_Weight=0.4)
    cells = m.noise(flesh, 22, 3)
    juice = m.mix(flesh, m.ramp(flesh, cells, 0.35, 0.65), "#d6433f", "#ee8473")
    m.link(flesh, juice, m.shader(flesh).inputs["Base Color"])
    m.bump(flesh, cells, 0.5, 0.02)
    arc = np.linspace(-np.pi / 2, 0, 25)
    parts = [
        shapes.lathe("rind", [(radius * math.cos(a), radius * math.sin(a), 0.0) for a in arc], skin),
        shapes.lathe("pith", [(0, 0, 0), (radius * 0.985, 0, 0.01), (radius, -0.01, 0)], pith),
    ]
    wedges = 11
    for k in range(wedges):
        middle, half = 2 * math.pi * k / wedges, 0.88 * math.pi / wedges
        reach, across = np.meshgrid(np.linspace(0.13, 0.88, 12), np.linspace(-1, 1, 9), indexing="ij")
        swell = np.clip((reach - 0.13) * (0.88 - reach) * 14, 0, 1) ** 0.35
        angle = middle + half * across * swell
        height = 0.004 + 0.022 * np.sqrt(np.clip(1 - across**2, 0, 1)) * swell
        grid = np.stack([radius * reach * np.cos(angle), radius * reach * np.sin(angle), height], -1).reshape(-1, 3)
        faces = [(j * 9 + i, (j + 1) * 9 + i, (j + 1) * 9 + i + 1, j * 9 + i + 1) for j in range(11) for i in range(8)]
        parts.append(shapes.mesh_object("wedge", grid, faces, flesh))
    for part in parts:
        part.location = at
        part.rotation_euler = (math.radians(-tilt_deg), 0, math.radians(turn_deg))
