"""The networks that choose their dropout rate: DropoutMLPRegressorCV, DropoutMLPClassifierCV."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import get_scorer, log_loss, make_scorer, mean_pinball_loss

from skdropout._estimators.classification import BaseDropoutClassifier
from skdropout._estimators.documentation import documented
from skdropout._estimators.regression import BaseDropoutRegressor
from skdropout._estimators.search.fit import RateSearch
from skdropout._estimators.search.grid import RateGrid

_SCORERS = {
    "squared_error": "neg_mean_squared_error",
    "absolute_error": "neg_mean_absolute_error",
    "poisson": "neg_mean_poisson_deviance",
}


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPRegressorCV(RateSearch, BaseDropoutRegressor, RateGrid):
    """:class:`DropoutMLPRegressor` with its dropout rate chosen by cross-validation.

    The networks of all rates and all folds are trained at once, as one stack, each on its own
    rows; then the rate chosen is trained on all rows. Every network learns centres, scales,
    categories and units from the rows it trains on, and stops by rows that are set aside from
    those, never by the fold that scores it: rows drawn at random, whole groups where ``fit``
    gets ``groups``, the last rows where the splitter is ordered in time.

    See Also
    --------
    DropoutMLPClassifierCV : The same for classification.
    DropoutMLPRegressor : The same at given rates.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressorCV
    >>> X, y = make_friedman1(n_samples=200, random_state=0)
    >>> search = DropoutMLPRegressorCV((32,), dropouts=[0, 0.2, 0.8], cv=3, max_iter=30,
    ...                                random_state=0)
    >>> search.fit(X, y).dropout_
    0.0
    >>> search.scores_.shape
    (3, 3)
    """

    _parameter_constraints = {  # noqa: RUF012
        **RateGrid._parameter_constraints,
        **BaseDropoutRegressor._parameter_constraints,
    }

    def _minus_loss(self, target):
        if self.loss == "quantile":
            return make_scorer(mean_pinball_loss, greater_is_better=False, alpha=self.quantile)
        return get_scorer(_SCORERS[self.loss])


@documented
@dataclass(eq=False, repr=False)
class DropoutMLPClassifierCV(RateSearch, BaseDropoutClassifier, RateGrid):
    """:class:`DropoutMLPClassifier` with its dropout rate chosen by cross-validation.

    The networks of all rates and all folds are trained at once, as one stack, each on its own
    rows; then the rate chosen is trained on all rows. Every network learns centres, scales and
    categories from the rows it trains on, and stops by rows that are set aside from those, never
    by the fold that scores it: rows drawn at random from each class, whole groups where ``fit``
    gets ``groups``, the last rows where the splitter is ordered in time. Weights of classes are
    computed once, from all rows, as in ``LogisticRegressionCV``.

    See Also
    --------
    DropoutMLPRegressorCV : The same for regression.
    DropoutMLPClassifier : The same at given rates.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdropout import DropoutMLPClassifierCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = DropoutMLPClassifierCV((32,), dropouts=[0, 0.2, 0.8], cv=3, max_iter=30,
    ...                                 random_state=0)
    >>> search.fit(X, y).scores_.shape
    (3, 3)
    """

    _parameter_constraints = {  # noqa: RUF012
        **RateGrid._parameter_constraints,
        **BaseDropoutClassifier._parameter_constraints,
    }

    def _minus_loss(self, target):
        if target is not None and target.is_multilabel:
            return _minus_multilabel_loss
        return make_scorer(
            log_loss,
            response_method="predict_proba",
            greater_is_better=False,
            labels=None if target is None else target.classes,
        )


def _minus_multilabel_loss(estimator, X, y, sample_weight=None):
    """Score by log-loss, averaged over labels; scikit-learn's own takes one label a row."""
    labels, p = np.asarray(y, dtype=bool), estimator.predict_proba(X)
    of_row = np.log(np.where(labels, p, 1 - p).clip(np.finfo(p.dtype).eps)).mean(1)
    return float(np.average(of_row, weights=sample_weight))
