"""How likely a reel that a person would object to is accepted: an upper bound, where the data allow one.

Conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster 2022, arXiv:2208.02814) with weights (Tibshirani,
Barber, Candes and Ramdas 2019, arXiv:1904.06019). Given n bad reels drawn as future ones will be, take the largest
limit on scores for which (accepted + 1) / (n + 1) <= alpha. Whoever accepts only scores below it accepts a future bad
reel with at most that probability. With 39 of them and 5 % one may lie below the limit, with 19 none.

Scores are taken relative to the shipped gates, which no label of this workspace has touched. Retakes of one product are
alike, so a product counts once: by the bad reel of it that would be accepted first.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reel_pipeline.learning import Bound
from reel_pipeline.learning.curves import Numbers

if TYPE_CHECKING:
    import pandas as pd

ALPHAS = (0.05, 0.01)
"""The shares of bad reels about which a claim is tried: at most 5 %, at most 1 % of them are accepted."""


def largest_limit(scores: Numbers, weights: Numbers, alpha: float) -> float | None:
    """The largest limit below which scores may be accepted, infinite where it bounds nothing; None where there are too
    few bad reels to claim anything, even of a judge that accepted none.

    `scores` (N,) are those of bad reels, `weights` (N,) positive. The reel not yet seen counts like the heaviest of
    them, so at least 1 / alpha - 1 bad reels of equal weight are needed: 19 for 5 %, 99 for 1 %.
    """
    heaviest = weights.max() if len(weights) else np.inf
    allowed = alpha * (weights.sum() + heaviest) - heaviest if len(weights) else -1.0
    if allowed < -1e-9:
        return None
    order = np.argsort(scores, kind="stable")
    too_many = np.cumsum(weights[order]) > allowed + 1e-9
    return float(scores[order][too_many.argmax()]) if too_many.any() else float("inf")


def bounds(table: "pd.DataFrame", shipped: Mapping[str, float]) -> tuple[Bound, ...]:
    """What can be claimed of each generator at each of `ALPHAS`. `shipped`: fault kind -> shipped gate."""
    reels = _reels(table, shipped)
    found = []
    for generator in sorted(reels.generator.unique()):
        mine = reels[reels.generator == generator]
        bad = mine[mine.decision == "rejected"]
        good = mine[(mine.decision == "approved") & (mine.verdict == "accept")]
        found += [_bound(generator, alpha, bad, good) for alpha in ALPHAS]
    return tuple(found)


def _reels(table: "pd.DataFrame", shipped: Mapping[str, float]) -> "pd.DataFrame":
    """One row a reel that people were asked about. `ratio`: its worst score over the shipped gate; infinite where the
    judge abstained, since no limit accepts such a reel."""
    rows = table[table.scope == "score"].dropna(subset=["decision", "weight", "generator"])
    ratio = rows.score.to_numpy(float) / rows.kind.map(shipped).to_numpy(float)
    rows = rows.assign(ratio=np.where(rows.verdict == "abstain", np.inf, ratio))
    reel = dict.fromkeys(("sku", "generator", "verdict", "decision", "weight"), "first")
    reels: pd.DataFrame = rows.groupby("video_sha256", as_index=False).agg({**reel, "ratio": "max"})
    return reels


def _bound(generator: str, alpha: float, bad: "pd.DataFrame", good: "pd.DataFrame") -> Bound:
    # A product is seen at least as surely as the reel of it that was likeliest to be asked about.
    products = bad.groupby("sku").agg({"weight": "min", "ratio": "min"})
    weights, ratios = products.weight.to_numpy(float), products.ratio.to_numpy(float)
    effective = weights.sum() / weights.max() if len(weights) else 0.0
    limit = largest_limit(ratios, weights, alpha)
    needed = round(1 / alpha) - 1
    if limit is None:
        sentence = (
            f"Nothing is claimed for {alpha:.0%}: that needs {needed} products with a bad reel of {generator} that "
            f"people were asked about; there are {len(products)}, which count as {effective:.1f}."
        )
    elif limit >= 1:
        sentence = f"At the shipped gates at most {alpha:.0%} of the bad reels of {generator} are accepted."
    else:
        kept = good.weight[good.ratio < limit].sum() / good.weight.sum() if len(good) else 0.0
        sentence = (
            f"At most {alpha:.0%} of the bad reels of {generator} are accepted if every score stays below {limit:.2f} "
            f"of its shipped gate; {kept:.0%} of the good ones that are accepted now do."
        )
    return Bound(
        generator=generator,
        alpha=alpha,
        bad_reels=len(bad),
        effective_bad_reels=round(float(effective), 1),
        accept_below=None if limit is None else min(limit, 1.0),
        sentence=sentence,
    )
