"""Main effects and pairs of any model, by means of its predictions over rows of a table."""

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdropout.functional import purify
from skdropout.inspection._explained import take_cells

__all__ = ["Anova"]

_ROWS_AT_ONCE = 2**15
_LEAST_PROBABILITY = 1e-12


class Anova:
    """Functional ANOVA of a model's score, columns drawn independently of each other.

    ``f0`` is the mean score, ``f_i(v) = E f(x_i = v, rest) - f0`` and ``f_ij(v, w) = E f(x_i = v,
    x_j = w, rest) - f_i(v) - f_j(w) - f0``, where the rest are cells of rows of the background.

    Parameters
    ----------
    estimator : fitted estimator
    X : data frame or ndarray of shape (n_samples, n_columns)
        Holds all cells, those that are given and those of the background.
    background : ndarray of int
        Rows of ``X`` to average over.
    output : object
        Class, or index of the output, whose score it is.
    """

    def __init__(self, estimator, X, background, output):
        check_is_fitted(estimator)
        self._score, self._X, self._background = score_of(estimator, output), X, background
        self.intercept = self.scores((), np.empty((1, 0), dtype=int)).mean()

    def scores(self, columns, rows):
        """Return scores (n_given, n_background) with the cells of ``columns`` from other rows.

        Parameters
        ----------
        columns : sequence of int
        rows : ndarray of int, shape (n_given, len(columns))
            From which row of ``X`` each of these cells is taken.
        """
        n = len(self._background)
        found = []
        for given in np.array_split(rows, -(-len(rows) * n // _ROWS_AT_ONCE)):
            source = np.tile(self._background[:, None], (len(given), self._X.shape[1]))
            source[:, list(columns)] = np.repeat(given, n, axis=0)
            found.append(self._score(take_cells(self._X, source)).reshape(len(given), n))
        return np.concatenate(found)

    def main(self, column, rows, weight):
        """Return ``f_i`` at cells of ``rows``, its weighted mean zero, and standard errors."""
        scores = self.scores((column,), rows[:, None])
        scores = scores - np.average(scores, axis=0, weights=weight)
        return scores.mean(1), scores.std(1) / np.sqrt(max(scores.shape[1] - 1, 1))

    def pair(self, columns, rows, weights):
        """Return ``f_ij`` at all combinations of cells, without main effects under ``weights``."""
        given = np.stack(np.meshgrid(*rows, indexing="ij"), axis=-1).reshape(-1, 2)
        table = self.scores(columns, given).mean(1).reshape(len(rows[0]), len(rows[1]))
        weight = torch.from_numpy(np.outer(*weights).astype(float))
        return purify(torch.from_numpy(table), weight).pure.numpy()

    def of_rows(self, rows, pairs):
        """Return what the columns and ``pairs`` add to the score of rows, and what the rest does.

        Returns
        -------
        terms : ndarray of shape (n_rows, n_columns + len(pairs) + 1)
            With ``intercept`` they sum to the score.
        """
        d = self._X.shape[1]
        alone = [self.scores((j,), rows[:, None]).mean(1) - self.intercept for j in range(d)]
        both = [
            self.scores(pair, np.stack([rows, rows], axis=1)).mean(1)
            - self.intercept
            - sum(alone[j] for j in pair)
            for pair in pairs
        ]
        terms = np.stack([*alone, *both], axis=1)
        score = self._score(take_cells(self._X, np.repeat(rows[:, None], d, axis=1)))
        return np.column_stack([terms, score - self.intercept - terms.sum(1)])


def score_of(estimator, output):
    """Return a function from rows to one score each: a value, or the log-odds of a class."""
    if is_classifier(estimator):
        classes = list(estimator.classes_)
        if output is None and len(classes) == 2:
            output = classes[1]
        if output not in classes:
            raise ValueError(f"output={output!r} must be one of the classes {classes}.")
        place = classes.index(output)
        return lambda X: _log_odds(estimator.predict_proba(X)[:, place])
    return lambda X: _only(np.asarray(estimator.predict(X), dtype=float), output)


def _log_odds(p):
    p = np.clip(p, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.log(p) - np.log1p(-p)


def _only(values, output):
    if values.ndim == 1:
        return values
    if output not in range(values.shape[1]):
        raise ValueError(
            f"output={output!r} must be the index of one of the {values.shape[1]} outputs."
        )
    return values[:, output]
