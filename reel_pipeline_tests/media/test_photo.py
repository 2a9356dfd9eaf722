"""Pictures as shops really have them, and as they never should be."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from reel_pipeline.errors import PhotoError
from reel_pipeline.media.photo import MAX_SIDE_PX, decode_png, encode_jpeg, encode_png, normalise, suffix_of

Pixels = NDArray[np.uint8]


def picture(width: int = 96, height: int = 80, seed: int = 1) -> Pixels:
    """Smooth and coloured, so that a lossy format keeps it close."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 255 // width, y * 255 // height, (x + y + seed * 37) % 256], axis=-1)
    return rgb.astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!doctype html><html><body>404</body></html>", "web page"),
        (b"\n  <svg xmlns='http://www.w3.org/2000/svg'/>", "web page"),
        (b"\xef\xbb\xbf<html>", "web page"),
        (b"just some words", "no picture"),
        (saved(Image.fromarray(picture(900, 900)), "PNG")[:600], "damaged"),
        (saved(Image.fromarray(picture(600, 600)), "JPEG")[:400], "damaged"),
        (saved(Image.fromarray(picture(1, 1)), "PNG"), "too few"),
        (png_header(30_000, 30_000), "megapixels"),
        (png_header(30_000, 200), "strip"),
        (png_header(2**31 - 1, 2**31 - 1), "megapixels"),
        (saved(Image.new("RGBA", (80, 80), (9, 9, 9, 0)), "PNG"), "transparent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_pictures_are_refused_in_plain_words(data: bytes, words: str) -> None:
    with pytest.raises(PhotoError, match=words):
        normalise(data)


def test_a_flipped_bit_in_the_pixels_is_noticed() -> None:
    data = bytearray(saved(Image.fromarray(picture()), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PhotoError, match="damaged"):
        normalise(bytes(data))


@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_pixels_or_a_photo_error(tail: bytes, head: bytes) -> None:
    try:
        found = normalise(head + tail)
    except PhotoError:
        return
    assert found.pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
@given(x=st.integers(0, 95), y=st.integers(0, 79), channel=st.integers(0, 2))
@settings(max_examples=15, deadline=None)
def test_lossless_formats_show_a_single_changed_pixel(kind: str, x: int, y: int, channel: int) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    pixels = picture()
    assert np.array_equal(normalise(saved(Image.fromarray(pixels), kind, **options)).pixels, pixels)
    changed = pixels.copy()
    changed[y, x, channel] ^= 1
    found = normalise(saved(Image.fromarray(changed), kind, **options)).pixels
    assert np.argwhere(found != pixels).tolist() == [[y, x, channel]]


def test_a_palette_png_with_alpha_is_flattened_on_white_and_keeps_its_alpha() -> None:
    image = Image.fromarray(picture()).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    image.paste(3, (0, 0, 40, 40))
    found = normalise(saved(image, "PNG", transparency=3))
    assert found.alpha is not None
    assert found.alpha[:40, :40].max() == 0
    assert (found.pixels[:40, :40] == 255).all()
    assert found.alpha.shape == found.pixels.shape[:2]


def test_half_transparency_is_mixed_with_white() -> None:
    rgba = np.dstack([np.zeros((80, 96, 3), np.uint8), np.full((80, 96), 128, np.uint8)])
    found = normalise(saved(Image.fromarray(rgba), "PNG"))
    assert np.unique(found.pixels).tolist() == [127]


def test_opaque_alpha_is_no_alpha() -> None:
    rgba = np.dstack([picture(), np.full((80, 96), 255, np.uint8)])
    found = normalise(saved(Image.fromarray(rgba), "PNG"))
    assert found.alpha is None
    assert np.array_equal(found.pixels, picture())


def test_cmyk_jpeg_becomes_close_to_its_rgb() -> None:
    flat = Image.new("RGB", (96, 80), (200, 40, 60))
    found = normalise(saved(flat.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(found.pixels.astype(int).mean(axis=(0, 1)) - (200, 40, 60)).max() < 6


def test_16_bit_grey_keeps_its_tones() -> None:
    grey = np.linspace(0, 65535, 96 * 80).reshape(80, 96).astype(np.uint16)
    found = normalise(saved(Image.fromarray(grey), "PNG"))
    assert np.abs(found.pixels[..., 0].astype(float) - grey / 257).max() <= 0.51


def test_16_bit_rgb_keeps_its_tones() -> None:
    import cv2

    rgb = (picture().astype(np.uint16) * 257)[..., ::-1]
    found = normalise(bytes(cv2.imencode(".png", rgb)[1]))
    assert np.array_equal(found.pixels, picture())


@pytest.mark.parametrize(("orientation", "turn"), [(3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_applied(orientation: int, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = normalise(saved(Image.fromarray(picture()), "PNG", exif=exif))
    assert np.array_equal(found.pixels, np.rot90(picture(), turn))


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "PNG"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    found = normalise(saved(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert found.pixels[40, 40].tolist() == [255, 0, 0]


def test_an_icc_profile_is_converted_to_srgb() -> None:
    image = Image.fromarray(picture())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = normalise(saved(image, "PNG", icc_profile=profile)).pixels
    assert np.abs(same.astype(int) - picture()).max() <= 1
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for unusable in (b"no profile at all", lab):
        found = normalise(saved(image, "PNG", icc_profile=unusable)).pixels
        assert np.array_equal(found, picture())


def test_a_huge_photo_is_reduced_to_the_largest_side_that_is_ever_needed() -> None:
    found = normalise(saved(Image.new("RGB", (6000, 2000), "teal"), "PNG"))
    assert found.pixels.shape == (1000, MAX_SIDE_PX, 3)
    assert (found.pixels == (0, 128, 128)).all()


def test_the_largest_picture_that_is_accepted_fits_in_memory(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    Image.new("RGBA", (8000, 6200), (90, 90, 90, 200)).save(large, compress_level=1)
    code = (
        "import sys; from pathlib import Path; from reel_pipeline.media.photo import normalise;"
        "normalise(Path(sys.argv[1]).read_bytes());"
        # not ru_maxrss, which a child inherits from the large test process that started it
        "print(int(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]) >> 10)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(large)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 800, "MiB; a whole run may take 1.5 GiB"


@pytest.mark.parametrize("channels", [0, 3, 4])
def test_stored_png_round_trips(channels: int) -> None:
    pixels = np.dstack([picture(), picture()[..., :1]])
    wanted = pixels[..., 0] if channels == 0 else pixels[..., :channels]
    assert np.array_equal(decode_png(encode_png(np.ascontiguousarray(wanted))), wanted)


def test_a_picture_that_was_just_read_is_not_decoded_again_and_no_caller_can_change_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shades = [np.full((50, 50, 3), 40 * number, np.uint8) for number in range(5)]
    monkeypatch.setattr("reel_pipeline.media.photo.KEPT_BYTES", 3 * shades[0].nbytes)
    files = [encode_png(shade) for shade in shades]
    first, *_, last = (decode_png(file) for file in files)
    assert decode_png(files[-1]) is last
    assert decode_png(files[0]) is not first, "only the last three are kept"
    assert np.array_equal(decode_png(files[0]), first)
    with pytest.raises(ValueError, match="read-only"):
        last[:] = 0


def test_a_stored_picture_that_is_damaged_says_so() -> None:
    with pytest.raises(PhotoError, match="run this SKU again"):
        decode_png(b"\x89PNG nothing")


def test_previews_are_small() -> None:
    preview = encode_jpeg(picture(900, 600), 200)
    assert Image.open(io.BytesIO(preview)).size == (200, 133)


def test_the_suffix_follows_the_bytes_not_the_name() -> None:
    image = Image.fromarray(picture())
    kinds = {kind: f".{kind.lower()}" for kind in ("PNG", "GIF", "WEBP", "BMP", "AVIF")} | {
        "JPEG": ".jpg",
        "TIFF": ".tif",
    }
    assert {kind: suffix_of(saved(image, kind)) for kind in kinds} == kinds
    assert suffix_of(b"<html>") == ".bin"
