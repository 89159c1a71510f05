"""The real-valued function that an estimator has learnt."""

import numpy as np
from sklearn.base import is_classifier

from skdropout._estimators import FittedNetworks
from skdropout.inspection._columns import resample
from skdropout.inspection._network_predictions import resampled_predictions


def scores_at_rows(estimator, X, class_score, per_member):
    """Function from rows, one for each cell of a table, to scores of the table they make.

    Parameters
    ----------
    estimator : object or callable
        With ``predict_proba``, ``decision_function`` or ``predict``, tried in this order, or else
        a function of the table.
    X : ndarray or DataFrame of shape (n_samples, n_features)
        Where cells are taken from.
    class_score : {"logit", "probability"}
        What to make of ``predict_proba``.
    per_member : bool
        Whether to score each network of the estimator by itself.

    Returns
    -------
    callable
        Maps ``rows`` of shape (n_points, n_features) to scores of shape (n_points, n_members,
        n_outputs) of the points whose feature `j` is that of ``X[rows[:, j]]``. Without
        `per_member` there is one "member". Raises a ValueError where a score is not finite.
    """
    if isinstance(estimator, FittedNetworks):
        predictions = resampled_predictions(estimator, X, per_member)
        transform = _CLASS_SCORES[class_score] if is_classifier(estimator) else _unchanged
    elif per_member:
        raise ValueError(
            f"per_member=True needs an estimator of this library, whose networks are known; got "
            f"{estimator!r}."
        )
    else:
        raw, transform = _raw_and_transform(estimator, class_score)

        def predictions(rows):
            return [raw(resample(X, rows))]

    def scores(rows):
        members = [np.asarray(p) for p in predictions(rows)]
        values = [transform(p.reshape(len(p), -1)).astype(float) for p in members]
        bad = sum(np.count_nonzero(~np.isfinite(v)) for v in values)
        if bad or len(values[0]) != len(rows):
            raise ValueError(
                f"estimator must return one finite score, or row of scores, per sample; got "
                f"shape {values[0].shape} for {len(rows)} samples, {bad} values not finite."
            )
        return np.stack(values, axis=1)

    return scores


def _raw_and_transform(estimator, class_score):
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba, _CLASS_SCORES[class_score]
    for method in ("decision_function", "predict"):
        if hasattr(estimator, method):
            return getattr(estimator, method), _unchanged
    if callable(estimator):
        return estimator, _unchanged
    raise ValueError(
        f"estimator must have predict or predict_proba, or be a function; got {estimator!r}."
    )


def _unchanged(values):
    return values


def _log_odds(probabilities):
    """Log-odds of the second of two classes; of more classes, centred log-probabilities."""
    resolution = np.finfo(probabilities.dtype).eps
    logs = np.log(probabilities.clip(min=resolution))
    if logs.shape[1] == 2:
        return logs[:, 1:] - logs[:, :1]
    return logs - logs.mean(1, keepdims=True)


def _probabilities(probabilities):
    return probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities


_CLASS_SCORES = {"logit": _log_odds, "probability": _probabilities}
