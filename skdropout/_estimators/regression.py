"""What regression adds to the template of fit: losses, units of the target, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.utils import check_array

from skdropout._estimators.template import BaseDropoutMLP
from skdropout._sklearn_private import Interval, StrOptions
from skdropout._stack import AbsoluteError, Pinball, Poisson, Quantiles, SquaredError
from skdropout._table import TableLike

_LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "poisson": Poisson,
    "quantile": Pinball,
}
_LARGEST = np.finfo(np.float64).max
# In units of the target's spread.
_FARTHEST = 1e15


@dataclass(frozen=True, eq=False)
class Values:
    """How the targets of a regression are read, and predictions put into their units.

    Attributes
    ----------
    criterion : loss of a stack
    location, scale : ndarray of shape (n_outputs,)
    is_single : bool
        Whether a row has one prediction, which then has no axis of its own.
    """

    criterion: Any
    location: np.ndarray
    scale: np.ndarray
    is_single: bool

    fitted = {}  # noqa: RUF012, nothing public

    @classmethod
    def learn(cls, y, weight, criterion):
        """Learn units from the first targets."""
        y = _checked(y, criterion)
        if isinstance(criterion, Poisson) and not y.any(axis=0).all():
            raise _not_poisson(y)
        quantiles = quantiles_of(criterion)
        if len(quantiles) and y.shape[1] > 1:
            raise ValueError(
                f"quantile={[*quantiles]} gives every row several predictions of one target, but "
                f"y has {y.shape[1]} columns; fit one model for each column, or give one quantile."
            )
        location, scale = criterion.standardisation(y, weight)
        return cls(criterion, location, scale, y.shape[1] == 1 and not len(quantiles))

    @property
    def n_raw_outputs(self):
        """How many outputs a network has."""
        return len(quantiles_of(self.criterion)) or len(self.location)

    def encode(self, y):
        """Return targets in units of their spread, (n_rows, n_outputs)."""
        y = _checked(y, self.criterion)
        if y.shape[1] != len(self.location):
            raise ValueError(
                f"y has {y.shape[1]} outputs, but the networks have {len(self.location)}."
            )
        with np.errstate(over="ignore"):
            encoded = (y - self.location) / self.scale
            # the difference of two very large numbers leaves the range of floats, of ratios not
            by_ratios = y / self.scale - self.location / self.scale
        encoded = np.where(np.isfinite(encoded), encoded, by_ratios)
        # rows so far off have no weight, but their squares would be infinite
        return encoded.clip(-_FARTHEST, _FARTHEST)

    def explained(self, encoded):
        """Return what columns may tell of encoded targets: what the loss pulls a constant by."""
        if isinstance(self.criterion, Pinball | AbsoluteError):
            quantile = getattr(self.criterion, "quantile", 0.5)
            return (encoded > np.quantile(encoded, quantile, axis=0)).astype(float)
        if len(quantiles_of(self.criterion)):
            return (encoded > np.quantile(encoded, quantiles_of(self.criterion))).astype(float)
        return encoded

    def weigh(self, encoded, sample_weight):
        """Return the rows' weights, which are as given."""
        return sample_weight

    def decode(self, predictions):
        """Return a tensor of predictions (..., n_rows, n_outputs) in the targets' units."""
        with np.errstate(over="ignore"):
            y = predictions.numpy() * self.scale + self.location
        y = y.clip(-_LARGEST, _LARGEST)
        return y[..., 0] if self.is_single else y


def _checked(y, criterion):
    try:
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    except (TypeError, ValueError) as error:
        if "convert" not in str(error):
            raise
        raise ValueError(
            f"y holds what is no number ({error}); classes are for a classifier."
        ) from error
    y = y.reshape(len(y), -1)
    if isinstance(criterion, Poisson) and y.min() < 0:
        raise _not_poisson(y)
    return y


def quantiles_of(criterion):
    """Return the quantiles that are predicted side by side, none where there is one prediction."""
    return criterion.quantiles if isinstance(criterion, Quantiles) else ()


def _criterion_of_quantile(quantile):
    """Return the loss of a quantile, or of several."""
    if quantile is None:
        raise ValueError("loss='quantile' needs quantile=, a number or numbers in (0, 1).")
    if isinstance(quantile, Real):
        return Pinball(quantile)
    try:
        found = np.asarray(quantile, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    is_row = found.ndim == 1 and len(found) > 0
    if not is_row or not ((found > 0) & (found < 1)).all() or not (np.diff(found) > 0).all():
        raise ValueError(
            f"quantile={quantile!r} must be a number in (0, 1), or several in increasing order, "
            "such as [0.05, 0.5, 0.95]."
        )
    return Quantiles(tuple(found.tolist()))


def _spread(predictions, weights):
    """Return the standard deviation over networks, unbiased in its square."""
    mean = np.tensordot(weights, predictions, 1)
    variance = np.tensordot(weights, (predictions - mean) ** 2, 1)
    return np.sqrt(variance / (1 - weights @ weights))


def _not_poisson(y):
    return ValueError(
        f"loss='poisson' needs y >= 0 with a positive sum; y lies between {y.min()} and {y.max()}."
    )


@dataclass(eq=False, repr=False)
class BaseDropoutRegressor(RegressorMixin, BaseDropoutMLP):
    """A stack of networks for regression, wherever its dropout rates come from.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "poisson", "quantile"}, default="squared_error"
        Loss to train on and to stop by. "poisson" has a log link and needs ``y >= 0``; "quantile"
        is the pinball loss of ``quantile``, the sum of these losses where there are several.
    quantile : float or array-like of float, default=None
        Which quantile to estimate with ``loss="quantile"``, in (0, 1), or several in increasing
        order: then ``predict`` has a column for each, and they never cross.
    """

    _: KW_ONLY
    loss: Literal["squared_error", "absolute_error", "poisson", "quantile"] = "squared_error"
    quantile: float | Sequence[float] | np.ndarray | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "loss": [StrOptions(set(_LOSSES))],
        "quantile": ["array-like", Interval(Real, 0, 1, closed="neither"), None],
    }
    _target_parameters = ("loss", "quantile")

    def predict(
        self, X: TableLike, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the target, averaged over the networks.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return the networks' standard deviation too.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs or n_quantiles)
            Predictions in units of the target.
        std : ndarray of the same shape
            Only with ``return_std``: standard deviation over the networks, in the same units.

        Raises
        ------
        ValueError
            If ``return_std`` is asked of a single network.
        """
        if not return_std:
            return self._decode(self._forward(X, self._mean))
        predictions = self._forward(X)
        if len(predictions) == 1:
            raise ValueError("return_std=True needs several networks; fit with n_members > 1.")
        mean = self._decode(self._mean(predictions))
        return mean, _spread(self._decode(predictions), self.member_weights_)

    def score(self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Score predictions: by R squared, or by the pinball losses of several quantiles.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        score : float
            :func:`sklearn.metrics.r2_score` of the predictions; of several quantiles the mean of
            their :func:`sklearn.metrics.d2_pinball_score`. 1 is best.
        """
        predictions = self.predict(X)
        quantiles = quantiles_of(self._plan.target.criterion)
        if not len(quantiles):
            return r2_score(y, predictions, sample_weight=sample_weight)
        of_quantiles = [
            d2_pinball_score(y, column, alpha=quantile, sample_weight=sample_weight)
            for quantile, column in zip(quantiles, predictions.T, strict=True)
        ]
        return float(np.mean(of_quantiles))

    def _criterion(self):
        if self.loss == "quantile":
            return _criterion_of_quantile(self.quantile)
        return _LOSSES[self.loss]()

    def _learn_target(self, y, weight, criterion, announced):
        return Values.learn(y, weight, criterion)

    def __sklearn_tags__(self):
        """Declare several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
