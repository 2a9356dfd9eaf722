"""People's decisions as training data, in the formats of TRL: preference pairs, and unpaired labels.

A completion is the path of the shot's clip. Shots whose clip is no longer in the store are left out.
"""

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reel_pipeline.errors import BlobMissing
from reel_pipeline.store import Store

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def pairs(table: "pd.DataFrame") -> Iterator[Row]:
    """`{"prompt", "chosen", "rejected"}`: two attempts at the same shot from the same photo, clips by their store keys.

    A person approved the one; the other a person rejected, or, where none has said anything, the judge.
    """
    shots = table[table.scope == "shot"]
    faults = table[(table.scope == "fault") & (table.named_by == "judge")].dropna(subset=["shot"])
    faulted = set(zip(faults.video_sha256, faults.shot, strict=True))
    decision = shots.decision.fillna("").to_numpy(str)
    by_judge = np.array([place in faulted for place in zip(shots.video_sha256, shots.shot, strict=True)], bool)
    shots = shots.assign(good=decision == "approved", bad=(decision == "rejected") | ((decision == "") & by_judge))
    for _, attempts in shots.groupby(["sku", "edition", "shot", "photo"], sort=True):
        prompt = _prompt(attempts.iloc[-1])
        chosen, rejected = (dict.fromkeys(attempts.clip_key[attempts[side]]) for side in ("good", "bad"))
        for one, other in product(chosen, rejected):
            if one not in rejected and other not in chosen:
                yield {"prompt": prompt, "chosen": one, "rejected": other}


def labels(table: "pd.DataFrame") -> Iterator[Row]:
    """`{"prompt", "completion", "label"}`: every shot that a person decided about; true where they approved it."""
    for _, shot in table[table.scope == "shot"].dropna(subset=["decision"]).iterrows():
        yield {"prompt": _prompt(shot), "completion": shot.clip_key, "label": shot.decision == "approved"}


EXPORTS: dict[str, Callable[["pd.DataFrame"], Iterator[Row]]] = {"pairs": pairs, "labels": labels}
"""By the name that `export` takes on the command line."""
_CLIPS = ("chosen", "rejected", "completion")


def write(rows: Iterator[Row], store: Store, out: Path) -> tuple[int, int]:
    """Write JSON lines with the clips' paths instead of keys; returns how many rows were written, and how many left out
    because a clip of theirs is no longer in the store."""
    written = left_out = 0
    with out.open("w", encoding="utf-8") as file:
        for row in rows:
            try:
                paths = {key: str(store.objects.local_path(row[key]).resolve()) for key in _CLIPS if key in row}
            except BlobMissing:
                left_out += 1
                continue
            file.write(json.dumps({**row, **paths}, ensure_ascii=False) + "\n")
            written += 1
    return written, left_out


def _prompt(shot: Any) -> str:
    return f"{shot.scene} (product {shot.sku}, shot {shot.shot}, photo {shot.photo})"
