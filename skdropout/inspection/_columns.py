"""A table seen column by column: checked, coded as numbers, resampled."""

import numpy as np


def as_table(X):
    """Return `X` as a pandas DataFrame or a 2-D array, or raise a ValueError."""
    if hasattr(X, "tocsr"):
        raise ValueError("X is a sparse matrix, which is resampled badly; pass X.toarray().")
    X = X if hasattr(X, "iloc") else np.asarray(X)
    if X.ndim != 2 or X.shape[0] < 2 or X.shape[1] < 1:
        raise ValueError(
            f"X must have shape (n_samples, n_features) with at least two rows and one column; "
            f"got {X.shape}."
        )
    return X


def take_rows(X, rows):
    """The table of the given rows of `X`."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def resample(X, rows):
    """Table whose column `j` holds the values of column `j` of `X` at `rows[:, j]`."""
    if not hasattr(X, "iloc"):
        return X[rows, np.arange(X.shape[1])]
    columns = {j: X.iloc[:, j].array.take(rows[:, j]) for j in range(X.shape[1])}
    table = type(X)(columns)
    table.columns = X.columns
    return table


def column_names(X):
    """Names by which to speak of the columns of `X`."""
    return [str(name) for name in getattr(X, "columns", range(X.shape[1]))]


def encode(X):
    """Numbers for every column, and which columns are categorical.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_features)
        Values of numeric columns (NaN where missing), codes 0, 1, ... of the others.
    categorical : ndarray of bool, shape (n_features,)
    """
    columns = [X.iloc[:, j] for j in range(X.shape[1])] if hasattr(X, "iloc") else X.T
    encoded = [_encode_column(column) for column in columns]
    codes = np.column_stack([values for values, _ in encoded])
    return codes, np.array([is_categorical for _, is_categorical in encoded])


def _encode_column(column):
    if not hasattr(column, "cat"):
        try:
            return _as_float(column), False
        except (TypeError, ValueError):
            pass
    text = np.asarray(column).astype(str)
    return np.unique(text, return_inverse=True)[1].astype(float), True


def _as_float(column):
    if column.dtype.kind in "mM":
        times = np.asarray(column, dtype=f"{column.dtype.kind}8[ns]")
        return np.where(np.isnat(times), np.nan, times.astype(float))
    if hasattr(column, "to_numpy"):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return column.astype(float)
