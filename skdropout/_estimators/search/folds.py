"""Folds of a cross-validation, and the rows within each that its networks stop by."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, check_cv

from skdropout._device import draw_seeds
from skdropout._estimators.checks import split_rows
from skdropout._estimators.workers import StackJob
from skdropout._stack import Member


@dataclass(frozen=True)
class Fold:
    """Row numbers of one fold: ``train`` and ``valid`` are the parts of ``fit``.

    Networks learn from ``train``, stop by ``valid`` (possibly empty) and are scored on ``test``.
    """

    fit: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class InnerSplit:
    """Set rows to stop by aside, in the manner of the folds they are part of.

    Attributes
    ----------
    groups : ndarray of shape (n_rows,) or None
        Rows of a group stay together.
    gap : int or None
        If not None rows are in the order of time: the last ones are set aside, and as many
        before them as ``gap`` says are not used at all.
    """

    groups: np.ndarray | None = None
    gap: int | None = None

    @classmethod
    def like(cls, splits, groups):
        """Follow the ``splits`` of a splitter: they are ordered if no test row comes early."""
        between = [test.min() - train.max() - 1 for train, test in splits]
        ordered = all(n >= 0 for n in between)
        return cls(groups, min(between) if ordered else None)

    def of(self, rows):
        """Return the same for some of the rows."""
        return InnerSplit(None if self.groups is None else self.groups[rows], self.gap)

    def __call__(self, n_rows, fraction, strata, seed):
        """Return training and validation rows, as ``split_rows`` does."""
        if self.gap is not None:
            rows = np.arange(n_rows)
            n_valid = min(max(1, round(fraction * n_rows)), n_rows - 1)
            return rows[: max(1, n_rows - n_valid - self.gap)], rows[-n_valid:]
        if self.groups is None:
            return split_rows(n_rows, fraction, strata, seed)
        if len(np.unique(self.groups)) < 2:
            raise ValueError(
                "groups: the training rows of a fold are all of one group, so none can be set "
                "aside to stop by; give more groups or folds, or set early_stopping=False."
            )
        splitter = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
        return next(splitter.split(np.empty(n_rows), groups=self.groups))


def make_splits(cv, X, y, classifier, n_rows, params, *, least, **options):
    """Return training and test rows of each fold that ``cv`` makes, checked.

    Parameters
    ----------
    cv : int, splitter, iterable or None
    X, y : as in ``fit``
    classifier : bool
    n_rows : int
    params : dict
        For the splitter's ``split``.
    least : int
        Fewest rows to train on.
    **options : dict
        Of the splitter that a number stands for.
    """
    try:
        splitter = check_cv(cv, y, classifier=classifier, **options)
        splits = [tuple(map(np.asarray, split)) for split in splitter.split(X, y, **params)]
        parts = [part for train, test in splits for part in (train, test)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"cv={cv!r} cannot split these {n_rows} rows: {error}") from error
    for rows in parts:
        is_mask = rows.dtype.kind == "b" and rows.shape == (n_rows,)
        are_places = rows.dtype.kind in "iu" and rows.ndim == 1 and rows.size
        if rows.size and not (is_mask or (are_places and 0 <= rows.min() <= rows.max() < n_rows)):
            raise ValueError(
                f"cv={cv!r} gives rows that X has not; they must be whole numbers from 0 to "
                f"{n_rows - 1}."
            )
    splits = [tuple(map(_places, split)) for split in splits]
    if not splits or any(len(fit) < least or not len(test) for fit, test in splits):
        raise ValueError(
            f"cv={cv!r} gives {len(splits)} folds, each of which needs {least} rows or more to "
            "train on and one or more to test; take fewer folds, or give more rows."
        )
    return splits


def _places(rows):
    return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows


def check_groups(groups, n_rows):
    """Return the groups of rows as codes, or None if there are none."""
    if groups is None:
        return None
    if np.shape(groups) != (n_rows,):
        raise ValueError(
            f"groups has the shape {np.shape(groups)}; give one entry for each of the {n_rows} "
            "rows."
        )
    try:
        return np.unique(np.asarray(groups), return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(
            f"groups mixes what cannot be compared ({error}); give numbers, or words."
        ) from error


def make_folds(splits, inner, fraction, strata, seed):
    """Complete the ``splits`` of a splitter to folds.

    Parameters
    ----------
    splits : list of (ndarray, ndarray)
        Training and test rows.
    inner : InnerSplit
    fraction : float or None
        Share of a fold's training rows to stop by; None sets none aside.
    strata : ndarray of shape (n_rows,) or None
    seed : int

    Returns
    -------
    folds : list of Fold
    """
    folds = []
    for fit, test in splits:
        train, valid = np.arange(len(fit)), np.arange(0)
        if fraction is not None:
            of_class = None if strata is None else strata[fit]
            train, valid = inner.of(fit)(len(fit), fraction, of_class, seed)
        folds.append(Fold(fit, fit[train], fit[valid], test))
    return folds


class OnFolds:
    """Networks of an estimator that has one, one for each fold, from the same initial weights.

    Parameters
    ----------
    estimator : BaseDropoutMLP
        Whose parameters to use; it is not changed.
    X, y : as in ``fit``
    splits : list of (ndarray, ndarray)
        Training and test rows.
    inner : InnerSplit

    Attributes
    ----------
    folds : list of Fold
    tasks : list of tuple
        Arguments of ``train_folds``.
    """

    def __init__(self, estimator, X, y, splits, inner):
        plan, rows = estimator._read([(X, y, None)])
        seed, mask_seed = draw_seeds(estimator.random_state, 2)
        strata, fraction = rows.table.strata, estimator.validation_fraction
        self.folds = make_folds(splits, inner, fraction, strata, seed)
        (recipe,) = plan.recipes
        members = [Member(seed, fold.train, fold.valid, **recipe) for fold in self.folds]
        self._plan = replace(plan, recipes=[recipe] * len(members))
        self._estimator = estimator._bare()
        job = StackJob(self._estimator, self._plan, rows.table, members, mask_seed)
        n_slices = -(-len(members) // estimator._members_that_fit(plan, self.folds))
        slices = np.array_split(np.arange(len(members)), n_slices)
        self.tasks = [(job, places.tolist()) for places in slices]

    def fitted(self, nets):
        """Return an estimator that holds the networks of all folds, in their order."""
        first, *others = nets
        first.join(others)
        return self._estimator._bare()._adopt(self._estimator._found(self._plan, None, first))


def train_folds(job, places):
    """Train the networks of some folds; return their net.

    Raises
    ------
    KeyboardInterrupt
        If training is interrupted: a fold less is of no use.
    """
    from skdropout._training import BestEpoch, ProgressBar  # imports skorch

    estimator = job.estimator
    callbacks = [("best_epoch", BestEpoch(estimator.n_iter_no_change, estimator.tol))]
    if estimator.verbose:
        callbacks.insert(0, ("progress_bar", ProgressBar("networks of folds")))
    net = job.train(places, callbacks)
    estimator._check_finite(net)
    return net.finish()
