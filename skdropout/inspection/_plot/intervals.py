"""What intervals hold and how wide they are, beside what they were asked for."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skdropout._table import TableLike
from skdropout.inspection._plot.axes import axes_of, import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_COVERED, _WIDTH, _OUTSIDE = "#0072B2", "#E69F00", "#D55E00"
# intervals that can be told apart in a drawing
_MOST_DRAWN = 400


@dataclass(eq=False, repr=False)
class IntervalDisplay:
    """Whether intervals hold what they say, and how wide they are for whom.

    It is recommended to use :meth:`from_estimator`, or :meth:`from_intervals` for intervals from
    elsewhere. All parameters are stored as attributes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Targets of rows that nothing was fitted on.
    intervals : array-like of shape (n_coverages, n_samples, 2)
        Lower and upper ends.
    coverages : array-like of shape (n_coverages,)
        What the intervals were asked to hold.

    Attributes
    ----------
    covered_ : ndarray of shape (n_coverages,)
        Share of the targets that lie within.
    widths_ : ndarray of shape (n_coverages,)
        Mean widths.
    figure_ : matplotlib Figure
        The figure drawn on.
    axes_ : list of matplotlib Axes
        Shares and widths; intervals, sorted by width.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressorCV
    >>> from skdropout.inspection import IntervalDisplay
    >>> X, y = make_friedman1(n_samples=300, noise=1.0, random_state=0)
    >>> search = DropoutMLPRegressorCV((16,), dropouts=[0, 0.2], cv=3, max_iter=10, refit="bag",
    ...                                random_state=0).fit(X[:200], y[:200])
    >>> display = IntervalDisplay.from_estimator(search, X[200:], y[200:], coverages=[0.5, 0.9])
    >>> display.covered_.shape
    (2,)
    """

    y: ArrayLike
    intervals: ArrayLike
    _: KW_ONLY
    coverages: ArrayLike

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: TableLike,
        y: ArrayLike,
        *,
        coverages: Sequence[float] | np.ndarray = _COVERAGES,
        method: str = "cv+",
        coverage: float | None = None,
        ax: "Sequence[Axes] | None" = None,
    ) -> Self:
        """Predict intervals of rows whose targets are known, and draw them.

        Parameters
        ----------
        estimator : DropoutMLPRegressorCV
            Fitted with ``refit="bag"`` or ``"ensemble"``.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array-like of shape (n_samples,)
            Their targets.
        coverages : array-like of float, default=(0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
            Shares to ask for, in (0, 1).
        method : {"cv+", "scaled"}, default="cv+"
            As in ``predict_interval``.
        coverage : float, default=None
            Whose intervals to draw, one of ``coverages``; the largest if None.
        ax : two matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : IntervalDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``estimator`` predicts no intervals, or a row has several targets.
        """
        if not hasattr(estimator, "predict_interval"):
            raise ValueError(
                f"estimator is a {type(estimator).__name__}, which predicts no intervals; give a "
                "DropoutMLPRegressorCV fitted with refit='bag' or refit='ensemble'."
            )
        coverages = _checked_coverages(coverages)
        found = [estimator.predict_interval(X, share, method=method) for share in coverages]
        return cls(y, found, coverages=coverages).plot(coverage=coverage, ax=ax)

    @classmethod
    def from_intervals(
        cls,
        y: ArrayLike,
        intervals: ArrayLike,
        *,
        coverages: Sequence[float] | np.ndarray,
        coverage: float | None = None,
        ax: "Sequence[Axes] | None" = None,
    ) -> Self:
        """Draw intervals, whoever predicted them.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Targets of rows that nothing was fitted on.
        intervals : array-like of shape (n_coverages, n_samples, 2)
            Lower and upper ends.
        coverages : array-like of shape (n_coverages,)
            What the intervals were asked to hold.
        coverage : float, default=None
            Whose intervals to draw, one of ``coverages``; the largest if None.
        ax : two matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : IntervalDisplay
            The display, drawn.
        """
        return cls(y, intervals, coverages=coverages).plot(coverage=coverage, ax=ax)

    def plot(self, *, coverage: float | None = None, ax: "Sequence[Axes] | None" = None) -> Self:
        """Draw shares covered with mean widths, and intervals sorted by width.

        Dots of shares on the diagonal hold what they say; the band is two binomial standard errors
        about it. Targets are drawn as distances from the middle of their interval.

        Parameters
        ----------
        coverage : float, default=None
            Whose intervals to draw, one of ``coverages``; the largest if None.
        ax : two matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : IntervalDisplay
            The display, drawn.
        """
        plt = import_pyplot("IntervalDisplay")
        asked, y, ends = self._checked()
        coverage = asked.max() if coverage is None else coverage
        if not isinstance(coverage, Real) or not 0 < coverage < 1 or coverage not in asked:
            raise ValueError(f"coverage={coverage!r} must be one of {asked.tolist()}.")
        if ax is None:
            ax = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")[1]
        axes = [axes_of(axis) for axis in np.ravel(np.array(ax, dtype=object))]
        if len(axes) != 2:
            raise ValueError(f"ax must hold two axes; got {len(axes)}.")
        self.axes_, self.figure_ = axes, axes[0].figure
        inside = (ends[..., 0] <= y) & (y <= ends[..., 1])
        self.covered_, self.widths_ = inside.mean(1), np.diff(ends)[..., 0].mean(1)
        self._draw_shares(axes[0], asked, len(y))
        place = int(np.flatnonzero(asked == coverage)[0])
        self._draw_intervals(axes[1], y, ends[place], coverage)
        return self

    def _checked(self):
        asked = _checked_coverages(self.coverages)
        try:
            y, ends = np.asarray(self.y, dtype=float), np.asarray(self.intervals, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y and intervals must be numbers: {error}.") from error
        if y.ndim != 1 or not len(y) or ends.shape != (len(asked), len(y), 2):
            raise ValueError(
                f"intervals must have the shape ({len(asked)} coverages, {len(y) if y.ndim else 0} "
                f"rows, 2) and y one target for each row; got {ends.shape} and {y.shape}. Of "
                "several targets give one."
            )
        return asked, y, ends

    def _draw_shares(self, ax, asked, n_rows):
        order = np.argsort(asked)
        x, covered, widths = asked[order], self.covered_[order], self.widths_[order]
        line = np.linspace(min(x[0], covered.min()), 1, 100)
        error = 2 * np.sqrt(line * (1 - line) / n_rows)
        ax.fill_between(line, line - error, line + error, color="0.85", linewidth=0)
        ax.plot(line, line, color="0.5", linewidth=1)
        ax.plot(x, covered, "o-", color=_COVERED)
        ax.set(xlabel="coverage asked for", ylabel="share of targets within")
        ax.yaxis.label.set_color(_COVERED)
        other = ax.twinx()
        other.plot(x, widths, "s--", color=_WIDTH, markersize=4)
        other.set_ylabel("mean width", color="#9C6A00")
        if np.isfinite(widths).any():
            other.set_ylim(0, 1.1 * widths[np.isfinite(widths)].max())
        for axis in (ax, other):
            axis.spines["top"].set_visible(False)

    def _draw_intervals(self, ax, y, ends, coverage):
        ends = ends[np.isfinite(ends).all(1)], y[np.isfinite(ends).all(1)]
        (lower, upper), y = ends[0].T, ends[1]
        order = np.argsort(upper - lower, kind="stable")
        if len(order) > _MOST_DRAWN:
            order = order[np.linspace(0, len(order) - 1, _MOST_DRAWN).round().astype(int)]
        half, off = (upper - lower)[order] / 2, (y - (lower + upper) / 2)[order]
        rank = np.arange(len(order))
        ax.fill_between(rank, -half, half, color=_COVERED, alpha=0.2, linewidth=0, label="interval")
        is_in = np.abs(off) <= half
        ax.plot(rank[is_in], off[is_in], ".", color="0.3", markersize=3, label="target within")
        ax.plot(rank[~is_in], off[~is_in], "x", color=_OUTSIDE, markersize=4, label="outside")
        ax.set(
            xlabel=f"rows, by the width of their interval at {coverage:g}",
            ylabel="distance from its middle",
        )
        ax.spines[["top", "right"]].set_visible(False)
        above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
        ax.legend(frameon=False, fontsize="small", **above)


def _checked_coverages(coverages):
    try:
        found = np.asarray(coverages, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not len(found) or not ((found > 0) & (found < 1)).all():
        raise ValueError(
            f"coverages={coverages!r} must be numbers between 0 and 1, such as [0.8, 0.9]."
        )
    return found
