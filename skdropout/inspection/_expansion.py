"""A sparse expansion in products of orthonormal functions of single columns.

Products of orthonormal functions of different columns are orthonormal when the columns are
independent. So the expansion ``g = sum_t c_t prod_j phi_tj`` carries exactly
``sum_t c_t**2`` over the terms of `k` factors at order `k`: its order spectrum is known.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

MAX_DEGREE = 4  # functions of each column
_MAX_FUNCTIONS = 800  # of all columns, as long as each has one
_LARGEST = 1e150  # of a column's values, whose squares are summed
_HEAVY = 20.0  # fourth moment of the indicator of 5 % of the rows
_MAX_FACTORS = 3
_MAX_CANDIDATES = 200_000  # products, times outputs, that are looked at
_CANDIDATES_PER_POINT = 20
_MAX_PRODUCTS = 10**9  # candidates times points at which they are looked at
_TERMS_PER_ROUND = 64
_ROUNDS = 3
_BLOCK_POINTS = 2048


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
    values = values.clip(-_LARGEST, _LARGEST)
    missing = np.isnan(values)
    known = values[~missing]
    values = np.where(missing, known.mean() if known.size else 0.0, values)
    rank = mid_ranks(values) * 2 - 1
    yield values - values.mean()
    yield missing.astype(float)
    for power in range(1, degree + 1):
        yield rank**power


def mid_ranks(values):
    """Return the share of values below each, and half of those equal to it; NaN are the largest."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - counts / 2)[inverse] / len(values)


def _orthogonal_part(candidate, basis):
    """The part of `candidate` outside the span of `basis`, of norm one; None if there is none."""
    rest = candidate
    for _ in range(2):  # once more, against rounding
        for function in basis:
            rest = rest - function * (function @ rest)
    norm = np.linalg.norm(rest)
    return rest / norm if norm > 1e-3 * np.linalg.norm(candidate) else None


@dataclass(frozen=True)
class Expansion:
    """Terms of the expansion and their coefficients.

    Attributes
    ----------
    factors : ndarray of int, shape (n_terms, 3)
        Rows of the basis values whose product is the term; row 0 is the constant 1.
    coefficients : ndarray of shape (n_terms, n_outputs)
    """

    factors: np.ndarray
    coefficients: np.ndarray

    @property
    def orders(self):
        """Number of features in each term."""
        return np.count_nonzero(self.factors, axis=1)

    def variances(self, n_orders):
        """Variance of the effects of order 1, ..., n_orders, summed over the outputs."""
        squares = (self.coefficients**2).sum(1)
        return np.bincount(self.orders, squares, minlength=n_orders + 1)[1:]

    def effects(self, phi):
        """Sum of the terms of order 1, 2, 3 at points with basis values `phi`.

        Returns
        -------
        ndarray of shape (3, n_points, n_outputs)
        """
        effects = np.empty((_MAX_FACTORS, phi.shape[1], self.coefficients.shape[1]))
        for points in _point_blocks(phi):
            products = term_products(phi[:, points], self.factors)
            for order in range(1, _MAX_FACTORS + 1):
                of_order = self.orders == order
                effects[order - 1, points] = products[of_order].T @ self.coefficients[of_order]
        return effects


def fit_expansion(phi, owner, y):
    """Choose the products that correlate with what is left of `y`, and fit by least squares.

    Parameters
    ----------
    phi : ndarray of shape (n_functions, n_points)
        Basis values at independently drawn points; row 0 is the constant 1.
    owner : ndarray of int, shape (n_functions,)
        Feature that each function belongs to, ascending; ``owner[0] = -1``.
    y : ndarray of shape (n_points, n_outputs)
        Values of the function to be expanded.

    Returns
    -------
    Expansion
    """
    y = y - y.mean(0)
    factors = np.empty((0, _MAX_FACTORS), dtype=int)
    coefficients = np.empty((0, y.shape[1]))
    residual = y
    for _ in range(_ROUNDS):
        found = _correlated_products(phi, owner, residual)
        if len(found) == 0:
            break
        factors = np.unique(np.concatenate([factors, found]), axis=0)
        coefficients = _least_squares(phi, factors, y)
        residual = y - Expansion(factors, coefficients).effects(phi).sum(0)
        residual = residual - residual.mean(0)
        if residual.var(0).sum() <= 1e-12 * y.var(0).sum():
            break
    return Expansion(factors, coefficients)


def _least_squares(phi, factors, y):
    """Coefficients of the products, fitted together with an intercept."""
    with_constant = np.concatenate([np.zeros((1, _MAX_FACTORS), dtype=int), factors])
    gram = np.zeros((len(with_constant),) * 2)
    moments = np.zeros((len(with_constant), y.shape[1]))
    for points in _point_blocks(phi):
        products = term_products(phi[:, points], with_constant)
        gram += products @ products.T
        moments += products @ y[points]
    gram.flat[:: len(gram) + 1] *= 1 + 1e-10  # rare levels make products nearly dependent
    return np.linalg.solve(gram, moments)[1:]


def _correlated_products(phi, owner, residual):
    """Factors of the products most significantly correlated with the residual."""
    n_outputs = residual.shape[1]
    n_candidates = _candidates_up_to_order(owner)
    # few points show only strong terms, which many candidates are not worth the time for
    most = min(_MAX_CANDIDATES, _CANDIDATES_PER_POINT * len(residual))
    n_factors = sum(n * n_outputs <= most for n in n_candidates)
    n_tests = max(len(owner), 2, n_candidates[max(n_factors, 1) - 1])
    n_points = int(min(len(residual), _MAX_PRODUCTS / (n_tests * n_outputs)))
    threshold = np.sqrt(2 * np.log(n_tests)) + 0.5
    residual = residual[:n_points]
    scale = residual.std(0)
    scaled = (residual / np.where(scale > 0, scale, 1) / np.sqrt(n_points)).T
    # single precision is enough to choose by, and twice as fast
    phi, scaled = (part.astype(np.float32, order="C") for part in (phi[:, :n_points], scaled))

    found, strengths = [], []
    # a constant first factor leaves products of two, and a constant second one of one
    for first in range(len(owner) if n_factors == 3 else 1):
        start = 0 if first == 0 else int(np.searchsorted(owner, owner[first], side="right"))
        second_stop = 1 if n_factors <= 1 else None
        correlations = np.zeros((n_outputs, len(owner[start:second_stop]), len(owner[start:])))
        for points in _point_blocks(phi):
            third = phi[start:, points]
            second = phi[start:second_stop, points] * phi[first, points]
            for c in range(n_outputs):
                correlations[c] += (second * scaled[c, points]) @ third.T
        strength = np.abs(correlations).max(0)
        ascending = owner[start:second_stop, None] < owner[start:]
        pair = np.argwhere(ascending & (strength > threshold))
        found.append(np.column_stack([np.full(len(pair), first), pair + start]))
        strengths.append(strength[*pair.T])
    strongest = np.argsort(-np.concatenate(strengths), kind="stable")[:_TERMS_PER_ROUND]
    return np.concatenate(found)[strongest]


def _candidates_up_to_order(owner):
    """About how many products of at most one, two and three functions there are."""
    n_features, n_functions = owner[-1] + 1, len(owner) - 1
    width = n_functions / max(1, n_features)
    return np.cumsum([comb(n_features, k) * width**k for k in range(1, _MAX_FACTORS + 1)])


def term_products(phi, factors):
    """Products of the functions that each row of `factors` names, (n_terms, n_points)."""
    return phi[factors[:, 0]] * phi[factors[:, 1]] * phi[factors[:, 2]]


def _point_blocks(phi):
    """Slices of the points, small enough for the products at them to stay in the cache."""
    return (slice(i, i + _BLOCK_POINTS) for i in range(0, phi.shape[1], _BLOCK_POINTS))
