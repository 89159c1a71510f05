"""Interactions of three columns: found, named and made into products."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.frozen import FrozenEstimator

from skdropout import SmoothHessInteractions
from skdropout.datasets import make_interactions


class Truth(RegressorMixin, BaseEstimator):
    """Predicts the function of a row, noise-free, so that only the finder can err."""

    def __init__(self, name):
        self.name = name

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        a, b, c, d, e, f, g, h, i, j = np.asarray(X).T
        if self.name == "F5":
            return 1 / (1 + a**2 + b**2 + c**2) + np.sqrt(np.exp(d + e)) + abs(f + g) + h * i * j
        return (
            np.pi ** (a * b) * np.sqrt(2 * c)
            - np.arcsin(d)
            + np.log(c + e)
            - i / j * np.sqrt(g / h)
            - b * g
        )


@pytest.mark.parametrize(("name", "triple"), [("F1", (0, 1, 2)), ("F5", (7, 8, 9))])
def test_triple_of_a_known_function_leads_the_triples(name, triple):
    X, y, _ = make_interactions(name, n_samples=1000, random_state=0)
    truth = Truth(name)
    np.testing.assert_allclose(truth.predict(X), y)
    finder = SmoothHessInteractions(
        FrozenEstimator(truth), n_interactions=165, max_order=3, method="superset", random_state=0
    ).fit(X, y)
    triples = [u for u in finder.interactions_ if len(u) == 3]
    assert triple in triples[:2]
    assert len(finder.interaction_strengths_) == len(finder.interactions_) == 165
    assert (np.diff(finder.interaction_strengths_) <= 0).all()
    assert finder.strengths_.shape == (10, 10)


def test_products_of_three():
    X, y, _ = make_interactions("F5", n_samples=500, random_state=0)
    finder = SmoothHessInteractions(
        FrozenEstimator(Truth("F5")),
        n_interactions=4,
        max_order=3,
        method="superset",
        passthrough=False,
        random_state=0,
    ).fit(X, y)
    names = list(finder.get_feature_names_out())
    found = finder.transform(X)[:, names.index("x7 x8 x9")]
    expected = (X - X.mean(0))[:, 7:].prod(1)
    assert np.corrcoef(found, expected)[0, 1] > 1 - 1e-9


def test_hessians_are_of_pairs():
    X, y, _ = make_interactions("F5", n_samples=50, random_state=0)
    with pytest.raises(ValueError, match="output='hessian' is about pairs, but max_order=3"):
        SmoothHessInteractions(max_order=3, output="hessian").fit(X, y)
