"""Sets of classes from networks of folds: adaptive prediction sets, cross-conformal."""

from dataclasses import dataclass

import numpy as np

from skdropout._estimators.search.held_out import HeldOut, share_of


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
