"""Meshes made of arithmetic: lathes, sweeps, boxes, labels and an inflated cushion.

What a mesh looks like belongs in materials.py. Lengths are in scene units (10 cm), angles in degrees.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import bpy
import numpy as np

Point = tuple[float, float, float]


def mesh_object(
    name: str,
    vertices: np.ndarray | Sequence[Point],
    faces: Sequence[Sequence[int]],
    material: bpy.types.Material,
    uv: Sequence[tuple[float, float]] | None = None,
) -> bpy.types.Object:
    """Link a smooth mesh; `uv` is per vertex, (u, v) in [0, 1] with v up."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, vertex)) for vertex in vertices], [], faces)
    mesh.materials.append(material)
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    if uv is not None:
        layer = mesh.uv_layers.new()
        for loop in mesh.loops:
            layer.data[loop.index].uv = uv[loop.vertex_index]
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def fillet(corners: Sequence[Point], steps: int = 7) -> list[tuple[float, float]]:
    """Round a 2-D polyline: each corner is (x, y, rounding length along both edges)."""
    path = [corners[0][:2]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        here = np.array(corner[:2])
        if corner[2] == 0:
            path.append(tuple(here))
            continue
        toward = [np.array(other[:2]) - here for other in (before, after)]
        start, end = (
            here + edge / np.linalg.norm(edge) * min(corner[2], 0.5 * np.linalg.norm(edge)) for edge in toward
        )
        for t in np.linspace(0, 1, steps):
            path.append(tuple((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t**2 * end))
    return [*path, corners[-1][:2]]


def lathe(
    name: str,
    corners: Sequence[Point],
    material: bpy.types.Material,
    segments: int = 160,
    at: Point = (0, 0, 0),
    radius_gain: Callable[[float, float], float] = lambda angle_rad, z: 1.0,
) -> bpy.types.Object:
    """Spin (radius, z, rounding) corners about z; u is the turn from +y in [0, 1], v the height over the z range."""
    profile = fillet(corners)
    heights = [z for _, z in profile]
    low, span = min(heights), max(heights) - min(heights) or 1.0
    vertices, uv, faces = [], [], []
    for radius, z in profile:
        for k in range(segments + 1):
            angle = math.pi / 2 + 2 * math.pi * k / segments
            r = radius * radius_gain(angle, z)
            vertices.append((at[0] + r * math.cos(angle), at[1] + r * math.sin(angle), at[2] + z))
            uv.append((k / segments, (z - low) / span))
    row = segments + 1
    for j in range(len(profile) - 1):
        for k in range(segments):
            faces.append((j * row + k, j * row + k + 1, (j + 1) * row + k + 1, (j + 1) * row + k))
    thing = mesh_object(name, vertices, faces, material, uv)
    weld = thing.modifiers.new("weld", "WELD")
    weld.merge_threshold = 1e-5
    keep_flats(thing)
    return thing


def keep_flats(thing: bpy.types.Object) -> None:
    """Shade rounded edges without smearing the flat faces beside them."""
    thing.modifiers.new("normals", "WEIGHTED_NORMAL").keep_sharp = False


def smooth_path(points: Sequence[Point], per_span: int = 12) -> np.ndarray:
    """A Catmull-Rom curve through the points, (n, 3)."""
    ends = np.array([2 * np.array(points[0]) - points[1], *points, 2 * np.array(points[-1]) - points[-2]], float)
    path = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for t in np.arange(per_span) / per_span:
            path.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    return np.array([*path, points[-1]])


def sweep(
    name: str,
    points: Sequence[Point],
    radii: Sequence[tuple[float, float]],
    material: bpy.types.Material,
    sideways: Point = (0, 0, 1),
    segments: int = 32,
) -> bpy.types.Object:
    """A tube along a smooth curve; `radii` are (along `sideways`, across it), spread evenly along the curve."""
    path = smooth_path(points)
    at = np.linspace(0, 1, len(path))
    stops = np.linspace(0, 1, len(radii))
    wide = np.interp(at, stops, [r[0] for r in radii])
    thick = np.interp(at, stops, [r[1] for r in radii])
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    vertices, faces = [], []
    for p, tangent, a, b in zip(path, tangents, wide, thick, strict=True):
        side = np.array(sideways, float)
        side -= tangent * side.dot(tangent)
        side /= np.linalg.norm(side)
        up = np.cross(tangent, side)
        for k in range(segments):
            angle = 2 * math.pi * k / segments
            vertices.append(p + side * a * math.cos(angle) + up * b * math.sin(angle))
    for j in range(len(path) - 1):
        for k in range(segments):
            n = (k + 1) % segments
            faces.append((j * segments + k, j * segments + n, (j + 1) * segments + n, (j + 1) * segments + k))
    last = (len(path) - 1) * segments
    faces += [tuple(reversed(range(segments))), tuple(range(last, last + segments))]
    return mesh_object(name, vertices, faces, material)


def box(
    name: str,
    size: Point,
    at: Point,
    material: bpy.types.Material,
    bevel: float = 0.02,
    steps: int = 4,
    turn_deg: float = 0,
) -> bpy.types.Object:
    """A box standing on `at` (the middle of its bottom), with rounded edges and UVs that cover each face."""
    w, d, h = size
    corners = [(x * w / 2, y * d / 2, z * h) for z in (0, 1) for y in (-1, 1) for x in (-1, 1)]
    faces = [(0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6), (4, 5, 7, 6), (2, 3, 1, 0)]
    thing = mesh_object(name, corners, faces, material)
    layer = thing.data.uv_layers.new()
    for face in thing.data.polygons:
        for loop, uv in zip(face.loop_indices, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
            layer.data[loop].uv = uv
    thing.location, thing.rotation_euler.z = at, math.radians(turn_deg)
    round_edges = thing.modifiers.new("bevel", "BEVEL")
    round_edges.width, round_edges.segments = bevel, steps
    keep_flats(thing)
    return thing


def signed_power(x: np.ndarray, exponent: float) -> np.ndarray:
    return np.sign(x) * np.abs(x) ** exponent


def pillow_block(
    name: str, size: Point, at: Point, material: bpy.types.Material, roundness: float = 4.0, resolution: int = 48
) -> bpy.types.Object:
    """A superellipsoid bar standing on `at`: a soap bar, a seat pad. Higher `roundness` is boxier."""
    e = 2 / roundness
    v, u = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, resolution), np.linspace(-np.pi, np.pi, 2 * resolution + 1), indexing="ij"
    )
    w, d, h = (s / 2 for s in size)
    grid = np.stack(
        [
            w * signed_power(np.cos(v), e) * signed_power(np.cos(u), e),
            d * signed_power(np.cos(v), e) * signed_power(np.sin(u), e),
            h * signed_power(np.sin(v), e) + h,
        ],
        -1,
    )
    rows, columns = u.shape
    faces = [
        (j * columns + k, j * columns + k + 1, (j + 1) * columns + k + 1, (j + 1) * columns + k)
        for j in range(rows - 1)
        for k in range(columns - 1)
    ]
    thing = mesh_object(name, grid.reshape(-1, 3), faces, material)
    thing.location = at
    thing.modifiers.new("weld", "WELD").merge_threshold = 1e-4
    return thing


def wrapped_label(
    name: str, radius: float, low: float, high: float, width: float, material: bpy.types.Material, corner: float = 0.05
) -> bpy.types.Object:
    """A sticker with rounded corners on a cylinder's front, `width` measured along the paper."""
    offsets = np.concatenate(
        [corner * (1 - np.cos(np.linspace(0, np.pi / 2, 9))), np.linspace(corner, width - corner, 49)[1:-1]]
    )
    offsets = np.concatenate([offsets, width - offsets[8::-1]])
    vertices, uv, faces = [], [], []
    for s in offsets:
        inset = corner - min(s, width - s)
        cut = corner - math.sqrt(max(corner**2 - inset**2, 0)) if inset > 0 else 0.0
        for t in np.linspace(low + cut, high - cut, 5):
            angle = -math.pi / 2 + (s - width / 2) / radius
            vertices.append((radius * math.cos(angle), radius * math.sin(angle), t))
            uv.append((s / width, (t - low) / (high - low)))
    for j in range(len(offsets) - 1):
        for k in range(4):
            faces.append((j * 5 + k, (j + 1) * 5 + k, (j + 1) * 5 + k + 1, j * 5 + k + 1))
    return mesh_object(name, vertices, faces, material, uv)


def drape(
    name: str,
    height: Callable[[np.ndarray, np.ndarray], np.ndarray],
    size: tuple[float, float],
    material: bpy.types.Material,
    resolution: int = 120,
) -> bpy.types.Object:
    """A height field over a rectangle around the origin, e.g. a cloth laid on a table; UV in scene units."""
    x, y = np.meshgrid(
        np.linspace(-size[0] / 2, size[0] / 2, resolution), np.linspace(-size[1] / 2, size[1] / 2, resolution)
    )
    grid = np.stack([x, y, height(x, y)], -1).reshape(-1, 3)
    n = resolution
    faces = [
        (j * n + k, j * n + k + 1, (j + 1) * n + k + 1, (j + 1) * n + k) for j in range(n - 1) for k in range(n - 1)
    ]
    return mesh_object(name, grid, faces, material, [tuple(p[:2]) for p in grid])


def pile(cloth: bpy.types.Object, yarn: bpy.types.Material, loops: int, length: float, seed: int) -> None:
    """Cover a cloth with the curled yarn ends of terry."""
    cloth.data.materials.append(yarn)
    system = cloth.modifiers.new("pile", "PARTICLE_SYSTEM").particle_system
    system.seed = seed
    hair = system.settings
    hair.type, hair.count, hair.hair_length, hair.hair_step = "HAIR", loops, length, 4
    hair.use_modifier_stack, hair.use_advanced_hair = True, True
    hair.length_random, hair.brownian_factor = 0.4, 0.008
    hair.render_step = 2
    hair.kink, hair.kink_amplitude, hair.kink_frequency, hair.kink_shape = "CURL", 0.006, 2.0, 0.0
    hair.root_radius, hair.tip_radius, hair.radius_scale = 1.0, 0.8, 0.0055
    hair.distribution, hair.material = "RAND", 2


def _hollow(along: float) -> float:
    """How far a cushion's side is pulled in, 0 at its ends (-1, 1) and at most 1, with a slight ripple."""
    return (1 - along**2) * (1 + 0.12 * math.sin(9 * along + 1)) / 1.12


@lru_cache
def inflated_pillow(size: float, cells: int = 72, frames: int = 45) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Two square sheets sewn along their edges and blown up by Blender's cloth solver: vertices (n, 3) and faces.

    The sheets lie in xy around the origin; vertex order is the front sheet row by row, then the back's inner vertices.
    The seam is held where filling pulls it, hollow along the sides; the cloth between has 14 % of slack to bulge with.
    """
    line = np.linspace(-size / 2, size / 2, cells + 1)
    front = {(i, j): i * (cells + 1) + j for i in range(cells + 1) for j in range(cells + 1)}
    vertices = [(line[i], line[j], 0.03) for i, j in front]
    inner = [(i, j) for i in range(1, cells) for j in range(1, cells)]
    back = {**front, **{key: len(vertices) + n for n, key in enumerate(inner)}}
    vertices += [(line[i], line[j], -0.03) for i, j in inner]
    for (i, j), k in front.items():
        if i in (0, cells) or j in (0, cells):
            vertices[k] = (line[i], line[j], 0.0)
    faces = []
    for i in range(cells):
        for j in range(cells):
            ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            faces += [tuple(front[key] for key in ring), tuple(back[key] for key in reversed(ring))]
    half, waist = size / 2, 0.065
    vertices = [(x * (1 - waist * _hollow(y / half)), y * (1 - waist * _hollow(x / half)), z) for x, y, z in vertices]
    material = bpy.data.materials.new("unused")
    thing = mesh_object("sheet", vertices, faces, material)
    seam = thing.vertex_groups.new(name="seam")
    seam.add([k for (i, j), k in front.items() if i in (0, cells) or j in (0, cells)], 1.0, "REPLACE")
    cloth = thing.modifiers.new("cloth", "CLOTH")
    cloth.settings.quality = 8
    cloth.settings.mass = 0.2
    cloth.settings.tension_stiffness, cloth.settings.compression_stiffness = 18, 12
    cloth.settings.bending_stiffness = 0.25
    cloth.settings.vertex_group_mass, cloth.settings.shrink_min = seam.name, -0.14
    cloth.settings.use_pressure, cloth.settings.uniform_pressure_force = True, 2.5
    cloth.settings.effector_weights.gravity = 0
    scene = bpy.context.scene
    for frame in range(1, frames + 1):
        scene.frame_set(frame)
    solved = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    result = np.array([v.co[:] for v in solved.vertices])
    scene.frame_set(1)
    bpy.data.objects.remove(thing)
    return result, faces
