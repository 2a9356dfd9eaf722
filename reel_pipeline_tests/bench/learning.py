"""Does learning from people help? Simulated reviewers of known bias, the judge's calibration before and after.

    reel-pipeline bench learning [--trials N]

The error is the expected calibration error of one fault kind on 20,000 fresh reels, against the reviewer's true
probability of objecting: before, of the gate taken as 0 or 1; after, of the curve fitted to so many labels. `gate` is
the proposed gate over the present one, `best` where that reviewer's costs are least. Then the conformal bound: the
share of fresh bad reels that it lets through, which must be at most its alpha on average.
"""

import argparse

import numpy as np

from reel_pipeline.learning.calibration import OBJECTION, calibrate_kind, fit
from reel_pipeline.learning.conformal import largest_limit
from reel_pipeline.learning.curves import Numbers, octaves, probability, reliability
from reel_pipeline_tests.learning.making import REVIEWERS, Reviewer, labels, ratios

COUNTS = (50, 200, 1000)


def errors(reviewer: Reviewer, count: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """Calibration error on fresh reels before and after, and the proposed gate over the present one."""
    seen = labels(reviewer, count, rng)
    fresh = ratios(20_000, rng)
    truth, equal = reviewer.objects(fresh), np.ones(20_000)
    before = reliability((fresh >= 1).astype(float), truth, equal)[1]
    after = reliability(probability(fit(seen, 1.0), octaves(fresh, 1.0)), truth, equal)[1]
    return before, after, calibrate_kind("warped_logo", seen, 1.0, 1.0).proposed_gate


def best_gate(reviewer: Reviewer) -> float:
    grid = 2.0 ** np.linspace(-4, 4, 2001)
    above = reviewer.objects(grid) >= OBJECTION
    return float(grid[above.argmax()])


def accepted_bad(bad: int, alpha: float, trials: int, rng: np.random.Generator) -> tuple[float, float]:
    """Share of fresh bad reels below the limit that `bad` bad reels allow: mean over trials, and its standard error."""

    def draw(count: int) -> Numbers:
        return np.asarray(2.0 ** rng.normal(0.8, 1.0, count))

    shares = []
    for _ in range(trials):
        limit = largest_limit(draw(bad), np.ones(bad), alpha)
        assert limit is not None
        shares.append(float((draw(2000) < limit).mean()))
    return float(np.mean(shares)), float(np.std(shares) / np.sqrt(trials))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=50)
    trials = parser.parse_args().trials
    print(f"calibration error, mean of {trials} trials (5th to 95th percentile)")
    print(f"{'reviewer':<24}{'labels':>7}{'before':>8}{'after':>8}  {'5 to 95 %':<14}{'gate':>6}{'best':>6}")
    for name, reviewer in REVIEWERS.items():
        for count in COUNTS:
            rng = np.random.default_rng(count)
            found = np.array([errors(reviewer, count, rng) for _ in range(trials)])
            low, high = np.percentile(found[:, 1], (5, 95))
            before, after, gate = found.mean(0)
            row = f"{name:<24}{count:>7}{before:>8.3f}{after:>8.3f}  {low:.3f} to {high:.3f}{gate:>7.2f}"
            print(f"{row}{best_gate(reviewer):>6.2f}")
    print("\nconformal bound: share of fresh bad reels accepted")
    print(f"{'alpha':>6}{'bad reels':>11}{'accepted':>10}{'s.e.':>8}")
    for alpha, counts in ((0.05, (19, 40, 200)), (0.01, (99, 300))):
        for bad in counts:
            mean, error = accepted_bad(bad, alpha, trials * 20, np.random.default_rng(bad))
            print(f"{alpha:>6.0%}{bad:>11}{mean:>10.4f}{error:>8.4f}")


if __name__ == "__main__":
    main()
