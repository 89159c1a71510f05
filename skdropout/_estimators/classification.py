"""What classification adds to the template of fit: classes, labels, probabilities."""

from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skdropout._estimators.checks import near_one
from skdropout._estimators.template import BaseDropoutMLP
from skdropout._sklearn_private import StrOptions
from skdropout._stack import LogLoss, MultilabelLogLoss
from skdropout._table import TableLike


@dataclass(frozen=True, eq=False)
class Classes:
    """How one class a row is read, and weighed.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    weights : ndarray of shape (n_classes,) or None
    """

    classes: np.ndarray
    weights: np.ndarray | None

    criterion = LogLoss()
    is_multilabel = False

    @property
    def fitted(self):
        """What the estimator shows of it."""
        return {"classes_": self.classes}

    @property
    def n_raw_outputs(self):
        """How many outputs a network has."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def encode(self, y):
        """Return the place of each row's class among the classes."""
        y, is_multilabel = _checked(y)
        new = y if is_multilabel else np.setdiff1d(y, self.classes)
        if len(new):
            raise ValueError(
                f"y has the classes {new.tolist()}, which are not among those known, "
                f"{self.classes.tolist()}."
            )
        return np.searchsorted(self.classes, y)

    def explained(self, encoded):
        """Return what columns may tell of encoded classes: one indicator of two, or one each."""
        codes = np.arange(len(self.classes))[-self.n_raw_outputs :]
        return (encoded[:, None] == codes).astype(float)

    def weigh(self, encoded, sample_weight):
        """Return the rows' weights: those of their classes times those given."""
        if self.weights is None:
            return sample_weight
        weight = self.weights[encoded]
        return weight if sample_weight is None else weight * sample_weight

    def decode(self, predictions):
        """Return a tensor of probabilities as an array."""
        return predictions.numpy()


@dataclass(frozen=True, eq=False)
class Labels:
    """How several labels a row are read, which may hold together.

    Attributes
    ----------
    n_raw_outputs : int
        How many labels there are, and outputs of a network.
    """

    n_raw_outputs: int

    criterion = MultilabelLogLoss()
    is_multilabel = True
    decode = Classes.decode

    @property
    def fitted(self):
        """What the estimator shows of it."""
        return {"classes_": np.arange(self.n_raw_outputs)}

    def encode(self, y):
        """Return labels as numbers, (n_rows, n_labels)."""
        y, is_multilabel = _checked(y)
        if not is_multilabel or y.shape[1] != self.n_raw_outputs:
            found = f"{y.shape[1]} labels" if is_multilabel else "one class a row"
            raise ValueError(
                f"y has {found}, but the networks were made for {self.n_raw_outputs} labels."
            )
        return y

    def explained(self, encoded):
        """Return what columns may tell of encoded labels: each of them."""
        return encoded

    def weigh(self, encoded, sample_weight):
        """Return the rows' weights, which are as given."""
        return sample_weight


def learn_classes(y, class_weight, sample_weight, announced):
    """Return how targets like ``y`` are read: as ``Classes`` or as ``Labels``.

    Parameters
    ----------
    y : array-like
    class_weight : dict, "balanced" or None
    sample_weight : ndarray or None
    announced : array-like or None
        All classes there will ever be; None: those in ``y``.
    """
    y, is_multilabel = _checked(y)
    if is_multilabel:
        if class_weight is not None:
            raise ValueError("class_weight is not for multilabel targets; use sample_weight.")
        return Labels(y.shape[1])
    with _comparable():
        classes = np.unique(y if announced is None else announced)
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {classes.tolist()}; two or more are needed.")
    if class_weight is None:
        return Classes(classes, None)
    codes = Classes(classes, None).encode(y)
    present = np.unique(codes)
    weights = np.ones(len(classes))
    try:
        weights[present] = compute_class_weight(
            _by_code(class_weight, classes), classes=present, y=codes, sample_weight=sample_weight
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_weight={class_weight!r} cannot be used: {error}") from error
    if (weights < 0).any():
        raise ValueError(
            f"class_weight={class_weight!r} gives a class a negative weight; give each zero or "
            "more."
        )
    return Classes(classes, near_one(weights))


@contextmanager
def _comparable():
    """Refuse targets by name where NumPy cannot sort them."""
    try:
        yield
    except TypeError as error:
        raise ValueError(
            f"y mixes classes that cannot be compared ({error}); give words, or numbers."
        ) from error


def kind_of_target(y):
    """Return what scikit-learn calls the type of a target whose cells are all there."""
    if hasattr(y, "isna") and np.any(y.isna()):  # of which scikit-learn asks whether it is true
        raise ValueError("y has missing cells; leave out these rows, or name a class for them.")
    assert_all_finite(y, input_name="y")
    with _comparable():
        return type_of_target(y, input_name="y", raise_unknown=True)


def _checked(y):
    """Return targets as an array, and whether they are labels that may hold together."""
    kind = kind_of_target(y)
    check_classification_targets(y)
    if kind == "multilabel-indicator":
        return check_array(y, dtype=np.float64, input_name="y"), True
    return column_or_1d(y, warn=True), False


def _by_code(class_weight, classes):
    """Rename the keys of ``class_weight`` from classes to their codes."""
    if isinstance(class_weight, str):
        return class_weight
    codes = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in class_weight if label not in codes]
    if unknown:
        raise ValueError(f"class_weight names {unknown}, not among the classes {list(codes)}.")
    return {codes[label]: weight for label, weight in class_weight.items()}


@dataclass(eq=False, repr=False)
class BaseDropoutClassifier(ClassifierMixin, BaseDropoutMLP):
    """A stack of networks for classification, wherever its dropout rates come from.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn's classifiers; they multiply ``sample_weight``.
        Not for multilabel targets.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, or the numbers of the labels.
    """

    _: KW_ONLY
    class_weight: dict | Literal["balanced"] | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }
    _target_parameters = ()

    def predict(self, X: TableLike) -> np.ndarray:
        """Predict the most probable class, or every label more probable than not.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix.
        """
        probabilities = self.predict_proba(X)
        if self._plan.target.is_multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(1)]

    def predict_proba(self, X: TableLike) -> np.ndarray:
        """Predict probabilities, averaged over the networks.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``.
        """
        return self._decode(self._forward(X, self._mean))

    def predict_log_proba(self, X: TableLike) -> np.ndarray:
        """Predict logarithms of probabilities, exact also where these are too small to show.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``.
        """
        return self._decode(self._forward_log_probabilities(X, self._log_of_mean))

    def _log_of_mean(self, logs):
        largest = logs.amax(0)
        return self._mean((logs - largest).exp()).log() + largest

    def _criterion(self):
        return None  # the target decides

    def _learn_target(self, y, weight, criterion, announced):
        return learn_classes(y, self.class_weight, weight, announced)

    def __sklearn_tags__(self):
        """Declare several labels."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
