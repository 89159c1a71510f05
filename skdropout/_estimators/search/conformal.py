"""What new rows are covered by: what networks of folds say of rows that they did not see."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from skdropout._estimators.search.spread import Spreads

METHODS = ("cv+", "scaled")
# Numbers that are sorted at once.
_AT_ONCE = 2**22
# Of the target's unit, the least distance between quantiles that is divided by.
_NARROWEST = 1e-6


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
            spread, of_rows = self.spreads(cells(), of_folds / self.unit), self.of_rows
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


@dataclass(frozen=True, eq=False)
class Sets:
    """What mass of probability came before each training row's class, among networks unaware of it.

    Attributes
    ----------
    held_out : HeldOut
    scores : list of ndarray of shape (n_test,)
        Of the rows of each fold, sorted.
    """

    held_out: HeldOut
    scores: list[np.ndarray]

    @classmethod
    def learn(cls, held_out, unseen, codes):
        """Learn from probabilities (n_rows, n_classes) of rows whose classes have these codes."""
        own = _mass_before(unseen)[np.arange(len(codes)), codes]
        return cls(
            held_out, [np.sort(own[held_out.fold_of_row == k]) for k in range(held_out.n_folds)]
        )

    def around(self, of_folds, predicted, coverage):
        """Return sets (n_new, n_classes), see ``predict_set``.

        Parameters
        ----------
        of_folds : ndarray of shape (n_folds, n_new, n_classes)
            Probabilities by the networks of each fold.
        predicted : ndarray of int of shape (n_new,)
            The classes that are predicted.
        coverage : float
        """
        masses = _mass_before(of_folds)
        beaten = sum(
            np.searchsorted(own, mass) for own, mass in zip(self.scores, masses, strict=True)
        )
        found = beaten < share_of(coverage, len(self.held_out.fold_of_row))
        found[np.arange(len(found)), predicted] = True
        return found


def _mass_before(probabilities):
    """Return for each class the summed probability of those that come before it, by probability."""
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, -1)
    before = np.zeros_like(ordered)
    before[..., 1:] = ordered.cumsum(-1)[..., :-1]
    found = np.empty_like(before)
    np.put_along_axis(found, order, before, -1)
    return found
