"""What classification adds to the template of fit: classes, labels, probabilities."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skdropout._estimators.template import BaseDropoutMLP
from skdropout._sklearn_private import StrOptions
from skdropout._stack import LogLoss, MultilabelLogLoss

__all__ = ["BaseDropoutClassifier"]


@dataclass(eq=False, repr=False)
class BaseDropoutClassifier(ClassifierMixin, BaseDropoutMLP):
    """A stack of networks for classification, wherever its dropout rates come from."""

    class_weight: dict | str | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def predict(self, X):
        """Predict the most probable class, or every label more probable than not.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix.
        """
        probabilities = self.predict_proba(X)
        if self._multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(1)]

    def predict_proba(self, X):
        """Predict probabilities, averaged over the networks.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``.
        """
        return self._decode(self._forward(X).mean(0))

    def predict_log_proba(self, X):
        """Predict logarithms of probabilities, exact also where these are too small to show.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``.
        """
        log_p = self._forward_log_probabilities(X)
        return self._decode(torch.logsumexp(log_p, 0) - np.log(len(log_p)))

    def _decode(self, predictions):
        return predictions.numpy()

    def _criterion(self):
        return MultilabelLogLoss() if self._multilabel else LogLoss()

    def _encode_target(self, y, reset):
        assert_all_finite(y, input_name="y")
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        check_classification_targets(y)
        if kind == "multilabel-indicator":
            return self._encode_labels(y, reset)
        y = column_or_1d(y, warn=True)
        if reset:
            announced = getattr(self, "_announced_classes", None)
            self._multilabel = False
            self.classes_ = np.unique(y if announced is None else announced)
            if len(self.classes_) < 2:
                raise ValueError(
                    f"y has only one class, {self.classes_.tolist()}; two or more are needed."
                )
            self._n_raw_outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        new = np.setdiff1d(y, self.classes_)
        if self._multilabel or len(new):
            raise ValueError(
                f"y has the classes {new.tolist()}, which are not among those known, "
                f"{self.classes_.tolist()}."
            )
        return np.searchsorted(self.classes_, y)

    def _encode_labels(self, y, reset):
        y = check_array(y, dtype=np.float64, input_name="y")
        if self.class_weight is not None:
            raise ValueError("class_weight is not for multilabel targets; use sample_weight.")
        if reset:
            self._multilabel, self._n_raw_outputs = True, y.shape[1]
            self.classes_ = np.arange(y.shape[1])
        elif not self._multilabel or y.shape[1] != self._n_raw_outputs:
            raise ValueError(
                f"y has {y.shape[1]} labels, but the networks were made for "
                f"{len(self.classes_)} {'labels' if self._multilabel else 'classes'}."
            )
        return y

    def _weigh(self, target, sample_weight, reset):
        if self.class_weight is None:
            return sample_weight
        if reset:
            present = np.unique(target)
            weights = compute_class_weight(
                _by_code(self.class_weight, self.classes_),
                classes=present,
                y=target,
                sample_weight=sample_weight,
            )
            self._weight_of_class = np.ones(len(self.classes_))
            self._weight_of_class[present] = weights
        weight = self._weight_of_class[target]
        return weight if sample_weight is None else weight * sample_weight

    def __sklearn_tags__(self):
        """Declare several labels."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _by_code(class_weight, classes):
    """Rename the keys of ``class_weight`` from classes to their codes."""
    if isinstance(class_weight, str):
        return class_weight
    codes = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in class_weight if label not in codes]
    if unknown:
        raise ValueError(f"class_weight names {unknown}, not among the classes {list(codes)}.")
    return {codes[label]: weight for label, weight in class_weight.items()}
