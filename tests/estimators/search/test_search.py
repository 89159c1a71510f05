"""Choosing the dropout rate: equal to fitting one by one, no leakage, clear errors."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    PredefinedSplit,
    TimeSeriesSplit,
    cross_validate,
)

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
)
from skdropout._estimators.template import BaseDropoutMLP

SMALL = {
    "hidden_layer_sizes": (16, 8),
    "n_members": 1,
    "max_iter": 3,
    "random_state": 0,
}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture
def in_float64(monkeypatch):
    monkeypatch.setattr(BaseDropoutMLP, "_dtype", torch.float64)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    return X, X[:, 0] * X[:, 1] + X[:, 2] + 0.3 * rng.normal(size=150)


def scores_one_by_one(search, plain, X, y, **params):
    """Scores (rates, folds) of the plain estimator, fitted at each rate on each fold alone."""
    return np.array(
        [
            cross_validate(
                plain(**SMALL, screening=search.screening, dropout=rate),
                X,
                y,
                cv=search.cv,
                scoring=search.scoring,
                params=params,
                error_score="raise",
            )["test_score"]
            for rate in search.dropouts
        ]
    )


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_fold_scores_equal_those_of_fits_one_by_one(mixed_table, early_stopping, weighted):
    """At rate 0 to 1e-8: categories, missing cells, unequal folds, weights, early stopping."""
    X, y = mixed_table
    weight = {"sample_weight": np.random.default_rng(1).uniform(0.5, 2, 300)} if weighted else {}
    cv = PredefinedSplit(
        np.repeat([0, 1, 2], [40, 160, 100])[np.random.RandomState(0).permutation(300)]
    )
    common = {"cv": cv, "scoring": "neg_mean_absolute_error"}
    small = {**SMALL, "early_stopping": early_stopping, "screening": None}
    search = DropoutMLPRegressorCV(**small, **common, dropouts=[0.0, 0.5]).fit(X, y, **weight)
    plain = DropoutMLPRegressor(**small, dropout=0.0)
    alone = cross_validate(plain, X, y, **common, params=weight, return_train_score=True)
    if weighted:  # cross_validate does not weigh scores
        for k, (fit, test) in enumerate(cv.split()):
            w = weight["sample_weight"]
            predicted = clone(plain).fit(X.iloc[fit], y[fit], w[fit]).predict(X.iloc[test])
            alone["test_score"][k] = -np.average(abs(y[test] - predicted), weights=w[test])
    else:
        splits = [search.cv_results_[f"split{k}_train_score"][0] for k in range(3)]
        np.testing.assert_allclose(splits, alone["train_score"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(search.scores_[0], alone["test_score"], rtol=1e-8)


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc_ovr"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifier_scores_equal_those_of_fits_one_by_one(data, scoring, n_classes):
    X, y = data
    y = np.array(["low", "mid", "top"])[np.digitize(y, [0.0, 1.0][: n_classes - 1])]
    small = {**SMALL, "screening": None}
    search = DropoutMLPClassifierCV(**small, dropouts=[0.0], cv=3, scoring=scoring).fit(X, y)
    alone = scores_one_by_one(search, DropoutMLPClassifier, X, y)
    np.testing.assert_allclose(search.scores_, alone, rtol=0, atol=1e-8)


def test_scores_with_dropout_have_the_law_of_fits_one_by_one(data):
    """Nine folds and eight seeds: two means of 72 scores each.

    The folds are the same in both, so the differences are of the masks alone; their mean is
    within four of its standard errors of zero but for a probability below 1e-4.
    """
    X, y = data
    common = {**SMALL, "max_iter": 8, "early_stopping": False, "learning_rate_init": 1e-2}
    differences = []
    for seed in range(8):
        common["random_state"] = seed
        search = DropoutMLPRegressorCV(**common, dropouts=[0.4, 0.4], cv=9, refit=False).fit(X, y)
        alone = cross_validate(
            DropoutMLPRegressor(**common, dropout=0.4), X, y, cv=9, scoring="neg_mean_squared_error"
        )
        differences.extend(search.scores_[1] - alone["test_score"])
    differences = np.array(differences)
    assert differences.std() > 0
    assert abs(differences.mean()) < 4 * differences.std(ddof=1) / len(differences) ** 0.5


@pytest.mark.parametrize("n_members", [1, 3])
def test_refit_is_the_plain_estimator_at_the_chosen_rates(data, n_members):
    X, y = data
    common = {**SMALL, "n_members": n_members}
    search = DropoutMLPRegressorCV(**common, dropouts=[0.1, 0.6], input_dropouts=[0.05], cv=2).fit(
        X, y
    )
    plain = DropoutMLPRegressor(**common, dropout=search.dropout_, input_dropout=0.05).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), plain.predict(X))
    assert search.n_iter_ == plain.n_iter_
    assert search.net_.module_.n_members == n_members


def test_results_are_as_those_of_grid_search(data):
    X, y = data
    search = DropoutMLPRegressorCV(
        **SMALL, dropouts=[0.0, 0.3], input_dropouts=[0.0, 0.1, 0.2], cv=3, refit=False
    ).fit(X, y)
    grid = {"dropout": [0.0, 0.3], "input_dropout": [0.0, 0.1, 0.2]}
    grid["dropout_schedule"] = ["constant"]
    other = GridSearchCV(
        DropoutMLPRegressor(**SMALL), grid, cv=3, return_train_score=True, refit=False
    ).fit(X, y)
    timings = {f"{a}_{b}_time" for a in ("mean", "std") for b in ("fit", "score")}
    assert set(other.cv_results_) - timings == set(search.cv_results_) - {"stopped_by_racing"}
    assert search.cv_results_["params"] == list(other.cv_results_["params"])
    frame = pd.DataFrame(search.cv_results_)
    assert len(frame) == 6
    np.testing.assert_array_equal(frame["param_input_dropout"], search.input_dropouts_)
    np.testing.assert_array_equal(frame["mean_test_score"], search.scores_.mean(1))
    assert frame["rank_test_score"][search.best_index_] == 1
    assert search.best_score_ == search.scores_.mean(1).max()
    assert search.dropout_ == search.dropouts_[search.best_index_]


def test_grids(data):
    def rates(**grid):
        search = DropoutMLPRegressorCV((), max_iter=1, cv=2, refit=False, **grid).fit(*data)
        return list(zip(search.dropouts_, search.input_dropouts_, strict=True))

    assert rates(dropouts=4) == [(0, 0), (0.3, 0), (0.6, 0), (0.9, 0)]
    pairs = {"dropouts": [0.0, 0.5], "input_dropouts": [0.1, 0.2], "grid": "paired"}
    assert rates(**pairs) == [(0, 0.1), (0.5, 0.2)]
    assert rates(**{**pairs, "grid": "product"}) == [(0, 0.1), (0, 0.2), (0.5, 0.1), (0.5, 0.2)]


@pytest.mark.usefixtures("in_float64")
def test_nothing_is_learnt_from_the_fold_that_scores(mixed_table):
    """Whatever the test rows hold, the networks of the fold predict the other rows the same."""
    X, y = mixed_table
    moved, target = X.copy(), y.copy()
    moved.loc[:99, "a"] = 1e6
    moved.loc[:99, "b"] = np.nan
    moved.loc[:99, "city"] = "Rome"
    target[:100] += 1e4
    folds = PredefinedSplit(np.where(np.arange(300) < 100, 0, -1))
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=folds, refit=False)
    first, second = (clone(search).fit(*data).cv_results_ for data in ((X, y), (moved, target)))
    np.testing.assert_allclose(first["split0_train_score"], second["split0_train_score"], rtol=1e-8)
    assert abs(first["split0_test_score"] - second["split0_test_score"]) > 1


def test_one_standard_error_takes_the_highest_rate_that_is_hardly_worse(data):
    X, y = data
    common = {**SMALL, "max_iter": 20, "dropouts": 6, "cv": 4, "refit": False}
    common["numeric_encoding"] = "standard"
    best = DropoutMLPRegressorCV(**common).fit(X, y)
    simple = DropoutMLPRegressorCV(**common, one_standard_error=True).fit(X, y)
    np.testing.assert_array_equal(best.scores_, simple.scores_)
    mean, top = best.scores_.mean(1), best.scores_[best.best_index_]
    near = mean >= top.mean() - top.std(ddof=1) / 2
    assert simple.dropout_ == best.dropouts_[near].max()
    assert simple.dropout_ > best.dropout_


@pytest.mark.usefixtures("in_float64")
def test_callable_scorers_and_weights(data):
    """A scorer sees the network of the fold: it answers for any rows as one fitted by hand."""
    X, y = data
    weight = np.random.default_rng(1).exponential(size=150)
    other = -2 * X[::7]
    seen = []

    def score(estimator, X_test, y_test):
        seen.append((X_test, y_test, estimator.predict(X_test), estimator.predict(other)))
        return 0.0

    folds = list(KFold(3).split(X))
    DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=folds, scoring=score, refit=False).fit(
        X, y, sample_weight=weight
    )
    alone = [
        DropoutMLPRegressor(**SMALL, dropout=0.0).fit(X[fit], y[fit], sample_weight=weight[fit])
        for fit, _ in folds
    ]
    # training rows of all folds, then the others
    scored = [(k, folds[k][part]) for part in (0, 1) for k in range(3)]
    for (k, rows), (X_seen, y_seen, *predicted) in zip(scored, seen, strict=True):
        np.testing.assert_array_equal(X_seen, X[rows])
        np.testing.assert_array_equal(y_seen, y[rows])
        for Z, found in zip((X_seen, other), predicted, strict=True):
            np.testing.assert_allclose(found, alone[k].predict(Z), rtol=1e-8, atol=1e-8)


def test_multilabel_and_missing_classes_in_folds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    labels = (X[:, :2] > 0).astype(int)
    # the number of bins is the whole table's, and a fold has fewer rows than that
    options = {**SMALL, "numeric_encoding": "standard"}
    search = DropoutMLPClassifierCV(**options, dropouts=[0.0], cv=2).fit(X, labels)
    plain = DropoutMLPClassifier(**options, dropout=0.0).fit(X, labels)
    np.testing.assert_array_equal(search.predict_proba(X), plain.predict_proba(X))
    fold = next(KFold(2).split(X))
    alone = DropoutMLPClassifier(**options, dropout=0.0).fit(X[fold[0]], labels[fold[0]])
    p = alone.predict_proba(X[fold[1]])
    per_label = [log_loss(labels[fold[1], j], p[:, j]) for j in range(2)]
    np.testing.assert_allclose(-search.scores_[0, 0], np.mean(per_label), rtol=1e-4)
    y, seen = np.repeat([0, 1, 2], 20), []

    def score(estimator, X_test, y_test):
        seen.append(-log_loss(y_test, estimator.predict_proba(X_test), labels=[0, 1, 2]))
        return seen[-1]

    ordered = {**options, "dropouts": [0.0], "cv": KFold(3), "refit": False}
    ordered |= {"max_iter": 20, "learning_rate_init": 0.01}
    DropoutMLPClassifierCV(**ordered, scoring=score).fit(X, y)
    of_loss = DropoutMLPClassifierCV(**ordered).fit(X, y)
    np.testing.assert_allclose(of_loss.scores_[0], seen[3:], rtol=1e-6)
    # a class that the fold has not seen is not expected: worse than by chance
    assert (of_loss.scores_ < -np.log(3)).all()


@pytest.mark.parametrize("loss", ["absolute_error", "poisson", "quantile"])
def test_default_score_is_minus_the_loss(data, loss):
    X, y = data[0], np.exp(data[1])
    quantile = 0.8 if loss == "quantile" else None
    common = {**SMALL, "loss": loss, "quantile": quantile, "screening": None}
    search = DropoutMLPRegressorCV(**common, dropouts=[0.0], cv=2, refit=False).fit(X, y)
    fit, test = next(KFold(2).split(X))
    p = DropoutMLPRegressor(**common, dropout=0.0).fit(X[fit], y[fit]).predict(X[test])
    error = y[test] - p
    expected = {
        "absolute_error": abs(error),
        "poisson": 2 * (y[test] * np.log(y[test] / p) - error),
        "quantile": np.maximum(0.8 * error, -0.2 * error),
    }[loss]
    np.testing.assert_allclose(-search.scores_[0, 0], expected.mean(), rtol=1e-4)


def test_groups_stay_together(data, monkeypatch):
    X, y = data
    groups = np.arange(150) // 10
    members = train_parts(monkeypatch)
    DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=GroupKFold(3)).fit(X, y, groups=groups)
    assert len(members) == 3 + 1
    for member in members:
        assert len(member.valid)
        assert not set(groups[member.train]) & set(groups[member.valid])


def test_ordered_folds_stop_by_their_last_rows(data, monkeypatch):
    X, y = data
    members = train_parts(monkeypatch)
    DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=TimeSeriesSplit(3, gap=2)).fit(X, y)
    assert len(members) == 3 + 1
    for member in members:
        assert len(member.valid)
        assert member.train.max() == member.valid.min() - 3
    assert members[-1].valid[-1] == 149


def train_parts(monkeypatch):
    """Return a list that will hold the members trained."""
    seen, original = [], BaseDropoutMLP._train

    def watched(self, plan, table, members, *args):
        seen.extend(members)
        return original(self, plan, table, members, *args)

    monkeypatch.setattr(BaseDropoutMLP, "_train", watched)
    return seen


def test_metadata_routing(data):
    X, y = data
    groups, weight = np.arange(150) // 10, np.linspace(1, 2, 150)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(_weighted_error, greater_is_better=False)
        scorer.set_score_request(sample_weight=True)
        search = DropoutMLPRegressorCV(
            **SMALL, dropouts=[0.0, 0.2], cv=GroupKFold(3), scoring=scorer
        )
        search.set_fit_request(sample_weight=True).fit(X, y, sample_weight=weight, groups=groups)
    plain = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.2], cv=GroupKFold(3))
    plain.fit(X, y, sample_weight=weight, groups=groups)
    np.testing.assert_allclose(search.scores_, plain.scores_)
    with pytest.raises(ValueError, match="metadata"):
        plain.fit(X, y, colour="red")


def _weighted_error(y_true, y_pred, sample_weight):
    return np.average((y_true - y_pred) ** 2, weights=sample_weight)
