"""Orthonormal functions of single columns, and the dependence that they reveal."""

import numpy as np

MAX_DEGREE = 4  # functions of each column
_MAX_FUNCTIONS = 800  # of all columns, as long as each has one
_HEAVY = 20.0  # fourth moment of the indicator of 5 % of the rows


def column_bases(codes, categorical):
    """Orthonormal functions of every column of a coded table; fewer each if it is wide."""
    degree = min(MAX_DEGREE, max(1, _MAX_FUNCTIONS // codes.shape[1]))
    return [
        orthonormal_basis(values, is_categorical, degree)
        for values, is_categorical in zip(codes.T, categorical, strict=True)
    ]


def orthonormal_basis(values, is_categorical, degree):
    """Functions of one column with mean zero, variance one and no correlation.

    All under the empirical distribution of the column. Of a numeric column: its value, whether
    it is missing, and powers of its rank, which no outlier distorts. Of a categorical one: its
    most frequent levels.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Numbers, NaN where missing; codes if categorical.
    is_categorical : bool
        Whether the numbers are mere codes.
    degree : int
        Largest number of functions.

    Returns
    -------
    ndarray of shape (n_functions, n_samples)
        ``n_functions <= degree``; fewer where the column has few distinct values.
    """
    n_samples = len(values)
    basis = [np.full(n_samples, n_samples**-0.5)]
    for candidate in _level_indicators(values) if is_categorical else _powers(values, degree):
        function = _orthogonal_part(candidate, basis)
        if function is not None:
            basis.append(function)
        if len(basis) > degree:
            break
    return np.stack(basis)[1:] * n_samples**0.5


def basis_values(bases, rows):
    """Values of all functions where column `j` is taken from row `rows[:, j]`.

    Returns
    -------
    ndarray of shape (1 + total number of functions, n_points)
        Row 0 is the constant 1.
    """
    values = [basis[:, of_column] for basis, of_column in zip(bases, rows.T, strict=True)]
    return np.concatenate([np.ones((1, len(rows))), *values])


def maximal_correlations(bases):
    """Largest correlation between functions of each two columns.

    Functions carried by few rows, as the indicator of a rare level, are left out: one row in
    which two of them meet would pass for dependence.

    Parameters
    ----------
    bases : list of ndarray of shape (n_functions, n_samples)
        As of `orthonormal_basis`, one for each column.

    Returns
    -------
    ndarray of shape (n_columns, n_columns)
        In [0, 1], zero on the diagonal: 0 between independent columns, 1 where a function of one
        column is a function of the other. Chance alone gives about
        ``2 * sqrt(n_functions / n_samples)``.
    """
    bases = [basis[(basis**4).mean(1) < _HEAVY] for basis in bases]
    n_samples = bases[0].shape[1]
    width = max(1, *(len(basis) for basis in bases))
    padded = np.zeros((len(bases), width, n_samples))
    for j, basis in enumerate(bases):
        padded[j, : len(basis)] = basis
    flat = padded.reshape(-1, n_samples)
    correlations = (flat @ flat.T / n_samples).reshape(len(bases), width, len(bases), width)
    largest = np.linalg.norm(correlations.transpose(0, 2, 1, 3), ord=2, axis=(2, 3))
    np.fill_diagonal(largest, 0)
    return largest.clip(max=1)


def _level_indicators(values):
    levels, counts = np.unique(values, return_counts=True)
    for level in levels[np.argsort(-counts, kind="stable")]:
        yield (values == level).astype(float)


def _powers(values, degree):
    missing = np.isnan(values)
    known = values[~missing]
    values = np.where(missing, known.mean() if known.size else 0.0, values)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - counts / 2)[inverse] / len(values) * 2 - 1
    yield values - values.mean()
    yield missing.astype(float)
    for power in range(1, degree + 1):
        yield rank**power


def _orthogonal_part(candidate, basis):
    """The part of `candidate` outside the span of `basis`, of norm one; None if there is none."""
    rest = candidate
    for _ in range(2):  # once more, against rounding
        for function in basis:
            rest = rest - function * (function @ rest)
    norm = np.linalg.norm(rest)
    return rest / norm if norm > 1e-3 * np.linalg.norm(candidate) else None
