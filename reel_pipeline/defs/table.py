"""The flow as a table: every asset, what it declares that it reads, and every check. No Dagster here.

`inputs_fingerprint` of an asset is a hash of its row: its name, its code (logic version and engine revision), the
settings it depends on, and the parts of upstream records that `reads` picks out. What `reads` leaves out (a price, for
most) can change without making the asset stale. Bump `logic` when the code behind an asset gives other results for the
same inputs.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reel_pipeline import records as r
from reel_pipeline.evaluation.learning import Calibration, JudgementTable
from reel_pipeline.records import canonical_json
from reel_pipeline.settings import Settings
from reel_pipeline.store import jsonable

Inputs = Mapping[str, Any]
"""Upstream asset name -> its record."""


@dataclass(frozen=True)
class Asset:
    """One row. `reads(inputs, partition)` and `settings(settings, partition)` return JSON values.

    `engine`: the field of `EngineNames` that names who makes it. `parts`: what else of `REVISIONS` its bytes hang on.
    `external`: it looks at or acts on something outside the store, so its body runs whenever it is asked.
    """

    name: str
    record: type[r.AssetRecord]
    upstream: tuple[str, ...]
    reads: Callable[[Inputs, str], object]
    logic: str = "1"
    engine: str | None = None
    parts: tuple[str, ...] = ()
    settings: Callable[[Settings, str], object] = lambda settings, partition: None
    partitioned: bool = True
    external: bool = False

    def made_with(self, settings: Settings, partition: str) -> dict[str, str]:
        """The digests of the code and of the settings behind this asset."""
        engine = getattr(settings.engines, self.engine) if self.engine else None
        code = [self.logic, REVISIONS.get(f"{self.engine}.{engine}"), *(REVISIONS[part] for part in self.parts)]
        return {"code": digest_of(code), "settings": digest_of([engine, self.settings(settings, partition)])}

    def depends(self, inputs: Inputs, settings: Settings, partition: str, takes: object = None) -> dict[str, str]:
        """The digests of what this asset's content depends on, by kind; `takes`: what retries chose."""
        return {
            **self.made_with(settings, partition),
            "reads": digest_of(self.reads(inputs, partition)),
            **({"takes": digest_of(takes)} if takes else {}),
        }

    def fingerprint(self, depends: Mapping[str, str]) -> str:
        """The inputs_fingerprint, SHA-256."""
        return digest_of([self.name, depends])


@dataclass(frozen=True)
class Check:
    """One asset check. Its subject is the hash of all records in `reads`, the asset's own first.

    `sees` narrows that to the parts that matter, so that a change which leaves the asset fresh leaves its answer too.
    `external`: it looks at something outside the store that can change by itself, so its answer is never reused.
    """

    asset: str
    name: str
    reads: tuple[str, ...]
    blocking: bool = False
    external: bool = False
    sees: Callable[[Inputs], object] | None = None
    logic: str = "1"

    def subject(self, records: Inputs) -> str:
        return digest_of([self.logic, self.sees(records) if self.sees else [records[n].digest() for n in self.reads]])


def digest_of(value: object) -> str:
    """SHA-256 of JSON values."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def entry_in(snapshot: r.CatalogSnapshot | None, partition: str) -> r.CatalogEntry | None:
    """The snapshot's entry for a partition; None when it lists no such product."""
    return snapshot.by_partition.get(partition) if snapshot else None


def _entry(inputs: Inputs, partition: str) -> Any:
    entry = entry_in(inputs["catalog_snapshot"], partition)
    return jsonable(entry) if entry else None


def _facts(inputs: Inputs, partition: str) -> object:
    entry = _entry(inputs, partition)
    return entry and {key: value for key, value in entry.items() if key not in ("product", "photos", "sold_out")}


def _photo_sources(inputs: Inputs, partition: str) -> object:
    """A new address for the same bytes is no change; where their hash is not known, the shop's version counts."""
    entry = _entry(inputs, partition)
    return entry and {
        "colour": entry["colour"],
        "photos": [
            [photo["content_sha256"] or photo["version"] or photo["location"], photo["position"], photo["variant"]]
            for photo in entry["photos"]
        ],
    }


REVISIONS = {
    "classifier.embedded": "3",
    "cutout.matting": "3",
    "planner.embedded": "9",
    "voice.espeak_ng": "2",
    "voice.captions_only": "1",
    "voice.file": "1",
    "stills.layered": "5",
    "clips.warp": "3",
    "judge.classical": "12+2da11c18a659+pp-ocrv6-small/1",
    "second_opinion": "1+c6c2a17959ee",
    "adviser.openai_compatible": "1",
    "photo": "1",
    "ocr": "pp-ocrv6-small/1",
    "measures": "4",
    "geometry": "2",
    "mixing": "1",
    "assembly": "2",
}
"""The revision of every engine and of every other part whose results are remembered, written down so that the planner
need not import them. A test compares them, and looks for one that is missing here or keys no asset."""


SPOKEN_FIELDS = ("sku", "title", "description", "product_type", "vendor", "colour", "tags", "collections")


def _spoken(product: r.Product) -> object:
    return {key: value for key, value in jsonable(product).items() if key in SPOKEN_FIELDS}


def _sayable(words: r.BrandWords) -> object:
    return [words.brand_name, words.call_to_action, words.banned_words]


def _plan_reads(inputs: Inputs, partition: str) -> object:
    product, brand = inputs["product"], inputs["brand_kit"]
    return {
        "product": _spoken(product),
        "classification": jsonable(inputs["frame_classification"]),
        "cutout": [
            [cutout.photo, cutout.confidence, cutout.box_px_xywh] for cutout in inputs["product_cutout"].cutouts
        ],
        "look": jsonable(brand.look),
        "words": _sayable(brand.words),
    }


def _voice_reads(inputs: Inputs, partition: str) -> object:
    return {
        "lines": {
            name: [[shot.number, shot.line, shot.caption] for shot in plan.shots] + [[None, plan.closing_line, ""]]
            for name, plan in inputs["shot_plan"].editions.items()
        },
        "voice": jsonable(inputs["brand_kit"].voice),
    }


def _still_reads(inputs: Inputs, partition: str) -> object:
    return {
        "takes": {
            name: [[shot.number, [jsonable(take) for take in shot.takes]] for shot in plan.shots]
            for name, plan in inputs["shot_plan"].editions.items()
        },
        "gallery": [photo.pixels.sha256 for photo in inputs["product_gallery"].photos],
        "cutout": jsonable(inputs["product_cutout"]),
        "palette": inputs["brand_kit"].look.palette,
    }


def _clip_reads(inputs: Inputs, partition: str) -> object:
    return {
        "stills": {
            name: [jsonable(still.model_copy(update={"preview": still.plate})) for still in edition.stills]
            for name, edition in inputs["rendered_still"].editions.items()
        },
        "timeline": {
            name: [[segment.shot, segment.start_frame, segment.frame_count] for segment in edition.segments]
            for name, edition in inputs["voiceover"].editions.items()
        },
    }


def _reel_reads(inputs: Inputs, partition: str) -> object:
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


def _score_reads(inputs: Inputs, partition: str) -> object:
    return {
        "reel": jsonable(inputs["reel"]),
        "photos": [
            [photo.pixels.sha256, photo.variant, inputs["product_gallery"].colour]
            for photo in inputs["product_gallery"].photos
        ],
    }


def _mirror_reads(inputs: Inputs, partition: str) -> object:
    return {"reel": jsonable(inputs["reel"]), "verdicts": jsonable(inputs["evaluation_score"])}


def _recordings(settings: Settings, partition: str) -> object:
    """Names and hashes of the user's own recordings for one SKU; None unless the voice engine reads them."""
    if settings.engines.voice != "file":
        return None
    folder = settings.recordings(partition)
    return _hashes(settings, (path for path in sorted(folder.glob("*")) if path.is_file()))


def _hashes(settings: Settings, files: Iterable[Path]) -> dict[str, str]:
    known = settings.file_hashes()
    return {path.name: known.of(path) for path in files}


def _planning(settings: Settings, partition: str) -> object:
    """A SKU's overrides and, where the user set any, what the planner prefers."""
    return settings.overrides(partition) | ({"prefer": settings.prefer} if settings.prefer else {})


def _judging(settings: Settings, partition: str) -> object:
    """What changes verdicts beside the judge itself; None while nothing does."""
    chosen: dict[str, object] = {"calibration": settings.calibration} if settings.calibration else {}
    if artworks := settings.artworks(partition):
        chosen["artworks"] = _hashes(settings, artworks)
    if settings.asks_a_second_opinion:
        asked = {name: value for name, value in settings if name.startswith("second_opinion")}
        adviser = f"adviser.{settings.engines.second_opinion}"
        chosen |= {**asked, adviser: REVISIONS.get(adviser), "revision": REVISIONS["second_opinion"]}
    return chosen or None


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset("brand_kit", r.BrandKit, (), lambda i, p: None, partitioned=False, external=True),
        Asset("catalog_snapshot", r.CatalogSnapshot, (), lambda i, p: None, partitioned=False, external=True),
        Asset("product", r.Product, ("catalog_snapshot",), _facts),
        Asset("product_gallery", r.ProductGallery, ("catalog_snapshot",), _photo_sources, parts=("photo",)),
        Asset(
            "frame_classification",
            r.FrameClassification,
            ("product_gallery",),
            lambda i, p: jsonable(i["product_gallery"]),
            engine="classifier",
            parts=("ocr", "measures"),
        ),
        Asset(
            "product_cutout",
            r.ProductCutout,
            ("product_gallery", "frame_classification"),
            lambda i, p: [jsonable(i["product_gallery"]), jsonable(i["frame_classification"])],
            engine="cutout",
            parts=("geometry",),
        ),
        Asset(
            "shot_plan",
            r.ShotPlan,
            ("product", "frame_classification", "product_cutout", "brand_kit"),
            _plan_reads,
            engine="planner",
            settings=_planning,
        ),
        Asset(
            "voiceover",
            r.Voiceover,
            ("shot_plan", "brand_kit"),
            _voice_reads,
            engine="voice",
            parts=("mixing",),
            settings=_recordings,
        ),
        Asset(
            "rendered_still",
            r.RenderedStill,
            ("shot_plan", "product_gallery", "product_cutout", "brand_kit"),
            _still_reads,
            engine="stills",
        ),
        Asset(
            "video_clip",
            r.VideoClip,
            ("rendered_still", "voiceover"),
            _clip_reads,
            engine="clips",
        ),
        Asset(
            "reel",
            r.Reel,
            ("video_clip", "voiceover", "product", "brand_kit"),
            _reel_reads,
            parts=("assembly",),
        ),
        Asset(
            "evaluation_score",
            r.EvaluationScore,
            ("reel", "product_gallery"),
            _score_reads,
            engine="judge",
            settings=_judging,
        ),
        Asset(
            "mirrored_asset",
            r.MirroredAsset,
            ("reel", "evaluation_score"),
            _mirror_reads,
            settings=lambda s, p: [s.publish_to, s.public_url],
            external=True,
        ),
        Asset("judgement_table", JudgementTable, (), lambda i, p: None, partitioned=False, external=True),
        Asset(
            "evaluator_calibration",
            Calibration,
            ("judgement_table",),
            lambda i, p: jsonable(i["judgement_table"]),
            settings=lambda s, p: s.calibration,
            partitioned=False,
            external=True,
        ),
    )
}

SKU_ASSETS = tuple(asset.name for asset in ASSETS.values() if asset.partitioned)
VISUAL_ASSETS = ("rendered_still", "video_clip", "reel", "evaluation_score", "mirrored_asset")
"""What a retake makes again: everything the eye sees, and nothing of the approved voice."""

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check("catalog_snapshot", "crawl_is_complete", ("catalog_snapshot",), external=True),
        Check("product_gallery", "gallery_is_usable", ("product_gallery",), blocking=True),
        Check("frame_classification", "has_a_product_view", ("frame_classification", "product_gallery"), blocking=True),
        Check("product_cutout", "cutout_is_trustworthy", ("product_cutout", "product_gallery")),
        Check(
            "shot_plan",
            "claims_are_grounded",
            ("shot_plan", "product", "brand_kit"),
            blocking=True,
            sees=lambda i: [i["shot_plan"].digest(), _spoken(i["product"]), _sayable(i["brand_kit"].words)],
        ),
        Check(
            "shot_plan",
            "motions_are_safe",
            ("shot_plan", "frame_classification", "product"),
            blocking=True,
            sees=lambda i: [i["shot_plan"].digest(), i["frame_classification"].digest(), i["product"].colour],
        ),
        Check("voiceover", "speech_is_clean", ("voiceover",), blocking=True),
        Check("rendered_still", "product_pixels_locked", ("rendered_still", "product_gallery"), blocking=True),
        Check("video_clip", "clip_meets_spec", ("video_clip", "voiceover"), blocking=True),
        Check("reel", "reel_meets_spec", ("reel", "voiceover"), blocking=True),
        Check("reel", "audio_is_the_approved_track", ("reel", "voiceover"), blocking=True),
        Check("evaluation_score", "product_is_faithful", ("evaluation_score", "reel"), blocking=True),
        Check("evaluation_score", "motion_is_plausible", ("evaluation_score", "reel"), blocking=True),
        Check("evaluation_score", "retry_budget", ("evaluation_score", "shot_plan", "rendered_still"), external=True),
        Check("mirrored_asset", "mirror_matches_source", ("mirrored_asset",), blocking=True, external=True),
        Check("mirrored_asset", "still_true", ("mirrored_asset",), external=True),
    )
}


def upstream_of(asset: str) -> frozenset[str]:
    """All assets that `asset` rests on, itself left out."""
    found: set[str] = set()
    waiting = list(ASSETS[asset].upstream)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(ASSETS[name].upstream)
    return frozenset(found)
