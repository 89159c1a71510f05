"""How much each column of a table depends on all others, and rows that are alike in these.

A network asked about a row whose cell of one column comes from any other row is asked about rows
that may not occur. A cell of a row that is alike in the other columns is, nearly, a draw from the
column's law given these.
"""

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.neighbors import NearestNeighbors

from skdropout.inspection._cells import coded, take_rows
from skdropout.inspection._expansion import MAX_DEGREE, column_bases, maximal_correlations

# Cells come from one of so many rows that are most alike, or from a thirtieth of few rows.
_NEIGHBOURS, _SHARE = 10, 30
_MOST_ROWS, _LEAST_ROWS = 2_000, 500
_PRODUCTS = 6e8  # columns times pairs of rows whose distance is taken
_MOST_OTHERS = 32  # columns that tell which rows are alike
_DEPENDENT = 0.1  # coefficient from which on a column counts as dependent
_DEVIATION = 0.4**0.5  # of the coefficient of an independent column, times the root of the rows
_JITTER = 1e-6  # equal rows are in a random order


class Likeness:
    """Rows of a table, for each column those that are alike in the other columns.

    Parameters
    ----------
    X : data frame or ndarray of shape (n_samples, n_columns)
    rows : ndarray of int or None
        Rows that cells will be redrawn for; None: any.
    random_state : RandomState
        Draws more rows, where these are few, and neighbours.

    Attributes
    ----------
    dependence : ndarray of shape (n_columns,)
        Of each column on all others: 0 if it is independent of them (by chance a little to either
        side), 1 if they determine it.
    is_dependent : ndarray of bool, shape (n_columns,)

    References
    ----------
    .. [1] M. Azadkia, S. Chatterjee, "A simple measure of conditional dependence", Annals of
       Statistics 49, 2021, arXiv 1910.12327.
    """

    def __init__(self, X, rows, random_state):
        self._random_state = random_state
        n_samples, d = X.shape
        most = int(np.clip((_PRODUCTS / d) ** 0.5, _LEAST_ROWS, _MOST_ROWS))
        rows = random_state.permutation(n_samples)[:most] if rows is None else rows
        others = random_state.permutation(np.setdiff1d(np.arange(n_samples), rows))
        self._sample = np.concatenate([rows, others[: max(most - len(rows), 0)]])
        n = len(self._sample)
        codes, holds_levels = coded(take_rows(X, self._sample))
        n_neighbours = min(max(n // _SHARE, 1), _NEIGHBOURS)
        self.dependence = np.zeros(d)
        self._alike = {}
        if d > 1 and n > 1:
            for j, alike in enumerate(_alike(codes, holds_levels, n_neighbours, random_state)):
                self.dependence[j] = _determined(codes[:, j], holds_levels[j], alike[:, 0])
                self._alike[j] = alike[: len(rows)]
        self.is_dependent = self.dependence > max(_DEPENDENT, 4 * _DEVIATION / n**0.5)

    def partners(self, partners):
        """Return rows to take cells from, (n_rows, n_columns): of what is dependent, rows alike.

        Parameters
        ----------
        partners : ndarray of int, shape (n_rows,)
            Where cells of columns that are independent come from.
        """
        source = np.repeat(partners[:, None], len(self.is_dependent), axis=1)
        place = np.arange(len(partners))
        for j in np.flatnonzero(self.is_dependent):
            alike = self._alike[j]
            one = self._random_state.randint(alike.shape[1], size=len(place))
            source[:, j] = self._sample[alike[place, one]]
        return source

    def draws_around_rows(self, n_draws):
        """Return rows to take cells from, (2, n_draws, n_columns): two draws around random rows.

        The two cells of a dependent column are of two different rows alike, so half their squared
        difference is the variance among these without bias.
        """
        random_state, n = self._random_state, len(self._sample)
        source = random_state.randint(n, size=(2, n_draws, len(self.is_dependent)))
        place = random_state.randint(n, size=n_draws)
        for j in np.flatnonzero(self.is_dependent):
            alike = self._alike[j]
            first = random_state.randint(alike.shape[1], size=n_draws)
            second = first + random_state.randint(1, alike.shape[1], size=n_draws)
            source[0, :, j] = alike[place, first]
            source[1, :, j] = alike[place, second % alike.shape[1]]
        return self._sample[source]

    def said_of(self, names, least, without):
        """Say, in words, which columns depend on the others by ``least`` and more, if any do.

        Parameters
        ----------
        names : list of str
        least : float
            Coefficient from which on columns count.
        without : set of int
            Columns of which something else is said.
        """
        dependence = np.where(self.is_dependent, self.dependence, 0.0)
        dependence[list(without)] = 0.0
        n_columns, most = int((dependence >= least).sum()), dependence.argmax()
        if n_columns == 0:
            return ""
        return (
            f"{n_columns} column{'s' * (n_columns > 1)} of X, most of all {names[most]!r}, can be "
            f"told from the others (coefficient {dependence[most]:.2f} of 1)"
        )


def _alike(codes, holds_levels, n_neighbours, random_state):
    """Yield, for each column, the rows nearest in the others: (n_rows, n_neighbours).

    Columns count by the square of their maximal correlation with it, and by what chance alone would
    give if that is more, so that functions of several columns are seen too.
    """
    n, d = codes.shape
    # the largest of d norms of random matrices, of MAX_DEGREE functions against as many
    by_chance = (2 * MAX_DEGREE**0.5 + (2 * np.log(d)) ** 0.5) / n**0.5
    correlations = maximal_correlations(column_bases(codes, holds_levels))
    weights = np.maximum(correlations, min(by_chance, 1.0)) ** 2
    np.fill_diagonal(weights, 0.0)
    scores = [_scores(*column) for column in zip(codes.T, holds_levels, strict=True)]
    owner = np.repeat(np.arange(d), [len(of_column) for of_column in scores])
    scores = np.concatenate(scores).T
    jitter = _JITTER * random_state.standard_normal((n, 1))
    search = NearestNeighbors(n_neighbors=n_neighbours, algorithm="brute")
    for of_column in weights:
        others = np.argsort(-of_column, kind="stable")[: min(_MOST_OTHERS, d - 1)]
        near = np.isin(owner, others)
        space = np.hstack([scores[:, near] * of_column[owner[near]], jitter])
        yield search.fit(space.astype(np.float32)).kneighbors(return_distance=False)


def _scores(values, holds_levels):
    """Return coordinates (n_functions, n_rows): normal quantiles of ranks, or levels apart."""
    if holds_levels:
        return column_bases(values[:, None], np.array([True]))[0]
    return norm.ppf((_rank(values, "average") - 0.5) / len(values))[None]


def _determined(values, holds_levels, alike):
    """Return the share of a column that rows alike determine, by its indicators.

    ``sum_t Cov(1{Y >= t}, 1{Y' >= t}) / sum_t Var(1{Y >= t})`` with ``Y'`` of the row most alike,
    the sum over all values ``t``; of levels, over indicators of these. The mean of ``Y'`` is that
    of the rows found: in many dimensions some are the most alike of many.
    """
    n, others = len(values), values[alike]
    if holds_levels:
        shares, of_others = (
            np.bincount(part.astype(int), minlength=int(values.max()) + 1) / n
            for part in (values, others)
        )
        together = (values == others).mean() - (shares * of_others).sum()
        spread = 1 - (shares**2).sum()
    else:
        rank, above = _rank(values, "max"), n + 1 - _rank(values, "min")
        others_above = n - np.searchsorted(np.sort(_known(others)), _known(values))
        together = (n * np.minimum(rank, rank[alike]) - above * others_above).sum()
        spread = (above * (n - above)).sum()
    return together / spread if spread > 0 else 0.0


def _rank(values, method):
    return rankdata(_known(values), method)


def _known(values):
    """What is missing is larger than any number."""
    return np.where(np.isnan(values), np.inf, values)
