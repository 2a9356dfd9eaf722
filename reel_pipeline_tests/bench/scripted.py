"""A judge that follows a script; `scripted_definitions.py` puts it in the place of the real one.

A verdict hangs on the product and the attempt alone, so each run's process can tell it anew.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reel_pipeline.evaluation.engines import Charge, Opinion, Passport
from reel_pipeline.media.photo import Pixels
from reel_pipeline.records import MAIN_EDITION, CutList, ItemError, Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.settings import load_settings

YES, NO, UNSURE = Verdict.ACCEPT, Verdict.REJECT, Verdict.ABSTAIN
SCRIPT: dict[str, tuple[Verdict, ...]] = {
    **{f"GOOD-{number}": (YES,) for number in range(3)},
    **{f"FLAKY-{number}": (NO, YES) for number in range(4)},
    **{f"STUBBORN-{number}": (NO, NO, YES) for number in range(2)},
    **{f"HOPELESS-{number}": (NO, NO, NO) for number in range(2)},
    "UNSURE-0": (UNSURE,),
    **{f"PERSON-{number}": (YES, YES) for number in range(3)},
    **{f"PLATFORM-{number}": (YES, YES) for number in range(3)},
    **{f"BOTH-{number}": (NO, YES, YES) for number in range(2)},
}
"""SKU -> its verdict by attempt. PERSON's first reel is rejected by a person, PLATFORM's by a platform, and BOTH's by
the judge, and its second by a platform."""
FAULTED_SHOT = 1
LONGER_THAN_A_TICK_S = 16.0


class ScriptedJudge:
    name, revision = "scripted", "1"

    def passport(self, rgb: Pixels) -> Passport:
        return Passport()

    def judge(
        self,
        video: Path,
        cut_list: CutList | None,
        photos: Sequence[Pixels],
        passport_of: Callable[[int], Passport] | None = None,
        artworks: Sequence[Passport] = (),
    ) -> Opinion:
        settings = load_settings()
        flow = Flow(settings, settings.open_store())
        reels = {sku: flow.record("reel", sku) for sku in SCRIPT}
        sku = next(s for s, reel in reels.items() if reel and reel.editions[MAIN_EDITION].video.sha256 == video.stem)
        verdict = SCRIPT[sku][flow.attempts(sku).attempt]
        if verdict is NO:
            time.sleep(LONGER_THAN_A_TICK_S)
        charge = Charge("warped_logo", 2.0, 0.5, (10, 10, 50, 50), shot=FAULTED_SHOT)
        return Opinion(
            verdict,
            (charge,) if verdict is NO else (),
            (ItemError(item="Shot 1", error="too dark to compare"),) if verdict is UNSURE else (),
            {"warped_logo": 2.0 if verdict is NO else 0.1},
            {"warped_logo": 1.0},
        )
