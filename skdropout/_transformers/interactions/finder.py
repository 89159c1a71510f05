"""SmoothHessInteractions: columns that act together, found and handed on as columns."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators import Adopting, DropoutMLPRegressor
from skdropout._sklearn_private import Interval, StrOptions, check_feature_names_in, fit_context
from skdropout._table import TableLike
from skdropout._transformers.interactions.finding import Finds
from skdropout._transformers.interactions.networks import routed
from skdropout._transformers.interactions.pair_columns import (
    Found,
    LocalHessians,
    append,
    pair_names,
)
from skdropout._transformers.interactions.target import TARGET_TYPES
from skdropout.inspection._inner import as_table


@dataclass(eq=False, repr=False)
class SmoothHessInteractions(Found, Finds, Adopting, TransformerMixin, BaseEstimator):
    """Find the pairs of columns that act together, and append their products.

    An estimator is fitted to the table, by default an ensemble of the library's networks, and the
    pairs of columns are ranked by how strongly they act together in it (see
    :func:`~skdropout.inspection.interaction_strengths`). ``interactions_`` is what
    ``ExplainableBoostingRegressor(interactions=...)`` takes; ``transform`` gives a linear model
    what it lacks.

    Parameters
    ----------
    estimator : estimator, default=None
        What to fit and to measure; a fitted one in a ``FrozenEstimator`` is used as it is. None
        are networks of this library, trained side by side on different quarters of the rows left
        out, with dropout at a rate of 0.15 and without; those whose validation loss is at most 1.2
        times the least are used. With up to 32 columns, networks by the library's own first recipe
        are trained too, and taken where their validation loss is less by a tenth.
    n_interactions : int or "auto", default=10
        Number of pairs, or groups, to keep. "auto" keeps all those that pass at ``error_rate``.
    error_rate : float, default=0.05
        With ``n_interactions="auto"``: how many of those that are kept may be false, on average and
        as a share. Each is tested on rows that networks have not seen, see
        :func:`~skdropout.inspection.interaction_tests`. The default networks have left such rows
        out; a given ``estimator`` is fitted four times more for that, to three quarters of the rows
        each.
    method : {"smooth_hessian", "superset", "conditional", "auto"}, default="auto"
        How to measure, see ``interaction_strengths``. "superset" and "conditional" need no
        gradients.
    max_order : int, default=2
        Largest number of columns of an interaction, 2 to 5.
    exhaustive : bool, default=False
        Whether to look at all groups of up to ``max_order`` columns, not only at those that grow
        from strong pairs; ``interaction_strengths`` says what growing can miss.
    sigma : float, default=0.25
        Noise that smooths second derivatives, in units of each column's standard deviation.
    n_perturbations : int or "auto", default="auto"
        Gradients a row and network, even. "auto" is what ``interaction_strengths`` takes to rank;
        for ``output="hessian"`` it doubles them, up to 8,192, until the standard error of each new
        column, over up to 200 rows of ``fit``, is below a fifth of the column's standard deviation
        or a thousandth of the output's own; ``transform`` then takes as many at every row.
    output : {"product", "hessian"}, default="product"
        What ``transform`` makes of a pair: the product of both columns, or the row's own smoothed
        second derivative along them (needs a model with gradients and a single output), see Notes.
    n_points : int, default=1000
        Number of rows, drawn at random, to average over.
    exclude : sequence of int or str, default=None
        Columns, by index or name, that no pair may contain.
    passthrough : bool, default=True
        Whether ``transform`` returns the columns it is given too, before the new ones.
    target_type : {"auto", "continuous", "classes"}, default="auto"
        What the target is taken for. A classifier or regressor given as ``estimator`` decides, and
        "auto" is what it says. Else "auto" takes whole numbers for classes, as scikit-learn's
        ``type_of_target`` does, but not if they are more than 50 different ones.
    device : str or torch.device, default="auto"
        Where the default estimator is trained.
    n_jobs : int or None, default=None
        Number of joblib's workers that fit a given ``estimator`` to parts of the rows, with
        ``n_interactions="auto"``; what they find does not depend on it. The default networks are
        one stack, trained at once.
    random_state : int, RandomState instance or None, default=None
        Source of randomness of the default estimator and of the measurement.
    verbose : int, default=0
        1 shows the progress of the default estimator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.

    interactions_ : list of tuple of int
        Pairs, or groups, of column indices, strongest first.

    interaction_strengths_ : ndarray of shape (n_interactions,)
        Their strengths, on one scale.

    interaction_errors_ : ndarray of shape (n_interactions,)
        Standard errors of the strengths, over rows.

    interaction_shares_ : ndarray of shape (n_interactions,)
        What each carries of the variance of the model's output.

    q_values_ : ndarray of shape (n_interactions,) or None
        The false discovery rate at which each would just pass; None unless
        ``n_interactions="auto"``.

    tests_ : Bunch or None
        The tests of all candidates, the 500 strongest, kept or not, as
        ``interaction_tests`` returns them.

    strengths_ : ndarray of shape (n_features, n_features)
        Strength of every pair: symmetric, with zero diagonal.

    dependence_ : ndarray of shape (n_features,) or None
        How far each column is determined by all others, see ``interaction_strengths``; None with
        ``method="smooth_hessian"``.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where they are all strings.

    Notes
    -----
    The new columns are products of deviations from the mean, in robust units of spread; a missing
    cell counts as the mean. A category stands for its mean target, shrunk towards that of all (with
    several outputs or classes, for that of their first principal component).

    A second derivative says how much the output changes, beyond what either column does alone, as
    both columns grow by one standard deviation of theirs in ``fit``: it has the output's unit. That
    is, as in ``interaction_strengths``, the standardised target (its logarithm where the loss has
    a log link), the log-odds of the second class or, of more classes, the centred log-odds of the
    predicted one. A category "grows" from the mean vector of all rows to the row's own.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858.

    Examples
    --------
    >>> import numpy as np
    >>> from skdropout import DropoutMLPRegressor, SmoothHessInteractions
    >>> X = np.random.default_rng(0).normal(size=(300, 4))
    >>> y = X[:, 0] * X[:, 2] + X[:, 1]
    >>> net = DropoutMLPRegressor((32,), learning_rate_init=0.01, max_iter=30, random_state=0)
    >>> finder = SmoothHessInteractions(net, n_interactions=1, random_state=0).fit(X, y)
    >>> finder.interactions_
    [(0, 2)]
    >>> finder.get_feature_names_out()
    array(['x0', 'x1', 'x2', 'x3', 'x0 x2'], dtype=object)
    """

    estimator: BaseEstimator | None = None
    _: KW_ONLY
    n_interactions: int | Literal["auto"] = 10
    error_rate: float = 0.05
    method: Literal["smooth_hessian", "superset", "conditional", "auto"] = "auto"
    max_order: int = 2
    exhaustive: bool = False
    sigma: float = 0.25
    n_perturbations: int | Literal["auto"] = "auto"
    output: Literal["product", "hessian"] = "product"
    n_points: int = 1000
    exclude: Sequence[int | str] | None = None
    passthrough: bool = True
    target_type: Literal["auto", "continuous", "classes"] = "auto"
    device: str | torch.device = "auto"
    n_jobs: int | None = None
    random_state: int | np.random.RandomState | None = None
    verbose: int = 0

    _parameter_constraints = {  # noqa: RUF012
        "estimator": [BaseEstimator, None],
        "n_interactions": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "error_rate": [Interval(Real, 0, 1, closed="neither")],
        "method": [StrOptions({"auto", "smooth_hessian", "superset", "conditional"})],
        "max_order": [Interval(Integral, 2, 5, closed="both")],
        "exhaustive": ["boolean"],
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "n_perturbations": [Interval(Integral, 2, None, closed="left"), StrOptions({"auto"})],
        "output": [StrOptions({"product", "hessian"})],
        "n_points": [Interval(Integral, 2, None, closed="left")],
        "exclude": ["array-like", None],
        "passthrough": ["boolean"],
        "target_type": [StrOptions(TARGET_TYPES)],
        "device": [str, torch.device],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: TableLike, y: ArrayLike | None = None, **fit_params: Any) -> Self:
        """Fit the estimator and rank the pairs.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Numbers and categories; what cells may be missing is the estimator's affair.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        **fit_params : dict
            Passed to the estimator's ``fit``; with metadata routing, if it requests them.

        Returns
        -------
        self : SmoothHessInteractions
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter, a column or the target cannot be used.
        KeyboardInterrupt
            If a training is interrupted; then nothing has changed. Of a given ``estimator`` that
            has finished an epoch and is not to be fitted again, what was learnt is kept.

        Warns
        -----
        UserWarning
            If columns depend strongly on others, see ``interaction_strengths``; or if
            ``n_interactions="auto"`` keeps nothing: which one came nearest.
        RuntimeWarning
            If ``output="hessian"`` needs more gradients than "auto" takes; it says how large the
            errors still are.
        """
        return self._adopt(self._find(X, y, fit_params))

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X: TableLike, y: ArrayLike | None = None, **fit_params: Any) -> Any:
        """Fit, and return what ``transform`` gives of the same rows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows to learn from and to transform.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        **fit_params : dict
            As of ``fit``.

        Returns
        -------
        X_new : ndarray or data frame of shape (n_samples, n_features_out)
            As of ``transform``.
        """
        found = self._find(X, y, fit_params)
        output = self._bare()._adopt(found)._columns_of(X)
        self._adopt(found)
        return output

    def transform(self, X: TableLike) -> Any:
        """Return products of the columns that act together.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows of the layout seen in fit.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            The columns of ``X`` if ``passthrough``, and one for each pair (see ``output``). A data
            frame if ``X`` is one whose columns are not all numbers.
        """
        check_is_fitted(self)
        return self._columns_of(X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the columns of ``transform``: pairs as ``PolynomialFeatures`` does, "x0 x2".

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns, where fit saw none.

        Returns
        -------
        names : ndarray of str
            Names of the columns.

        Raises
        ------
        ValueError
            If ``input_features`` are not the names seen in fit, or not as many.
        """
        check_is_fitted(self)
        names = list(np.asarray(check_feature_names_in(self, input_features)))
        pairs = pair_names(names, self.interactions_)
        return np.array((names if self.passthrough else []) + pairs, dtype=object)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say that what ``fit`` is given goes to the estimator.

        Returns
        -------
        routing : MetadataRouter
            Where metadata go.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        estimator = self.estimator
        if estimator is None:
            estimator = routed(DropoutMLPRegressor())
        return MetadataRouter(owner=self).add(estimator=estimator, method_mapping=mapping)

    def _columns_of(self, X):
        cells = self._plan.encoder.transform(X, self)  # checks the columns
        columns = self._plan.columns
        if (self.output == "hessian") != isinstance(columns, LocalHessians):
            raise NotFittedError(f"output={self.output!r} was set after fit; call fit again.")
        if isinstance(columns, LocalHessians):
            values = columns(as_table(X), self.interactions_)
        else:
            values = columns.products(*cells, self.interactions_)
        if not self.passthrough:
            return values
        return append(X, pair_names(self._plan.encoder.names_, self.interactions_), values)

    def __sklearn_tags__(self):
        """Declare that a target is needed, and leave missing cells to the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
