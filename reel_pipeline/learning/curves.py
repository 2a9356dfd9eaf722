"""Rising curves from a score to a probability: fitted, read, turned round, and held against what happened.

Arrays are float64 of shape (N,). `octaves` is log2 of a score over its gate, within +-4; `objects` is 0 or 1.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.learning import Bin, Curve

Numbers = NDArray[np.float64]

WIDEST_OCTAVES = 4.0
"""Scores below a sixteenth of the gate, or above sixteen times the gate, count as just that."""
_PRIOR_SLOPE, _PRIOR_SPREAD = 2.0, 2.0
"""Without labels: as likely as not at the gate, 12 % at half of it. Two labels a side begin to move it."""
_BINS = 10
"""Bins of a reliability diagram, at most one for ten labels."""


def octaves(scores: Numbers, gate: float) -> Numbers:
    """Log2 of scores over the gate, in [-4, 4]: 1 at twice the gate. People judge sizes by ratio (Weber)."""
    return np.asarray(np.log2(np.clip(scores / gate, 2.0**-WIDEST_OCTAVES, 2.0**WIDEST_OCTAVES)))


def effective_count(weights: Numbers) -> float:
    """How many equally weighted labels tell as much (Kish): of weights 1, 1 and 10, 1.4."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def fit_logistic(x: Numbers, objects: Numbers, weights: Numbers) -> Curve:
    """The most probable rising logistic curve, given the labels and a weak prior at the gate; the prior without any.

    `x`: octaves.
    """
    share = weights * (effective_count(weights) / weights.sum()) if len(weights) else weights

    def loss(parameters: Numbers) -> tuple[float, Numbers]:
        offset, slope = parameters
        logit = offset + slope * x
        pull = np.array([offset, slope - _PRIOR_SLOPE]) / _PRIOR_SPREAD
        gap = share * (_sigmoid(logit) - objects)
        value = (share * (np.logaddexp(0, logit) - objects * logit)).sum() + (pull**2).sum() / 2
        return float(value), np.array([gap.sum(), (gap * x).sum()]) + pull / _PRIOR_SPREAD

    rising = [(None, None), (0, None)]
    found = _optimize().minimize(loss, [0.0, _PRIOR_SLOPE], jac=True, bounds=rising, method="L-BFGS-B").x
    grid = np.linspace(-WIDEST_OCTAVES, WIDEST_OCTAVES, 65)
    return _curve("logistic", grid, _sigmoid(found[0] + found[1] * grid))


def fit_isotonic(x: Numbers, objects: Numbers, weights: Numbers) -> Curve:
    """Isotonic regression over octaves `x`, linear between the middles of its steps (Oron and Flournoy 2017).

    There has to be at least one label.
    """
    places, index = np.unique(x, return_inverse=True)
    mass = np.bincount(index, weights)
    fitted = _optimize().isotonic_regression(np.bincount(index, weights * objects) / mass, weights=mass)
    steps = np.repeat(np.arange(len(fitted.blocks) - 1), np.diff(fitted.blocks))
    middles = np.bincount(steps, mass * places) / np.bincount(steps, mass)
    return _curve("isotonic", middles, fitted.x[fitted.blocks[:-1]])


def probability(curve: Curve, x: Numbers) -> Numbers:
    """P(a person objects) at `x` octaves from the shipped gate."""
    at, values = np.array(curve.points).T
    return np.asarray(np.interp(x, at, values))


def first_above(curve: Curve, wanted: float) -> float:
    """How many octaves from the gate the wanted probability is first reached; infinite where it never is, and minus
    infinity where the curve begins with it."""
    at, values = np.array(curve.points).T
    index = int(np.searchsorted(values, wanted))
    if index in (0, len(at)):
        return -np.inf if index == 0 else np.inf
    rise = (wanted - values[index - 1]) / (values[index] - values[index - 1])
    return float(at[index - 1] + rise * (at[index] - at[index - 1]))


def reliability(predicted: Numbers, objects: Numbers, weights: Numbers) -> tuple[tuple[Bin, ...], float]:
    """Up to ten bins of about equal weight, and the expected calibration error in [0, 1]: the mean gap between what was
    predicted and what people said, each bin by its weight.

    `predicted`: probabilities. Equal predictions share a bin.
    """
    index = np.unique(predicted, return_inverse=True)[1]
    mass = np.bincount(index, weights) / weights.sum()
    count = max(1, min(_BINS, len(predicted) // 10))
    bin_of = np.minimum(((np.cumsum(mass) - mass / 2) * count).astype(int), count - 1)[index]
    bins, error = [], 0.0
    for number in np.unique(bin_of):
        inside = bin_of == number
        mean, seen = (np.average(of[inside], weights=weights[inside]) for of in (predicted, objects))
        bins.append(Bin(predicted=round(float(mean), 4), observed=round(float(seen), 4), labels=int(inside.sum())))
        error += abs(mean - seen) * weights[inside].sum() / weights.sum()
    return tuple(bins), round(float(error), 4)


def _optimize() -> Any:
    import scipy.optimize

    return scipy.optimize


def _sigmoid(logit: Numbers) -> Numbers:
    return np.asarray(0.5 * (1 + np.tanh(logit / 2)))


def _curve(method: Literal["logistic", "isotonic"], at: Numbers, values: Numbers) -> Curve:
    rising = np.maximum.accumulate(np.clip(values, 0, 1))
    points = tuple((round(float(x), 5), round(float(value), 5)) for x, value in zip(at, rising, strict=True))
    return Curve(method=method, points=points)
