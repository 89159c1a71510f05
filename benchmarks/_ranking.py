"""Models compared over tables: mean ranks, wins and losses, and where most is lost.

Losses are dictionaries {table: {model: array over splits}}, less being better. A model's splits are
the first ones, so two models are compared over as many as both have. An infinite loss is that of a
fit given up: last in rank, and neither won nor lost.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

__all__ = [
    "Duel",
    "Gap",
    "Ranks",
    "complete",
    "duel",
    "first_splits",
    "gap",
    "largest_losses",
    "rank",
]


class Ranks(NamedTuple):
    """Mean ranks by model, best first; those ``critical`` apart differ at five per cent."""

    mean: dict
    critical: float
    p: float
    n_tables: int


class Gap(NamedTuple):
    """What a model loses to a peer on a table; the standard error of one split is nan."""

    loss: float
    error: float
    n_splits: int


class Duel(NamedTuple):
    """Tables on which a model is better than a peer, and worse, and the Gap on its worst one."""

    wins: int
    losses: int
    worst: str
    gap: Gap


def first_splits(losses, n):
    """Return the losses of the first ``n`` splits alone."""
    return {t: {model: splits[:n] for model, splits in of.items()} for t, of in losses.items()}


def complete(losses, models):
    """Return those of ``models`` that have all splits of all tables."""
    n_splits = max((len(splits) for of in losses.values() for splits in of.values()), default=0)
    return [m for m in models if all(len(of.get(m, ())) == n_splits for of in losses.values())]


def rank(losses, models):
    """Rank models by their mean loss on each table.

    Friedman's test says whether ranks differ at all; Nemenyi's critical difference (Demšar 2006,
    section 3.2.2), which of them.

    Returns
    -------
    Ranks or None
        None where there are fewer than three models or tables.
    """
    if len(models) < 3 or len(losses) < 3:
        return None
    matrix = np.array([[of[model].mean() for model in models] for of in losses.values()])
    means = rankdata(matrix, axis=1).mean(axis=0)
    n, k = matrix.shape
    critical = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n))
    by_model = {models[j]: float(means[j]) for j in means.argsort(kind="stable")}
    return Ranks(by_model, float(critical), float(friedmanchisquare(*matrix.T).pvalue), n)


def gap(of_table, model, peer):
    """Return the Gap of ``model`` to ``peer`` on a table, None where they share no finished one."""
    ours, theirs = (of_table.get(name, np.empty(0)) for name in (model, peer))
    n = min(len(ours), len(theirs))
    if n == 0 or not np.isfinite([ours[:n], theirs[:n]]).all():
        return None
    paired = ours[:n] - theirs[:n]
    error = paired.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return Gap(float(paired.mean()), float(error), n)


def duel(losses, model, peer):
    """Return the Duel of ``model`` with ``peer``, None where they share no table."""
    gaps = {table: found for table, of in losses.items() if (found := gap(of, model, peer))}
    if not gaps:
        return None
    worst = max(gaps, key=lambda table: gaps[table].loss)
    signs = [np.sign(found.loss) for found in gaps.values()]
    return Duel(signs.count(-1), signs.count(1), worst, gaps[worst])


def largest_losses(losses, model, peers):
    """Return (table, best peer there, Gap to it), the largest loss first.

    The best peer of a table is the one that the model loses most to, be that negative. Peers that
    have fewer splits of the table than the model are no judges of it, and left out.
    """
    found = []
    for table, of in losses.items():
        gaps = [(gap(of, model, peer), peer) for peer in peers]
        n = len(of.get(model, ()))
        gaps = [(g, peer) for g, peer in gaps if g is not None and g.n_splits == n]
        if gaps:
            worst, peer = max(gaps, key=lambda pair: pair[0].loss)
            found.append((table, peer, worst))
    return sorted(found, key=lambda row: -row[2].loss)
