"""Which dropout rates to try, how the tries are scored and tabled, and which of them is chosen."""

from itertools import product
from numbers import Integral

import numpy as np
from scipy.stats import rankdata
from sklearn.utils import indexable

from skdropout._estimators.fitted import Known
from skdropout._sklearn_private import rows_of_params, safe_indexing

__all__ = ["FoldScores", "choose_rate", "make_grid", "results_table"]

_HIGHEST = 0.9


def make_grid(dropouts, input_dropouts, grid):
    """Return the rates to try, an array of shape (n_candidates, 2): hidden units, then columns.

    Raises
    ------
    ValueError
        If there are no rates, rates outside [0, 1), or pairs that do not pair up.
    """
    dropouts = _rates("dropouts", dropouts)
    inputs = np.zeros(1) if input_dropouts is None else _rates("input_dropouts", input_dropouts)
    if grid == "product" or input_dropouts is None:
        return np.array(list(product(dropouts, inputs)))
    if len(dropouts) != len(inputs):
        raise ValueError(
            f"grid='paired' needs as many dropouts as input_dropouts, not {len(dropouts)} and "
            f"{len(inputs)}; give equally many, or set grid='product'."
        )
    return np.column_stack([dropouts, inputs])


def _rates(name, rates):
    if isinstance(rates, Integral):
        return np.linspace(0, _HIGHEST, rates).round(12)
    try:
        found = np.asarray(rates, dtype=float)
    except (TypeError, ValueError):
        found = np.full(1, np.nan)
    if found.ndim != 1 or not len(found) or not ((found >= 0) & (found < 1)).all():
        raise ValueError(
            f"{name}={rates!r} must be a number of rates, or a list of at least one rate in [0, 1)."
        )
    return found


def results_table(grid, train_scores, test_scores, raced_out):
    """Return scores as ``GridSearchCV.cv_results_`` holds them.

    Parameters
    ----------
    grid : ndarray of shape (n_candidates, 2)
    train_scores, test_scores : ndarray of shape (n_candidates, n_folds)
    raced_out : bool ndarray of shape (n_candidates,)
        Candidates that left before their networks had stopped; their ranks are last.
    """
    names = ("dropout", "input_dropout")
    rates = [{name: float(rate) for name, rate in zip(names, row, strict=True)} for row in grid]
    columns = {"stopped_by_racing": raced_out, "params": rates}
    for name, column in zip(names, grid.T, strict=True):
        columns[f"param_{name}"] = np.ma.array(column, mask=False)
    for part, scores in (("test", test_scores), ("train", train_scores)):
        columns |= {f"split{k}_{part}_score": column for k, column in enumerate(scores.T)}
        columns[f"mean_{part}_score"] = scores.mean(1)
        columns[f"std_{part}_score"] = scores.std(1)
    mean = columns["mean_test_score"]
    lost = raced_out | ~np.isfinite(mean)
    # the last of those that were trained to the end comes before the first of the others
    rank = np.empty(len(mean), dtype=np.int32)
    rank[~lost] = rankdata(-mean[~lost], method="min")
    others = np.nan_to_num(mean[lost], nan=-np.inf)
    rank[lost] = (~lost).sum() + rankdata(-others, method="min")
    columns["rank_test_score"] = rank
    return columns


def choose_rate(grid, results, one_standard_error):
    """Return the index of the best candidate, or of the simplest that is hardly worse."""
    best = int(np.argmin(results["rank_test_score"]))
    if not one_standard_error:
        return best
    n_folds = sum(name.endswith("_test_score") and name.startswith("split") for name in results)
    error = results["std_test_score"][best] / np.sqrt(n_folds - 1)
    near = results["mean_test_score"] >= results["mean_test_score"][best] - error
    near &= ~results["stopped_by_racing"]
    # the simplest keeps the smallest share of units and columns
    kept = np.where(near, (1 - grid).prod(1), np.inf)
    return int(np.argmin(kept))


class FoldScores:
    """Score the networks of a search, which have predicted already, by any scorer.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y, **params)``, larger is better.
    X, y : the table and the target, as the user gave them
    params : dict
        Passed to the scorer; what has one entry a row is cut to the rows scored.
    """

    def __init__(self, scorer, X, y, params):
        self._scorer = scorer
        self._data = *indexable(X, y), params
        self._rows = None

    def __call__(self, candidate, rows, predictions):
        """Return the score of a network on ``rows``, NaN if a prediction is not finite.

        Parameters
        ----------
        candidate : callable
            ``candidate(known)`` returns the network as a fitted estimator, which has no need to
            predict again what is ``known``.
        rows : ndarray of int
        predictions : Tensor of shape (n_rows, n_outputs)
        """
        if not predictions.isfinite().all():
            return np.nan
        if rows is not self._rows:
            X, y, params = self._data
            self._rows = rows
            self._cut = safe_indexing(X, rows), safe_indexing(y, rows)
            self._params = rows_of_params(X, params, rows)
        X, y = self._cut
        return self._scorer(candidate(Known(X, predictions[None])), X, y, **self._params)
