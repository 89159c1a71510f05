"""How a score falls as columns are taken away, and how many columns a model uses."""

from numbers import Real

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_consistent_length

from skdropout._device import draw_seeds
from skdropout.inspection._column_relevance import column_relevance, own_network
from skdropout.inspection._columns import as_table, encode, resample

__all__ = ["effective_number_of_features", "occlusion_curve"]

_ORDERS = ("relevant", "random", "irrelevant")


def occlusion_curve(
    estimator,
    X,
    y,
    *,
    order="relevant",
    fractions=11,
    fill="typical",
    scoring=None,
    random_state=None,
):
    """Score an estimator on rows of which more and more columns are occluded.

    Each row loses its own columns, in the order of their relevance for its prediction. Of this
    library's networks relevance is gradient x input, from the typical row on and averaged over the
    networks; of other estimators it is the change of the score (log-odds, decision function or
    prediction) as one column after the other is replaced by ``fill``. Classifiers are asked
    about the true class, signed; of regressions size alone counts. Which columns a classifier
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
        then see the median or the level that stands for the unknown); or one value per column.
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
    if order not in _ORDERS:
        raise ValueError(f"order={order!r} must be one of {list(_ORDERS)}.")
    X = as_table(X)
    check_consistent_length(X, y)
    score = check_scoring(estimator, scoring)
    n_rows, n_columns = X.shape
    counts = np.unique(np.rint(_checked(fractions) * n_columns).astype(int))
    filled = _with_fill_row(estimator, X, fill)
    relevance = column_relevance(estimator, X, y, filled)
    rank = _ranks(relevance, order, random_state)
    own = np.arange(n_rows)[:, None]
    scores = [
        score(estimator, resample(filled, np.where(rank < count, n_rows, own)), y)
        for count in counts
    ]
    fractions, scores = counts / n_columns, np.array(scores, dtype=float)
    width = np.ptp(fractions)
    return Bunch(
        fractions=fractions,
        scores=scores,
        area=float(np.trapezoid(scores, fractions) / width if width else scores[0]),
        relevance=relevance,
        method="replacement" if own_network(estimator) is None else "gradient_x_input",
        n_effective=_n_effective(relevance, 0.9),
    )


def effective_number_of_features(estimator, X, y, *, share=0.9, fill="typical"):
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
    if not isinstance(share, Real) or not 0 < share <= 1:
        raise ValueError(f"share={share!r} must be a number above 0 and at most 1.")
    X = as_table(X)
    check_consistent_length(X, y)
    relevance = column_relevance(estimator, X, y, _with_fill_row(estimator, X, fill))
    return _n_effective(relevance, share)


def _n_effective(relevance, share):
    descending = -np.sort(-np.abs(relevance), axis=1)
    carried = np.cumsum(descending, axis=1)
    # rounding must not ask for one column more
    needed = share * carried[:, -1:] * (1 - 1e-9)
    counts = 1 + (carried < needed).sum(1)
    return float(np.where(carried[:, -1] > 0, counts, 0).mean())


def _checked(fractions):
    if isinstance(fractions, int) and fractions > 0:
        return np.linspace(0, 1, fractions)
    shares = np.asarray(fractions, dtype=float)
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


def _with_fill_row(estimator, X, fill):
    """Return the table with one more row, the cells to fill from."""
    values = _fill_values(estimator, X, fill)
    if not hasattr(X, "iloc"):
        dtype = X.dtype if X.dtype.kind == "O" else np.result_type(X.dtype, np.float32)
        return np.vstack([X.astype(dtype), np.array(values, dtype=dtype)])
    import pandas as pd

    def extended(column, value):
        if getattr(column.dtype, "kind", "O") in "iub":  # no room for fractions
            column = column.astype(float)
        return pd.concat([column, pd.Series([value], dtype=column.dtype)], ignore_index=True)

    table = pd.DataFrame({j: extended(X.iloc[:, j], value) for j, value in enumerate(values)})
    table.columns = X.columns
    return table


def _fill_values(estimator, X, fill):
    if isinstance(fill, str):
        if fill not in ("typical", "missing"):
            raise ValueError(
                f"fill={fill!r} must be 'typical', 'missing' or a sequence of values, one per "
                "column."
            )
        if fill == "missing":
            return [np.nan] * X.shape[1]
        return _typical(estimator, X)
    if len(fill) != X.shape[1]:
        raise ValueError(
            f"fill has {len(fill)} values for {X.shape[1]} columns; give one per column."
        )
    return list(fill)


def _typical(estimator, X):
    numbers, is_categorical = encode(X)
    network = own_network(estimator)
    if network is not None:
        is_categorical = np.isin(np.arange(X.shape[1]), network._plan.encoder.categorical_)
    typical = np.nanmedian(numbers, axis=0).tolist()
    for j in np.flatnonzero(is_categorical):
        if hasattr(X, "iloc"):
            typical[j] = X.iloc[:, j].mode().iloc[0]
        else:
            levels, counts = np.unique(X[:, j], return_counts=True)
            typical[j] = levels[counts.argmax()]
    return typical
