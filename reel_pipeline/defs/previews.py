"""Small pictures and tables for the UI. They live in the event log: at most 40 KB for all assets of one SKU run."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import numpy as np

from reel_pipeline.media.photo import Pixels, encode_jpeg

STRIP_BYTES, POSTER_BYTES = 6_000, 4_000
"""Three strips a run (gallery, keyframes, evidence) and three posters (of reel, verdict and what is public), a third
more in base64, stay under 40 KB."""


def poster(pixels: Pixels) -> dg.MarkdownMetadataValue:
    """A reel's poster, HWC RGB, as small as it can be told by."""
    return strip([pixels], height_px=200, most_bytes=POSTER_BYTES)


def strip(pictures: Sequence[Pixels], height_px: int = 150, most_bytes: int = STRIP_BYTES) -> dg.MarkdownMetadataValue:
    """HWC RGB pictures side by side as one JPEG of at most `most_bytes`, embedded in Markdown."""
    import cv2

    if not pictures:
        return dg.MetadataValue.md("(no picture)")
    small = [
        cv2.resize(
            picture, (max(1, picture.shape[1] * height_px // picture.shape[0]), height_px), interpolation=cv2.INTER_AREA
        )
        for picture in pictures[:8]
    ]
    row = np.asarray(np.concatenate(small, axis=1), np.uint8)
    jpeg = encode_jpeg(row, row.shape[1], quality=70)
    for width_px, quality in ((900, 60), (720, 50), (540, 45), (400, 40), (280, 35)):
        if len(jpeg) <= most_bytes:
            break
        jpeg = encode_jpeg(row, width_px, quality=quality)
    return dg.MetadataValue.md(f"![preview](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})")


def table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue | dg.TextMetadataValue:
    """Rows of plain values; text when there are none, since a table needs a column."""
    if not rows:
        return dg.MetadataValue.text("none")
    plain = [
        {key: value if isinstance(value, int | float) else str(value) for key, value in row.items()} for row in rows
    ]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in plain])
