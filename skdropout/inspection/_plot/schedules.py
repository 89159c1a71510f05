"""Rates of dropout over the epochs of a training, and rates that were learnt."""

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
            If ``estimator`` has no fitted networks, or their rates were learnt.
        """
        net = _net(estimator)
        if net.module_.learns:
            raise ValueError(
                f"The rates of estimator={estimator!r} follow no schedule but were learnt; see "
                "DropoutRatesDisplay."
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


@dataclass(eq=False, repr=False)
class DropoutRatesDisplay:
    """The rates of dropout that networks have learnt, of columns and of layers.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    rates : dict of str to array-like of shape (n_networks,)
        What each network has learnt, by the name of the column or layer.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    bars_ : matplotlib BarContainer
        Means over the networks, the first one on top.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import DropoutRatesDisplay
    >>> X, y = make_friedman1(n_samples=150, random_state=0)
    >>> model = DropoutMLPRegressor((16,), dropout=0.1, input_dropout="learnt", screening=None,
    ...                             max_iter=10, random_state=0)
    >>> display = DropoutRatesDisplay.from_estimator(model.fit(X, y))
    >>> len(display.bars_)
    10
    """

    rates: Mapping[str, ArrayLike]

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw the rates that a fitted estimator's networks have learnt.

        Parameters
        ----------
        estimator : DropoutMLPRegressor or DropoutMLPClassifier
            Fitted, with ``dropout="learnt"`` or ``input_dropout="learnt"``.
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutRatesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``estimator`` has no fitted networks, or no rates were learnt.
        """
        of_layers, of_columns = _net(estimator).module_.rates_learnt()
        if of_layers is None and of_columns is None:
            raise ValueError(
                f"The rates of estimator={estimator!r} were given; fit with dropout='learnt' or "
                "input_dropout='learnt'."
            )
        rates = {}
        if of_layers is not None:
            rates |= {f"hidden layer {k + 1}": own for k, own in enumerate(of_layers.T)}
        if of_columns is not None:
            n_columns = range(estimator.n_features_in_)
            names = getattr(estimator, "feature_names_in_", [f"column {j}" for j in n_columns])
            kept = np.flatnonzero(estimator.kept_columns_)
            in_order = np.argsort(-of_columns.mean(0), kind="stable")
            rates |= {str(names[kept[k]]): of_columns[:, k] for k in in_order}
        return cls(rates).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw a bar for each rate, with lines of one standard deviation over the networks.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutRatesDisplay
            The display, drawn.
        """
        import_pyplot("DropoutRatesDisplay")
        ax = axes_of(ax)
        self.ax_, self.figure_ = ax, ax.figure
        each = [np.asarray(rates, dtype=float) for rates in self.rates.values()]
        means, spreads = [rates.mean() for rates in each], [rates.std() for rates in each]
        self.bars_ = ax.barh(np.arange(len(each)), means, xerr=spreads, color=_COLORS[0])
        ax.set_yticks(np.arange(len(each)), list(self.rates))
        ax.invert_yaxis()
        ax.set(xlabel="dropout rate that was learnt", xlim=(0, 1))
        ax.spines[["top", "right"]].set_visible(False)
        return self


def _net(estimator):
    net = getattr(estimator, "net_", None)
    if not hasattr(net, "schedules"):
        raise ValueError(
            f"estimator={estimator!r} has no networks; give a DropoutMLPRegressor, "
            "RelDropClassifier or another of the networks, fitted."
        )
    return net


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
