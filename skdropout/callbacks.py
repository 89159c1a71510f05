"""skorch callbacks for the ``callbacks`` parameter of the estimators."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import Callback

from skdropout._table import TableLike
from skdropout.inspection import interaction_order_spectrum

__all__ = ["SpectrumCallback"]


@dataclass(eq=False, repr=False)
class SpectrumCallback(Callback):
    """Measure the order spectrum of the networks while they are trained.

    Dropout is off while it is measured, and the training itself is not changed: the networks
    are the same to the bit with the callback and without.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, n_features)
        Rows as ``fit`` takes them; the spectrum is that of the networks on tables like this one.
    every : int, default=1
        Number of epochs from one measurement to the next.
    per_member : bool, default=False
        Whether to measure each network by itself, in place of their average.
    max_order : int, default=4
        Highest order to report by itself.
    method : {"noise_stability", "conditional", "distillation"}, default="noise_stability"
        See :func:`~skdropout.inspection.interaction_order_spectrum`, also for the two below.
    class_score : {"logit", "probability"}, default="logit"
        Score of a classifier.
    n_evaluations : int, default=20_000
        Number of rows to predict for each measurement.
    random_state : int, default=0
        Draws the rows, the same ones every time: the noise that epochs share does not blur how
        they differ.

    Attributes
    ----------
    spectra_ : dict of int to Bunch
        The spectra by the epoch after which they were measured. With `per_member`, a network
        that has stopped early has NaN from then on; without, the average is over the networks
        still in training.

    See Also
    --------
    skdropout.inspection.OrderSpectrumDisplay.from_callback : Draws them.

    Examples
    --------
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.callbacks import SpectrumCallback
    >>> from skdropout.datasets import make_pure_interaction
    >>> X, y = make_pure_interaction(200, n_features=4, order=2, random_state=0)
    >>> spectrum = SpectrumCallback(X, every=10, max_order=2, n_evaluations=2000)
    >>> model = DropoutMLPRegressor((16,), callbacks=[spectrum], max_iter=30, random_state=0)
    >>> model = model.fit(X, y)
    >>> list(spectrum.spectra_)
    [10, 20, 30]
    """

    X: TableLike
    _: KW_ONLY
    every: int = 1
    per_member: bool = False
    max_order: int = 4
    method: Literal["noise_stability", "conditional", "distillation"] = "noise_stability"
    class_score: Literal["logit", "probability"] = "logit"
    n_evaluations: int = 20_000
    random_state: int | np.random.RandomState | None = 0

    def initialize(self) -> Self:
        """Forget earlier fits.

        Returns
        -------
        self : SpectrumCallback
        """
        if not isinstance(self.every, Integral) or self.every < 1:
            raise ValueError(f"every={self.every!r} must be a positive integer.")
        self.spectra_ = {}
        return self

    def on_epoch_end(self, net: NeuralNet, **_: Any) -> None:
        """Measure, if it is time.

        Parameters
        ----------
        net : StackNet
            The net in training.
        """
        epoch = net.history[-1, "epoch"]
        if epoch % self.every:
            return
        spectrum = interaction_order_spectrum(
            net.estimator_so_far(),
            self.X,
            max_order=self.max_order,
            method=self.method,
            class_score=self.class_score,
            n_evaluations=self.n_evaluations,
            per_member=self.per_member,
            random_state=self.random_state,
        )
        if self.per_member:
            for name in ("variances", "normalized", "remainder", "standard_errors"):
                spectrum[name] = _at_members(spectrum[name], net.members_, len(net.seeds))
        self.spectra_[epoch] = spectrum


def _at_members(values, members, n_members):
    """Put values in their members' places; NaN in those of the others."""
    placed = np.full((n_members, *values.shape[1:]), np.nan)
    placed[members.numpy()] = values
    return placed
