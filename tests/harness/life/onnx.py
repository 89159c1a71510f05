"""Exported models, run by onnxruntime, predict hostile rows as the estimators do."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)
from skdropout.export import to_onnx
from tests.harness.life.moments import fit
from tests.harness.life.subjects import (
    GRID,
    SMALL,
    SUBJECTS,
    VARIANTS,
    Subject,
    as_labels,
    by_median,
    by_thirds,
)

# predictions are in single precision, so equal to this share of their size or spread
_SINGLE = 1e-5
# a user's own network sees cells of up to 1e4 units, which may cancel
_SINGLE_OF_OWN = 1e-4


def _numbers_alone(seed=0):
    X, y = SUBJECTS["DropoutMLPRegressor"].table(seed, n_rows=90)
    return X[["size", "count"]], y


def _categories_alone(seed=0):
    X, y = SUBJECTS["DropoutMLPRegressor"].table(seed, n_rows=90)
    return X[["city", "word"]], y


def _counts(y):
    return np.maximum(y, 0.0)


def _two_outputs(y):
    return np.column_stack([y, -1e6 * y])


def _regressor(**options):
    return Subject(DropoutMLPRegressor, {**SMALL, "max_iter": 20, **options})


_ENCODINGS = ("standard", "quantile", "piecewise_linear", "periodic")
_ACTIVATIONS = ("gelu", "silu", "mish", "tanh", "identity")
EXPORTED = {
    **{name: _regressor(numeric_encoding=name) for name in _ENCODINGS},
    **{name: _regressor(activation=name) for name in _ACTIVATIONS},
    "absolute error": _regressor(loss="absolute_error"),
    "poisson": replace(_regressor(loss="poisson"), target=_counts),
    "quantile loss": _regressor(loss="quantile", quantile=0.9),
    "several quantiles": _regressor(loss="quantile", quantile=[0.1, 0.5, 0.9]),
    "linear poisson": replace(
        _regressor(loss="poisson", hidden_layer_sizes=(), learning_rate_init=0.1), target=_counts
    ),
    "two outputs": replace(_regressor(), target=_two_outputs),
    "huge target": replace(_regressor(), target=lambda y: 1e300 * y),
    "tiny target": replace(_regressor(), target=lambda y: 1e-300 * y),
    "numbers alone": replace(_regressor(), table=_numbers_alone),
    "categories alone": replace(_regressor(), table=_categories_alone),
    "no scaling": _regressor(input_scaling=0.0),
    "two classes": Subject(DropoutMLPClassifier, target=by_median),
    "three classes": Subject(DropoutMLPClassifier, target=by_thirds),
    "labels": Subject(DropoutMLPClassifier, target=as_labels),
    "regressor CV": Subject(DropoutMLPRegressorCV, GRID),
    "classifier CV": Subject(DropoutMLPClassifierCV, GRID, by_thirds),
    "RelDrop regressor": Subject(RelDropRegressor),
    "RelDrop classifier": Subject(RelDropClassifier, target=by_median),
    "images": VARIANTS["images"],
    "blocks": VARIANTS["blocks"],
}
_LARGEST = np.finfo(float).max
HOSTILE = {
    "ordinary": None,
    "missing": np.nan,
    "inf": np.inf,
    "-inf": -np.inf,
    "1e308": 1e308,
    "largest": _LARGEST,
    "-largest": -_LARGEST,
    "1e30": 1e30,
    "denormal": 5e-324,
    "-denormal": -5e-324,
    "minus zero": -0.0,
    "mixed": (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324),
}


def hostile_rows(X, cell, seed=0):
    """Return rows with such cells among the numbers, and unknown or missing levels."""
    rng = np.random.default_rng(seed)
    if not isinstance(X, pd.DataFrame):
        X = X.copy()
        if cell is not None:
            at = rng.random(X.shape) < 0.5
            X[at] = rng.choice(np.atleast_1d(cell), at.sum())
        return X
    X = X.astype({name: object if X[name].dtype.kind not in "iuf" else float for name in X})
    for name in X:
        at = rng.random(len(X)) < 0.5
        if X[name].dtype.kind == "f":
            if cell is not None:
                X.loc[at, name] = rng.choice(np.atleast_1d(cell), at.sum())
        else:
            X.loc[at, name] = rng.choice(np.array(["Atlantis", None, ""], dtype=object), at.sum())
    return X


def inputs_of(X, layout):
    """Return what the model's inputs are for rows of a table, or of an array."""
    X = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=layout["numeric"])
    codes = []
    for name, levels in layout["categorical"].items():
        of_level = {level: code for code, level in enumerate(levels)}
        codes.append([len(levels) if c is None or c != c else of_level.get(c, -1) for c in X[name]])
    inputs = {"numeric": X[layout["numeric"]].to_numpy(dtype=float), "codes": np.array(codes).T}
    return {name: part for name, part in inputs.items() if part.size}


@cache
def _exported(about):
    model = fit(EXPORTED[about].new(), EXPORTED[about])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        layout = to_onnx(model, path)
        return model, layout, onnxruntime.InferenceSession(path.read_bytes())


def _as_predicted(about, case):
    model, layout, session = _exported(about)
    X, _ = EXPORTED[about].data()
    rows = hostile_rows(X, HOSTILE[case])
    (found,) = session.run(None, inputs_of(rows, layout))
    expected, ordinary = (
        (model.predict_proba if layout["classes"] is not None else model.predict)(part)
        for part in (rows, X)
    )
    expected, ordinary = (part.reshape(len(rows), -1) for part in (expected, ordinary))
    if not np.isfinite(found).all():
        return [f"{(~np.isfinite(found)).sum()} of {found.size} predictions are not finite"]
    with np.errstate(over="ignore"):
        scale = np.maximum(np.abs(expected), np.ptp(ordinary / 2, axis=0) * 2)
        error = np.abs(found / 2 - expected / 2) / (scale / 2)
    bound = _SINGLE_OF_OWN if about in ("images", "blocks") else _SINGLE
    return [] if error.max() <= bound else [f"predictions differ by {error.max():.2g}"]


KINDS = {"exported": (EXPORTED, tuple(HOSTILE), _as_predicted)}
