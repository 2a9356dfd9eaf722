"""Clips and voice -> the finished reel with captions, end card, subtitles and poster.

`cutting.py` says which part of which clip is seen when and writes the cut list; `assemble.py` draws over it and
encodes; `captions.py` and `end_card.py` say what is drawn, `typeset.py` and `fonts.py` how text is set, `overlay.py`
mixes it into the picture. `checks.py` measures the finished file. Whether it is true to the product is for
`evaluation/`, which comes next.
"""
