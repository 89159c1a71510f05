"""Columns of every dtype: a name for each, and what makes its cells."""

import datetime
import decimal
import fractions

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

_HUGE, _TINY = np.finfo(float).max, 5e-324
_DAY = datetime.date(2020, 1, 1)

# Numbers that a column of float64 may hold, by name: (rng, n) -> ndarray.
NUMBERS = {
    "plain": lambda rng, n: rng.normal(size=n),
    "whole": lambda rng, n: rng.integers(0, 9, n).astype(float),
    "constant": lambda rng, n: np.full(n, 3.0),
    "two values": lambda rng, n: rng.integers(0, 2, n).astype(float),
    "missing": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
    "all missing": lambda rng, n: np.full(n, np.nan),
    "infinite": lambda rng, n: rng.choice([1.0, 2.0, np.inf, -np.inf], n),
    "all infinite": lambda rng, n: np.full(n, np.inf),
    "huge": lambda rng, n: rng.choice([-_HUGE, _HUGE, 1e308, 0.0], n),
    "one huge": lambda rng, n: np.append(rng.normal(size=n - 1), 1e308)[:n] if n else np.zeros(0),
    "tiny": lambda rng, n: rng.choice([_TINY, -_TINY, 1e-310, 0.0], n),
    "small": lambda rng, n: 1e-300 * rng.normal(size=n),
    "shifted": lambda rng, n: 1e15 + rng.normal(size=n),
    "zeros": lambda rng, n: rng.choice([0.0, -0.0], n),
    "single": lambda rng, n: np.float32(1e38) * rng.choice([1.0, -1.0, 5.0], n),
}


def _words(rng, n):
    return rng.choice(["Rome", "Oslo", "Lima", "São Paulo"], n).tolist()


def _gaps(cells, gap=None):
    return [gap if k % 5 == 2 else cell for k, cell in enumerate(cells)]


def _whole(dtype):
    def make(rng, n):
        info = np.iinfo(dtype)
        return np.array([0, 1, 2, info.max, info.min], dtype=dtype)[rng.integers(0, 5, n)]

    return make


# Cells as Python or NumPy has them, whatever holds them: name -> (rng, n) -> list or ndarray.
CELLS = {
    **{f"int of {np.dtype(t).name}": _whole(t) for t in "bhilBHIL"},
    "bool": lambda rng, n: rng.random(n) < 0.5,
    "float16": lambda rng, n: rng.normal(size=n).astype(np.float16),
    "float32": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "complex": lambda rng, n: rng.normal(size=n) + 1j,
    "words": _words,
    "words with gaps": lambda rng, n: _gaps(_words(rng, n)),
    "one word": lambda rng, n: ["same"] * n,
    "all different": lambda rng, n: [f"id {k}" for k in range(n)],
    "digits": lambda rng, n: list(map(str, rng.integers(0, 5, n))),
    "empty words": lambda rng, n: rng.choice(["", " ", "a"], n).tolist(),
    "control": lambda rng, n: [["a\x00b", "\x07", "line\nbreak", "😀"][k % 4] for k in range(n)],
    "bytes": lambda rng, n: rng.choice([b"a", b"b"], n).tolist(),
    "dates": lambda rng, n: [_DAY + datetime.timedelta(int(k)) for k in rng.integers(0, 9, n)],
    "times": lambda rng, n: pd.Timestamp(_DAY) + pd.to_timedelta(rng.integers(0, 9, n), unit="h"),
    "durations": lambda rng, n: pd.to_timedelta(rng.integers(0, 9, n), unit="h"),
    "lists": lambda rng, n: [[1, 2]] * n,
    "dicts": lambda rng, n: [{"a": 1}] * n,
    "tuples": lambda rng, n: [(1, int(k)) for k in rng.integers(0, 3, n)],
    "sets": lambda rng, n: [{1}] * n,
    "mixed": lambda rng, n: _gaps(_words(rng, n), 3),
    "mixed with gaps": lambda rng, n: _gaps([1, "a", None, 2.5, b"c"] * n)[:n],
    "numbers with gaps": lambda rng, n: _gaps(rng.normal(size=n).tolist()),
    "truth with gaps": lambda rng, n: _gaps((rng.random(n) < 0.5).tolist()),
    "decimals": lambda rng, n: [decimal.Decimal(int(k)) / 8 for k in rng.integers(0, 9, n)],
    "odd decimals": lambda rng, n: _gaps([decimal.Decimal("1e400")] * n, decimal.Decimal("NaN")),
    "fractions": lambda rng, n: [fractions.Fraction(int(k), 3) for k in rng.integers(0, 9, n)],
    "beyond floats": lambda rng, n: _gaps([10**400] * n, 1),
    "long": lambda rng, n: [2**64 + int(k) for k in rng.integers(0, 9, n)],
    "objects": lambda rng, n: [object()] * n,
    "arrays": lambda rng, n: [np.arange(2)] * n,
    "nothing": lambda rng, n: [None] * n,
    **NUMBERS,
}

# What pandas turns cells into: name -> (kind of cells, dtype or callable).
_PANDAS = {
    **{name: ("whole", name) for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt64")},
    **{f"{name} with gaps": ("missing whole", name) for name in ("Int8", "Int64", "UInt32")},
    "Float32": ("missing", "Float32"),
    "Float64": ("plain", "Float64"),
    "boolean": ("truth with gaps", "boolean"),
    "string": ("words with gaps", "string"),
    "str": ("words with gaps", "str"),
    "string of Arrow": ("words with gaps", "string[pyarrow]"),
    "category": ("words with gaps", "category"),
    "category of numbers": ("whole", "category"),
    "category of floats": ("missing", "category"),
    "category of truth": ("bool", "category"),
    "category of dates": ("times", "category"),
    "category of tuples": ("tuples", "category"),
    "category of mixed": ("mixed", "category"),
    "category, ordered": ("words", pd.CategoricalDtype(["Oslo", "Rome"], ordered=True)),
    "category, unused": ("words", pd.CategoricalDtype(["x", "Rome", "Oslo", "Lima", "São Paulo"])),
    "category, empty": ("nothing", pd.CategoricalDtype(["a"])),
    "times": ("times", None),
    "times with zone": ("times", lambda s: s.dt.tz_localize("UTC")),
    "durations": ("durations", None),
    "periods": ("times", lambda s: s.dt.to_period("D")),
    "intervals": (
        "plain",
        lambda s: pd.Series(pd.arrays.IntervalArray.from_breaks(range(len(s) + 1))),
    ),
    "sparse": ("plain", "Sparse[float64]"),
    "sparse whole": ("int of int8", "Sparse[int8]"),
    "double of Arrow": ("missing", "double[pyarrow]"),
    "int of Arrow": ("missing whole", "int64[pyarrow]"),
    "bool of Arrow": ("truth with gaps", "bool[pyarrow]"),
    "timestamp of Arrow": ("times", "timestamp[ns][pyarrow]"),
    "date of Arrow": ("dates", "date32[day][pyarrow]"),
    "decimal of Arrow": ("decimals", pd.ArrowDtype(pa.decimal128(20, 10))),
    "binary of Arrow": ("bytes", pd.ArrowDtype(pa.binary())),
    "list of Arrow": ("lists", pd.ArrowDtype(pa.list_(pa.int64()))),
    "struct of Arrow": ("dicts", pd.ArrowDtype(pa.struct([("a", pa.int64())]))),
    "dictionary of Arrow": ("words", pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    "null of Arrow": ("nothing", pd.ArrowDtype(pa.null())),
}
_POLARS = {
    **{name: ("whole", name) for name in ("Int8", "Int16", "Int32", "Int64", "Int128")},
    **{name: ("whole", name) for name in ("UInt8", "UInt16", "UInt32", "UInt64")},
    "Float32": ("missing", "Float32"),
    "Float64": ("plain", "Float64"),
    "Boolean": ("truth with gaps", "Boolean"),
    "String": ("words with gaps", "String"),
    "Categorical": ("words with gaps", "Categorical"),
    "Enum": ("words", lambda s: s.cast(pl.Enum(["Rome", "Oslo", "Lima", "São Paulo"]))),
    "Date": ("dates", None),
    "Datetime": ("times", None),
    "Duration": ("durations", None),
    "Time": ("times", lambda s: s.cast(pl.Datetime).dt.time()),
    "Decimal": ("decimals", lambda s: s.cast(pl.Decimal(20, 8))),
    "Binary": ("bytes", None),
    "List": ("lists", None),
    "Array": ("lists", lambda s: s.cast(pl.Array(pl.Int64, 2))),
    "Struct": ("dicts", None),
    "Object": ("objects", "Object"),
    "Null": ("nothing", None),
}


def cells_of(kind, rng, n):
    """Return ``n`` cells of a kind that ``CELLS`` names."""
    if kind == "missing whole":
        return _gaps(rng.integers(0, 9, n).tolist())
    return CELLS[kind](rng, n)


def pandas_column(name, rng, n):
    """Return a Series of a dtype that ``PANDAS_COLUMNS`` names."""
    kind, dtype = _PANDAS.get(name, (name, None))
    cells = cells_of(kind, rng, n)
    if isinstance(cells, list):
        column = pd.Series(cells, dtype=object) if kind not in ("bytes",) else pd.Series(cells)
    else:
        column = pd.Series(cells)
    if dtype is None:
        return column
    return dtype(column) if callable(dtype) else column.astype(dtype)


def polars_column(name, rng, n):
    """Return a Series of a dtype that ``POLARS_COLUMNS`` names."""
    kind, dtype = _POLARS.get(name, (name, None))
    cells = cells_of(kind, rng, n)
    if isinstance(cells, pd.Index):
        cells = (
            cells.to_pydatetime().tolist() if kind == "times" else cells.to_pytimedelta().tolist()
        )
    if dtype == "Object" or kind in ("objects", "mixed", "mixed with gaps", "sets", "arrays"):
        return pl.Series(cells, dtype=pl.Object)
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "c":
        return pl.Series(cells.tolist(), dtype=pl.Object)
    column = pl.Series(cells, strict=False)
    if dtype is None:
        return column
    return dtype(column) if callable(dtype) else column.cast(getattr(pl, dtype), strict=False)


PANDAS_COLUMNS = [*CELLS, *_PANDAS]
POLARS_COLUMNS = [*CELLS, *_POLARS]
