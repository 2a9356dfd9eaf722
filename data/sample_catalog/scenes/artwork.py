"""Master artwork of every label, drawn with Pillow and the DejaVu fonts. Knows nothing of Blender.

`python -m scenes.artwork FOLDER` (from data/sample_catalog) draws the ones that are missing.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SERIF, SERIF_BOLD, SANS, SANS_BOLD, LIGHT = (
    f"DejaVu{style}.ttf" for style in ("Serif", "Serif-Bold", "Sans", "Sans-Bold", "Sans-ExtraLight")
)


class Sheet:
    """A page with text helpers; lengths in pixels, colours as hex."""

    def __init__(self, width_px: int, height_px: int, paper: str) -> None:
        self.image = Image.new("RGB", (width_px, height_px), paper)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: int,
        ink: str,
        font: str = SANS,
        spacing: float = 0,
        anchor: str = "mm",
    ) -> None:
        """One line at (x, y), letters `spacing` px apart; anchor 'mm' is its middle, 'lm' its left end."""
        face = ImageFont.truetype(font, size)
        width = (
            sum(face.getlength(letter) + spacing for letter in words) - spacing if spacing else face.getlength(words)
        )
        left = x - width / 2 if anchor == "mm" else x
        if not spacing:
            self.draw.text((left, y), words, ink, face, anchor="lm")
            return
        for letter in words:
            self.draw.text((left, y + size * 0.36), letter, ink, face, anchor="ls")
            left += face.getlength(letter) + spacing

    def lines(
        self,
        x: float,
        y: float,
        rows: list[str],
        size: int,
        ink: str,
        font: str = SANS,
        leading: float = 1.5,
        anchor: str = "mm",
    ) -> None:
        for k, row in enumerate(rows):
            self.text(x, y + k * size * leading, row, size, ink, font, anchor=anchor)

    def rule(self, x0: float, x1: float, y: float, ink: str, width: int = 5) -> None:
        self.draw.line((x0, y, x1, y), ink, width)

    def fern(self, x: float, y: float, height: float, ink: str) -> None:
        """The brand's mark: a fern frond standing at (x, y)."""
        self.draw.line((x, y, x, y - height), ink, max(int(height / 40), 2))
        for k in range(9):
            base = y - height * (0.12 + 0.09 * k)
            reach = height * 0.34 * (1 - (k / 9.5) ** 1.4)
            for side in (-1, 1):
                tip = (x + side * reach, base - reach * 0.75)
                middle = (x + side * reach * 0.55, base - reach * 0.22)
                upper = (x + side * reach * 0.40, base - reach * 0.62)
                self.draw.polygon([(x, base), middle, tip, upper], ink)


def bottle() -> Image.Image:
    s = Sheet(2048, 2400, "#f4efe4")
    ink = "#24352c"
    s.draw.rounded_rectangle((70, 70, 1978, 2330), 60, outline=ink, width=6)
    s.fern(1024, 470, 290, ink)
    s.text(1024, 600, "FERNHILL", 150, ink, SERIF, 34)
    s.rule(724, 1324, 730, ink)
    s.text(1024, 900, "Moss & Cedar", 200, ink, SERIF)
    s.text(1024, 1110, "HAND WASH", 150, ink, SANS_BOLD, 22)
    s.text(1024, 1300, "Gentle on dry hands", 96, ink, SERIF)
    s.rule(724, 1324, 1410, ink)
    s.text(1024, 1520, "98% natural origin", 104, "#8a5a2b", SANS_BOLD)
    s.lines(
        1024,
        1690,
        [
            "Ingredients: Aqua, Coco-Glucoside,",
            "Glycerin, Aloe Leaf Juice, Cedarwood Oil,",
            "Oakmoss Extract, Citric Acid",
        ],
        64,
        ink,
    )
    s.text(1024, 2110, "300 ml", 140, ink, SANS_BOLD)
    s.text(1024, 2235, "10.1 fl oz", 64, ink)
    return s.image


def carton_front() -> Image.Image:
    s = Sheet(2048, 2848, "#e4a63a")
    ink, cream = "#2b2420", "#fbf3df"
    s.draw.rectangle((0, 1980, 2048, 2848), fill="#2f4a3d")
    s.draw.ellipse((424, 1080, 1624, 2280), fill=cream)
    s.text(1024, 330, "FERNHILL", 190, ink, SERIF, 44)
    s.rule(524, 1524, 480, ink, 7)
    s.text(1024, 690, "Orchard Morning", 172, ink, SERIF_BOLD)
    s.text(1024, 910, "BLACK TEA", 160, ink, SANS_BOLD, 30)
    for x, y, h in ((1024, 2080, 760), (800, 2080, 480), (1248, 2080, 480)):
        s.fern(x, y, h, "#2f4a3d")
    s.draw.rectangle((424, 2080, 1624, 2300), fill="#2f4a3d")
    s.text(1024, 2420, "20 tea bags", 170, cream, SANS_BOLD)
    s.text(1024, 2620, "50 g net", 120, cream, SANS)
    return s.image


def carton_side() -> Image.Image:
    s = Sheet(2048, 4556, "#2f4a3d")
    cream, gold = "#fbf3df", "#e4a63a"
    s.text(1024, 420, "Brew it right", 220, gold, SERIF_BOLD)
    s.lines(1024, 800, ["One bag per cup", "Water at 95 °C", "Wait 4 minutes"], 170, cream, SANS, 1.7)
    s.rule(424, 1624, 1760, gold, 10)
    s.text(1024, 2020, "Ingredients", 190, gold, SERIF_BOLD)
    s.lines(1024, 2320, ["Black tea 92%", "Dried apple 5%", "Quince pieces 3%"], 160, cream, SANS, 1.7)
    s.rule(424, 1624, 3240, gold, 10)
    s.lines(1024, 3480, ["Plastic-free bags", "Keep cool and dry"], 150, cream, SANS, 1.8)
    s.text(1024, 4180, "FERNHILL", 170, gold, SERIF, 40)
    return s.image


def carton_top() -> Image.Image:
    s = Sheet(2048, 1330, "#e4a63a")
    s.fern(230, 835, 340, "#2b2420")
    s.text(1190, 665, "FERNHILL", 200, "#2b2420", SERIF, 50)
    return s.image


def can() -> Image.Image:
    s = Sheet(4096, 2400, "#f3b9a4")
    ink = "#7a1f2b"
    s.draw.rectangle((0, 0, 4096, 150), fill=ink)
    s.draw.rectangle((0, 2250, 4096, 2400), fill=ink)
    for x, y, r, tone in (
        (2048, 1130, 540, "#fbe6d6"),
        (700, 500, 240, "#ee9d86"),
        (3420, 1900, 300, "#ee9d86"),
        (3560, 480, 170, "#fbe6d6"),
        (420, 1900, 200, "#fbe6d6"),
    ):
        s.draw.ellipse((x - r, y - r, x + r, y + r), fill=tone)
    s.text(2048, 370, "FERNHILL", 140, ink, SERIF, 22)
    s.lines(2048, 880, ["Pink", "Grapefruit"], 164, ink, SERIF_BOLD, 1.2)
    s.text(2048, 1270, "& ROSEMARY", 104, ink, SANS_BOLD, 8)
    s.fern(2048, 1590, 220, "#4f6b4b")
    s.text(2048, 1830, "Sparkling water", 118, ink, SANS_BOLD)
    s.text(2048, 2030, "330 ml", 118, ink, SANS_BOLD)
    s.lines(
        3000,
        900,
        [
            "Ingredients:",
            "carbonated spring water,",
            "pink grapefruit juice 6%,",
            "rosemary infusion 1%.",
            "No added sugar.",
        ],
        70,
        ink,
        SANS,
        1.6,
        "lm",
    )
    s.lines(
        640,
        900,
        ["Per 100 ml:", "energy 11 kJ / 3 kcal,", "sugars 0.5 g, salt 0 g.", "Serve chilled.", "Please recycle."],
        70,
        ink,
        SANS,
        1.6,
        "lm",
    )
    return s.image


def candle() -> Image.Image:
    s = Sheet(2048, 1700, "#23211f")
    gold = "#dcc28a"
    s.draw.rectangle((60, 60, 1988, 1640), outline=gold, width=7)
    s.text(1024, 260, "FERNHILL", 130, gold, SERIF, 36)
    s.text(1024, 600, "Fig & Ember", 250, gold, SERIF)
    s.text(1024, 860, "SCENTED CANDLE", 110, gold, SANS_BOLD, 18)
    s.rule(724, 1324, 1010, gold)
    s.lines(1024, 1150, ["Soy wax, cotton wick", "Burns about 40 hours"], 92, gold, SANS, 1.5)
    s.text(1024, 1490, "220 g", 110, gold, SANS_BOLD)
    return s.image


def soap_band() -> Image.Image:
    s = Sheet(2048, 1400, "#efe7d6")
    ink = "#3a4a3c"
    s.fern(1024, 400, 260, ink)
    s.text(1024, 560, "FERNHILL", 190, ink, SERIF, 40)
    s.text(1024, 800, "Oat & Honey", 180, ink, SERIF)
    s.text(1024, 990, "SOAP BAR", 120, ink, SANS_BOLD, 20)
    s.text(1024, 1220, "120 g", 120, ink, SANS_BOLD)
    return s.image


ARTWORK: dict[str, Callable[[], Image.Image]] = {
    f.__name__: f for f in (bottle, carton_front, carton_side, carton_top, can, candle, soap_band)
}


def ensure(folder: Path) -> None:
    """Draw each master that is not in `folder` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in ARTWORK.items():
        if not (folder / f"{name}.png").exists():
            draw().quantize(64, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    ensure(Path(sys.argv[1]))
