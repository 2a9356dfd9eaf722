"""The exact shape of the flow, and what it costs to import it."""

import ast
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

import reel_pipeline
from reel_pipeline.definitions import defs
from reel_pipeline.engines import ENGINES, PARTS
from reel_pipeline.rules.table import ASSETS, CHECKS
from reel_pipeline.settings import Settings

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


def test_every_asset_leads_to_its_code() -> None:
    for key in defs.resolve_asset_graph().get_all_asset_keys():
        found = defs.resolve_assets_def(key).metadata_by_key[key]["dagster/code_references"]
        assert [Path(reference.file_path).name for reference in found.code_references] == [f"{key.path[-1]}.py"]


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


MEMO = {
    "normalise": ("product_gallery", "photo"),
    "look": ("frame_classification", "classifier.embedded"),
    "view_scores": ("frame_classification", "classifier.embedded"),
    "measure": ("frame_classification", "measures"),
    "read_text": ("frame_classification", "ocr"),
    "cut_out": ("product_cutout", "cutout.matting", "geometry"),
    "plan_shots": ("shot_plan", "planner.embedded"),
    "speak_line": ("voiceover", "voice.espeak_ng"),
    "mix_voice": ("voiceover", "voice.espeak_ng", "mixing"),
    "render_still": ("rendered_still", "stills.layered"),
    "animate": ("video_clip", "clips.warp"),
    "assemble": ("reel", "assembly"),
    "passport": ("evaluation_score", "judge.classical"),
    "judge": ("evaluation_score", "judge.classical"),
    "second_opinion": ("evaluation_score", "second_opinion", "second_opinion.openai_compatible"),
    "second_opinion_question": ("evaluation_score", "second_opinion", "second_opinion.openai_compatible"),
}
"""What is remembered -> the asset whose bytes hang on it, and the revisions that key it."""

REVISED = {
    "catalog/build.py": "photo",
    "media/text.py": "ocr",
    "frames/measures.py": "measures",
    "frames/geometry.py": "geometry",
    "voice/mix.py": "mixing",
    "reels/assemble.py": "assembly",
    "evaluation/advice/second_opinion.py": "second_opinion",
}
"""Where the revision of a part that is no engine is written -> its name in `PARTS`."""
NOT_OF_A_MEMO = {
    "frames/classify.py",  # names the reader and the measures for the memo
    "engines.py",  # hands an engine its row's
    "evaluation/advice/engines/openai_compatible.py",  # adds whom it asks
    "evaluation/engines/__init__.py",  # the judge's own and the adopted gates, which are a setting
    "mirror/engines/folder.py",  # what is published is read back, not remembered
    "mirror/engines/s3.py",
}


def code_of(package: Path) -> dict[str, ast.Module]:
    return {path.relative_to(package).as_posix(): ast.parse(path.read_text()) for path in package.rglob("*.py")}


def names_a_revision(node: ast.AST) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [target.id if isinstance(target, ast.Name) else getattr(target, "attr", "") for target in targets]
    return any(name.lower() == "revision" for name in names) and getattr(node, "value", None) is not None


def test_every_revision_and_every_remembered_call_is_known_to_the_table() -> None:
    """A new one has to be entered here and in `engines.py`: it keys the memo, so it makes its asset stale."""
    package = Path(reel_pipeline.__file__).parent
    trees = code_of(package)
    revised = {path for path, tree in trees.items() if any(names_a_revision(node) for node in ast.walk(tree))}
    assert revised == REVISED.keys() | NOT_OF_A_MEMO
    remembered = {
        node.args[0].value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "remember"
        if isinstance(node.args[0], ast.Constant)
    }
    assert remembered == MEMO.keys()
    assert {*REVISED.values(), "thresholds"} == PARTS.keys()
    keyed = {name for _, *names in MEMO.values() for name in names}
    engines = {f"{room}.{name}" for room, name in ENGINES}
    assert keyed | {"voice.captions_only", "voice.file"} == engines | PARTS.keys() - {"thresholds"}


@pytest.mark.parametrize("verb", MEMO)
def test_what_keys_a_remembered_call_makes_its_asset_stale(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, *names = MEMO[verb]
    settings = Settings(workspace=tmp_path, source="", second_opinion="always", second_opinion_budget=4)
    before = ASSETS[asset].made_with(settings, "TEA-1")
    for name in names:
        room, _, engine = name.partition(".")
        with monkeypatch.context() as patch:
            if engine:
                patch.setitem(ENGINES, (room, engine), replace(ENGINES[room, engine], revision="another"))
            else:
                patch.setitem(PARTS, name, "another")
            assert ASSETS[asset].made_with(settings, "TEA-1") != before, name


def test_the_revisions_of_parts_are_their_modules_own() -> None:
    from reel_pipeline.catalog.build import Normaliser
    from reel_pipeline.evaluation.advice import second_opinion
    from reel_pipeline.evaluation.thresholds import thresholds_digest
    from reel_pipeline.frames import geometry, measures
    from reel_pipeline.media import text
    from reel_pipeline.reels import assemble
    from reel_pipeline.voice import mix

    question = hashlib.sha256(second_opinion.QUESTION.encode()).hexdigest()[:12]
    assert {
        "photo": Normaliser().revision,
        "ocr": text.REVISION,
        "measures": measures.REVISION,
        "geometry": geometry.REVISION,
        "mixing": mix.REVISION,
        "assembly": assemble.REVISION,
        "second_opinion": f"{second_opinion.REVISION}+{question}",
        "thresholds": thresholds_digest(),
    } == PARTS, "write it into reel_pipeline/engines.py"
