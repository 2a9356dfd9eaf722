"""What may be made, shown, kept and published: the rules that every run, command, sensor and page asks. No Dagster.

`table.py` and `reads.py` list assets, what each reads, and checks; `flow.py` loads, makes and reuses their records.
`staleness.py` and `work.py` say what a run should make. `decisions.py` keeps what a person says; `attempts.py`,
`retry.py`, `remedies.py` and `retakes.py` say what follows from a rejection. `guard.py`, `truth.py` and `public.py` say
what may be public; `publication.py` and `withdrawal.py` make it so. `cases.py` collects what learning needs, and
`report.py` puts the state of a product into words. How anything is made belongs in the rooms.
"""
