"""Explanations that ``interpret.show`` displays, beside those of an EBM."""

import builtins
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import explain_global, explain_local

# interpret's own, of missing cells
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:interpret")
glassbox = pytest.importorskip("interpret.glassbox")
SMALL = {"hidden_layer_sizes": (32,), "max_iter": 20, "learning_rate_init": 1e-2}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(300) < 0.1, np.nan, rng.normal(size=300)),
            "wind": rng.normal(size=300),
            "city": pd.Categorical(rng.choice(["Rome", "Oslo", "Lima"], 300)),
        }
    )
    y = X["size"].fillna(0) * X["wind"] + (X["city"] == "Rome") + 0.1 * rng.normal(size=300)
    return X, y.to_numpy() * 10


@pytest.fixture(scope="module", params=["regression", "classification"])
def models(request, data):
    """One of ours and an EBM, with targets."""
    X, y = data
    if request.param == "regression":
        ours, ebm = DropoutMLPRegressor, glassbox.ExplainableBoostingRegressor
    else:
        ours, ebm = DropoutMLPClassifier, glassbox.ExplainableBoostingClassifier
        y = np.where(y > 3, "high", "low")
    small = {"outer_bags": 2, "max_rounds": 20, "interactions": [(0, 1)], "n_jobs": 1}
    return ours(random_state=0, **SMALL).fit(X, y), ebm(**small).fit(X, y), y


def assert_like(ours, theirs):
    """Same attributes and the same keys, also within the parts."""
    assert ours.explanation_type == theirs.explanation_type
    assert ours.feature_names == theirs.feature_names
    assert ours.feature_types == theirs.feature_types
    assert list(ours.selector.columns) == list(theirs.selector.columns)
    assert len(ours.selector) == len(theirs.selector)
    for k in range(len(ours.data(-1)["specific"])):
        mine, other = ours.data(k), theirs.data(k)
        assert mine.keys() == other.keys()
        assert mine["type"] == other["type"]
        for part in ("density", "perf", "extra", "meta"):
            assert (part in mine) == (part in other)
            if part in mine:
                assert mine[part].keys() == other[part].keys()


def test_global_is_like_that_of_an_ebm(models, data):
    X, _ = data
    ours, ebm, _ = models
    explanation = explain_global(ours, X, interactions=[("size", "wind")], random_state=0)
    theirs = ebm.explain_global()
    for term in theirs.data(-1)["specific"]:
        term.pop("meta", None)  # the classes, which matter where a term has a curve for each
    assert_like(explanation, theirs)
    overall = explanation.data()
    assert overall.keys() == theirs.data().keys()
    assert overall["names"] == explanation.feature_names
    assert overall["names"][np.argmax(overall["scores"][:3])] == "city"


def test_local_is_like_that_of_an_ebm(models, data):
    X, _ = data
    ours, ebm, y = models
    explanation = explain_local(
        ours, X[:4], y[:4], background=X, interactions=[(0, 1)], random_state=0
    )
    theirs = ebm.explain_local(X[:4], y[:4])
    assert explanation.feature_names.pop() == "all other interactions"
    assert explanation.feature_types.pop() == "interaction"
    assert_like(explanation, theirs)
    for k in range(4):
        row = explanation.data(k)
        score = sum(row["scores"]) + row["extra"]["scores"][0]
        if isinstance(ours, DropoutMLPRegressor):
            assert score == pytest.approx(ours.predict(X[:4])[k])
            assert row["perf"]["actual"] == y[k]
        else:
            p = 1 / (1 + np.exp(-score))
            assert p == pytest.approx(ours.predict_proba(X[:4])[k, 1])
            assert ours.classes_[row["perf"]["actual"]] == y[k]
        assert len(row["names"]) == len(row["scores"]) == len(row["values"]) == 5


# interpret's own, of plotly
@pytest.mark.filterwarnings("ignore:The append_trace method:DeprecationWarning")
def test_can_be_shown(models, data):
    pytest.importorskip("plotly")
    X, _ = data
    ours, _, y = models
    explanation = explain_global(ours, X, interactions=1, n_points=20, n_grid=6, random_state=0)
    assert_drawn(explanation.visualize(None).data[0], explanation.data())
    for key, trace in ((0, 1), (1, 1), (2, 0)):  # of a curve, the first trace is its lower bound
        drawn, term = explanation.visualize(key).data[trace], explanation.data(key)
        assert list(drawn.x) == term["names"]
        np.testing.assert_array_equal(drawn.y, term["scores"])
    heat, surface = explanation.visualize(3).data[0], explanation.data(3)
    assert list(heat.x) == surface["left_names"]
    assert list(heat.y) == surface["right_names"]
    np.testing.assert_array_equal(heat.z, surface["scores"].T)
    options = {"background": X, "n_points": 20, "random_state": 0}
    local = explain_local(ours, X[:2], y[:2], interactions=1, **options)
    assert_drawn(local.visualize(1).data[0], local.data(1))
    few = explain_local(ours, X[:1], interactions=0, **options)
    assert_drawn(few.visualize(0).data[0], few.data(0))


def assert_drawn(bars, terms):
    """One bar for each term, as long as its score; beside the name may stand the row's value."""
    extra = terms.get("extra", {"names": [], "scores": []})
    scores = dict(
        zip(terms["names"] + extra["names"], terms["scores"] + extra["scores"], strict=True)
    )
    drawn = {name.split(" (")[0]: length for name, length in zip(bars.y, bars.x, strict=True)}
    assert drawn == pytest.approx(scores)


def test_curves_are_those_of_the_model(data):
    """A main effect that is known: its curve, centred, and the pair that goes with it."""
    X, _ = data
    X = X.fillna({"size": 0.0})
    y = 3 * X["wind"] + (X["size"] > 0) * X["wind"]
    model = DropoutMLPRegressor(
        (64,), dropout=0, learning_rate_init=5e-3, max_iter=60, random_state=0
    ).fit(X, y)
    explanation = explain_global(model, X, interactions=1, random_state=0)
    assert explanation.feature_names[-1] == "size & wind"
    curve = explanation.data(1)
    wind = np.array(curve["names"])
    middle = np.abs(wind) < 1.5
    slope = 3 + (X["size"] > 0).mean()
    assert np.abs(np.diff(curve["scores"] - slope * wind)[middle[1:]]).max() < 0.25
    surface = explanation.data(3)
    big = np.array(surface["left_names"]) > 0.5
    right = np.array(surface["right_names"])
    assert (surface["scores"][big][:, right > 0.5] > 0).all()
    assert (surface["scores"][big][:, right < -0.5] < 0).all()


def test_tables_of_any_kind(data):
    X, y = data
    options = {"interactions": 1, "n_points": 20, "random_state": 0}
    model = DropoutMLPRegressor(random_state=0, **SMALL)
    frame = X.astype({"city": str})
    expected = explain_local(model.fit(frame, y), frame[:2], background=frame, **options).data(1)
    table = pl.from_pandas(frame, nan_to_null=True)
    found = explain_local(model.fit(table, y), table[:2], background=table, **options).data(1)
    np.testing.assert_allclose(found["scores"], expected["scores"])
    array = X[["size", "wind"]].to_numpy()
    model.fit(array, y)
    assert explain_global(model, array, **options).feature_names == ["x0", "x1", "x0 & x1"]
    assert explain_local(model, array[:2], background=array, **options).data(0)["values"][2] == ""


def test_rows_explained_are_their_own_background_where_none_is_given():
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = X[:, 0] * X[:, 1]
    model = DropoutMLPRegressor((8,), max_iter=3, dropout=0.1, random_state=0).fit(X, y)
    options = {"interactions": 1, "random_state": 0}
    found, expected = (
        explain_local(model, X, background=background, **options).data(3)["scores"]
        for background in (None, X)
    )
    assert found == expected
    with pytest.raises(ValueError, match=r"X has 1 rows, .* give background="):
        explain_local(model, X[:1], **options)


def test_bad_input(data):
    X, y = data
    model = DropoutMLPRegressor(random_state=0, **SMALL).fit(X, y)
    with pytest.raises(ValueError, match="no pair of columns"):
        explain_global(model, X, interactions=[("size", "town")])
    with pytest.raises(ValueError, match=r"but background has \['size', 'wind'\]"):
        explain_local(model, X, background=X[["size", "wind"]])


def test_says_how_to_get_interpret(monkeypatch):
    whole_import = builtins.__import__

    def without_interpret(name, *args, **kwargs):
        if name.startswith("interpret"):
            raise ImportError(name)
        return whole_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_interpret)
    for explain in (explain_global, explain_local):
        with pytest.raises(ImportError, match=re.escape("pip install 'skdropout[interpret]'")):
            explain(
                None, np.zeros((2, 2)), **({"background": 0} if explain is explain_local else {})
            )
