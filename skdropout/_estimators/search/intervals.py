"""Intervals from networks of folds: CV+, for any measure of how far off a target is."""

from dataclasses import dataclass

import numpy as np

from skdropout._estimators.search.held_out import HeldOut, share_of
from skdropout._estimators.search.spread import Spreads

METHODS = ("cv+", "scaled")
# Numbers that are sorted at once.
_AT_ONCE = 2**22
# Of the target's unit, the least distance between quantiles that is divided by.
_NARROWEST = 1e-6


@dataclass(frozen=True, eq=False)
class Intervals:
    """Targets of the training rows, what networks that did not see them say, and how sure it is.

    Attributes
    ----------
    held_out : HeldOut
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
    unseen : ndarray of shape (n_rows,) or (n_rows, n_outputs or n_quantiles)
    quantiles : tuple of float
        Of one output, where these are predicted; else empty.
    unit : ndarray of shape (n_outputs,)
        Of the targets.
    spreads : Spreads or None
        Of errors; None where quantiles tell it.
    of_rows : ndarray of shape (n_rows, n_outputs) or None
        Spreads of the training rows, by the trees of the folds that test them.
    """

    held_out: HeldOut
    y: np.ndarray
    unseen: np.ndarray
    quantiles: tuple[float, ...]
    unit: np.ndarray
    spreads: Spreads | None
    of_rows: np.ndarray | None

    def around(self, of_folds, cells, coverage, method):
        """Return intervals (n_new, n_outputs, 2), see ``predict_interval``.

        Parameters
        ----------
        of_folds : ndarray of shape (n_folds, n_new, n_outputs or n_quantiles)
            What the networks of each fold predict.
        cells : callable
            Returns the numbers and codes of the new rows, (n_new, n_columns).
        coverage : float
        method : {"cv+", "scaled"}
        """
        lower, upper = self._ends(of_folds, coverage)
        y, unseen = (part.reshape(len(part), -1) for part in (self.y, self.unseen))
        low, high = self._ends(unseen, coverage)
        if method == "cv+":
            spread, of_rows = np.ones_like(lower), 1.0
        elif self.quantiles:
            spread, of_rows = (
                part + _NARROWEST * self.unit for part in (upper - lower, high - low)
            )
        else:
            spread, of_rows = self.spreads(cells()), self.of_rows
        scores = np.maximum(low - y, y - high) / of_rows
        return self._cv_plus(lower, upper, spread, scores, 1 - coverage)

    def _ends(self, predictions, coverage):
        """Return the ends of intervals before anything is learnt from unseen rows.

        Of quantiles these are the ones of equal tails, between those known by interpolation, beyond
        them the outermost.
        """
        if not self.quantiles:
            return predictions, predictions
        tail = (1 - coverage) / 2
        each = np.eye(len(self.quantiles))
        shares = ([np.interp(p, self.quantiles, e) for e in each] for p in (tail, 1 - tail))
        return (predictions @ np.array(part)[:, None] for part in shares)

    def _cv_plus(self, lower, upper, spread, scores, alpha):
        n_rows, n_new = len(scores), lower.shape[1]
        below = int(np.floor(share_of(alpha, n_rows)))
        above = int(np.ceil(share_of(1 - alpha, n_rows)))
        found = np.tile([-np.inf, np.inf], (*lower.shape[1:], 1))
        step = max(1, _AT_ONCE // scores.size)
        for start in range(0, n_new, step):
            new = slice(start, start + step)
            own = self.held_out.fold_of_row, new
            reach = scores[:, None] * spread[own]
            if below >= 1:
                found[new, :, 0] = np.partition(lower[own] - reach, below - 1, axis=0)[below - 1]
            if above <= n_rows:
                found[new, :, 1] = np.partition(upper[own] + reach, above - 1, axis=0)[above - 1]
        return found
