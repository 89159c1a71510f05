"""Columns that nearly duplicate each other: what two of them do together no model can tell."""

import numpy as np
from scipy.stats import rankdata

from skdropout.inspection._cells import coded, take_rows

_ALIKE = 0.99  # rank correlation, or share of a column that another one determines
_MOST_ROWS, _LEAST_ROWS = 2_000, 300
_CELLS = 1e8  # rows times pairs of columns
_FEW_VALUES = 50  # of a column of numbers, each of which then is like a level
_LEAST_ROWS_OF_LEVEL = 5  # on average, below which levels are names of single rows
_LEAST_VARIED = 5  # rows with another value than the most frequent one
_LEAST_KNOWN = 30
_MOST_SHOWN = 5  # pairs in a warning


def near_duplicates(X, random_state):
    """Find the pairs of columns of which one, nearly, determines the other.

    Parameters
    ----------
    X : data frame or ndarray of shape (n_samples, n_columns)
        Of which up to 2,000 rows are looked at, fewer of more than 220 columns.
    random_state : RandomState

    Returns
    -------
    pairs : list of tuple of int
        Of numbers whose ranks correlate by more than 0.99 in size, or of any two columns of which
        one is, but for a hundredth, a function of the other: the same levels by other names, a
        level and what it belongs to, a number and the class it falls in. Functions of numbers must
        be smooth or have few steps.
    """
    n_samples, d = X.shape
    most = int(np.clip(_CELLS / d**2, _LEAST_ROWS, _MOST_ROWS))
    codes, holds_levels = coded(take_rows(X, random_state.permutation(n_samples)[:most]))
    if len(codes) < _LEAST_KNOWN:
        return []
    known = np.where(np.isnan(codes), np.inf, codes)  # what is missing is larger than any number
    most_frequent = [np.unique(column, return_counts=True)[1].max() for column in known.T]
    varied = np.flatnonzero(len(known) - np.array(most_frequent) >= _LEAST_VARIED)
    known, codes, holds_levels = known[:, varied], codes[:, varied], holds_levels[varied]
    ranks = rankdata(known, axis=0).astype(np.float32)
    found = _of_equal_ranks(codes, ranks, holds_levels)
    n_numbers = (~holds_levels).sum()
    # numbers first: what follows takes most of the time, and a mask would double it
    order = np.argsort(holds_levels, kind="stable")
    numbers, levels = np.split(ranks[:, order], [n_numbers], axis=1)
    spread = np.array([_spread(ranks[:, j], holds_levels[j]) for j in order], dtype=np.float32)
    for j in range(len(varied)):
        for alike in _rows_alike(known[:, j], holds_levels[j], random_state):
            apart = np.abs(numbers - numbers[alike]).mean(0), (levels != levels[alike]).mean(0)
            is_determined = np.concatenate(apart) < (1 - _ALIKE) * spread
            found |= {(j, k) for k in order[is_determined].tolist()}
    return sorted({tuple(sorted(varied[[j, k]].tolist())) for j, k in found if j != k})


def said_of(pairs, names):
    """Say, in words, which columns nearly duplicate each other, and what follows."""
    shown = ", ".join(f"{names[j]!r} and {names[k]!r}" for j, k in pairs[:_MOST_SHOWN])
    more = f", and {len(pairs) - _MOST_SHOWN} more pairs" if len(pairs) > _MOST_SHOWN else ""
    return (
        f"columns of X nearly duplicate each other: {shown}{more}. What two such columns do "
        "together cannot be told from what either does, so they are not paired; drop one of two."
    )


def _of_equal_ranks(codes, ranks, holds_levels):
    """Pairs of columns of numbers in the same order, or the reverse, also where both are known."""
    centred = ranks - ranks.mean(0)
    size = np.linalg.norm(centred, axis=0)
    centred = centred / np.where(size > 0, size, 1)
    correlations = np.abs(centred.T @ centred)
    correlations[holds_levels] = correlations[:, holds_levels] = 0
    found = set()
    for j, k in np.argwhere(np.triu(correlations, 1) > _ALIKE).tolist():
        both = codes[~np.isnan(codes[:, [j, k]]).any(1)][:, [j, k]]
        if len(both) < _LEAST_KNOWN or _rank_correlation(both) > _ALIKE:
            found.add((j, k))
    return found


def _rank_correlation(values):
    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(0)
    size = np.linalg.norm(ranks, axis=0).prod()
    return abs(ranks[:, 0] @ ranks[:, 1]) / size if size > 0 else 0.0


def _spread(ranks, holds_levels):
    """The mean distance of two rows: of their ranks, or how often levels differ."""
    n = len(ranks)
    if holds_levels:
        shares = np.unique(ranks, return_counts=True)[1] / n
        return 1 - (shares**2).sum()
    return 2 * ((2 * np.arange(1, n + 1) - n - 1) * np.sort(ranks)).sum() / n**2


def _rows_alike(values, holds_levels, random_state):
    """Yield for each row another one alike in a column, by each notion of likeness it allows."""
    n = len(values)
    order = np.lexsort((random_state.permutation(n), values))
    _, begin, counts = np.unique(values[order], return_index=True, return_counts=True)
    group = np.repeat(np.arange(len(begin)), counts)
    alike = np.empty(n, dtype=int)
    most = n / _LEAST_ROWS_OF_LEVEL if holds_levels else min(_FEW_VALUES, n / _LEAST_ROWS_OF_LEVEL)
    if 1 < len(begin) <= most:  # of the same value
        place = np.arange(n) - begin[group] + 1
        alike[order] = order[begin[group] + place % counts[group]]
        yield alike.copy()
    if not holds_levels and len(begin) > 1:  # of the next one, as rows of one value may be copies
        alike[order] = order[begin[np.where(group + 1 < len(begin), group + 1, group - 1)]]
        yield alike
