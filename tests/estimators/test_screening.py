"""Columns that tell nothing of the target are left out, and nothing else changes."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.stats import f_oneway, false_discovery_control, kstest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, KFold

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)
from skdropout._estimators.screening import TESTS, screen
from skdropout._estimators.template import BaseDropoutMLP
from skdropout._table import TableEncoder, adjusted, anova_p_values, groups_and_scores
from skdropout.datasets import make_pure_interaction
from skdropout.inspection import interaction_order_spectrum, interaction_strengths, occlusion_curve

pytestmark = pytest.mark.usefixtures("untouched_random_state")

SMALL = {"hidden_layer_sizes": (8,), "n_members": 2, "max_iter": 3, "random_state": 0}
WITH_CV = {**SMALL, "dropouts": [0.0, 0.3], "cv": 3}
ignore_unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def screened(X, targets, weight=None, categorical_features=None):
    owner = BaseEstimator()
    encoder = TableEncoder(categorical_features).fit(X, owner)
    return screen(encoder, *encoder.transform(X, owner), targets.reshape(len(X), -1), weight)


def table(n_rows=400, n_noise=6, seed=0):
    """Two numbers and a category that matter, noise of both kinds; a regression target."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n_rows)})
    X["city"] = pd.Categorical(rng.choice(["Oslo", "Rome", "Lima"], n_rows))
    for j in range(n_noise):
        X[f"noise {j}"] = rng.normal(size=n_rows)
    X["b"] = rng.exponential(size=n_rows)
    X["noise city"] = pd.Categorical(rng.choice(list("pqrs"), n_rows))
    y = X["a"] + 2 * (X["city"] == "Rome") + X["b"] + 0.5 * rng.normal(size=n_rows)
    return X, y.to_numpy()


# the tests themselves


@pytest.mark.parametrize("n_groups", [2, 5, 30])
def test_analysis_of_variance_is_that_of_scipy(n_groups):
    rng = np.random.default_rng(n_groups)
    group = rng.integers(n_groups, size=300)
    y = rng.normal(size=300) + 0.2 * group
    expected = f_oneway(*(y[group == g] for g in np.unique(group))).pvalue
    targets = (y - y.mean())[:, None]
    np.testing.assert_allclose(anova_p_values([group], targets, np.ones(300))[0], expected)


def test_several_targets_share_the_level():
    rng = np.random.default_rng(0)
    group, y = rng.integers(4, size=200), rng.normal(size=(200, 3))
    y -= y.mean(0)
    each = [anova_p_values([group], part[:, None], np.ones(200))[0] for part in y.T]
    together = anova_p_values([group], y, np.ones(200))[0]
    assert together == pytest.approx(min(1, 3 * min(each)))


def test_weights_are_those_of_least_squares():
    """F of two nested weighted regressions, written out; rows without weight are not there."""
    rng = np.random.default_rng(0)
    group, y, weight = rng.integers(3, size=90), rng.normal(size=90), rng.random(90)
    y -= np.average(y, weights=weight)
    means = [np.average(y[group == g], weights=weight[group == g]) for g in range(3)]
    total, within = weight @ y**2, weight @ (y - np.array(means)[group]) ** 2
    from scipy.stats import f

    expected = f.sf((total - within) / 2 / (within / 87), 2, 87)
    assert anova_p_values([group], y[:, None], weight)[0] == pytest.approx(expected)

    X, y = table()
    weight = (np.arange(400) < 250).astype(float)
    for name, p_values in screened(X, y, weight, "from_dtype").tests.items():
        alone = screened(X[:250], y[:250], None, "from_dtype").tests[name]
        np.testing.assert_allclose(p_values, alone, err_msg=name)


def test_adjusted_p_values_are_those_of_scipy():
    p = np.random.default_rng(0).random(50) ** 3
    np.testing.assert_allclose(adjusted(p), false_discovery_control(p))


def test_groups_have_equally_many_rows_heavy_values_and_missing_apart():
    x = np.random.default_rng(0).normal(size=800)
    assert np.bincount(groups_and_scores(x)[0])[1:].tolist() == [100] * 8
    x[:300] = 0.1234
    x[300:320] = np.nan
    groups, scores = groups_and_scores(x)
    assert len(set(groups[:300])) == len(set(groups[300:320])) == 1
    assert not set(groups[300:320]) & set(groups[320:])
    assert not set(groups[:300]) & set(groups[320:])
    assert not scores[300:320].any()
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose((scores**2).mean(0), 1)


@pytest.mark.parametrize("column", [np.full(9, np.nan), np.full(9, 3.0)], ids=["missing", "same"])
def test_columns_of_one_value_are_no_discovery(column):
    assert groups_and_scores(column)[1].shape == (9, 0)
    assert len(set(groups_and_scores(column)[0])) == 1


def test_p_values_are_uniform_where_there_is_nothing():
    """1,000 columns of noise; by Kolmogorov and Smirnov at one in a thousand."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 1000)), rng.normal(size=300)
    X[:, ::2] = rng.integers(5, size=(300, 500))
    found = screened(X, y)
    assert kstest(found.tests["p_value"], "uniform").pvalue > 0.001


def test_false_discoveries_are_few():
    """Of 40 tables of noise alone each test finds something in about one of ten.

    More than 11 of 40 has a probability below .001 if it is a tenth.
    """
    for name in TESTS[1:]:
        found = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            tests = screened(rng.normal(size=(300, 15)), rng.normal(size=300)).tests
            found += (tests[name] <= 0.1).any()
        assert found <= 11, name


def test_what_matters_beside_others_alone_is_kept():
    """A suppressor: by itself it has nothing to do with the target."""
    rng = np.random.default_rng(0)
    hidden, disturbance = rng.normal(size=(2, 600))
    X = np.column_stack([hidden + disturbance, disturbance, rng.normal(size=(600, 8))])
    found = screened(X, hidden + 0.3 * rng.normal(size=600))
    assert found.tests["alone"][1] > 0.1 >= found.tests["beside_others"][1]
    assert found.kept[:2].all()


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_pure_interactions_are_kept(order, seed):
    X, y = make_pure_interaction(600, n_features=order + 20, order=order, noise=0.3,
                                 random_state=seed)  # fmt: skip
    found = screened(X, y)
    assert found.kept[:order].all()
    assert found.kept[order:].sum() <= 6
    assert (found.tests["with_others"][:order] <= 0.1).any()


def test_an_exclusive_or_of_categories_is_kept():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(3, size=(800, 10))).astype("category")
    X.columns = [f"c{j}" for j in range(10)]
    y = ((X["c2"].astype(int) == X["c7"].astype(int)) + 0.3 * rng.normal(size=800)).to_numpy()
    found = screened(X, y - y.mean(), categorical_features="from_dtype")
    assert found.kept[[2, 7]].all()
    assert found.kept.sum() <= 5


def test_if_nothing_is_found_all_are_kept():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 5)), rng.normal(size=100)
    found = screened(X, y)
    assert all(not (found.tests[name] <= 0.1).any() for name in TESTS[1:])
    assert found.kept.all()


@pytest.mark.parametrize("y", [np.ones(50), np.arange(50.0)], ids=["constant", "rows"])
def test_odd_targets_and_columns_are_no_matter(y):
    X = np.column_stack([np.arange(50), np.full(50, np.nan), [np.inf, -np.inf] * 25])
    assert screened(X.astype(float), y).kept.any()


# what the estimators make of them


@ignore_unfinished
@pytest.mark.parametrize("library", ["pandas", "polars", "numpy"])
def test_columns_of_noise_do_not_enter(library):
    X, y = table()
    expected = X.columns.isin(["a", "city", "b"])
    if library == "polars":
        X = pl.from_pandas(X)
    if library == "numpy":
        X = X.assign(**{name: X[name].cat.codes for name in ("city", "noise city")}).to_numpy()
    categorical = "from_dtype" if library != "numpy" else [1, 9]
    model = DropoutMLPRegressor(**SMALL, categorical_features=categorical).fit(X, y)
    assert model.kept_columns_.tolist() == expected.tolist()
    assert model.net_.module_.encoding.n_columns == 3
    assert model.n_features_in_ == 10
    assert len(model.embeddings_) == 1
    assert model.screening_["kept"].tolist() == expected.tolist()
    assert list(model.screening_.columns) == [*TESTS, "kept"]
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict(X),
        model.predict(X),
    )


@ignore_unfinished
@pytest.mark.parametrize(
    "cls", [DropoutMLPRegressor, DropoutMLPClassifier, RelDropRegressor, RelDropClassifier]
)
def test_without_columns_to_leave_out_nothing_changes(cls):
    X, y = table(n_noise=0)
    X = X.drop(columns="noise city")
    y = y if "Regressor" in cls.__name__ else (y > 1).astype(int)
    screened, without = cls(**SMALL).fit(X, y), cls(**SMALL, screening=None).fit(X, y)
    assert screened.kept_columns_.all()
    predict = "predict_proba" if hasattr(cls, "predict_proba") else "predict"
    np.testing.assert_array_equal(getattr(screened, predict)(X), getattr(without, predict)(X))
    assert without.kept_columns_.all()
    assert without.screening_["p_value"].isna().all()


@ignore_unfinished
@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
def test_it_is_the_fit_without_these_columns(encoding):
    X, y = table()
    options = {**SMALL, "numeric_encoding": encoding, "input_dropout": 0.2}
    model = DropoutMLPRegressor(**options).fit(X, y)
    kept = X.loc[:, model.kept_columns_]
    alone = DropoutMLPRegressor(**options, screening=None).fit(kept, y)
    np.testing.assert_array_equal(model.predict(X), alone.predict(kept))


@ignore_unfinished
def test_cells_of_columns_left_out_are_never_looked_at():
    X, y = table()
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    odd = X.copy()
    odd["noise city"] = "never seen"
    odd["noise 0"] = "no number"
    odd["noise 1"] = np.nan
    np.testing.assert_array_equal(model.predict(odd), model.predict(X))


@ignore_unfinished
@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "poisson"])
def test_other_losses(loss):
    X, y = table()
    quantile = 0.9 if loss == "quantile" else None
    model = DropoutMLPRegressor(**SMALL, loss=loss, quantile=quantile).fit(X, np.exp(y / 3))
    assert model.kept_columns_.sum() in (3, 4)
    assert model.kept_columns_[[0, 1, 8]].all()


@ignore_unfinished
def test_a_column_that_moves_a_quantile_alone_is_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 8))
    y = X[:, 0] + np.exp(X[:, 1]) * rng.normal(size=1000)
    model = DropoutMLPRegressor(**SMALL, loss="quantile", quantile=0.9).fit(X, y)
    assert model.kept_columns_[:2].all()


@ignore_unfinished
def test_classes_and_labels():
    X, y = table()
    classes = DropoutMLPClassifier(**SMALL).fit(X, np.digitize(y, [0, 1, 2]))
    assert classes.kept_columns_.sum() in (3, 4)
    labels = DropoutMLPClassifier(**SMALL).fit(X, np.column_stack([X["a"] > 0, y > 1]).astype(int))
    assert labels.kept_columns_[[0, 1, 8]].all()
    outputs = DropoutMLPRegressor(**SMALL).fit(X, np.column_stack([y, X["noise 2"]]))
    assert outputs.kept_columns_[X.columns.get_loc("noise 2")]


@ignore_unfinished
def test_going_on_keeps_the_columns():
    X, y = table()
    model = DropoutMLPRegressor(**SMALL, warm_start=True).fit(X, y)
    kept = model.kept_columns_
    model.fit(X, X["noise 0"])
    np.testing.assert_array_equal(model.kept_columns_, kept)
    model.partial_fit(X, y)
    np.testing.assert_array_equal(model.kept_columns_, kept)
    with pytest.raises(ValueError, match="screening"):
        model.set_params(screening=None).fit(X, y)
    begun = DropoutMLPRegressor(**SMALL).partial_fit(X, y)
    assert begun.kept_columns_.all()


@ignore_unfinished
def test_lengths_of_vectors_may_be_given_for_columns_left_out():
    X, y = table()
    model = DropoutMLPRegressor(
        **SMALL, embedding_dim={"noise city": 3, "city": 2}, warm_start=True
    ).fit(X, y)
    n = len(model.member_weights_)
    assert {name: len(t.columns) // n for name, t in model.embeddings_.items()} == {"city": 2}
    model.fit(X, y)


@ignore_unfinished
@pytest.mark.parametrize("cls", [DropoutMLPRegressorCV, DropoutMLPClassifierCV])
def test_a_search_screens_within_each_fold(cls):
    """Targets of one fold are changed: the networks that are scored on it are not."""
    X, y = table(150, n_noise=30)
    y = y if cls is DropoutMLPRegressorCV else (y > 1).astype(int)
    seen = []

    def scoring(estimator, X, y):
        seen.append(estimator.kept_columns_)
        return 0.0

    folds = list(KFold(3).split(X))
    cls(**{**WITH_CV, "cv": folds}, scoring=scoring, refit=False).fit(X, y)
    kept_of_folds, seen = seen, []
    other = y.copy()
    other[folds[1][1]] = y[folds[1][1]][::-1]
    cls(**{**WITH_CV, "cv": folds}, scoring=scoring, refit=False).fit(X, other)
    # two rates, training and test rows of each fold
    of_fold = [k for k in range(len(seen)) if np.array_equal(seen[k], kept_of_folds[k])]
    assert len(seen) == 12
    assert len(of_fold) >= 4

    plain = DropoutMLPRegressor if cls is DropoutMLPRegressorCV else DropoutMLPClassifier
    for fit, _ in folds:
        alone = plain(**{**SMALL, "max_iter": 1}).fit(X.iloc[fit], y[fit]).kept_columns_
        assert any(np.array_equal(alone, kept) for kept in kept_of_folds)


@ignore_unfinished
def test_a_fold_does_not_see_what_it_leaves_out():
    X, y = table(120, n_noise=30)
    seen = {}

    def scoring(estimator, rows, y):
        changed = rows.copy()
        left_out = rows.columns[~estimator.kept_columns_]
        for name in left_out:
            changed[name] = rows[name].to_numpy()[::-1]
        assert len(left_out)
        np.testing.assert_array_equal(
            estimator.predict(changed.iloc[:20]), estimator.predict(rows.iloc[:20])
        )
        seen[len(seen)] = tuple(estimator.kept_columns_)
        return 0.0

    for encoding in ("standard", "quantile", "piecewise_linear", "periodic"):
        options = {**WITH_CV, "numeric_encoding": encoding, "refit": False, "scoring": scoring}
        DropoutMLPRegressorCV(**options).fit(X, y)
    assert len(set(seen.values())) > 1


@ignore_unfinished
def test_folds_that_keep_the_same_columns_are_fits_of_them(monkeypatch):
    """At rate 0 to 1e-8 in double precision, as without columns to leave out."""
    monkeypatch.setattr(BaseDropoutMLP, "_dtype", torch.float64)
    X, y = table(n_noise=0)
    X = X.assign(**{"same": 3.0, "once": np.eye(1, 400)[0], "noise city": "p"})
    folds, kept = list(KFold(3).split(X)), []

    def scoring(estimator, X, y):
        kept.append(tuple(estimator.kept_columns_))
        return -np.abs(y - estimator.predict(X)).mean()

    options = {**WITH_CV, "cv": folds, "scoring": scoring, "refit": False, "max_iter": 10}
    search = DropoutMLPRegressorCV(**options).fit(X, y)
    assert set(kept) == {(True, True, True, False, False, False)}
    plain = DropoutMLPRegressor(**{**SMALL, "max_iter": 10, "n_members": 1}, dropout=0.0)
    for k, (fit, test) in enumerate(folds):
        predicted = plain.fit(X.iloc[fit], y[fit]).predict(X.iloc[test])
        expected = -np.abs(y[test] - predicted).mean()
        assert search.scores_[0, k] == pytest.approx(expected, rel=1e-8)


@ignore_unfinished
def test_members_may_keep_different_columns():
    """A column that a member does not keep is typical for it, whatever its cells."""
    X, y = table(n_noise=1)
    for encoding in ("standard", "quantile", "piecewise_linear", "periodic"):
        model = DropoutMLPRegressor(**SMALL, numeric_encoding=encoding, screening=None)
        plan, rows = model._read([(X, y, None)])
        kept = [X.columns != "a", X.columns != "city"]
        members, mask_seed = model._members(plan, rows)
        members = [replace(m, kept=k) for m, k in zip(members, kept, strict=True)]
        net = model._net(plan, rows.table, members, mask_seed)
        encoding = net.module.encoding
        cells = rows.table.numeric[None], rows.table.codes[None]
        with torch.no_grad():
            away = (encoding(*cells) - encoding.typical()).abs().amax(1)
        of_a, of_city = encoding.groups == 0, encoding.groups == 1
        assert away[0, of_a].max() < 1e-6  # waves in single precision
        assert not away[1, of_city].any()
        assert away[1, of_a].any()
        assert away[0, of_city].any()


@ignore_unfinished
def test_the_network_of_a_search_is_that_of_the_plain_estimator():
    X, y = table()
    search = DropoutMLPRegressorCV(**WITH_CV).fit(X, y)
    plain = DropoutMLPRegressor(**SMALL, dropout=search.dropout_).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), plain.predict(X))
    np.testing.assert_array_equal(search.kept_columns_, plain.kept_columns_)


@ignore_unfinished
def test_grid_search_and_clone():
    X, y = table()
    search = GridSearchCV(DropoutMLPRegressor(**SMALL), {"screening": ["auto", None]}, cv=2)
    assert set(search.fit(X, y).cv_results_["param_screening"]) == {"auto", None}
    assert clone(DropoutMLPRegressor(screening=None)).screening is None


@ignore_unfinished
def test_columns_left_out_are_absent_from_spectra():
    X, y = table()
    model = DropoutMLPRegressor(**SMALL, dropout=0.1, input_dropout=0.1).fit(X, y)
    strengths = interaction_strengths(model, X, method="superset", random_state=0)
    places = np.flatnonzero(~model.kept_columns_)
    assert len(places)
    assert not strengths.strengths[places].any()
    assert strengths.own_effects[model.kept_columns_].any()
    spectrum = interaction_order_spectrum(model, X, random_state=0)
    assert len(spectrum.variances) == 1 + model.kept_columns_.sum()
    for encoding in ("standard", "piecewise_linear"):
        model.set_params(numeric_encoding=encoding).fit(X, y)
        smooth = interaction_strengths(model, X, random_state=0)
        assert not smooth.strengths[places].any()
        assert not smooth.own_effects[places].any()
        assert smooth.own_effects.any()
    curve = occlusion_curve(model, X, y, random_state=0)
    assert np.isfinite(curve.scores).all()


@pytest.mark.parametrize("value", ["all", True, 0.1, ["a"]])
@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifierCV, RelDropClassifier])
def test_bad_values_are_named(cls, value):
    with pytest.raises(ValueError, match=r"'screening' parameter .* must be"):
        cls(screening=value).fit(np.zeros((4, 2)), [0, 1, 0, 1])
