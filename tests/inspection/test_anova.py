"""Functional ANOVA by predictions: closed forms, and a literal re-implementation."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from skdropout.inspection._anova import Anova, grid_of, rows_of_grid


class Formula(BaseEstimator):
    """Predicts what a function says of an array."""

    def __init__(self, function):
        self.function = function

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return self.function(np.asarray(X, dtype=float))

    def __sklearn_is_fitted__(self):
        return True


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(60, 3))


def anova_of(function, X, output=None):
    return Anova(Formula(function), X, np.arange(40), output)


def test_effects_of_a_product(X):
    anova = anova_of(lambda X: 7 + 2 * X[:, 0] * X[:, 2] + X[:, 1], X)
    rows, values = grid_of(X, 0, 9)
    weight = rows_of_grid(X, 0, values)
    scores, errors = anova.main(0, rows, weight)
    centred = values - np.average(values, weights=weight)
    np.testing.assert_allclose(scores, 2 * X[:40, 2].mean() * centred, atol=1e-12)
    expected = 2 * np.abs(centred) * X[:40, 2].std(ddof=1) / np.sqrt(40)
    np.testing.assert_allclose(errors, expected)
    pair = anova.pair((0, 2), [rows, rows], [weight, weight])
    other = X[rows, 2] - np.average(X[rows, 2], weights=weight)
    np.testing.assert_allclose(pair, 2 * np.outer(centred, other), atol=1e-8)
    nothing = anova.pair((0, 1), [rows, rows], [weight, weight])
    np.testing.assert_allclose(nothing, 0, atol=1e-8)


def test_rows_against_a_literal_loop(X):
    def f(X):
        return np.exp(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 0] ** 2

    def mean_with(row, columns):
        changed = X[:40].copy()
        changed[:, list(columns)] = X[row, list(columns)]
        return f(changed).mean()

    anova = anova_of(f, X)
    terms = anova.of_rows(np.array([50, 3]), [(0, 1), (1, 2)])
    f0 = f(X[:40]).mean()
    for found, row in zip(terms, (50, 3), strict=True):
        mains = [mean_with(row, (j,)) - f0 for j in range(3)]
        pairs = [mean_with(row, (i, j)) - mains[i] - mains[j] - f0 for i, j in ((0, 1), (1, 2))]
        rest = f(X[[row]])[0] - f0 - sum(mains) - sum(pairs)
        np.testing.assert_allclose(found, [*mains, *pairs, rest])


def test_score_of_a_class_is_its_log_odds(X):
    y = np.where(X[:, 0] > 0, "yes", "no")
    model = LogisticRegression().fit(X, y)
    anova = Anova(model, X, np.arange(40), None)
    expected = model.decision_function(X[:40]).mean()
    assert anova.intercept == pytest.approx(expected)
    assert Anova(model, X, np.arange(40), "no").intercept == pytest.approx(-expected)
    with pytest.raises(ValueError, match="output='maybe' must be one of the classes"):
        Anova(model, X, np.arange(40), "maybe")
    three = LogisticRegression().fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
    with pytest.raises(ValueError, match="output=None must be one of the classes"):
        Anova(three, X, np.arange(40), None)


def test_one_of_several_outputs(X):
    anova = anova_of(lambda X: X[:, :2], X, output=1)
    assert anova.intercept == pytest.approx(X[:40, 1].mean())
    with pytest.raises(ValueError, match="index of one of the 2 outputs"):
        anova_of(lambda X: X[:, :2], X)


def test_rows_of_grid():
    frame = pd.DataFrame({"a": [0.0, 0.1, 1.0, np.nan, 0.9, 5.0], "b": [*"xyx", None, *"yy"]})
    assert rows_of_grid(frame, 0, np.array([0.0, 1.0, 5.0])).tolist() == [2, 2, 1]
    assert rows_of_grid(frame, 1, np.array(["x", "y"], dtype=object)).tolist() == [2, 3]
