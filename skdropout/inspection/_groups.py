"""Groups of two columns and more: which to look at, and what each does that no larger one does."""

from itertools import combinations
from math import comb

import numpy as np
import torch

from skdropout.inspection._superset import superset_effects

MOST_OF_AN_ORDER = 500  # groups; exhaustive searches have a bound of their own
_MOST_CHANGES = 20_000  # subsets of all groups, each a prediction a row
_MOST_EVALUATIONS = 2**18
_LEAST_ROWS = 100


def check_exhaustive(n_columns, max_order):
    """Refuse more groups than can be looked at."""
    n_groups = sum(comb(n_columns, k) for k in range(1, max_order + 1))
    if n_groups > _MOST_CHANGES:
        raise ValueError(
            f"exhaustive=True takes {n_groups} groups of up to {max_order} of {n_columns} columns; "
            f"at most {_MOST_CHANGES} can be looked at. Exclude columns, lower max_order, or leave "
            "exhaustive=False, which grows groups from strong pairs."
        )


def measured_groups(model, rows, sources, pairs, scores, max_order, is_exhaustive):
    """Choose groups of up to ``max_order`` columns, and measure what each does by itself.

    Parameters
    ----------
    model : Model
    rows, sources : Tensor
        As of ``superset_effects``.
    pairs : list of tuple of int
    scores : ndarray of shape (n_pairs,)
        Their strengths.
    max_order : int
    is_exhaustive : bool
        Whether to look at all groups that can be made of the pairs.

    Returns
    -------
    groups : list of tuple of int
    own, pure : Moments
        Of all columns, and of the groups.
    """
    strongest = np.sort(np.argsort(-scores, kind="stable")[:MOST_OF_AN_ORDER])
    level = dict(zip([pairs[p] for p in strongest], scores[strongest], strict=True))
    groups = [*level]
    if is_exhaustive:
        columns = sorted({j for pair in pairs for j in pair})
        wanted = {*pairs}
        groups = [
            u
            for k in range(2, max_order + 1)
            for u in combinations(columns, k)
            if all(pair in wanted for pair in combinations(u, 2))
        ]
    else:
        for k in range(3, max_order + 1):
            candidates = grown(level)
            groups += candidates
            if k < max_order and candidates:
                _, joint = superset_effects(model, *_few(rows, sources, candidates), candidates)
                level = dict(zip(candidates, joint.mean.cpu().numpy(), strict=True))
    few = _few(rows, sources, groups)
    own, pure = superset_effects(model, *few, groups, without_larger(groups))
    return groups, own, pure


def grown(level):
    """Return groups of one column more, all of whose subsets are among those given.

    A variance of all effects that contain a group is at most that of any subset; so where there are
    too many, those are taken whose weakest subset is strongest.

    Parameters
    ----------
    level : dict of tuple of int to float
        Groups of equal size, ascending inside, and their strengths.
    """
    bounds = {}
    columns = sorted({j for u in level for j in u})
    for u in level:
        for j in columns[columns.index(u[-1]) + 1 :]:
            subsets = [*combinations((*u, j), len(u))]
            if all(v in level for v in subsets):
                bounds[*u, j] = min(level[v] for v in subsets)
    strongest = sorted(bounds, key=bounds.__getitem__, reverse=True)[:MOST_OF_AN_ORDER]
    return sorted(strongest)


def without_larger(groups):
    """Return the matrix that takes off each group's variance what belongs to larger ones.

    With ``S_u`` the variance of all effects that contain ``u``, that of its own effect is
    ``sum_w (-1)^(|w| - |u|) S_w`` over all ``w`` that contain ``u``, as by inclusion and exclusion;
    over those measured, effects of more columns count to the largest groups.
    """
    place = {u: number for number, u in enumerate(groups)}
    mixing = torch.eye(len(groups), dtype=torch.float64)
    for w, number in place.items():
        for k in range(2, len(w)):
            for u in combinations(w, k):
                mixing[number, place[u]] = (-1.0) ** (len(w) - k)
    return mixing


def _few(rows, sources, groups):
    """Return as many rows as there is time for, and the rows from which their cells come."""
    n_rows = max(_MOST_EVALUATIONS // (2 * len(groups)), _LEAST_ROWS)
    return rows[:n_rows], sources[:n_rows]
