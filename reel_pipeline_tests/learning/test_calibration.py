"""Curves, gates and bounds, held against simulated reviewers whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reel_pipeline.learning.calibration import MIN_LABELS, Labels, calibrate, calibrate_kind, fit
from reel_pipeline.learning.conformal import largest_limit
from reel_pipeline.learning.curves import fit_isotonic, fit_logistic, octaves, probability, reliability
from reel_pipeline.learning.judgements import Case, build
from reel_pipeline.learning.picture import SIDE_PX, reliability_diagram
from reel_pipeline.records import Verdict
from reel_pipeline_tests.bench.learning import accepted_bad, errors
from reel_pipeline_tests.learning.making import (
    GATES,
    REVIEWERS,
    Reviewer,
    case,
    catalog,
    labels,
    review,
)

KIND = "warped_logo"


@settings(deadline=None)
@given(
    answers=st.lists(st.tuples(st.floats(0, 1000), st.booleans(), st.floats(1, 20)), min_size=1, max_size=60),
    gate=st.floats(0.01, 100),
)
def test_every_curve_rises_and_is_a_probability(answers: list[tuple[float, bool, float]], gate: float) -> None:
    scores, objects, weights = np.array(answers, float).T
    for method in (fit_logistic, fit_isotonic):
        curve = method(octaves(scores, gate), objects, weights)
        read = probability(curve, octaves(np.sort(np.append(scores, [0.0, gate, 1e6])), gate))
        assert np.all(np.diff(read) >= -1e-9)
        assert np.all((read >= 0) & (read <= 1))


@settings(deadline=None, max_examples=40)
@example(seed=0, count=1, shift=0.0, in_force=1.0)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 400), shift=st.floats(-2, 2), in_force=st.floats(0.5, 2))
def test_a_gate_moves_only_with_enough_labels_and_never_beyond_twice_or_half(
    seed: int, count: int, shift: float, in_force: float
) -> None:
    seen = labels(Reviewer(shift), count, np.random.default_rng(seed))
    found = calibrate_kind(KIND, seen, 1.0, in_force)
    assert in_force / 2.001 <= found.proposed_gate <= in_force * 2.001
    if count < MIN_LABELS:
        assert found.proposed_gate == in_force
    assert found.sentence


@pytest.mark.parametrize("name", REVIEWERS)
def test_the_calibration_error_falls_with_the_labels(name: str) -> None:
    rng = np.random.default_rng(4)
    found = {
        count: np.mean([errors(REVIEWERS[name], count, rng)[:2] for _ in range(6)], axis=0) for count in (50, 1000)
    }
    before, after = found[1000]
    assert after < found[50][1] < found[50][0]
    assert after < 0.04 < before


def test_the_gate_goes_where_that_reviewer_objects() -> None:
    rng = np.random.default_rng(1)
    strict = calibrate_kind(KIND, labels(REVIEWERS["strict, half the gate"], 400, rng), 1.0, 1.0)
    lenient = calibrate_kind(KIND, labels(REVIEWERS["lenient, twice the gate"], 400, rng), 1.0, 1.0)
    assert strict.proposed_gate == 0.5
    assert 1.2 < lenient.proposed_gate < 1.8
    assert lenient.ece_after is not None
    assert lenient.ece_before is not None
    assert lenient.ece_after < lenient.ece_before
    assert reliability_diagram(lenient).shape == (SIDE_PX, SIDE_PX, 3)


def test_weights_undo_a_sample_that_was_skewed() -> None:
    """All reels over the gate are seen, one in ten below it: weighted, the curve is that of all of them."""
    rng = np.random.default_rng(5)
    every = labels(Reviewer(0.5, slope=1.0), 20_000, rng)
    chance = np.where(every.scores >= 1, 1.0, 0.1)
    chance[every.objects == 1] *= 0.5
    drawn = rng.random(len(every)) < chance
    seen = Labels(every.scores[drawn], every.objects[drawn], 1 / chance[drawn], every.fold[drawn])
    blind = Labels(every.scores[drawn], every.objects[drawn], np.ones(int(drawn.sum())), every.fold[drawn])
    at = octaves(np.array([0.5, 1.0, 2.0, 4.0]), 1.0)
    truth = probability(fit(every, 1.0), at)
    assert np.abs(probability(fit(seen, 1.0), at) - truth).max() < 0.06
    assert np.abs(probability(fit(blind, 1.0), at) - truth).max() > 0.08


def test_a_catalogue_of_spot_checks_becomes_a_candidate() -> None:
    table = build(catalog(4000, REVIEWERS["strict, half the gate"], np.random.default_rng(2)))
    found = calibrate(table, "0" * 64, GATES, GATES)
    kinds = {kind.kind: kind for kind in found.kinds}
    assert 200 < kinds[KIND].labels < 400
    assert kinds[KIND].proposed_gate < GATES[KIND]
    assert kinds["color_drift"].proposed_gate == GATES["color_drift"], "no one objected to colours"
    assert found.gates == {kind: kinds[kind].proposed_gate for kind in GATES}
    five, one = found.bounds
    assert (five.generator, five.alpha, one.alpha) == ("warp", 0.05, 0.01)
    assert five.bad_reels > 99
    assert five.accept_below is not None
    assert one.accept_below is not None
    assert one.accept_below <= five.accept_below <= 1
    assert calibrate(table, "0" * 64, GATES, GATES).digest() == found.digest()


def test_nothing_is_claimed_below_19_and_99_bad_reels() -> None:
    for alpha, needed in ((0.05, 19), (0.01, 99)):
        scores = np.linspace(1, 9, needed)
        assert largest_limit(scores, np.ones(needed), alpha) == 1.0
        assert largest_limit(scores[1:], np.ones(needed - 1), alpha) is None
    uneven = np.append(np.ones(18), 12.5)
    assert largest_limit(np.linspace(1, 9, 19), uneven, 0.05) is None, "one label stands for most of them"
    assert largest_limit(np.zeros(0), np.zeros(0), 0.05) is None
    table = build(catalog(200, REVIEWERS["agrees with the gate"], np.random.default_rng(3)))
    refused = calibrate(table, "0" * 64, GATES, GATES).bounds
    assert all(bound.accept_below is None for bound in refused)
    assert "19 products with a bad reel" in refused[0].sentence
    assert "99 products with a bad reel" in refused[1].sentence
    assert calibrate(build([]), "0" * 64, GATES, GATES).bounds == ()


@settings(deadline=None, max_examples=10)
@given(products=st.integers(1, 30), retakes=st.integers(1, 6))
def test_retakes_of_one_product_are_no_further_evidence(products: int, retakes: int) -> None:
    """As many bad reels as one likes carry no claim while they are of fewer than 19 products."""

    def bad(number: int) -> Case:
        made = case(number, {"color_drift": 0.1, "warped_logo": 2.0 + number / 1000}, Verdict.ABSTAIN)
        sku = f"SKU-{number % products}"
        return replace(made, sku=sku, review=review(number, {"warped_logo": 1}))

    table = build([bad(number) for number in range(products * retakes)])
    five = calibrate(table, "0" * 64, GATES, GATES).bounds[0]
    assert (five.accept_below is not None) == (products >= 19)
    assert five.effective_bad_reels == products
    assert five.bad_reels == products * retakes


@pytest.mark.parametrize(("alpha", "bad"), [(0.05, 19), (0.05, 40), (0.01, 99)])
def test_the_bound_holds_on_fresh_reels_in_repeated_trials(alpha: float, bad: int) -> None:
    mean, error = accepted_bad(bad, alpha, 600, np.random.default_rng(bad))
    assert mean <= alpha + 3 * error
    assert mean > alpha / 4, "a bound that accepts nothing is no use"


@given(
    scores=st.lists(st.floats(0, 10), min_size=1, max_size=120),
    weights=st.lists(st.floats(1, 20), min_size=120, max_size=120),
    alpha=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_a_limit_never_lets_through_more_than_its_share(
    scores: list[float], weights: list[float], alpha: float
) -> None:
    of, mass = np.array(scores), np.array(weights[: len(scores)])
    limit = largest_limit(of, mass, alpha)
    if limit is None:
        assert mass.sum() / mass.max() < 1 / alpha - 1 + 1e-6
    else:
        assert mass[of < limit].sum() + mass.max() <= alpha * (mass.sum() + mass.max()) + 1e-6
        stricter = largest_limit(of, mass, alpha / 2)
        assert stricter is None or stricter <= limit


def test_the_error_of_a_perfect_forecast_is_small_and_of_a_wrong_one_its_gap() -> None:
    rng = np.random.default_rng(6)
    predicted = rng.random(50_000)
    objects = (rng.random(50_000) < predicted).astype(float)
    assert reliability(predicted, objects, np.ones(50_000))[1] < 0.01
    assert reliability(np.zeros(50_000), objects, np.ones(50_000))[1] == pytest.approx(objects.mean(), abs=1e-3)
