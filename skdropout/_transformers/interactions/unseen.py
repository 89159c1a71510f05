"""Estimators, and the rows that they have not seen."""

from sklearn.base import is_classifier
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline

from skdropout._estimators import networks_by_unseen_rows
from skdropout._transformers.interactions.networks import N_PARTS, Detects


def unseen(fitted, X, y, fit_params, random_state, n_jobs=None):
    """Return estimators of the same kind as one that is fitted, and rows each of them has not seen.

    Parameters
    ----------
    fitted : estimator
    X, y
        What it was fitted to.
    fit_params : dict
        What else its fit was given.
    random_state : RandomState
    n_jobs : int or None
        Of joblib.

    Returns
    -------
    estimators : list of estimator
    rows : list of ndarray
    """
    if isinstance(fitted, Detects):
        return networks_by_unseen_rows(fitted)
    kind = StratifiedKFold if is_classifier(fitted) and y.ndim == 1 else KFold
    found = cross_validate(
        fitted,
        X,
        y,
        cv=kind(N_PARTS, shuffle=True, random_state=random_state),
        scoring=_no_score,
        params=fit_params,
        n_jobs=n_jobs,
        return_estimator=True,
        return_indices=True,
        error_score="raise",
    )
    return [whole(estimator) for estimator in found["estimator"]], [*found["indices"]["test"]]


def _no_score(estimator, X, y):
    return 0.0


def is_interrupted(fitted):
    """Return whether Ctrl-C ended the training of an estimator, as far as it tells."""
    fitted = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    net = getattr(fitted, "net_", None)
    # skorch's callbacks end a training by the same exception, but between epochs
    if net is None or not getattr(net, "interrupted_", False):
        return False
    return net.finished_ < net.epoch_


def whole(fitted):
    """Return what has been fitted; where Ctrl-C cut it short, no more is to be fitted."""
    if is_interrupted(fitted):
        raise KeyboardInterrupt
    return fitted
