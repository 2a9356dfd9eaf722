"""Reel and gallery -> verdict. Shares no mask, geometry, OCR result or plan with the rooms that made the reel.

`judge.py` asks an engine and keeps its answer, `advice/` asks a vision model about what was accepted, `checks.py` turns
the answer into the two blocking checks; `thresholds.toml` holds every gate. What follows from a verdict (retry, review)
is for `rules/`; `mirror/` comes next.
"""
