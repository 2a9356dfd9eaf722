"""What people's decisions teach about the judge, in the order of the work: the records that pass along it.

`sampling.py` says which of the judge's own decisions a person sees anyway; `judgements.py` joins verdicts with
decisions; `calibration.py` and `conformal.py` make a candidate version from the table; `preferences.py` and
`exports.py` read it for people and for training. Nothing here changes a verdict: a candidate counts only once the
settings name it.
"""

from typing import Literal

from reel_pipeline.records import AssetRecord, Blob, Record, Sha256, Unit


class JudgementTable(AssetRecord):
    """`parquet` has the columns of `table.COLUMNS` in `rows` rows.

    `reels`: how many were judged; `decided`: of how many a person said something; `spot_checked`: of those, not knowing
    the verdict.
    """

    parquet: Blob
    rows: int
    reels: int
    decided: int
    spot_checked: int


class Bin(Record):
    """Reels for which about the same was predicted: their mean prediction, and the weighted share of those that people
    objected to. `labels`: how many reels."""

    predicted: Unit
    observed: Unit
    labels: int


class Curve(Record):
    """How likely a person objects at a score: points of (octaves, probability), linear in between and level beyond.

    `octaves` is log2 of the score over the shipped gate: 0 at the gate, 1 at twice the gate, -1 at half of it. Both
    numbers rise from point to point.
    """

    method: Literal["logistic", "isotonic"]
    points: tuple[tuple[float, Unit], ...]


class KindCalibration(Record):
    """What is known of one fault kind. `gate` is in force; `proposed_gate` equals it unless the labels justify another.

    `effective_labels`: how many equally weighted labels would tell as much (Kish). `ece_before` and `ece_after`: by how
    much a prediction differs from what people said, on average, in [0, 1]; before, the gate in force predicts 0 below
    it and 1 from it on; after, the curve predicts, for products that it was not fitted to. None without labels.
    `reliability`: the bins behind `ece_after`.
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
    """Of the bad reels of one generator (the engine that moves the pictures), at most the share `alpha` is accepted if
    every score must stay below `accept_below` times its shipped gate. None: there are too few bad reels to claim that.

    `effective_bad_reels`: how many equally weighted bad reels, each of another product, would tell as much.
    `sentence`: the claim in words.
    """

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
