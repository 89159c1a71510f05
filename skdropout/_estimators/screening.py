"""Which columns tell something of the target: tests of each alone, beside others and with others.

They are deterministic, and cheap beside a fit: sums over groups of rows, and matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import erfc, fdtrc

# Accepted share of false discoveries, among columns and among products.
LEVEL = 0.1
# What a column is found by, as the tables name it; the first is not adjusted.
TESTS = ("p_value", "alone", "beside_others", "with_others")
_BINS = 8
# A level of a category has a score of its own if it is one of so many that occur most often.
_SCORED_LEVELS = 3
# What the tests may cost: rows, multiplications of each order of products, cells of a block.
_MOST_ROWS = 50_000
_MOST_STEPS = 5e10
_CELLS_AT_ONCE = 2**20
_RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Screening:
    """Which columns enter the networks, and why; one entry for each column of the user's table.

    Attributes
    ----------
    kept : bool ndarray
    tests : dict of str to ndarray
        Empty where nothing was tested. "p_value" of a column alone and, adjusted by Benjamini and
        Hochberg, those of a column "alone", "beside_others" and "with_others"; NaN where it was
        not tested.
    """

    kept: np.ndarray
    tests: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def none(cls, n_columns):
        """Return that all columns are kept, untested."""
        return cls(np.ones(n_columns, dtype=bool))


def screen(encoder, numeric, codes, targets, weight) -> Screening:
    """Test the columns of the training rows; where nothing is found all are kept.

    Parameters
    ----------
    encoder : TableEncoder
        Of the arrays; columns that it leaves out already are not kept.
    numeric : ndarray of shape (n_rows, n_numeric)
    codes : ndarray of shape (n_rows, n_categorical)
    targets : ndarray of shape (n_rows, n_targets)
    weight : ndarray of shape (n_rows,) or None
    """
    rows = np.arange(len(targets)) if weight is None else np.flatnonzero(weight)
    rows = rows[:: -(-len(rows) // _MOST_ROWS)]
    weight = np.ones(len(rows)) if weight is None else weight[rows].astype(float)
    targets = _standardised(targets[rows].astype(float), weight)
    groups, scores = [], []
    for column in numeric.T:
        in_groups, of_ranks = groups_and_scores(column[rows])
        groups.append(in_groups)
        scores.append(of_ranks)
    for column in codes.T:
        groups.append(np.unique(column[rows], return_inverse=True)[1])
        scores.append(_level_scores(groups[-1]))
    tests = _tests(groups, scores, targets, weight)

    places = np.array([*encoder.numeric_, *encoder.categorical_], dtype=int)
    n_columns, found = len(encoder.names_), {}
    for name, p_values in tests.items():
        found[name] = np.full(n_columns, np.nan)
        found[name][places] = p_values
    kept = np.zeros(n_columns, dtype=bool)
    for name in TESTS[1:]:
        kept |= found[name] <= LEVEL
    if not kept.any():
        kept[places] = True
    return Screening(kept, found)


def _tests(groups, scores, targets, weight):
    owner = np.repeat(np.arange(len(scores)), [part.shape[1] for part in scores])
    scores = np.concatenate(scores, axis=1)
    p_values = anova_p_values(groups, targets, weight)
    # weighted as Genovese, Roeder and Wasserman (2006) do: a column that is the same in nearly all
    # rows can help few of them, and networks learn these by heart
    informed = np.array([_told_apart(group) for group in groups]).clip(1e-9)
    alone = adjusted(p_values / informed)
    kept = alone <= LEVEL

    # a column may matter only where others are accounted for, and noise is less then
    left = _left_over(scores[:, kept[owner]], targets, weight)
    beside = np.full(len(kept), np.nan)
    others = [group for group, is_kept in zip(groups, kept, strict=True) if not is_kept]
    beside[~kept] = adjusted(anova_p_values(others, left, weight) / informed[~kept])
    kept = kept | (beside <= LEVEL)

    together = np.full(len(kept), np.nan)
    scores = scores.astype(np.float32)
    weighted = (left * weight[:, None]).astype(np.float32)
    for products in (_pairs, _triples):
        together = np.fmin(together, products(scores, owner, weighted, ~kept))
        kept = kept | (together <= LEVEL)
    return dict(zip(TESTS, (p_values, alone, beside, together), strict=True))


def groups_and_scores(column):
    """Return the group of each number, and scores of its rank.

    Groups are missing cells, values that would fill an eighth of the rows by themselves, and eight
    with equally many of the others. Scores are the rank and its square, of mean zero and of
    variance one, and zero where the cell is missing.
    """
    present = ~np.isnan(column)
    _, place, counts = np.unique(column[present], return_inverse=True, return_counts=True)
    groups = np.zeros(len(column), dtype=int)
    scores = np.zeros((len(column), min(max(len(counts) - 1, 0), 2)))
    if not len(counts):
        return groups, scores
    middle = (counts.cumsum() - counts / 2) / counts.sum()
    of_value = (_BINS * middle).astype(int)
    heavy = np.flatnonzero(_BINS * counts > counts.sum())
    of_value[heavy] = _BINS + np.arange(len(heavy))
    if len(counts) <= _BINS:
        of_value = np.arange(len(counts))
    groups[present] = 1 + of_value[place]
    u = 2 * middle - 1
    scores[present] = np.column_stack([u, u**2])[place, : scores.shape[1]]
    return groups, _centred(scores, present)


def _level_scores(codes):
    """Return indicators of the levels that occur most often, of mean zero and variance one."""
    counts = np.bincount(codes)
    often = np.argsort(-counts, kind="stable")[: min(_SCORED_LEVELS, len(counts) - 1)]
    return _centred((codes[:, None] == often).astype(float), np.ones(len(codes), dtype=bool))


def _centred(scores, present):
    scores[present] -= scores[present].mean(0)
    return scores / np.sqrt((scores**2).mean(0))


def anova_p_values(groups, targets, weight):
    """Return p-values of one-way analyses of variance, by weighted least squares.

    Of several targets it is the least p-value, times how many they are.

    Parameters
    ----------
    groups : list of ndarray of int of shape (n_rows,)
        One for each column.
    targets : ndarray of shape (n_rows, n_targets)
        Of mean zero.
    weight : ndarray of shape (n_rows,)
    """
    n_rows, n_targets = targets.shape
    total = weight @ targets**2
    weighted = (targets * weight[:, None]).T
    p_values = np.ones(len(groups))
    for j, group in enumerate(groups):
        sizes = np.bincount(group, weight)
        there = sizes > 0
        n_groups = there.sum()
        if n_groups < 2 or n_groups >= n_rows or not total.any():
            continue
        sums = np.stack([np.bincount(group, part)[there] for part in weighted])
        between = np.minimum((sums**2 / sizes[there]).sum(1), total)[total > 0]
        within = (total[total > 0] - between) / (n_rows - n_groups)
        with np.errstate(divide="ignore"):
            ratio = between / (n_groups - 1) / within
        p_values[j] = fdtrc(n_groups - 1, n_rows - n_groups, ratio).min() * n_targets
    return p_values.clip(max=1)


def adjusted(p_values, n_tests=None):
    """Adjust p-values by Benjamini and Hochberg.

    Parameters
    ----------
    p_values : ndarray of shape (n,)
    n_tests : int, default=None
        How many tests there were, if more than ``n``; the p-values of the others are larger.
    """
    order = np.argsort(-p_values)
    ranks = np.arange(len(order), 0, -1)
    found = np.empty(len(order))
    scaled = p_values[order] * (n_tests or len(order)) / ranks
    found[order] = np.minimum.accumulate(scaled)
    return found.clip(max=1)


def _told_apart(group):
    """Return the share of pairs of rows that differ, 1 for half of the pairs or more."""
    shares = np.bincount(group) / len(group)
    return min(1.0, 2 * (1 - shares @ shares))


def _left_over(scores, targets, weight):
    """Return what a regression on the scores leaves of the targets."""
    n_rows, n_scores = scores.shape
    if not n_scores or n_scores > n_rows // 4:
        return targets
    gram = scores.T @ (scores * weight[:, None])
    gram[np.diag_indices(n_scores)] += _RIDGE * weight.sum()
    fitted = scores @ np.linalg.solve(gram, scores.T @ (targets * weight[:, None]))
    return _standardised(targets - fitted, weight)


def _standardised(targets, weight):
    targets = targets - np.average(targets, axis=0, weights=weight)
    width = np.sqrt(np.average(targets**2, axis=0, weights=weight))
    return targets / np.where(width > 0, width, 1)


def _pairs(scores, owner, left, is_open):
    """Return each column's least adjusted p-value of products with another, NaN if not tried.

    Only products with a column that is open, which is not to be kept otherwise, are tried.
    """
    opened = np.flatnonzero(is_open[owner])
    n_rows, n_scores = scores.shape
    if 4 * n_rows * len(opened) * n_scores * left.shape[1] > _MOST_STEPS or not len(opened):
        return np.full(len(is_open), np.nan)
    places, tests = np.arange(n_scores), _Tests(len(is_open))
    step = -(-_CELLS_AT_ONCE // n_scores)
    for rows in np.split(opened, range(step, len(opened), step)):
        # a pair of two open ones once
        again = is_open[owner] & (places < rows[:, None])
        tried = (owner[rows, None] != owner) & ~again
        p_values = _p_of_products(scores[:, rows], scores, left)
        tests.add(p_values, tried, lambda one, other, rows=rows: (owner[rows[one]], owner[other]))
    return tests.adjusted()


def _triples(scores, owner, left, is_open):
    """Return the same of products of three: of ranks, and of categories' most frequent levels."""
    columns, first = np.unique(owner, return_index=True)
    scores, is_open_here = scores[:, first], is_open[columns]
    opened, places = np.flatnonzero(is_open_here), np.arange(len(first))
    n_steps = 4 * len(scores) * len(opened) * len(first) ** 2 * left.shape[1]
    if n_steps > _MOST_STEPS or not len(opened):
        return np.full(len(is_open), np.nan)
    tests = _Tests(len(is_open))
    for a in range(len(first)):
        # each once: the others in order, and of several open ones the first in front
        tried = (places > a) & (places != opened[:, None]) & (opened[:, None] != a)
        tried &= ~(is_open_here & (places < opened[:, None]))
        tried &= ~(is_open_here[a] & (a < opened[:, None]))
        p_values = _p_of_products(scores[:, opened], scores, left * scores[:, [a]])
        tests.add(
            p_values,
            tried,
            lambda one, other, a=a: (
                columns[opened[one]],
                columns[other],
                np.full(len(one), columns[a]),
            ),
        )
    return tests.adjusted()


def _p_of_products(some, others, left):
    """Return p-values of "the products of two scores have nothing to do with the target".

    A score that tells nothing is independent of whatever the others and the target make together,
    and of mean zero; so has the sum of their products, whose variance is the sum of squares. Of
    several targets it is the least p-value, times how many they are.
    """
    p_values = np.ones((some.shape[1], others.shape[1]))
    for part in left.T:
        some_left = some * part[:, None]
        sums = (some_left.T @ others).astype(float)
        squares = (some_left**2).T @ others**2
        z = np.abs(sums) / np.sqrt(squares.clip(1e-30))
        p_values = np.minimum(p_values, erfc(z / 2**0.5) * left.shape[1])
    return p_values


class _Tests:
    """P-values that may be small enough to count, and which columns each is about."""

    def __init__(self, n_columns):
        self._n_columns, self._n_tests = n_columns, 0
        self._p_values, self._members = [], []

    def add(self, p_values, tried, columns_of):
        self._n_tests += int(tried.sum())
        places = np.nonzero(tried & (p_values <= LEVEL))
        self._p_values.append(p_values[places])
        self._members.append(np.stack(columns_of(*places)))

    def adjusted(self):
        """Return each column's least adjusted p-value, 1 if it is above the level."""
        p_values = adjusted(np.concatenate(self._p_values), self._n_tests)
        least = np.ones(self._n_columns)
        for columns in np.concatenate(self._members, axis=1):
            np.minimum.at(least, columns, np.where(p_values <= LEVEL, p_values, 1.0))
        return least
