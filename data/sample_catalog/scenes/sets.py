"""Places with depth for the lifestyle pictures: bath, kitchen, desk, sofa (terrace.py has one more).

Every prop is modelled here; nothing in a set carries words. Each function dresses the scene and lights it.
"""

import math

import bpy
import numpy as np

from . import materials as m
from . import shapes, studio


def bath() -> None:
    """A limestone shelf before hand-made tiles, light from the left, a folded towel, a bowl and a eucalyptus twig."""
    top = m.stone("limestone", "#d9d2c5", "#b9ad9b")
    shapes.box("shelf", (20, 9, 0.5), (0, -1.1, -0.5), top, 0.03)
    _tiles(y=3.2, colour="#b9c4b4")
    bowl = m.stoneware("bowl", "#e4ddd0", "#c9b79c", line=0.05)
    shapes.lathe(
        "bowl",
        [
            (0, 0.03, 0),
            (0.25, 0, 0.03),
            (0.62, 0.35, 0.25),
            (0.66, 0.5, 0.02),
            (0.62, 0.5, 0.02),
            (0.56, 0.34, 0.2),
            (0, 0.06, 0),
        ],
        bowl,
        at=(1.65, 1.9, 0),
    )
    ground, yarn = m.plain("flannel", "#cbbfa6", 1.0), m.plain("yarn", "#f1eadb", 0.95, Sheen_Weight=0.3)
    for k in range(2):
        size, at = (1.7 - 0.04 * k, 1.2, 0.2), (-1.75 + 0.03 * k, 1.75, 0.22 * k)
        flannel = shapes.pillow_block(f"flannel{k}", size, at, ground, 6.0)
        shapes.pile(flannel, yarn, loops=90_000, length=0.012, seed=7 + k)
    twig((1.55, 1.9, 0.35), (1.1, 0.2, 1.9), "#6f8a73", seed=3)
    twig((1.75, 1.9, 0.35), (2.3, 0.1, 1.5), "#7d967c", seed=5)
    studio.light(
        (studio.Lamp(-70, 32, 7, (3, 4), 620, "#fff3e2"), studio.Lamp(60, 40, 9, (4, 4), 120, "#eaf1ff")), 0.35
    )


def kitchen() -> None:
    """An oak worktop before a plaster wall in low sun through a mullioned window."""
    oak = m.wood("oak", "#b3966f", "#8c6c4a", (0.30, 5, 5), 0.48)
    for k in range(4):
        shapes.box(f"plank{k}", (22, 1.35, 0.4), (0.4 * k, -2.1 + 1.36 * k, -0.4), oak, 0.012)
    wall = m.plaster("wall", "#e7ded0")
    shapes.box("wall", (26, 0.3, 12), (0, 3.3, -1), wall, 0.02)
    board = m.wood("walnut", "#7b5236", "#4b2f1e", (5, 5, 0.35), 0.5)
    leaning = shapes.box("board", (1.9, 0.16, 2.7), (-1.9, 2.75, 0), board, 0.07)
    leaning.rotation_euler.x = math.radians(-7)
    vase = m.stoneware("vase", "#d9cdbb", "#b39a7d", line=0.1)
    shapes.lathe(
        "vase",
        [
            (0, 0.02, 0),
            (0.3, 0, 0.04),
            (0.52, 0.5, 0.35),
            (0.2, 1.15, 0.25),
            (0.24, 1.3, 0.02),
            (0.20, 1.3, 0.02),
            (0.16, 1.1, 0),
        ],
        vase,
        at=(1.9, 2.1, 0),
    )
    for k, (x, z) in enumerate(((1.3, 3.0), (2.1, 3.3), (2.8, 2.8))):
        twig((1.9, 2.1, 1.1), (x, 2.0, z), "#8a8f5c", seed=k)
    _linen_on_table((-1.0, -0.1), m.woven("napkin", "#dfe2dc", "#c5cbc5", threads=48))
    _window(azimuth_deg=-58, elevation_deg=31, strength=4.2)
    studio.light((studio.Lamp(-50, 40, 10, (5, 5), 250, "#eef3ff"),), 0.38, "#e6eeff")


def desk() -> None:
    """Evening: a dark walnut table, stacked cloth-bound books, a warm lamp out of view and its glow on the wall."""
    table = m.wood("walnut", "#5b3b27", "#37231a", (0.30, 5, 5), 0.38)
    shapes.box("table", (20, 7, 0.4), (0, 1, -0.4), table, 0.03)
    shapes.box("wall", (26, 0.3, 12), (0, 4.6, -1), m.plaster("wall", "#6d6a5f", 0.15), 0.02)
    pages = m.uneven(m.plain("pages", "#e8dfc8", 0.9))
    height = 0.0
    for k, (colour, turn, thick) in enumerate((("#7b4a3a", 4, 0.34), ("#c6b48c", -7, 0.26), ("#3f4f4a", 11, 0.22))):
        cover = m.woven(f"cover{k}", colour, colour, threads=18, kind="Object")
        at = (1.55, 1.5, height)
        shapes.box(f"low{k}", (1.9, 1.35, 0.03), at, cover, 0.012, turn_deg=turn)
        shapes.box(f"pages{k}", (1.84, 1.29, thick - 0.06), (at[0], at[1], height + 0.03), pages, 0.01, turn_deg=turn)
        shapes.box(f"high{k}", (1.9, 1.35, 0.03), (at[0], at[1], height + thick - 0.03), cover, 0.012, turn_deg=turn)
        height += thick
    bowl = m.stoneware("dish", "#2f3532", "#6d5c4a", line=0.02)
    shapes.lathe(
        "dish",
        [
            (0, 0.03, 0),
            (0.22, 0, 0.03),
            (0.42, 0.16, 0.15),
            (0.46, 0.26, 0.02),
            (0.43, 0.26, 0.02),
            (0.36, 0.15, 0.1),
            (0, 0.06, 0),
        ],
        bowl,
        at=(1.5, 1.45, height),
    )
    vase = m.uneven(m.plain("vase", "#8d8272", 0.7))
    shapes.lathe(
        "vase",
        [
            (0, 0.02, 0),
            (0.42, 0, 0.08),
            (0.5, 0.9, 0.4),
            (0.16, 1.3, 0.2),
            (0.17, 1.7, 0.02),
            (0.13, 1.7, 0.02),
            (0.12, 1.3, 0),
        ],
        vase,
        at=(-1.7, 2.4, 0),
    )
    for k, tip in enumerate(((-2.3, 2.3, 3.6), (-1.5, 2.5, 3.9), (-1.0, 2.2, 3.3))):
        twig((-1.7, 2.4, 1.6), tip, "#9a7a4d", seed=8 + k)
    studio.light(
        (
            studio.Lamp(-62, 34, 6, (1.6, 1.6), 330, "#ffd2a1"),
            studio.Lamp(130, 35, 6, (1.2, 2.5), 210, "#ffbe85"),
            studio.Lamp(25, 50, 8, (4, 4), 45, "#dfe8ff"),
        ),
        0.10,
        "#ffe9d0",
    )


def sofa() -> None:
    """A boucle sofa by a window; units suit the cushion (45 cm is 4.5)."""
    boucle = m.boucle("boucle", "#d8d0c2", "#b5aa98")
    for x in (-4.1, 4.1):
        shapes.pillow_block("seat", (8.1, 8.5, 2.2), (x, 0.2, -2.15), boucle, 9.0, 64)
        back = shapes.pillow_block("back", (8.0, 2.4, 6.2), (x, 4.6, -0.3), boucle, 7.0, 64)
        back.rotation_euler.x = math.radians(-12)
    throw = m.woven("throw", "#7d6a58", "#94806b", threads=26)
    cloth = shapes.drape(
        "throw",
        lambda x, y: 0.06 + 0.09 * np.sin(3.1 * x + 0.6 * np.sin(y)) ** 2 + 0.03 * np.sin(2 * y + x),
        (2.6, 7.6),
        throw,
    )
    cloth.location = (4.6, -0.5, 0.22)
    cloth.modifiers.new("thickness", "SOLIDIFY").thickness = 0.08
    shapes.box("wall", (60, 0.3, 30), (0, 8.5, -6), m.plaster("wall", "#e9e4da"), 0.02)
    _window(azimuth_deg=-50, elevation_deg=33, strength=3.6, scale=3.0)
    studio.light(
        (studio.Lamp(-60, 35, 8, (5, 5), 420, "#f3f6ff"), studio.Lamp(60, 45, 9, (5, 5), 110)),
        0.32,
        "#eef2ff",
        scale=3.0,
    )


def _tiles(y: float, colour: str, side: float = 0.98, joint: float = 0.05) -> None:
    """A wall of glazed tiles, each a little tilted and shaded its own way."""
    rng = np.random.default_rng(2)
    glazes = []
    for k in range(5):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        shift = int(9 * (k - 2))
        tile = m.plain(f"tile{k}", f"#{red + shift:02x}{green + shift:02x}{blue + shift:02x}", 0.12)
        m.bump(tile, m.noise(tile, 3, 3), 0.18, 0.05)
        glazes.append(tile)
    shapes.box("grout", (24, 0.2, 12), (0, y + 0.12, -1), m.plaster("grout", "#cfc9bd"), 0.01)
    pitch = side + joint
    first = shapes.box("tile", (side, 0.1, side), (0, 0, 0), glazes[0], 0.025)
    for row in range(6):
        for column in range(-7, 8):
            tile = first.copy()
            tile.data = first.data.copy()
            tile.data.materials[0] = glazes[rng.integers(5)]
            tile.location = ((column + 0.5 * (row % 2)) * pitch, y, row * pitch)
            tile.rotation_euler = rng.normal(0, 0.008, 3)
            bpy.context.scene.collection.objects.link(tile)
    bpy.data.objects.remove(first)


def twig(root: shapes.Point, tip: shapes.Point, colour: str, seed: int) -> None:
    """A stem with paired oval leaves, bent by its own weight."""
    rng = np.random.default_rng(seed)
    leaf = m.uneven(m.plain("leaf", colour, 0.55, Subsurface_Weight=0.15, Subsurface_Scale=0.03), 12, 0.08, 0.1)
    stem = m.plain("stem", "#6b5a3e", 0.8)
    a, b = np.array(root), np.array(tip)
    middle = (a + b) / 2 + np.array([0, 0, 0.18 * np.linalg.norm(b - a)])
    points = [tuple(p) for p in (a, middle * 0.5 + a * 0.5, middle, middle * 0.5 + b * 0.5, b)]
    shapes.sweep("stem", points, [(0.022, 0.022), (0.008, 0.008)], stem, sideways=(0.3, 1, 0.2), segments=10)
    path = shapes.smooth_path(points, 24)
    for k in range(14, len(path) - 1, 7):
        along = path[k + 1] - path[k - 1]
        along /= np.linalg.norm(along)
        for side in (-1, 1):
            out = np.cross(along, rng.normal((0, 1, 0), 0.5)) * side
            out = out / np.linalg.norm(out) + along * 0.6
            _leaf(
                path[k], out / np.linalg.norm(out), 0.34 * (1.15 - k / len(path)) * rng.uniform(0.85, 1.15), leaf, rng
            )


def _leaf(
    base: np.ndarray, direction: np.ndarray, length: float, material: m.Material, rng: np.random.Generator
) -> None:
    """One oval, cupped leaf."""
    side = np.cross(direction, rng.normal(0, 1, 3))
    side /= np.linalg.norm(side)
    normal = np.cross(direction, side)
    t, s = np.meshgrid(np.linspace(0, 1, 9), np.linspace(-1, 1, 5), indexing="ij")
    width = 0.36 * length * np.sin(np.pi * t**0.8) * s
    lift = 0.10 * length * s**2 - 0.18 * length * t**2
    grid = base + t[..., None] * length * direction + width[..., None] * side + lift[..., None] * normal
    faces = [(j * 5 + k, j * 5 + k + 1, (j + 1) * 5 + k + 1, (j + 1) * 5 + k) for j in range(8) for k in range(4)]
    shapes.mesh_object("leaf", grid.reshape(-1, 3), faces, material)


def _linen_on_table(at: tuple[float, float], material: m.Material) -> None:
    """A napkin laid down carelessly: soft folds that die out towards its rim."""

    def folds(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rim = np.clip(1.25 - np.maximum(abs(x), abs(y)), 0, 1)
        wave = np.sin(2.6 * x + 1.4 * y + 0.8 * np.sin(1.7 * y)) ** 4 * 0.12 + np.sin(1.3 * x - 2.9 * y + 1) ** 6 * 0.09
        return 0.012 + rim * wave

    napkin = shapes.drape("napkin", folds, (2.5, 2.5), material)
    napkin.location, napkin.rotation_euler.z = (*at, 0), math.radians(24)
    napkin.modifiers.new("thickness", "SOLIDIFY").thickness = 0.012


def _window(azimuth_deg: float, elevation_deg: float, strength: float, scale: float = 1.0) -> None:
    """Sun through a window frame out of view: soft bars of shade across the scene."""
    studio.sun(azimuth_deg, elevation_deg, strength, 1.2, "#ffe2b8")
    frame = m.plain("frame", "#ffffff", 0.8)
    centre = studio.orbit(azimuth_deg, elevation_deg, 11 * scale, (0, 0, 1.2 * scale))
    turn = azimuth_deg
    for offset in (-2.4, -0.8, 0.8, 2.4):
        a = math.radians(turn)
        at = (centre.x + offset * scale * math.cos(a), centre.y + offset * scale * math.sin(a), centre.z - 3.4 * scale)
        shapes.box("mullion", (0.16 * scale, 0.1 * scale, 6.8 * scale), at, frame, 0.01, turn_deg=turn)
    for height in (-3.4, -1.1, 1.1, 3.4):
        shapes.box(
            "bar",
            (5.2 * scale, 0.1 * scale, 0.16 * scale),
            (centre.x, centre.y, centre.z + height * scale),
            frame,
            0.01,
            turn_deg=turn,
        )
