"""The estimators that choose their dropout rate."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import get_scorer, log_loss, make_scorer, mean_pinball_loss
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators.classification import BaseDropoutClassifier
from skdropout._estimators.documentation import documented
from skdropout._estimators.regression import BaseDropoutRegressor
from skdropout._estimators.search.grid import RateGrid
from skdropout._estimators.search.intervals import check_coverage
from skdropout._estimators.search.rate_search import RateSearch
from skdropout._table import TableLike

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
    gets ``groups``, the last rows where the splitter is ordered in time. Columns are chosen by
    both, for each fold by itself.

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

    def predict_interval(self, X: TableLike, coverage: float = 0.9) -> np.ndarray:
        r"""Predict intervals that hold a share of new targets: CV+ [1]_.

        With :math:`R_i` the distance of row i's target from what the networks of its fold, which
        did not see it, predict, and :math:`\mu_{-k(i)}` these networks, the interval goes from the
        :math:`\lfloor \alpha (n + 1) \rfloor`-th smallest of
        :math:`\mu_{-k(i)}(x) - R_i` to the :math:`\lceil (1 - \alpha)(n + 1) \rceil`-th
        smallest of :math:`\mu_{-k(i)}(x) + R_i`, where :math:`1 - \alpha` is the coverage.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Share of new targets to lie within, in (0, 1).

        Returns
        -------
        intervals : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper ends in units of the target; infinite where the training rows are too
            few for the coverage. Several outputs are covered each by itself.

        Raises
        ------
        ValueError
            If ``coverage`` is no such share, or there are no networks of folds, or folds do not
            test every training row once.

        Notes
        -----
        Where new rows are drawn as the training rows were, and the rate was fixed beforehand, at
        least a share ``1 - 2 * alpha`` is covered, less a term of the order of the square root of
        1 / n, whatever the data [1]_; in practice it is near ``1 - alpha``. A rate chosen by these
        folds weakens that a little. The share is one of all rows: among rows of a kind it may be
        less. ``sample_weight`` is not taken into account.

        References
        ----------
        .. [1] R. Barber, E. Candes, A. Ramdas, R. Tibshirani, "Predictive Inference with the
           Jackknife+", Annals of Statistics 49, 2021, arXiv 1905.02928.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> from skdropout import DropoutMLPRegressorCV
        >>> X, y = make_friedman1(n_samples=200, random_state=0)
        >>> search = DropoutMLPRegressorCV((32,), dropouts=[0, 0.2], cv=3, max_iter=30,
        ...                                refit="bag", random_state=0).fit(X, y)
        >>> search.predict_interval(X[:5], coverage=0.8).shape
        (5, 2)
        """
        check_is_fitted(self)
        check_coverage(coverage)
        if getattr(self, "oof_predictions_", None) is None:
            raise ValueError(
                f"refit={self.refit!r} keeps no networks of folds, which intervals are made of; "
                "fit with refit='bag' or refit='ensemble'."
            )
        residuals = self._plan.residuals
        if residuals is None:
            raise ValueError(
                f"cv={self.cv!r} does not test every training row exactly once, so there are no "
                "intervals; fit with folds that do, such as KFold."
            )
        predictions = self._decode(self._forward(X))
        shape = (*predictions.shape[1:], 2)
        each = predictions.reshape(*predictions.shape[:2], -1)
        of_folds = residuals.of_folds(each, self.member_weights_)
        return residuals.intervals(of_folds, coverage).reshape(shape)

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
    gets ``groups``, the last rows where the splitter is ordered in time. Columns are chosen by
    both, for each fold by itself. Weights of classes are computed once, from all rows, as in
    ``LogisticRegressionCV``.

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
