"""The reliability diagram of one fault kind: what was predicted against what people said."""

import numpy as np

from reel_pipeline.learning import KindCalibration
from reel_pipeline.media.photo import Pixels

SIDE_PX = 300
_MARGIN_PX = 24
_INK, _PAPER, _LINE = (29, 29, 27), (255, 255, 255), (200, 200, 200)


def reliability_diagram(kind: KindCalibration) -> Pixels:
    """HWC RGB uint8, `SIDE_PX` square: predicted probability to the right, observed share up, dots by label count."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (SIDE_PX, SIDE_PX), _PAPER)
    draw = ImageDraw.Draw(picture)
    span = SIDE_PX - 2 * _MARGIN_PX

    def at(predicted: float, observed: float) -> tuple[float, float]:
        return _MARGIN_PX + predicted * span, SIDE_PX - _MARGIN_PX - observed * span

    draw.rectangle([at(0, 1), at(1, 0)], outline=_LINE)
    draw.line([at(0, 0), at(1, 1)], fill=_LINE, width=2)
    most = max(found.labels for found in kind.reliability)
    for found in kind.reliability:
        x, y = at(found.predicted, found.observed)
        radius = 2 + 5 * found.labels / most
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_INK)
    draw.text((_MARGIN_PX, 6), f"{kind.kind}: {kind.labels} labels", fill=_INK)
    return np.asarray(picture, np.uint8)
