"""Frame against photo on one grid: light and focus made alike, then window by window what is left between them.

Says too which of several photos fits best, and what has to be left out: captions, things that pass before the product,
layers that move apart. Finding the photo is `seeing/`'s business; `faults/` comes next and names what is left.
"""
