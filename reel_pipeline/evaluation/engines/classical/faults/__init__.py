"""What a difference is called and how far it goes: every test that yields a `Charge` is here, with its evidence.

A charge's score is on the scale of its kind in `thresholds.toml`; whether it is a fault is decided later, by the judge
in `classical/__init__.py`, after `examiner.py` has asked for the tests scene by scene.
"""
