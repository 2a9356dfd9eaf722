"""The exact shape of the flow, and what it costs to import it."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from reel_pipeline.definitions import defs
from reel_pipeline.defs.table import ASSETS, CHECKS, REVISIONS

HEAVY = (
    "torch",
    "cv2",
    "av",
    "diffusers",
    "transformers",
    "onnxruntime",
    "rapidocr",
    "pymatting",
    "moviepy",
    "scipy",
    "playwright",
    "boto3",
    "pandas",
    "pyarrow",
)


def test_asset_keys_checks_jobs_and_automation_are_exactly_these() -> None:
    graph = defs.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        "brand_kit",
        "catalog_snapshot",
        "product",
        "product_gallery",
        "frame_classification",
        "product_cutout",
        "shot_plan",
        "voiceover",
        "rendered_still",
        "video_clip",
        "reel",
        "evaluation_score",
        "mirrored_asset",
        "judgement_table",
        "evaluator_calibration",
    }
    checks = {
        f"{key.asset_key.to_user_string()}.{key.name}{'*' * graph.get(key).blocking}" for key in graph.asset_check_keys
    }
    assert checks == {
        "catalog_snapshot.crawl_is_complete",
        "product_gallery.gallery_is_usable*",
        "frame_classification.has_a_product_view*",
        "product_cutout.cutout_is_trustworthy",
        "shot_plan.claims_are_grounded*",
        "shot_plan.motions_are_safe*",
        "voiceover.speech_is_clean*",
        "rendered_still.product_pixels_locked*",
        "video_clip.clip_meets_spec*",
        "reel.reel_meets_spec*",
        "reel.audio_is_the_approved_track*",
        "evaluation_score.product_is_faithful*",
        "evaluation_score.motion_is_plausible*",
        "evaluation_score.retry_budget",
        "mirrored_asset.mirror_matches_source*",
        "mirrored_asset.still_true",
    }
    jobs = {job.name for job in defs.jobs or ()}
    assert jobs == {
        "sync_catalog",
        "make_reels",
        "retake",
        "publish",
        "collection_backfill",
        "review",
        "reconcile",
        "learn",
    }
    assert {sensor.name for sensor in defs.sensors or ()} == {"retake_rejected", "gallery_changed", "alerts"}
    assert {schedule.name for schedule in defs.schedules or ()} == {"hourly_sync", "new_skus", "reconcile_often"}


def test_what_the_table_declares_is_what_dagster_wires() -> None:
    """An asset's typed inputs are the upstream assets of its row, and a check blocks if and only if its row says so."""
    graph = defs.resolve_asset_graph()
    for row in ASSETS.values():
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(row.name)).parent_keys}
        assert parents == set(row.upstream), row.name
    for key in graph.asset_check_keys:
        assert graph.get(key).blocking == CHECKS[key.name].blocking, key.name
        assert key.asset_key.to_user_string() == CHECKS[key.name].asset


def test_what_may_need_a_gpu_or_a_provider_waits_in_their_pools() -> None:
    graph = defs.resolve_asset_graph()
    pools = {name: graph.get(dg.AssetKey(name)).pools for name in ASSETS}
    assert {name: found for name, found in pools.items() if found} == {
        "product_cutout": {"gpu"},
        "rendered_still": {"gpu"},
        "video_clip": {"gpu"},
        "voiceover": {"providers"},
        "evaluation_score": {"providers"},
    }


def test_importing_the_definitions_loads_nothing_heavy() -> None:
    code = f"import sys, reel_pipeline.definitions; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_revisions_that_the_planner_goes_by_are_the_engines_own() -> None:
    from reel_pipeline.clips.engines import open_engine as open_clips
    from reel_pipeline.evaluation.engines import open_engine as open_judge
    from reel_pipeline.frames.engines import open_classifier, open_cutout_engine
    from reel_pipeline.shots.engines import open_engine as open_planner
    from reel_pipeline.stills.engines import open_engine as open_stills
    from reel_pipeline.voice.engines import open_engine as open_voice

    openers = {
        "classifier": open_classifier,
        "cutout": open_cutout_engine,
        "planner": open_planner,
        "voice": lambda name: open_voice(name, Path()),
        "stills": open_stills,
        "clips": open_clips,
        "judge": open_judge,
    }
    for name, revision in REVISIONS.items():
        kind, _, engine = name.partition(".")
        assert openers[kind](engine).revision == revision, f"{name}: write the engine's revision into defs/table.py"
