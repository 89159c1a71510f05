"""Functions of single columns."""

import numpy as np
import pytest

from skdropout.inspection._expansion import basis_values, maximal_correlations, orthonormal_basis

RNG = np.random.default_rng(0)
COLUMNS = {
    "uniform": (RNG.uniform(size=500), False, 4),
    "heavy": (np.exp(3 * RNG.normal(size=500)), False, 4),
    "huge": (1e9 + RNG.normal(size=500), False, 4),
    "missing": (np.where(RNG.uniform(size=500) < 0.2, np.nan, RNG.normal(size=500)), False, 4),
    "binary": (RNG.integers(2, size=500).astype(float), False, 1),
    "constant": (np.full(500, 3.0), False, 0),
    "all missing": (np.full(500, np.nan), False, 0),
    "three levels": (RNG.integers(3, size=500).astype(float), True, 2),
    "many levels": (RNG.integers(40, size=500).astype(float), True, 4),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_orthonormal_under_the_column(name):
    values, is_categorical, n_functions = COLUMNS[name]
    basis = orthonormal_basis(values, is_categorical, 4)
    assert basis.shape == (n_functions, 500)
    gram = np.concatenate([np.ones((1, 500)), basis])
    np.testing.assert_allclose(gram @ gram.T / 500, np.eye(n_functions + 1), atol=1e-9)


def test_a_numeric_column_comes_first_and_few_levels_are_spanned():
    values = COLUMNS["uniform"][0]
    first = orthonormal_basis(values, False, 4)[0]
    np.testing.assert_allclose(np.abs(np.corrcoef(first, values)[0, 1]), 1)
    levels = COLUMNS["three levels"][0]
    basis = orthonormal_basis(levels, True, 4)
    target = np.array([5.0, -1.0, 2.0])[levels.astype(int)]
    fitted = target.mean() + basis.T @ (basis @ target / 500)
    np.testing.assert_allclose(fitted, target)


def test_values_are_looked_up_column_by_column():
    bases = [np.arange(3.0)[None], 10 * np.arange(6.0).reshape(2, 3)]
    values = basis_values(bases, np.array([[0, 2], [1, 0]]))
    np.testing.assert_array_equal(values, [[1, 1], [0, 1], [20, 0], [50, 30]])


def test_maximal_correlation_sees_any_function():
    n = 2000
    x = RNG.normal(size=n)
    columns = [x, x**2, RNG.normal(size=n), np.where(x > 0, 1.0, 0.0)]
    bases = [orthonormal_basis(c, False, 4) for c in columns]
    correlations = maximal_correlations(bases)
    assert np.corrcoef(x, x**2)[0, 1] < 0.2
    assert correlations[0, 1] > 0.95
    assert correlations[0, 3] > 0.85
    assert correlations[2].max() < 4 * (4 / n) ** 0.5
    np.testing.assert_allclose(correlations, correlations.T)
    assert (np.diag(correlations) == 0).all()


def test_maximal_correlation_of_one_column_and_of_constants():
    one = orthonormal_basis(COLUMNS["uniform"][0], False, 4)
    nothing = orthonormal_basis(COLUMNS["constant"][0], False, 4)
    assert maximal_correlations([one]).tolist() == [[0]]
    assert maximal_correlations([one, nothing]).tolist() == [[0, 0], [0, 0]]


def test_one_row_missing_in_two_columns_is_no_dependence():
    columns = RNG.uniform(size=(2, 1000))
    columns[:, 7] = np.nan
    bases = [orthonormal_basis(c, False, 4) for c in columns]
    assert maximal_correlations(bases).max() < 0.3
