"""The table of what a finder has found, against the finder and against interpret."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, SmoothHessInteractions
from skdropout.inspection import interaction_table

pytestmark = pytest.mark.usefixtures("untouched_random_state")
NET = {"learning_rate_init": 0.01, "dropout": 0.1, "max_iter": 10, "n_members": 2}


@pytest.fixture(scope="module")
def data():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 4)), columns=list("abcd"))
    return X, X["a"] * X["c"] + X["b"] + 0.5 * X["b"] * X["d"]


@pytest.fixture(scope="module")
def finder(data):
    net = DropoutMLPRegressor((16,), **NET, random_state=0)
    options = {"n_interactions": 8, "max_order": 3, "n_points": 100, "random_state": 0}
    return SmoothHessInteractions(net, **options).fit(*data)


def test_rows_are_what_the_finder_found(finder):
    table = interaction_table(finder)
    assert table["columns"].tolist() == finder.interactions_
    assert table["interaction"][0] == "a & c"
    assert table["order"].tolist() == [len(group) for group in finder.interactions_]
    np.testing.assert_array_equal(table["strength"], finder.interaction_strengths_)
    assert not {"fast_rank"} & {*table.columns}


def test_what_the_finder_knows_is_told(data, finder):
    table = interaction_table(finder, data[0])
    assert [*table.columns[4:]] == ["standard_error", "share"]
    np.testing.assert_array_equal(table["standard_error"], finder.interaction_errors_)
    np.testing.assert_array_equal(table["share"], finder.interaction_shares_)
    assert table["share"].between(0, 1).all()
    options = {"n_interactions": "auto", "error_rate": 0.9, "n_points": 100, "random_state": 0}
    tested = SmoothHessInteractions(finder.estimator, **options).fit(*data)
    table = interaction_table(tested)
    assert len(table) > 0
    np.testing.assert_array_equal(table["q_value"], tested.q_values_)


def test_ranks_of_fast(data, finder):
    pytest.importorskip("interpret")
    table = interaction_table(finder, *data)
    assert table["fast_rank"][0] == 1
    assert table["fast_rank"].isna().tolist() == [order > 2 for order in table["order"]]
    assert table["fast_rank"].dropna().is_unique


def test_of_classes_and_of_arrays(data):
    pytest.importorskip("interpret")
    X, y = data[0].to_numpy(), np.where(data[1] > 0, "yes", "no")
    net = DropoutMLPClassifier((8,), **NET, random_state=0)
    options = {"n_interactions": 3, "n_points": 50, "random_state": 0}
    finder = SmoothHessInteractions(net, **options).fit(X, y)
    table = interaction_table(finder, X, y)
    assert table["interaction"].str.fullmatch(r"x\d & x\d").all()
    assert table["fast_rank"].between(1, 6).all()


def test_bad_input(data, finder):
    X, y = data
    with pytest.raises(NotFittedError):
        interaction_table(SmoothHessInteractions())
    with pytest.raises(ValueError, match="finder=3 must be a fitted SmoothHess"):
        interaction_table(3)
    with pytest.raises(ValueError, match=r"X has the columns \['a', 'b'\]"):
        interaction_table(finder, X[["a", "b"]])
    pytest.importorskip("interpret")
    with pytest.raises(ValueError, match="y was given without X"):
        interaction_table(finder, y=y)
    with pytest.raises(ValueError, match="must be one target"):
        interaction_table(finder, X, np.column_stack([y, y]))
