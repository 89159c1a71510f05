"""Which columns a prediction rests on, row by row."""

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators import BaseDropoutMLP
from skdropout._stack import LogLoss, stack_relevance
from skdropout.functional import group_sum
from skdropout.inspection._scores import scores_at_rows

__all__ = ["column_relevance", "own_network"]

_BLOCK_ROWS = 2048


def own_network(estimator):
    """Return the estimator of this library that ``estimator`` is or holds, or None."""
    if isinstance(estimator, FrozenEstimator):
        return own_network(estimator.estimator)
    estimator = getattr(estimator, "best_estimator_", estimator)
    return estimator if isinstance(estimator, BaseDropoutMLP) else None


def column_relevance(estimator, X, y, filled):
    """Return the relevance (n_rows, n_columns) of the columns for each row's output.

    Parameters
    ----------
    estimator : object
        Of this library's networks gradient x input tells, from the typical row on and averaged
        over the networks; of others the change of the score as one column after the other is
        filled.
    X : DataFrame or ndarray of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,)
        True classes, for the logit of which relevance is meant; of a regression it is without
        sign.
    filled : DataFrame or ndarray of shape (n_rows + 1, n_columns)
        ``X``, and below it the row to fill cells from.
    """
    network = own_network(estimator)
    if network is not None:
        relevance = _of_network(network, X, y)
    else:
        relevance = _by_replacement(estimator, X, y, filled)
    return relevance if is_classifier(estimator) else np.abs(relevance)


def _of_network(network, X, y):
    check_is_fitted(network)
    net = network.net_
    n_groups = net.module_.encoding.n_columns
    if n_groups != X.shape[1]:
        raise ValueError(
            f"{type(network).__name__} drops {n_groups} pixels or points of {X.shape[1]} columns; "
            "columns can be occluded one by one where each is one of its own."
        )
    module, encoding = net.module_.eval(), net.module_.encoding
    numeric, codes = network._plan.encoder.transform(X, network)
    table = (
        torch.as_tensor(numeric, dtype=module.target_scale.dtype),
        torch.as_tensor(codes),
        _target(network, net.criterion_, y),
    )
    share = net.criterion_.share if is_classifier(network) else _values
    blocks = zip(*(part.to(net.device).split(_BLOCK_ROWS) for part in table), strict=True)
    relevance = []
    for numeric, codes, target in blocks:
        with torch.no_grad():
            encoded = encoding(numeric[None], codes[None])
        of_inputs = stack_relevance(
            module,
            encoded,
            lambda raw, target=target: share(raw, target.expand(len(raw), *target.shape)),
            "gradient_x_input",
        )
        of_columns = group_sum(of_inputs, encoding.groups, encoding.n_columns)
        relevance.append(of_columns.mean(0).double().cpu().numpy())
    return np.concatenate(relevance)


def _values(raw, target):
    return torch.ones_like(raw)


def _target(network, criterion, y):
    if isinstance(criterion, LogLoss):
        return torch.as_tensor(np.searchsorted(network.classes_, np.asarray(y)))
    return torch.as_tensor(np.array(y, dtype=float))  # a frame's own may be read-only


def _by_replacement(estimator, X, y, filled):
    scores = scores_at_rows(estimator, filled, "logit", per_member=False)
    n_rows, n_columns = X.shape
    own = np.tile(np.arange(n_rows)[:, None], n_columns)
    before, share = scores(own)[:, 0], _share(estimator, y)
    relevance = np.empty((n_rows, n_columns))
    for column in range(n_columns):
        rows = own.copy()
        rows[:, column] = n_rows
        change = before - scores(rows)[:, 0]
        relevance[:, column] = (change * share(change)).sum(1)
    return relevance


def _share(estimator, y):
    """Return a function from scores to the share of each in what is explained."""
    if not is_classifier(estimator):
        return np.sign  # a change is a change
    codes = np.searchsorted(estimator.classes_, np.asarray(y))

    def share(scores):
        if scores.shape[1] == 1:
            return np.where(codes == 1, 1.0, -1.0)[:, None]
        return np.eye(scores.shape[1])[codes]

    return share
