"""A map of a column's levels, by what a network has learnt of them."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skdropout.inspection._plot.axes import axes_of, import_pyplot, label_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_SPECIAL = ("missing", "unknown")
_ROOM = 0.12


@dataclass(eq=False, repr=False)
class EmbeddingDisplay:
    """Levels of a categorical column as points with names; alike levels are neighbours.

    The axes are the first two principal components of the levels' vectors: of all flat pictures
    the one that keeps most of their distances. It is recommended to use :meth:`from_estimator`. All
    parameters are stored as attributes.

    Parameters
    ----------
    vectors : array-like of shape (n_levels, dim)
        One vector per level.
    levels : list
        The levels.
    column : str, default=None
        Name of the column, for the title.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    points_ : matplotlib PathCollection
        The points.
    labels_ : list of matplotlib Annotation
        The names.
    explained_ : ndarray of shape (2,)
        Share of the variance of the vectors along each axis.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from skdropout import EmbeddingEncoder
    >>> from skdropout.inspection import EmbeddingDisplay
    >>> X = pd.DataFrame({"city": np.tile(["Bergen", "Oslo", "Rome", "Turin"], 50)})
    >>> y = X["city"].isin(["Rome", "Turin"]) + 0.1 * np.sin(np.arange(200))
    >>> encoder = EmbeddingEncoder(max_iter=10, random_state=0).fit(X, y)
    >>> display = EmbeddingDisplay.from_estimator(encoder, "city")
    >>> [label.get_text() for label in display.labels_]
    ['Bergen', 'Oslo', 'Rome', 'Turin']
    """

    _: KW_ONLY
    vectors: ArrayLike
    levels: Sequence[Hashable]
    column: str | None = None

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, column: str, *, ax: "Axes | None" = None
    ) -> Self:
        """Draw the vectors that a fitted estimator has learnt of a column.

        Parameters
        ----------
        estimator : EmbeddingEncoder, or a network of the library
            Fitted; a network that is one, not an ensemble.
        column : str
            Name of a categorical column.
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator holds no vectors of the column, or those of several networks.
        """
        tables = {} if isinstance(estimator, type) else getattr(estimator, "embeddings_", {})
        if not any(
            column is name or (isinstance(column, str) and column == name) for name in tables
        ):
            raise ValueError(
                f"estimator={estimator!r} holds no embedding of column={column!r}; there are "
                f"{list(tables)}."
            )
        table = tables[column]
        if table.columns.nlevels > 1:
            raise ValueError(
                f"estimator={estimator!r} holds several networks, each with coordinates of its "
                "own; draw one with n_members=1, or an EmbeddingEncoder."
            )
        levels = table.iloc[: -len(_SPECIAL)]
        return cls(vectors=levels.to_numpy(), levels=list(levels.index), column=column).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw the map; distances have the same unit along both axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.
        """
        import_pyplot("EmbeddingDisplay")
        if not isinstance(self.levels, Collection) or np.ndim(self.levels) == 0:
            raise ValueError(f"levels={self.levels!r} must be a list with one entry per vector.")
        # a dollar sign would begin a formula
        names = [str(level).replace("$", r"\$") for level in self.levels]
        vectors = self._checked_vectors(len(names))
        side = 5.0 if len(names) <= 15 else 7.0
        ax = axes_of(ax, figsize=(side, 0.9 * side))
        places, self.explained_ = _principal_plane(vectors)
        self.ax_, self.figure_ = ax, ax.figure
        self.points_ = ax.scatter(*places.T, s=14, color="#0072B2", zorder=3)
        ax.set_aspect("equal", adjustable="datalim")
        ax.margins(_ROOM)
        for set_label, name, share in zip(
            (ax.set_xlabel, ax.set_ylabel), ("first", "second"), self.explained_, strict=True
        ):
            set_label(f"{name} principal axis ({share:.0%} of the variance)")
        if self.column is not None:
            ax.set_title(f"Embedding of {self.column}")
        ax.set_axisbelow(True)
        ax.grid(True, color="0.93", linewidth=0.8)
        ax.spines[["top", "right"]].set_visible(False)
        size = "small" if len(names) <= 30 else "x-small"
        self.labels_ = label_points(ax, places, names, fontsize=size, zorder=4)
        return self

    def _checked_vectors(self, n_levels):
        try:
            vectors = np.asarray(self.vectors, dtype=float)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(f"vectors={self.vectors!r} must be numbers: {error}.") from error
        if vectors.ndim != 2 or not vectors.size or not np.isfinite(vectors).all():
            raise ValueError(
                f"vectors of shape {vectors.shape} must hold a vector of finite numbers per level."
            )
        if len(vectors) != n_levels:
            raise ValueError(
                f"levels has {n_levels} entries for {len(vectors)} vectors; give one each."
            )
        return vectors


def _principal_plane(vectors):
    """Return coordinates (n_levels, 2) along the first two principal axes, and their shares."""
    centred = vectors - vectors.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    n = min(2, len(sizes))
    places, shares = np.zeros((len(vectors), 2)), np.zeros(2)
    places[:, :n] = left[:, :n] * sizes[:n]
    if sizes.any():
        shares[:n] = sizes[:n] ** 2 / (sizes**2).sum()
    return places, shares
