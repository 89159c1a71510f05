"""``dropout="auto"``: recipes are tried, weighed by rows that they never saw, and few are kept."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout._estimators.recipes import FIRST, LINEAR, NUMBERS, portfolio
from skdropout._estimators.trial import disjoint, flattery_of
from skdropout._estimators.weighing import greedy_weights

SMALL = {"hidden_layer_sizes": (16,), "dropout": "auto", "max_iter": 12, "random_state": 0}
ignore_unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
pytestmark = ignore_unfinished


@pytest.fixture(scope="module")
def data():
    return make_friedman1(n_samples=300, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def model(data):
    return DropoutMLPRegressor(**SMALL, n_members=6).fit(*data)


# --- the rows that recipes are weighed by -----------------------------------------------------


@pytest.mark.parametrize("n_rows", [2, 7, 100, 333])
@pytest.mark.parametrize("fraction", [0.1, 0.15, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("has_classes", [False, True])
def test_parts_are_disjoint_and_leave_rows_to_train_on(n_rows, fraction, has_classes):
    strata = np.arange(n_rows) ** 2 % 5 if has_classes else None
    parts = disjoint(n_rows, fraction, strata, 0, 4)
    assert 1 <= len(parts) <= 4
    seen = np.concatenate([valid for _, valid in parts])
    assert len(np.unique(seen)) == len(seen)
    for train, valid in parts:
        assert len(train)
        np.testing.assert_array_equal(np.sort([*train, *valid]), np.arange(n_rows))
        if has_classes and n_rows > 2:
            assert set(strata[train]) == set(strata)


def test_parts_have_classes_in_proportion():
    strata = np.repeat([0, 1, 2], [200, 70, 30])
    for _, valid in disjoint(300, 0.1, strata, 0, 10):
        np.testing.assert_array_equal(np.bincount(strata[valid]), [20, 7, 3])


# --- weights ------------------------------------------------------------------------------------


def of_squares(predictions, y):
    def losses_of(counts):
        return (counts @ predictions / counts.sum() - y) ** 2

    return losses_of


def test_weights_of_many_rows_are_the_best_mixture():
    """Where rows tell candidates apart, every resample finds the best mixture of four."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=20_000)
    errors = rng.normal(size=(3, len(y))) * [[1.0], [1.0], [3.0]]
    losses_of = of_squares(y + errors, y)
    weights = greedy_weights(losses_of, 3, np.ones(len(y)))
    np.testing.assert_array_equal(weights, [0.5, 0.5, 0.0])
    mixtures = [m for m in itertools.product(range(5), repeat=3) if sum(m) == 4]
    best = min(mixtures, key=lambda m: losses_of(np.array(m)).mean())
    np.testing.assert_array_equal(weights, np.array(best) / 4)


def test_candidates_that_rows_do_not_tell_apart_share_the_weight():
    """Twenty resamples of noise: the chance that one of two has all of them is 2 ** -19."""
    rng = np.random.default_rng(1)
    y = np.zeros(50)
    weights = greedy_weights(of_squares(rng.normal(size=(2, 50)), y), 2, np.ones(50))
    assert 0 < weights.min() < 1
    assert weights.sum() == pytest.approx(1)


def test_rows_without_weight_and_candidates_without_numbers_do_not_count():
    y = np.zeros(40)
    half = np.arange(40) < 20
    predictions = np.stack(
        [np.where(half, 0.0, 9.0), np.where(half, 1.0, 0.0), np.full(40, np.nan)]
    )
    weights = greedy_weights(of_squares(predictions, y), 3, half.astype(float))
    np.testing.assert_array_equal(weights, [1, 0, 0])


def test_candidates_whose_losses_are_too_small_count_less():
    """Of two that predict alike each network of one is flattered more than any of the other."""
    y = np.zeros(50)
    alike = np.random.default_rng(1).normal(size=(1, 50))[[0, 0]]
    flattery = np.array([[0.0, 0.1], [0.2, 0.3]])
    weights = greedy_weights(of_squares(alike, y), 2, np.ones(50), flattery)
    np.testing.assert_array_equal(weights, [1, 0])


def test_losses_are_too_small_by_what_each_choice_of_an_epoch_gains():
    """Against the definition, network by network; who has stopped stays where it was."""
    curves = np.array([[[3.0, 5.0], [1.0, 4.0], [2.0, 1.0], [np.nan, 2.0]]])
    # after the last: 3 5, 1 4, 2 1, 2 2, so the mean is least in the third epoch
    np.testing.assert_allclose(flattery_of(curves), 2 * np.array([[2.0 - 1.0, 1.0 - 1.0]]))
    same = np.random.default_rng(0).normal(size=(2, 7, 1)).repeat(3, 2)
    np.testing.assert_array_equal(flattery_of(same), np.zeros((2, 3)))
    np.testing.assert_array_equal(flattery_of(curves[..., :1]), [[0.0]])


# --- what is fitted -----------------------------------------------------------------------------


def test_what_is_kept_is_what_predicts(model, data):
    X, _ = data
    weights, module = model.member_weights_, model.net_.module_
    assert len(weights) == module.n_members <= 6
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1)
    each = np.stack([f.numpy()[:, 0] for f in model._forward(X)])
    target = model._plan.target
    mean = weights @ each * target.scale + target.location
    np.testing.assert_allclose(model.predict(X), mean, rtol=1e-12)
    rates = module.dropout.double().numpy()
    assert model.dropout_ == pytest.approx(float((weights @ rates).item()))


def test_recipes_are_a_table(model):
    recipes = model.recipes_
    assert recipes["dropout"].tolist() == [recipe.dropout for recipe in portfolio(300)]
    speeds = [recipe.speed for recipe in portfolio(300)]
    np.testing.assert_allclose(recipes["learning_rate_init"], np.multiply(speeds, 1e-3))
    assert recipes["networks"].sum() == len(model.member_weights_)
    assert recipes["weigh"].sum() == pytest.approx(1)
    assert ((recipes["networks"] > 0) == (recipes["weigh"] > 0)).all()
    assert (recipes["networks"] > 0).sum() <= 2


def test_many_rows_have_another_third_recipe():
    assert portfolio(1000)[2] == LINEAR
    assert portfolio(1001)[2] == NUMBERS
    assert portfolio(1000)[:2] == portfolio(1001)[:2]
    assert portfolio(1000)[0] == FIRST


@pytest.fixture(scope="module")
def straight():
    """Of the variance of the target a third is noise, which is what bends are fitted to."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 8))
    y = X @ rng.choice([-1.0, 1.0], 8) + 2.0 * rng.normal(size=len(X))
    return X[:200], y[:200], X[200:], y[200:]


def test_a_linear_target_is_not_lost(straight):
    """Within .01 of the R2 of ridge regression, and half of what networks that bend lose."""
    X, y, X_test, y_test = straight
    model = DropoutMLPRegressor(random_state=0, dropout="auto").fit(X, y)
    best = RidgeCV(np.logspace(-3, 3, 20)).fit(X, y).score(X_test, y_test)
    bent = DropoutMLPRegressor(random_state=0, dropout=FIRST.dropout).fit(X, y)
    lost, lost_by_bends = (best - one.score(X_test, y_test) for one in (model, bent))
    assert lost <= min(0.01, lost_by_bends / 2)
    assert model.net_.module_.least.isinf().any()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X_test), model.predict(X_test))
    assert model.recipes_.query("linear")["weigh"].item() > 0


def test_spread_of_weighted_networks(model, data):
    X, _ = data
    mean, std = model.predict(X, return_std=True)
    w = model.member_weights_
    target = model._plan.target
    each = np.stack([f.numpy()[:, 0] for f in model._forward(X)]) * target.scale + target.location
    expected = np.sqrt(w @ (each - mean) ** 2 / (1 - w @ w))
    np.testing.assert_allclose(std, expected, rtol=1e-9)


def test_draws_take_turns_by_weight(data):
    """Without dropout at prediction a draw is one network's answer, so turns can be counted."""
    X, y = data
    model = DropoutMLPRegressor(**{**SMALL, "dropout": 0.0}, n_members=3).fit(X, y)
    model.member_weights_ = np.array([0.5, 0.3, 0.2])
    draws = model.sample_predictions(X[:1], 10, random_state=0)[:, 0]
    each = model._forward(X[:1]).numpy()[:, 0, 0] * model._plan.target.scale
    each = each + model._plan.target.location
    turns = [int(np.abs(each - draw).argmin()) for draw in draws]
    assert np.bincount(turns).tolist() == [5, 3, 2]


def test_probabilities_are_weighted_means_and_their_logarithms(data):
    X, y = data
    y = np.digitize(y, [10, 16])
    model = DropoutMLPClassifier(**SMALL, n_members=4).fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(p), atol=1e-10)


def test_a_recipe_may_do_without_bins(data):
    """Its inputs from bins are zero for all rows; the others' are not."""
    X, y = data
    fitted = DropoutMLPRegressor(**SMALL, n_members=8, screening=None).fit(X, y)
    kinds = fitted._plan.kinds
    encoded = fitted.net_.module_.encoding(
        torch.as_tensor(X, dtype=torch.float32)[None], torch.zeros(1, len(X), 0, dtype=torch.long)
    )
    n_live = (encoded != 0).any(1).sum(1)
    assert all((n == X.shape[1]) == (not kind.bins) for n, kind in zip(n_live, kinds, strict=True))


# --- life -----------------------------------------------------------------------------------------


def test_goes_through_pickles_clones_and_pipelines(model, data):
    X, y = data
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    pd.testing.assert_frame_equal(again.recipes_, model.recipes_)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))
    pipeline = make_pipeline(StandardScaler(), DropoutMLPRegressor(**SMALL)).fit(X, y)
    assert pipeline.predict(X).shape == y.shape


def test_warm_start_goes_on_with_those_kept(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, warm_start=True).fit(X, y)
    weights, epochs = model.member_weights_, model.n_iter_
    first = model._plan.recipes[0]["learning_rate_init"]
    model.set_params(learning_rate_init=2e-3).fit(X, y)
    np.testing.assert_array_equal(model.member_weights_, weights)
    assert model.n_iter_ > epochs
    assert model._plan.recipes[0]["learning_rate_init"] == 2 * first
    recipes = model.recipes_
    assert recipes["networks"].sum() == len(weights)
    assert recipes["weigh"].sum() == pytest.approx(1)
    assert recipes["learning_rate_init"].min() == 2e-3
    with pytest.raises(ValueError, match=r"dropout=.*warm_start=False"):
        model.set_params(dropout=0.2).fit(X, y)


def test_partial_fit_begins_with_the_first_recipe_and_goes_on_with_those_there_are(data):
    X, y = data
    begun = DropoutMLPRegressor(**SMALL, n_members=3).partial_fit(X, y)
    assert begun.dropout_ == FIRST.dropout
    np.testing.assert_allclose(begun.member_weights_, 1 / 3)
    fitted = DropoutMLPRegressor(**SMALL).fit(X, y)
    weights = fitted.member_weights_
    np.testing.assert_array_equal(fitted.partial_fit(X, y).member_weights_, weights)


def test_without_rows_to_weigh_by_there_is_one_recipe(data):
    model = DropoutMLPRegressor(**SMALL, early_stopping=False, n_members=3).fit(*data)
    assert len(model.recipes_) == 1
    assert model.dropout_ == FIRST.dropout


@pytest.mark.parametrize("n_members", [1, 2, 3])
def test_few_networks(data, n_members):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, n_members=n_members).fit(X, y)
    assert 1 <= len(model.member_weights_) <= n_members
    assert len(model.recipes_) == len(portfolio(300))


def test_rows_to_stop_by_may_be_given(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert len(model.recipes_) == len(portfolio(300))


def test_a_recipe_that_diverges_is_left_out(data):
    """Of one that does the losses are not finite; all of them: fit says so."""
    X, y = data
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="diverged"):
        DropoutMLPRegressor(**SMALL, learning_rate_init=1e30).fit(X, y)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate_init", [1e-3] * 8),
        ("weight_decay", [0.0] * 8),
        ("learning_rate", ["cosine"] * 8),
        ("batch_size", [32] * 8),
        ("input_dropout", [0.1] * 8),
    ],
)
def test_what_each_network_has_is_not_for_networks_that_are_chosen(data, name, value):
    with pytest.raises(ValueError, match=f"{name}=.*dropout='auto'"):
        DropoutMLPRegressor(**SMALL, **{name: value}).fit(*data)


# --- recipes that are given -----------------------------------------------------------------------


def test_each_network_may_have_its_own(data):
    X, y = data
    own = {
        "dropout": [[0.1], [0.3], [0.3]],
        "learning_rate_init": [1e-3, 3e-3, 3e-3],
        "learning_rate": ["cosine", "constant", "cosine"],
        "weight_decay": [0.0, 0.1, 0.01],
        "batch_size": [16, 64, "auto"],
    }
    model = DropoutMLPRegressor(**{**SMALL, **own}, n_members=3).fit(X, y)
    recipes = model.recipes_
    for name, values in own.items():
        assert recipes[name].tolist() == np.ravel(np.array(values, dtype=object)).tolist()
    assert recipes["networks"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("learning_rate_init", [1e-3, 1e-3], "there are 3 networks"),
        ("learning_rate_init", [1e-3, 0.0, 1e-3], "a positive number"),
        ("learning_rate", ["cosine", "linear", "cosine"], "'constant' or 'cosine'"),
        ("weight_decay", [0.0, -1.0, 0.0], "zero or more"),
        ("batch_size", [1, 2, 0], "positive integer"),
        ("batch_size", [1, 2, True], "positive integer"),
    ],
)
def test_recipes_that_fit_no_network(data, name, value, message):
    with pytest.raises(ValueError, match=f"{name}=.*{message}"):
        DropoutMLPRegressor(**{**SMALL, "dropout": 0.1, name: value}, n_members=3).fit(*data)
