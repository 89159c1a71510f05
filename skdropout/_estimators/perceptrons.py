"""Networks at given rates of dropout, which can be trained a pass at a time."""

from dataclasses import dataclass
from typing import Self

from numpy.typing import ArrayLike

from skdropout._estimators.classification import BaseDropoutClassifier
from skdropout._estimators.documentation import documented
from skdropout._estimators.parameters import DropoutRates
from skdropout._estimators.regression import BaseDropoutRegressor
from skdropout._estimators.trying import TriesRecipes
from skdropout._sklearn_private import fit_context
from skdropout._table import TableLike


@dataclass(eq=False, repr=False)
class IncrementalRegressor(BaseDropoutRegressor):
    """``partial_fit`` for regression."""

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go once over the given rows, with a constant learning rate.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
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
    def partial_fit(
        self,
        X: TableLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go once over the given rows, with a constant learning rate.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
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
        return self._partial_fit(X, y, sample_weight, classes)


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPRegressor(TriesRecipes, IncrementalRegressor, DropoutRates):
    """Multilayer perceptrons with dropout, for regression on tables of mixed columns.

    Columns of numbers and of categories are encoded inside, missing cells included; the target
    is standardised for training and predictions are in its units. Inputs and hidden units are
    dropped in training only.

    See Also
    --------
    DropoutMLPClassifier : The same for classification.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> X, y = make_friedman1(n_samples=300, random_state=0)
    >>> model = DropoutMLPRegressor((32,), dropout=0.05, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict(X[:2]).shape
    (2,)
    """

    _parameter_constraints = {  # noqa: RUF012
        **DropoutRates._parameter_constraints,
        **IncrementalRegressor._parameter_constraints,
    }


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPClassifier(TriesRecipes, IncrementalClassifier, DropoutRates):
    """Multilayer perceptrons with dropout, for classification on tables of mixed columns.

    Two or more classes, or several labels that may hold together. Columns of numbers and of
    categories are encoded inside, missing cells included. Probabilities are averaged over the
    networks. Inputs and hidden units are dropped in training only.

    See Also
    --------
    DropoutMLPRegressor : The same for regression.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdropout import DropoutMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DropoutMLPClassifier((32,), dropout=0.05, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict_proba(X[:2]).shape
    (2, 3)
    """

    _parameter_constraints = {  # noqa: RUF012
        **DropoutRates._parameter_constraints,
        **IncrementalClassifier._parameter_constraints,
    }
