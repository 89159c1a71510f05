"""Intervals from networks of folds: CV+."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

# Numbers that are sorted at once.
_AT_ONCE = 2**22


@dataclass(frozen=True, eq=False)
class Residuals:
    """How far networks of folds miss the rows that they did not see.

    Attributes
    ----------
    of_rows : ndarray of shape (n_rows, n_outputs)
        Distances of the predictions from the targets.
    fold_of_row : ndarray of int of shape (n_rows,)
        Which fold tests a row.
    fold_of_network : ndarray of int of shape (n_networks,)
    """

    of_rows: np.ndarray
    fold_of_row: np.ndarray
    fold_of_network: np.ndarray

    def of_folds(self, predictions, weights):
        """Return what the networks of each fold predict in their weighted mean.

        Parameters
        ----------
        predictions : ndarray of shape (n_networks, n_new, n_outputs)
        weights : ndarray of shape (n_networks,)

        Returns
        -------
        predictions : ndarray of shape (n_folds, n_new, n_outputs)
        """
        shares = self.fold_of_network == np.arange(self.fold_of_row.max() + 1)[:, None]
        shares = shares * weights
        return np.tensordot(shares / shares.sum(1, keepdims=True), predictions, 1)

    def intervals(self, of_folds, coverage):
        """Return CV+ intervals (n_new, n_outputs, 2), see ``predict_interval``."""
        n_rows, alpha = len(self.of_rows), 1 - coverage
        # rounded: 0.1 * 20 is a little more than 2 in floats
        below = int(np.floor(np.round(alpha * (n_rows + 1), 9)))
        above = int(np.ceil(np.round((1 - alpha) * (n_rows + 1), 9)))
        n_new = of_folds.shape[1]
        found = np.tile([-np.inf, np.inf], (*of_folds.shape[1:], 1))
        step = max(1, _AT_ONCE // self.of_rows.size)
        for start in range(0, n_new, step):
            new = slice(start, start + step)
            centres = of_folds[self.fold_of_row, new]
            residuals = self.of_rows[:, None]
            if below >= 1:
                found[new, :, 0] = np.partition(centres - residuals, below - 1, axis=0)[below - 1]
            if above <= n_rows:
                found[new, :, 1] = np.partition(centres + residuals, above - 1, axis=0)[above - 1]
        return found


def check_coverage(coverage):
    """Refuse what is no share of new rows."""
    is_number = isinstance(coverage, Real) and not isinstance(coverage, bool | np.bool_)
    if not is_number or not 0 < coverage < 1:
        raise ValueError(f"coverage={coverage!r} must be a number between 0 and 1, such as 0.9.")
