"""What regression adds to the template of fit: losses, units of the target, predictions."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array

from skdropout._estimators.template import BaseDropoutMLP
from skdropout._sklearn_private import Interval, StrOptions
from skdropout._stack import AbsoluteError, Pinball, Poisson, SquaredError

__all__ = ["BaseDropoutRegressor"]

_LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "poisson": Poisson,
    "quantile": Pinball,
}


@dataclass(eq=False, repr=False)
class BaseDropoutRegressor(RegressorMixin, BaseDropoutMLP):
    """A stack of networks for regression, wherever its dropout rates come from."""

    loss: str = "squared_error"
    quantile: float | None = None

    _parameter_constraints = {  # noqa: RUF012
        **BaseDropoutMLP._parameter_constraints,
        "loss": [StrOptions(set(_LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither"), None],
    }

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
