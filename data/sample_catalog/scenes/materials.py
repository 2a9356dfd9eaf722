"""Surfaces: every material has some unevenness, for nothing that is sold is perfectly smooth.

Colours are sRGB hex strings; scales are in features per scene unit (10 cm).
"""

from pathlib import Path

import bpy

Sockets = bpy.types.NodeSocket
Material = bpy.types.Material


def linear(hex_colour: str) -> tuple[float, float, float, float]:
    """'#rrggbb' (sRGB) to linear RGBA in [0, 1]."""
    channels = (int(hex_colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return (*(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels), 1.0)


def add(material: Material, kind: str, **settings: object) -> bpy.types.Node:
    """Add a shader node; settings name its attributes, or its inputs with spaces as underscores."""
    node = material.node_tree.nodes.new(f"ShaderNode{kind}")
    for key, value in settings.items():
        if hasattr(node, key):
            setattr(node, key, value)
        else:
            node.inputs[key.replace("_", " ")].default_value = value
    return node


def link(material: Material, source: Sockets, target: Sockets) -> None:
    material.node_tree.links.new(source, target)


def shader(material: Material) -> bpy.types.Node:
    return material.node_tree.nodes["Principled BSDF"]


def plain(name: str, colour: str, roughness: float, **inputs: object) -> Material:
    """A uniform principled surface; further inputs by name (Metallic=1.0, Coat_Weight=0.5)."""
    material = bpy.data.materials.new(name)
    node = shader(material)
    node.inputs["Base Color"].default_value = linear(colour)
    node.inputs["Roughness"].default_value = roughness
    for key, value in inputs.items():
        node.inputs[key.replace("_", " ")].default_value = value
    return material


def coordinates(material: Material, stretch: tuple[float, float, float] = (1, 1, 1), kind: str = "Object") -> Sockets:
    """Texture coordinates; 'Object' is in scene units of the object's own frame."""
    mapping = add(material, "Mapping")
    mapping.inputs["Scale"].default_value = stretch
    link(material, add(material, "TexCoord").outputs[kind], mapping.inputs["Vector"])
    return mapping.outputs[0]


def noise(
    material: Material, scale: float, detail: float = 3, stretch: tuple[float, float, float] = (1, 1, 1)
) -> Sockets:
    """A noise value around 0.5."""
    node = add(material, "TexNoise", Scale=scale, Detail=detail)
    link(material, coordinates(material, stretch), node.inputs["Vector"])
    return node.outputs[0]


def ramp(
    material: Material, value: Sockets, low: float, high: float, out_low: float = 0, out_high: float = 1
) -> Sockets:
    node = add(material, "MapRange")
    for index, number in zip((1, 2, 3, 4), (low, high, out_low, out_high), strict=True):
        node.inputs[index].default_value = number
    link(material, value, node.inputs[0])
    return node.outputs[0]


def mix(material: Material, factor: Sockets, first: str | Sockets, second: str | Sockets, how: str = "MIX") -> Sockets:
    """Blend two colours (hex or sockets) by a factor socket."""
    node = add(material, "Mix", data_type="RGBA", blend_type=how)
    link(material, factor, node.inputs[0])
    for index, colour in ((6, first), (7, second)):
        if isinstance(colour, str):
            node.inputs[index].default_value = linear(colour)
        else:
            link(material, colour, node.inputs[index])
    return node.outputs[2]


def bump(material: Material, height: Sockets, strength: float, distance: float = 0.01) -> None:
    """Add a bump on top of the bumps already there."""
    normal = shader(material).inputs["Normal"]
    node = add(material, "Bump", Strength=strength, Distance=distance)
    link(material, height, node.inputs["Height"])
    if normal.is_linked:
        link(material, normal.links[0].from_socket, node.inputs["Normal"])
    link(material, node.outputs[0], normal)


def uneven(material: Material, scale: float = 6, roughness: float = 0.06, relief: float = 0.02) -> Material:
    """Vary roughness by +-`roughness` and undulate the surface slightly."""
    base = shader(material).inputs["Roughness"].default_value
    value = noise(material, scale)
    link(
        material,
        ramp(material, value, 0.3, 0.7, max(base - roughness, 0), base + roughness),
        shader(material).inputs["Roughness"],
    )
    bump(material, value, relief, 0.05)
    return material


def printed(name: str, artwork: Path, roughness: float, relief: float = 0.05, **inputs: object) -> Material:
    """Artwork over the mesh's UVs."""
    material = plain(name, "#ffffff", roughness, **inputs)
    texture = add(material, "TexImage", interpolation="Cubic", extension="EXTEND")
    texture.image = bpy.data.images.load(str(artwork), check_existing=True)
    link(material, texture.outputs[0], shader(material).inputs["Base Color"])
    bump(material, noise(material, 60, 4), relief, 0.005)
    return material


def stoneware(name: str, glaze: str, clay: str = "#b89a7c", line: float = 0.24) -> Material:
    """Speckled glaze over bare clay below height `line`."""
    material = plain(name, glaze, 0.32, Specular_IOR_Level=0.5)
    height = add(material, "SeparateXYZ")
    link(material, coordinates(material), height.inputs[0])
    edge = add(material, "Math", operation="MULTIPLY_ADD")
    link(material, noise(material, 2.2, 2), edge.inputs[0])
    edge.inputs[1].default_value = 0.06
    link(material, height.outputs["Z"], edge.inputs[2])
    glazed = ramp(material, edge.outputs[0], line + 0.03 - 0.004, line + 0.03 + 0.004)
    flow = mix(material, ramp(material, noise(material, 3.5, 5), 0.35, 0.7), glaze, "#e9e2d2", "MULTIPLY")
    speckled = mix(material, ramp(material, noise(material, 42, 2), 0.665, 0.70), flow, "#4a3a2c")
    body = mix(material, ramp(material, noise(material, 50, 3), 0.62, 0.70), clay, "#6e533b")
    link(material, mix(material, glazed, body, speckled), shader(material).inputs["Base Color"])
    link(material, ramp(material, glazed, 0, 1, 0.85, 0.24), shader(material).inputs["Roughness"])
    bump(material, noise(material, 5, 2), 0.12, 0.04)
    bump(material, glazed, 0.5, 0.012)
    return material


def woven(name: str, colour: str, other: str, threads: float = 90, sheen: float = 0.25, kind: str = "UV") -> Material:
    """Plain weave over UVs in scene units; `threads` per scene unit."""
    material = plain(name, colour, 0.95, Sheen_Weight=sheen, Sheen_Roughness=0.5, Specular_IOR_Level=0.15)
    vector = coordinates(material, kind=kind)
    bent = vector
    for scale, size in ((9.0, 0.03), (threads * 0.8, 0.35 / threads)):
        wobble = add(material, "TexNoise", Scale=scale, Detail=4.0)
        link(material, vector, wobble.inputs["Vector"])
        moved = add(material, "VectorMath", operation="MULTIPLY_ADD")
        link(material, wobble.outputs["Color"], moved.inputs[0])
        moved.inputs[1].default_value = (size, size, size)
        link(material, bent, moved.inputs[2])
        bent = moved.outputs[0]
    waves = []
    for direction in ("X", "Y"):
        wave = add(
            material,
            "TexWave",
            bands_direction=direction,
            wave_profile="SIN",
            Scale=threads / 6.283 * 2,
            Distortion=0.6,
            Detail=1.0,
        )
        wave.inputs["Detail Scale"].default_value = 4.0
        link(material, bent, wave.inputs["Vector"])
        waves.append(wave.outputs["Fac"])
    weave = add(material, "Math", operation="MULTIPLY")
    link(material, waves[0], weave.inputs[0])
    link(material, waves[1], weave.inputs[1])
    slub = add(material, "TexNoise", Scale=5.0, Detail=6.0, Roughness=0.75)
    stretched = add(material, "Mapping")
    stretched.inputs["Scale"].default_value = (0.6, 9, 1)
    link(material, vector, stretched.inputs["Vector"])
    link(material, stretched.outputs[0], slub.inputs["Vector"])
    tone = mix(material, ramp(material, slub.outputs[0], 0.35, 0.7), colour, other)
    dark = mix(material, ramp(material, weave.outputs[0], 0, 0.6, 0.35, 0), tone, "#3a3029", "MULTIPLY")
    link(material, dark, shader(material).inputs["Base Color"])
    bump(material, weave.outputs[0], 0.5, 0.012)
    bump(material, slub.outputs[0], 0.2, 0.01)
    return material


def boucle(name: str, colour: str, shade: str) -> Material:
    """Upholstery of looped yarn: knots without order."""
    material = plain(name, colour, 0.95, Sheen_Weight=0.3, Sheen_Roughness=0.5, Specular_IOR_Level=0.15)
    knots = noise(material, 13, 4)
    tone = mix(material, ramp(material, knots, 0.35, 0.6, 0.8, 0), colour, shade)
    link(material, tone, shader(material).inputs["Base Color"])
    bump(material, knots, 0.9, 0.07)
    bump(material, noise(material, 60, 3), 0.4, 0.015)
    return material


def wood(
    name: str, light: str, dark: str, along: tuple[float, float, float] = (0.35, 6, 6), roughness: float = 0.5
) -> Material:
    """Grain runs along the axis with the small number in `along`."""
    material = plain(name, light, roughness)
    grain = noise(material, 1.3, 8, along)
    fine = noise(material, 14, 4, along)
    tone = mix(material, ramp(material, grain, 0.35, 0.68), light, dark)
    tone = mix(material, ramp(material, fine, 0.45, 0.75, 0, 0.45), tone, dark)
    link(material, tone, shader(material).inputs["Base Color"])
    link(
        material,
        ramp(material, grain, 0.3, 0.7, roughness - 0.08, roughness + 0.12),
        shader(material).inputs["Roughness"],
    )
    bump(material, fine, 0.12, 0.01)
    return material


def plaster(name: str, colour: str, relief: float = 0.25) -> Material:
    material = plain(name, colour, 0.9, Specular_IOR_Level=0.2)
    cloudy = noise(material, 0.5, 6)
    link(
        material,
        mix(material, ramp(material, cloudy, 0.3, 0.75, 0, 0.5), colour, "#d8d0c4", "MULTIPLY"),
        shader(material).inputs["Base Color"],
    )
    bump(material, noise(material, 2.5, 8), relief, 0.08)
    return material


def stone(name: str, colour: str, vein: str, roughness: float = 0.35) -> Material:
    """Honed limestone with soft clouds and small pits."""
    material = plain(name, colour, roughness)
    clouds = mix(material, ramp(material, noise(material, 0.8, 9), 0.4, 0.7), colour, vein)
    pits = mix(material, ramp(material, noise(material, 16, 5), 0.66, 0.72, 0, 0.6), clouds, vein)
    link(material, pits, shader(material).inputs["Base Color"])
    bump(material, noise(material, 20, 6), 0.05, 0.02)
    return material


def brushed_steel(name: str, around: bool = True, colour: str = "#c9c7c4", roughness: float = 0.26) -> Material:
    """Steel with fine scratches; `around` brushes about z, otherwise along it."""
    material = plain(name, colour, roughness, Metallic=1.0)
    scratches = noise(material, 3, 6, (0.6, 0.6, 130) if around else (130, 130, 0.6))
    link(
        material,
        ramp(material, scratches, 0.3, 0.7, roughness - 0.05, roughness + 0.07),
        shader(material).inputs["Roughness"],
    )
    bump(material, scratches, 0.012, 0.004)
    return material


def glass(name: str, colour: str = "#ffffff") -> Material:
    """Clear glass that lets lamps light what is inside it without the cost of true caustics."""
    material = plain(name, colour, 0.0, Transmission_Weight=1.0, IOR=1.46)
    path = add(material, "LightPath")
    unseen = add(material, "Math", operation="MAXIMUM")
    link(material, path.outputs["Is Shadow Ray"], unseen.inputs[0])
    link(material, path.outputs["Is Diffuse Ray"], unseen.inputs[1])
    blend = add(material, "MixShader")
    link(material, unseen.outputs[0], blend.inputs[0])
    link(material, shader(material).outputs[0], blend.inputs[1])
    link(material, add(material, "BsdfTransparent").outputs[0], blend.inputs[2])
    link(material, blend.outputs[0], material.node_tree.nodes["Material Output"].inputs["Surface"])
    return material
