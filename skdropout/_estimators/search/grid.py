"""Which dropout rates to try, how the tries are scored and tabled, and which of them is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import product
from numbers import Integral
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import get_scorer_names
from sklearn.utils import indexable

from skdropout._estimators.checks import profiled
from skdropout._estimators.fitted import Known
from skdropout._estimators.parameters import check_schedules
from skdropout._sklearn_private import Interval, StrOptions, rows_of_params, safe_indexing
from skdropout._stack import RandomColumns, factors_of

_HIGHEST = 0.9


@dataclass(frozen=True, eq=False)
class Candidates:
    """What a search tries.

    Attributes
    ----------
    rates : ndarray of shape (n_candidates, 2)
        Of hidden units, then of columns.
    schedules : list of str or callable
        What the rates are multiplied by over a training.
    """

    rates: np.ndarray
    schedules: list[Any]

    @classmethod
    def of(cls, dropouts, input_dropouts, grid, schedules):
        """Return every pair of rates with every schedule.

        Raises
        ------
        ValueError
            If there are no rates, rates outside [0, 1), or pairs that do not pair up.
        """
        rates = _pairs(dropouts, input_dropouts, grid)
        return cls(np.repeat(rates, len(schedules), 0), [*schedules] * len(rates))

    def __len__(self):
        """Return how many there are."""
        return len(self.rates)

    @property
    def params(self):
        """Return each one as parameters of the plain estimator."""
        names = "dropout", "input_dropout", "dropout_schedule"
        every = zip(*self.rates.T.tolist(), self.schedules, strict=True)
        return [dict(zip(names, values, strict=True)) for values in every]

    def kept(self, n_epochs):
        """Return the share of units and columns that each keeps, on average over a training."""
        factor = np.array([factors_of(one, n_epochs).mean() for one in self.schedules])
        return (1 - self.rates * factor[:, None]).prod(1)


def _pairs(dropouts, input_dropouts, grid):
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


def results_table(candidates, train_scores, test_scores, raced_out):
    """Return scores as ``GridSearchCV.cv_results_`` holds them.

    Parameters
    ----------
    candidates : Candidates
    train_scores, test_scores : ndarray of shape (n_candidates, n_folds)
    raced_out : bool ndarray of shape (n_candidates,)
        Candidates that left before their networks had stopped; their ranks are last.
    """
    columns = {"stopped_by_racing": raced_out, "params": candidates.params}
    for name in candidates.params[0]:
        column = [params[name] for params in candidates.params]
        dtype = object if name == "dropout_schedule" else float
        columns[f"param_{name}"] = np.ma.array(column, mask=False, dtype=dtype)
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


def choose_rate(kept, results, one_standard_error):
    """Return the index of the best candidate, or of the simplest that is hardly worse.

    The simplest keeps the smallest share of units and columns; ``kept`` is that of each.
    """
    best = int(np.argmin(results["rank_test_score"]))
    if not one_standard_error:
        return best
    n_folds = sum(name.endswith("_test_score") and name.startswith("split") for name in results)
    error = results["std_test_score"][best] / np.sqrt(n_folds - 1)
    near = results["mean_test_score"] >= results["mean_test_score"][best] - error
    near &= ~results["stopped_by_racing"]
    return int(np.argmin(np.where(near, kept, np.inf)))


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
        self._cut = None, None

    def __call__(self, candidate, rows, predictions):
        """Return the score of networks on ``rows``, NaN if a prediction is not finite.

        Parameters
        ----------
        candidate : callable
            ``candidate(known)`` returns the networks as a fitted estimator, which has no need to
            predict again what is ``known``.
        rows : ndarray of int
        predictions : Tensor of shape (n_networks, n_rows, n_outputs)
        """
        if not predictions.isfinite().all():
            return np.nan
        of, cut = self._cut
        if rows is not of:
            X, y, params = self._data
            cut = safe_indexing(X, rows), safe_indexing(y, rows), rows_of_params(X, params, rows)
            self._cut = rows, cut  # at once: threads may share it
        X, y, params = cut
        return self._scorer(candidate(Known(X, predictions)), X, y, **params)

    def __getstate__(self):
        """Leave out what can be cut again."""
        return {**vars(self), "_cut": (None, None)}


@dataclass(eq=False, repr=False)
class RateGrid:
    """Dropout rates to choose from, and how they are compared.

    Parameters
    ----------
    dropouts : int or array-like of float, default=10
        Dropout rates of hidden units to choose from, the same for all hidden layers; a number of
        rates stands for as many from 0 to 0.9 at equal distances.
    input_dropouts : int, array-like of float or None, default=None
        Dropout rates of columns to choose from, in the same way; None keeps all columns.
    grid : {"product", "paired"}, default="product"
        Whether to try every one of ``dropouts`` with every one of ``input_dropouts``, or the first
        with the first, the second with the second and so on.
    dropout_schedules : list of str or callable, or None, default=None
        Schedules to choose from, each of which is tried with all rates, see ``dropout_schedule``;
        None is that one alone.
    cv : int, splitter, iterable or None, default=None
        How to make folds, as in ``GridSearchCV``; None is five folds, stratified for classifiers.
    scoring : str, callable or None, default=None
        What to choose by: the name of a scorer, or a callable ``scorer(estimator, X, y)``, larger
        is better. None is minus the loss that the networks are trained on.
    refit : bool, "bag" or "ensemble", default=True
        What predicts. True: networks that are trained on all rows with the rate chosen. "bag": the
        networks of the folds at the rate chosen, averaged; nothing is trained once more.
        "ensemble": networks of the folds at several rates, weighed by greedy selection [7]_ on the
        rows that they did not see, on average over resamples of these. With both there are
        predictions of rows by networks that did not see them, ``oof_predictions_``, and an honest
        ``oof_score_``. False: nothing.
    racing : bool, default=False
        Whether rates that are clearly beaten on the rows their networks stop by leave the stack
        early, see the notes.
    one_standard_error : bool, default=False
        Whether to choose, in place of the best rate, the highest one whose mean score is within one
        standard error of the best.
    n_jobs : int or None, default=None
        How many workers of joblib share the search, -1 for all processors. None is 1, or what
        ``joblib.parallel_config`` says: with "dask" or "ray" the workers of a cluster. Results are
        the same, to the bit.

    Notes
    -----
    With an integer as ``random_state`` all networks of the search start from the same seed, and the
    final one is what the plain estimator gives at the rates chosen and the same ``random_state``.
    ``callbacks`` are called in the final training only. The search runs in slices of the grid, each
    one stack. How large they are follows from table and parameters alone: a slice takes about 1 GiB
    at most, or a quarter of a GPU's memory, and on a CPU it is no larger than makes it faster. When
    a GPU's memory does not suffice the slice is halved.

    With ``racing``, from the fourth epoch on, each rate is compared with the one of least mean
    validation loss. It leaves when its networks' least losses so far are worse than those that the
    leader had after half as many epochs, by a one-sided paired t-test over the folds at the five
    per cent level and by more than the standard error of the leader's mean. Half the time, because
    more dropout learns more slowly. Of a grid of several slices a quarter is trained first; the
    other slices run against these and, each by itself, among their own.

    With ``n_jobs``, or within ``joblib.parallel_config``, slices go to several workers; a small
    search is one slice, and gains nothing. The table is mapped into the memory of processes on one
    machine; a cluster is sent it once. Worker processes divide the cores among them, and torch
    keeps to its share; in workers that are threads call ``torch.set_num_threads(1)``. On one GPU
    leave ``n_jobs`` at 1. Dask starts the slices of a worker that died anew. The final training is
    this process's own.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.
    .. [2] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction Effects",
       AISTATS 2022.
    .. [3] J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear
       Models via Coordinate Descent", JSS 33, 2010 (the rule of one standard error).
    .. [4] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
       Deep Learning", NeurIPS 2022.
    .. [5] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
       Boosted Trees on Tabular Data", NeurIPS 2024.
    .. [6] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    .. [7] R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of
       Models", ICML 2004.
    .. [8] Z. Liu, Z. Xu, J. Jin, Z. Shen, T. Darrell, "Dropout Reduces Underfitting", ICML 2023,
       arXiv 2303.01500.
    .. [9] arXiv 2605.21648 (profiles of rates over the layers).
    """

    _: KW_ONLY
    dropouts: int | Sequence[float] | np.ndarray = 10
    input_dropouts: int | Sequence[float] | np.ndarray | None = None
    grid: Literal["product", "paired"] = "product"
    dropout_schedules: Sequence[str | Callable[[float], float]] | None = None
    cv: Any = None
    scoring: str | Callable | None = None
    refit: bool | Literal["bag", "ensemble"] = True
    racing: bool = False
    one_standard_error: bool = False
    n_jobs: int | None = None

    _parameter_constraints = {  # noqa: RUF012
        "dropouts": ["array-like", Interval(Integral, 1, None, closed="left")],
        "input_dropouts": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "grid": [StrOptions({"product", "paired"})],
        "dropout_schedules": ["array-like", None],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "refit": ["boolean", StrOptions({"bag", "ensemble"})],
        "racing": ["boolean"],
        "one_standard_error": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def _rates(self, sizes):
        self._learning(1)  # refuses what differs between networks
        for dropout, _ in self._candidates().rates.tolist():
            profiled(dropout, len(sizes), self.dropout_profile)  # refuses what is too high
        return None  # to be chosen

    def _candidates(self):
        schedules = self.dropout_schedules
        if schedules is None:
            schedules = [self.dropout_schedule]
        elif self.dropout_schedule != "constant":
            raise ValueError(
                f"dropout_schedule={self.dropout_schedule!r} is for all candidates, and "
                f"dropout_schedules={schedules!r} for each; give one of them."
            )
        elif isinstance(schedules, str) or not len(schedules):
            raise ValueError(
                f"dropout_schedules={schedules!r} must be a list of at least one schedule."
            )
        schedules = check_schedules("dropout_schedules", schedules, len(schedules), self.max_iter)
        return Candidates.of(self.dropouts, self.input_dropouts, self.grid, schedules)

    def _learns(self):
        return False

    def _droppers(self, n_members, plan):
        return RandomColumns(n_members)
