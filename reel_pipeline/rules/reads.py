"""What each asset reads, as JSON values: of the records upstream, and of the settings.

What is left out here (a price, for most) can change without making the asset stale. `table.py` names who uses which.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reel_pipeline import records as r
from reel_pipeline.engines import PARTS
from reel_pipeline.settings import Settings
from reel_pipeline.store import jsonable

Inputs = Mapping[str, Any]
"""Upstream asset name -> its record."""


def entry_in(snapshot: r.CatalogSnapshot | None, partition: str) -> r.CatalogEntry | None:
    """The snapshot's entry for a partition; None when it lists no such product."""
    return snapshot.by_partition.get(partition) if snapshot else None


def _entry(inputs: Inputs, partition: str) -> Any:
    entry = entry_in(inputs["catalog_snapshot"], partition)
    return jsonable(entry) if entry else None


def facts(inputs: Inputs, partition: str) -> object:
    entry = _entry(inputs, partition)
    return entry and {key: value for key, value in entry.items() if key not in ("product", "photos", "sold_out")}


def photo_sources(inputs: Inputs, partition: str) -> object:
    """A new address for the same bytes is no change; where their hash is not known, the shop's version counts."""
    entry = _entry(inputs, partition)
    return entry and {
        "colour": entry["colour"],
        "photos": [
            [photo["content_sha256"] or photo["version"] or photo["location"], photo["position"], photo["variant"]]
            for photo in entry["photos"]
        ],
    }


SPOKEN_FIELDS = ("sku", "title", "description", "product_type", "vendor", "colour", "tags", "collections")


def spoken(product: r.Product) -> object:
    return {key: value for key, value in jsonable(product).items() if key in SPOKEN_FIELDS}


def sayable(words: r.BrandWords) -> object:
    return [words.brand_name, words.call_to_action, words.banned_words]


def plan(inputs: Inputs, partition: str) -> object:
    product, brand = inputs["product"], inputs["brand_kit"]
    return {
        "product": spoken(product),
        "classification": jsonable(inputs["frame_classification"]),
        "cutout": [
            [cutout.photo, cutout.confidence, cutout.box_px_xywh] for cutout in inputs["product_cutout"].cutouts
        ],
        "look": jsonable(brand.look),
        "words": sayable(brand.words),
    }


def voice(inputs: Inputs, partition: str) -> object:
    return {
        "lines": {
            name: [[shot.number, shot.line, shot.caption, shot.line_goes_on, shot.enters] for shot in plan.shots]
            + [[None, plan.closing_line]]
            for name, plan in inputs["shot_plan"].editions.items()
        },
        "voice": jsonable(inputs["brand_kit"].voice),
    }


def stills(inputs: Inputs, partition: str) -> object:
    return {
        "takes": {
            name: [
                jsonable(plan.format),
                *([shot.number, [jsonable(take) for take in shot.takes]] for shot in plan.shots),
            ]
            for name, plan in inputs["shot_plan"].editions.items()
        },
        "gallery": [photo.pixels.sha256 for photo in inputs["product_gallery"].photos],
        "cutout": jsonable(inputs["product_cutout"]),
        "palette": inputs["brand_kit"].look.palette,
    }


def clips(inputs: Inputs, partition: str) -> object:
    return {
        "stills": {
            name: [
                jsonable(edition.format),
                *(jsonable(still.model_copy(update={"preview": still.plate})) for still in edition.stills),
            ]
            for name, edition in inputs["rendered_still"].editions.items()
        },
        "timeline": {
            name: [jsonable(segment) for segment in edition.segments]
            for name, edition in inputs["voiceover"].editions.items()
        },
    }


def reel(inputs: Inputs, partition: str) -> object:
    product, brand = inputs["product"], inputs["brand_kit"]
    shown = brand.words.show_price and product.shown_price
    price = [product.price, product.currency] if shown else None
    return {
        "clips": jsonable(inputs["video_clip"]),
        "voice": jsonable(inputs["voiceover"]),
        "end_card": [product.title, product.vendor, price],
        "look": jsonable(brand.look),
        "words": jsonable(brand.words),
    }


def score(inputs: Inputs, partition: str) -> object:
    return {
        "reel": jsonable(inputs["reel"]),
        "photos": [
            [photo.pixels.sha256, photo.variant, inputs["product_gallery"].colour]
            for photo in inputs["product_gallery"].photos
        ],
    }


def mirror(inputs: Inputs, partition: str) -> object:
    return {"reel": jsonable(inputs["reel"]), "verdicts": jsonable(inputs["evaluation_score"])}


def recordings(settings: Settings, partition: str) -> object:
    """Names and hashes of the user's own recordings for one SKU; None unless the voice engine reads them."""
    if settings.engines.voice != "file":
        return None
    folder = settings.recordings(partition)
    return _hashes(settings, (path for path in sorted(folder.glob("*")) if path.is_file()))


def _hashes(settings: Settings, files: Iterable[Path]) -> dict[str, str]:
    known = settings.file_hashes()
    return {path.name: known.of(path) for path in files}


def planning(settings: Settings, partition: str) -> object:
    """A SKU's overrides and, where the user set any, what the planner prefers."""
    return settings.overrides(partition) | ({"prefer": settings.prefer} if settings.prefer else {})


def judging(settings: Settings, partition: str) -> object:
    """What changes verdicts beside the judge itself; None while nothing does."""
    chosen: dict[str, object] = {"calibration": settings.calibration} if settings.calibration else {}
    if artworks := settings.artworks(partition):
        chosen["artworks"] = _hashes(settings, artworks)
    if settings.asks_a_second_opinion:
        asked = {name: value for name, value in settings if name.startswith("second_opinion")}
        adviser = f"adviser.{settings.engines.second_opinion}"
        chosen |= {**asked, adviser: settings.engines.revision("second_opinion"), "revision": PARTS["second_opinion"]}
    return chosen or None
