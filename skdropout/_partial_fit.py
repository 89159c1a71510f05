"""Networks at given rates of dropout, which can be trained a pass at a time."""

from dataclasses import dataclass

from skdropout._classification import BaseDropoutClassifier
from skdropout._regression import BaseDropoutRegressor
from skdropout._sklearn_private import fit_context

__all__ = ["IncrementalClassifier", "IncrementalRegressor"]


@dataclass(eq=False, repr=False)
class IncrementalRegressor(BaseDropoutRegressor):
    """``partial_fit`` for regression."""

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
        self : object
            The estimator, trained further.
        """
        return self._partial_fit(X, y, sample_weight)


@dataclass(eq=False, repr=False)
class IncrementalClassifier(BaseDropoutClassifier):
    """``partial_fit`` for classification."""

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
        self : object
            The estimator, trained further.
        """
        self._announced_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._announced_classes
