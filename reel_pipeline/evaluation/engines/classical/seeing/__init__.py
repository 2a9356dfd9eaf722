"""What is on a frame, and where: decoding, motion from frame to frame, scenes, overlays, which photo lies where.

Nothing here says how frame and photo differ; that is `comparing/`, which comes next. Numbers about motion are taken
here, too, and weighed in `faults/temporal.py`.
"""
