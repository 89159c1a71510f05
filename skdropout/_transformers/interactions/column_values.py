"""Columns of any kind as centred numbers, to be multiplied with each other."""

import numpy as np

__all__ = ["ColumnValues", "main_direction"]

# A category's mean target is that of its rows and of so many more at the mean of all.
_PRIOR_ROWS = 10
_FARTHEST = 10.0


class ColumnValues:
    """Numbers by their distance from the mean, categories by their mean target.

    Parameters
    ----------
    encoder : TableEncoder
        Whose ``transform`` gives the numbers, in robust units, and the codes.
    """

    def __init__(self, encoder):
        self._positions = encoder.numeric_, encoder.categorical_
        self._n_codes = [n_levels + 2 for n_levels in encoder.n_levels]

    def fit(self, numeric, codes, target):
        """Learn means; ``target`` is (n_rows,) and centred."""
        self._mean = np.zeros(numeric.shape[1])
        self._effects = []
        for column, n_codes in zip(codes.T, self._n_codes, strict=True):
            count = np.bincount(column, minlength=n_codes)
            total = np.bincount(column, target, minlength=n_codes)
            self._effects.append(total / (count + _PRIOR_ROWS))
        self._mean = self(numeric, codes).mean(0)[self._positions[0]]
        return self

    def __call__(self, numeric, codes):
        """Return centred numbers (n_rows, n_columns); a missing one is zero."""
        values = np.zeros((len(numeric), numeric.shape[1] + codes.shape[1]))
        centred = np.clip(numeric, -_FARTHEST, _FARTHEST) - self._mean
        values[:, self._positions[0]] = np.nan_to_num(centred)
        for j, column, effects in zip(self._positions[1], codes.T, self._effects, strict=True):
            values[:, j] = effects[column]
        return values


def main_direction(y, is_classification):
    """Return the centred target or, of several outputs, their first principal component."""
    y = np.asarray(y)
    if is_classification and y.ndim == 1:
        y = y[:, None] == np.unique(y)
    y = y.reshape(len(y), -1).astype(float)
    y = y - y.mean(0)
    if y.shape[1] == 1:
        return y[:, 0]
    _, _, directions = np.linalg.svd(y.T @ y)
    return y @ directions[0]
