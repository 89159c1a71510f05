"""A row's prediction is the same to the bit, alone and in any table, and as good as in double."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, RelDropRegressor

SMALL = {"hidden_layer_sizes": (24, 24), "max_iter": 4, "random_state": 0}
N_ROWS = 700


def frame(seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(N_ROWS, 5)), columns=list("abcde"))
    X.loc[rng.random(N_ROWS) < 0.1, "c"] = np.nan
    X["city"] = pd.Categorical(rng.choice(["Rome", "Oslo", "Lima"], N_ROWS))
    return X


def target(X):
    return X["a"] * X["b"] + np.sin(2 * X["c"].fillna(0)) + (X["city"] == "Rome")


def parts(rng):
    """Single rows, the first few, any in any order, some twice."""
    yield from ([row] for row in rng.integers(N_ROWS, size=5))
    yield from (np.arange(n) for n in (2, 3, 64, 65, 300))
    yield from (rng.permutation(N_ROWS)[:n] for n in rng.integers(1, N_ROWS, size=8))
    yield rng.integers(N_ROWS, size=2 * N_ROWS)


@pytest.mark.parametrize(
    ("encoding", "activation"),
    [
        ("standard", "silu"),
        ("standard", "gelu"),
        ("quantile", "tanh"),
        ("piecewise_linear", "relu"),
        ("periodic", "mish"),
    ],
)
def test_predictions_do_not_depend_on_the_rows_around(encoding, activation):
    X = frame()
    options = {**SMALL, "numeric_encoding": encoding, "activation": activation}
    model = DropoutMLPRegressor(**options).fit(X, target(X))
    classifier = DropoutMLPClassifier(**options).fit(X, target(X) > 0)
    values, probabilities = model.predict(X), classifier.predict_proba(X)
    for rows in parts(np.random.default_rng(1)):
        assert np.array_equal(model.predict(X.iloc[rows]), values[rows])
        assert np.array_equal(classifier.predict_proba(X.iloc[rows]), probabilities[rows])


def test_of_one_layer_and_of_other_shapes():
    X = frame()
    for model in (
        DropoutMLPRegressor((), max_iter=3, random_state=0),
        DropoutMLPRegressor((7,), n_members=3, max_iter=3, random_state=0),
        DropoutMLPRegressor((300,), n_members=1, max_iter=2, random_state=0),
        RelDropRegressor((33, 5), max_iter=3, random_state=0),
    ):
        values = model.fit(X, np.column_stack([target(X), X["a"]])).predict(X)
        for rows in parts(np.random.default_rng(2)):
            assert np.array_equal(model.predict(X.iloc[rows]), values[rows])


def test_draws_do_not_depend_on_the_rows_that_follow_in_their_block():
    X = frame()
    model = DropoutMLPRegressor(**SMALL, dropout=0.3).fit(X, target(X))
    draws = model.sample_predictions(X[:100], 6, random_state=0)
    for n in (1, 64, 99):
        assert np.array_equal(model.sample_predictions(X[:n], 6, random_state=0), draws[:, :n])


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
def test_predictions_are_those_of_double_precision(encoding):
    """Rounding in single precision is 6e-8 of a number; sums of some tens of them are meant."""
    X = frame()
    model = DropoutMLPRegressor(**SMALL, numeric_encoding=encoding).fit(X, target(X))
    double = copy.deepcopy(model)
    double.net_.module_.double()
    difference = np.abs(model.predict(X) - double.predict(X)).max()
    assert 0 < difference < 1e-6 * model.predict(X).std()


@pytest.mark.parametrize("kind", [pd.DataFrame, np.asarray])
def test_a_table_is_read_by_parts(kind, monkeypatch):
    monkeypatch.setattr("skdropout._stack.predictor._BLOCK_ELEMENTS", 2**15)
    X = frame()
    X = X if kind is pd.DataFrame else X.drop(columns="city").to_numpy()
    model = DropoutMLPRegressor(**SMALL).fit(X, target(frame()))
    whole = model.predict(X), model.predict(X, return_std=True)[1]
    monkeypatch.setattr("skdropout._table.encoder._CELLS_AT_ONCE", 100)
    n_parts = len(list(model._plan.encoder.parts(X, model, model._predictor.block)))
    assert n_parts == -(-N_ROWS // model._predictor.block) > 1
    assert np.array_equal(model.predict(X), whole[0])
    assert np.array_equal(model.predict(X, return_std=True)[1], whole[1])
    again = DropoutMLPRegressor(**SMALL).fit(X, target(frame()))
    assert np.array_equal(again.predict(X), whole[0])


def test_factors_of_inputs_are_folded_for_predictions_alone():
    X = frame()
    model = DropoutMLPRegressor(**SMALL, n_members=2).fit(X, target(X))
    module = model.net_.module_
    first, folded = module.hidden[0], module.for_predictions().hidden[0]
    assert not hasattr(folded, "gain")
    assert hasattr(first, "gain")
    assert torch.equal(folded.weight, first.weight)
    assert model.partial_fit(X, target(X)).net_.module_.hidden[0].gain.requires_grad
