"""The flow as a table: every asset, what it declares that it reads, and every check.

`inputs_fingerprint` of an asset is a hash of its row: its name, its code (logic version and engine revision), the
settings it depends on, and the parts of upstream records that `reads` picks out. What `reads` leaves out (a price, for
most) can change without making the asset stale. Bump `logic` when the code behind an asset gives other results for the
same inputs.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reel_pipeline import records as r
from reel_pipeline.engines import PARTS
from reel_pipeline.learning import Calibration, JudgementTable
from reel_pipeline.records import canonical_json
from reel_pipeline.rules import reads
from reel_pipeline.rules.reads import Inputs
from reel_pipeline.settings import Settings
from reel_pipeline.store import jsonable


@dataclass(frozen=True)
class Asset:
    """One row. `reads(inputs, partition)` and `settings(settings, partition)` return JSON values.

    `engine`: the room (`engines.ROOMS`) whose engine makes it. `parts`: what else of `PARTS` its bytes hang on.
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
        made_by = settings.engines.revision(self.engine) if self.engine else None
        code = [self.logic, made_by, *(PARTS[part] for part in self.parts)]
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


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset("brand_kit", r.BrandKit, (), lambda i, p: None, partitioned=False, external=True),
        Asset("catalog_snapshot", r.CatalogSnapshot, (), lambda i, p: None, partitioned=False, external=True),
        Asset("product", r.Product, ("catalog_snapshot",), reads.facts),
        Asset("product_gallery", r.ProductGallery, ("catalog_snapshot",), reads.photo_sources, parts=("photo",)),
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
            reads.plan,
            engine="planner",
            settings=reads.planning,
        ),
        Asset(
            "voiceover",
            r.Voiceover,
            ("shot_plan", "brand_kit"),
            reads.voice,
            engine="voice",
            parts=("mixing",),
            settings=reads.recordings,
        ),
        Asset(
            "rendered_still",
            r.RenderedStill,
            ("shot_plan", "product_gallery", "product_cutout", "brand_kit"),
            reads.stills,
            engine="stills",
        ),
        Asset(
            "video_clip",
            r.VideoClip,
            ("rendered_still", "voiceover"),
            reads.clips,
            engine="clips",
        ),
        Asset(
            "reel",
            r.Reel,
            ("video_clip", "voiceover", "product", "brand_kit"),
            reads.reel,
            parts=("assembly",),
        ),
        Asset(
            "evaluation_score",
            r.EvaluationScore,
            ("reel", "product_gallery"),
            reads.score,
            engine="judge",
            settings=reads.judging,
        ),
        Asset(
            "mirrored_asset",
            r.MirroredAsset,
            ("reel", "evaluation_score"),
            reads.mirror,
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
            sees=lambda i: [i["shot_plan"].digest(), reads.spoken(i["product"]), reads.sayable(i["brand_kit"].words)],
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
