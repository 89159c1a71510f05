"""Tables from plain descriptions: which container, which columns, how they lie in memory.

A description is a dict of literals, so that it can be printed, shrunk and pasted:

- ``container``: "pandas", "polars", "numpy", "objects", "lists", "torch", "sparse" or "odd";
- ``columns``: names of kinds of columns, see ``columns.py``;
- ``n``: number of rows; ``seed``;
- ``style``: what else is peculiar, by container: names, index, dtype, memory, or Python of its own.
"""

import tempfile

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
import torch

from tests.harness.fuzz.columns import (
    CELLS,
    NUMBERS,
    PANDAS_COLUMNS,
    POLARS_COLUMNS,
    cells_of,
    pandas_column,
    polars_column,
)

NAMES = {
    "plain": lambda n: [f"col{j}" for j in range(n)],
    "numbers": lambda n: list(range(n)),
    "numbers and words": lambda n: [j if j % 2 else f"col{j}" for j in range(n)],
    "duplicates": lambda n: ["twin"] * n,
    "duplicates as words": lambda n: [1, "1", *(f"col{j}" for j in range(n))][:n],
    "spaces": lambda n: [" " * j for j in range(n)],
    "odd": lambda n: [
        ["<b>", "a\nb", "π", "a\x00b", "y", "{}", "%s", "__class__"][j % 8] * (1 + j // 8)
        for j in range(n)
    ],
    "long": lambda n: [f"{'long' * 500}{j}" for j in range(n)],
    "none": lambda n: [None, *(f"col{j}" for j in range(1, n))][:n],
    "tuples": lambda n: pd.MultiIndex.from_tuples([("a", j) for j in range(n)]),
    "times": lambda n: pd.date_range("2020", periods=n),
    "floats": lambda n: [j / 2 for j in range(n)],
    "of missing": lambda n: [np.nan, *(f"col{j}" for j in range(1, n))][:n],
}
_INDEX = {
    "index of words": lambda n: [f"row {i}" for i in range(n)],
    "index of twins": lambda n: [0] * n,
    "index of two levels": lambda n: pd.MultiIndex.from_arrays([range(n), range(n)]),
    "index of times": lambda n: pd.date_range("2020", periods=n),
}
PANDAS_STYLES = [*NAMES, *_INDEX]
POLARS_STYLES = ["plain", "spaces", "odd", "long"]

_DTYPES = {
    **{name: name for name in ("float32", "float16", "longdouble", ">f8", "<f4", "int8", "uint8")},
    **{name: name for name in ("int16", "int64", "uint64", "bool", "complex128", "object", "U8")},
    "S8": "S8",
    "times": "datetime64[s]",
    "durations": "timedelta64[s]",
}
_MEMORY = {
    "plain": lambda X: X,
    "Fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "shared rows": lambda X: np.broadcast_to(X[:1], X.shape) if len(X) else X,
    "matrix": np.asmatrix,
    "masked": lambda X: np.ma.masked_array(X, X > 1),
    "own subclass": lambda X: X.view(_OwnArray),
    "structured": lambda X: np.rec.fromarrays(list(X.T)) if X.size else X,
}
NUMPY_STYLES = [*_MEMORY, "read-only", "on disk", *_DTYPES]
TORCH_STYLES = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "bool",
    "gradient",
    "complex64",
]
SPARSE_STYLES = ["csr_matrix", "csc_array", "coo_array", "lil_matrix", "dok_array"]
ODD_STYLES = [
    *("None", "'X'", "5", "5.0", "object()", "[]", "[[]]", "[[1.0], [1.0, 2.0]]", "[1.0, 2.0]"),
    *("np.zeros(5)", "np.zeros((2, 2, 2))", "np.zeros((0, 3))", "np.zeros((5, 0))", "np.array(5)"),
    *("np.array([[1.0, 'a']], dtype=object)", "{'a': [1.0, 2.0]}", "iter([[1.0]])", "range(5)"),
    *("pd.DataFrame()", "pl.DataFrame()", "pd.Series([1.0, 2.0])", "pl.Series([1.0, 2.0])"),
    *("pd.DataFrame(index=range(5))", "np.array([['a', 'b']] * 40)", "[{'a': 1.0}] * 40"),
    *("b'X'", "torch.zeros(3)", "pd.Index([1.0])", "np.array([[None, 1.0]] * 40)", "[None] * 40"),
]

# What columns a table has where nothing about it is odd, by container.
PLAIN = {
    "pandas": ["plain", "words", "missing"],
    "polars": ["plain", "words", "missing"],
    "numpy": ["plain", "whole", "missing"],
    "objects": ["plain", "whole", "missing"],
    "lists": ["plain", "whole", "two values"],
    "torch": ["plain", "whole", "two values"],
    "sparse": ["plain", "whole", "two values"],
}
# What kinds of columns and which styles there are.
KINDS = {
    "pandas": (PANDAS_COLUMNS, PANDAS_STYLES),
    "polars": (POLARS_COLUMNS, POLARS_STYLES),
    "numpy": (list(NUMBERS), NUMPY_STYLES),
    "objects": (PANDAS_COLUMNS, ["plain"]),
    "lists": (PANDAS_COLUMNS, ["plain"]),
    "torch": (list(NUMBERS), TORCH_STYLES),
    "sparse": (list(NUMBERS), SPARSE_STYLES),
}


class _OwnArray(np.ndarray):
    pass


def make_table(description):
    """Return the table of a ``description``."""
    container, style = description["container"], description.get("style", "plain")
    if container == "odd":
        return eval(style, {"np": np, "pd": pd, "pl": pl, "torch": torch})
    kinds, n = description["columns"], description["n"]
    rng = np.random.default_rng(description["seed"])
    return _MAKERS[container](kinds, n, style, rng)


def column_names(X):
    """Return x0, x1, ..., which columns are called where they have no name, and their names."""
    try:
        n_columns = X.shape[1] if hasattr(X, "shape") else np.shape(X)[1]
    except (IndexError, ValueError):  # no table at all
        return []
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else []
    return [*names, *(f"x{j}" for j in range(n_columns))]


def _pandas(kinds, n, style, rng):
    frame = pd.DataFrame({j: pandas_column(kind, rng, n) for j, kind in enumerate(kinds)})
    frame.columns = NAMES.get(style, NAMES["plain"])(len(kinds))
    if style in _INDEX:
        frame.index = _INDEX[style](n)
    return frame


def _polars(kinds, n, style, rng):
    names = NAMES[style](len(kinds))
    return pl.DataFrame(
        [polars_column(kind, rng, n).alias(name) for kind, name in zip(kinds, names, strict=True)]
    )


def _array(kinds, n, rng):
    columns = [NUMBERS[kind if kind in NUMBERS else "plain"](rng, n) for kind in kinds]
    return np.column_stack(columns) if columns else np.empty((n, 0))


def _numpy(kinds, n, style, rng):
    X = _array(kinds, n, rng)
    if style in _MEMORY:
        return _MEMORY[style](X)
    if style == "read-only":
        X.flags.writeable = False
        return X
    if style == "on disk":
        if not X.size:
            return X
        with tempfile.TemporaryFile() as file:
            on_disk = np.memmap(file, dtype=float, shape=X.shape, mode="w+")
        on_disk[...] = X
        return on_disk
    with np.errstate(all="ignore"):
        whole = _DTYPES[style][0] in "iudmt"
        return (np.nan_to_num(X.clip(-99, 99)) if whole else X).astype(_DTYPES[style])


def _objects(kinds, n, style, rng):
    X = np.empty((n, len(kinds)), dtype=object)
    for j, kind in enumerate(kinds):
        cells = list(cells_of(kind if kind in CELLS else "plain", rng, n))
        for i, cell in enumerate(cells):
            X[i, j] = cell
    return X


def _lists(kinds, n, style, rng):
    return _objects(kinds, n, style, rng).tolist()


def _torch(kinds, n, style, rng):
    X = torch.as_tensor(_array(kinds, n, rng))
    return X.requires_grad_() if style == "gradient" else X.to(getattr(torch, style))


def _sparse(kinds, n, style, rng):
    return getattr(scipy.sparse, style)(np.nan_to_num(_array(kinds, n, rng)).clip(0, 9).round())


_MAKERS = {
    "pandas": _pandas,
    "polars": _polars,
    "numpy": _numpy,
    "objects": _objects,
    "lists": _lists,
    "torch": _torch,
    "sparse": _sparse,
}
