"""The frozen records that pass between rooms, in flow order.

What belongs here: the shape of what one asset hands to the next. No behaviour beyond derived geometry, no clock, host,
path or running time: a record's content hash must depend on nothing but what was made. Provenance (URLs, fetch times,
stock) is kept beside a record, in its head (`store.py`).

Boxes are `(x, y, width, height)` in whole pixels, origin top left. Pixels are HWC uint8 sRGB. Frames are counted on the
24 fps grid of the timeline. Records from `ShotPlan` on map an edition's name to its content; `main` always exists.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

FPS = 24
MAIN_EDITION = "main"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
BoxPx = tuple[int, int, int, int]
WindowPx = tuple[float, float, float, float]
"""A camera window (x, y, width, height) on a canvas, sub-pixel."""
Affine = tuple[float, float, float, float, float, float]
"""Row-major 2x3 matrix mapping (x, y, 1) of one pixel grid to another."""
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
CURRENCY_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
"""Everywhere else the sign is shared or little known, and a price carries its currency's code."""


class Record(BaseModel):
    """Frozen base; two equal records have equal `canonical_bytes`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def canonical_bytes(self) -> bytes:
        """UTF-8 JSON with sorted keys and no spaces: what is stored and hashed."""
        return canonical_json(self.model_dump(mode="json"))

    def digest(self) -> str:
        return hashlib.sha256(self.canonical_bytes()).hexdigest()


class AssetRecord(Record):
    """The record of one asset partition."""

    schema_version: Literal[1] = 1


R = TypeVar("R", bound=Record)


def of_any_version(kind: type[R], data: bytes) -> R | None:
    """A record as far as this version understands it; None when it does not.

    Only for watching what is public, which goes on when schemas change. Nothing is made from such a record.
    """
    try:
        value = json.loads(data)
        if "schema_version" in kind.model_fields:
            value["schema_version"] = 1
        return kind.model_validate_json(json.dumps(value), extra="ignore")
    except (ValueError, TypeError):
        return None


def canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def folded(colour: str) -> str:
    """A colour's name however it is spelled: without case, accents, width, hyphens, slashes, odd spaces."""
    bare = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", colour.casefold()))
    return " ".join(re.split(r"[\s_/-]+", unicodedata.normalize("NFKC", bare).casefold())).strip()


class Blob(Record):
    """Bytes in the store, named by their SHA-256. `suffix` such as `.png` says how to read them."""

    sha256: Sha256
    size_bytes: int
    suffix: str


def blobs_in(record: Record) -> Iterator[Blob]:
    """Every blob that a record names, at any depth."""
    for _, value in record:
        yield from _blobs_in_value(value)


def _blobs_in_value(value: object) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, Record):
        yield from blobs_in(value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _blobs_in_value(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _blobs_in_value(item)


class Money(Record):
    """What was paid: a decimal number as text, such as `0.35`, and the currency's ISO code."""

    amount: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class MadeBy(Record):
    """Which engine made something, in which revision, and what was paid for it; None where it costs nothing but time.

    Its seconds are kept beside the record, as running time may change no hash.
    """

    engine: str
    revision: str
    paid: Money | None = None


class Format(Record):
    """Width and height of a reel's picture in pixels. Every reel has 24 frames a second."""

    width_px: Annotated[int, Field(ge=240, le=1920, multiple_of=2)] = 1080
    height_px: Annotated[int, Field(ge=240, le=1920, multiple_of=2)] = 1920

    @property
    def aspect(self) -> float:
        """Width over height: 0.5625 for 9:16."""
        return self.width_px / self.height_px

    @property
    def px_per_design_px(self) -> float:
        """Sizes of type and plates are designed for a short side of 1080 px; this is how much larger they are here."""
        return min(self.width_px, self.height_px) / 1080

    @property
    def frame_px_xywh(self) -> BoxPx:
        return 0, 0, self.width_px, self.height_px

    @property
    def safe_zone_px_xywh(self) -> BoxPx:
        """What a phone's buttons leave free of a full-screen vertical reel: all but the top 14 %, the bottom 35 % and
        6 % at either side (Instagram Reels, the strictest). Nothing lies over other formats; 5 % stay free all around,
        the graphics-safe area of EBU R 95."""
        left, top, bottom = (0.06, 0.14, 0.35) if self.height_px > 1.5 * self.width_px else (0.05, 0.05, 0.05)
        x, y = round(left * self.width_px), round(top * self.height_px)
        return x, y, self.width_px - 2 * x, round((1 - bottom) * self.height_px) - y


VERTICAL, PORTRAIT = Format(), Format(width_px=1080, height_px=1350)
SQUARE, LANDSCAPE = Format(width_px=1080, height_px=1080), Format(width_px=1920, height_px=1080)
"""9:16, 4:5, 1:1 and 16:9."""


class Span(Record):
    """A stretch of frames."""

    start_frame: int
    frame_count: Annotated[int, Field(ge=1)]

    @property
    def stop_frame(self) -> int:
        return self.start_frame + self.frame_count


class TimedBox(Span):
    """A box that holds something during a stretch of frames."""

    box_px_xywh: BoxPx


class Track(Record):
    """Where something lies in the frame over time: in each of its stretches, which are in order, inside that box."""

    kind: str
    boxes: tuple[TimedBox, ...] = ()

    def box_at(self, frame: int) -> BoxPx | None:
        """The box that holds it at a frame, None where it is not seen."""
        return next((box.box_px_xywh for box in self.boxes if box.start_frame <= frame < box.stop_frame), None)


# --- brand_kit ---------------------------------------------------------------------------------------------------


class BrandLook(Record):
    """Colours are `#rrggbb`: background, text, accent, in this order; the first is always there. Blobs are the user's
    own files."""

    palette: tuple[str, ...] = ("#f4f1ec", "#1d1d1b", "#8a6d4b")
    font: Blob | None = None
    logo: Blob | None = None


class BrandVoice(Record):
    """`language` is an espeak-ng voice name such as `en-gb`; `music` plays under the voice."""

    language: str = "en-gb"
    words_per_minute: int = Field(default=150, ge=80, le=260)
    music: Blob | None = None


class BrandWords(Record):
    brand_name: str = ""
    call_to_action: str = "Discover more"
    banned_words: tuple[str, ...] = ()
    disclaimer: str = ""
    show_price: bool = False


class BrandKit(AssetRecord):
    look: BrandLook = BrandLook()
    voice: BrandVoice = BrandVoice()
    words: BrandWords = BrandWords()


# --- catalog_snapshot, product, product_gallery ------------------------------------------------------------------


class OfVariant(Record):
    """A picture with the variant that the shop assigns it to; None: it stands for every variant of its product."""

    variant: str | None = None

    def is_of(self, colour: str) -> bool:
        """Whether it may show a product in this colour: it is assigned to no other one."""
        return self.variant is None or folded(self.variant) == folded(colour)


class PhotoSource(OfVariant):
    """Where one picture lies: a path relative to the source folder, or a URL.

    `content_sha256` where the listing saw the bytes. `version`, for a URL: another text when the picture changed, as
    far as the shop's listing tells; the same for another address or size of the same upload.
    """

    location: str
    position: int
    content_sha256: Sha256 | None = None
    version: str = ""


class Variant(Record):
    sku: str
    colour: str = ""
    size: str = ""


class CatalogEntry(Record):
    """One sellable look as the source describes it: a product, or one colourway with pictures of its own.

    `partition_key` is the Dagster partition; `sku` is exactly what the source said, for a colourway `product.colour`;
    `aliases` are the SKUs of collapsed sizes; `product` is the same for all looks of a product, whatever sizes it has.
    Text is plain (HTML already removed). `price` is a decimal string, None when the source has no one sure price;
    `currency` is its ISO code, '' while that is not known.
    """

    partition_key: str
    sku: str
    product: str = ""
    title: str
    description: str = ""
    product_type: str = ""
    vendor: str = ""
    colour: str = ""
    price: str | None = None
    currency: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    aliases: tuple[str, ...] = ()
    photos: tuple[PhotoSource, ...] = ()
    sold_out: tuple[str, ...] = ()
    """SKUs of which the shop has none left. Nothing that is made reads it: selling out makes nothing stale."""

    @property
    def is_sold_out(self) -> bool:
        """Every size of it; of a product without variants, the product. Its own SKU may be that of one size."""
        sizes = {variant.sku for variant in self.variants} or {self.sku}
        return sizes <= set(self.sold_out)


class ItemError(Record):
    """One item that failed while the rest went on."""

    item: str
    error: str


class UnreadItem(Record):
    """A listed item that is there and could not be read. `skus`: those that it is known to have, maybe none.

    `mark` is a digest of the item as it stands in the source: the same while nobody touches it.
    """

    skus: tuple[str, ...]
    mark: Sha256


class CatalogSnapshot(AssetRecord):
    """`complete`: every page and file of the listing was reached; items in it that failed are in `unread`.

    `ignored_columns`: those of a spreadsheet that were not understood.
    """

    source: str
    entries: tuple[CatalogEntry, ...]
    errors: tuple[ItemError, ...] = ()
    unread: tuple[UnreadItem, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    complete: bool

    @cached_property
    def by_partition(self) -> dict[str, CatalogEntry]:
        return {entry.partition_key: entry for entry in self.entries}


class Product(AssetRecord):
    """Facts only. Everything a reel says is traced to a field of this record."""

    sku: str
    title: str
    description: str = ""
    product_type: str = ""
    vendor: str = ""
    colour: str = ""
    price: str | None = None
    currency: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def shown_price(self) -> str:
        """As a customer may see it, '' without a price or its currency: '£12.50', '12.500 KWD'."""
        if not (self.price and self.currency):
            return ""
        sign = CURRENCY_SIGNS.get(self.currency)
        return f"{sign}{self.price}" if sign else f"{self.price} {self.currency}"


class Photo(OfVariant):
    """One usable picture. `key` is the first 16 hex digits of the normalised pixels' blob.

    `pixels`: RGB PNG, EXIF-rotated, colour-managed to sRGB, flattened on white where the file had alpha.
    `alpha`: 8-bit PNG of the file's own transparency, None when it had none. `variant`: None means unassigned.
    """

    key: str
    position: int
    original: Blob
    pixels: Blob
    alpha: Blob | None = None
    width_px: int
    height_px: int


class ProductGallery(AssetRecord):
    """`photos` in shop order, exact pixel duplicates dropped; `colour` names the variant this partition sells."""

    colour: str = ""
    photos: tuple[Photo, ...]
    refused: tuple[ItemError, ...] = ()

    @property
    def own(self) -> tuple[Photo, ...]:
        """The photos that may show this very variant."""
        return tuple(photo for photo in self.photos if photo.is_of(self.colour))

    def photo(self, key: str) -> Photo:
        return next(photo for photo in self.photos if photo.key == key)


# --- frame_classification, product_cutout -------------------------------------------------------------------------


class ViewClass(StrEnum):
    MODEL_WORN = "model_worn"
    FLAT_STUDIO = "flat_studio"
    DETAIL_CROP = "detail_crop"
    LIFESTYLE = "lifestyle"


class Material(StrEnum):
    """What makes a product hard to show honestly by anything but its photo."""

    GLASS = "glass"
    TRANSPARENT = "transparent"
    METAL = "metal"
    TEXTURED = "textured"
    TECHNICAL = "technical"
    TEXT_HEAVY = "text_heavy"
    REGULATED = "regulated"


class TextLine(Record):
    """One line read by OCR. `quad_px` is its corners in photo pixels, clockwise from top left of the text."""

    text: str
    confidence: Unit
    quad_px: tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

    @property
    def box_px_xywh(self) -> BoxPx:
        """The smallest upright box that holds the quad."""
        xs, ys = [x for x, _ in self.quad_px], [y for _, y in self.quad_px]
        left, top = int(min(xs)), int(min(ys))
        return left, top, int(-(-max(xs) // 1)) - left, int(-(-max(ys) // 1)) - top


class Frame(OfVariant):
    """What one photo shows.

    `scores` over the four view classes sum to 1; `unsure` when the best is not clearly best. `sharpness` is
    the share of the strongest edges' height within one pixel, at 512 px. `product_box_px_xywh` holds the product, the
    whole photo when it fills it. `backdrop_is_plain`: the border can be extended without inventing anything.
    `duplicate_of`: the key of an earlier photo that shows the same picture. Size, position and variant are the
    photo's own.
    """

    photo: str
    position: int
    width_px: int
    height_px: int
    view_class: ViewClass
    unsure: bool
    confidence: Unit
    scores: dict[ViewClass, float]
    face_boxes_px_xywh: tuple[BoxPx, ...] = ()
    label_text: tuple[TextLine, ...] = ()
    sharpness: float
    backdrop_is_plain: bool
    product_box_px_xywh: BoxPx
    duplicate_of: str | None = None
    materials: tuple[Material, ...] = ()


class FrameClassification(AssetRecord):
    frames: tuple[Frame, ...]

    def frame(self, photo_key: str) -> Frame:
        return next(frame for frame in self.frames if frame.photo == photo_key)


class Cutout(Record):
    """The product cut out of one photo; all pictures have the photo's size.

    `alpha`: 8-bit PNG, 255 = product. `depth`: 8-bit PNG, 255 = nearest, relative. `normals`: RGB PNG,
    (n + 1) / 2 * 255 in camera axes (x right, y up, z to the camera). `confidence`: see the engine.
    """

    photo: str
    alpha: Blob
    confidence: Unit
    box_px_xywh: BoxPx
    depth: Blob
    normals: Blob


class ProductCutout(AssetRecord):
    cutouts: tuple[Cutout, ...]

    def cutout(self, photo_key: str) -> Cutout | None:
        return next((cutout for cutout in self.cutouts if cutout.photo == photo_key), None)


# --- shot_plan ----------------------------------------------------------------------------------------------------


class Rung(StrEnum):
    """The honesty ladder, lowest (most literal) first."""

    STILL_MOTION = "still_motion"
    PARALLAX = "parallax"
    COMPOSITE = "composite"
    DIFFUSION = "diffusion"


class Motion(StrEnum):
    PUSH_IN = "push_in"
    PULL_OUT = "pull_out"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PARALLAX = "parallax"


Preferences = tuple[Motion | ViewClass, ...]
"""What people accept more often, best first."""


class SubjectKind(StrEnum):
    PRODUCT = "product"
    LABEL = "label"
    FACE = "face"


class Subject(Record):
    """A part of a picture that no caption may cover."""

    kind: SubjectKind
    box_px_xywh: BoxPx


class Light(StrEnum):
    """Where the light of a built scene comes from; `soft` from everywhere."""

    SOFT = "soft"
    LEFT = "left"
    RIGHT = "right"
    ABOVE = "above"
    BEHIND = "behind"


class SceneBrief(Record):
    """What is to be built around a product, made by code from brand kit, facts and season.

    `setting`: such as `studio sweep` or `kitchen table`; `surface`: what the product stands on; `palette`: `#rrggbb`,
    the ground's own colour first; `mood`: the brand's pictures to take light and colour from. `must_not_appear`: what a
    generator may not add. Nothing here describes the product: its photo does.
    """

    setting: str = ""
    surface: str = ""
    season: str = ""
    light: Light = Light.SOFT
    palette: tuple[str, ...] = ()
    mood: tuple[Blob, ...] = ()
    must_not_appear: tuple[str, ...] = ("people", "hands", "lettering", "a second product")


class TransitionKind(StrEnum):
    """How a shot comes in. `slide`: it pushes the one before out to the left; the two never mix."""

    CUT = "cut"
    SLIDE = "slide"


class Role(StrEnum):
    OPENING = "opening"
    REVEAL = "reveal"
    TEXTURE = "texture"
    DETAIL = "detail"


class Take(Record):
    """One way to make a shot.

    `focus_px_xywh`: the part of the photo that must stay in frame throughout. `subjects`: product, label lines and
    faces. Both in photo pixels. `brief`: what a rung that builds or generates puts around the product.
    """

    photo: str
    rung: Rung
    motion: Motion
    focus_px_xywh: BoxPx
    subjects: tuple[Subject, ...] = ()
    brief: SceneBrief | None = None
    seed: int = 0


class Claim(Record):
    """`text` is said because `field` of the product holds `evidence`."""

    text: str
    field: str
    evidence: str


class Shot(Record):
    """`takes` are in order of preference; retries walk down the list. `line` is spoken, `caption` is burned in.

    `line_goes_on`: the line of the shot before is spoken over this one too, and it has none of its own. `enters`: how
    it follows the shot before.
    """

    number: int
    role: Role
    takes: Annotated[tuple[Take, ...], Field(min_length=1)]
    line: str
    caption: str
    claims: tuple[Claim, ...] = ()
    line_goes_on: bool = False
    enters: TransitionKind = TransitionKind.CUT


class PlanEdition(Record):
    shots: Annotated[tuple[Shot, ...], Field(min_length=2, max_length=6)]
    closing_line: str
    format: Format = VERTICAL
    materials: tuple[Material, ...] = ()
    advice: str = ""


class ShotPlan(AssetRecord):
    """`person_must_approve`: the reason why only a person may release this product, empty when none.

    `artwork_may_release`: a label that agrees with the product's master artwork does instead.
    """

    editions: dict[str, PlanEdition]
    person_must_approve: str = ""
    artwork_may_release: bool = False


# --- voiceover ----------------------------------------------------------------------------------------------------


class Segment(Span):
    """One stretch of the timeline, in which one shot is seen; `shot` is None for the end card.

    `transition_frames`: so many of its first frames still show the shot before, as it goes by `enters`.
    """

    shot: int | None
    enters: TransitionKind = TransitionKind.CUT
    transition_frames: int = 0


class WordTimes(StrEnum):
    """How the times of words are known: heard in the sound, or the line's length shared out by their letters."""

    MEASURED = "measured"
    ESTIMATED = "estimated"


class Word(Record):
    """One word of a line; seconds from the start of the reel."""

    text: str
    start_s: float
    end_s: float


class TimedLine(Span):
    """A line on the timeline: over one segment, over several shots in a row, or over the end card.

    `text` is spoken, '' where nothing is; `caption` is shown. `words` of what is spoken, in order.
    """

    text: str = ""
    caption: str = ""
    words: tuple[Word, ...] = ()
    word_times: WordTimes = WordTimes.ESTIMATED


class Stem(Record):
    """AAC 48 kHz stereo in M4A, encoded once, as long as the timeline. `packets_sha256`: over its packets in order."""

    sound: Blob
    packets_sha256: Sha256


class VoiceEdition(Record):
    """The timeline and its sound. `segments` are contiguous from frame 0; `lines` are in order and don't overlap.

    `mix` is what the reel carries; `voice` is the same without music, and the same bytes where there is none.
    `is_placeholder`: a synthetic stand-in for a real voice.
    """

    engine: str
    is_placeholder: bool
    segments: tuple[Segment, ...]
    lines: tuple[TimedLine, ...]
    mix: Stem
    voice: Stem

    @property
    def frame_count(self) -> int:
        return sum(segment.frame_count for segment in self.segments)

    @property
    def shot_segments(self) -> dict[int, Segment]:
        """Each shot's stretch, in order, without the end card."""
        return {segment.shot: segment for segment in self.segments if segment.shot is not None}


class Voiceover(AssetRecord):
    editions: dict[str, VoiceEdition]


# --- rendered_still, video_clip, reel -----------------------------------------------------------------------------


class Parallax(Record):
    """How product and background move apart over a clip.

    The product grows by `growth` more than the background, about `anchor_px` on the canvas. At the end, what comes into
    view of the filled background is at most `disclosed_px` wide in the frame, and `disclosed_share` of the frame.
    `ground_px_xywh`: the canvas but for mat and panel; the product shows only before it.
    """

    growth: float
    anchor_px: tuple[float, float]
    disclosed_px: float
    disclosed_share: Unit
    ground_px_xywh: BoxPx


class GroundKind(StrEnum):
    """What is around the product in a shot: the photo alone, its own plain backdrop carried on, a plain mat or panel, a
    scene drawn by code, or one from a model."""

    PHOTO = "photo"
    EXTENDED = "extended"
    MAT = "mat"
    BUILT = "built"
    GENERATED = "generated"


class Ground(Record):
    """`share`: the most of the frame that no photo showed, at any moment of the shot."""

    kind: GroundKind = GroundKind.PHOTO
    share: Unit = 0.0


class Still(Record):
    """A layered keyframe at the photo's native scale, with room for the camera path.

    `plate`: RGB PNG canvas. `product`: RGBA PNG of the canvas's size, the product with a soft rim of what surrounds it;
    None when the plate already holds the untouched photo. `lock_mask`: 8-bit PNG; where it is 255, plate-with-product
    must equal the photo's pixel bit for bit.
    `canvas_to_photo` maps canvas pixels to photo pixels. Canvas outside `photo_box_px_xywh` is backdrop that was
    extended. `camera_start` and `camera_end` are windows on the canvas, of the edition's format. `focus_px_xywh` and
    `subjects` are the take's, in canvas pixels. `take` has the motion that happens; `instead`: why that or its rung is
    not the plan's, '' where both are.
    """

    shot: int
    take_index: int
    take: Take
    instead: str = ""
    made_by: MadeBy
    ground: Ground
    parallax: Parallax | None = None
    plate: Blob
    product: Blob | None = None
    depth: Blob | None = None
    normals: Blob | None = None
    lock_mask: Blob
    canvas_to_photo: Affine
    photo_box_px_xywh: BoxPx
    focus_px_xywh: BoxPx
    subjects: tuple[Subject, ...] = ()
    camera_start: WindowPx
    camera_end: WindowPx
    preview: Blob


class StillEdition(Record):
    attempt: int
    format: Format
    stills: tuple[Still, ...]


class RenderedStill(AssetRecord):
    editions: dict[str, StillEdition]


class Clip(Record):
    """One silent 24 fps H.264 clip of the edition's format, 2 to 4 s, of which the reel uses a part.

    `tracks`: where subjects (`SubjectKind`) lie over time, in frames of the clip; the kind `photo` is where the photo's
    own pixels lie, left out where they fill the frame. `holds`: where the camera stands still on purpose. `made_by`:
    the still's engine, then the clip's.
    """

    shot: int
    photo: str
    rung: Rung
    ground: Ground
    made_by: tuple[MadeBy, ...]
    tracks: tuple[Track, ...] = ()
    holds: tuple[Span, ...] = ()
    video: Blob
    frame_count: int


class ClipEdition(Record):
    format: Format
    clips: tuple[Clip, ...]


class VideoClip(AssetRecord):
    editions: dict[str, ClipEdition]


class Cut(Span):
    """One stretch of the reel: a part of a shot's clip, from its frame `clip_start_frame` on, or the end card.

    `photo` is None on the end card, which is meant to stand still. `made_by`: see `Clip`.
    """

    shot: int | None
    photo: str | None
    clip_start_frame: int = 0
    rung: Rung | None = None
    ground: Ground | None = None
    made_by: tuple[MadeBy, ...] = ()


class Transition(Span):
    """Frames that show two shots beside each other: the first ones of the entering shot's cut.

    `leaving` and `entering` say where each picture lies, frame by frame. In `leaving` the clip of `from_shot` goes on.
    """

    kind: TransitionKind
    from_shot: int
    to_shot: int
    leaving: Track
    entering: Track


class CutList(Record):
    """What a reel consists of, in frames of the reel: the contract between those who make one and those who judge it.

    `cuts` are contiguous. `holds`: where the picture stands still on purpose. `overlays`: what is drawn over the
    picture on purpose, kinds `caption`, `logo`, `end_card`.
    """

    format: Format = VERTICAL
    cuts: tuple[Cut, ...]
    holds: tuple[Span, ...] = ()
    transitions: tuple[Transition, ...] = ()
    overlays: tuple[Track, ...] = ()


class ReelEdition(Record):
    video: Blob
    cut_list: CutList
    captions_srt: Blob
    captions_vtt: Blob
    poster: Blob


class Reel(AssetRecord):
    editions: dict[str, ReelEdition]


# --- evaluation_score, mirrored_asset -----------------------------------------------------------------------------


class Verdict(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    ABSTAIN = "abstain"


class Fault(Record):
    """One reason to say no. `shot` is None where no cut list was given; `evidence` is a picture."""

    kind: str
    score: float
    threshold: float
    time_s: float
    region_px_xywh: BoxPx
    shot: int | None = None
    evidence: Blob | None = None


LABEL_ON_ARTWORK = "label_on_artwork"


class Judgement(Record):
    """What the judge said of exactly the video `video_sha256`. `unverifiable` tests are named with why.

    Where master artwork was given, the score `label_on_artwork` is the share of the photos' legible lines on it.
    """

    video_sha256: Sha256
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    unverifiable: tuple[ItemError, ...] = ()
    scores: dict[str, float] = {}
    thresholds: dict[str, float] = {}


class EvaluationScore(AssetRecord):
    editions: dict[str, Judgement]


class ShownShot(Record):
    """What one shot of a judged reel was made from. `scene`: what was around the product, in words."""

    shot: int
    photo: str
    view_class: ViewClass
    rung: Rung
    motion: Motion
    take_index: int
    scene: str
    clip: Blob


class Shown(Record):
    """What a judged reel consisted of, kept beside its verdict: people's decisions are learned by it.

    `generator`: the engine that moved the pictures, several joined by `+`. `review_propensity`: how likely this reel's
    verdict is to be put to a person, whatever that person will say: 1 where every such reel waits for one.
    """

    sku: str
    edition: str
    video: Blob
    generator: str
    shots: tuple[ShownShot, ...]
    review_propensity: Annotated[float, Field(gt=0.0, le=1.0)]


class Severity(StrEnum):
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class ReviewFault(Record):
    """What a person objects to. `kind` is one of the judge's fault kinds, `caption`, `cropped`, `photo`, `words` or
    `other`."""

    kind: str
    severity: Severity = Severity.MAJOR
    shot: int | None = None
    box_px_xywh: BoxPx | None = None


class Review(Record):
    """A person's, or a platform's, decision about exactly one file.

    A rejection asks for its shots to be made in another way, which its faults or its reason tell. One by a platform,
    or for captions or framing alone, may leave out the shots and then means all; any other without shots is final.
    `order`: how many decisions about reels of this product came before.
    """

    video_sha256: Sha256
    approved: bool
    reason: str
    reviewer: str
    platform: str = ""
    shots: tuple[int, ...] = ()
    faults: tuple[ReviewFault, ...] = ()
    order: int = 0

    @property
    def by(self) -> str:
        return self.platform or self.reviewer


class PublishedFile(Record):
    name: str
    key: str
    url: str
    sha256: Sha256
    size_bytes: int


class PublishedEdition(Record):
    files: tuple[PublishedFile, ...]
    approved_by: str


class MirroredAsset(AssetRecord):
    """What is public of one partition. `withdrawn` says why nothing is any more.

    `rests_on`: upstream asset -> the record that the published reel states the truth of (product, shot_plan, brand_kit,
    reel), so that it can be held against later facts.
    """

    partition_key: str
    sku: str
    editions: dict[str, PublishedEdition]
    rests_on: dict[str, Blob] = {}
    withdrawn: str = ""


class Finding(Record):
    """What a check found. `sentence` tells a marketer what is wrong and what would fix it, or what was verified."""

    passed: bool
    sentence: str
    measured: dict[str, float] = {}


class CheckResult(Record):
    """A finding about exactly the records whose digests make up `subject_sha256`."""

    asset: str
    check: str
    subject_sha256: Sha256
    finding: Finding
