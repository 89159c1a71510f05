"""Columns that tell nothing do not enter the networks."""

import pickle
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)
from skdropout._estimators.screening import TESTS
from skdropout._estimators.template import BaseDropoutMLP
from skdropout.inspection import interaction_order_spectrum, interaction_strengths, occlusion_curve
from tests.estimators.tables import with_noise

pytestmark = pytest.mark.usefixtures("untouched_random_state")

SMALL = {"hidden_layer_sizes": (8,), "n_members": 2, "max_iter": 3, "random_state": 0}
WITH_CV = {**SMALL, "dropouts": [0.0, 0.3], "cv": 3}
ignore_unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@ignore_unfinished
@pytest.mark.parametrize("library", ["pandas", "polars", "numpy"])
def test_columns_of_noise_do_not_enter(library):
    X, y = with_noise()
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
    X, y = with_noise(n_noise=0)
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
    X, y = with_noise()
    options = {**SMALL, "numeric_encoding": encoding, "input_dropout": 0.2}
    model = DropoutMLPRegressor(**options).fit(X, y)
    kept = X.loc[:, model.kept_columns_]
    alone = DropoutMLPRegressor(**options, screening=None).fit(kept, y)
    np.testing.assert_array_equal(model.predict(X), alone.predict(kept))


@ignore_unfinished
def test_cells_of_columns_left_out_are_never_looked_at():
    X, y = with_noise()
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    odd = X.copy()
    odd["noise city"] = "never seen"
    odd["noise 0"] = "no number"
    odd["noise 1"] = np.nan
    np.testing.assert_array_equal(model.predict(odd), model.predict(X))


@ignore_unfinished
@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "poisson"])
def test_other_losses(loss):
    X, y = with_noise()
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
    X, y = with_noise()
    classes = DropoutMLPClassifier(**SMALL).fit(X, np.digitize(y, [0, 1, 2]))
    assert classes.kept_columns_.sum() in (3, 4)
    labels = DropoutMLPClassifier(**SMALL).fit(X, np.column_stack([X["a"] > 0, y > 1]).astype(int))
    assert labels.kept_columns_[[0, 1, 8]].all()
    outputs = DropoutMLPRegressor(**SMALL).fit(X, np.column_stack([y, X["noise 2"]]))
    assert outputs.kept_columns_[X.columns.get_loc("noise 2")]


@ignore_unfinished
def test_going_on_keeps_the_columns():
    X, y = with_noise()
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
    X, y = with_noise()
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
    X, y = with_noise(150, n_noise=30)
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
    X, y = with_noise(120, n_noise=30)
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
    X, y = with_noise(n_noise=0)
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
    X, y = with_noise(n_noise=1)
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
    X, y = with_noise()
    search = DropoutMLPRegressorCV(**WITH_CV).fit(X, y)
    plain = DropoutMLPRegressor(**SMALL, dropout=search.dropout_).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), plain.predict(X))
    np.testing.assert_array_equal(search.kept_columns_, plain.kept_columns_)


@ignore_unfinished
def test_grid_search_and_clone():
    X, y = with_noise()
    search = GridSearchCV(DropoutMLPRegressor(**SMALL), {"screening": ["auto", None]}, cv=2)
    assert set(search.fit(X, y).cv_results_["param_screening"]) == {"auto", None}
    assert clone(DropoutMLPRegressor(screening=None)).screening is None


@ignore_unfinished
def test_columns_left_out_are_absent_from_spectra():
    X, y = with_noise()
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
