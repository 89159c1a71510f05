"""dropout="learnt" and input_dropout="learnt"."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_friedman1

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropRegressor,
)

SMALL = {
    "hidden_layer_sizes": (16, 8),
    "n_members": 2,
    "max_iter": 5,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
LEARNT = {"dropout": "learnt", "input_dropout": "learnt"}


@pytest.fixture(scope="module")
def data():
    X, y = make_friedman1(n_samples=400, noise=1.0, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def fitted(data):
    options = {**SMALL, "screening": None, "max_iter": 60}
    return DropoutMLPRegressor(**options, **LEARNT).fit(*data)


def test_columns_of_noise_are_dropped_more_often(fitted):
    """Five columns carry the target, five nothing."""
    rates = fitted.input_dropout_
    assert rates.shape == (10,)
    assert rates[5:].mean() > 3 * rates[:5].mean()
    assert rates[5:].min() > rates[:5].max()


def test_fitted_rates_are_means_of_the_networks(fitted):
    module = fitted.net_.module_
    np.testing.assert_allclose(fitted.dropout_, module.learnt.rates().mean(0), rtol=1e-6)
    np.testing.assert_allclose(module.dropout, module.learnt.rates(), rtol=1e-6)
    rates = module.columns.learnt.rates()
    np.testing.assert_allclose(fitted.input_dropout_, rates.mean(0), rtol=1e-6)
    assert (rates[0] != rates[1]).all()
    assert fitted.sample_predictions(np.ones((3, 10)), 4, random_state=0).std(0).min() > 0


def test_rates_of_units_follow_the_noise():
    """From 0.1 up where the target is noise alone, down where many rows have none."""
    rng = np.random.default_rng(0)
    options = {**SMALL, "screening": None, "learning_rate": "constant", "early_stopping": False}
    X = rng.normal(size=(1500, 4))
    clean = DropoutMLPRegressor(**{**options, "max_iter": 40}, dropout="learnt")
    assert clean.fit(X, X[:, 0] + X[:, 1]).dropout_.max() < 0.05
    options |= {"max_iter": 25, "learning_rate_init": 3e-3}
    noise = DropoutMLPRegressor(**options, dropout="learnt")
    assert noise.fit(X[:200], rng.normal(size=200)).dropout_.min() > 0.2


def test_columns_that_do_not_enter_have_no_rate(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, **LEARNT).fit(X, y)
    assert not model.kept_columns_.all()
    np.testing.assert_array_equal(np.isnan(model.input_dropout_), ~model.kept_columns_)


def test_mixed_columns_classes_and_recipes(mixed_table):
    X, y = mixed_table
    for dropout in ("learnt", "auto", 0.2):
        model = DropoutMLPClassifier(**SMALL, dropout=dropout, input_dropout="learnt")
        model.fit(X, y > np.median(y))
        rates = model.input_dropout_[model.kept_columns_]
        assert ((rates > 0) & (rates < 1)).all()
        assert np.ndim(model.dropout_) == (dropout == "learnt")


def test_life(data, fitted):
    X, y = data
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(again.input_dropout_, fitted.input_dropout_)
    warm = DropoutMLPRegressor(**SMALL, **LEARNT, screening=None, warm_start=True).fit(X, y)
    first = warm.input_dropout_
    warm.fit(X, y)
    assert np.abs(warm.input_dropout_ - first).max() > 0
    assert np.abs(warm.input_dropout_ - first).max() < np.abs(first - 0.1).max() * 2
    with pytest.raises(ValueError, match=r"input_dropout=.*warm_start=False"):
        warm.set_params(input_dropout=0.1).fit(X, y)
    passes = DropoutMLPRegressor(**SMALL, **LEARNT).partial_fit(X, y)
    before = passes.input_dropout_
    assert (passes.partial_fit(X, y).input_dropout_ != before).all()


@pytest.mark.parametrize(
    ("make", "parameters", "message"),
    [
        (DropoutMLPRegressor, {"dropout": "learned"}, "'dropout' parameter"),
        (DropoutMLPRegressor, {"input_dropout": "auto"}, "'input_dropout' parameter"),
        (
            DropoutMLPRegressor,
            {"dropout": "learnt", "dropout_schedule": "late"},
            "dropout='learnt' finds rates",
        ),
        (
            DropoutMLPRegressor,
            {"dropout": 0.1, "input_dropout": "learnt", "dropout_schedule": "late"},
            "input_dropout='learnt' finds rates",
        ),
        (
            DropoutMLPRegressor,
            {"dropout": "learnt", "dropout_profile": "front"},
            "finds a rate for each layer",
        ),
        (DropoutMLPRegressorCV, {"dropouts": "learnt"}, "'dropouts' parameter"),
        (DropoutMLPRegressorCV, {"dropouts": ["learnt", 0.1]}, "dropouts=.* must be"),
        (DropoutMLPRegressorCV, {"input_dropouts": ["learnt"]}, "input_dropouts=.* must be"),
        (RelDropRegressor, {"dropout": "learnt"}, "'dropout' parameter"),
    ],
)
def test_bad_input_is_refused_before_training(data, make, parameters, message):
    model = make(**SMALL, **parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(*data)
    assert not hasattr(model, "net_")
