"""Which networks of a search did not see a row: those of the fold that tests it."""

from dataclasses import dataclass
from numbers import Real

import numpy as np


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Folds that test every training row exactly once, and the networks of each.

    Attributes
    ----------
    fold_of_row : ndarray of int of shape (n_rows,)
    fold_of_network : ndarray of int of shape (n_networks,)
    """

    fold_of_row: np.ndarray
    fold_of_network: np.ndarray

    @classmethod
    def by(cls, folds, n_rows, fold_of_network):
        """Return the same of some folds; None where a row is tested by none, or by several."""
        rows = np.concatenate([fold.test for fold in folds])
        if len(rows) != n_rows or len(np.unique(rows)) != n_rows:
            return None
        fold_of_row = np.empty(n_rows, dtype=int)
        for k, fold in enumerate(folds):
            fold_of_row[fold.test] = k
        return cls(fold_of_row, np.asarray(fold_of_network))

    @property
    def n_folds(self):
        """How many folds there are."""
        return int(self.fold_of_row.max()) + 1

    def of_folds(self, predictions, weights):
        """Return what the networks of each fold predict in their weighted mean.

        Parameters
        ----------
        predictions : ndarray of shape (n_networks, n_new, ...)
        weights : ndarray of shape (n_networks,)

        Returns
        -------
        predictions : ndarray of shape (n_folds, n_new, ...)
        """
        shares = self.fold_of_network == np.arange(self.n_folds)[:, None]
        shares = shares * weights
        return np.tensordot(shares / shares.sum(1, keepdims=True), predictions, 1)


def conformal_of(estimator, coverage, what):
    """Return what a search learnt of rows that its networks did not see, to cover new ones by.

    Raises
    ------
    ValueError
        If ``coverage`` is no share of new rows, or there are no networks of folds, or folds do not
        test every training row once; ``what`` cannot be had without.
    """
    is_number = isinstance(coverage, Real) and not isinstance(coverage, bool | np.bool_)
    if not is_number or not 0 < coverage < 1:
        raise ValueError(f"coverage={coverage!r} must be a number between 0 and 1, such as 0.9.")
    if getattr(estimator, "oof_predictions_", None) is None:
        raise ValueError(
            f"refit={estimator.refit!r} keeps no networks of folds, which {what} are made of; "
            "fit with refit='bag' or refit='ensemble'."
        )
    conformal = estimator._plan.conformal
    if conformal is None:
        raise ValueError(
            f"cv={estimator.cv!r} does not test every training row exactly once, so there are no "
            f"{what}; fit with folds that do, such as KFold."
        )
    return conformal


def share_of(share, n_rows):
    """Return a share of ``n_rows + 1``; rounded, as 0.1 * 20 is a little more than 2 in floats."""
    return np.round(share * (n_rows + 1), 9)
