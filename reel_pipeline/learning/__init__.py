"""What people's decisions teach about the judge, in the order of the work: the records that pass along it.

`sampling.py` says which of the judge's own decisions a person sees anyway; `table.py` joins verdicts with decisions;
`calibration.py` and `conformal.py` make a candidate version from the table; `preferences.py` and `exports.py` read it
for people and for training. Nothing here changes a verdict: a candidate counts only once the settings name it.
"""

from typing import Literal

from reel_pipeline.records import AssetRecord, Blob, Record, Sha256, Unit


class JudgementTable(AssetRecord):
    """`parquet` has the columns of `table.COLUMNS`. `reels`: judged; `decided`: a person said something about it."""

    parquet: Blob
    rows: int
    reels: int
    decided: int
    spot_checked: int


class Bin(Record):
    """Reels for which about the same was predicted, and the weighted share that a person objected to."""

    predicted: Unit
    observed: Unit
    labels: int


class Curve(Record):
    """P(a person objects | score): (log2 of score over the shipped gate, probability), rising; linear in between."""

    method: Literal["logistic", "isotonic"]
    points: tuple[tuple[float, Unit], ...]


class KindCalibration(Record):
    """What is known of one fault kind. `gate` is in force; `proposed_gate` equals it unless the labels carry another.

    `effective_labels`: how many equally weighted labels would say as much (Kish). The calibration errors are those of
    the present gate taken as a probability of 0 or 1, and of the curve on products that it was not fitted to; None
    where there is nothing to compare. `reliability` belongs to the latter.
    """

    kind: str
    labels: int
    objections: int
    effective_labels: float
    gate: float
    proposed_gate: float
    curve: Curve | None = None
    ece_before: float | None = None
    ece_after: float | None = None
    reliability: tuple[Bin, ...] = ()
    sentence: str


class Bound(Record):
    """Of the bad reels of one generator, at most `alpha` are accepted if every score must stay below `accept_below`
    times its shipped gate. None: the data do not allow the claim. `sentence` says so to a person.

    `effective_bad_reels`: how many equally weighted bad reels, each of another product, would say as much."""

    generator: str
    alpha: float
    bad_reels: int
    effective_bad_reels: float
    accept_below: float | None = None
    sentence: str


class Calibration(AssetRecord):
    """One candidate version, named by its digest."""

    table_sha256: Sha256
    kinds: tuple[KindCalibration, ...]
    bounds: tuple[Bound, ...]

    @property
    def gates(self) -> dict[str, float]:
        """Fault kind -> the gate that adopting this version puts in force."""
        return {kind.kind: kind.proposed_gate for kind in self.kinds}
