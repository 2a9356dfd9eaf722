"""A plan's lines -> the timeline of the reel and its one mastered sound track.

`record.py` has the lines spoken by an engine, `timing.py` lays them out on the 24 fps grid, `mix.py` adds the music and
masters; `checks.py` listens to the result. What the lines say is for `shots/`; sound files as such are read in
`media/sound.py`. The track is encoded once here, and `reels/`, which comes later, copies it.
"""
