"""Which columns act together, and what they do together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skdropout._report.levels import order_of
from skdropout._report.models import ERROR_RATE
from skdropout._report.scoring import predicted_by
from skdropout.inspection import interaction_table

# Share of the variance of predictions from which on a pair stands out.
LEAST_SHARE = 0.02
_SURE = 2  # standard errors
CELLS, _MOST_LEVELS = 10, 24


@dataclass(eq=False)
class Pair:
    """Two columns, or more, that were found to act together; ``places`` are in the finder's table.

    ``share`` is what they carry of the variance of predictions, ``error`` the standard error of
    their strength, ``q_value`` the false discovery rate at which they just pass.
    """

    names: tuple
    places: tuple
    strength: float
    error: float
    share: float
    q_value: float

    @property
    def passes(self):
        """Whether chance alone is unlikely to have made it, and there is something of it."""
        return self.q_value <= ERROR_RATE and self.strength > _SURE * self.error

    @property
    def stands_out(self):
        """Whether it is no chance, and carries something."""
        return self.passes and self.share >= LEAST_SHARE


@dataclass(eq=False)
class Surface:
    """What two columns do together to the mean prediction; NaN in cells without rows.

    ``asked`` has the values of either column that were asked about; cells of numbers have
    ``edges``, of categories ``levels``, and the other is None.
    """

    names: tuple
    values: np.ndarray
    asked: tuple
    edges: tuple
    levels: tuple
    of_class: object
    spread: float


def pairs_of(finder):
    """Return what a fitted finder has found, strongest first."""
    table = interaction_table(finder)
    columns = list(finder.feature_names_in_)
    return [
        Pair(
            names=tuple(columns[j] for j in row["columns"]),
            places=tuple(row["columns"]),
            strength=float(row["strength"]),
            error=float(row["standard_error"]),
            share=float(row["share"]),
            q_value=float(row["q_value"]),
        )
        for _, row in table.iterrows()
    ]


def surface_of(model, X, names, n_rows):
    """Measure what two columns do together, beyond what each does, in units of the prediction.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame
        Training rows.
    names : tuple of str
    n_rows : int
        How many rows to average over.
    """
    parts = [_cells_of(X[name]) for name in names]
    (first, edges_a, place_a), (second, edges_b, place_b) = parts
    rows = np.random.default_rng(0).permutation(len(X))[:n_rows]
    sample = X.iloc[rows]
    n_a, n_b = len(first), len(second)
    means = []
    for value in range(n_a):
        stacked = pd.concat([sample] * n_b, ignore_index=True)
        for name, values, which in (
            (names[0], first, np.full(len(stacked), value)),
            (names[1], second, np.repeat(np.arange(n_b), len(sample))),
        ):
            cells = pd.Series(values)[which].reset_index(drop=True).astype(X[name].dtype)
            stacked[name] = cells
        means.append(predicted_by(model, stacked).reshape(n_b, len(sample), -1).mean(1))
    means = np.stack(means)
    known = (place_a >= 0) & (place_b >= 0)
    visits = np.zeros((n_a, n_b))
    np.add.at(visits, (place_a[known], place_b[known]), 1)
    joint = _joint(means, visits)
    of_class, chosen = None, 0
    own = predicted_by(model, sample)
    if own.ndim > 1:
        chosen = 1 if own.shape[1] == 2 else int(np.nanstd(joint, axis=(0, 1)).argmax())
        of_class = model.classes_[chosen]
        own = own[:, chosen]
    values = np.where(visits > 0, joint[..., chosen], np.nan)
    levels = tuple(part[0] if part[1] is None else None for part in parts)
    asked = first, second
    return Surface(
        tuple(names), values, asked, (edges_a, edges_b), levels, of_class, float(own.std())
    )


def _joint(means, visits):
    """Take away what either column does, cells being weighed by the rows in them."""
    rows, columns = visits.sum(1), visits.sum(0)
    weights = np.outer(rows, columns)
    weights = (weights / weights.sum())[..., None]
    w_a, w_b = weights.sum(1, keepdims=True), weights.sum(0, keepdims=True)
    of_a = (means * weights).sum(1, keepdims=True) / np.where(w_a > 0, w_a, 1)
    of_b = (means * weights).sum(0, keepdims=True) / np.where(w_b > 0, w_b, 1)
    return means - of_a - of_b + (means * weights).sum((0, 1))


def _cells_of(column):
    """Return values to ask about, edges of cells (None of levels), and each row's cell or -1."""
    if column.dtype == "category":
        counts = column.value_counts()
        counts = counts[counts > 0][:_MOST_LEVELS]
        levels = [level for level in column.cat.categories if level in counts.index]
        order = order_of(levels, bool(column.cat.ordered))
        levels = np.array(levels if order is None else order, dtype=object)
        return levels, None, pd.Index(levels).get_indexer(column.astype(object))
    known = column.to_numpy()
    there = known[~np.isnan(known)]
    values = np.unique(there)
    if len(values) > CELLS:
        edges = np.unique(np.quantile(there, np.linspace(0, 1, CELLS + 1)))
        place = np.clip(np.searchsorted(edges, known, side="right") - 1, 0, len(edges) - 2)
        values = np.array(
            [
                np.median(known[place == k]) if (place == k).any() else edges[k : k + 2].mean()
                for k in range(len(edges) - 1)
            ]
        )
    else:
        middle = (values[1:] + values[:-1]) / 2
        first = values[0] - (middle[0] - values[0] if len(middle) else 0.5)
        last = values[-1] + (values[-1] - middle[-1] if len(middle) else 0.5)
        edges = np.array([first, *middle, last])
        place = np.searchsorted(middle, known)
    return values, edges, np.where(np.isnan(known), -1, place)
