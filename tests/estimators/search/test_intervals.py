"""``predict_interval``: against its definition, and what it covers."""

import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold, ShuffleSplit

from skdropout import DropoutMLPRegressorCV

SMALL = {
    "hidden_layer_sizes": (16,),
    "dropouts": [0.0, 0.3],
    "cv": KFold(4, shuffle=True, random_state=0),
    "max_iter": 20,
    "random_state": 0,
    "screening": None,
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    X, y = make_friedman1(n_samples=2200, noise=2.0, random_state=0)
    return X[:200], y[:200], X[200:], y[200:]


@pytest.fixture(scope="module", params=["bag", "ensemble"])
def model(request, data):
    X, y, *_ = data
    return DropoutMLPRegressorCV(**SMALL, refit=request.param).fit(X, y)


def folds_of(X):
    fold_of_row = np.empty(len(X), dtype=int)
    splits = list(SMALL["cv"].split(X))
    for k, (_, test) in enumerate(splits):
        fold_of_row[test] = k
    return splits, fold_of_row


def of_folds(model, X):
    """What the networks of each fold predict, (n_folds, n_rows, ...)."""
    each, weights = model._decode(model._forward(X)), model.member_weights_
    # candidates one after the other, the folds of each in their order
    fold_of_network = model._plan.conformal.held_out.fold_of_network
    networks = [np.flatnonzero(fold_of_network == k) for k in range(4)]
    return np.array([np.average(each[own], axis=0, weights=weights[own]) for own in networks])


def literal(lower, upper, spread, low, high, of_rows, y, fold_of_row, coverage):
    """Row by row, in loops, as the paper has it."""
    alpha, n = 1 - coverage, len(y)
    below = math.floor(round(alpha * (n + 1), 9))
    above = math.ceil(round((1 - alpha) * (n + 1), 9))
    found = []
    for j in range(lower.shape[1]):
        lows, highs = [], []
        for i in range(n):
            k = fold_of_row[i]
            off = max(low[i] - y[i], y[i] - high[i]) / of_rows[i]
            lows.append(lower[k, j] - off * spread[k, j])
            highs.append(upper[k, j] + off * spread[k, j])
        found.append((sorted(lows)[below - 1], sorted(highs)[above - 1]))
    return found


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_equals_its_definition(model, data, coverage):
    X, y, X_new, _ = data
    each, (_, fold_of_row), oof = of_folds(model, X_new[:5]), folds_of(X), model.oof_predictions_
    ones = np.ones(len(y))
    expected = literal(each, each, np.ones_like(each), oof, oof, ones, y, fold_of_row, coverage)
    found = model.predict_interval(X_new[:5], coverage)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_scaled_equals_its_definition(model, data):
    """Trees that see, of each fold, the rows that its networks were fitted on alone.

    They are told the columns, and what the networks predict.
    """
    X, y, X_new, _ = data
    each, again, oof = of_folds(model, X_new[:5]), of_folds(model, X), model.oof_predictions_
    splits, fold_of_row = folds_of(X)
    spread, of_rows = np.empty_like(each), np.empty(len(y))
    for k, (fit, test) in enumerate(splits):
        sizes = np.abs(y[fit] - again[k, fit])
        trees = HistGradientBoostingRegressor(
            loss="poisson", learning_rate=0.05, max_iter=50, max_leaf_nodes=15, early_stopping=False
        )
        trees.fit(np.c_[X[fit], again[k, fit]], sizes / sizes.mean())
        spread[k] = 0.2 + 0.8 * trees.predict(np.c_[X_new[:5], each[k]])
        of_rows[test] = 0.2 + 0.8 * trees.predict(np.c_[X[test], oof[test]])
    expected = literal(each, each, spread, oof, oof, of_rows, y, fold_of_row, 0.9)
    found = model.predict_interval(X_new[:5], 0.9, method="scaled")
    # errors of rows fitted are known in single precision
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("method", ["cv+", "scaled"])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_quantiles_equal_their_definition(quantiles, data, coverage, method):
    """Between those fitted, .1, .5 and .9, by interpolation; beyond them the outermost."""
    X, y, X_new, _ = data
    tail = max((1 - coverage) / 2, 0.1)
    share = (tail - 0.1) / 0.4

    def ends(predictions):
        outer, median, other = np.moveaxis(predictions, -1, 0)
        return (1 - share) * outer + share * median, (1 - share) * other + share * median

    lower, upper = ends(of_folds(quantiles, X_new[:5]))
    low, high = ends(quantiles.oof_predictions_)
    spread, of_rows = np.ones_like(lower), np.ones(len(y))
    if method == "scaled":
        least = 1e-6 * y.std()
        spread, of_rows = upper - lower + least, high - low + least
    _, fold_of_row = folds_of(X)
    expected = literal(lower, upper, spread, low, high, of_rows, y, fold_of_row, coverage)
    found = quantiles.predict_interval(X_new[:5], coverage, method=method)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.fixture(scope="module")
def quantiles(data):
    X, y, *_ = data
    options = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9], "refit": "bag"}
    return DropoutMLPRegressorCV(**SMALL, **options).fit(X, y)


def check_coverage(model, data, coverage, method):
    """2,000 new rows, beside 200 that the quantile is estimated from.

    The share covered is below nominal by more than 4 standard deviations of both once in 30,000.
    """
    *_, X, y = data
    lower, upper = model.predict_interval(X, coverage, method=method).T
    covered = ((lower <= y) & (y <= upper)).mean()
    deviation = np.sqrt(coverage * (1 - coverage) * (1 / 200 + 1 / 2000))
    assert covered > coverage - 4 * deviation
    assert covered > binom.ppf(1e-6, 2000, 2 * coverage - 1) / 2000  # the guarantee
    assert (lower < upper).all()


BY_METHOD = pytest.mark.parametrize("method", ["cv+", "scaled"])
AT_COVERAGES = pytest.mark.parametrize("coverage", [0.8, 0.9])


@BY_METHOD
@AT_COVERAGES
def test_covers_what_it_says(model, data, coverage, method):
    check_coverage(model, data, coverage, method)


@BY_METHOD
@AT_COVERAGES
def test_quantiles_cover_what_they_say(quantiles, data, coverage, method):
    check_coverage(quantiles, data, coverage, method)


@pytest.mark.parametrize("quantile", [None, [0.05, 0.25, 0.75, 0.95]])
def test_is_narrow_where_there_is_little_noise(quantile):
    """Noise of sd .2 and of 2, told by one column: at 90 % each kind of row is nearly covered.

    As wide everywhere, one kind is covered wholly and the other to some 80 %.
    """
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(3000, 3))
    noise = np.where(X[:, 2] > 0, 2.0, 0.2)
    y = X[:, 0] + noise * rng.normal(size=3000)
    loss = {} if quantile is None else {"loss": "quantile", "quantile": quantile}
    options = {**SMALL, "dropouts": [0.0], "learning_rate_init": 0.01}
    model = DropoutMLPRegressorCV(**options, **loss, refit="bag").fit(X[:1000], y[:1000])
    new, is_noisy = slice(1000, None), X[1000:, 2] > 0
    methods = ("scaled",) if quantile is None else ("cv+", "scaled")
    for method in methods:
        lower, upper = model.predict_interval(X[new], 0.9, method=method).T
        covered = (lower <= y[new]) & (y[new] <= upper)
        for kind in (is_noisy, ~is_noisy):
            # 4 deviations of 1,000 new rows and 500 to learn from, and .02 for the networks
            assert covered[kind].mean() > 0.9 - 0.02 - 4 * np.sqrt(0.09 * (1 / 1000 + 1 / 500))
        widths = upper - lower
        assert widths[~is_noisy].mean() < widths[is_noisy].mean() / 2.5


def test_one_quantile_is_an_end_of_no_interval(data):
    """It is taken as any prediction is, and the interval is about it."""
    X, y, *_ = data
    options = {"loss": "quantile", "quantile": 0.9, "refit": "bag"}
    model = DropoutMLPRegressorCV(**SMALL, **options).fit(X, y)
    lower, upper = model.predict_interval(X, 0.8).T
    assert (lower < model.predict(X)).mean() > 0.9 < (model.predict(X) < upper).mean()


def test_more_coverage_is_wider(model, data):
    *_, X, _ = data
    widths = [np.diff(model.predict_interval(X[:50], c))[:, 0] for c in (0.5, 0.8, 0.95)]
    assert (np.diff(widths, axis=0) > 0).all()


def test_too_few_rows_for_the_coverage_are_said_by_infinite_ends(model, data):
    *_, X, _ = data
    assert np.isinf(model.predict_interval(X[:3], 0.999)).all()


def test_several_outputs_are_covered_each_by_itself(data):
    X, y, X_new, _ = data
    model = DropoutMLPRegressorCV(**SMALL, refit="bag").fit(X, np.column_stack([y, 10 * y]))
    found = model.predict_interval(X_new[:10])
    assert found.shape == (10, 2, 2)
    np.testing.assert_array_equal(np.diff(found)[..., 0] > 0, True)


@pytest.mark.parametrize("method", ["cv", None, 1])
def test_what_is_no_method(model, data, method):
    with pytest.raises(ValueError, match="method="):
        model.predict_interval(data[0], method=method)


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 1.5, "0.9", None, np.nan, True])
def test_what_is_no_coverage(model, data, coverage):
    with pytest.raises(ValueError, match="coverage="):
        model.predict_interval(data[0], coverage)


def test_without_networks_of_folds_or_with_rows_left_out(data):
    X, y, *_ = data
    model = DropoutMLPRegressorCV(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="refit='bag'"):
        model.predict_interval(X)
    model.set_params(refit="bag", cv=ShuffleSplit(3, random_state=0)).fit(X, y)
    with pytest.raises(ValueError, match=r"cv=.*exactly once"):
        model.predict_interval(X)
