"""Verdicts joined with people's decisions: what counts as a label, and what it weighs."""

from dataclasses import replace

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.learning.judgements import COLUMNS, build, from_parquet, to_parquet
from reel_pipeline.learning.sampling import SPOT_CHECK_SHARE, is_spot_check, review_propensity
from reel_pipeline.records import Fault, ReviewFault, Severity, Verdict
from reel_pipeline_tests.learning.making import case, review, sha

FINE = {"color_drift": 1.0, "warped_logo": 0.2}


def test_a_table_survives_parquet_whatever_it_holds() -> None:
    for cases in ([], [case(1, FINE)], [replace(case(1, FINE), shown=None), case(2, {"warped_logo": 3.0} | FINE)]):
        table = build(cases)
        assert list(table.columns) == list(COLUMNS)
        pd.testing.assert_frame_equal(from_parquet(to_parquet(table)), table)
        assert to_parquet(table) == to_parquet(build(cases))


def test_who_rejects_objects_to_what_they_name_and_leaves_the_rest_open() -> None:
    table = build([replace(case(1, FINE), spot_check=review(1, {"warped_logo": 2}))])
    scores = table[table.scope == "score"].set_index("kind")
    assert bool(scores.objects["warped_logo"])
    assert pd.isna(scores.objects["color_drift"])
    shots = table[table.scope == "shot"].set_index("shot").decision
    assert shots[2] == "rejected"
    assert pd.isna(shots[1])
    approved = build([replace(case(1, FINE), spot_check=review(1, {}))])
    assert not approved[approved.scope == "score"].objects.any()
    assert set(approved[approved.scope == "shot"].decision) == {"approved"}


def test_a_fault_is_kept_with_its_shot_box_and_severity() -> None:
    known = case(1, {"color_drift": 9.0, "warped_logo": 0.1})
    fault = Fault(kind="color_drift", score=9.0, threshold=4.5, time_s=1.0, region_px_xywh=(1, 2, 3, 4), shot=1)
    judged = known.judgement.model_copy(update={"faults": (fault,)})
    named = ReviewFault(kind="color_drift", severity=Severity.CRITICAL, shot=1, box_px_xywh=(5, 6, 7, 8))
    said = review(1, {}).model_copy(update={"approved": False, "faults": (named,)})
    table = build([replace(known, judgement=judged, review=said)])
    faults = table[table.scope == "fault"].set_index("named_by")
    assert faults.loc["judge", ["x_px", "y_px", "width_px", "height_px"]].tolist() == [1, 2, 3, 4]
    assert faults.loc["person", ["x_px", "y_px", "width_px", "height_px"]].tolist() == [5, 6, 7, 8]
    assert faults.severity["person"] == "critical"
    assert set(faults.motion) == {"push_in"}


def test_only_what_was_asked_for_weighs_and_a_platform_is_no_person() -> None:
    accepted, unsure = case(1, FINE), case(2, FINE, Verdict.ABSTAIN)
    assert not is_spot_check(sha(1), SPOT_CHECK_SHARE)
    volunteered = replace(accepted, review=review(1, {"warped_logo": 1}))
    assert volunteered.weight is None
    drawn = next(number for number in range(1000) if is_spot_check(sha(number), SPOT_CHECK_SHARE))
    early = replace(case(drawn, FINE), review=review(drawn, {"warped_logo": 1}))
    assert early.weight == 1 / SPOT_CHECK_SHARE, "drawn, and answered before anybody asked"
    assert replace(accepted, spot_check=review(1, {})).weight == 1 / SPOT_CHECK_SHARE
    assert replace(unsure, review=review(2, {})).weight == 1
    assert replace(accepted, shown=None, review=review(1, {})).weight is None
    platform = review(1, {}).model_copy(update={"approved": False, "platform": "some ads"})
    assert replace(accepted, review=platform).decision is None


@given(number=st.integers(0, 2**200), share=st.floats(0.01, 0.99))
def test_a_draw_depends_on_the_bytes_alone_and_grows_with_the_share(number: int, share: float) -> None:
    drawn = is_spot_check(sha(number), share)
    assert drawn == is_spot_check(sha(number), share)
    assert is_spot_check(sha(number), min(0.999, share * 1.5)) >= drawn
    assert not is_spot_check(sha(number), 1.0), "a reel that waits for a person is no spot check"


def test_between_5_and_10_percent_of_the_judges_own_decisions_are_drawn() -> None:
    drawn = sum(is_spot_check(sha(n), review_propensity(Verdict.ACCEPT, False)) for n in range(5000))
    assert 0.05 <= drawn / 5000 <= 0.10
    assert review_propensity(Verdict.REJECT, True) == SPOT_CHECK_SHARE
    assert review_propensity(Verdict.ACCEPT, True) == review_propensity(Verdict.ABSTAIN, False) == 1
