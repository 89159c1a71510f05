"""Classifiers with probabilities in closed form, and what their score must be."""

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

KINDS = ("two classes", "three classes", "labels", "labels as lists")


def logits(X):
    a, b, c = np.asarray(X, dtype=float).T
    return np.column_stack([a * b, b + c, 0.5 * a * c])


class GivenClassifier(ClassifierMixin, BaseEstimator):
    """Probabilities that are known, in each of the forms that scikit-learn's classifiers have."""

    def __init__(self, kind):
        self.kind = kind

    def fit(self, X, y=None):
        return self

    @property
    def classes_(self):
        if self.kind == "labels as lists":  # forests, nearest neighbours
            return [np.array([0, 1])] * 3
        return np.array(["no", "yes"] if self.kind == "two classes" else [0, 1, 2])

    def predict_proba(self, X):
        z = logits(X)
        if self.kind == "two classes":
            return expit(np.column_stack([-z[:, 0], z[:, 0]]))
        if self.kind == "three classes":
            return softmax(z, axis=1)
        if self.kind == "labels":  # MLPClassifier, OneVsRestClassifier
            return expit(z)
        return [expit(np.column_stack([-label, label])) for label in z.T]

    def predict(self, X):
        z = logits(X)
        if self.kind == "two classes":
            return self.classes_[(z[:, 0] > 0).astype(int)]
        return z.argmax(1) if self.kind == "three classes" else (z > 0).astype(int)

    def __sklearn_is_fitted__(self):
        return True


def score(kind, X):
    """The log-odds of the second class; centred log-odds of more; a label's own log-odds."""
    z = logits(X)
    if kind == "two classes":
        return z[:, :1]
    if kind == "three classes":
        logs = log_softmax(z, axis=1)
        return logs - logs.mean(1, keepdims=True)
    return z


class GivenScore(RegressorMixin, BaseEstimator):
    """The regressor that predicts a classifier's score, or one column of it."""

    def __init__(self, kind, column=None):
        self.kind = kind
        self.column = column

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        values = score(self.kind, X)
        if values.shape[1] == 1:
            return values[:, 0]
        return values if self.column is None else values[:, self.column]

    def __sklearn_is_fitted__(self):
        return True
