"""Columns that nearly duplicate each other: which are found, what is said, what is left out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from skdropout.inspection import interaction_strengths
from skdropout.inspection._duplicates import (
    _of_equal_ranks,
    _rank_correlation,
    _spread,
    near_duplicates,
)

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def found(X):
    pairs = near_duplicates(X, np.random.RandomState(0))
    return [(X.columns[j], X.columns[k]) for j, k in pairs]


def table(n=1000, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"age": rng.normal(40, 10, n), "x": rng.normal(size=n)})
    X["city"] = rng.choice(["Bern", "Basel", "Oslo", "Bergen", "Rome"], n)
    return X


DUPLICATES = {
    "copy": ("age", lambda X: X["age"]),
    "reversed": ("age", lambda X: -np.exp(X["age"] / 5)),
    "rounded": ("age", lambda X: X["age"].round()),
    "square": ("x", lambda X: X["x"] ** 2),
    "class": ("age", lambda X: np.where(X["age"] < 30, "young", "old")),
    "other names": ("city", lambda X: X["city"].str.upper()),
    "number of": ("city", lambda X: X["city"].map(hash)),
    "land": ("city", lambda X: X["city"].map(lambda c: "CH" if c[:2] in ("Be", "Ba") else "N")),
    "gaps too": ("gappy", lambda X: 2 * X["gappy"]),
}


@pytest.mark.parametrize("kind", DUPLICATES)
def test_what_determines_another_column_is_found(kind):
    X = table()
    X["gappy"] = X["x"].where(X["age"] > 38)
    of, make = DUPLICATES[kind]
    X = X.drop(columns=["x" if of == "gappy" else "gappy"])
    X["made"] = make(X)
    assert found(X) == [(of, "made")]


def test_what_does_not_is_not():
    """Close but not equal; names of single rows; rare levels; gaps alone; and rows given thrice."""
    X = table()
    rng = np.random.default_rng(1)
    X["close"] = X["age"] + rng.normal(0, 3, len(X))
    X["name"] = [f"person {i}" for i in range(len(X))]
    X["rare"], X["rarer"] = (np.arange(len(X)) < 4) * 1.0, np.arange(len(X)) < 4
    X["gap"] = np.where(X["x"] > 1, np.nan, rng.normal(size=len(X)))
    X["gap too"] = np.where(X["x"] > 1, np.nan, rng.normal(size=len(X)))
    X["constant"], X["level"] = 1.0, "a"
    assert 0.9 < spearmanr(X["age"], X["close"]).statistic < 0.99
    assert found(X) == []
    assert found(pd.concat([X.iloc[100:400]] * 3, ignore_index=True)) == []
    assert found(table(20)) == []


def test_rank_correlation_and_mean_distance_are_their_definitions():
    rng = np.random.default_rng(0)
    values = rng.integers(8, size=(50, 2)) * 1.0
    expected = abs(spearmanr(*values.T).statistic)
    assert _rank_correlation(values) == pytest.approx(expected)
    ranks = values[:, 0]
    apart = np.abs(ranks[:, None] - ranks)
    assert _spread(ranks, False) == pytest.approx(apart.mean())
    assert _spread(ranks, True) == pytest.approx((apart > 0).mean())
    assert _of_equal_ranks(values, values, np.array([False, False])) == set()


def model(X):
    X = np.asarray(X, dtype=float)
    return X[:, 0] * X[:, 1] * X[:, 2] + X[:, 2] * X[:, 3]


@pytest.mark.parametrize("method", ["superset", "conditional", "auto"])
def test_their_pairs_are_left_out_and_said_once(method):
    X = np.random.default_rng(0).normal(size=(400, 4))
    X[:, 1] = 2 * X[:, 0]
    X = pd.DataFrame(X, columns=list("abcd"))
    options = {"method": method, "n_points": 100, "random_state": 0}
    with pytest.warns(UserWarning, match="'a' and 'b'.* drop one") as said:
        measured = interaction_strengths(model, X, max_order=3, exhaustive=True, **options)
    assert len(said) == 1
    assert measured.duplicates == [(0, 1)]
    assert measured.strengths[0, 1] == 0
    assert sorted(measured.pairs) == [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    groups = [*measured.pairs, (0, 2, 3), (1, 2, 3)]
    assert sorted(measured.interactions) == sorted(groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert interaction_strengths(model, X, exclude=["a"], **options).duplicates == []


def test_a_table_of_two_copies_has_no_pairs():
    X = np.random.default_rng(0).normal(size=(100, 1))[:, [0, 0]]
    with pytest.warns(UserWarning, match="'x0' and 'x1'"):
        measured = interaction_strengths(lambda X: X[:, 0] * X[:, 1], X, method="superset")
    assert measured.interactions == []
    assert len(measured.interaction_shares) == 0
    assert (measured.strengths == 0).all()
