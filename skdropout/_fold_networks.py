"""One network for each fold of a table, trained together as one stack."""

from skdropout._device import draw_seeds
from skdropout._folds import make_folds
from skdropout._stack import Member

__all__ = ["fit_on_folds"]


def fit_on_folds(estimator, X, y, splits, inner):
    """Fit ``estimator``, which has one network, once for each fold.

    All networks start from the weights that ``estimator.fit`` would start from.

    Parameters
    ----------
    estimator : BaseDropoutMLP
        Not fitted; afterwards it holds the networks of the folds.
    X, y : as in ``fit``
    splits : list of (ndarray, ndarray)
        Training and test rows.
    inner : InnerSplit

    Returns
    -------
    folds : list of Fold
        In the order of the networks.
    """
    from skdropout._early_stopping import BestEpoch  # imports skorch
    from skdropout._progress import ProgressBar

    estimator._start(X, resumes=False)
    part = estimator._read(X, y, None, reset=True)
    table = estimator._table([part], resumes=False)
    strata = None if table.target.is_floating_point() else table.target.numpy()
    seed, estimator._mask_seed = draw_seeds(estimator.random_state, 2)
    folds = make_folds(splits, inner, estimator.validation_fraction, strata, seed)
    (rates,) = estimator._rates
    members = [Member(seed, fold.train, fold.valid, rates, 0.0) for fold in folds]
    callbacks = [("best_epoch", BestEpoch(estimator.n_iter_no_change, estimator.tol))]
    if estimator.verbose:
        callbacks.insert(0, ("progress_bar", ProgressBar()))
    estimator._finish(estimator._train(table, members, callbacks), resumes=False)
    return folds
