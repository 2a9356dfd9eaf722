"""Which verdicts a person sees although the judge has decided: a spot check, by the hash of the reel's bytes.

People otherwise see only what survives. The chance of being seen is recorded with the verdict (`Shown`), so that what
was seen can stand for what was not.
"""

import hashlib

from reel_pipeline.records import Sha256, Verdict

SPOT_CHECK_SHARE = 0.08
"""Of 100 reels that the judge decided about by itself, a person is asked about 8 all the same."""


def review_propensity(verdict: Verdict, person_decides_accepts: bool) -> float:
    """How likely a person is asked about a reel with this verdict, before anyone knows what they would say.

    1.0 where it waits for one anyway, else `SPOT_CHECK_SHARE`.

    `person_decides_accepts`: whether what the judge accepts waits for a person too.
    """
    waits = verdict is Verdict.ABSTAIN or (verdict is Verdict.ACCEPT and person_decides_accepts)
    return 1.0 if waits else SPOT_CHECK_SHARE


def is_spot_check(video_sha256: Sha256, propensity: float) -> bool:
    """Whether this reel is drawn; the same answer for the same bytes, and unrelated to what they show.

    Never where a person decides anyway (a propensity of 1).
    """
    drawn = int.from_bytes(hashlib.sha256(b"spot check " + video_sha256.encode()).digest()[:8], "big") / 2**64
    return propensity < 1 and drawn < propensity
