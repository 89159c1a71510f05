"""Targets of every kind, and what the networks of one estimator say of them."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.linear_model import LinearRegression
from sklearn.metrics import d2_pinball_score, roc_auc_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SMALL = {"hidden_layer_sizes": (16,), "max_iter": 10, "random_state": 0}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


# --- targets --------------------------------------------------------------------------------


def test_strings_are_classes(data):
    X, y = data
    names = np.array(["no", "yes"])[y]
    model = DropoutMLPClassifier(**SMALL).fit(X, names)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(X)) <= {"no", "yes"}
    numeric = DropoutMLPClassifier(**SMALL).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), numeric.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n_members", [1, 3])
def test_probabilities(n_classes, n_members):
    X, y = make_classification(
        400, 8, n_informative=6, n_redundant=0, n_classes=n_classes, class_sep=2, random_state=0
    )
    options = {**SMALL, "max_iter": 60, "learning_rate_init": 0.01}
    model = DropoutMLPClassifier(**options, n_members=n_members).fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(1), 1)
    # log(p) itself is only known to the rounding of p, 1e-16, where p is near one
    np.testing.assert_allclose(np.log(p), model.predict_log_proba(X), rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(model.classes_[p.argmax(1)], model.predict(X))
    assert model.score(X, y) > 0.85


def test_multilabel():
    X, Y = make_multilabel_classification(300, 10, n_classes=3, random_state=0)
    model = DropoutMLPClassifier(**{**SMALL, "max_iter": 60}).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)
    assert roc_auc_score(Y, model.predict_proba(X)) > 0.85
    assert np.isfinite(model.predict_log_proba(X)).all()


def test_class_weight_is_sample_weight(data):
    X, y = data
    weights = {0: 1.0, 1: 5.0}
    by_class = DropoutMLPClassifier(**SMALL, class_weight=weights).fit(X, y)
    by_row = DropoutMLPClassifier(**SMALL).fit(X, y, sample_weight=np.where(y == 1, 5.0, 1.0))
    np.testing.assert_allclose(by_class.predict_proba(X), by_row.predict_proba(X))
    plain = DropoutMLPClassifier(**SMALL).fit(X, y)
    assert by_class.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() + 0.05


def test_balanced_classes():
    X, y = make_classification(600, weights=[0.9], random_state=0)
    options = {**SMALL, "max_iter": 40}
    plain = DropoutMLPClassifier(**options).fit(X, y)
    balanced = DropoutMLPClassifier(**options, class_weight="balanced").fit(X, y)
    assert balanced.predict(X).mean() > plain.predict(X).mean()


def test_several_outputs_have_units_of_their_own(data):
    X, _ = data
    Y = np.column_stack([X[:, 0], 1e6 * X[:, 1] + 1e7])
    model = DropoutMLPRegressor(**{**SMALL, "max_iter": 150}, dropout=0.0).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.score(X, Y) > 0.95


def test_units_of_the_target_do_not_matter(data):
    """Far from zero and large, or tiny: the standardised problem is the same one."""
    X, _ = data
    y = X[:, 0] + 0.1 * X[:, 1]
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    for factor, offset in ((1e8, 1e9), (1e-8, 0.0)):
        other = DropoutMLPRegressor(**SMALL).fit(X, factor * y + offset)
        np.testing.assert_allclose(
            (other.predict(X) - offset) / factor, model.predict(X), rtol=1e-3, atol=1e-3
        )


def test_constant_target(data):
    X, _ = data
    predicted = DropoutMLPRegressor(**SMALL).fit(X, np.full(200, 3.7)).predict(X)
    np.testing.assert_allclose(predicted, 3.7, atol=0.5)


@pytest.mark.parametrize("quantile", [0.1, 0.9])
def test_quantiles_cover(quantile):
    """y ~ N(x, 1): with 4,000 rows the share below a constant-error estimate is near q."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 1))
    y = X[:, 0] + rng.normal(size=4000)
    model = DropoutMLPRegressor(
        **{**SMALL, "max_iter": 30}, loss="quantile", quantile=quantile, dropout=0.0
    ).fit(X[:2000], y[:2000])
    assert np.mean(y[2000:] < model.predict(X[2000:])) == pytest.approx(quantile, abs=0.05)
    assert d2_pinball_score(y[2000:], model.predict(X[2000:]), alpha=quantile) > 0


def test_absolute_error_ignores_outliers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 1))
    y = X[:, 0].copy()
    y[::20] += 50
    options = {**SMALL, "max_iter": 60, "dropout": 0.0, "early_stopping": False}
    robust = DropoutMLPRegressor(**options, loss="absolute_error").fit(X, y)
    squared = DropoutMLPRegressor(**options).fit(X, y)
    assert abs(np.median(robust.predict(X) - X[:, 0])) < 0.3
    assert abs(np.median(squared.predict(X) - X[:, 0])) > 1


def test_poisson_is_positive_and_right_on_average():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    y = rng.poisson(np.exp(X[:, 0])).astype(float)
    options = {**SMALL, "max_iter": 40, "dropout": 0.0}
    model = DropoutMLPRegressor(**options, loss="poisson").fit(X, y)
    predicted = model.predict(X)
    assert (predicted > 0).all()
    assert predicted.mean() == pytest.approx(y.mean(), rel=0.1)
    assert np.corrcoef(np.log(predicted), X[:, 0])[0, 1] > 0.95


# --- members and draws ----------------------------------------------------------------------


def test_prediction_is_the_mean_of_the_members(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, dropout=0.1, n_members=5).fit(X, y)
    mean, std = model.predict(X, return_std=True)
    module = model.net_.module_
    assert module.n_members == 5
    assert mean.shape == std.shape == (200,)
    assert (std > 0).all()
    np.testing.assert_array_equal(mean, model.predict(X))


def test_each_layer_may_have_its_own_rate(data):
    X, y = data
    model = DropoutMLPRegressor((8, 4), dropout=[0.5, 0.0], max_iter=2).fit(X, y)
    assert model.net_.module_.dropout.tolist() == [[0.5, 0.0]] * 8
    rates = [[0.5, 0.0], [0.0, 0.25]]
    model = DropoutMLPRegressor((8, 4), dropout=rates, n_members=2, max_iter=2).fit(X, y)
    assert model.net_.module_.dropout.tolist() == rates


def test_draws_of_a_linear_network_have_the_law_of_dropout():
    """No hidden layer and input dropout p: the draws' mean is the prediction, and their variance
    that of sum_j w_j x_j (m_j / (1-p) - 1): p / (1-p) sum_j (w_j x_j)^2."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    y = X @ np.arange(1.0, 6.0)
    rate = 0.25
    model = DropoutMLPRegressor(
        (),
        input_dropout=rate,
        numeric_encoding="standard",  # through bins it would be a sum of curves
        max_iter=50,
        early_stopping=False,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(X, y)
    x = X[:1]
    contributions = LinearRegression().fit(X, model.predict(X)).coef_ * (x[0] - np.median(X, 0))
    n = 20_000
    draws = model.sample_predictions(x, n, random_state=0)[:, 0]
    variance = rate / (1 - rate) * np.sum(contributions**2)
    assert draws.mean() == pytest.approx(model.predict(x)[0], abs=5 * np.sqrt(variance / n))
    # a sum of five bounded terms has kurtosis below 9: five standard errors of 3 / sqrt(n)
    assert draws.var() == pytest.approx(variance, rel=15 / np.sqrt(n))


def test_draws_leave_predictions_alone(data):
    X, y = data
    model = DropoutMLPClassifier(**SMALL, n_members=2).fit(X, y)
    before = model.predict_proba(X)
    draws = model.sample_predictions(X, 5, random_state=0)
    assert draws.shape == (5, 200, 2)
    np.testing.assert_allclose(draws.sum(2), 1)
    np.testing.assert_array_equal(model.predict_proba(X), before)
