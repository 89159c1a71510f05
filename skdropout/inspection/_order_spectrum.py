"""How much of a fitted function is carried by interactions of each order."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skdropout.inspection._basis import basis_values, maximal_correlations, orthonormal_basis
from skdropout.inspection._columns import as_table, column_names, encode, resample, take_rows
from skdropout.inspection._distillation import distilled_variances
from skdropout.inspection._expansion import fit_expansion
from skdropout.inspection._noise_stability import order_variances, walk_rows
from skdropout.inspection._scores import score_function

_METHODS = ("noise_stability", "distillation")
_CLASS_SCORES = ("logit", "probability")
_MIN_EVALUATIONS = 2_000  # fewer walks give no covariance to weight by
_MIN_DISTILLED = 100
_MARGINAL_ROWS = 20_000  # of X, from which columns are resampled
_MAX_DEGREE = 4  # functions of each column in the expansion
_MAX_FUNCTIONS = 800  # of all columns, as long as each has one
_MAX_BASIS_CELLS = 2**25
_EXPANSION_SHARE = 0.3  # of the evaluations; the others walk
_STEPS = 8  # of a walk, at most
_STRONG_DEPENDENCE = 0.7
_DEPENDENCE_ROWS = 2_000
_BLOCK_CELLS = 2**22


def interaction_order_spectrum(
    estimator,
    X,
    *,
    max_order=4,
    method="noise_stability",
    class_score="logit",
    n_evaluations=100_000,
    random_state=None,
):
    r"""Variance of a fitted function carried by main effects, pairs, triples, ...

    The function is split into effects ``f = sum_u f_u(X_u)``, each orthogonal to all functions of
    fewer of its features (functional ANOVA); order `k` gathers the effects of `k` features.

    Parameters
    ----------
    estimator : fitted estimator or callable
        With ``predict_proba``, ``decision_function`` or ``predict``, tried in this order; or a
        function from a table like `X` to scores. Variances of several outputs (three or more
        classes, several targets) are added.
    X : array-like or DataFrame of shape (n_samples, n_features)
        Data, usually those the estimator was fitted on. A random 20,000 rows of more stand for
        the distribution.
    max_order : int, default=4
        Highest order to report by itself.
    method : {"noise_stability", "distillation"}, default="noise_stability"
        ``"noise_stability"`` needs no surrogate: it measures how fast predictions lose their
        correlation as more and more features are resampled, each from its own column of `X`.
        This takes the features as independent. ``"distillation"`` fits boosted trees of depth 1,
        2, ... to the predictions at most rows of `X`, and measures on the others how much each
        depth adds, and so keeps to the joint distribution. What trees of depth `k` fail to fit
        is handed to higher orders: have 10,000 rows or more.
    class_score : {"logit", "probability"}, default="logit"
        Score of a classifier with ``predict_proba``: log-odds of the second of two classes, or
        centred log-probabilities of more; or the probabilities themselves.
    n_evaluations : int, default=100_000
        Number of rows that `estimator` is asked to predict; for distillation the largest number
        of rows of `X` to use. Standard errors shrink with its square root.
    random_state : int, RandomState instance or None, default=None
        Draws the resampled rows, or the rows that the distillation holds out.

    Returns
    -------
    spectrum : Bunch
        variances : ndarray of shape (max_order,)
            Entry ``k - 1`` is the variance carried by order `k`, in squared units of the score.
        normalized : ndarray of shape (max_order,)
            Shares of the total; with the share of the remainder they sum to one.
        remainder : float
            Variance carried by the orders above `max_order`.
        standard_errors : ndarray of shape (max_order,)
            Of `variances`: ``variances ± 2 * standard_errors`` is meant to cover the truth at
            95 %. With noise stability against sampling of the rows that are predicted; with
            distillation without the misfit of the trees.
        dependence : float
            Largest maximal correlation between two columns of `X`, in [0, 1].
        method : str

    Raises
    ------
    ValueError
        If a parameter is out of range, `X` is not a table, or a score is not finite.

    Warns
    -----
    UserWarning
        If `method` is ``"noise_stability"`` and two columns depend strongly on each other
        (`dependence` above 0.7): the predictions are then measured far from the data.

    Notes
    -----
    If `x` and `y` agree on a random subset of the features, each with probability `rho`, and
    are independent otherwise, ``Cov(f(x), f(y)) = sum_k rho**k V_k``: dropout with resampling in
    place of zeros. Walks from one random point to another give such pairs for all `rho` at
    once. A sparse expansion in products of functions of single features, whose spectrum is
    known exactly, is fitted to separate evaluations and taken off first, so that only what it
    misses is left to the walks. Non-negative least squares over all orders, weighted by the
    inverse covariance, then gives `V_k`.

    References
    ----------
    O'Donnell (2014), *Analysis of Boolean Functions*, chapters 2 and 8, for noise stability.

    Lengerich, Xing, Caruana (2022), *Dropout as a Regularizer of Interaction Effects*, AISTATS,
    section 5, for distillation.

    Examples
    --------
    >>> import numpy as np
    >>> from skdropout.inspection import interaction_order_spectrum
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(1000, 8))
    >>> spectrum = interaction_order_spectrum(
    ...     lambda X: X[:, 0] + 3 * X[:, 1] * X[:, 2], X, n_evaluations=10_000, random_state=0
    ... )
    >>> print(spectrum.normalized.round(2))
    [0.26 0.74 0.   0.  ]
    """
    _check_options(max_order, method, class_score, n_evaluations)
    X = as_table(X)
    scores = score_function(estimator, class_score)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31, size=4))
    distil = method == "distillation"
    X = take_rows(X, rng.permutation(len(X))[: n_evaluations if distil else _MARGINAL_ROWS])
    codes, categorical = encode(X)
    dependence, pair = _strongest_dependence(codes, categorical)

    if distil:
        estimate = _by_distillation(scores, X, codes, categorical, max_order, rng)
    else:
        _warn_if_dependent(dependence, [column_names(X)[j] for j in pair], len(X))
        bases = _column_bases(codes, categorical)
        estimate = _by_noise_stability(scores, X, bases, max_order, n_evaluations, rng)
    variances, standard_errors = estimate
    total = variances.sum()
    return Bunch(
        variances=variances[:-1],
        normalized=variances[:-1] / total if total > 0 else np.zeros(max_order),
        remainder=float(variances[-1]),
        standard_errors=standard_errors[:-1],
        dependence=dependence,
        method=method,
    )


def _by_noise_stability(scores, X, bases, max_order, n_evaluations, rng):
    """Variances of orders 1, ..., max_order and of all above, and standard errors."""
    n_rows, n_features = X.shape
    owner = np.repeat(np.arange(-1, n_features), [1, *map(len, bases)])

    n_fitted = min(int(_EXPANSION_SHARE * n_evaluations), _MAX_BASIS_CELLS // len(owner))
    rows = rng.integers(n_rows, size=(n_fitted, n_features), dtype=np.int32)
    block = _block_size(n_features)
    values = [scores(resample(X, rows[i : i + block])) for i in range(0, n_fitted, block)]
    expansion = fit_expansion(basis_values(bases, rows), owner, np.concatenate(values))

    n_steps = min(_STEPS, n_features)
    n_walks = (n_evaluations - n_fitted) // (2 * n_steps)
    block = max(1, _block_size(n_features) // (2 * n_steps))
    effects, residual = [], []
    for start in range(0, n_walks, block):
        n_drawn = min(block, n_walks - start)
        rows = walk_rows(n_drawn, n_steps, n_features, n_rows, rng).reshape(-1, n_features)
        effects.append(expansion.effects(basis_values(bases, rows)))
        residual.append(scores(resample(X, rows)) - effects[-1].sum(0))
    residual = np.concatenate(residual).reshape(n_walks, 2 * n_steps, -1)
    effects = np.concatenate(effects, axis=1).reshape(-1, *residual.shape)

    groups = np.zeros((max_order + 1, n_features))
    order = np.arange(n_features)
    groups[order.clip(max=max_order), order] = 1
    return order_variances(residual, effects, expansion.variances(n_features), groups)


def _by_distillation(scores, X, codes, categorical, max_order, rng):
    """Variances of orders 1, ..., max_order and of all above, and standard errors."""
    if len(X) < _MIN_DISTILLED:
        raise ValueError(
            f"X has {len(X)} rows, too few to distil from; pass at least {_MIN_DISTILLED}, better "
            f"10,000, or use method='noise_stability'."
        )
    block = _block_size(X.shape[1])
    slices = [np.arange(i, min(i + block, len(X))) for i in range(0, len(X), block)]
    values = np.concatenate([scores(take_rows(X, rows)) for rows in slices])
    return distilled_variances(codes, categorical, values, max_order, int(rng.integers(2**31)))


def _column_bases(codes, categorical):
    degree = min(_MAX_DEGREE, max(1, _MAX_FUNCTIONS // codes.shape[1]))
    return [
        orthonormal_basis(values, is_categorical, degree)
        for values, is_categorical in zip(codes.T, categorical, strict=True)
    ]


def _strongest_dependence(codes, categorical):
    """Largest maximal correlation of two columns, and which two."""
    correlations = maximal_correlations(_column_bases(codes[:_DEPENDENCE_ROWS], categorical))
    pair = np.unravel_index(correlations.argmax(), correlations.shape)
    return float(correlations[pair]), pair


def _warn_if_dependent(dependence, names, n_rows):
    by_chance = 4 * np.sqrt(_MAX_DEGREE / n_rows)
    if dependence > max(_STRONG_DEPENDENCE, by_chance):
        warnings.warn(
            f"Columns {names[0]!r} and {names[1]!r} of X depend strongly on each other (maximal "
            f"correlation {dependence:.2f}), and noise stability treats all columns as "
            f"independent, so the estimator is asked about rows unlike the data; "
            f"method='distillation' keeps to the joint distribution.",
            UserWarning,
            stacklevel=3,
        )


def _block_size(n_features):
    """Number of rows in a block of bounded memory."""
    return max(1, _BLOCK_CELLS // n_features)


def _check_options(max_order, method, class_score, n_evaluations):
    if not isinstance(max_order, Integral) or max_order < 1:
        raise ValueError(f"max_order must be an integer of at least 1; got {max_order!r}.")
    if method not in _METHODS:
        raise ValueError(f"method must be one of {_METHODS}; got {method!r}.")
    if class_score not in _CLASS_SCORES:
        raise ValueError(f"class_score must be one of {_CLASS_SCORES}; got {class_score!r}.")
    if not isinstance(n_evaluations, Integral) or n_evaluations < _MIN_EVALUATIONS:
        raise ValueError(
            f"n_evaluations must be an integer of at least {_MIN_EVALUATIONS}; "
            f"got {n_evaluations!r}."
        )
