"""Backdrops, lamps and the camera of every picture. Products come from packaged.py and home.py, props from sets.py."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
from mathutils import Vector

from . import materials as m
from . import shapes

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A softbox aimed at `aim`: azimuth from the front, positive to the right; distance and size in scene units."""

    azimuth_deg: float
    elevation_deg: float
    distance: float
    size: tuple[float, float]
    power_w: float
    tint: str = "#ffffff"
    aim: Point = (0, 0, 0.7)


SOFTBOX = (
    Lamp(-52, 38, 7, (3.2, 3.2), 240),
    Lamp(62, 22, 8, (2.5, 3.5), 80),
    Lamp(0, 78, 6, (4, 3), 120),
)
STRIPS = (
    Lamp(-68, 14, 5, (0.9, 4.5), 120),
    Lamp(74, 16, 5, (0.7, 4.5), 85),
    Lamp(0, 72, 6, (4, 2.5), 150),
)
HIGH_KEY = (
    Lamp(38, 48, 8, (3, 3), 330),
    Lamp(-60, 30, 8, (5, 5), 60),
    Lamp(0, 80, 7, (3, 3), 190),
)
CRISP = (
    Lamp(-38, 44, 9, (0.7, 0.7), 415, "#fff4e4"),
    Lamp(70, 30, 8, (4, 4), 70),
)
SIDE = (
    Lamp(-72, 26, 6, (2, 3.2), 330, "#fff6ea"),
    Lamp(40, 60, 8, (4, 4), 80),
)


def orbit(azimuth_deg: float, elevation_deg: float, distance: float, aim: Point) -> Vector:
    """A point around `aim`; azimuth 0 is the front (-y), positive to the right."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return Vector(aim) + distance * Vector((math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e)))


def look(thing: bpy.types.Object, at: Point) -> None:
    thing.rotation_euler = (Vector(at) - thing.location).to_track_quat("-Z", "Y").to_euler()


def light(lamps: Sequence[Lamp], world: float, world_tint: str = "#ffffff", scale: float = 1.0) -> None:
    """Place lamps and an even ambient light; `scale` enlarges the whole rig for big products at equal brightness."""
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("world")
    background = scene.world.node_tree.nodes["Background"]
    background.inputs[0].default_value = m.linear(world_tint)
    background.inputs[1].default_value = world
    for k, lamp in enumerate(lamps):
        data = bpy.data.lights.new(f"lamp{k}", "AREA")
        data.shape, data.size, data.size_y = "RECTANGLE", lamp.size[0] * scale, lamp.size[1] * scale
        data.energy = lamp.power_w * scale**2
        data.color = m.linear(lamp.tint)[:3]
        thing = bpy.data.objects.new(data.name, data)
        aim = tuple(c * scale for c in lamp.aim)
        thing.location = orbit(lamp.azimuth_deg, lamp.elevation_deg, lamp.distance * scale, aim)
        look(thing, aim)
        scene.collection.objects.link(thing)


def sun(azimuth_deg: float, elevation_deg: float, strength: float, spread_deg: float, tint: str) -> None:
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.angle, data.color = strength, math.radians(spread_deg), m.linear(tint)[:3]
    thing = bpy.data.objects.new("sun", data)
    thing.location = orbit(azimuth_deg, elevation_deg, 30, (0, 0, 0))
    look(thing, (0, 0, 0))
    bpy.context.scene.collection.objects.link(thing)


def cyclorama(colour: str, glow: float = 0.0, scale: float = 1.0) -> None:
    """Paper from the floor up the wall in one curve; `glow` lifts it for the camera, as lamps on the paper would."""
    paper = m.plain("paper", colour, 1.0, Specular_IOR_Level=0.0)
    if glow:
        seen = m.add(paper, "LightPath").outputs["Is Camera Ray"]
        m.link(paper, m.ramp(paper, seen, 0, 1, 0, glow), m.shader(paper).inputs["Emission Strength"])
        m.shader(paper).inputs["Emission Color"].default_value = (1, 1, 1, 1)
    path = shapes.fillet([(-14, 0, 0), (4.5, 0, 3), (4.5, 14, 0)], 40)
    vertices = [(x * scale, y * scale, z * scale) for y, z in path for x in (-16, 16)]
    faces = [(2 * k, 2 * k + 1, 2 * k + 3, 2 * k + 2) for k in range(len(path) - 1)]
    shapes.mesh_object("cyclorama", vertices, faces, paper)


def camera(
    azimuth_deg: float,
    elevation_deg: float,
    distance: float,
    aim: Point,
    lens_mm: float,
    f_stop: float | None,
    focus: Point | None,
) -> bpy.types.Object:
    """A 36 mm sensor camera; `f_stop` None keeps everything sharp."""
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width, data.clip_start, data.clip_end = lens_mm, 36, 0.02, 200
    data.sensor_fit = "AUTO"
    thing = bpy.data.objects.new("camera", data)
    thing.location = orbit(azimuth_deg, elevation_deg, distance, aim)
    look(thing, aim)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.scene.camera = thing
    if f_stop:
        data.dof.use_dof = True
        forward = thing.rotation_euler.to_matrix() @ Vector((0, 0, -1))
        data.dof.focus_distance = (Vector(focus or aim) - thing.location).dot(forward)
        data.dof.aperture_fstop = f_stop * 0.1
    return thing
