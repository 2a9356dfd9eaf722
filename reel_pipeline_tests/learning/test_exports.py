"""What people accept, and their decisions as training data."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reel_pipeline.learning.exports import labels, pairs, write
from reel_pipeline.learning.judgements import Case, build
from reel_pipeline.learning.preferences import Acceptance, acceptance, preferred, wilson
from reel_pipeline.records import Fault, Verdict
from reel_pipeline.store import Store, open_store
from reel_pipeline_tests.learning.making import case, review

FINE = {"color_drift": 1.0, "warped_logo": 0.2}


def attempt(number: int, store: Store, verdict: Verdict = Verdict.ACCEPT) -> Case:
    """Attempt `number` at one and the same product, its clips in the store."""
    made = case(number, FINE, verdict)
    assert made.shown is not None
    shots = tuple(
        shot.model_copy(update={"clip": store.put(f"clip {number} {shot.shot}".encode(), ".mp4")})
        for shot in made.shown.shots
    )
    return replace(made, sku="TEA-1", shown=made.shown.model_copy(update={"shots": shots}))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), tmp_path / "cache")


def test_a_pair_is_an_approved_take_beside_a_rejected_one_of_the_same_shot(store: Store, tmp_path: Path) -> None:
    first = replace(attempt(1, store), review=review(1, {"warped_logo": 2}))
    second = replace(attempt(2, store), review=review(2, {}))
    written, left_out = write(pairs(build([first, second])), store, tmp_path / "pairs.jsonl")
    assert (written, left_out) == (1, 0)
    row = json.loads((tmp_path / "pairs.jsonl").read_text())
    assert set(row) == {"prompt", "chosen", "rejected"}
    assert Path(row["chosen"]).read_bytes() == b"clip 2 2"
    assert Path(row["rejected"]).read_bytes() == b"clip 1 2"
    assert "photo2" in row["prompt"]


def test_the_judge_may_give_the_rejected_side_but_never_the_chosen(store: Store) -> None:
    fault = Fault(kind="warped_logo", score=2, threshold=1, time_s=0, region_px_xywh=(0, 0, 1, 1), shot=1)
    rejected = attempt(1, store, Verdict.REJECT)
    rejected = replace(rejected, judgement=rejected.judgement.model_copy(update={"faults": (fault,)}))
    accepted = attempt(2, store)
    assert list(pairs(build([rejected, accepted]))) == []
    approved = replace(accepted, review=review(2, {}))
    assert len(list(pairs(build([rejected, approved])))) == 1
    overruled = replace(rejected, review=review(1, {}))
    assert list(pairs(build([overruled, approved]))) == []


def test_labels_are_the_shots_that_a_person_decided_about_and_whose_clips_are_there(
    store: Store, tmp_path: Path
) -> None:
    decided = replace(attempt(1, store), review=review(1, {"warped_logo": 2}))
    rows = list(labels(build([decided, replace(attempt(2, store), review=review(2, {})), attempt(3, store)])))
    assert [row["label"] for row in rows] == [False, True, True]
    assert all(set(row) == {"prompt", "completion", "label"} for row in rows)
    gone = replace(case(4, FINE), review=review(4, {}))
    assert write(labels(build([decided, gone])), store, tmp_path / "labels.jsonl") == (1, 2)


def test_acceptance_counts_shots_by_photo_motion_and_rung(store: Store) -> None:
    cases = [
        replace(case(number, FINE), review=review(number, {} if number % 2 else {"other": 2})) for number in range(8)
    ]
    found = {(row.by, row.value): (row.accepted, row.decided) for row in acceptance(build(cases))}
    assert found == {
        ("view_class", "flat_studio"): (4, 4),
        ("view_class", "lifestyle"): (4, 8),
        ("motion", "push_in"): (8, 8),
        ("motion", "pan_left"): (0, 4),
        ("rung", "still_motion"): (8, 12),
    }


def test_preferred_is_what_people_surely_accept_more_often_than_another_of_its_sort() -> None:
    counts = {"push_in": (95, 100), "pan_left": (60, 100), "pull_out": (9, 10)}
    rows = [Acceptance("motion", name, of, yes, *wilson(yes, of)) for name, (yes, of) in counts.items()]
    rows += [Acceptance("rung", "parallax", 100, 10, *wilson(10, 100))]
    assert preferred(rows) == ["push_in"], "nine of ten is too few to say"
    assert preferred(rows[1:]) == []


def test_wilson_is_the_published_interval() -> None:
    """Newcombe 1998, table I: 81 of 263."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(decided=st.integers(1, 10_000), share=st.floats(0, 1))
def test_an_interval_holds_its_share(decided: int, share: float) -> None:
    accepted = round(share * decided)
    lowest, highest = wilson(accepted, decided)
    assert 0 <= lowest <= accepted / decided + 1e-9
    assert accepted / decided - 1e-9 <= highest <= 1
    assert np.isfinite([lowest, highest]).all()
