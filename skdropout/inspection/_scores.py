"""The real-valued function that an estimator has learnt."""

import numpy as np


def score_function(estimator, class_score):
    """Function from a table to scores of shape (n_samples, n_outputs).

    Parameters
    ----------
    estimator : object or callable
        With ``predict_proba``, ``decision_function`` or ``predict``, tried in this order, or else
        a function of the table.
    class_score : {"logit", "probability"}
        What to make of ``predict_proba``.

    Returns
    -------
    callable
        Raises a ValueError where a score is not finite.
    """
    if hasattr(estimator, "predict_proba"):
        raw, transform = estimator.predict_proba, _CLASS_SCORES[class_score]
    elif hasattr(estimator, "decision_function"):
        raw, transform = estimator.decision_function, _unchanged
    elif hasattr(estimator, "predict"):
        raw, transform = estimator.predict, _unchanged
    elif callable(estimator):
        raw, transform = estimator, _unchanged
    else:
        raise ValueError(
            f"estimator must have predict or predict_proba, or be a function; got {estimator!r}."
        )

    def scores(X):
        values = np.asarray(raw(X))
        values = transform(values.reshape(len(values), -1)).astype(float)
        if len(values) != len(X) or not np.isfinite(values).all():
            raise ValueError(
                f"estimator must return one finite score, or row of scores, per sample; got "
                f"shape {values.shape} for {len(X)} samples, "
                f"{np.count_nonzero(~np.isfinite(values))} values not finite."
            )
        return values

    return scores


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
