"""A few rows whose cells show all that a column holds."""

import numpy as np

from skdropout._table import as_levels, as_numbers, column_of, is_frame, looks_categorical
from skdropout.inspection._interaction_strengths import column_names

__all__ = ["grid_of", "rows_of_grid"]


def grid_of(X, column, n_grid):
    """Return rows of ``X`` whose cells are levels or quantiles of the column, and these cells."""
    cells, name = column_of(X, column), column_names(X)[column]
    if is_frame(X) and looks_categorical(cells, name):
        codes, levels = as_levels(cells)
        order = sorted(range(len(levels)), key=levels.__getitem__)
        rows = np.array([np.argmax(codes == code) for code in order])
        return rows, np.array([levels[code] for code in order], dtype=object)
    numbers = as_numbers(cells, name)
    order = np.argsort(numbers, kind="stable")[: np.isfinite(numbers).sum()]
    if not len(order):
        raise ValueError(f"Column {name!r} has no finite cells.")
    rows = order[np.linspace(0, len(order) - 1, n_grid).round().astype(int)]
    values, first = np.unique(numbers[rows], return_index=True)
    return rows[first], values


def rows_of_grid(X, column, values):
    """Count the rows of ``X`` whose cells are nearest to each of ``values``, as of ``grid_of``."""
    cells = column_of(X, column)
    if values.dtype == object:
        codes, levels = as_levels(cells)
        place = {level: k for k, level in enumerate(values)}
        return np.bincount([place[levels[c]] for c in codes if c >= 0], minlength=len(values))
    numbers = as_numbers(cells, column_names(X)[column])
    numbers = numbers[np.isfinite(numbers)]
    nearest = np.searchsorted((values[1:] + values[:-1]) / 2, numbers)
    return np.bincount(nearest, minlength=len(values))
