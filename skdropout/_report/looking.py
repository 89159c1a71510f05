"""What a reader should know of the data before any model: hints of what may be wrong."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skdropout._report.cells import as_words
from skdropout.inspection._inner import near_duplicates

# Share of the target from which on columns are said to determine it.
_DETERMINED = 0.99
_MOST_DETERMINING = 3
_BINS = 32
_MOST_ROWS = 4_000
_MOST_GREEDY = 60


@dataclass(eq=False)
class Look:
    """What the data say by themselves.

    ``determining`` are the names of columns that nearly determine the target, with the share of it
    that they explain; ``duplicates`` pairs of names of columns that say the same.
    """

    n_rows: int
    n_columns: int
    missing: float
    determining: tuple = ()
    duplicates: list = field(default_factory=list)


def look_at(table, recipe, prepared):
    """Look at the rows that are learnt from."""
    X, y = prepared.X_train, prepared.y_train
    if recipe.task == "classification":
        y = as_words(y)
    pairs = near_duplicates(X, np.random.RandomState(0)) if X.shape[1] > 1 else []
    names, dates = list(X.columns), list(recipe.dates.values())
    return Look(
        n_rows=len(table),
        n_columns=table.shape[1] - 1,
        missing=float(X.isna().to_numpy().mean()),
        determining=_determining(X, y),
        duplicates=[
            (names[a], names[b])
            for a, b in pairs
            if not any({names[a], names[b]} <= set(parts.values()) for _, parts in dates)
        ],
    )


def _determining(X, y):
    """Return the names of columns that leave little of the target open, and what they explain.

    One column may do so by itself, in steps; several together as a weighted sum.
    """
    rows = np.random.default_rng(0).permutation(len(X))[:_MOST_ROWS]
    X, y = X.iloc[rows], y.iloc[rows]
    is_regression = y.dtype == float
    target = y.to_numpy()
    if is_regression:
        with np.errstate(over="ignore", invalid="ignore"):
            spread = target.std()
            target = (target - target.mean()) / spread if spread else target
        if not np.isfinite(target).all() or not target.any():
            return ()
    else:
        target = (target[:, None] == np.unique(target)).astype(float)
    explained = {name: _by_steps(X[name], target) for name in X.columns}
    best = max(explained, key=explained.get)
    if explained[best] >= _DETERMINED:
        return (best,), explained[best]
    return _by_sum(X, target, explained) if is_regression else ()


def _by_steps(column, target):
    """Share of the target that means by levels, or bins, of half the rows tell of the others."""
    if column.dtype == "category":
        codes = column.cat.codes.to_numpy() + 1
    else:
        ranks = column.rank(method="first" if column.nunique() > _BINS else "dense", pct=False)
        codes = ranks.fillna(0).to_numpy()
        if column.nunique() > _BINS:
            codes = np.ceil(codes / len(codes) * _BINS * 4)
    codes = pd.factorize(codes)[0]
    target = target.reshape(len(target), -1)
    half = np.arange(len(codes)) % 2 == 0
    n = codes.max() + 1
    counts = np.bincount(codes[half], minlength=n)[:, None]
    sums = np.stack([np.bincount(codes[half], t, n) for t in target[half].T], axis=1)
    whole = target[half].mean(0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), whole)
    left = ((target[~half] - means[codes[~half]]) ** 2).sum()
    total = ((target[~half] - whole) ** 2).sum()
    return 1 - left / total if total else 0.0


def _by_sum(X, target, explained):
    """Greedily add columns of numbers to a weighted sum, told by half the rows of the others."""
    numbers = [name for name in X.columns if X[name].dtype != "category"]
    numbers = sorted(numbers, key=explained.get, reverse=True)[:_MOST_GREEDY]
    with np.errstate(all="ignore"):
        scaled = {name: _scaled(X[name]) for name in numbers}
    scaled = {name: values for name, values in scaled.items() if np.isfinite(values).all()}
    half = np.arange(len(X)) % 2 == 0
    total = (target[~half] ** 2).sum()
    if not total:
        return ()
    chosen, best = [], -np.inf
    while len(chosen) < _MOST_DETERMINING and len(chosen) < len(scaled):
        shares = {}
        for name in scaled:
            if name in chosen:
                continue
            A = np.column_stack([np.ones(len(X)), *(scaled[c] for c in [*chosen, name])])
            weights = np.linalg.lstsq(A[half], target[half], rcond=None)[0]
            shares[name] = 1 - ((target[~half] - A[~half] @ weights) ** 2).sum() / total
        name = max(shares, key=shares.get)
        if shares[name] <= best:
            break
        chosen.append(name)
        best = shares[name]
        if best >= 1 - (1 - _DETERMINED) / 2:
            return tuple(chosen), best
    return (tuple(chosen), best) if best >= _DETERMINED else ()


def _scaled(column):
    values = column.to_numpy(dtype=float)
    values = np.where(np.isnan(values), np.nanmean(values) if column.notna().any() else 0.0, values)
    spread = values.std()
    return (values - values.mean()) / spread if spread else np.zeros(len(values))
