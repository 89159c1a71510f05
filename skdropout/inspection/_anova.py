"""Main effects and pairs of any model, by means of its answers over rows of a table."""

import numpy as np
import torch

from skdropout._table import as_levels, column_of
from skdropout.functional import purify
from skdropout.inspection._cells import column_names, numbers_of
from skdropout.inspection._look_into import look_into

_ROWS_AT_ONCE = 2**15


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
        Class, label, or index of the output, whose score it is.

    Attributes
    ----------
    model : Model
    column : int
        Of its answers, the one whose score it is.
    intercept : float
        ``f0``.
    """

    def __init__(self, estimator, X, background, output):
        self.model, self._background = look_into(estimator, X), background
        own = np.repeat(background[:, None], self.model.n_columns, axis=1)
        n_outputs = self.model.answers(own[:1]).shape[-1]
        self.column, self._sign = self.model.column_of_answer(output, n_outputs)
        self.intercept = self._score(own).mean()

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
            source = np.tile(self._background[:, None], (len(given), self.model.n_columns))
            source[:, list(columns)] = np.repeat(given, n, axis=0)
            found.append(self._score(source).reshape(len(given), n))
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
        d = self.model.n_columns
        alone = [self.scores((j,), rows[:, None]).mean(1) - self.intercept for j in range(d)]
        both = [
            self.scores(pair, np.stack([rows, rows], axis=1)).mean(1)
            - self.intercept
            - sum(alone[j] for j in pair)
            for pair in pairs
        ]
        terms = np.stack([*alone, *both], axis=1)
        score = self._score(np.repeat(rows[:, None], d, axis=1))
        return np.column_stack([terms, score - self.intercept - terms.sum(1)])

    def _score(self, source):
        return self._sign * self.model.answers(source)[0, :, self.column]


def grid_of(X, column, n_grid):
    """Return rows of ``X`` whose cells are levels or quantiles of the column, and these cells."""
    numbers = numbers_of(X, column)
    if numbers is None:
        codes, levels = as_levels(column_of(X, column))
        order = sorted(range(len(levels)), key=levels.__getitem__)
        rows = np.array([np.argmax(codes == code) for code in order])
        return rows, np.array([levels[code] for code in order], dtype=object)
    order = np.argsort(numbers, kind="stable")
    order = order[np.isfinite(numbers[order])]
    if not len(order):
        raise ValueError(f"Column {column_names(X)[column]!r} has no finite cells.")
    rows = order[np.linspace(0, len(order) - 1, n_grid).round().astype(int)]
    values, first = np.unique(numbers[rows], return_index=True)
    return rows[first], values


def rows_of_grid(X, column, values):
    """Count the rows of ``X`` whose cells are nearest to each of ``values``, as of ``grid_of``."""
    if values.dtype == object:
        codes, levels = as_levels(column_of(X, column))
        place = {level: k for k, level in enumerate(values)}
        return np.bincount([place[levels[c]] for c in codes if c >= 0], minlength=len(values))
    numbers = numbers_of(X, column)
    numbers = numbers[np.isfinite(numbers)]
    nearest = np.searchsorted((values[1:] + values[:-1]) / 2, numbers)
    return np.bincount(nearest, minlength=len(values))
