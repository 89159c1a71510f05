"""ONNX models predict what the estimators predict."""

import builtins
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
)
from skdropout.export import to_onnx

pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")
SMALL = {"hidden_layer_sizes": (32, 16), "max_iter": 5, "random_state": 0}
PAGE = Path(__file__).parents[1] / "docs" / "carrying_on.md"


def inputs_of(X, layout):
    codes = []
    for name, levels in layout["categorical"].items():
        of_level = {level: code for code, level in enumerate(levels)}
        codes.append([len(levels) if c != c else of_level.get(c, -1) for c in X[name]])
    inputs = {"numeric": X[layout["numeric"]].to_numpy(dtype=float), "codes": np.array(codes).T}
    return {name: part for name, part in inputs.items() if part.size}


def assert_same(model, X, path):
    """Compare predictions; return session and layout."""
    layout = to_onnx(model, path)
    session = onnxruntime.InferenceSession(path)
    assert json.loads(session.get_modelmeta().custom_metadata_map["skdropout"]) == layout
    (found,) = session.run([layout["output"]], inputs_of(X, layout))
    if layout["classes"] is None:
        expected = np.atleast_2d(model.predict(X).T).T
    else:
        expected = model.predict_proba(X)
        assert layout["classes"] == model.classes_.tolist()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, expected.std()))
    alone = session.run(None, {k: part[:1] for k, part in inputs_of(X, layout).items()})
    np.testing.assert_allclose(alone[0], found[:1], rtol=0, atol=1e-5 * max(1, expected.std()))
    return session, layout


def test_mixed_columns(mixed_table, tmp_path):
    """Numbers, missing and infinite ones, categories, missing and unknown ones; an ensemble."""
    X, y = mixed_table
    model = DropoutMLPRegressor(n_members=2, **SMALL).fit(X, y)
    new = X.astype({"city": object, "grade": object})
    new.loc[:4, "city"], new.loc[3:8, "grade"], new.loc[6:9, "city"] = "Paris", 17, np.nan
    new.loc[0, "a"], new.loc[1, "a"], new.loc[2, "b"] = np.inf, -1e300, np.nan
    assert_same(model, new, tmp_path / "model.onnx")


def test_columns_left_out_are_no_inputs(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 5)), columns=list("abcde"))
    X["city"], X["noise"] = rng.choice(["Rome", "Oslo"], 300), rng.choice(["p", "q"], 300)
    y = X["b"] + X["d"] + (X["city"] == "Rome")
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    _, layout = assert_same(model, X, tmp_path / "model.onnx")
    assert layout["numeric"] == ["b", "d"]
    assert layout["categorical"] == {"city": ["Oslo", "Rome"]}


@pytest.mark.slow
def test_several_quantiles_are_sorted(mixed_table, tmp_path):
    X, y = mixed_table
    several = {"loss": "quantile", "quantile": [0.45, 0.5, 0.55], **SMALL}
    model = DropoutMLPRegressor(n_members=2, **several)
    assert_same(model.fit(X[["a", "b"]], y), X[["a", "b"]], tmp_path / "model.onnx")


@pytest.mark.slow
def test_classes_of_numbers_alone(mixed_table, tmp_path):
    X, y = mixed_table
    model = DropoutMLPClassifier(screening=None, **SMALL).fit(
        X[["a", "b"]], np.where(y > 300, "high", "low")
    )
    session, layout = assert_same(model, X[["a", "b"]], tmp_path / "model.onnx")
    assert [(i.name, i.shape[1]) for i in session.get_inputs()] == [("numeric", 2)]
    assert layout["classes"] == ["high", "low"]


def test_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "mish", "tanh", "identity"])
def test_activations(mixed_table, tmp_path, activation):
    X, y = mixed_table
    model = DropoutMLPRegressor(activation=activation, **SMALL).fit(X, y)
    assert_same(model, X, tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoding", sorted(DropoutMLPRegressor._parameter_constraints["numeric_encoding"][0].options)
)
def test_numeric_encodings(mixed_table, tmp_path, encoding):
    X, y = mixed_table
    model = DropoutMLPRegressor(numeric_encoding=encoding, n_members=2, **SMALL).fit(X, y)
    assert_same(model, X.assign(a=X["a"] * 3), tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "target"),
    [
        (DropoutMLPRegressor(loss="poisson", **SMALL), lambda y: np.maximum(y, 0)),
        (DropoutMLPRegressor(loss="absolute_error", **SMALL), lambda y: np.column_stack([y, -y])),
        (DropoutMLPClassifier(n_members=3, **SMALL), lambda y: np.digitize(y, [200, 400])),
        (DropoutMLPClassifier(**SMALL), lambda y: np.column_stack([y > 200, y > 400]).astype(int)),
        (DropoutMLPRegressorCV(dropouts=2, cv=2, **SMALL), lambda y: y),
        (DropoutMLPClassifierCV(dropouts=2, cv=2, **SMALL), lambda y: y > 300),
    ],
    ids=["poisson", "outputs", "classes", "labels", "regressor-cv", "classifier-cv"],
)
@pytest.mark.parametrize("columns", [["a", "b"], ["city", "grade"], ["city", "b"]], ids=str)
def test_every_kind(mixed_table, tmp_path, model, target, columns):
    X, y = mixed_table
    assert_same(model.fit(X[columns], target(y)), X[columns], tmp_path / "model.onnx")


def test_bad_estimators(tmp_path):
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    with pytest.raises(ValueError, match="Ridge, not a network"):
        to_onnx(Ridge().fit(X, X["a"]), tmp_path / "model.onnx")
    with pytest.raises(NotFittedError):
        to_onnx(DropoutMLPRegressor(), tmp_path / "model.onnx")


@pytest.mark.parametrize("level", [pd.Timestamp("2020-01-01"), pd.Interval(0, 1), np.inf, b"a"])
def test_levels_that_json_cannot_say(tmp_path, level):
    X = pd.DataFrame({"when": pd.Categorical([level] * 20)})
    model = DropoutMLPRegressor((4,), max_iter=1, random_state=0).fit(X, np.arange(20.0))
    with pytest.raises(ValueError, match=r"'when'.* into strings before fit"):
        to_onnx(model, tmp_path / "model.onnx")


def test_says_how_to_get_onnx(tmp_path, monkeypatch):
    whole_import = builtins.__import__

    def without_onnx(name, *args, **kwargs):
        if name == "onnx":
            raise ImportError(name)
        return whole_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(ImportError, match=re.escape("pip install 'skdropout[onnx]'")):
        to_onnx(DropoutMLPRegressor(), tmp_path / "model.onnx")
