"""Fit the embedded classifier's linear model, cross-validated by product, and print how good it is.

    python reel_pipeline_tests/bench/classify.py [--photos DIR] [--write]

DIR holds a catalog.json whose pictures carry `view_class`. Every figure printed is for products that the model was not
fitted on. `--write` stores the model fitted on all of them in the package; bump the engine's `revision` with it.
"""

import argparse
import json
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from reel_pipeline.errors import PhotoError
from reel_pipeline.frames.classify import MIN_CONFIDENCE, MIN_LEAD
from reel_pipeline.frames.engines.embedded import EmbeddedClassifier
from reel_pipeline.frames.engines.siblings import gallery_features
from reel_pipeline.media.photo import normalise
from reel_pipeline.records import ViewClass

Matrix = NDArray[np.float64]
VIEWS = list(ViewClass)
RIDGE = 10.0
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "photos"


@dataclass(frozen=True)
class Sample:
    product: str
    file: str
    view: ViewClass
    also: str | None
    features: dict[str, float]


@dataclass(frozen=True)
class Model:
    mean: Matrix
    deviation: Matrix
    weights: Matrix
    """One row per feature and a last one for the bias, one column per view."""

    def logits(self, values: Matrix) -> Matrix:
        return _with_bias((values - self.mean) / self.deviation) @ self.weights


def read_samples(folder: Path) -> list[Sample]:
    engine = EmbeddedClassifier()
    samples = []
    for product in json.loads((folder / "catalog.json").read_text())["products"]:
        labels, pictures = [], []
        for image in product["images"]:
            try:
                pictures.append(normalise((folder / image["file"]).read_bytes()).pixels)
                labels.append(image)
            except PhotoError as error:
                print(f"{image['file']}: {error}")
        looks = [engine.look(picture) for picture in pictures]
        for label, look, extra in zip(labels, looks, gallery_features(looks, pictures), strict=True):
            view = ViewClass(label["view_class"])
            features = {**look.features, **extra}
            samples.append(Sample(product["sku"], label["file"], view, label["ambiguous_with"], features))
    return samples


def fit(values: Matrix, views: NDArray[np.int64], ridge: float = RIDGE) -> Model:
    """Multinomial logistic regression on standardised features, `ridge` / 2 times the squared weights as penalty."""
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-3
    inputs, targets = _with_bias((values - mean) / deviation), np.eye(len(VIEWS))[views]

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(-1, len(VIEWS))
        shares = softmax(inputs @ weights)
        slope = inputs.T @ (shares - targets)
        slope[:-1] += ridge * weights[:-1]
        return float(-(targets * np.log(shares + 1e-12)).sum() + ridge / 2 * (weights[:-1] ** 2).sum()), slope.ravel()

    start = np.zeros(inputs.shape[1] * len(VIEWS))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return Model(mean, deviation, found.x.reshape(-1, len(VIEWS)))


def held_out_logits(samples: list[Sample], values: Matrix, views: NDArray[np.int64]) -> Matrix:
    """Per sample, the answer of a model that never saw its product."""
    products = np.array([sample.product for sample in samples])
    logits = np.zeros((len(samples), len(VIEWS)))
    for product in sorted(set(products)):
        test = products == product
        logits[test] = fit(values[~test], views[~test]).logits(values[test])
    return logits


def best_temperature(logits: Matrix, views: NDArray[np.int64]) -> float:
    """The divisor of the logits that makes the held-out probabilities most likely (Guo et al. 2017)."""
    tried = np.geomspace(0.4, 3.0, 60)
    chosen = [np.log(softmax(logits / t)[np.arange(len(views)), views] + 1e-12).mean() for t in tried]
    return round(float(tried[int(np.argmax(chosen))]), 3)


def softmax(logits: Matrix) -> Matrix:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def report(samples: list[Sample], shares: Matrix) -> None:
    best = shares.argmax(axis=1)
    right = np.array([VIEWS[k] == sample.view for k, sample in zip(best, samples, strict=True)])
    lenient = np.array([VIEWS[k] in (sample.view, sample.also) for k, sample in zip(best, samples, strict=True)])
    products = np.array([sample.product for sample in samples])
    spread = _bootstrap(right, products)
    print(f"{len(samples)} photos of {len(set(products))} products, held out by product")
    print(f"accuracy {right.mean():.3f} (95 % {spread[0]:.3f}..{spread[1]:.3f}), lenient {lenient.mean():.3f}")
    print(f"{'label':14s}{'photos':>8s}{'recall':>8s}  taken for")
    for view in VIEWS:
        of_view = [k for k, sample in enumerate(samples) if sample.view == view]
        answers = [VIEWS[k] for k in best[of_view]]
        taken = {other.value: answers.count(other) for other in VIEWS if other != view}
        print(f"{view.value:14s}{len(of_view):8d}{right[of_view].mean():8.2f}  {taken}")
    ordered = np.sort(shares, axis=1)
    unsure = (ordered[:, -1] < MIN_CONFIDENCE) | (ordered[:, -1] - ordered[:, -2] < MIN_LEAD)
    print(f"unsure {unsure.mean():.2f}: right {right[unsure].mean():.2f}; sure: right {right[~unsure].mean():.3f}")
    for low, high in ((0.25, 0.55), (0.55, 0.75), (0.75, 0.9), (0.9, 1.01)):
        band = (ordered[:, -1] >= low) & (ordered[:, -1] < high)
        if band.any():
            print(f"confidence {low:.2f}..{min(high, 1):.2f}: {band.sum():3d} photos, right {right[band].mean():.2f}")
    for sample, k, share in zip(samples, best, shares, strict=True):
        if VIEWS[k] != sample.view:
            print(f"  {sample.file}: {sample.view.value} taken for {VIEWS[k].value} {np.round(share, 2)}")


def as_json(model: Model, names: list[str], temperature: float, note: str) -> str:
    def by_view(row: Matrix) -> dict[str, float]:
        return {view.value: round(float(weight), 4) for view, weight in zip(VIEWS, row, strict=True)}

    terms: dict[str, Any] = {
        name: {
            "mean": round(float(model.mean[k]), 5),
            "deviation": round(float(model.deviation[k]), 5),
            "weights": by_view(model.weights[k]),
        }
        for k, name in enumerate(names)
    }
    content = {"note": note, "temperature": temperature, "bias": by_view(model.weights[-1]), "features": terms}
    return json.dumps(content, indent=1) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=SHARED)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    start = time.perf_counter()
    samples = read_samples(arguments.photos)
    print(f"{(time.perf_counter() - start) / len(samples):.2f} s a photo, without OCR")
    names = list(samples[0].features)
    values = np.array([[sample.features[name] for name in names] for sample in samples])
    views = np.array([VIEWS.index(sample.view) for sample in samples])
    logits = held_out_logits(samples, values, views)
    temperature = best_temperature(logits, views)
    report(samples, softmax(logits / temperature))
    if arguments.write:
        accuracy = (logits.argmax(axis=1) == views).mean()
        note = (
            f"Multinomial logistic regression on standardised features, ridge {RIDGE}, temperature fitted on held-out "
            f"answers, by reel_pipeline_tests/bench/classify.py on {len(samples)} labelled photos of "
            f"{len({sample.product for sample in samples})} products; by-product cross-validation {accuracy:.3f}."
        )
        target = Path(str(resources.files("reel_pipeline.frames.engines").joinpath("view_model.json")))
        target.write_text(as_json(fit(values, views), names, temperature, note))
        print(f"wrote {target.name}")


def _with_bias(values: Matrix) -> Matrix:
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)


def _bootstrap(right: NDArray[np.bool_], products: NDArray[np.str_]) -> tuple[float, float]:
    """95 % interval of the accuracy, resampling whole products."""
    groups = [right[products == product] for product in sorted(set(products))]
    draw = np.random.default_rng(1)
    draws = draw.integers(0, len(groups), (2000, len(groups)))
    low, high = np.percentile([np.concatenate([groups[k] for k in one]).mean() for one in draws], [2.5, 97.5])
    return float(low), float(high)


if __name__ == "__main__":
    main()
