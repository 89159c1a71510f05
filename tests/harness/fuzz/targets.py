"""Targets, weights, groups and splitters, each by a name or by Python of its own."""

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
import torch
from sklearn import model_selection

_VALUES = {
    "plain": lambda rng, n: rng.normal(size=n),
    "positive": lambda rng, n: rng.exponential(size=n),
    "counts": lambda rng, n: rng.poisson(3.0, n),
    "column": lambda rng, n: rng.normal(size=(n, 1)),
    "two outputs": lambda rng, n: rng.normal(size=(n, 2)),
    "constant": lambda rng, n: np.full(n, 2.0),
    "zeros": lambda rng, n: np.zeros(n),
    "huge": lambda rng, n: 1e308 * rng.choice([1.0, -1.0, 1.7], n),
    "one huge": lambda rng, n: np.append(rng.normal(size=max(n - 1, 0)), 1e300)[:n],
    "tiny": lambda rng, n: 1e-310 * rng.normal(size=n),
    "least": lambda rng, n: 5e-324 * rng.integers(0, 3, n),
    "shifted": lambda rng, n: 1e12 + rng.normal(size=n),
    "missing": lambda rng, n: np.append(rng.normal(size=max(n - 1, 0)), np.nan)[:n],
    "infinite": lambda rng, n: np.append(rng.normal(size=max(n - 1, 0)), np.inf)[:n],
    "float32": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "float16": lambda rng, n: rng.normal(size=n).astype(np.float16),
    "longdouble": lambda rng, n: rng.normal(size=n).astype(np.longdouble),
    "int8": lambda rng, n: rng.integers(-99, 99, n).astype(np.int8),
    "uint64": lambda rng, n: rng.integers(0, 2**63, n).astype(np.uint64),
    "truth": lambda rng, n: rng.random(n) < 0.5,
    "objects": lambda rng, n: rng.normal(size=n).astype(object),
    "digits": lambda rng, n: rng.integers(0, 9, n).astype(str),
    "complex": lambda rng, n: rng.normal(size=n) + 1j,
    "list": lambda rng, n: rng.normal(size=n).tolist(),
    "Series": lambda rng, n: pd.Series(rng.normal(size=n), index=range(n, 0, -1)),
    "Float64": lambda rng, n: pd.Series(rng.normal(size=n), dtype="Float64"),
    "Int64 with gaps": lambda rng, n: pd.Series([1, None, *range(n)][:n], dtype="Int64"),
    "double of Arrow": lambda rng, n: pd.Series(rng.normal(size=n), dtype="double[pyarrow]"),
    "frame": lambda rng, n: pd.DataFrame({"target": rng.normal(size=n)}),
    "polars": lambda rng, n: pl.Series(rng.normal(size=n)),
    "polars frame": lambda rng, n: pl.DataFrame({"target": rng.normal(size=n)}),
    "tensor": lambda rng, n: torch.as_tensor(rng.normal(size=n)),
    "tensor with gradient": lambda rng, n: torch.tensor(rng.normal(size=n), requires_grad=True),
    "masked": lambda rng, n: np.ma.masked_array(rng.normal(size=n), [False] * n),
    "times": lambda rng, n: np.datetime64("2020-01-01") + rng.integers(0, 9, n),
    "times of pandas": lambda rng, n: pd.Series(pd.date_range("2020", periods=n)),
    "sparse": lambda rng, n: scipy.sparse.csr_matrix(rng.normal(size=(n, 1))),
    "cube": lambda rng, n: rng.normal(size=(n, 2, 2)),
    "too short": lambda rng, n: rng.normal(size=max(n - 1, 0)),
    "too long": lambda rng, n: rng.normal(size=n + 1),
    "lists": lambda rng, n: [[1.0], [1.0, 2.0]] * n,
    "nothing": lambda rng, n: None,
    "number": lambda rng, n: 5.0,
    "nones": lambda rng, n: [None] * n,
}
_CLASSES = {
    "two": lambda rng, n: np.arange(n) % 2,
    "three": lambda rng, n: np.arange(n) % 3,
    "words": lambda rng, n: np.array(["no", "yes"])[np.arange(n) % 2],
    "words as objects": lambda rng, n: np.array(["no", "yes", "so"], object)[np.arange(n) % 3],
    "truth": lambda rng, n: np.arange(n) % 2 == 0,
    "negative": lambda rng, n: np.arange(n) % 3 - 1,
    "far apart": lambda rng, n: np.array([-(2**62), 2**62])[np.arange(n) % 2],
    "int8": lambda rng, n: (np.arange(n) % 3).astype(np.int8),
    "whole floats": lambda rng, n: np.arange(n) % 2 + 1.0,
    "fractions": lambda rng, n: np.arange(n) % 2 + 0.5,
    "one class": lambda rng, n: np.ones(n, dtype=int),
    "all different": lambda rng, n: np.arange(n),
    "one alone": lambda rng, n: np.append(np.arange(max(n - 1, 0)) % 2, 7)[:n],
    "one of many": lambda rng, n: np.append(np.zeros(max(n - 1, 0), dtype=int), 1)[:n],
    "missing": lambda rng, n: np.append(np.arange(max(n - 1, 0)) % 2, np.nan)[:n],
    "with None": lambda rng, n: np.array(["a", "b", None], object)[np.arange(n) % 3],
    "mixed": lambda rng, n: np.array([1, "a"], object)[np.arange(n) % 2],
    "bytes": lambda rng, n: np.array([b"a", b"b"])[np.arange(n) % 2],
    "category": lambda rng, n: pd.Series(["a", "b"] * n, dtype="category")[:n],
    "string": lambda rng, n: pd.Series(["a", "b"] * n, dtype="string")[:n],
    "string with gaps": lambda rng, n: pd.Series(["a", None, "b"] * n, dtype="string")[:n],
    "boolean": lambda rng, n: pd.Series([True, False] * n, dtype="boolean")[:n],
    "Int64": lambda rng, n: pd.Series([1, 2] * n, dtype="Int64")[:n],
    "words of Arrow": lambda rng, n: pd.Series(["a", "b"] * n, dtype="string[pyarrow]")[:n],
    "polars words": lambda rng, n: pl.Series((["a", "b"] * n)[:n]),
    "Categorical of polars": lambda rng, n: pl.Series((["a", "b"] * n)[:n], dtype=pl.Categorical),
    "tensor": lambda rng, n: torch.arange(n) % 2,
    "list of words": lambda rng, n: (["a", "b"] * n)[:n],
    "labels": lambda rng, n: np.stack([np.arange(n) % 2, np.arange(n) // 2 % 2], 1),
    "labels in a frame": lambda rng, n: pd.DataFrame(
        {"p": np.arange(n) % 2, "q": np.arange(n) % 3 % 2}
    ),
    "labels, sparse": lambda rng, n: scipy.sparse.csr_matrix(np.arange(2 * n).reshape(n, 2) % 2),
    "labels, constant": lambda rng, n: np.ones((n, 2), dtype=int),
    "several of several": lambda rng, n: np.stack([np.arange(n) % 3, np.arange(n) % 2], 1),
    "tuples": lambda rng, n: [(1, 2), (3, 4)] * (n // 2),
    "times": lambda rng, n: np.array(["2020", "2021"], "datetime64[D]")[np.arange(n) % 2],
    **{name: _VALUES[name] for name in ("plain", "infinite", "complex", "too short", "nothing")},
    **{name: _VALUES[name] for name in ("column", "number", "cube", "nones")},
}
TARGETS = {"values": _VALUES, "classes": _CLASSES}

WEIGHTS = {
    "ones": lambda rng, n: np.ones(n),
    "plain": lambda rng, n: rng.exponential(size=n),
    "some zero": lambda rng, n: np.arange(n) % 2.0,
    "first alone": lambda rng, n: np.eye(1, n)[0],
    "zeros": lambda rng, n: np.zeros(n),
    "negative": lambda rng, n: -np.ones(n),
    "missing": lambda rng, n: np.append(np.ones(max(n - 1, 0)), np.nan)[:n],
    "infinite": lambda rng, n: np.append(np.ones(max(n - 1, 0)), np.inf)[:n],
    "huge": lambda rng, n: np.full(n, 1e308),
    "tiny": lambda rng, n: np.full(n, 5e-324),
    "far apart": lambda rng, n: 10.0 ** rng.choice([-300, 300], n),
    "float16": lambda rng, n: np.ones(n, dtype=np.float16),
    "whole": lambda rng, n: np.ones(n, dtype=np.uint8),
    "truth": lambda rng, n: np.arange(n) % 2 == 0,
    "list": lambda rng, n: [1.0] * n,
    "Series": lambda rng, n: pd.Series(np.ones(n)),
    "polars": lambda rng, n: pl.Series(np.ones(n)),
    "tensor": lambda rng, n: torch.ones(n),
    "words": lambda rng, n: ["a"] * n,
    "column": lambda rng, n: np.ones((n, 1)),
    "number": lambda rng, n: 2.0,
    "too short": lambda rng, n: np.ones(max(n - 1, 0)),
    "complex": lambda rng, n: np.ones(n) + 1j,
    "nones": lambda rng, n: [None] * n,
}

GROUPS = {
    "three": lambda rng, n: np.arange(n) % 3,
    "words": lambda rng, n: np.array(["a", "b", "c"])[np.arange(n) % 3],
    "one": lambda rng, n: np.zeros(n),
    "each its own": lambda rng, n: np.arange(n),
    "missing": lambda rng, n: np.where(np.arange(n) % 3, 1.0, np.nan),
    "with None": lambda rng, n: np.array(["a", "b", None], object)[np.arange(n) % 3],
    "too short": lambda rng, n: np.arange(max(n - 1, 0)),
    "list": lambda rng, n: (["a", "b", "c"] * n)[:n],
    "Series": lambda rng, n: pd.Series(np.arange(n) % 3),
    "number": lambda rng, n: 5,
}

# Python for a splitter; "n" is the number of rows.
SPLITTERS = [
    *("2", "3", "None", "KFold(2)", "StratifiedKFold(2)", "ShuffleSplit(2, random_state=0)"),
    *("GroupKFold(2)", "LeaveOneGroupOut()", "TimeSeriesSplit(2)", "RepeatedKFold(n_repeats=1)"),
    *("PredefinedSplit(np.arange(n) % 2)", "KFold(2, shuffle=True, random_state=0)"),
    *("[(np.arange(n) % 2 == 0, np.arange(n) % 2 == 1)]", "[(range(n // 2), range(n // 2, n))]"),
    *("[(np.arange(n), np.arange(n))]", "np.int8(2)", "LeaveOneOut()", "GroupShuffleSplit(2)"),
    *("0", "1", "-1", "2.5", "'three'", "True", "[]", "[()]", "[([], [0])]", "[([0, 1], [])]"),
    *("[([0], [-1])]", "[([0], [10**9])]", "[([0.5, 1.5], [2])]", "[(['a'], ['b'])]", "10**6"),
    *("object()", "iter([])", "[(None, None)]", "KFold", "[([True] * n, [True] * n)]"),
]


def make_target(task, name, seed, n):
    """Return the target that ``TARGETS[task]`` names, of ``n`` rows."""
    return TARGETS[task][name](np.random.default_rng(seed), n)


def make_splitter(source, n):
    """Return the splitter that Python ``source`` gives."""
    return eval(source, {"np": np, "n": n, **vars(model_selection)})
