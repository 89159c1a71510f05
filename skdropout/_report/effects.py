"""Which columns a model goes by, and what each does to its predictions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skdropout._report.levels import order_of
from skdropout._report.scoring import losses_of, predicted_by, rise

VALUES = 20
_MOST_LEVELS = 24
_BINS = 30
_FEWEST_ROWS = 200
_MOST_CLASSES_SHOWN = 3


@dataclass(eq=False)
class Effect:
    """The mean prediction as one column takes one value after the other in the same rows.

    ``means`` is (n_values, n_shown): of values one column, of classes the probability of those
    that change most, whose names are ``classes``. ``counts`` says how many training rows have a
    level, or fall between two ``edges``. ``observed`` and ``errors`` are the means of the target
    itself at each level, None of numbers.
    """

    name: str
    values: np.ndarray
    means: np.ndarray
    counts: np.ndarray
    edges: np.ndarray | None
    classes: list
    n_levels: int = 0
    has_order: bool = True
    observed: np.ndarray | None = None
    errors: np.ndarray | None = None

    @property
    def range(self):
        """How far the mean prediction moves."""
        return float(np.ptp(self.means, axis=0).max())


def importance(score, X, y, names, n_repeats, seconds):
    """Return how far the loss rises as a column's cells are shuffled among the test rows.

    Parameters
    ----------
    score : Score
        Of the model, on these rows.
    X : DataFrame
    y : Series
    names : list of str
        Columns to shuffle.
    n_repeats : int
        Times to shuffle each; fewer where the time does not suffice.
    seconds : float
        What it may take.

    Returns
    -------
    table : DataFrame
        Indexed by column, with ``rise`` and ``error``, its standard error over rows; largest first.
    n_rows, n_repeats : int
        How much was done.
    """
    rng, model = np.random.default_rng(0), score.model
    is_class = score.predicted.ndim > 1
    n_rows = len(X)
    if np.isfinite(seconds):
        once = score.seconds_per_row * len(X) * max(len(names), 1)
        n_repeats = int(np.clip(seconds // max(once, 1e-9), 1, n_repeats))
        n_rows = int(np.clip(n_rows * seconds / max(once * n_repeats, 1e-9), _FEWEST_ROWS, n_rows))
    rows = np.sort(rng.permutation(len(X))[:n_rows])
    X, y, base = X.iloc[rows], np.asarray(y)[rows], score.losses[rows]
    found = {}
    for name in names:
        losses = np.zeros(len(X))
        for _ in range(n_repeats):
            shuffled = _with_column(X, name, X[name].iloc[rng.permutation(len(X))])
            losses += losses_of(model, predicted_by(model, shuffled), y) / n_repeats
        found[name] = rise(losses, base, is_class)
    table = pd.DataFrame.from_dict(found, orient="index", columns=["rise", "error"], dtype=float)
    return table.sort_values("rise", ascending=False, kind="stable"), len(X), n_repeats


def effect_of(model, X, y, name, n_rows):
    """Return the effect of a column on the mean prediction of some rows.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame
        Training rows.
    y : Series
        Their targets.
    name : str
    n_rows : int
        How many rows to average over.
    """
    column = X[name]
    if column.dtype == "category":
        values, counts, edges, has_order = _levels(column)
    else:
        values, counts, edges = _numbers(column)
        has_order = True
    rows = np.random.default_rng(0).permutation(len(X))[:n_rows]
    sample = X.iloc[rows]
    stacked = pd.concat([sample] * len(values), ignore_index=True)
    repeated = np.repeat(np.arange(len(values)), len(rows))
    filled = pd.Series(values)[repeated].reset_index(drop=True).astype(column.dtype)
    predicted = predicted_by(model, _with_column(stacked, name, filled))
    means = predicted.reshape(len(values), len(rows), -1).mean(1)
    classes = []
    shown = [0]
    if predicted.ndim > 1:
        known = list(model.classes_)
        if len(known) == 2:
            shown = [1]
        else:
            shown = np.argsort(-np.ptp(means, axis=0), kind="stable")[:_MOST_CLASSES_SHOWN].tolist()
        classes = [known[k] for k in shown]
    effect = Effect(name, values, means[:, shown], counts, edges, classes)
    if column.dtype == "category":
        effect.n_levels = column.nunique()
        effect.has_order = has_order
        effect.observed, effect.errors = _observed(column, y, values, classes)
        if not has_order:
            _sort(effect)
    return effect


def _with_column(X, name, values):
    changed = X.copy(deep=False)
    changed[name] = values.set_axis(X.index)
    return changed


def _numbers(column):
    known = column.dropna().to_numpy()
    values = np.unique(known)
    if len(values) > VALUES:
        values = np.unique(np.quantile(known, np.linspace(0.01, 0.99, VALUES)))
    low, high = values[0], values[-1]
    if len(values) < 2 or not np.isfinite(high - low) or high - low < 1e-9 * max(abs(high), 1e-290):
        return values, np.array([len(known)]), None
    counts, edges = np.histogram(known, bins=_BINS, range=(low, high))
    return values, counts, edges


def _levels(column):
    counts = column.value_counts()
    counts = counts[counts > 0][:_MOST_LEVELS]
    is_ordered = bool(column.cat.ordered)
    levels = [level for level in column.cat.categories if level in counts.index]
    order = order_of(levels, is_ordered)
    values = levels if order is None else order
    return (
        np.array(values, dtype=object),
        counts.loc[values].to_numpy(),
        None,
        order is not None,
    )


def _observed(column, y, values, classes):
    target = (y == classes[0]).astype(float) if classes else y.astype(float)
    groups = target.groupby(column, observed=True)
    means, spread, counts = groups.mean(), groups.std(), groups.size()
    errors = (spread / np.sqrt(counts)).fillna(0.0)
    return means.loc[list(values)].to_numpy(), errors.loc[list(values)].to_numpy()


def _sort(effect):
    order = np.argsort(-effect.means[:, 0], kind="stable")
    for part in ("values", "means", "counts", "observed", "errors"):
        setattr(effect, part, getattr(effect, part)[order])
