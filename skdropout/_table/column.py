"""One column at a time: what kind it is, its cells as numbers or as levels, what these tell."""

import numbers
from collections.abc import Hashable
from decimal import Decimal

import numpy as np
from scipy.sparse import issparse
from scipy.special import fdtrc, ndtri

from skdropout._sklearn_private import is_pandas_df, is_polars_df, safe_indexing


def is_frame(X):
    """Whether ``X`` is a pandas or polars DataFrame."""
    return is_pandas_df(X) or is_polars_df(X)


def readable(X, name="X"):
    """Return ``X`` (or y) as NumPy can read it: tensors without gradient, in host memory.

    Dates and times are refused, as those of frames are: NumPy would take them for numbers.
    """
    if hasattr(X, "detach"):
        X = X.detach().cpu()
        X = X.float() if str(X.dtype) == "torch.bfloat16" else X  # NumPy has none
    elif isinstance(X, list | tuple):
        try:
            X = np.asarray(X)
        except ValueError as error:
            raise ValueError(
                f"{name} cannot be read as an array ({error}); give rows of equal length."
            ) from error
    if getattr(getattr(X, "dtype", None), "kind", None) in ("m", "M"):
        raise ValueError(f"{name} {_is_neither(f'dtype {X.dtype}')}")
    return X


def column_of(X, j):
    """Return column ``j`` of a frame (a Series), of an array or of a sparse matrix."""
    return X[:, [j]].toarray()[:, 0] if issparse(X) else safe_indexing(X, j, axis=1)


def are_plain_numbers(X, columns):
    """Whether these columns are of a pandas frame and hold NumPy's numbers: to be read at once."""
    if not is_pandas_df(X):
        return False
    dtypes = X.dtypes.iloc[columns].unique()
    return all(isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in dtypes)


def rows_of(X, rows):
    """Return the rows of a frame or of an array that a slice names."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def looks_categorical(column, name):
    """Whether a frame's column holds categories: by dtype, or because its cells are strings."""
    kind = _kind(column)
    if kind == "category":
        return True
    if kind == "number":
        return False
    if kind == "text":
        cells = [cell for cell in as_objects(column) if cell is not None]
        types = sorted({_cell_type(cell) for cell in cells})
        if len(types) > 1:
            raise ValueError(
                f"Column {name!r} mixes {' and '.join(types)}; convert it to one type, for "
                "example by .astype(str), or drop it."
            )
        if all(isinstance(cell, Hashable) for cell in cells):
            return types != ["number"]
        raise ValueError(f"Column {name!r} {_is_neither(f'cells of type {types[0]}')}")
    raise ValueError(f"Column {name!r} {_is_neither(f'dtype {column.dtype}')}")


def as_numbers(column, name):
    """Return a float64 array with NaN for missing."""
    try:
        if hasattr(column, "isna"):  # pandas
            if str(column.dtype) in ("category", "object", "str"):
                column = column.astype(object)
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        if hasattr(column, "cast") and column.dtype.is_integer():  # polars; NumPy has no Int128
            column = column.cast(float)
        numbers = np.asarray(column).astype(np.float64)
        if numbers.ndim != 1:
            raise ValueError("its cells hold several each")
        return numbers
    except (TypeError, ValueError, ArithmeticError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"Column {name!r} cannot be read as numbers ({error}); convert it, drop it, or name "
            "it in categorical_features."
        ) from error


def as_objects(column):
    """Return a list of the cells, None for missing."""
    if hasattr(column, "isna"):  # pandas
        missing = column.isna().to_numpy()
        cells = column.astype(object).to_numpy()
        return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
    cells = column.to_list() if hasattr(column, "to_list") else column.tolist()
    return [None if _is_nan(cell) else cell for cell in cells]


def as_levels(column):
    """Return (codes, levels): codes into the list of distinct levels, -1 for missing.

    Raises TypeError if cells cannot be told apart.
    """
    if hasattr(column, "factorize"):  # pandas, much faster than the loop below
        try:
            codes, levels = column.factorize()
        except NotImplementedError as error:  # Arrow's, of cells that are lists or structs
            raise TypeError(str(error)) from error
        return codes.astype(np.int64), list(levels)
    levels, codes = {}, []
    for cell in as_objects(column):
        codes.append(-1 if cell is None else levels.setdefault(cell, len(levels)))
    return np.array(codes, dtype=np.int64), list(levels)


def _is_neither(what):
    return (
        f"has {what}, which is neither a number nor a category; turn it into numbers or categories "
        "(for a date: year, month, hour, ...) or drop it."
    )


def _kind(column):
    dtype = column.dtype
    if hasattr(dtype, "is_numeric"):  # polars
        if dtype.is_numeric() or str(dtype) == "Boolean":
            return "number"
        text = str(dtype).split("(")[0]
        return {
            "Categorical": "category",
            "Enum": "category",
            "String": "text",
            "Object": "text",
        }.get(text, "other")
    if str(dtype) == "category":
        return "category"
    kind = getattr(dtype, "kind", "O")
    if kind in "biuf":
        return "number"
    return "text" if kind in "OUT" else "other"


def _cell_type(cell):
    if isinstance(cell, (numbers.Real, Decimal, np.bool_)):
        return "number"
    return type(cell).__name__


def _is_nan(cell):
    return cell is None or (isinstance(cell, float) and cell != cell)


# Interquantile ranges, and their width in standard deviations of a normal law.
_RANGES = ((0.25, 0.75, 1.349), (0.02, 0.98, 4.107), (0.002, 0.998, 5.756))


def spread(numeric):
    """Return robust location and scale of the columns of a 2-D array with missing cells.

    The location is the median. The scale is the widest of three interquantile ranges, each in
    units of a normal law's standard deviation: a few wild cells do not count, a heavy tail does,
    and so does a column that is constant but for a few per cent of its cells.
    """
    location = np.zeros(numeric.shape[1])
    scale = np.ones(numeric.shape[1])
    orders = [0.5] + [q for low, high, _ in _RANGES for q in (low, high)]
    for j, column in enumerate(numeric.T):
        column = column[np.isfinite(column)]
        if not len(column):
            continue
        # cells below one in size, by a power of two, so that no difference or square overflows
        _, exponent = np.frexp(np.abs(column).max())
        column = np.ldexp(column, -exponent)
        middle, *ends = np.quantile(column, orders)
        widths = [
            (high - low) / width
            for low, high, (*_, width) in zip(ends[::2], ends[1::2], _RANGES, strict=True)
        ]
        width = max(widths) or column.std()
        location[j] = np.ldexp(middle, exponent)
        with np.errstate(over="ignore"):
            width = min(np.ldexp(width, exponent), np.finfo(np.float64).max)
        # a constant column: rounding may leave a width that is not quite zero
        if width > 1e-12 * max(abs(location[j]), 1e-300):
            scale[j] = width
    return location, scale


def normal_scores(column, most_knots):
    """Return values of a column, increasing, and the normal quantiles of their ranks.

    A value's rank is the share of cells below it and half of those equal to it, so it is never
    0 or 1, and tied cells are in the middle of their places.
    """
    column = np.sort(column[np.isfinite(column)])
    if not len(column):
        return np.zeros(1), np.zeros(1)
    values = np.unique(column)
    if len(values) > most_knots:
        orders = np.linspace(0, 1, most_knots)
        values = np.unique(np.quantile(column, orders, method="inverted_cdf"))
    below, up_to = (np.searchsorted(column, values, side) for side in ("left", "right"))
    return values, ndtri((below + up_to) / (2 * len(column)))


def bin_edges(column, most_bins):
    """Return the edges of bins with equally many cells, or every value if there are few.

    A value that would fill a bin by itself is an edge, and the others share what is left.
    """
    values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
    if len(values) <= most_bins + 1:
        return values
    fills = counts * most_bins > counts.sum()
    others = np.repeat(values[~fills], counts[~fills])
    orders = np.linspace(0, 1, most_bins + 1 - fills.sum())
    return np.unique([*values[fills], *np.quantile(others, orders)])


_GROUPS = 8
# A level of a category has a score of its own if it is one of so many that occur most often.
_SCORED_LEVELS = 3


def groups_and_scores(column):
    """Return the group of each number, and scores of its rank.

    Groups are missing cells, values that would fill an eighth of the rows by themselves, and eight
    with equally many of the others. Scores are the rank and its square, of mean zero and of
    variance one, and zero where the cell is missing.
    """
    present = ~np.isnan(column)
    _, place, counts = np.unique(column[present], return_inverse=True, return_counts=True)
    groups = np.zeros(len(column), dtype=int)
    scores = np.zeros((len(column), min(max(len(counts) - 1, 0), 2)))
    if not len(counts):
        return groups, scores
    middle = (counts.cumsum() - counts / 2) / counts.sum()
    of_value = (_GROUPS * middle).astype(int)
    heavy = np.flatnonzero(_GROUPS * counts > counts.sum())
    of_value[heavy] = _GROUPS + np.arange(len(heavy))
    if len(counts) <= _GROUPS:
        of_value = np.arange(len(counts))
    groups[present] = 1 + of_value[place]
    u = 2 * middle - 1
    scores[present] = np.column_stack([u, u**2])[place, : scores.shape[1]]
    return groups, _centred(scores, present)


def has_all_groups(group):
    """Say whether there are eight groups or more, so that an analysis of variance lacks power."""
    return np.count_nonzero(np.bincount(group)) >= _GROUPS


def level_scores(codes):
    """Return indicators of the levels that occur most often, of mean zero and variance one."""
    counts = np.bincount(codes)
    often = np.argsort(-counts, kind="stable")[: min(_SCORED_LEVELS, len(counts) - 1)]
    return _centred((codes[:, None] == often).astype(float), np.ones(len(codes), dtype=bool))


def _centred(scores, present):
    scores[present] -= scores[present].mean(0)
    return scores / np.sqrt((scores**2).mean(0))


def anova_p_values(groups, targets, weight):
    """Return p-values of one-way analyses of variance, by weighted least squares.

    Of several targets it is the least p-value, times how many they are.

    Parameters
    ----------
    groups : list of ndarray of int of shape (n_rows,)
        One for each column.
    targets : ndarray of shape (n_rows, n_targets)
        Of mean zero.
    weight : ndarray of shape (n_rows,)
    """
    n_rows, n_targets = targets.shape
    total = weight @ targets**2
    weighted = (targets * weight[:, None]).T
    p_values = np.ones(len(groups))
    for j, group in enumerate(groups):
        sizes = np.bincount(group, weight)
        there = sizes > 0
        n_groups = there.sum()
        if n_groups < 2 or n_groups >= n_rows or not total.any():
            continue
        sums = np.stack([np.bincount(group, part)[there] for part in weighted])
        between = np.minimum((sums**2 / sizes[there]).sum(1), total)[total > 0]
        within = (total[total > 0] - between) / (n_rows - n_groups)
        with np.errstate(divide="ignore"):
            ratio = between / (n_groups - 1) / within
        p_values[j] = fdtrc(n_groups - 1, n_rows - n_groups, ratio).min() * n_targets
    return p_values.clip(max=1)


def trend_p_values(trends, targets, weight):
    """Return p-values of straight lines, by weighted least squares; 1 where there is none.

    Of several targets it is the least p-value, times how many they are.

    Parameters
    ----------
    trends : list of ndarray of shape (n_rows,), or None
        One for each column.
    targets : ndarray of shape (n_rows, n_targets)
        Of mean zero.
    weight : ndarray of shape (n_rows,)
    """
    n_rows, n_targets = targets.shape
    total = weight @ targets**2
    p_values = np.ones(len(trends))
    for j, x in enumerate(trends):
        if x is None or n_rows < 3 or not total.any():
            continue
        x = x.astype(float)
        x -= np.average(x, weights=weight)
        explained = ((weight * x) @ targets) ** 2 / max(weight @ x**2, np.finfo(float).tiny)
        explained = np.minimum(explained, total)[total > 0]
        with np.errstate(divide="ignore"):
            ratio = explained / (total[total > 0] - explained) * (n_rows - 2)
        p_values[j] = fdtrc(1, n_rows - 2, ratio).min() * n_targets
    return p_values.clip(max=1)


def adjusted(p_values):
    """Adjust p-values by Benjamini and Hochberg."""
    order = np.argsort(-p_values)
    ranks = np.arange(len(order), 0, -1)
    found = np.empty(len(order))
    found[order] = np.minimum.accumulate(p_values[order] * len(order) / ranks)
    return found.clip(max=1)
