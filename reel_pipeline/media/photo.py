"""Hostile bytes -> normalised sRGB uint8 pixels, and arrays <-> lossless or preview files.

Every room reads pictures through here. What a picture shows is `frames/`'s business.
"""

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from reel_pipeline.errors import PhotoError

Pixels = NDArray[np.uint8]
"""HWC RGB or HWC RGBA or HW, uint8 in [0, 255]."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""`JPEG` covers the MPO files of cameras as well."""
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 120_000_000
"""Of a file: above the largest cameras; more is an attack or an accident."""
MAX_DECODED_PIXELS = 50_000_000
"""In memory, 200 MB a copy, of which the worst format takes three. A JPEG decodes to a smaller size right away."""
KEPT_BYTES = 64 * 2**20
"""Of decoded pictures in memory: two of the largest photos, or eight of 1600 x 1600 pixels."""
HEAD_BYTES = 1024
"""What `refusal_of` needs of a file."""
NO_PICTURE = "This is no picture in JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF; export it as JPEG."
TOO_LARGE = f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels; export a smaller one."
MAX_SIDE_PX = 3000
"""After decoding: 1080 px of reel width never needs more than this."""
HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
MIN_SIDE_PX = 64
MAX_ASPECT = 8.0
SIGNATURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"II+\0": ".tif",
    b"MM\0+": ".tif",
}
_kept: dict[bytes, Pixels] = {}
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class NormalisedPhoto:
    """`pixels`: HWC RGB uint8. `alpha`: HW uint8, None where the file had no transparency. Same height and width."""

    pixels: Pixels
    alpha: Pixels | None


def normalise(data: bytes) -> NormalisedPhoto:
    """Decode any shop picture: first frame, EXIF-rotated, ICC-converted, 8 bits, at most `MAX_SIDE_PX` a side.

    Transparency is flattened on white and kept as `alpha`. Raises `PhotoError` with what is wrong and what would help.
    """
    if len(data) > MAX_BYTES:
        raise PhotoError(f"The file has {len(data) >> 20} MB, more than {MAX_BYTES >> 20}; export a smaller one.")
    if refusal := refusal_of(data[:HEAD_BYTES]):
        raise PhotoError(refusal)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file that is merely odd (large, broken EXIF) is still read
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _refuse_shape(*image.size)
                image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
                if image.width * image.height > MAX_DECODED_PIXELS:
                    raise PhotoError(f"The {image.format} picture is too large to decode; export it as JPEG.")
                return _to_srgb(image)
    except UnidentifiedImageError:
        raise PhotoError(NO_PICTURE) from None
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError(TOO_LARGE) from None
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise PhotoError(f"The picture is damaged ({error}); upload it again.") from error


def _refuse_shape(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise PhotoError(TOO_LARGE)
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise PhotoError(f"{width_px} x {height_px} pixels are too few; at least {MIN_SIDE_PX} a side are needed.")
    if max(width_px, height_px) > MAX_ASPECT * min(width_px, height_px):
        raise PhotoError(f"{width_px} x {height_px} pixels are a strip, not a product photo; crop it.")


def _to_srgb(image: Image.Image) -> NormalisedPhoto:
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _eight_bits(image)
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "CMYK", "L", "LAB"):
        image = image.convert("RGB")
    if max(image.size) > MAX_SIDE_PX:  # before any colour conversion: full-size copies would fill the memory
        scale = MAX_SIDE_PX / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    opacity = np.array(image.getchannel("A"), dtype=np.uint8) if image.mode == "RGBA" else None
    colour = image.convert("RGB") if image.mode == "RGBA" else image
    if profile:
        colour = _convert_profile(colour, profile)
    pixels = np.array(colour.convert("RGB"), dtype=np.uint8)
    if opacity is None or opacity.min() == 255:
        return NormalisedPhoto(pixels, None)
    if opacity.max() < 8:
        raise PhotoError("The picture is fully transparent; upload the product on a background.")
    weight = opacity[..., None].astype(np.float32) / 255
    flat = np.rint(pixels * weight + 255 * (1 - weight)).astype(np.uint8)
    return NormalisedPhoto(flat, opacity)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey files hold 0..65535; Pillow's own conversion would clip all above 255 to white."""
    values = np.asarray(image)
    top = 65535.0 if values.max() > 255 else 255.0
    grey = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):  # in bands: floats of a whole large picture would fill the memory
        grey[row : row + 256] = np.rint(np.clip(values[row : row + 256] / top, 0, 1) * 255)
    return Image.fromarray(grey)


def _convert_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """To sRGB by the embedded profile; one that is broken or of another colour space is ignored, as browsers do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image


def fit(picture: Pixels, long_side_px: float, enlarging: int | None = None) -> Pixels:
    """HW, HWC RGB or HWC RGBA uint8 at another size: 2000 x 1500 to a long side of 320 is 320 x 240.

    Shrinking averages areas; a smaller picture grows linearly, or by OpenCV's interpolation `enlarging`. No side gets
    less than 8 px, which filters need.
    """
    import cv2

    height, width = picture.shape[:2]
    scale = long_side_px / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR if enlarging is None else enlarging
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def encode_png(pixels: Pixels) -> bytes:
    """HW, HWC RGB or HWC RGBA uint8 -> PNG, lossless, at the fastest setting that still compresses."""
    import cv2

    if pixels.ndim == 2:
        swapped: NDArray[Any] = pixels
    else:
        swapped = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", swapped, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def decode_png(data: bytes) -> Pixels:
    """PNG of this project's own making -> HW, HWC RGB or HWC RGBA uint8, read-only.

    The last pictures are kept, `KEPT_BYTES` of them: nearly every room looks at the same few photos in one run.
    """
    name = hashlib.sha256(data).digest()
    with _one_at_a_time:
        pixels = _kept.pop(name, None)
        if pixels is None:
            pixels = _decoded(data)
        _kept[name] = pixels  # at the end: what was asked for last is kept longest
        while sum(each.nbytes for each in _kept.values()) > KEPT_BYTES:
            del _kept[next(iter(_kept))]
    return pixels


def _decoded(data: bytes) -> Pixels:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise PhotoError("A stored picture can't be read; run this SKU again.")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    pixels.flags.writeable = False
    return np.asarray(pixels, np.uint8)


def encode_jpeg(pixels: Pixels, max_side_px: int, quality: int = 80) -> bytes:
    """A preview of HWC RGB pixels, at most `max_side_px` a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def suffix_of(data: bytes) -> str:
    """`.jpg`, `.png`, ... by the file's own signature, whatever it was called; `.bin` when it has none of ours."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp":  # a family of formats, films too: the brands say which
        brands = {data[place : place + 4] for place in range(8, min(64, len(data)), 4)}
        return ".avif" if brands & {b"avif", b"avis"} else ".heic" if brands & HEIC else ".bin"
    return next((suffix for signature, suffix in SIGNATURES.items() if data.startswith(signature)), ".bin")


def refusal_of(head: bytes) -> str | None:
    """Why a file that begins so is no picture that can be read, and what would help; None where it may be one."""
    if not head:
        return "The file is empty; upload the picture again."
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "This is a web page or drawing (text), not a photo; check the picture's address."
    if suffix_of(head) == ".heic":
        return "This is a HEIC photo as phones take them, which can't be read; export it as JPEG."
    return NO_PICTURE if suffix_of(head) == ".bin" else None
