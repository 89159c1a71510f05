"""A table as cells: any container, read column by column, its rows put together anew."""

from typing import Any

import numpy as np

from skdropout._sklearn_private import is_pandas_df, safe_indexing
from skdropout._table import (
    TableLike,
    as_levels,
    as_numbers,
    column_of,
    is_frame,
    looks_categorical,
    readable,
)


def as_table(X: TableLike, min_rows: int = 1) -> Any:
    """Return a frame as it is, and anything else as an array of two dimensions."""
    if hasattr(X, "tocsr"):
        raise ValueError("X is a sparse matrix, whose cells cannot be redrawn; pass X.toarray().")
    if not is_frame(X):
        try:
            X = np.asarray(readable(X))
        except (TypeError, ValueError) as error:
            raise ValueError(f"X cannot be read as a table: {error}.") from error
    if len(X.shape) != 2 or X.shape[0] < min_rows or X.shape[1] < 1:
        raise ValueError(
            f"X must have shape (n_samples, n_features), with at least {min_rows} row(s) and one "
            f"column; got {X.shape}."
        )
    return X


def column_names(X):
    """Return the names of the columns of a frame, "x0", "x1", ... of an array."""
    return (
        [str(name) for name in X.columns] if is_frame(X) else [f"x{j}" for j in range(X.shape[1])]
    )


def as_targets(y: Any, are_numbers: bool, name: str = "y") -> np.ndarray:
    """Return targets as an array, of numbers where they must be."""
    try:
        y = np.asarray(readable(y, name))
        if are_numbers:
            y = y.astype(float)
    except (OverflowError, TypeError, ValueError) as error:
        what = "numbers, as estimator predicts" if are_numbers else "one target per row"
        raise ValueError(f"{name} must hold {what}: {error}.") from error
    if not y.ndim:
        raise ValueError(f"{name}={y} must hold one target per row.")
    if are_numbers and not np.isfinite(y).all():
        raise ValueError(f"{name} holds {y[~np.isfinite(y)][0]}; give finite targets.")
    return y


def as_matrix(X):
    """Return a table of numbers as float64; a column of anything else is refused by its name."""
    return np.column_stack([as_numbers(column_of(X, j), n) for j, n in enumerate(column_names(X))])


def take_rows(X, rows):
    """Return the table of the given rows of ``X``."""
    return safe_indexing(X, rows)


def take_cells(X, source):
    """Return a table like ``X`` whose column ``j`` holds its cells of the rows ``source[:, j]``."""
    if not is_frame(X):
        return np.take_along_axis(X, source, axis=0)
    columns = [column_of(X, j) for j in range(X.shape[1])]
    return _like(X, [_cells(column)[rows] for column, rows in zip(columns, source.T, strict=True)])


def with_rows(X, other):
    """Return ``X`` with the rows of another table of its kind below."""
    if not is_frame(X):
        return np.concatenate([X, other])
    if is_pandas_df(X):
        import pandas as pd

        return pd.concat([X, other], ignore_index=True)
    unlike = [name for name in X.columns if X[name].dtype != other[name].dtype]
    if unlike:
        raise ValueError(f"X and background have columns of different dtypes: {unlike}.")
    return X.vstack(other)


_RAISE = ("builtins", "numpy", "pandas", "polars", "pyarrow")


def with_row(X, cells):
    """Return ``X`` with one more row; columns of whole numbers become ones of fractions."""
    try:
        return _with_row(X, cells)
    except Exception as error:  # data frames have errors of their own
        if type(error).__module__.split(".")[0] not in _RAISE:
            raise
        raise ValueError(
            f"fill gives cells that do not go with those of the columns of X: {error}."
        ) from error


def _with_row(X, cells):
    if not is_frame(X):
        dtype = X.dtype if X.dtype.kind == "O" else np.result_type(X.dtype, np.float32)
        return np.vstack([X.astype(dtype), np.array(cells, dtype=dtype)])
    columns = [column_of(X, j) for j in range(X.shape[1])]
    return _like(X, [_extended(*pair) for pair in zip(columns, cells, strict=True)])


def numbers_of(X, j):
    """Return the cells of column ``j`` as numbers, NaN where missing; None if it holds levels."""
    column, name = column_of(X, j), column_names(X)[j]
    if getattr(column.dtype, "kind", None) in ("m", "M"):
        times = np.asarray(column, dtype=f"{column.dtype.kind}8[ns]")
        return np.where(np.isnat(times), np.nan, times.astype(float))
    if hasattr(column.dtype, "is_temporal") and column.dtype.is_temporal():  # polars
        column = column.to_physical()
    if is_frame(X):
        return None if looks_categorical(column, name) else as_numbers(column, name)
    try:
        return as_numbers(column, name)
    except ValueError:
        return None


def coded(X):
    """Return numbers for every column, and which columns hold levels.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_columns)
        Values of columns of numbers (NaN where missing), codes 0, 1, ... of the others, of which
        missing is a level.
    holds_levels : ndarray of bool, shape (n_columns,)
    """
    columns = [numbers_of(X, j) for j in range(X.shape[1])]
    holds_levels = np.array([numbers is None for numbers in columns])
    for j in np.flatnonzero(holds_levels):
        found, levels = as_levels(column_of(X, j))
        # one more at the end, where the code -1 of a missing cell points
        text = np.array([*map(str, levels), "nan"])
        columns[j] = np.unique(text[found], return_inverse=True)[1].astype(float)
    return np.column_stack(columns), holds_levels


def typical_cells(X, holds_levels):
    """Return each column's median or, if it holds levels, the most frequent one."""
    cells = []
    for j, of_levels in enumerate(holds_levels):
        if not of_levels:
            numbers = numbers_of(X, j)
            if numbers is None:  # in X alone, not where the model learnt
                numbers = as_numbers(column_of(X, j), column_names(X)[j])
            known = numbers[~np.isnan(numbers)]
            cells.append(float(np.median(known)) if len(known) else np.nan)
            continue
        codes, levels = as_levels(column_of(X, j))
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        most = [level for level, n in zip(levels, counts, strict=True) if n == counts.max()]
        cells.append(min(most, default=None))
    return cells


def _cells(column):
    return column.array if hasattr(column, "array") else column


def _like(X, columns):
    if not is_pandas_df(X):
        return type(X)(columns)
    table = type(X)(dict(enumerate(columns)))
    table.columns = X.columns  # of which some may be alike
    return table


def _extended(column, cell):
    if hasattr(column, "extend_constant"):  # polars
        if column.dtype.is_integer() or str(column.dtype) == "Boolean":
            column = column.cast(float)
        return column.extend_constant(None if cell != cell else cell, 1)
    import pandas as pd

    if getattr(column.dtype, "kind", "O") in "iub":
        column = column.astype(float)
    return pd.concat([column, pd.Series([cell], dtype=column.dtype)], ignore_index=True)
