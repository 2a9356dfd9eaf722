"""A catalogue -> the snapshot of its products, and of each its facts and its normalised photos.

`source.py` opens a catalogue, which is a shop on the web (`shop.py`, `sitemap.py`) or a folder (`folders.py`,
`spreadsheets.py`, `columns.py`, `exports.py`); `listing.py` reads every product that one of them lists.
`partitions.py` gives each its key, `presence.py` says which of them are gone, `build.py` makes the records, `checks.py`
judges these.

`web/` holds how a shop's servers are asked, `pages/` how what they answer is read. What a photo shows is for `frames/`,
which comes next.
"""
