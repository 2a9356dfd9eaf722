"""The definitions with the judge of `scripted.py`, for a code server that takes this module with `-m`.

Everything else is real. Importing this replaces the judge of the whole process, so tests import `scripted.py` alone.
"""

from reel_pipeline.definitions import defs  # noqa: F401
from reel_pipeline.defs.assets import evaluation_score
from reel_pipeline_tests.bench.scripted import ScriptedJudge

evaluation_score.regated = lambda shipped, gates: ScriptedJudge()  # type: ignore[assignment]
