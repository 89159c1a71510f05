"""``predict_interval``: CV+, against its definition, and what it covers."""

import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.datasets import make_friedman1
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


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_equals_its_definition(model, data, coverage):
    """Row by row, in loops, as the paper has it."""
    X, y, X_new, _ = data
    target, weights = model._plan.target, model.member_weights_
    each = model._forward(X_new[:5]).numpy()[..., 0] * target.scale + target.location
    # a candidate's folds come in order within the stack of a search
    fold_of_network = model._plan.residuals.fold_of_network
    fold_of_row = np.empty(200, dtype=int)
    for k, (_, test) in enumerate(SMALL["cv"].split(X)):
        fold_of_row[test] = k
    residuals = np.abs(y - model.oof_predictions_)
    alpha = 1 - coverage
    for j, interval in enumerate(model.predict_interval(X_new[:5], coverage)):
        lows, highs = [], []
        for i in range(200):
            own = fold_of_network == fold_of_row[i]
            centre = np.average(each[own, j], weights=weights[own])
            lows.append(centre - residuals[i])
            highs.append(centre + residuals[i])
        below = math.floor(round(alpha * 201, 9))
        above = math.ceil(round((1 - alpha) * 201, 9))
        expected = sorted(lows)[below - 1], sorted(highs)[above - 1]
        np.testing.assert_allclose(interval, expected, rtol=1e-9)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_covers_what_it_says(model, data, coverage):
    """2,000 new rows, beside 200 that the quantile is estimated from.

    The share covered is below nominal by more than 4 standard deviations of both once in 30,000.
    """
    *_, X, y = data
    lower, upper = model.predict_interval(X, coverage).T
    covered = ((lower <= y) & (y <= upper)).mean()
    deviation = np.sqrt(coverage * (1 - coverage) * (1 / 200 + 1 / 2000))
    assert covered > coverage - 4 * deviation
    assert covered > binom.ppf(1e-6, 2000, 2 * coverage - 1) / 2000  # the guarantee
    assert (lower < upper).all()


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
