"""A candidate version from the judgement table: per fault kind the curve, the gate it implies, how far to trust it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reel_pipeline.learning import Calibration, Curve, KindCalibration
from reel_pipeline.learning.conformal import bounds
from reel_pipeline.learning.curves import (
    Numbers,
    effective_count,
    first_above,
    fit_isotonic,
    fit_logistic,
    octaves,
    probability,
    reliability,
)
from reel_pipeline.records import Sha256

if TYPE_CHECKING:
    import pandas as pd

FALSE_ACCEPT_COST = 4.0
"""Showing what a person would object to costs as much as making four good shots again."""
OBJECTION = 1 / (1 + FALSE_ACCEPT_COST)
"""So the gate lies where one person in five would object."""
MIN_LABELS, MIN_OF_EACH = 50, 10
"""A gate may move once there are this many labels, with at least so many of each answer: 40 fine and 10 not."""
ISOTONIC_LABELS = 300
"""From so many labels on, the curve takes any rising form; with fewer it has to be a logistic one."""
_FOLDS = 5


@dataclass(frozen=True)
class Labels:
    """One fault kind's labels, arrays of shape (N,).

    `scores`: the judge's, higher is worse. `objects`: 1.0 where a person objected, else 0.0. `weights`: 1 over the
    chance that this reel was asked about, so 12.5 for a spot check of 8 %. `fold`: 0 to 4, the same for all reels of a
    product, which is held out as a whole.
    """

    scores: Numbers
    objects: Numbers
    weights: Numbers
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, kept: NDArray[np.bool_]) -> "Labels":
        """Those for which `kept`, of shape (N,), is true."""
        return Labels(self.scores[kept], self.objects[kept], self.weights[kept], self.fold[kept])

    @property
    def can_move_a_gate(self) -> bool:
        """Whether there are enough, by `MIN_LABELS` and `MIN_OF_EACH`."""
        objections = int(self.objects.sum())
        return len(self) >= MIN_LABELS and MIN_OF_EACH <= objections <= len(self) - MIN_OF_EACH


def calibrate(
    table: "pd.DataFrame", table_sha256: Sha256, shipped: Mapping[str, float], in_force: Mapping[str, float]
) -> Calibration:
    """The candidate version that follows from the judgement table. `shipped` and `in_force`: fault kind -> gate."""
    kinds = tuple(calibrate_kind(kind, labels_of(table, kind), gate, in_force[kind]) for kind, gate in shipped.items())
    return Calibration(table_sha256=table_sha256, kinds=kinds, bounds=bounds(table, shipped))


def labels_of(table: "pd.DataFrame", kind: str) -> Labels:
    """One kind's labels: only decisions that were asked for. How likely people say something unasked is not known, so
    such a decision has no weight and would bend the curve."""
    rows = table[(table.scope == "score") & (table.kind == kind)].dropna(subset=["objects", "weight"])
    fold = [hashlib.sha256(sku.encode()).digest()[0] % _FOLDS for sku in rows.sku]
    scores, objects, weights = (rows[name].to_numpy(float) for name in ("score", "objects", "weight"))
    return Labels(scores, objects, weights, np.array(fold, np.int64))


def fit(labels: Labels, shipped: float) -> Curve:
    """How likely a person objects at a score: logistic, or isotonic once there are `ISOTONIC_LABELS` that may move a
    gate. `shipped`: the kind's shipped gate."""
    x = octaves(labels.scores, shipped)
    rich = len(labels) >= ISOTONIC_LABELS and labels.can_move_a_gate
    return (fit_isotonic if rich else fit_logistic)(x, labels.objects, labels.weights)


def calibrate_kind(kind: str, labels: Labels, shipped: float, in_force: float) -> KindCalibration:
    """One fault kind's part of the candidate. The gate in force stays unless one from the curve costs less on products
    that the curve was not fitted to."""
    objections = int(labels.objects.sum())
    made = partial(
        KindCalibration,
        kind=kind,
        labels=len(labels),
        objections=objections,
        effective_labels=round(effective_count(labels.weights), 1),
        gate=in_force,
    )
    if not len(labels):
        return made(proposed_gate=in_force, sentence="No one was asked about this kind yet.")
    predicted, held_out_gates = _held_out(labels, shipped, in_force)
    before = reliability((labels.scores >= in_force).astype(float), labels.objects, labels.weights)[1]
    bins, after = reliability(predicted, labels.objects, labels.weights)
    curve = fit(labels, shipped)
    proposed, sentence = in_force, ""
    if not labels.can_move_a_gate:
        sentence = (
            f"{len(labels)} label(s), {objections} of them objections: a gate moves from {MIN_LABELS} on, "
            f"with {MIN_OF_EACH} of each answer."
        )
    elif _cost(labels, held_out_gates) >= _cost(labels, in_force):
        sentence = "The gate in force does at least as well on products that the curve has not seen; it stays."
    else:
        proposed = _implied_gate(curve, labels, shipped, in_force)
        sentence = f"People object from {proposed:g} on; the gate in force is {in_force:g}."
    return made(
        proposed_gate=proposed,
        curve=curve,
        ece_before=before,
        ece_after=after,
        reliability=bins,
        sentence=sentence,
    )


def _held_out(labels: Labels, shipped: float, in_force: float) -> tuple[Numbers, Numbers]:
    """For each label, the probability and the gate by a curve fitted without its product."""
    predicted, gates = np.empty(len(labels)), np.empty(len(labels))
    for fold in np.unique(labels.fold):
        inside = labels.fold == fold
        rest = labels.where(~inside)
        curve = fit(rest, shipped) if len(rest) else fit_logistic(np.zeros(0), np.zeros(0), np.zeros(0))
        predicted[inside] = probability(curve, octaves(labels.scores[inside], shipped))
        gates[inside] = _implied_gate(curve, rest, shipped, in_force) if len(rest) else in_force
    return predicted, gates


def _implied_gate(curve: Curve, labels: Labels, shipped: float, in_force: float) -> float:
    """Where the curve says that people begin to object, within the scores that they have seen.

    It is at least half and at most twice the gate in force.
    """
    wanted = shipped * 2.0 ** first_above(curve, OBJECTION)
    lowest, highest = max(in_force / 2, labels.scores.min()), min(in_force * 2, labels.scores.max())
    return float(f"{min(max(wanted, lowest), max(highest, lowest)):.4g}")


def _cost(labels: Labels, gates: Numbers | float) -> float:
    """What the wrong answers of a gate (or of one per label) cost, counted in false rejects."""
    rejected = labels.scores >= gates
    missed = labels.weights[~rejected & (labels.objects == 1)].sum() * FALSE_ACCEPT_COST
    return float(missed + labels.weights[rejected & (labels.objects == 0)].sum())
