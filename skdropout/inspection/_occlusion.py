"""How a score falls as columns are taken away, and how many columns a model uses."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_consistent_length

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count, as_number, brief, check_choice
from skdropout.inspection._cells import as_table, as_targets, take_cells, typical_cells, with_row
from skdropout.inspection._look_into import OwnNetworks, look_into
from skdropout.inspection._model import FittedModel

_ORDERS = ("relevant", "random", "irrelevant")


def occlusion_curve(
    estimator: BaseEstimator,
    X: TableLike,
    y: ArrayLike,
    *,
    order: Literal["relevant", "random", "irrelevant"] = "relevant",
    fractions: int | Sequence[float] | np.ndarray = 11,
    fill: Literal["typical", "missing"] | Sequence[Any] | np.ndarray = "typical",
    scoring: str | Callable[..., float] | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Score an estimator on rows of which more and more columns are occluded.

    Each row loses its own columns, in the order of their relevance for its prediction. Of this
    library's networks relevance is gradient x input, from the typical row on and averaged over the
    networks; of other estimators it is the change of the score as one column after the other is
    replaced by ``fill``. The score of a regression is its prediction, and size alone counts; of
    two classes it is the log-odds of the true one, of more its centred log-odds, of labels the sum
    of the log-odds of what is true of each, all signed. Which columns a classifier
    loses thus tells something of the class, and a model that was trained with such gaps, by RelDrop
    say, may read it: compare with the order "random".

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : DataFrame or array of shape (n_samples, n_columns)
        Rows to score, not those trained on.
    y : array-like of shape (n_samples,)
        Their targets.
    order : {"relevant", "random", "irrelevant"}
        Which columns go first: the most relevant, any, or the least relevant.
    fractions : int or array-like of float
        Shares of the columns to occlude, in [0, 1]; a number stands for as many at equal
        distances. Each is rounded to a whole number of columns.
    fill : {"typical", "missing"} or sequence of length n_columns
        What occluded cells become. "typical": the column's median or most frequent category in
        ``X``; "missing": missing cells, for estimators that know them (this library's networks
        then see the median or the level that stands for the unknown, and those of RelDrop, and of
        columns that had missing cells in training, are told); or one value per column.
    scoring : str, callable or None
        As in scikit-learn; None is the estimator's own ``score``.
    random_state : int, RandomState instance or None
        Source of randomness of the order "random".

    Returns
    -------
    result : Bunch
        ``fractions`` and ``scores``, ndarrays (n_steps,): shares occluded and scores; ``area``,
        the area under this curve divided by the length of the fractions, a mean score;
        ``relevance``, ndarray (n_samples, n_columns); ``method``, "gradient_x_input" or
        "replacement", how relevance was found; ``n_effective``, see
        :func:`effective_number_of_features`.

    Raises
    ------
    ValueError
        If a parameter is not one of those named, or ``fill`` does not fit ``X``.

    References
    ----------
    .. [1] W. Samek et al., "Evaluating the Visualization of What a Deep Neural Network Has
       Learned", IEEE TNNLS 28(11), 2017.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import occlusion_curve
    >>> X, y = make_friedman1(n_samples=300, random_state=0)
    >>> model = DropoutMLPRegressor((32,), max_iter=30, random_state=0).fit(X, y)
    >>> curve = occlusion_curve(model, X, y, fractions=[0, 0.2, 1])
    >>> bool(curve.scores[0] > curve.scores[1])
    True
    """
    check_choice("order", order, _ORDERS)
    X = as_table(X)
    check_consistent_length(X, as_targets(y, are_numbers=False))
    if scoring is not None and not isinstance(scoring, str) and not callable(scoring):
        raise ValueError(f"scoring={brief(scoring)} must be a name, a function or None.")
    score = check_scoring(estimator, scoring)
    n_rows, n_columns = X.shape
    counts = np.unique(np.rint(_checked(fractions) * n_columns).astype(int))
    model = look_into(estimator, X)
    filled = with_row(X, _fill_cells(model, fill))
    relevance, method = _relevance(model, estimator, y, filled)
    rank = _ranks(relevance, order, random_state)
    own = np.arange(n_rows)[:, None]
    scores = [
        _scored(
            score, scoring, estimator, take_cells(filled, np.where(rank < count, n_rows, own)), y
        )
        for count in counts
    ]
    fractions, scores = counts / n_columns, np.array(scores)
    width = np.ptp(fractions)
    return Bunch(
        fractions=fractions,
        scores=scores,
        area=float(np.trapezoid(scores, fractions) / width if width else scores[0]),
        relevance=relevance,
        method=method,
        n_effective=_n_effective(relevance, 0.9),
    )


def effective_number_of_features(
    estimator: FittedModel,
    X: TableLike,
    y: ArrayLike,
    *,
    share: float = 0.9,
    fill: Literal["typical", "missing"] | Sequence[Any] | np.ndarray = "typical",
) -> float:
    """Count the columns that carry most of the relevance of a row, averaged over rows.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : DataFrame or array of shape (n_samples, n_columns)
        Rows to look at.
    y : array-like of shape (n_samples,)
        Their targets.
    share : float
        The columns counted are the fewest that carry this share of the relevance without sign.
    fill : {"typical", "missing"} or sequence of length n_columns
        For estimators that are not this library's networks, see :func:`occlusion_curve`.

    Returns
    -------
    n_features : float
        Between 1 and the number of columns; rows without any relevance count as 0.

    Raises
    ------
    ValueError
        If a parameter cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skdropout.inspection import effective_number_of_features
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> model = LinearRegression().fit(X, X[:, 3])
    >>> effective_number_of_features(model, X, X[:, 3])
    1.0
    """
    share = as_number("share", share, "a number above 0 and at most 1", lambda v: 0 < v <= 1)
    X = as_table(X)
    check_consistent_length(X, as_targets(y, are_numbers=False))
    model = look_into(estimator, X)
    relevance, _ = _relevance(model, estimator, y, with_row(X, _fill_cells(model, fill)))
    return _n_effective(relevance, share)


def _scored(score, scoring, estimator, X, y):
    try:
        found = score(estimator, X, y)
    except TypeError as error:
        if error.__traceback__.tb_next is not None:
            raise
        raise ValueError(f"scoring does not take (estimator, X, y): {error}.") from error
    except ValueError as error:
        if not isinstance(scoring, str):
            raise
        raise ValueError(f"scoring={scoring!r} does not fit estimator and y: {error}.") from error
    if not isinstance(found, Real) or not np.isfinite(found):
        raise ValueError(f"scoring gave {brief(found)}, which is no finite number; use another.")
    return float(found)


def _n_effective(relevance, share):
    descending = -np.sort(-np.abs(relevance), axis=1)
    carried = np.cumsum(descending, axis=1)
    # rounding must not ask for one column more
    needed = share * carried[:, -1:] * (1 - 1e-9)
    counts = 1 + (carried < needed).sum(1)
    return float(np.where(carried[:, -1] > 0, counts, 0).mean())


def _checked(fractions):
    if np.ndim(fractions) == 0:
        return np.linspace(0, 1, as_count("fractions", fractions, 1, ", or shares in [0, 1]"))
    try:
        shares = np.asarray(fractions, dtype=float)
    except (TypeError, ValueError):
        shares = np.array(np.nan)
    if shares.ndim != 1 or not len(shares) or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(
            f"fractions={fractions!r} must be a positive number of steps, or shares in [0, 1]."
        )
    return shares


def _ranks(relevance, order, random_state):
    """Return each cell's place, from 0, in the order in which its row is occluded."""
    rng = np.random.RandomState(*draw_seeds(random_state, 1))
    # equal ones, of which unused columns may be many, go in an order of chance
    keys = rng.uniform(size=relevance.shape)
    if order == "relevant":
        keys = np.lexsort((keys, -relevance), axis=1)
    elif order == "irrelevant":
        keys = np.lexsort((keys, relevance), axis=1)
    else:
        keys = keys.argsort(axis=1)
    return keys.argsort(axis=1)


def _fill_cells(model, fill):
    """Return the cells to fill from, one for each column."""
    if not isinstance(fill, str):
        is_list = isinstance(fill, Sequence | np.ndarray) and np.ndim(fill) > 0
        if not is_list or isinstance(fill, bytes):
            raise ValueError(
                f"fill={brief(fill)} must be 'typical', 'missing' or a list of values, one per "
                "column."
            )
        if len(fill) != model.n_columns:
            raise ValueError(
                f"fill has {len(fill)} values for {model.n_columns} columns; give one per column."
            )
        return list(fill)
    if fill == "missing":
        return [np.nan] * model.n_columns
    if fill == "typical":
        return typical_cells(model.X, model.holds_levels)
    raise ValueError(
        f"fill={fill!r} must be 'typical', 'missing' or a sequence of values, one per column."
    )


def _relevance(model, estimator, y, filled):
    """Return the relevance (n_rows, n_columns) of the columns for each row's score, and how found.

    Parameters
    ----------
    model : Model
        Of the rows to look at.
    estimator : object
        Whose model that is.
    y : array-like of shape (n_rows,) or (n_rows, n_labels)
        True classes or labels, for whose score relevance is meant; of a regression it is without
        sign.
    filled : data frame or ndarray of shape (n_rows + 1, n_columns)
        The rows, and below them the one to fill cells from.
    """
    y = _checked_targets(model, y)
    if isinstance(model, OwnNetworks):
        relevance, method = model.relevance(y), "gradient_x_input"
    else:
        relevance = _by_replacement(look_into(estimator, filled), y)
        method = "replacement"
    return (np.abs(relevance) if model.classes is None else relevance), method


def _checked_targets(model, y):
    """Return targets as an array; refuse those that are none of the model's."""
    y = as_targets(y, model.classes is None)
    if model.classes is None:
        if y.ndim not in (1, 2):
            raise ValueError(f"y of shape {y.shape} must hold one target, or several, per row.")
        return y
    n_labels = (len(model.classes),) if model.are_labels else ()
    if y.ndim == 2 and y.shape[1] == 1 and not model.are_labels:
        y = y[:, 0]
    if y.shape[1:] != n_labels:
        raise ValueError(
            f"y of shape {y.shape} does not fit: estimator knows "
            f"{'the labels' if model.are_labels else 'the classes'} {model.classes}."
        )
    known = {0, 1} if model.are_labels else {*model.classes}
    unknown = [label for label in y.ravel().tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y holds {unknown[0]!r}, but estimator knows {sorted(known, key=str)} alone."
        )
    return y


def _by_replacement(model, y):
    n_rows, n_columns = len(model.X) - 1, model.n_columns
    own = np.tile(np.arange(n_rows)[:, None], n_columns)
    before = model.answers(own)[0]
    relevance = np.empty((n_rows, n_columns))
    for column in range(n_columns):
        rows = own.copy()
        rows[:, column] = n_rows
        change = before - model.answers(rows)[0]
        relevance[:, column] = (change * _share(model, y, change)).sum(1)
    return relevance


def _share(model, y, change):
    """Return the share of each score in what is explained."""
    if model.classes is None:
        return np.sign(change)  # a change is a change
    if model.are_labels:
        if change.shape[1] != len(model.classes):
            raise ValueError(
                "estimator tells several targets at once, one of them of more than two classes; "
                "give a classifier of one target, or of labels."
            )
        return np.where(np.asarray(y) == 1, 1.0, -1.0)
    codes = np.searchsorted(np.asarray(model.classes), np.asarray(y))
    if change.shape[1] == 1:
        return np.where(codes == 1, 1.0, -1.0)[:, None]
    return np.eye(change.shape[1])[codes]
