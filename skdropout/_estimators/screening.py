"""Which columns tell something of the target: tests of each alone, beside others and with others.

All tests are of the training rows, deterministic, and cheap beside a fit: sums over groups of rows,
and products of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import erfc, fdtrc

# Share of false discoveries that is accepted among the columns kept.
LEVEL = 0.1
_BINS = 8
# Multiplications that products of columns may take, and rows that they look at.
_MOST_PRODUCTS = 5e10
_MOST_ROWS = 20_000
# A level of a category has a score of its own if it is one of so many that occur most often.
_SCORED_LEVELS = 3
_RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Screening:
    """What the tests found, one entry for each column of the user's table.

    Attributes
    ----------
    kept : bool ndarray
        Which columns enter the networks.
    p_values : dict of str to ndarray
        "alone": of the analysis of variance; "beside_others": of the same for what the columns kept
        so far leave of the target; "with_others": the least over products with one or two other
        columns, before any correction for their number, and 1 where none was tried.
    """

    kept: np.ndarray
    p_values: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def none(cls, n_columns):
        """Return that all columns are kept, untested."""
        return cls(np.ones(n_columns, dtype=bool))


def screen(numeric, codes, targets, weight, positions) -> Screening:
    """Test the columns of training rows.

    Parameters
    ----------
    numeric : ndarray of shape (n_rows, n_numeric)
        NaN for missing.
    codes : ndarray of shape (n_rows, n_categorical)
    targets : ndarray of shape (n_rows, n_targets)
    weight : ndarray of shape (n_rows,) or None
    positions : (list of int, list of int)
        Places of the numeric and of the categorical columns in the user's table.

    Returns
    -------
    found : Screening
        If no test finds anything, all columns are kept.
    """
    order = np.argsort(np.concatenate(positions), kind="stable")
    weight = np.ones(len(targets)) if weight is None else np.asarray(weight, dtype=float)
    counts = weight > 0
    weight, targets = weight[counts], np.asarray(targets, dtype=float)[counts]
    columns = [*_finite(numeric[counts]).T, *codes[counts].T]
    columns = [columns[j] for j in order]
    holds_levels = order >= numeric.shape[1]
    groups = [
        np.unique(column, return_inverse=True)[1] if is_code else quantile_groups(column)
        for column, is_code in zip(columns, holds_levels, strict=True)
    ]
    targets = _standardised(targets, weight)
    alone = anova_p_values(groups, targets, weight)
    kept = discoveries(alone)

    scores = [
        level_scores(column) if is_code else rank_scores(column)
        for column, is_code in zip(columns, holds_levels, strict=True)
    ]
    owner = np.repeat(np.arange(len(scores)), [part.shape[1] for part in scores])
    scores = np.concatenate(scores, axis=1) if len(owner) else np.empty((len(targets), 0))
    left = _left_over(scores[:, kept[owner]], targets, weight)
    beside = anova_p_values(groups, left, weight)
    beside[kept] = alone[kept]
    kept = kept | _discoveries_among(~kept, beside)

    step = -(-len(left) // _MOST_ROWS)
    together, found = _joint_p_values(
        scores[::step], owner, (left * weight[:, None])[::step], kept
    )
    kept = kept | found
    p_values = {"alone": alone, "beside_others": beside, "with_others": together}
    return Screening(kept if kept.any() else ~kept, p_values)


def quantile_groups(column):
    """Return each cell's group: eight with equally many cells, heavy values and missing apart."""
    groups = np.full(len(column), -1)
    present = ~np.isnan(column)
    _, place, counts = np.unique(column[present], return_inverse=True, return_counts=True)
    if len(counts) <= _BINS:
        groups[present] = place
        return groups + 1
    n_cells = counts.sum()
    middle = counts.cumsum() - counts / 2
    of_value = (_BINS * middle / n_cells).astype(int)
    heavy = counts * _BINS > n_cells
    of_value[heavy] = _BINS + np.arange(heavy.sum())
    groups[present] = of_value[place]
    return groups + 1


def anova_p_values(groups, targets, weight):
    """Return each column's p-value: one-way analysis of variance, least squares by weights.

    Of several targets it is the smallest, times how many they are.

    Parameters
    ----------
    groups : list of ndarray of int of shape (n_rows,)
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
        if n_groups < 2 or n_groups >= n_rows:
            continue
        sums = np.stack([np.bincount(group, part)[there] for part in weighted])
        between = np.minimum((sums**2 / sizes[there]).sum(1), total)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (between / (n_groups - 1)) / ((total - between) / (n_rows - n_groups))
        ratio[total == 0] = 0
        p_values[j] = fdtrc(n_groups - 1, n_rows - n_groups, ratio).min() * n_targets
    return p_values.clip(max=1)


def discoveries(p_values, n_tests=None):
    """Return which hypotheses Benjamini and Hochberg's procedure rejects.

    Parameters
    ----------
    p_values : ndarray of shape (n,)
    n_tests : int, default=None
        How many tests there were, if more than ``n``; the p-values of the others are larger.
    """
    n_tests = len(p_values) if n_tests is None else n_tests
    order = np.sort(p_values)
    passed = order <= LEVEL * np.arange(1, len(order) + 1) / max(n_tests, 1)
    return p_values <= (order[passed].max() if passed.any() else -1)


def _discoveries_among(chosen, p_values):
    found = np.zeros(len(p_values), dtype=bool)
    found[chosen] = discoveries(p_values[chosen])
    return found


def rank_scores(column):
    """Return a column's linear and quadratic scores of its ranks; zero where cells are missing."""
    present = ~np.isnan(column)
    scores = np.zeros((len(column), 2))
    _, place, counts = np.unique(column[present], return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return scores[:, :0]
    u = ((2 * counts.cumsum() - counts) / counts.sum() - 1)[place]
    # of two values the square is a multiple of the number
    both = np.column_stack([u, u**2] if len(counts) > 2 else [u])
    scores = scores[:, : both.shape[1]]
    scores[present] = both - both.mean(0)
    return scores


def level_scores(codes):
    """Return centred indicators of the most frequent levels."""
    levels, counts = np.unique(codes, return_counts=True)
    often = levels[np.argsort(-counts, kind="stable")][: min(_SCORED_LEVELS, len(levels) - 1)]
    scores = (codes[:, None] == often).astype(float)
    return scores - scores.mean(0)


def _joint_p_values(scores, owner, left, kept):
    """Return each column's least p-value of products with one or two others, and the discoveries.

    Under the hypothesis that a column has no part in the target, its scores, of mean zero, are
    independent of whatever the others and the target make up, and so the sum over rows of their
    product has mean zero, and the sum of its squares for variance.

    Only products with a column that is to be kept otherwise not are looked at.
    """
    p_values, found = np.ones(len(kept)), np.zeros(len(kept), dtype=bool)
    scores = scores / np.sqrt((scores**2).mean(0)).clip(1e-12)
    scores, left = scores.astype(np.float32), left.astype(np.float32)
    open_scores = np.flatnonzero(~kept[owner])
    for search in (_pairs, _triples):
        if not len(open_scores):
            break
        tests = search(scores, owner, left, open_scores)
        if tests is None:
            continue
        p, members, n_tests = tests
        members = owner[members]
        for column in members.T:
            np.minimum.at(p_values, column, p)
        found[members[discoveries(p, n_tests)]] = True
    return p_values, found & ~kept


def _pairs(scores, owner, left, open_scores):
    n_rows, n_scores = scores.shape
    if 4 * n_rows * len(open_scores) * n_scores * left.shape[1] > _MOST_PRODUCTS:
        return None
    differ = owner[open_scores][:, None] != owner
    # a pair of two open ones once
    again = np.isin(np.arange(n_scores), open_scores) & (
        np.arange(n_scores) < open_scores[:, None]
    )
    tried = differ & ~again
    return _tested([_p_of_products(scores[:, open_scores], scores, left)], [tried], [None],
                   open_scores, left.shape[1])


def _triples(scores, owner, left, open_scores):
    # linear scores, of categories the most frequent level
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    is_open = np.isin(first, open_scores)
    n_rows, n_first = len(scores), len(first)
    if 4 * n_rows * is_open.sum() * n_first**2 * left.shape[1] > _MOST_PRODUCTS:
        return None
    linear, place = scores[:, first], np.arange(n_first)
    opened = np.flatnonzero(is_open)
    p_values, tried = [], []
    for a in range(n_first):
        p_values.append(_p_of_products(linear[:, opened], linear, left * linear[:, [a]]))
        # each triple once: its others in order, an open one before other open ones
        others = (place > a) & (opened[:, None] != place) & (opened[:, None] != a)
        others &= ~(is_open & (place < opened[:, None]))
        others &= ~(is_open[a] & (a < opened[:, None]))
        tried.append(others)
    p, members, n_tests = _tested(p_values, tried, range(n_first), opened, left.shape[1])
    return p, first[members], n_tests


def _p_of_products(some, others, left):
    """Return the least p-value over targets of each product, (n_some, n_others)."""
    p_values = 1.0
    for part in left.T:
        sums = (some * part[:, None]).T @ others
        squares = (some * part[:, None]).T ** 2 @ others**2
        z = sums.astype(float) / np.sqrt(squares.clip(1e-30))
        p_values = np.minimum(p_values, erfc(np.abs(z) / np.sqrt(2)))
    return p_values


def _tested(p_values, tried, thirds, open_scores, n_targets):
    """Gather what may be a discovery: p-values, who is in it, and how many tests there were."""
    p, members, n_tests = [], [], 0
    for part, mask, third in zip(p_values, tried, thirds, strict=True):
        n_tests += mask.sum()
        part = np.minimum(part * n_targets, 1)
        one, other = np.nonzero(mask & (part <= LEVEL))
        p.append(part[one, other])
        triple = [open_scores[one], other, *([] if third is None else [np.full(len(one), third)])]
        members.append(np.column_stack(triple))
    return np.concatenate(p), np.concatenate(members), n_tests


def _left_over(scores, targets, weight):
    """Return what a ridge regression on the scores leaves of the targets, of mean zero."""
    n_rows, n_scores = scores.shape
    if not n_scores or n_scores > n_rows // 4:
        return targets
    gram = scores.T @ (scores * weight[:, None])
    gram[np.diag_indices(n_scores)] += _RIDGE * np.trace(gram) / n_scores
    left = targets - scores @ np.linalg.solve(gram, scores.T @ (targets * weight[:, None]))
    return _standardised(left, weight)


def _standardised(targets, weight):
    centred = targets - np.average(targets, axis=0, weights=weight)
    width = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    return centred / np.where(width > 0, width, 1)


def _finite(numeric):
    """Return numbers in double precision, infinite ones as the largest there are."""
    numeric = np.asarray(numeric, dtype=float)
    return np.nan_to_num(numeric, nan=np.nan)


def target_scores(target: Any) -> np.ndarray:
    """Return what is analysed of an encoded target: numbers, or indicators of classes."""
    if target.dtype.kind == "f":
        return target
    classes = np.unique(target)
    if len(classes) == 2:
        classes = classes[1:]
    return (target[:, None] == classes).astype(float)
