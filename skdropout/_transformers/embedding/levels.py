"""What networks have learnt of a column's levels: vectors, and tables that people read."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators import import_pandas
from skdropout._sklearn_private import check_feature_names_in
from skdropout._table import TableEncoder

if TYPE_CHECKING:
    import pandas as pd

Metric: TypeAlias = Literal["cosine", "euclidean"]
SIMILARITIES = {"cosine": cosine_similarity, "euclidean": euclidean_distances}


def level_vectors(module, member, column, counts, n_coordinates=None):
    """Return one vector per level, whose distances are those that the network sees.

    The network's first layer multiplies a learnt vector by its weights. What counts is the
    product, what a level adds to each hidden unit: it is given here in its principal coordinates,
    the mean over rows being zero.

    Parameters
    ----------
    module : StackMLP
    member : int
        Which of its networks.
    column : int
        Place of the column among the categorical ones.
    counts : ndarray of shape (n_levels + 2,)
        How many training rows have each level, are missing, are unknown.
    n_coordinates : int, default=None
        Length of the vectors. None is as many as were learnt, but one less than there are
        different rows, which span no more.

    Returns
    -------
    vectors : ndarray of shape (n_levels + 2, n_coordinates)
        In the order of ``counts``. A level that this network never saw has the vector of
        "unknown".
    """
    learnt, weight = _learnt(module, member, column)
    added = learnt @ weight
    added = added - np.average(added, axis=0, weights=counts)
    if n_coordinates is None:
        n_coordinates = min(max((counts > 0).sum() - 1, 1), *weight.shape)
    left, _, axes = np.linalg.svd(np.sqrt(counts)[:, None] * added, full_matrices=False)
    _, axes = svd_flip(left, axes, u_based_decision=False)
    return added @ axes[:n_coordinates].T


def _learnt(module, member, column):
    """Return a column's embedding (n_levels + 2, dim), and the weights it meets (dim, n_units)."""
    encoding = module.encoding
    embedded = list(zip(encoding.embeddings, encoding.embedded_columns, strict=True))
    # embeddings come after the numbers
    start = encoding.width - sum(e.weight.shape[-1] * len(columns) for e, columns in embedded)
    for embedding, columns in embedded:
        dim = embedding.weight.shape[-1]
        if column in columns:
            break
        start += dim * len(columns)
    place = columns.index(column)
    rows = slice(embedding.first_row[place], embedding.unknown_row[place] + 1)
    inputs = slice(start + dim * place, start + dim * (place + 1))
    layer = module.hidden[0] if len(module.hidden) else module.output
    parts = embedding.weight[member, embedding.row_of[member, rows]], layer.weight[member, inputs]
    return [part.detach().double().cpu().numpy() for part in parts]


def align(vectors, reference, counts):
    """Turn ``vectors`` about the origin so that they lie as close to ``reference`` as they can.

    Orthogonal Procrustes, each level weighing as much as it has rows: no distance or angle within
    ``vectors`` changes.
    """
    root = np.sqrt(counts)[:, None]
    rotation, _ = orthogonal_procrustes(root * vectors, root * reference)
    return vectors @ rotation


@dataclass(frozen=True, eq=False)
class LevelPlan:
    """What an encoder has learnt.

    Attributes
    ----------
    encoder : TableEncoder
    vectors : list of ndarray of shape (n_levels + 2, n_coordinates)
        Of each categorical column.
    """

    encoder: TableEncoder
    vectors: list[np.ndarray]


class LevelTables:
    """The half of an encoder that needs ``_plan`` alone."""

    _plan: LevelPlan

    @property
    def embeddings_(self) -> dict[str, pd.DataFrame]:
        """Vectors of each categorical column's levels, as labelled tables."""
        check_is_fitted(self)
        pd = import_pandas("embeddings_")
        tables = {}
        for j, levels, vectors in self._columns():
            name = self._plan.encoder.names_[j]
            index = pd.Index([*levels, "missing", "unknown"], name=name)
            tables[name] = pd.DataFrame(vectors, index=index)
        return tables

    def similarity(self, column: str, metric: Metric = "cosine") -> pd.DataFrame:
        """Compare all levels of a column with each other.

        Parameters
        ----------
        column : str
            Name of a categorical column, as in ``embeddings_``.
        metric : {"cosine", "euclidean"}, default="cosine"
            "cosine" of the angle between two vectors, seen from the mean of all rows: 1 where two
            levels change predictions in the same direction, -1 in opposite ones. "euclidean" is
            their distance: 0 where they are alike.

        Returns
        -------
        table : DataFrame of shape (n_levels, n_levels)
            Symmetric, with the levels as index and columns.

        Raises
        ------
        ValueError
            If the column or the metric is none of those known.
        """
        check_is_fitted(self)
        if metric not in SIMILARITIES:
            raise ValueError(f"metric={metric!r} is unknown; choose one of {list(SIMILARITIES)}.")
        pd = import_pandas("similarity")
        levels, vectors = self._column(column)
        index = pd.Index(levels, name=column)
        values = SIMILARITIES[metric](vectors[: len(levels)])
        return pd.DataFrame(values, index=index, columns=index)

    def most_similar(
        self, column: str, level: Hashable, k: int = 5, metric: Metric = "cosine"
    ) -> pd.Series:
        """Return the levels that are most like one level.

        Parameters
        ----------
        column : str
            Name of a categorical column, as in ``embeddings_``.
        level : object
            One of its levels.
        k : int, default=5
            How many to return, at most.
        metric : {"cosine", "euclidean"}, default="cosine"
            As in :meth:`similarity`.

        Returns
        -------
        series : Series
            Cosines or distances by level, the most similar first.

        Raises
        ------
        ValueError
            If the column, the level or the metric is none of those known.
        """
        table: Any = self.similarity(column, metric)
        if level not in table.columns:
            raise ValueError(
                f"level={level!r} is no level of {column!r}; those are {list(table.columns)}."
            )
        others = table[level].drop(level)
        return others.sort_values(ascending=metric == "euclidean", kind="stable").head(k)

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Name the columns of ``transform``: "city_0", "city_1", ... in the place of "city".

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
        parts = [[name] for name in np.asarray(check_feature_names_in(self, input_features))]
        for j, _, vectors in self._columns():
            (name,) = parts[j]
            parts[j] = [f"{name}_{i}" for i in range(vectors.shape[1])]
        return np.array([name for part in parts for name in part], dtype=object)

    def _columns(self):
        """Return for each categorical column its position, levels and vectors."""
        encoder = self._plan.encoder
        return zip(encoder.categorical_, encoder.levels_, self._plan.vectors, strict=True)

    def _column(self, name):
        known = {self._plan.encoder.names_[j]: (levels, v) for j, levels, v in self._columns()}
        if name not in known:
            raise ValueError(f"column={name!r} is no encoded column; those are {list(known)}.")
        return known[name]
