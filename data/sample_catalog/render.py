# /// script
# requires-python = "==3.11.*"
# dependencies = ["bpy==5.0.1", "numpy==1.26.4", "pillow==13.0.0"]
# ///
"""Render pictures of the sample catalogue and the truth beside them.

`uv run data/sample_catalog/render.py hand-wash-front` renders one; `--all` renders every picture that is missing.
What the pictures show is in scenes/shots.py; this file sets the renderer and writes the files.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector
from PIL import Image
from scenes import artwork, studio
from scenes import materials as m
from scenes.product import Label
from scenes.shots import PRODUCTS, SHOTS, TURNTABLE, Shot

HERE = Path(__file__).resolve().parent
ARTWORK = HERE / "truth" / "artwork"
TRUTH_LONG_SIDE_PX = 375
UNIT_MM = 100.0
DEPTH_STEP_MM = 0.1

Placed = list[tuple[Label, Matrix]]


def build(shot: Shot) -> tuple[set[str], Placed]:
    """Fill an empty scene; returns the names of the product's objects and the labels with their world matrices."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    shot.place()
    product_objects: set[str] = set()
    placed: Placed = []
    for item in shot.items:
        before = set(scene.objects)
        product = PRODUCTS[item.product](ARTWORK, item.colourway)
        stand = Matrix.Translation(item.at) @ Matrix.Rotation(math.radians(item.turn_deg), 4, "Z")
        for thing in set(scene.objects) - before:
            thing.matrix_world = stand @ thing.matrix_basis
            thing.name = f"{item.product}-{thing.name}"
            product_objects.add(thing.name)
        placed += [(label, stand) for label in product.labels]
    studio.camera(shot.azimuth_deg, shot.elevation_deg, shot.distance, shot.aim, shot.lens_mm, shot.f_stop, shot.focus)
    return product_objects, placed


def configure(size_px: tuple[int, int], samples: int, threads: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.seed = "CPU", 0
    scene.cycles.samples, scene.cycles.use_adaptive_sampling, scene.cycles.adaptive_threshold = samples, True, 0.1
    scene.cycles.adaptive_min_samples = 5
    scene.cycles.use_denoising, scene.cycles.denoiser = True, "OPENIMAGEDENOISE"
    scene.cycles.denoising_input_passes, scene.cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "ACCURATE"
    scene.cycles.denoising_quality = "BALANCED"
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.transmission_bounces = 10, 2, 10
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect, scene.cycles.blur_glossy = 6.0, 0.5
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.resolution_x, scene.render.resolution_y = size_px
    scene.render.image_settings.file_format = "PNG"


def shoot(path: Path) -> None:
    """Render to a PNG that appears under its name only when whole."""
    part = path.with_name(f".{path.stem}.part.png")
    bpy.context.scene.render.filepath = str(part)
    bpy.ops.render.render(write_still=True)
    part.replace(path)


def picture(shot: Shot, path: Path) -> None:
    """The photo itself, as an sRGB JPEG."""
    scene = bpy.context.scene
    scene.view_settings.view_transform, scene.view_settings.exposure = shot.view, shot.exposure
    png = path.with_suffix(".png")
    shoot(png)
    part = path.with_name(f".{path.stem}.part.jpg")
    Image.open(png).convert("RGB").save(part, quality=90, subsampling=0, optimize=True)
    part.replace(path)
    png.unlink()


def emit(material: bpy.types.Material, value: bpy.types.NodeSocket) -> bpy.types.Material:
    """Make a material show a value as it is, unlit."""
    light = m.add(material, "Emission")
    m.link(material, value, light.inputs["Color"])
    m.link(material, light.outputs[0], material.node_tree.nodes["Material Output"].inputs["Surface"])
    return material


def mask_material() -> bpy.types.Material:
    material = bpy.data.materials.new("mask")
    return emit(material, m.add(material, "RGB").outputs[0])


def depth_material() -> bpy.types.Material:
    """Distance along the camera axis, in DEPTH_STEP_MM per 16-bit step."""
    material = bpy.data.materials.new("depth")
    scaled = m.add(material, "Math", operation="MULTIPLY")
    scaled.inputs[1].default_value = UNIT_MM / DEPTH_STEP_MM / 65535
    m.link(material, m.add(material, "CameraData").outputs["View Z Depth"], scaled.inputs[0])
    return emit(material, scaled.outputs[0])


def normal_material() -> bpy.types.Material:
    """Camera-space normals, +x right, +y up, +z towards the camera, each stored as n / 2 + 1 / 2."""
    material = bpy.data.materials.new("normal")
    turned = m.add(material, "VectorTransform", vector_type="NORMAL", convert_from="WORLD", convert_to="CAMERA")
    m.link(material, m.add(material, "NewGeometry").outputs["Normal"], turned.inputs[0])
    packed = m.add(material, "VectorMath", operation="MULTIPLY_ADD")
    m.link(material, turned.outputs[0], packed.inputs[0])
    packed.inputs[1].default_value, packed.inputs[2].default_value = (0.5, 0.5, -0.5), (0.5, 0.5, 0.5)
    return emit(material, packed.outputs[0])


def truth(shot: Shot, product_objects: set[str], placed: Placed, folder: Path, stem: str) -> None:
    """Mask at the photo's size; depth and normals, small, of the product alone; camera and label placement."""
    scene = bpy.context.scene
    write_placement(shot, placed, folder / f"{stem}.json")
    scene.view_settings.view_transform, scene.view_settings.exposure = "Raw", 0
    scene.cycles.use_denoising = scene.cycles.use_adaptive_sampling = False
    scene.render.film_transparent = True
    for thing in scene.objects:
        thing.is_holdout = thing.name not in product_objects
    scene.cycles.samples = 12
    _pass(folder / f"{stem}-mask.png", mask_material, lambda rgba: rgba[..., 3], "BW", "8")
    scene.camera.data.dof.use_dof = False
    for modifier in (modifier for thing in scene.objects for modifier in thing.modifiers):
        modifier.show_render &= modifier.type != "PARTICLE_SYSTEM"
    scene.cycles.samples, scene.cycles.pixel_filter_type, scene.cycles.filter_width = 1, "BOX", 0.01
    shrink = TRUTH_LONG_SIDE_PX / max(shot.size_px)
    scene.render.resolution_x, scene.render.resolution_y = (round(side * shrink) for side in shot.size_px)
    _pass(folder / f"{stem}-depth.png", depth_material, lambda rgba: rgba[..., 0], "BW", "16")
    _pass(folder / f"{stem}-normal.png", normal_material, lambda rgba: rgba[..., :3], "RGB", "8")


def _pass(
    path: Path,
    material: Callable[[], bpy.types.Material],
    take: Callable[[np.ndarray], np.ndarray],
    mode: str,
    bits: str,
) -> None:
    settings = bpy.context.scene.render.image_settings
    bpy.context.view_layer.material_override = material()
    settings.color_mode, settings.color_depth = "RGBA", bits
    shoot(path)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    flat = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(flat)
    rgba = flat.reshape(height, width, 4)[::-1]
    values = np.rint(take(rgba) * (65535 if bits == "16" else 255)).astype(np.uint16 if bits == "16" else np.uint8)
    bpy.data.images.remove(image)
    Image.fromarray(values).save(path, optimize=True)


def write_placement(shot: Shot, placed: Placed, path: Path) -> None:
    """Camera matrices (millimetres) and, per label, a grid of (u, v, x px, y px, visible) over its artwork."""
    camera = bpy.context.scene.camera
    bpy.context.view_layer.update()
    width, height = shot.size_px
    focal_px = shot.lens_mm / 36 * max(width, height)
    to_mm = Matrix.Diagonal((UNIT_MM, UNIT_MM, UNIT_MM, 1))
    flip = Matrix.Diagonal((1, -1, -1, 1))
    world_to_camera = flip @ to_mm @ camera.matrix_world.normalized().inverted() @ to_mm.inverted()
    record = {
        "size_px": [width, height],
        "camera": {
            "k": [[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]],
            "world_to_camera_mm": [[round(x, 6) for x in row] for row in world_to_camera],
            "f_stop": shot.f_stop,
        },
        "labels": [
            {
                "artwork": f"artwork/{label.artwork}.png",
                "grid": [_sighting(label, stand, u / 8, v / 8) for v in range(9) for u in range(9)],
            }
            for label, stand in placed
        ],
    }
    path.write_text(json.dumps(record) + "\n")


def _sighting(label: Label, stand: Matrix, u: float, v: float) -> list[float | bool]:
    """Where a point of the artwork lands in the picture; v runs down the artwork, as its pixels do."""
    scene, camera = bpy.context.scene, bpy.context.scene.camera
    point = stand @ Vector(label.surface(u, 1 - v))
    seen = world_to_camera_view(scene, camera, point)
    eye = camera.matrix_world.translation
    hit, where, *_ = scene.ray_cast(bpy.context.evaluated_depsgraph_get(), eye, (point - eye).normalized())
    width, height = scene.render.resolution_x, scene.render.resolution_y
    visible = hit and (where - point).length < 0.03 and 0 <= seen.x <= 1 and 0 <= seen.y <= 1
    return [u, v, round(seen.x * width, 2), round((1 - seen.y) * height, 2), visible]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="pictures, as named in scenes/shots.py")
    parser.add_argument("--all", action="store_true", help="every picture that is missing")
    parser.add_argument("--turntable", action="store_true", help="the bottle from 24 sides")
    parser.add_argument("--out", type=Path, default=HERE, help="folder that gets images/ and truth/")
    parser.add_argument("--preview", type=int, metavar="PX", help="small and noisy, at this long side, without truth")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    wanted = parser.parse_args()
    table = {**SHOTS, **TURNTABLE}
    if unknown := sorted(set(wanted.names) - set(table)):
        parser.error(f"no such picture: {', '.join(unknown)}; the names are {', '.join(table)}")
    names = [*wanted.names, *(SHOTS if wanted.all else ()), *(TURNTABLE if wanted.turntable else ())]
    artwork.ensure(ARTWORK)
    images, truths = wanted.out / "images", wanted.out / "truth"
    images.mkdir(parents=True, exist_ok=True)
    truths.mkdir(parents=True, exist_ok=True)
    for name in names:
        folder = truths / "turntable" if name in TURNTABLE else images
        folder.mkdir(exist_ok=True)
        render_one(table[name], name, folder, truths, wanted.preview, wanted.threads, overwrite=name in wanted.names)


def render_one(
    shot: Shot, name: str, images: Path, truths: Path, preview_px: int | None, threads: int, overwrite: bool
) -> None:
    path = images / f"{name}.jpg"
    if path.exists() and not overwrite:
        return
    started = time.monotonic()
    product_objects, placed = build(shot)
    scale = preview_px / max(shot.size_px) if preview_px else 1
    width, height = (round(side * scale) for side in shot.size_px)
    configure((width, height), 16 if preview_px else shot.samples, threads)
    picture(shot, path)
    if not preview_px and name in SHOTS:
        truth(shot, product_objects, placed, truths, name)
    print(f"{name}: {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
