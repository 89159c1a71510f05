"""``quantile=[...]``: one network, several quantiles."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score, mean_pinball_loss
from sklearn.model_selection import cross_val_score

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV, RelDropRegressor
from skdropout.inspection import interaction_order_spectrum, interaction_strengths

LEVELS = [0.1, 0.5, 0.9]
SMALL = {"hidden_layer_sizes": (16,), "dropout": 0.1, "n_members": 2, "random_state": 0}
SEVERAL = {"loss": "quantile", "quantile": LEVELS}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(1200, 3))
Y = 100 + 10 * (X[:, 0] + (1 + (X[:, 1] > 0)) * RNG.normal(size=1200))


@pytest.fixture(scope="module")
def model():
    return DropoutMLPRegressor(**SMALL, **SEVERAL, max_iter=30).fit(X[:800], Y[:800])


def test_each_covers_its_share_and_none_crosses(model):
    """The targets' spread depends on a column: so do the distances between quantiles.

    Shares of 400 rows, 4 standard deviations and .03 for the networks.
    """
    predictions = model.predict(X[800:])
    assert predictions.shape == (400, 3)
    assert (np.diff(predictions) >= 0).all()
    for level, column in zip(LEVELS, predictions.T, strict=True):
        deviation = np.sqrt(level * (1 - level) / 400)
        assert abs((Y[800:] <= column).mean() - level) < 0.03 + 4 * deviation
    widths, is_noisy = predictions[:, 2] - predictions[:, 0], X[800:, 1] > 0
    assert 1.5 < widths[is_noisy].mean() / widths[~is_noisy].mean() < 2.5


def test_score_is_the_mean_over_the_quantiles(model):
    predictions, weight = model.predict(X[800:]), RNG.uniform(size=400)
    of_each = [
        d2_pinball_score(Y[800:], column, alpha=level, sample_weight=weight)
        for level, column in zip(LEVELS, predictions.T, strict=True)
    ]
    assert model.score(X[800:], Y[800:], weight) == pytest.approx(np.mean(of_each))
    short = clone(model).set_params(max_iter=3)
    assert np.isfinite(cross_val_score(short, X[:200], Y[:200], cv=2)).all()


def test_what_else_a_model_can_do(model):
    mean, std = model.predict(X[:5], return_std=True)
    assert mean.shape == std.shape == (5, 3)
    draws = model.sample_predictions(X[:5], 4, random_state=0)
    assert draws.shape == (4, 5, 3)
    assert (np.diff(draws) >= 0).all()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X[:5]), mean)
    assert np.isfinite(interaction_order_spectrum(model, X[:100], random_state=0).variances).all()
    found = interaction_strengths(model, X[:100], method="superset", random_state=0)
    assert np.isfinite(found.interaction_strengths).all()


def test_one_of_a_list_is_the_quantile_alone():
    options = {**SMALL, "loss": "quantile", "max_iter": 5}
    one, alone = (
        DropoutMLPRegressor(**options, quantile=q).fit(X[:200], Y[:200]) for q in ([0.8], 0.8)
    )
    assert one.predict(X[:9]).shape == (9, 1)
    np.testing.assert_allclose(one.predict(X[:9])[:, 0], alone.predict(X[:9]))


def test_training_goes_on():
    model = DropoutMLPRegressor(**SMALL, **SEVERAL, max_iter=2, warm_start=True)
    model.fit(X[:200], Y[:200]).fit(X[:200], Y[:200])
    assert model.n_iter_ == 4
    with pytest.raises(ValueError, match="quantile="):
        model.set_params(quantile=[0.1, 0.9]).fit(X[:200], Y[:200])
    passes = DropoutMLPRegressor(**SMALL, **SEVERAL).partial_fit(X[:200], Y[:200])
    assert passes.partial_fit(X[:200], Y[:200]).predict(X[:4]).shape == (4, 3)
    relevant = RelDropRegressor((8,), **SEVERAL, max_iter=2, random_state=0)
    assert relevant.fit(X[:200], Y[:200]).predict(X[:4]).shape == (4, 3)


def test_a_search_scores_by_the_sum_of_their_losses():
    options = {"hidden_layer_sizes": (8,), "dropouts": [0.0, 0.2], "max_iter": 5, "cv": 3}
    search = DropoutMLPRegressorCV(**options, **SEVERAL, refit="bag", random_state=0)
    search.fit(X[:300], Y[:300])
    assert search.oof_predictions_.shape == (300, 3)
    of_folds = [
        -sum(
            mean_pinball_loss(Y[test], search.oof_predictions_[test, j], alpha=level)
            for j, level in enumerate(LEVELS)
        )
        for test in np.split(np.arange(300), 3)
    ]
    np.testing.assert_allclose(search.scores_[search.best_index_], of_folds, rtol=1e-5)


@pytest.mark.parametrize(
    "quantile",
    [[], [0.5, 0.1], [0.1, 0.1], [0.0, 0.5], [0.5, 1.2], [[0.1, 0.9]], ["a"], [np.nan, 0.5]],
    ids=str,
)
def test_what_are_no_quantiles(quantile):
    with pytest.raises(ValueError, match="quantile="):
        DropoutMLPRegressor(**SMALL, loss="quantile", quantile=quantile).fit(X, Y)


def test_they_are_of_one_target():
    with pytest.raises(ValueError, match=r"quantile=\[0.1, 0.5, 0.9\].*y has 2 columns"):
        DropoutMLPRegressor(**SMALL, **SEVERAL).fit(X, np.column_stack([Y, Y]))
