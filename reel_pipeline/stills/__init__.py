"""A plan's shots -> one layered keyframe each, in which the product's pixels are the photo's own.

`render.py` makes and stores the keyframes, the engines paint them; `layout.py`, `mats.py` and `framing.py` say where
the photo stands in the frame and how the camera moves, without touching a pixel. `checks.py` compares every locked
pixel with the photo. Carrying out the move is for `clips/`, which comes next.
"""
