"""Strengths of all pairs as a map, and the joint effect of one pair as a surface."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count
from skdropout.inspection._anova import grid_of
from skdropout.inspection._cells import as_table
from skdropout.inspection._explain import pair_of
from skdropout.inspection._interaction_strengths import interaction_strengths
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import FittedModel
from skdropout.inspection._perturbation_mse import checked_output
from skdropout.inspection._plot.axes import axes_of, color_map, import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


_NAMES_UP_TO = 40
_VALUES_SHOWN_UP_TO = 5
_TITLE = "Strength of interactions"


@dataclass(eq=False, repr=False)
class InteractionDisplay:
    """Which columns act together (a map), or how two of them do (a surface).

    Make it by ``from_estimator`` or ``from_pair``.

    Parameters
    ----------
    values : ndarray of shape (n_columns, n_columns) or (n_grid, n_grid)
        Strengths, or the joint effect of a pair with the first column along the first axis.
    feature_names : list of str
        Names of the columns, or of the two.
    grid : tuple of two ndarrays of shape (n_grid,), optional
        Values of the two columns, for a surface; of categories, of dtype object.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        The figure around it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdropout.inspection import InteractionDisplay
    >>> strengths = np.array([[0.0, 0.8, 0.1], [0.8, 0.0, 0.2], [0.1, 0.2, 0.0]])
    >>> display = InteractionDisplay(strengths, ["hour", "weekday", "wind"])
    >>> display.plot().ax_.get_title()
    'Strength of interactions'
    """

    values: np.ndarray
    feature_names: Sequence[str]
    _: KW_ONLY
    grid: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def from_estimator(
        cls, estimator: FittedModel, X: TableLike, *, ax: "Axes | None" = None, **options: Any
    ) -> Self:
        """Measure the strengths of all pairs and draw them.

        Parameters
        ----------
        estimator : estimator, skorch net or torch.nn.Module
            Fitted.
        X : array-like or data frame of shape (n_samples, n_columns)
            Rows the model knows the like of.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.
        **options
            Passed to ``interaction_strengths``.

        Returns
        -------
        display : InteractionDisplay
            Drawn.
        """
        result = interaction_strengths(estimator, X, **options)
        return cls(result.strengths, result.feature_names).plot(ax=ax)

    @classmethod
    def from_pair(
        cls,
        estimator: FittedModel,
        X: TableLike,
        pair: tuple[int | str, int | str],
        *,
        output: int = 0,
        n_grid: int = 30,
        n_points: int = 200,
        random_state: int | np.random.RandomState | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Measure what two columns do together, beyond what each does, and draw it.

        This is the partial dependence on both, the mean over rows of ``X`` with the two cells
        replaced, centred over the values of either column.

        Parameters
        ----------
        estimator : estimator, skorch net or torch.nn.Module
            Fitted.
        X : array-like or data frame of shape (n_samples, n_columns)
            Rows the model knows the like of.
        pair : tuple of two int or str
            The columns.
        output : int
            Which output of the model, in the units of ``interaction_strengths``.
        n_grid : int
            Number of values of a column of numbers, quantiles of ``X``; categories have all theirs.
        n_points : int
            Number of rows to average over.
        random_state : int, RandomState instance or None
            Draws the rows.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        display : InteractionDisplay
            Drawn.

        Raises
        ------
        ValueError
            If ``pair`` are not two different columns.
        """
        X = as_table(X)
        model = look_into(estimator, X)
        names = model.names
        n_grid, n_points = as_count("n_grid", n_grid), as_count("n_points", n_points)
        if (places := pair_of(pair, names)) is None:
            raise ValueError(f"pair={pair!r} must be two different columns; there are {names}.")
        first, second = places
        random_state = np.random.RandomState(draw_seeds(random_state, 1)[0])
        order, grid = zip(*(grid_of(X, column, n_grid) for column in (first, second)), strict=True)
        rows = torch.as_tensor(random_state.permutation(len(X))[:n_points])
        effect = np.empty((len(order[0]), len(order[1])))
        for a, i in enumerate(order[0]):
            source = rows[:, None].repeat(len(order[1]), model.n_columns)
            source[:, first] = int(i)
            source[:, second] = torch.as_tensor(order[1]).repeat_interleave(len(rows))
            scores = model.scores(source)
            values = scores[:, :, checked_output(output, scores.shape[-1])].mean(0)
            effect[a] = values.reshape(len(order[1]), -1).mean(1).cpu().numpy()
        effect = effect - effect.mean(0) - effect.mean(1, keepdims=True) + effect.mean()
        return cls(effect, [names[first], names[second]], grid=grid).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None, cmap: "str | Colormap | None" = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours, by default "Blues" for strengths and "RdBu_r" for a surface.

        Returns
        -------
        display : InteractionDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        import_pyplot("InteractionDisplay")
        self._check()
        ax = axes_of(ax)
        cmap = None if cmap is None else color_map(cmap)
        self.ax_, self.figure_ = ax, ax.figure
        if self.grid is None:
            self._draw_map(ax, cmap or "Blues")
        else:
            self._draw_surface(ax, cmap or "RdBu_r")
        return self

    def _check(self):
        if not isinstance(self.feature_names, Sequence | np.ndarray) or not np.ndim(
            self.feature_names
        ):
            raise ValueError(f"feature_names={self.feature_names!r} must be a list of names.")
        n_names = len(self.feature_names)
        shape = (n_names, n_names)
        if self.grid is not None:
            is_grid = isinstance(self.grid, Sequence) and len(self.grid) == 2 == n_names
            if not is_grid or not all(np.ndim(values) == 1 for values in self.grid):
                raise ValueError(
                    f"grid={self.grid!r} must be the values of two columns, whose names "
                    f"feature_names has; got {self.feature_names!r}."
                )
            shape = tuple(len(values) for values in self.grid)
        try:
            values = np.asarray(self.values, dtype=float)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(f"values={self.values!r} must be numbers: {error}.") from error
        if values.shape != shape:
            raise ValueError(
                f"values must have shape {shape}, as feature_names or grid say; got {values.shape}."
            )

    def _draw_map(self, ax, cmap):
        strengths = np.array(self.values, dtype=float)
        np.fill_diagonal(strengths, np.nan)
        image = ax.imshow(strengths, cmap=cmap, vmin=0)
        if len(strengths) <= _NAMES_UP_TO:
            places = range(len(strengths))
            ax.set_xticks(
                places, self.feature_names, rotation=45, ha="right", rotation_mode="anchor"
            )
            ax.set_yticks(places, self.feature_names)
        ax.set_title(_TITLE)
        ax.figure.colorbar(image, ax=ax)

    def _draw_surface(self, ax, cmap):
        grid, effect = [np.asarray(v) for v in self.grid], np.asarray(self.values, dtype=float)
        most = np.nanmax(np.abs(effect), initial=0.0) or 1.0
        places = [range(len(v)) if v.dtype == object else v for v in grid]
        surface = ax.pcolormesh(
            *places, effect.T, cmap=cmap, vmin=-most, vmax=most, shading="nearest"
        )
        ax.set_xlabel(self.feature_names[0])
        ax.set_ylabel(self.feature_names[1])
        for set_ticks, values in zip((ax.set_xticks, ax.set_yticks), grid, strict=True):
            if values.dtype == object:
                set_ticks(range(len(values)), values)
            elif len(values) <= _VALUES_SHOWN_UP_TO:
                set_ticks(values)
        ax.set_title("Joint effect")
        ax.figure.colorbar(surface, ax=ax)
