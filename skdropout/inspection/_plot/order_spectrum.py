"""Order spectra as bars, or as lines along a number."""

import warnings
from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from sklearn.utils import Bunch

from skdropout._table import TableLike
from skdropout.functional._inner import check_choice
from skdropout.inspection._model import FittedModel
from skdropout.inspection._order_spectrum import interaction_order_spectrum
from skdropout.inspection._plot.axes import axes_of, import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    AxesLike: TypeAlias = Axes | Sequence[Axes] | np.ndarray


Kind: TypeAlias = Literal["both", "absolute", "normalized"]

_FIELDS = {"variances", "remainder", "standard_errors"}
_ORDER_NAMES = {1: "main effects", 2: "pairs", 3: "triples"}
_KINDS = {"absolute": ("absolute",), "normalized": ("normalized",)}
_KINDS["both"] = ("absolute", "normalized")
_Y_LABELS = {"absolute": "variance of the score", "normalized": "share of the variance"}


class OrderSpectrumDisplay:
    """Order spectra, drawn side by side or along training.

    What is ``shared`` belongs to no order, and is not drawn.

    It is recommended to use :meth:`from_estimator`, :meth:`from_spectra` or
    :meth:`from_callback`. All parameters are stored as attributes.

    Parameters
    ----------
    spectra : dict of Bunch
        As returned by :func:`interaction_order_spectrum`, by the label of each; all with the
        same number of orders.
    along : str, default=None
        What the labels measure if they are numbers, like "epoch": the spectra are then drawn as
        lines along it, else as bars.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    axes_ : list of matplotlib Axes
        The axes drawn on, one for each kind.
    ax_ : matplotlib Axes
        The first of them.
    bars_ : list of list of matplotlib BarContainer
        Bars by axes and spectrum; without `along`.
    lines_ : list of list of matplotlib Line2D
        Lines by axes and order, the orders above last; with `along`.

    Examples
    --------
    >>> import numpy as np
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from skdropout.inspection import OrderSpectrumDisplay
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(1000, 4))
    >>> display = OrderSpectrumDisplay.from_estimator(
    ...     lambda X: X[:, 0] + 3 * X[:, 1] * X[:, 2], X, n_evaluations=5_000, random_state=0
    ... )
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['variance of the score', 'share of the variance']
    """

    def __init__(self, spectra: Mapping[Hashable, Bunch], *, along: str | None = None) -> None:
        self.spectra = spectra
        self.along = along

    @classmethod
    def from_estimator(
        cls,
        estimator: FittedModel,
        X: TableLike,
        *,
        name: str | None = None,
        kind: Kind = "both",
        ax: "AxesLike | None" = None,
        max_order: int = 4,
        method: Literal["noise_stability", "conditional", "distillation"] = "noise_stability",
        class_score: Literal["logit", "probability"] = "logit",
        n_evaluations: int = 100_000,
        random_state: int | np.random.RandomState | None = None,
    ) -> Self:
        """Measure the order spectrum of an estimator and draw it.

        Parameters
        ----------
        estimator : fitted estimator or callable
            Whose predictions to look at.
        X : array-like or DataFrame of shape (n_samples, n_features)
            Data.
        name : str, default=None
            Label; the name of the estimator's class if None.
        kind : {"both", "absolute", "normalized"}, default="both"
            Whether to draw variances, shares, or both.
        ax : matplotlib Axes or sequence of two, default=None
            Axes to draw on, one for each kind; a new figure if None.
        max_order, method, class_score, n_evaluations, random_state
            As in :func:`interaction_order_spectrum`.

        Returns
        -------
        OrderSpectrumDisplay
        """
        _check_kind(kind)
        if not isinstance(name, Hashable):
            raise ValueError(f"name={name!r} must be a label, such as a word.")
        spectrum = interaction_order_spectrum(
            estimator,
            X,
            max_order=max_order,
            method=method,
            class_score=class_score,
            n_evaluations=n_evaluations,
            random_state=random_state,
        )
        name = getattr(estimator, "__name__", type(estimator).__name__) if name is None else name
        return cls.from_spectra({name: spectrum}, kind=kind, ax=ax)

    @classmethod
    def from_spectra(
        cls,
        spectra: Bunch | Mapping[Hashable, Bunch],
        *,
        along: str | None = None,
        kind: Kind = "both",
        ax: "AxesLike | None" = None,
    ) -> Self:
        """Draw spectra that have been measured.

        Parameters
        ----------
        spectra : Bunch or dict of Bunch
            One spectrum, or several by label, in the order in which to draw them.
        along : str, default=None
            What the labels measure if they are numbers, like "dropout rate": draws lines.
        kind : {"both", "absolute", "normalized"}, default="both"
            Whether to draw variances, shares, or both.
        ax : matplotlib Axes or sequence of two, default=None
            Axes to draw on, one for each kind; a new figure if None.

        Returns
        -------
        OrderSpectrumDisplay

        Raises
        ------
        ValueError
            If there are no spectra, or their numbers of orders differ.
        """
        if isinstance(spectra, Mapping) and "variances" in spectra:
            spectra = {"": spectra}
        if not isinstance(spectra, Mapping) or not all(map(_is_spectrum, spectra.values())):
            raise ValueError(
                f"spectra={spectra!r} must be what interaction_order_spectrum returns, or a dict "
                "of such by label."
            )
        if along is not None and not all(isinstance(label, Real) for label in spectra):
            raise ValueError(
                f"along={along!r} needs spectra by a number; got the labels {list(spectra)}."
            )
        lengths = {label: np.shape(spectrum.variances)[-1] for label, spectrum in spectra.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(
                f"spectra must hold at least one, and all with the same max_order; got {lengths}."
            )
        return cls(spectra, along=along).plot(ax=ax, kind=kind)

    @classmethod
    def from_callback(
        cls, callback: Any, *, kind: Kind = "both", ax: "AxesLike | None" = None
    ) -> Self:
        """Draw how the spectrum changed while a network was trained.

        Parameters
        ----------
        callback : skdropout.callbacks.SpectrumCallback
            After ``fit``.
        kind : {"both", "absolute", "normalized"}, default="both"
            Whether to draw variances, shares, or both.
        ax : matplotlib Axes or sequence of two, default=None
            Axes to draw on, one for each kind; a new figure if None.

        Returns
        -------
        OrderSpectrumDisplay

        Raises
        ------
        ValueError
            If nothing was measured: there was no fit, or fewer epochs than ``every``.
        """
        spectra = getattr(callback, "spectra_", {})
        if not spectra:
            every = getattr(callback, "every", 1)
            raise ValueError(
                f"callback={callback!r} has measured nothing; give a SpectrumCallback, after a fit "
                f"with it of at least every={every} epochs."
            )
        return cls.from_spectra(spectra, along="epoch", kind=kind, ax=ax)

    def plot(
        self,
        *,
        ax: "AxesLike | None" = None,
        kind: Kind = "both",
        colors: Sequence[Any] | np.ndarray | None = None,
    ) -> Self:
        """Draw the spectra, with an interval of two standard errors to each side.

        Of spectra per member the mean is drawn, with an interval of one standard deviation over
        the members to each side.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of two, default=None
            Axes to draw on, one for each kind; a new figure if None.
        kind : {"both", "absolute", "normalized"}, default="both"
            Whether to draw variances, shares, or both.
        colors : sequence of colors, default=None
            One for each spectrum; dark to light in the order of the spectra if None. Lines
            have a colour for each order in place of this.

        Returns
        -------
        OrderSpectrumDisplay
            This object.
        """
        _check_kind(kind)
        plt = import_pyplot("OrderSpectrumDisplay.plot")
        panels = _KINDS[kind]
        if ax is None:
            width = 5.2 if len(panels) == 1 else 9.6
            figure, ax = plt.subplots(1, len(panels), figsize=(width, 3.6), layout="constrained")
            figure.get_layout_engine().set(wspace=0.06)
        axes = [axes_of(axis) for axis in np.ravel(np.array(ax, dtype=object))]
        if len(axes) != len(panels):
            raise ValueError(f"ax must hold {len(panels)} axes for kind={kind!r}; got {len(axes)}.")
        if colors is not None:
            colors = _checked_colors(colors, len(self.spectra))
        self.axes_, self.ax_, self.figure_ = axes, axes[0], axes[0].figure
        if self.along is None:
            if colors is None:
                colors = plt.get_cmap("viridis")(np.linspace(0.15, 0.9, max(2, len(self.spectra))))
            self.bars_ = [
                self._draw(axis, panel, colors) for axis, panel in zip(axes, panels, strict=True)
            ]
        else:
            self.lines_ = [
                _draw_lines(axis, self.spectra, panel == "normalized")
                for axis, panel in zip(axes, panels, strict=True)
            ]
        for axis, panel in zip(axes, panels, strict=True):
            self._dress(axis, panel)
        if self.along is not None or any(self.spectra):
            axes[-1].legend(frameon=False, fontsize="small")
        return self

    def _draw(self, ax, panel, colors):
        """Bars of all spectra, side by side at each order."""
        from matplotlib.patheffects import withStroke

        width = 0.8 / len(self.spectra)
        bars = []
        for i, (label, spectrum) in enumerate(self.spectra.items()):
            heights, half_widths = _bands(spectrum, panel == "normalized")
            orders = np.arange(1, len(heights) + 1)
            positions = orders - 0.4 + (i + 0.5) * width
            bars.append(ax.bar(positions, heights, 0.9 * width, color=colors[i], label=label))
            ax.errorbar(
                positions[:-1],
                heights[:-1],
                yerr=half_widths[:-1],
                fmt="none",
                ecolor="0.2",
                elinewidth=1,
                path_effects=[withStroke(linewidth=2.4, foreground="white")],
            )
        max_order = len(heights) - 1
        names = [f"{k}\n{_ORDER_NAMES.get(k, '')}".strip() for k in range(1, max_order + 1)]
        ax.set_xticks(orders, [*names, f"> {max_order}"])
        ax.tick_params(axis="x", length=0)
        return bars

    def _dress(self, ax, panel):
        """Labels, limits and grid."""
        from matplotlib.ticker import PercentFormatter

        ax.set_xlabel("order of interaction" if self.along is None else self.along)
        ax.set_ylabel(_Y_LABELS[panel])
        ax.set_ylim(bottom=0)
        if panel == "normalized":
            ax.set_ylim(top=1)
            ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.yaxis.grid(True, color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)


def _is_spectrum(spectrum):
    return isinstance(spectrum, Mapping) and {*spectrum} >= _FIELDS


def _check_kind(kind):
    check_choice("kind", kind, sorted(_KINDS))


def _checked_colors(colors, n):
    from matplotlib.colors import is_color_like

    if not isinstance(colors, Sequence | np.ndarray) or isinstance(colors, str) or len(colors) < n:
        raise ValueError(f"colors={colors!r} must hold a color for each of {n} spectra.")
    for color in colors:
        if not is_color_like(color):
            raise ValueError(f"colors holds {color!r}, which is no color to matplotlib.")
    return colors


def _draw_lines(ax, spectra, normalized):
    """One line and its band for each order, and for the orders above.

    Parameters
    ----------
    ax : matplotlib Axes
    spectra : dict of Bunch
        By the number that they lie along.
    normalized : bool
        Whether to draw shares.

    Returns
    -------
    lines : list of matplotlib Line2D
    """
    middle, width = np.moveaxis([_bands(s, normalized) for s in spectra.values()], 1, 0)
    x = np.array(list(spectra), dtype=float)
    max_order = middle.shape[1] - 1
    colors = _colors(max_order)
    lines = []
    for k in range(1, max_order + 2):
        above = k > max_order
        style = {"color": "0.55", "linestyle": "--"} if above else {"color": colors[k - 1]}
        label = f"above {max_order}" if above else _ORDER_NAMES.get(k, f"order {k}")
        y, half = middle[:, k - 1], width[:, k - 1]
        marker = "o" if len(x) <= 12 else None
        lines += ax.plot(x, y, label=label, linewidth=1.8, marker=marker, markersize=4, **style)
        ax.fill_between(x, y - half, y + half, color=style["color"], alpha=0.15, linewidth=0)
    return lines


def _bands(spectrum, normalized):
    """Middle and half width of every order's interval; the remainder comes last.

    The half width is two standard errors; of spectra per member it is one standard deviation
    over the members, and the middle their mean.
    """
    remainder = np.asarray(spectrum.remainder)[..., None]
    heights = np.concatenate([spectrum.variances, remainder], axis=-1)
    widths = np.concatenate([2 * spectrum.standard_errors, np.zeros_like(remainder)], axis=-1)
    if normalized:
        total = heights.sum(-1, keepdims=True)
        unit = np.where(total > 0, total, 1.0)
        heights, widths = heights / unit, widths / unit
    if heights.ndim == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # all members may have stopped
            return np.nanmean(heights, 0), np.nanstd(heights, 0)
    return heights, widths


def _colors(n):
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0.1, 0.85, max(2, n)))
