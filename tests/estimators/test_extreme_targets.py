"""Targets and weights of any size that a float64 can hold."""

import numpy as np
import pytest

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

pytestmark = [
    pytest.mark.usefixtures("untouched_random_state"),
    # scikit-learn's own check for finiteness adds the targets up
    pytest.mark.filterwarnings("ignore:invalid value encountered in reduce"),
]

X = np.random.default_rng(0).normal(size=(80, 3))
Y = X[:, 0] / np.abs(X[:, 0]).max()
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "max_iter": 5,
    "random_state": 0,
}
LOSSES = {
    "squared_error": {},
    "absolute_error": {"loss": "absolute_error"},
    "quantile": {"loss": "quantile", "quantile": 0.8},
    "poisson": {"loss": "poisson"},
}


def target(loss):
    return np.abs(Y) if loss == "poisson" else Y


# powers of two, so that the factor itself rounds nothing
@pytest.mark.parametrize("exponent", [512, 1000, 1023], ids=["1e154", "1e301", "9e307"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_size_of_the_target_does_not_matter(loss, exponent):
    y, factor = target(loss), 2.0**exponent
    expected = DropoutMLPRegressor(**SMALL, **LOSSES[loss]).fit(X, y).predict(X)
    model = DropoutMLPRegressor(**SMALL, **LOSSES[loss]).fit(X, factor * y)
    np.testing.assert_allclose(model.predict(X) / factor, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("huge", [1e160, 1e200, 1e308])
def test_one_huge_value_among_ordinary_ones(loss, huge):
    y = target(loss).copy()
    y[7] = huge
    model = DropoutMLPRegressor(**SMALL, **LOSSES[loss]).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_each_output_has_its_own_size():
    Z = np.column_stack([Y, -Y])
    expected = DropoutMLPRegressor(**SMALL).fit(X, Z).predict(X)
    predicted = DropoutMLPRegressor(**SMALL).fit(X, Z * [1.0, 2.0**600]).predict(X)
    np.testing.assert_allclose(predicted / [1.0, 2.0**600], expected, rtol=1e-3, atol=1e-3)


# --- weights --------------------------------------------------------------------------------

WEIGHT = np.linspace(1.0, 2.0, 80)


@pytest.mark.parametrize("factor", [1e-40, 1e-300])
@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])
def test_the_size_of_the_weights_does_not_matter(cls, factor):
    y = (Y > 0).astype(int)
    expected = cls(**SMALL).fit(X, y, sample_weight=WEIGHT)
    model = cls(**SMALL).fit(X, y, sample_weight=factor * WEIGHT)
    predict = "predict_proba" if cls is DropoutMLPClassifier else "predict"
    np.testing.assert_allclose(
        getattr(model, predict)(X), getattr(expected, predict)(X), rtol=1e-4, atol=1e-5
    )


def test_the_size_of_the_class_weights_does_not_matter():
    y = (Y > 0).astype(int)
    expected = DropoutMLPClassifier(**SMALL, class_weight={0: 1.0, 1: 2.0}).fit(X, y)
    model = DropoutMLPClassifier(**SMALL, class_weight={0: 1e-300, 1: 2e-300}).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-4)
