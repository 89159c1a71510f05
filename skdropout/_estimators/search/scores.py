"""Scores of networks that have predicted already, by any scorer of scikit-learn."""

import numpy as np
from sklearn.utils import indexable

from skdropout._sklearn_private import rows_of_params, safe_indexing

__all__ = ["FoldScores"]


class FoldScores:
    """Score predictions for some rows of a table.

    Parameters
    ----------
    estimator : BaseDropoutMLP
        Knows how raw predictions become the user's.
    scorer : callable
        ``scorer(estimator, X, y, **params)``, larger is better.
    X, y : the table and the target, as the user gave them
    params : dict
        Passed to the scorer; what has one entry a row is cut to the rows scored.
    """

    def __init__(self, estimator, scorer, X, y, params):
        self._estimator, self._scorer = estimator, scorer
        self._data = *indexable(X, y), params
        self._rows = None

    def __call__(self, rows, predictions):
        """Return the score of ``predictions`` (n_rows, n_outputs), NaN if one is not finite."""
        if not predictions.isfinite().all():
            return np.nan
        if rows is not self._rows:
            X, y, params = self._data
            self._rows = rows
            self._cut = safe_indexing(X, rows), safe_indexing(y, rows)
            self._params = rows_of_params(X, params, rows)
        return self._scorer(self._knowing(predictions), *self._cut, **self._params)

    def _knowing(self, predictions):
        """Return a stand-in of the estimator whose forward pass has been done."""
        known = object.__new__(type(self._estimator))
        known.__dict__.update(
            self._estimator.__dict__,
            net_=None,
            _forward=lambda X: predictions[None],
            _forward_log_probabilities=lambda X: predictions[None].log(),
        )
        return known
