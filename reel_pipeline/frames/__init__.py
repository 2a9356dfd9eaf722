"""A gallery's photos -> what each of them shows, and the product cut out of those that show it whole.

`classify.py` labels the photos and `cutout.py` cuts out; the engines do the looking. `measures.py`, `backdrop.py` and
`geometry.py` hold what any engine would compute in the same way; `checks.py` asks whether to trust it. Which photo a
shot uses is for `shots/`, which comes next.
"""
