"""The estimators that choose their dropout rate."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.metrics import get_scorer, log_loss, make_scorer, mean_pinball_loss
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators.classification import BaseDropoutClassifier
from skdropout._estimators.documentation import documented
from skdropout._estimators.regression import BaseDropoutRegressor, quantiles_of
from skdropout._estimators.search.conformal import METHODS, Intervals, Sets, conformal_of
from skdropout._estimators.search.grid import RateGrid
from skdropout._estimators.search.rate_search import RateSearch
from skdropout._estimators.search.spread import Spreads, joined
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

    def predict_interval(
        self, X: TableLike, coverage: float = 0.9, method: Literal["cv+", "scaled"] = "cv+"
    ) -> np.ndarray:
        r"""Predict intervals that hold a share of new targets, by CV+ [1]_.

        The networks of each fold k, in their weighted mean, predict an interval from
        :math:`l_k(x)` to :math:`u_k(x)`, of a spread :math:`s_k(x)`. With :math:`k(i)` the fold
        that tests row i, this row's target is off by
        :math:`R_i = \max(l_{k(i)}(x_i) - y_i,\, y_i - u_{k(i)}(x_i)) / s_{k(i)}(x_i)`. The interval
        of a new row goes from the :math:`\lfloor \alpha (n + 1) \rfloor`-th smallest of
        :math:`l_{k(i)}(x) - R_i s_{k(i)}(x)` to the
        :math:`\lceil (1 - \alpha)(n + 1) \rceil`-th smallest of
        :math:`u_{k(i)}(x) + R_i s_{k(i)}(x)`, where :math:`1 - \alpha` is the coverage.

        A network of one prediction takes it for both ends. One of several quantiles takes those of
        equal tails, :math:`\alpha / 2` and :math:`1 - \alpha / 2`, by interpolation between the
        quantiles fitted, beyond these the outermost: conformalised quantiles [2]_.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Share of new targets to lie within, in (0, 1).
        method : {"cv+", "scaled"}, default="cv+"
            What the spread is. "cv+": one, so every interval reaches about as far. "scaled":
            the size of errors where the row is, so intervals are narrow where there is little
            noise; of several quantiles it is the distance of the two. Sizes of errors are learnt
            for each fold from the rows that its networks were fitted on, by boosted trees
            with the Poisson loss, and are at least 0.2 of the typical one.

        Returns
        -------
        intervals : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper ends in units of the target; infinite where the training rows are too
            few for the coverage. Several outputs are covered each by itself.

        Raises
        ------
        ValueError
            If ``coverage`` is no such share, or ``method`` is none, or there are no networks of
            folds, or folds do not test every training row once.

        Notes
        -----
        Where new rows are drawn as the training rows were, and the rate was fixed beforehand, at
        least a share ``1 - 2 * alpha`` is covered, less a term of the order of the square root of
        1 / n, whatever the data, by both methods [1]_; in practice it is near ``1 - alpha``. A rate
        chosen by these folds weakens that a little. The share is one of all rows: among rows of a
        kind it may be less, by "scaled" and by quantiles less so. ``sample_weight`` is not taken
        into account.

        References
        ----------
        .. [1] R. Barber, E. Candes, A. Ramdas, R. Tibshirani, "Predictive Inference with the
           Jackknife+", Annals of Statistics 49, 2021, arXiv 1905.02928.
        .. [2] Y. Romano, E. Patterson, E. Candes, "Conformalized Quantile Regression", NeurIPS
           2019.

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
        conformal = conformal_of(self, coverage, "intervals")
        if method not in METHODS:
            raise ValueError(f"method={method!r} must be one of {[*METHODS]}.")
        predictions = self._decode(self._forward(X))
        each = predictions.reshape(*predictions.shape[:2], -1)
        of_folds = conformal.held_out.of_folds(each, self.member_weights_)

        def cells():
            return joined(*self._plan.encoder.transform(X, self, np.float32))

        found = conformal.around(of_folds, cells, coverage, method)
        return found[:, 0] if conformal.y.ndim == 1 else found

    def _conformal(self, kept, held_out, y, unseen, fitted):
        target, y = kept.plan.target, np.asarray(y, dtype=float)
        quantiles, spreads, of_rows = quantiles_of(target.criterion), None, None
        if not quantiles:
            encoder, rows = kept.plan.encoder, [fold.fit for fold in kept.folds]
            read = [*encoder.numeric_, *encoder.categorical_]
            cells = joined(kept.table.numeric.numpy(), kept.table.codes.numpy())
            decoded = [target.decode(part).reshape(len(part), -1) for part in fitted]
            by_output = y.reshape(len(y), -1)
            spreads = Spreads.learn(
                cells,
                encoder.n_levels,
                [np.flatnonzero(plan.screening.kept[read]) for plan in kept.plans],
                rows,
                [part / target.scale for part in decoded],
                [np.abs(by_output[of] - part) for of, part in zip(rows, decoded, strict=True)],
            )
            known = np.broadcast_to(
                unseen.reshape(by_output.shape) / target.scale, (held_out.n_folds, *by_output.shape)
            )
            of_rows = spreads(cells, known)[held_out.fold_of_row, np.arange(len(y))]
        return Intervals(held_out, y, unseen, quantiles, target.scale, spreads, of_rows)

    def _minus_loss(self, target):
        if self.loss == "quantile":
            quantiles = np.atleast_1d(self.quantile).tolist()
            return make_scorer(_pinball_losses, greater_is_better=False, quantiles=quantiles)
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

    def predict_set(self, X: TableLike, coverage: float = 0.9) -> np.ndarray:
        r"""Predict sets of classes that hold a share of new rows' classes: adaptive sets [1]_.

        A class's score is the probability of all classes that are more probable than it. With
        :math:`k(i)` the fold that tests row i and :math:`E_i` the score of this row's class by the
        networks of its fold, which did not see it, a class y is in the set of a new row x if fewer
        than :math:`(1 - \alpha)(n + 1)` training rows have :math:`E_i < E_{k(i)}(x, y)`, where
        :math:`1 - \alpha` is the coverage; so is the class that is predicted. Sets are large where
        the networks are in doubt.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Share of new rows whose class is in their set, in (0, 1).

        Returns
        -------
        sets : ndarray of bool of shape (n_samples, n_classes)
            Which of ``classes_`` are in each row's set; one at least.

        Raises
        ------
        ValueError
            If ``coverage`` is no such share, or targets are labels that may hold together, or there
            are no networks of folds, or folds do not test every training row once.

        Notes
        -----
        Where new rows are drawn as the training rows were, and the rate was fixed beforehand, at
        least a share ``1 - 2 * alpha`` is covered, less a term of the order of the square root of
        1 / n, whatever the data [1]_; in practice it is ``1 - alpha`` or more. It is more where the
        networks are right more often than that: no class is left out by drawing lots, as the paper
        does to be exact, so the same rows have the same sets. A rate chosen by these folds weakens
        the guarantee a little.

        References
        ----------
        .. [1] Y. Romano, M. Sesia, E. Candes, "Classification with Valid and Adaptive Coverage",
           NeurIPS 2020 (CV+).

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdropout import DropoutMLPClassifierCV
        >>> X, y = load_iris(return_X_y=True)
        >>> search = DropoutMLPClassifierCV((32,), dropouts=[0, 0.2], cv=3, max_iter=30,
        ...                                 refit="bag", random_state=0).fit(X, y)
        >>> search.predict_set(X[:5], coverage=0.95).shape
        (5, 3)
        """
        check_is_fitted(self)
        if self._plan.target.is_multilabel:
            raise ValueError(
                "y has labels that may hold together, and a set is of classes of which one holds; "
                "fit one classifier for each label."
            )
        conformal = conformal_of(self, coverage, "sets of classes")
        each = self._forward(X)
        of_folds = conformal.held_out.of_folds(each.numpy(), self.member_weights_)
        return conformal.around(of_folds, self._mean(each).numpy().argmax(1), coverage)

    def _conformal(self, kept, held_out, y, unseen, fitted):
        target = kept.plan.target
        return None if target.is_multilabel else Sets.learn(held_out, unseen, target.encode(y))

    def _minus_loss(self, target):
        if target is not None and target.is_multilabel:
            return _minus_multilabel_loss
        return make_scorer(
            log_loss,
            response_method="predict_proba",
            greater_is_better=False,
            labels=None if target is None else target.classes,
        )


def _pinball_losses(y, predictions, quantiles, sample_weight=None):
    """Return the pinball losses of quantiles, summed; predictions have a column for each."""
    columns = [predictions] if len(quantiles) == 1 else predictions.T
    of_quantiles = [
        mean_pinball_loss(y, column, alpha=quantile, sample_weight=sample_weight)
        for quantile, column in zip(quantiles, columns, strict=True)
    ]
    return sum(of_quantiles)


def _minus_multilabel_loss(estimator, X, y, sample_weight=None):
    """Score by log-loss, averaged over labels; scikit-learn's own takes one label a row."""
    labels, p = np.asarray(y, dtype=bool), estimator.predict_proba(X)
    of_row = np.log(np.where(labels, p, 1 - p).clip(np.finfo(p.dtype).eps)).mean(1)
    return float(np.average(of_row, weights=sample_weight))
