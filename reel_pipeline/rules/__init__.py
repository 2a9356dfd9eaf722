"""What may be made, shown, kept and published: the rules that every run, command, sensor and page asks. No Dagster.

`table.py` lists assets and checks; `flow.py` loads, makes and reuses their records; `staleness.py` and `work.py` say
what a run should make; `attempts.py`, `retry.py`, `remedies.py` and `retakes.py` what follows from a rejection;
`guard.py`, `truth.py` and `public.py` what may be public; `report.py` says all of it in words. How anything is made
belongs in the rooms.
"""
