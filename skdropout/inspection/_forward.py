"""Candidates enter one by one, each tested beside those that entered before it."""

import numpy as np
from scipy.stats import norm

_STRONG = 4.0  # z-score of effects that models take to be of different strength
_ENTERS = 0.2  # largest false discovery rate of a candidate that others are tested beside


def forward(regressions, features, besides, models, sizes, n_hypotheses):
    """Test candidates, the clearest of those that are left entering the regressions each time.

    Small groups of columns come first: what they do is part of what larger ones may do.

    Parameters
    ----------
    regressions : list of Regression
        One for each output; what enters is added to them.
    features : list of ndarray of shape (n_rows, n_candidates)
        Of each output.
    besides : list of dict of int to ndarray of shape (n_rows, n_functions)
        Of each output: functions beside which a candidate is tested.
    models : list of ndarray of int, shape (n_rows,)
        Of each output: the model of each row.
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
            of_outputs = [
                _scores(*of_output, left)
                for of_output in zip(regressions, features, besides, strict=True)
            ]
            z[left] = np.max(of_outputs, axis=0)
            p[left] = np.minimum(len(regressions) * norm.sf(z[left]), 1.0)
            q[left] = np.maximum(_rates(p[left], n_entered + 1, n_hypotheses), passed)
            first = left[z[left].argmax()]
            if q[first] > _ENTERS:
                break
            n_entered, passed, left = n_entered + 1, q[first], left[left != first]
            for of_output in zip(regressions, features, besides, models, strict=True):
                _enter(*of_output, first, z[first])
    return z, p, q


def _enter(regression, effects, besides, models, first, z):
    effect = effects[:, [first]]
    if z > _STRONG:  # which other effects could make up for
        effect = effect * (models[:, None] == np.unique(models))
    regression.add(np.hstack([effect, besides.get(first, np.empty((len(effect), 0)))]))


def _rates(p, place, n_hypotheses):
    """Return the false discovery rates at which candidates would enter at a place, 1, 2, ..."""
    odds = p / np.maximum(1 - p, np.finfo(float).eps)
    return np.minimum(odds * (n_hypotheses + 1 - place) / place, 1.0)


def _scores(regression, effects, besides, left):
    z = np.empty(len(left))
    alone = np.array([u not in besides for u in left])
    z[alone] = regression.scores(effects[:, left[alone]])
    for k in np.flatnonzero(~alone):
        z[k] = regression.scores(effects[:, [left[k]]], besides[left[k]])[0]
    return z
