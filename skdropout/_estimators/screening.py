"""Which columns tell something of the target: tests of each alone, beside others and with others.

They are deterministic, and cheap beside a fit: sums over groups of rows, and matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.special import erfc

from skdropout._table import (
    adjusted,
    anova_p_values,
    groups_and_scores,
    has_all_groups,
    level_scores,
    trend_p_values,
)

# Accepted share of false discoveries among up to so many columns, and in proportion fewer among
# more: there what is found last is mostly false, and costs more than it gives. Not so where rows
# are fewer than columns, for they are too few to find much.
_LEVEL, _FEW_COLUMNS = 0.1, 50
# What a column is found by, as the tables name it; the first is not adjusted.
TESTS = ("p_value", "alone", "beside_others", "with_others")
# What the tests look at: rows, fewer of wide tables; multiplications for products of two, and of
# three columns, and fewer rows rather than more than these, but not too few; products at once.
_MOST_ROWS, _MOST_CELLS = 50_000, 2**24
_MOST_STEPS, _FEWEST_ROWS = 5 * 10**10, 1000
_AT_ONCE = 2**20
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
    n_columns = numeric.shape[1] + codes.shape[1]
    rows = np.arange(len(targets)) if weight is None else np.flatnonzero(weight)
    if not len(rows):
        return Screening.none(len(encoder.names_))  # to be refused where networks are built
    n_rows, most = len(rows), min(_MOST_ROWS, -(-_MOST_CELLS // n_columns))
    rows = rows[:: -(-len(rows) // most)]
    weight = np.ones(len(rows)) if weight is None else weight[rows].astype(float)
    targets = _standardised(targets[rows].astype(float), weight)
    groups, scores = [], []
    for column in numeric.T:
        in_groups, of_ranks = groups_and_scores(column[rows])
        groups.append(in_groups)
        scores.append(of_ranks.astype(np.float32))
    for column in codes.T:
        groups.append(np.unique(column[rows], return_inverse=True)[1])
        scores.append(level_scores(groups[-1]).astype(np.float32))
    is_wide = n_rows < n_columns
    level = _LEVEL if is_wide else _LEVEL * min(1, _FEW_COLUMNS / n_columns)
    trends = [
        part[:, 0] if is_wide and j < numeric.shape[1] and has_all_groups(group) else None
        for j, (group, part) in enumerate(zip(groups, scores, strict=True))
    ]
    tests = _tests(groups, trends, scores, targets, weight, level)

    places = np.array([*encoder.numeric_, *encoder.categorical_], dtype=int)
    found = {name: np.full(len(encoder.names_), np.nan) for name in TESTS}
    kept = np.zeros(len(encoder.names_), dtype=bool)
    for name, p_values in tests.items():
        found[name][places] = p_values
    for name in TESTS[1:]:
        kept |= found[name] <= level
    if not kept.any():
        kept[places] = True
    return Screening(kept, found)


def _tests(groups, trends, scores, targets, weight, level):
    owner = np.repeat(np.arange(len(scores)), [part.shape[1] for part in scores])
    scores = np.concatenate(scores, axis=1)
    p_values = anova_p_values(groups, targets, weight)
    # weighted as Genovese, Roeder and Wasserman (2006) do: a column that is the same in nearly all
    # rows can help few of them, and networks learn these by heart
    informed = np.array([_told_apart(group) for group in groups]).clip(1e-9)
    alone = adjusted(_either(p_values, trends, targets, weight) / informed)
    kept = alone <= level

    # a column may matter only where others are accounted for, and noise is less then
    left = _left_over(scores[:, kept[owner]].astype(float), targets, weight)
    beside = np.full(len(kept), np.nan)
    others = [groups[j] for j in np.flatnonzero(~kept)]
    p_of_others = anova_p_values(others, left, weight)
    trends = [trends[j] for j in np.flatnonzero(~kept)]
    beside[~kept] = adjusted(_either(p_of_others, trends, left, weight) / informed[~kept])
    kept = kept | (beside <= level)

    together = np.full(len(kept), np.nan)
    weighted = (left * weight[:, None]).astype(np.float32)
    _, first = np.unique(owner, return_index=True)
    for order, some in ((2, slice(None)), (3, first)):
        found = _of_products(scores[:, some], owner[some], weighted, ~kept, order)
        together = np.fmin(together, found)
        kept = kept | (together <= level)
    return dict(zip(TESTS, (p_values, alone, beside, together), strict=True))


def _either(p_values, trends, targets, weight):
    """Return p-values of groups that differ, or follow a trend: few rows show the latter sooner."""
    both = 2 * np.minimum(p_values, trend_p_values(trends, targets, weight))
    has_trend = np.array([trend is not None for trend in trends], dtype=bool)
    return np.where(has_trend, both, p_values).clip(max=1)


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


def _of_products(scores, owner, left, is_open, order):
    """Return adjusted p-values of columns by their products with one or two others.

    A column that is open, which is not to be kept otherwise, has the least p-value of its products
    times how many they are. NaN for the others, and where products would take too long.
    """
    opened, n_scores = np.flatnonzero(is_open[owner]), len(owner)
    thirds = [None] if order == 2 else range(n_scores)
    n_steps = 4 * scores.size * len(opened) * len(thirds) * left.shape[1]
    every = max(1, -(-n_steps // _MOST_STEPS))
    found = np.full(len(is_open), np.nan)
    if not n_steps or every > max(1, len(scores) // _FEWEST_ROWS):
        return found
    scores, left = scores[::every], left[::every]
    least, step = np.ones(len(is_open)), -(-_AT_ONCE // n_scores)
    for third, start in product(thirds, range(0, len(opened), step)):
        rows = opened[start : start + step]
        part = left if third is None else left * scores[:, [third]]
        p_values = _p_of_products(scores[:, rows], scores, part)
        p_values[owner[rows, None] == owner] = 1
        if third is not None:
            p_values[owner[rows] == owner[third]] = 1
            p_values[:, third] = 1
        np.minimum.at(least, owner[rows], p_values.min(1))
    own = np.bincount(owner, minlength=len(is_open))
    n_products = own * (n_scores - own) if order == 2 else (n_scores - 1) * (n_scores - 2) // 2
    found[is_open] = adjusted((least * np.maximum(n_products, 1))[is_open])
    return found


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
