"""How good a model is on rows that it was not fitted to, in one unit, and how sure that is."""

import time
from dataclasses import dataclass, field

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    r2_score,
    roc_auc_score,
)

from skdropout._report.names import name_of

_RARE = 0.2  # share of a class below which average precision is told


@dataclass(eq=False)
class Score:
    """What a model predicts of the test rows, and how far off it is.

    ``losses`` has one number for each row: the squared error, or minus the logarithm of the
    probability of the true class. ``loss`` is the error (RMSE) or the log-loss, ``error`` its
    standard error; ``metrics`` has other scores by name.
    """

    name: str
    model: object
    seconds: float
    predicted: np.ndarray
    seconds_per_row: float
    losses: np.ndarray
    loss: float
    error: float
    metrics: dict = field(default_factory=dict)


def fit_and_score(model, X_train, y_train, X_test, y_test, name=None):
    """Fit a model and score it."""
    start = time.perf_counter()
    model.fit(X_train, y_train)
    return score(model, X_test, y_test, time.perf_counter() - start, name)


def score(model, X, y, seconds, name=None):
    """Score a fitted model."""
    name = name_of(model) if name is None else name
    y = np.asarray(y)
    start = time.perf_counter()
    predicted = predicted_by(model, X)
    per_row = (time.perf_counter() - start) / len(y)
    losses = losses_of(model, predicted, y)
    loss = mean_loss(losses, is_class=predicted.ndim > 1)
    influence = _influence(losses, loss, predicted.ndim > 1)
    error = influence.std() / np.sqrt(len(y))
    metrics = _of_classes(model, predicted, y) if predicted.ndim > 1 else _of_numbers(predicted, y)
    return Score(name, model, seconds, predicted, per_row, losses, loss, error, metrics)


def predicted_by(model, X):
    """Return values (n_rows,) or probabilities (n_rows, n_classes)."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(X), dtype=float)
    return np.asarray(model.predict(X), dtype=float)


def losses_of(model, predicted, y):
    """Return the loss of each row."""
    if predicted.ndim == 1:
        return (np.asarray(y) - predicted) ** 2
    place = {label: k for k, label in enumerate(model.classes_)}
    of_truth = predicted[np.arange(len(y)), [place[label] for label in y]]
    return -np.log(of_truth.clip(np.finfo(float).eps))


def mean_loss(losses, is_class):
    """Return RMSE or log-loss."""
    return float(losses.mean() if is_class else np.sqrt(losses.mean()))


def difference(one, other):
    """Return how much more the loss of one score is than that of another, and its error.

    Both are of the same rows, so what makes rows hard for both does not count.
    """
    is_class = one.predicted.ndim > 1
    parts = [_influence(s.losses, s.loss, is_class) for s in (one, other)]
    apart = parts[0] - parts[1]
    return one.loss - other.loss, float(apart.std() / np.sqrt(len(apart)))


def rise(losses, base, is_class):
    """Return how far the loss rises above that of ``base``, row by row the same rows."""
    before, after = mean_loss(base, is_class), mean_loss(losses, is_class)
    apart = _influence(losses, after, is_class) - _influence(base, before, is_class)
    return after - before, float(apart.std() / np.sqrt(len(apart)))


def _influence(losses, loss, is_class):
    """What each row adds to the loss; of the root of a mean by the delta method."""
    if is_class:
        return losses
    return losses / (2 * loss) if loss else np.zeros_like(losses)


def _of_numbers(predicted, y):
    return {"R²": float(r2_score(y, predicted)), "mean off by": float(np.abs(y - predicted).mean())}


def _of_classes(model, predicted, y):
    classes = list(model.classes_)
    labels = np.asarray(model.classes_)[predicted.argmax(1)]
    shares = np.array([(y == label).mean() for label in classes])
    metrics = {"accuracy": float(accuracy_score(y, labels))}
    is_unequal = shares.min() < _RARE / max(len(classes) - 1, 1)
    if is_unequal:
        metrics["balanced accuracy"] = float(balanced_accuracy_score(y, labels))
    if len(set(y)) == len(classes):
        if len(classes) == 2:
            metrics["AUC"] = float(roc_auc_score(y == classes[1], predicted[:, 1]))
        else:
            one_hot = y[:, None] == np.array(classes, dtype=object)
            metrics["AUC"] = float(roc_auc_score(one_hot, predicted))
        if is_unequal and len(classes) == 2:
            rare = int(shares.argmin())
            found = average_precision_score(y == classes[rare], predicted[:, rare])
            metrics["average precision"] = float(found)
        elif is_unequal:
            metrics["average precision"] = float(average_precision_score(one_hot, predicted))
    return metrics
