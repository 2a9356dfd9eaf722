"""A catalogue in which nearly everything is wrong: every product ends in a state, and none harms another."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.rules.report import State
from reel_pipeline_tests.conftest import new_workspace, use
from reel_pipeline_tests.drawing import jpeg, product_photo

GOOD = product_photo(11, "PINE DISH\n90 g", size_px=(800, 1000))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pictures() -> dict[str, bytes]:
    good = Image.fromarray(GOOD)
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = good.convert("RGBA")
    alpha.putalpha(Image.fromarray(np.where(GOOD.min(2) > 225, 0, 255).astype(np.uint8)))
    grey16 = Image.fromarray((GOOD.mean(2) * 257).astype(np.uint16))
    return {
        "corrupt.jpg": jpeg(GOOD)[:3000],
        "empty.jpg": b"",
        "one-pixel.png": encoded(Image.new("RGB", (1, 1)), "PNG"),
        "huge.png": encoded(Image.new("1", (30_000, 30_000)), "PNG"),
        "page.jpg": b"<!doctype html><html><body>404</body></html>",
        "palette.png": encoded(alpha.quantize(128), "PNG"),
        "cmyk.jpg": encoded(good.convert("CMYK"), "JPEG", quality=92),
        "grey16.png": encoded(grey16, "PNG"),
        "turned.jpg": encoded(good.rotate(90, expand=True), "JPEG", quality=92, exif=exif),
        "animated.webp": encoded(good, "WEBP", save_all=True, append_images=[good.rotate(2)], quality=90),
        "good.jpg": jpeg(GOOD),
    }


LONG_HTML = "<p>Dish <b>of pine</b>.</p><script>x()</script>" * 100
REFUSED = ("corrupt.jpg", "empty.jpg", "one-pixel.png", "huge.png", "page.jpg")
HOSTILE_SKUS = ("../../etc", "S" * 300, "\U0001f9fc soap", "a...b", "case-1", "CASE-1", " spaced ", "שלום-7")


@pytest.mark.slow
def test_every_product_of_a_hostile_catalogue_ends_in_a_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, data in pictures().items():
        (source / name).write_bytes(data)
    base = {"title": "Pine dish", "description": "A dish of oiled pine.", "vendor": "Fernhill"}
    products = [{**base, "sku": f"PIC-{name}", "images": [{"file": name}]} for name in pictures()]
    products += [{**base, "sku": sku, "images": [{"file": "good.jpg"}]} for sku in HOSTILE_SKUS]
    products += [
        {**base, "sku": "NO-PHOTO", "images": []},
        {**base, "sku": "OUTSIDE", "images": [{"file": "../../../etc/passwd"}]},
        {**base, "sku": "LONG", "description": LONG_HTML, "images": [{"file": "good.jpg"}]},
        {**base, "sku": "RTL", "title": "צלחת אורן טבעי", "description": "", "images": [{"file": "good.jpg"}]},
        {"title": "No SKU at all"},
        "not even an object",
    ]
    (source / "catalog.json").write_text(json.dumps({"products": products}))
    workspace = new_workspace(tmp_path / "work", source)
    use(workspace, monkeypatch)
    done = run_catalog(workspace.settings)
    states = {product.report.sku: product.report for product in done.products}
    assert {error.item for error in done.errors} - {*REFUSED} == {"product 24", "product 25"}
    assert len(done.products) == len(products) - 2
    for name in pictures():
        expected = State.FAILED if name in REFUSED else State.PUBLISHED
        assert states[f"PIC-{name}"].state is expected, states[f"PIC-{name}"]
    for sku in (*HOSTILE_SKUS, "LONG", "RTL"):
        report = states.get(sku) or states[sku.strip()]
        assert report.state is State.PUBLISHED, report
    assert states["NO-PHOTO"].state is State.FAILED
    assert states["OUTSIDE"].state is State.FAILED
    assert all(report.reasons and "Traceback" not in report.reasons[0] for report in states.values() if not report.reel)
    assert not list(tmp_path.parent.rglob("etc"))
