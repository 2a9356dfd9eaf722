"""How the sample catalogue's pictures are built in Blender.

artwork (labels, Pillow only) -> shapes (meshes) and materials -> packaged, home (the products) -> studio and sets
(backdrops, light, props, camera) -> shots (one entry per picture). `render.py` beside this folder renders them and
writes the truth.

One scene unit is 10 cm, +z is up, and a product's front faces -y.
"""
