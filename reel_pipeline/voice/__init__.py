"""A plan's lines -> the timeline of the reel and its mastered sound, with music and without.

`record.py` has the lines spoken by an engine, `timing.py` lays them out on the 24 fps grid, `words.py` estimates when
each word is heard, `mix.py` adds the music and masters; `checks.py` listens to the result. What the lines say is for
`shots/`; sound files as such are read in `media/sound.py`. Both are encoded once here, and `reels/`, which comes later,
copies the mix.
"""
