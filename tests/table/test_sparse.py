"""Sparse matrices are read as the dense tables that they stand for."""

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropRegressor,
)
from skdropout._table import TableEncoder

FORMATS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
SMALL = {"hidden_layer_sizes": (8,), "n_members": 2, "max_iter": 3, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12)) * (rng.random((200, 12)) < 0.2)
    X[:, 3] = rng.integers(4, size=200)
    X[5:9, 1] = np.nan
    y = X[:, 0] + (X[:, 3] == 2) + 0.1 * rng.normal(size=200)
    return X, y


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_what_the_dense_table_gives(table, form, container):
    X, y = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sp.SparseEfficiencyWarning)  # of diagonals
        sparse = container(X).asformat(form)
    model = DropoutMLPRegressor(**SMALL, categorical_features=[3])
    expected = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.predict(sparse), expected)
    model.fit(sparse, y)
    np.testing.assert_array_equal(model.predict(sparse), expected)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32])
def test_numbers_of_any_type(table, dtype):
    X, y = table
    X = np.nan_to_num(X).astype(dtype)
    model = DropoutMLPClassifier(**SMALL)
    expected = model.fit(X, y > 0.5).predict_proba(X)
    sparse = sp.csr_array(X)
    np.testing.assert_array_equal(model.fit(sparse, y > 0.5).predict_proba(sparse), expected)


def test_searches_passes_and_rows_to_stop_by(table):
    X, y = table
    sparse = sp.coo_array(X)
    for model in (
        DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.5], cv=2),
        RelDropRegressor(**SMALL),
    ):
        expected = model.fit(X, y).predict(X)
        np.testing.assert_array_equal(model.fit(sparse, y).predict(sparse), expected)
    model = DropoutMLPRegressor(**SMALL)
    expected = model.fit(X, y, X_val=X, y_val=y).predict(X)
    np.testing.assert_array_equal(model.fit(sparse, y, X_val=sparse, y_val=y).predict(X), expected)
    first, second = DropoutMLPRegressor(**SMALL), DropoutMLPRegressor(**SMALL)
    first.partial_fit(X, y).partial_fit(X, y)
    second.partial_fit(sparse, y).partial_fit(sparse, y)
    np.testing.assert_array_equal(first.predict(X), second.predict(sparse))


def test_a_wide_matrix_never_becomes_dense_in_double_precision():
    """What is kept is a number of four bytes for a cell; a dense copy in double has eight."""
    n_rows, n_columns = 4_000, 4_000
    X = sp.random_array((n_rows, n_columns), density=0.001, rng=np.random.default_rng(0)).tocsr()
    owner = DropoutMLPRegressor()
    tracemalloc.start()
    try:
        encoder = TableEncoder(None, accepts_sparse=True).fit(X, owner)
        _, of_fit = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        numeric, _ = encoder.transform(X, owner, np.float32)
        _, of_transform = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numeric.nbytes == 4 * n_rows * n_columns
    # parts of 2 ** 20 cells, of which a handful of copies in double precision are made at a time
    at_once = 16 * 8 * 2**20
    assert of_fit < at_once
    assert of_transform < numeric.nbytes + 2 * at_once
