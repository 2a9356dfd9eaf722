"""The command line as a contract: exit codes, one JSON document on stdout, one sentence on stderr."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reel_pipeline.cli import main
from reel_pipeline.settings import CONFIG_VARIABLE
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.drawing import jpeg, product_photo


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "front.jpg"
    path.write_bytes(jpeg(product_photo(5, "RIVER SOAP\n120 g", size_px=(800, 1000))))
    return path


def test_the_version_loads_nothing_heavy() -> None:
    code = "import sys; from reel_pipeline.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass\n"
    heavy = "print([n for n in ('numpy', 'pydantic', 'dagster', 'cv2') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["0.1.0", "[]"]


def test_classify_gives_one_row_a_file_and_goes_on_after_a_bad_one(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"<html>not found</html>")
    assert main(["classify", str(photo), str(bad), "--json"]) == 1
    good, failed = json.loads(capsys.readouterr().out)
    assert good["file"] == str(photo)
    assert set(good["scores"]) == {"model_worn", "flat_studio", "detail_crop", "lifestyle"}
    assert good["view_class"] == max(good["scores"], key=good["scores"].get)
    assert (good["width_px"], good["height_px"]) == (800, 1000)
    assert any("RIVER" in line.upper() for line in good["label_text"])
    assert set(failed) == {"file", "error"}


def test_a_cutout_has_the_size_of_the_upright_photo(tmp_path: Path) -> None:
    sideways = Image.fromarray(product_photo(6, "RIVER SOAP\n120 g", size_px=(700, 900))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(tmp_path / "turned.jpg", exif=exif)
    out = tmp_path / "mask.png"
    assert main(["cutout", str(tmp_path / "turned.jpg"), "--out", str(out)]) == 0
    with Image.open(out) as mask:
        assert (mask.mode, mask.size) == ("L", (700, 900))
        alpha = np.asarray(mask)
    assert alpha[450, 350] == 255
    assert alpha[5, 5] == 0


@pytest.mark.parametrize("motion", ["push_in", "parallax"])
def test_an_animated_photo_is_judged_faithful_to_itself(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], motion: str
) -> None:
    own = judged(animated(photo, tmp_path, motion), photo, capsys)
    assert own["verdict"] == "accept", own


def test_an_animated_photo_is_judged_faithful_to_no_other(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(jpeg(product_photo(77, "STONE TEA\n900 g", size_px=(800, 1000))))
    foreign = judged(animated(photo, tmp_path, "push_in"), other, capsys)
    assert foreign["verdict"] == "reject"
    assert {"kind", "score", "threshold", "time_s", "region_px_xywh"} == set(foreign["faults"][0])


def animated(photo: Path, folder: Path, motion: str) -> Path:
    clip = folder / "clip.mp4"
    assert main(["animate", str(photo), "--motion", motion, "--duration", "2", "--out", str(clip)]) == 0
    return clip


def judged(clip: Path, reference: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["evaluate", str(clip), "--reference", str(reference), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_photo_that_allows_no_parallax_gets_a_calm_move_and_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (30, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((960, 1200), Image.Resampling.BICUBIC).save(tmp_path / "busy.png")
    clip = tmp_path / "clip.mp4"
    assert (
        main(["animate", str(tmp_path / "busy.png"), "--motion", "parallax", "--duration", "1", "--out", str(clip)])
        == 0
    )
    answer = capsys.readouterr()
    assert answer.out == f"{clip}\n"
    assert "allows no honest parallax, because" in answer.err
    assert clip.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["animate", "nowhere.jpg", "--motion", "push_in", "--duration", "2", "--out", "x.mp4"], 1),
        (["animate", "nowhere.jpg", "--motion", "push_in", "--duration", "99", "--out", "x.mp4"], 2),
        (["evaluate", "nowhere.mp4", "--reference", "nowhere.jpg"], 1),
        (["run", "--source", "nowhere"], 2),
        (["run", "--source", "https://shop.example/"], 2),
    ],
)
def test_wrong_input_ends_in_one_sentence(
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    assert main(arguments) == code
    answer = capsys.readouterr()
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert answer.err.splitlines()[-1].startswith("reel-pipeline: ")


def test_status_why_and_review_speak_of_every_product(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    states = {row["sku"]: row["state"] for row in json.loads(capsys.readouterr().out)["products"]}
    assert states == {"TEA-1": "published", "BOX-2": "published", "BAD-3": "failed"}
    assert main(["why", "TEA-1"]) == 0
    chain = capsys.readouterr().out
    assert chain.index("product_gallery") < chain.index("ok  product_is_faithful") < chain.index("mirrored_asset")
    assert main(["why", "NO-SUCH"]) == 2
    assert main(["review", "list"]) == 0
    assert main(["review", "approve", "TEA-1"]) == 2


def test_prune_keeps_all_that_a_second_run_needs(made: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    store = made.settings.open_store()
    garbage = store.put(b"nobody names this", ".bin")
    assert main(["store", "prune"]) == 0
    assert not store.has(garbage)
    assert main(["run", "--sku", "TEA-1", "BOX-2", "--json"]) == 0
    products = json.loads(capsys.readouterr().out.partition("\n")[2])["products"]
    assert [(product["computed"], product["state"]) for product in products] == [(0, "published")] * 2
