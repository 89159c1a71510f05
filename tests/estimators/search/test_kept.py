"""``refit="bag"`` and ``"ensemble"``: the networks of the folds are the model."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_friedman1
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressorCV
from skdropout.inspection import interaction_order_spectrum

SMALL = {
    "hidden_layer_sizes": (12,),
    "dropouts": [0.0, 0.3],
    "cv": KFold(3, shuffle=True, random_state=0),
    "max_iter": 8,
    "random_state": 0,
}
BOTH = pytest.mark.parametrize("refit", ["bag", "ensemble"])
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    return make_friedman1(n_samples=180, noise=1.0, random_state=0)


def fitted(data, refit, **options):
    return DropoutMLPRegressorCV(**{**SMALL, **options}, refit=refit).fit(*data)


def test_a_bag_is_the_mean_of_the_chosen_rates_fold_networks(data):
    X, y = data
    model = fitted(data, "bag")
    target = model._plan.target
    each = model._forward(X).numpy()[..., 0] * target.scale + target.location
    assert len(each) == 3
    np.testing.assert_allclose(model.member_weights_, 1 / 3)
    np.testing.assert_allclose(model.predict(X), each.mean(0), rtol=1e-12)
    np.testing.assert_allclose(model.net_.module_.dropout, model.dropout_, rtol=1e-6)
    for k, (_, test) in enumerate(SMALL["cv"].split(X)):
        # there the networks predict in single precision
        np.testing.assert_allclose(model.oof_predictions_[test], each[k][test], rtol=1e-4)
        score = -mean_squared_error(y[test], model.oof_predictions_[test])
        assert score == pytest.approx(model.scores_[model.best_index_, k], rel=1e-6)


def test_nothing_else_of_the_search_changes(data):
    plain, bag = fitted(data, False), fitted(data, "bag")
    np.testing.assert_array_equal(plain.scores_, bag.scores_)
    assert plain.best_index_ == bag.best_index_
    assert not hasattr(plain, "oof_predictions_")


@pytest.mark.parametrize("n_splits", [2, 3])
def test_a_bag_is_of_the_rate_chosen_however_it_is_chosen(data, n_splits):
    options = {"dropouts": [0.0, 0.05, 0.1], "one_standard_error": True, "racing": True}
    cv = KFold(n_splits, shuffle=True, random_state=0)
    model = fitted(data, "bag", cv=cv, **options)
    chosen = model.dropouts_[model.best_index_]
    assert model.dropout_ == chosen
    np.testing.assert_allclose(model.net_.module_.dropout, chosen, rtol=1e-6)
    assert np.isfinite(model.oof_score_)


def test_an_ensemble_weighs_rates_by_rows_that_they_did_not_see(data):
    _, y = data
    model = fitted(data, "ensemble", dropouts=[0.0, 0.1, 0.9])
    weights, rates = model.member_weights_, model.net_.module_.dropout.numpy()[:, 0]
    assert weights.sum() == pytest.approx(1)
    assert model.dropout_ == pytest.approx(weights @ rates, rel=1e-6)
    of_rates = [weights[np.isclose(rates, rate)] for rate in model.dropouts_]
    for of_rate in of_rates:
        assert len(of_rate) in (0, 3)  # a rate has all its folds, or none
        np.testing.assert_allclose(of_rate, of_rate.mean() if len(of_rate) else 0)
    # the best mixture of four steps on all rows is no worse than the best rate of them
    best = fitted(data, "bag", dropouts=[0.0, 0.1, 0.9])
    error, of_best = (mean_squared_error(y, found.oof_predictions_) for found in (model, best))
    assert error < of_best * 1.02


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_ensemble_of_rates_whose_scores_are_beyond_floats(data):
    """Nothing tells them apart but their losses, and these are numbers."""
    model = fitted(data, "ensemble", scoring=lambda *_: -np.inf)
    assert np.isfinite(model.predict(data[0])).all()


def test_an_ensemble_of_one_rate_is_the_bag(data):
    bag, ensemble = (fitted(data, refit, dropouts=[0.2]) for refit in ("bag", "ensemble"))
    np.testing.assert_array_equal(bag.predict(data[0]), ensemble.predict(data[0]))
    np.testing.assert_allclose(bag.oof_predictions_, ensemble.oof_predictions_, rtol=1e-12)
    assert bag.oof_score_ == bag.best_score_


@BOTH
def test_the_score_chooses_for_each_fold_by_the_others(data, refit):
    model = fitted(data, refit, dropouts=[0.0, 0.05, 0.1, 0.15])
    if refit == "bag":
        others = [np.delete(model.scores_, k, axis=1).mean(1).argmax() for k in range(3)]
        expected = np.mean([model.scores_[c, k] for k, c in enumerate(others)])
        assert model.oof_score_ == pytest.approx(expected)
    assert np.isfinite(model.oof_score_)
    one = fitted(data, refit, cv=ShuffleSplit(1, random_state=0))
    assert np.isnan(one.oof_score_)


@BOTH
def test_folds_may_overlap_or_leave_rows_out(data, refit):
    X, _ = data
    cv = RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
    model = fitted(data, refit, dropouts=[0.0], cv=cv)
    target = model._plan.target
    each = model._forward(X).numpy()[..., 0] * target.scale + target.location
    expected = np.zeros(len(X))
    for k, (_, test) in enumerate(cv.split(X)):
        expected[test] += each[k][test] / 2
    np.testing.assert_allclose(model.oof_predictions_, expected, rtol=1e-4)
    cv = ShuffleSplit(3, test_size=0.2, random_state=0)
    found = fitted(data, refit, cv=cv).oof_predictions_
    tested = np.unique(np.concatenate([test for _, test in cv.split(X)]))
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(found)), tested)


@BOTH
@pytest.mark.parametrize("size", [2, 3, 4])
def test_slices_of_the_grid_are_joined(data, refit, size, monkeypatch):
    """Without dropout there are no masks, which would depend on the slices."""
    options = {"dropouts": [0.0, 0.0, 0.0]}
    whole = fitted(data, refit, **options)
    monkeypatch.setattr(DropoutMLPRegressorCV, "_members_that_fit", lambda *_: size)
    parts = fitted(data, refit, **options)
    np.testing.assert_allclose(parts.predict(data[0]), whole.predict(data[0]), rtol=1e-6)
    np.testing.assert_allclose(parts.oof_predictions_, whole.oof_predictions_, rtol=1e-5)


@BOTH
def test_what_a_model_can_do(data, refit):
    X, _ = data
    model = fitted(data, refit, input_dropouts=[0.0, 0.2], grid="paired")
    mean, std = model.predict(X, return_std=True)
    assert (std > 0).all()
    assert model.sample_predictions(X[:4], 7, random_state=0).shape == (7, 4)
    assert np.isfinite(interaction_order_spectrum(model, X, random_state=0).variances).all()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), mean)
    np.testing.assert_array_equal(again.oof_predictions_, model.oof_predictions_)
    assert model.recipes_["networks"].sum() == len(model.member_weights_)
    assert 0 <= model.input_dropout_ <= 0.2


@BOTH
@pytest.mark.parametrize("early_stopping", [True, False])
def test_probabilities(refit, early_stopping):
    X, y = load_iris(return_X_y=True)
    model = DropoutMLPClassifierCV(**SMALL, refit=refit, early_stopping=early_stopping).fit(X, y)
    assert model.oof_predictions_.shape == (150, 3)
    np.testing.assert_allclose(model.oof_predictions_.sum(1), 1, rtol=1e-5)
    assert model.predict_proba(X).shape == (150, 3)
    if refit == "bag":
        of_folds = [
            -log_loss(y[test], model.oof_predictions_[test], labels=[0, 1, 2])
            for _, test in SMALL["cv"].split(X)
        ]
        np.testing.assert_allclose(of_folds, model.scores_[model.best_index_], rtol=1e-4)


@BOTH
def test_labels_and_several_outputs(data, refit):
    X, y = data
    several = np.column_stack([y, -y, y**2])
    model = DropoutMLPRegressorCV(**SMALL, refit=refit).fit(X, several)
    assert model.oof_predictions_.shape == several.shape
    labels = (several > several.mean(0)).astype(int)
    classifier = DropoutMLPClassifierCV(**SMALL, refit=refit).fit(X, labels)
    assert classifier.oof_predictions_.shape == labels.shape


@BOTH
def test_networks_of_folds_are_not_trained_further(data, refit):
    with pytest.raises(ValueError, match=f"refit='{refit}'.*warm_start=False"):
        fitted(data, refit, warm_start=True)
