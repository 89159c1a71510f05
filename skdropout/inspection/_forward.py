"""Candidates enter one by one, each tested beside those that entered before it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from skdropout.inspection._score import Regression

_STRONG = 4.0  # z-score of effects that models take to be of different strength
_ENTERS = 0.2  # largest false discovery rate of a candidate that others are tested beside


class Output(NamedTuple):
    """What one output's candidates are tested by.

    Attributes
    ----------
    regression : Regression
        What enters is added to it.
    effects : ndarray of shape (n_rows, n_candidates)
        What models say each does.
    model_of_row : ndarray of int, shape (n_rows,)
    fewer : callable
        ``fewer(candidate)`` returns functions beside which it is tested, (n_rows, n_functions), or
        None: what some of its columns may do without the others.
    own : callable
        ``own(candidate)`` returns functions of its columns, (n_rows, n_functions), that join it
        where it enters: models do not say quite what it does, and others could make up for that.
    """

    regression: Regression
    effects: np.ndarray
    model_of_row: np.ndarray
    fewer: Callable
    own: Callable


def forward(outputs, sizes, n_hypotheses):
    """Test candidates, the clearest of those that are left entering the regressions each time.

    Small groups of columns come first: what they do is part of what larger ones may do.

    Parameters
    ----------
    outputs : list of Output
    sizes : ndarray of int, shape (n_candidates,)
    n_hypotheses : int
        How many the candidates were chosen from.

    Returns
    -------
    z, p_values, q_values : ndarray of shape (n_candidates,)
        Of those that entered: as they did.

    References
    ----------
    .. [1] Y. Benjamini, Y. Gavrilov, "A simple forward selection procedure based on false discovery
       rate control", Annals of Applied Statistics 3, 2009.
    """
    z, p, q = np.outer([-np.inf, 1.0, 1.0], np.ones(len(sizes)))
    n_entered, passed = 0, 0.0
    for size in np.unique(sizes):
        left = np.flatnonzero(sizes == size)
        while len(left):
            z[left] = np.max([_scores(output, left) for output in outputs], axis=0)
            p[left] = np.minimum(len(outputs) * norm.sf(z[left]), 1.0)
            q[left] = np.maximum(_rates(p[left], n_entered + 1, n_hypotheses), passed)
            first = left[z[left].argmax()]
            if q[first] > _ENTERS:
                break
            n_entered, passed, left = n_entered + 1, q[first], left[left != first]
            for output in outputs:
                _enter(output, first, z[first])
    return z, p, q


def _enter(output, first, z):
    effect, models = output.effects[:, [first]], output.model_of_row
    if z > _STRONG:  # which other effects could make up for
        effect = effect * (models[:, None] == np.unique(models))
    output.regression.add(np.hstack([effect, output.own(first)]))


def _rates(p, place, n_hypotheses):
    """Return the false discovery rates at which candidates would enter at a place, 1, 2, ..."""
    odds = p / np.maximum(1 - p, np.finfo(float).eps)
    return np.minimum(odds * (n_hypotheses + 1 - place) / place, 1.0)


def _scores(output, left):
    fewer = {k: output.fewer(k) for k in left}
    alone = [k for k in left if fewer[k] is None]
    scores = dict(zip(alone, output.regression.scores(output.effects[:, alone]), strict=True))
    for k in left:
        if fewer[k] is not None:
            scores[k] = output.regression.scores(output.effects[:, [k]], fewer[k])[0]
    return [scores[k] for k in left]
