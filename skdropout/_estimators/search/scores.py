"""Scores of networks that have predicted already, by any scorer of scikit-learn."""

import numpy as np
from sklearn.utils import indexable

from skdropout._estimators.fitted import Known
from skdropout._sklearn_private import rows_of_params, safe_indexing

__all__ = ["FoldScores"]


class FoldScores:
    """Score the networks of a search, which have predicted already, by any scorer.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y, **params)``, larger is better.
    X, y : the table and the target, as the user gave them
    params : dict
        Passed to the scorer; what has one entry a row is cut to the rows scored.
    """

    def __init__(self, scorer, X, y, params):
        self._scorer = scorer
        self._data = *indexable(X, y), params
        self._rows = None

    def __call__(self, candidate, rows, predictions):
        """Return the score of a network on ``rows``, NaN if a prediction is not finite.

        Parameters
        ----------
        candidate : callable
            ``candidate(known)`` returns the network as a fitted estimator, which has no need to
            predict again what is ``known``.
        rows : ndarray of int
        predictions : Tensor of shape (n_rows, n_outputs)
        """
        if not predictions.isfinite().all():
            return np.nan
        if rows is not self._rows:
            X, y, params = self._data
            self._rows = rows
            self._cut = safe_indexing(X, rows), safe_indexing(y, rows)
            self._params = rows_of_params(X, params, rows)
        X, y = self._cut
        return self._scorer(candidate(Known(X, predictions[None])), X, y, **self._params)
