"""The networks: DropoutMLPRegressor and DropoutMLPClassifier."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skdropout._base import BaseDropoutMLP
from skdropout._docs import documented
from skdropout._losses import (
    AbsoluteError,
    LogLoss,
    MultilabelLogLoss,
    Pinball,
    Poisson,
    SquaredError,
)
from skdropout._sklearn_private import Interval, StrOptions, fit_context

__all__ = ["DropoutMLPClassifier", "DropoutMLPRegressor"]

_LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "poisson": Poisson,
    "quantile": Pinball,
}


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPRegressor(RegressorMixin, BaseDropoutMLP):
    """Multilayer perceptrons with dropout, for regression on tables of mixed columns.

    Columns of numbers and of categories are encoded inside, missing cells included; the target
    is standardised for training and predictions are in its units. Inputs and hidden units are
    dropped in training only.

    Parameters
    ----------
    {parameters}

    {attributes}

    See Also
    --------
    DropoutMLPClassifier : The same for classification.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.
    .. [2] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction Effects",
       AISTATS 2022.
    .. [3] C. Guo, F. Berkhahn, "Entity Embeddings of Categorical Variables", arXiv 1604.06737,
       2016.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> X, y = make_friedman1(n_samples=300, random_state=0)
    >>> model = DropoutMLPRegressor((32,), dropout=0.05, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict(X[:2]).shape
    (2,)
    """

    loss: str = "squared_error"
    quantile: float | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "loss": [StrOptions(set(_LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither"), None],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Go once over the given rows, with a constant learning rate.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to train on. The first call learns categories and units, so it should hold
            rows that are like those to come.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : DropoutMLPRegressor
            The estimator, trained further.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X, return_std=False):
        """Predict the target, averaged over the networks.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return the networks' standard deviation too.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions in units of the target.
        std : ndarray of the same shape
            Only with ``return_std``: standard deviation over the networks, in the same units.

        Raises
        ------
        ValueError
            If ``return_std`` is asked of a single network.
        """
        predictions = self._forward(X)
        if return_std and len(predictions) == 1:
            raise ValueError("return_std=True needs several networks; fit with n_members > 1.")
        mean = self._decode(predictions.mean(0))
        return (mean, np.std(self._decode(predictions), axis=0, ddof=1)) if return_std else mean

    def _decode(self, predictions):
        y = predictions.numpy() * self._target_scale + self._target_location
        return y[..., 0] if self._single_output else y

    def _criterion(self):
        if self.loss == "quantile":
            if self.quantile is None:
                raise ValueError("loss='quantile' needs quantile=, a number in (0, 1).")
            return Pinball(self.quantile)
        return _LOSSES[self.loss]()

    def _encode_target(self, y, reset):
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        y = y.reshape(len(y), -1)
        if self.loss == "poisson" and (y.min() < 0 or (reset and not y.any(axis=0).all())):
            raise ValueError(
                "loss='poisson' needs y >= 0 with a positive sum; "
                f"y lies between {y.min()} and {y.max()}."
            )
        if reset:
            self._n_raw_outputs, self._single_output = y.shape[1], y.shape[1] == 1
        elif y.shape[1] != self._n_raw_outputs:
            raise ValueError(
                f"y has {y.shape[1]} outputs, but the networks have {self._n_raw_outputs}."
            )
        return y

    def __sklearn_tags__(self):
        """Declare several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPClassifier(ClassifierMixin, BaseDropoutMLP):
    """Multilayer perceptrons with dropout, for classification on tables of mixed columns.

    Two or more classes, or several labels that may hold together. Columns of numbers and of
    categories are encoded inside, missing cells included. Probabilities are averaged over the
    networks. Inputs and hidden units are dropped in training only.

    Parameters
    ----------
    {parameters}

    {attributes}

    See Also
    --------
    DropoutMLPRegressor : The same for regression.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.
    .. [2] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction Effects",
       AISTATS 2022.
    .. [3] C. Guo, F. Berkhahn, "Entity Embeddings of Categorical Variables", arXiv 1604.06737,
       2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdropout import DropoutMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DropoutMLPClassifier((32,), dropout=0.05, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict_proba(X[:2]).shape
    (2, 3)
    """

    class_weight: dict | str | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go once over the given rows, with a constant learning rate.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to train on. The first call learns categories and units, so it should hold
            rows that are like those to come.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix of labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed in the first call unless ``y`` holds them
            all.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : DropoutMLPClassifier
            The estimator, trained further.
        """
        self._announced_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._announced_classes

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
