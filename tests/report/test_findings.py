"""What the page says of data whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.utils import Bunch

from skdropout import DropoutMLPRegressor, SmoothHessInteractions
from skdropout.__main__ import main
from skdropout._report.effects import effect_of, importance
from skdropout._report.looking import look_at
from skdropout._report.names import method_of, name_of
from skdropout._report.pairs import Pair, surface_of
from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.scoring import difference, score
from skdropout._report.sections import together

N = 600


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(0)


def looked_at(table, target="y"):
    recipe = choose_recipe(table, target, "auto", 10_000)
    return look_at(table, recipe, apply_recipe(table, recipe))


def test_columns_that_add_up_to_the_target_are_told(rng):
    parts = pd.DataFrame(rng.gamma(2, 3, (N, 5)), columns=["fare", "tip", "tolls", "km", "age"])
    parts["kind"] = rng.choice(list("abc"), N)
    total = parts[["fare", "tip", "tolls"]].sum(axis=1) + rng.normal(size=N) * 0.05
    names, share = looked_at(parts.assign(y=total)).determining
    assert set(names) == {"fare", "tip", "tolls"}
    assert share > 0.99
    assert looked_at(parts.assign(y=total + rng.normal(size=N) * 3)).determining == ()


@pytest.mark.parametrize("target", ["number", "class"])
def test_a_column_that_is_the_target_by_another_name_is_told(rng, target):
    size = rng.integers(0, 8, N)
    y = np.exp(size) + 0.5 if target == "number" else np.array(list("xyzwxyzw"))[size]
    table = pd.DataFrame({"size": size, "other": rng.normal(size=N), "y": y})
    assert looked_at(table).determining[0] == ("size",)
    assert looked_at(table.drop(columns="size")).determining == ()


def test_columns_that_say_the_same_are_told(rng):
    minutes = rng.gamma(5, 30, N)
    table = pd.DataFrame({"minutes": minutes, "charge": minutes * 0.17, "y": rng.normal(size=N)})
    assert looked_at(table).duplicates == [("minutes", "charge")]


@pytest.fixture(scope="module")
def linear(rng):
    X = pd.DataFrame(rng.normal(size=(N, 3)), columns=["a", "b", "c"])
    y = 3 * X["a"] + X["b"] + rng.normal(size=N)
    model = LinearRegression().fit(X[:300], y[:300])
    return X, y, model, score(model, X[300:], y[300:], 0.0, "linear")


def test_scores_are_scikit_learns_and_their_errors_those_of_repetitions(linear):
    X, y, model, found = linear
    assert found.loss == pytest.approx(root_mean_squared_error(y[300:], model.predict(X[300:])))
    rng = np.random.default_rng(1)
    worse = score(LinearRegression().fit(X[["a"]][:300], y[:300]), X[["a"]][300:], y[300:], 0.0)
    apart, error = difference(worse, found)
    again = []
    for _ in range(400):
        rows = rng.integers(300, size=300)
        again.append(np.sqrt(worse.losses[rows].mean()) - np.sqrt(found.losses[rows].mean()))
    assert apart == pytest.approx(worse.loss - found.loss)
    assert error == pytest.approx(np.std(again), rel=0.15)  # 4 of the bootstrap's own errors


def test_the_log_loss_is_scikit_learns(rng):
    y = pd.Series(rng.choice(["no", "yes"], N, p=[0.9, 0.1]))
    p = rng.beta(1, 5, N)
    model = Bunch(classes_=np.array(["no", "yes"]), predict_proba=lambda X: np.c_[1 - p, p])
    found = score(model, np.zeros((N, 1)), y, 0.0)
    assert found.loss == pytest.approx(log_loss(y, p))
    assert set(found.metrics) == {"accuracy", "balanced accuracy", "AUC", "average precision"}


def test_importance_is_the_rise_of_the_error(linear):
    X, y, _, found = linear
    table, n_rows, n_repeats = importance(found, X[300:], y[300:], list("abc"), 20, np.inf)
    assert list(table.index)[:2] == ["a", "b"]
    assert (n_rows, n_repeats) == (300, 20)
    # the error without a column of weight w and variance 1 has the variance 1 + 2 w^2
    assert table["rise"]["a"] == pytest.approx(np.sqrt(19) - 1, abs=4 * table["error"]["a"])
    assert abs(table["rise"]["c"]) < 0.05


def test_effects_of_a_linear_model_are_its_lines(linear):
    X, y, model, _ = linear
    effect = effect_of(model, X, y, "a", n_rows=50)
    slope = np.polyfit(effect.values, effect.means[:, 0], 1)[0]
    assert slope == pytest.approx(model.coef_[0])
    assert effect.counts.sum() <= N


def test_levels_are_in_their_order_or_sorted_by_effect(rng):
    level = rng.choice(["low", "medium", "high"], N)
    town = rng.choice(["Oslo", "Rome", "Lima"], N)
    X = pd.DataFrame({"level": pd.Categorical(level), "town": pd.Categorical(town)})
    y = pd.Series((level == "medium") * 2.0 + (town == "Rome") * 3.0 + (town == "Lima"))
    model = Bunch(
        predict=lambda X: (
            (X["level"] == "medium") * 2.0 + (X["town"] == "Rome") * 3.0 + (X["town"] == "Lima")
        )
    )
    effect = effect_of(model, X, y, "level", 100)
    assert effect.values.tolist() == ["low", "medium", "high"]
    assert effect.means[1, 0] - effect.means[0, 0] == pytest.approx(2)
    effect = effect_of(model, X, y, "town", 100)
    assert effect.values.tolist() == ["Rome", "Lima", "Oslo"]
    assert effect.observed == pytest.approx([y[town == t].mean() for t in effect.values])


def test_a_surface_holds_what_is_beyond_the_columns_and_only_where_there_are_rows(rng):
    X = pd.DataFrame(rng.uniform(-1, 1, (N, 2)), columns=["a", "b"])
    X = X[(X["a"] < 0) | (X["b"] < 0)]
    product = surface_of(Bunch(predict=lambda X: X["a"] * X["b"] + 5 * X["a"]), X, ("a", "b"), 50)
    assert np.isnan(product.values).any()
    assert np.isnan(product.values[-1, -1])
    there = product.values[np.isfinite(product.values)]
    assert 0.3 < np.ptp(there) < 2.5
    alone = surface_of(Bunch(predict=lambda X: 5 * X["a"] + X["b"] ** 2), X, ("a", "b"), 50)
    assert np.nanmax(np.abs(alone.values)) < 1e-12


def found_with(*shares):
    pairs = [Pair(("a", "b"), (0, 1), 1.0, 0.1, share, 0.01) for share in shares]
    return Bunch(pairs=pairs)


def test_a_pair_stands_out_by_what_it_carries():
    assert "No pair stands out: 1 pair can be told" in together.verdict(found_with(0.018), None)[0]
    assert "No pair stands out: none" in together.verdict(found_with(), None)[0]
    assert "1 pair of columns stands out" in together.verdict(found_with(0.05, 0.001), None)[0]


def test_methods_are_named_as_they_were_used(rng):
    X = rng.normal(size=(80, 3))
    net = DropoutMLPRegressor((4,), dropout=0.1, n_members=1, max_iter=2, random_state=0)
    assert name_of(net) == "dropout network"
    words = {}
    for method in ("auto", "superset", "smooth_hessian"):
        finder = SmoothHessInteractions(net, n_interactions=1, method=method, random_state=0)
        words[method] = method_of(finder.fit(X, X[:, 0] * X[:, 1]))
    assert "superset importance" in words["auto"]
    assert "superset importance" in words["superset"]
    assert "SmoothHess" not in words["auto"] + words["superset"]
    assert "second derivatives" in words["smooth_hessian"]


@pytest.mark.slow  # a quick report takes a minute
def test_where_columns_act_alone_no_pair_stands_out(tmp_path):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (3_000, 6))
    alone = 2 * X[:, 0] + 1.5 * np.sin(3 * X[:, 1]) + 2 * X[:, 2] ** 2 + X[:, 3]
    both = X[:, 4] * X[:, 5]
    both *= alone.std() / both.std() * np.sqrt(0.02 / 0.98)
    y = alone + both + 0.2 * rng.normal(size=3_000)
    pd.DataFrame(X, columns=list("abcdef")).assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    page = tmp_path / "page.html"
    options = ["--target", "y", "--quick", "-o", str(page)]
    assert main(["report", str(tmp_path / "t.csv"), *options]) == 0
    assert "No pair stands out" in page.read_text()
