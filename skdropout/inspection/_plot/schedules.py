"""Rates of dropout over the epochs of a training."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skdropout._stack import factors_of
from skdropout.inspection._plot.axes import axes_of, import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", ":", "-.")


@dataclass(eq=False, repr=False)
class DropoutScheduleDisplay:
    """What was dropped at which time of a training, and which epochs' weights were kept.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    rates : dict of str to array-like of shape (n_places,)
        Rates at equal distances from the first epoch to the last that was planned, by what they
        are of.
    max_iter : int
        How many epochs were planned.
    kept_epochs : array-like of int, default=()
        The epochs whose weights the networks have.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    lines_ : dict of str to matplotlib Line2D
        The rates by what they are of.
    kept_ : matplotlib PathCollection or None
        Marks at the epochs kept; None where there are none.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import DropoutScheduleDisplay
    >>> X, y = make_friedman1(n_samples=150, random_state=0)
    >>> model = DropoutMLPRegressor((16,), dropout=0.2, dropout_schedule="decay", max_iter=10,
    ...                             random_state=0)
    >>> display = DropoutScheduleDisplay.from_estimator(model.fit(X, y))
    >>> list(display.lines_)
    ['hidden units']
    """

    rates: Mapping[str, ArrayLike]
    _: KW_ONLY
    max_iter: int
    kept_epochs: ArrayLike = ()

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw the rates of a fitted estimator's networks over their training.

        Networks that were trained alike share lines.

        Parameters
        ----------
        estimator : DropoutMLPRegressor, RelDropClassifier or another of the networks
            Fitted.
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutScheduleDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``estimator`` has no fitted networks.
        """
        net = getattr(estimator, "net_", None)
        if not hasattr(net, "schedules"):
            raise ValueError(
                f"estimator={estimator!r} has no networks; give a DropoutMLPRegressor, "
                "RelDropClassifier or another of the networks, fitted."
            )
        best = dict(net.callbacks_).get("best_epoch")
        kept = [] if best is None else np.unique(best.best_epoch_.numpy())
        rates = _rates(net)
        return cls(rates, max_iter=net.max_epochs, kept_epochs=kept).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw a line for each rate, and marks below at the epochs whose weights were kept.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutScheduleDisplay
            The display, drawn.
        """
        import_pyplot("DropoutScheduleDisplay")
        ax = axes_of(ax)
        self.ax_, self.figure_, self.lines_, self.kept_ = ax, ax.figure, {}, None
        for k, (name, rates) in enumerate(self.rates.items()):
            epochs = np.arange(len(rates)) * self.max_iter / len(rates)
            (self.lines_[name],) = ax.plot(
                epochs,
                rates,
                color=_COLORS[k % len(_COLORS)],
                linestyle=_DASHES[k % len(_DASHES)],
                label=name,
            )
        if len(self.kept_epochs):
            epochs = np.asarray(self.kept_epochs)
            below = ax.get_xaxis_transform()
            self.kept_ = ax.scatter(
                epochs, np.full(len(epochs), 0.02), marker="^", color="0.4", transform=below
            )
            self.kept_.set_label("epochs whose weights were kept")
        ax.set(xlabel="epoch", ylabel="dropout rate", xlim=(0, self.max_iter))
        ax.set_ylim(bottom=0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return self


def _rates(net):
    """Return the rates of networks over their training, {what of: (n_places,)}."""
    module, alike = net.module_, {}
    strength = "input_dropout" if hasattr(module.columns, "input_dropout") else "beta"
    of_columns = getattr(module.columns, strength).flatten().tolist()
    of_all = zip(net.schedules, module.dropout.tolist(), of_columns, strict=True)
    for (units, columns), layers, of_column in of_all:
        key = id(units), id(columns), tuple(layers), of_column
        alike.setdefault(key, (units, columns, layers, of_column))
    found = {}
    for k, (units, columns, layers, of_column) in enumerate(alike.values()):
        whose = f", kind {k + 1} of networks" if len(alike) > 1 else ""
        factors = factors_of(units, net.max_epochs)
        is_one = len({*layers}) == 1
        names = [f"hidden layer {layer + 1}" for layer in range(len(layers))]
        for name, rate in zip(["hidden units"] if is_one else names, layers, strict=False):
            found[name + whose] = rate * factors
        if of_column:
            name = "columns" if strength == "input_dropout" else "columns, beta"
            found[name + whose] = of_column * factors_of(columns, net.max_epochs)
    return found
