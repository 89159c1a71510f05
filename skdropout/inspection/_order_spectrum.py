"""How much of a fitted function is carried by interactions of each order."""

import warnings
from typing import Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count, as_flag, check_choice
from skdropout.inspection._cells import as_table, coded, column_names, take_rows
from skdropout.inspection._dependence import Likeness
from skdropout.inspection._expansion import (
    MAX_DEGREE,
    basis_values,
    column_bases,
    fit_expansion,
    maximal_correlations,
)
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import FittedModel, squarable
from skdropout.inspection._noise_stability import (
    is_away,
    order_variances,
    variances_around_rows,
    walk_rows,
)

_METHODS = ("noise_stability", "conditional", "distillation")
_CLASS_SCORES = ("logit", "probability")
_MIN_EVALUATIONS = 2_000  # fewer walks give no covariance to weight by
_MIN_ROWS = 100  # to distil from, or to find rows alike in
_MARGINAL_ROWS = 20_000  # of X, from which columns are resampled
_MAX_BASIS_CELLS = 2**25
_EXPANSION_SHARE = 0.3  # of the evaluations; the others walk
_STEPS = 8  # of a walk, at most
_STRONG_DEPENDENCE = 0.7
_DEPENDENCE_ROWS = 2_000
_BLOCK_CELLS = 2**22
_MAX_LEVELS = 255  # of a categorical column, for the trees
_HELD_OUT = 0.25


def interaction_order_spectrum(
    estimator: FittedModel,
    X: TableLike,
    *,
    max_order: int = 4,
    method: Literal["noise_stability", "conditional", "distillation"] = "noise_stability",
    class_score: Literal["logit", "probability"] = "logit",
    n_evaluations: int = 100_000,
    per_member: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    r"""Variance of a fitted function carried by main effects, pairs, triples, ...

    The function is split into effects ``f = sum_u f_u(X_u)``, each orthogonal to all functions of
    fewer of its features (functional ANOVA); order `k` gathers the effects of `k` features.

    Parameters
    ----------
    estimator : fitted estimator or callable
        One that predicts, see :func:`interaction_strengths`, or a function from a table like `X`
        to scores. Networks of an ensemble are averaged. Variances of several outputs (three or
        more classes, labels, several targets) are added.
    X : array-like or DataFrame of shape (n_samples, n_features)
        Data, usually those the estimator was fitted on. A random 20,000 rows of more stand for
        the distribution.
    max_order : int, default=4
        Highest order to report by itself.
    method : {"noise_stability", "conditional", "distillation"}, default="noise_stability"
        ``"noise_stability"`` needs no surrogate: it measures how fast predictions lose their
        correlation as more and more features are resampled, each from its own column of `X`.
        This takes the features as independent. ``"conditional"`` does the same around one row
        after the other: features that depend on others are resampled from rows that are alike in
        these, see Notes, and where none does it is ``"noise_stability"``. ``"distillation"`` fits
        boosted trees of depth 1, 2, ... to the predictions at most rows of `X`, and measures on
        the others how much each depth adds, and so keeps to the joint distribution. What trees of
        depth `k` fail to fit is handed to higher orders: have 10,000 rows or more.
    class_score : {"logit", "probability"}, default="logit"
        Score of a classifier with ``predict_proba``: log-odds of the second of two classes, centred
        log-odds of more, of each label its own log-odds; or the probabilities themselves.
    n_evaluations : int, default=100_000
        Number of rows that `estimator` is asked to predict; for distillation the largest number
        of rows of `X` to use. Standard errors shrink with its square root.
    per_member : bool, default=False
        Whether to measure each network of an estimator of this library by itself, in place of
        their average. All are asked about the same rows, at once.
    random_state : int, RandomState instance or None, default=None
        Draws the resampled rows, or the rows that the distillation holds out.

    Returns
    -------
    spectrum : Bunch
        With `per_member` all but `dependence` and `method` have the networks as a first axis.

        variances : ndarray of shape (max_order,)
            Entry ``k - 1`` is the variance carried by order `k`, in squared units of the score.
        normalized : ndarray of shape (max_order,)
            Shares of the total; with the share of the remainder they sum to one.
        remainder : float
            Variance carried by the orders above `max_order`.
        shared : float
            With ``"conditional"``, variance that belongs to no order: of what the score does as
            features that depend on each other move together, from row to row. Else zero.
        standard_errors : ndarray of shape (max_order,)
            Of `variances`: ``variances ± 2 * standard_errors`` is meant to cover the truth at
            95 %. Against sampling of the rows that are predicted; with distillation without the
            misfit of the trees.
        dependence : float
            Largest maximal correlation between two columns of `X`, in [0, 1].
        method : str
            As given.

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

    Where features depend on each other the split into effects is not unique. With
    ``"conditional"`` it is that of the function *around a row*: each feature follows its own law
    given the row's other features, independently of the others, and `V_k` is the mean over rows.
    A sum of functions of single features has order 1 alone then, however they depend on each
    other, a feature that the others determine carries nothing, and what the features do in step is
    `shared`. Two features are redrawn independently around a row, so rows are left somewhat, by
    no more than each feature is free to move by itself. Laws are those of the ten rows most alike,
    of up to 2,000, see :func:`interaction_strengths`: in many dimensions these are not close, and
    `V_k` somewhat large.

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
    max_order = as_count("max_order", max_order)
    check_choice("method", method, _METHODS)
    check_choice("class_score", class_score, _CLASS_SCORES)
    n_evaluations = as_count("n_evaluations", n_evaluations, _MIN_EVALUATIONS)
    per_member = as_flag("per_member", per_member)
    X = as_table(X, min_rows=2)
    seeds = draw_seeds(random_state, 4)
    rng = np.random.default_rng(seeds)
    n_rows = n_evaluations if method == "distillation" else _MARGINAL_ROWS
    X = take_rows(X, rng.permutation(len(X))[:n_rows])
    model = look_into(estimator, X)
    codes, categorical = coded(X)
    dependence, pair = _strongest_dependence(codes, categorical)

    def scores(rows):
        """Return (n_points, n_members, n_outputs)."""
        return np.moveaxis(squarable(model.answers(rows, class_score, per_member)), 0, 1)

    if method != "noise_stability" and len(X) < _MIN_ROWS:
        raise ValueError(
            f"X has {len(X)} rows, too few for method={method!r}; pass at least {_MIN_ROWS}, "
            f"better 10,000, or use method='noise_stability'."
        )
    likeness = shared = None
    if method == "noise_stability":
        _warn_if_dependent(dependence, [column_names(X)[j] for j in pair], len(X))
    elif method == "conditional":
        likeness = Likeness(X, None, np.random.RandomState(seeds[0]))
    if method == "distillation":
        estimates = _by_distillation(scores, codes, categorical, max_order, rng)
    elif likeness is not None and likeness.is_dependent.any():
        estimates, shared = _around_rows(scores, likeness, max_order, n_evaluations, rng)
    else:
        bases = column_bases(codes, categorical)
        estimates = _by_noise_stability(scores, len(X), bases, max_order, n_evaluations, rng)
    variances, standard_errors = np.moveaxis(estimates, 1, 0)
    total = variances.sum(1, keepdims=True)
    arrays = {
        "variances": variances[:, :-1],
        "normalized": variances[:, :-1] / np.where(total > 0, total, 1),
        "remainder": variances[:, -1],
        "shared": np.zeros(len(variances)) if shared is None else shared,
        "standard_errors": standard_errors[:, :-1],
    }
    if not per_member:
        arrays = {name: values[0] for name, values in arrays.items()}
        arrays.update({name: float(arrays[name]) for name in ("remainder", "shared")})
    return Bunch(**arrays, dependence=dependence, method=method)


def _by_noise_stability(scores, n_rows, bases, max_order, n_evaluations, rng):
    """Variances and standard errors, for each member, of orders 1, ..., max_order and above."""
    n_features = len(bases)
    owner = np.repeat(np.arange(-1, n_features), [1, *map(len, bases)])

    n_fitted = min(int(_EXPANSION_SHARE * n_evaluations), _MAX_BASIS_CELLS // len(owner))
    rows = rng.integers(n_rows, size=(n_fitted, n_features), dtype=np.int32)
    block = _block_size(n_features)
    values = [scores(rows[i : i + block]) for i in range(0, n_fitted, block)]
    phi = basis_values(bases, rows)
    members = np.moveaxis(np.concatenate(values), 1, 0)
    expansions = [fit_expansion(phi, owner, of_member) for of_member in members]

    n_steps = min(_STEPS, n_features)
    n_walks = (n_evaluations - n_fitted) // (2 * n_steps)
    block = max(1, _block_size(n_features) // (2 * n_steps))
    effects, values = [], []
    for start in range(0, n_walks, block):
        n_drawn = min(block, n_walks - start)
        rows = walk_rows(n_drawn, n_steps, n_features, n_rows, rng).reshape(-1, n_features)
        phi = basis_values(bases, rows)
        effects.append([expansion.effects(phi) for expansion in expansions])
        values.append(scores(rows))
    effects = np.concatenate(effects, axis=2)  # member, order, point, output
    residuals = np.moveaxis(np.concatenate(values), 1, 0) - effects.sum(1)

    groups = _order_groups(n_features, max_order)
    walks = n_walks, 2 * n_steps
    return [
        order_variances(
            residual.reshape(*walks, -1),
            of_member.reshape(len(of_member), *walks, -1),
            expansion.variances(n_features),
            groups,
        )
        for residual, of_member, expansion in zip(residuals, effects, expansions, strict=True)
    ]


def _around_rows(scores, likeness, max_order, n_evaluations, rng):
    """As ``_by_noise_stability``, around single rows; and what each member shares, (n_members,)."""
    n_features = len(likeness.dependence)
    n_steps = min(_STEPS, n_features)
    n_walks = n_evaluations // (2 * n_steps)
    block = max(1, _block_size(n_features) // (2 * n_steps))
    values = []
    for begin in range(0, n_walks, block):
        n_drawn = min(block, n_walks - begin)
        start, end = likeness.draws_around_rows(n_drawn)
        away = is_away(n_drawn, n_steps, n_features, rng)
        rows = np.where(away, end[:, None], start[:, None])
        values.append(scores(rows.reshape(-1, n_features)))
    groups = _order_groups(n_features, max_order)
    found = [
        variances_around_rows(member.reshape(n_walks, 2 * n_steps, -1), groups)
        for member in np.moveaxis(np.concatenate(values), 1, 0)
    ]
    return [of[:2] for of in found], np.array([between for *_, between in found])


def _order_groups(n_features, max_order):
    """Which orders belong to each order up to `max_order`, and to the remainder."""
    groups = np.zeros((max_order + 1, n_features))
    order = np.arange(n_features)
    groups[order.clip(max=max_order), order] = 1
    return groups


def _by_distillation(scores, codes, categorical, max_order, rng):
    """Variances and standard errors, for each member, of orders 1, ..., max_order and above."""
    n_rows, n_features = codes.shape
    rows = np.repeat(np.arange(n_rows)[:, None], n_features, axis=1)
    block = _block_size(n_features)
    values = np.concatenate([scores(rows[i : i + block]) for i in range(0, n_rows, block)])
    seed = int(rng.integers(2**31))
    return [
        _distilled_variances(codes, categorical, of_member, max_order, seed)
        for of_member in np.moveaxis(values, 1, 0)
    ]


def _distilled_variances(codes, categorical, scores, max_order, seed):
    """What each further order explains of rows that the trees have not seen.

    A tree of depth `k` uses at most `k` features, so trees `T_k` of depth `k` approach the
    effects up to order `k`, and ``V_k = E (f - T_(k-1))**2 - E (f - T_k)**2``. Unlike
    ``Var(T_k - T_(k-1))`` this does not count the misfit of the trees as an effect.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_features)
        Values of numeric columns, codes of categorical ones.
    categorical : ndarray of bool, shape (n_features,)
        Which columns are categorical.
    scores : ndarray of shape (n_samples, n_outputs)
        Values there of the function to be distilled.
    max_order : int
        Depth of the deepest trees.
    seed : int
        Draws the held-out rows, and the features that each split may use.

    Returns
    -------
    variances, standard_errors : ndarray of shape (max_order + 1,)
        Of orders 1, ..., max_order, and what trees of depth `max_order` leave unexplained.
    """
    few_levels = np.nan_to_num(codes).max(0) < _MAX_LEVELS
    seen, held_out = train_test_split(np.arange(len(codes)), test_size=_HELD_OUT, random_state=seed)
    squared_errors = [((scores[held_out] - scores[seen].mean(0)) ** 2).sum(1)]
    for depth in range(1, max_order + 1):
        trees = HistGradientBoostingRegressor(
            max_depth=depth,
            max_leaf_nodes=None,
            max_iter=1000,
            max_features=0.5,  # else the greedy first split hides a pure interaction
            early_stopping=False,
            categorical_features=categorical & few_levels,
            random_state=seed,
        )
        fitted = [trees.fit(codes[seen], y[seen]).predict(codes[held_out]) for y in scores.T]
        squared_errors.append(((scores[held_out] - np.column_stack(fitted)) ** 2).sum(1))
    explained = -np.diff([*squared_errors, np.zeros(len(held_out))], axis=0)
    standard_errors = explained.std(1) / np.sqrt(len(held_out))
    return explained.mean(1).clip(min=0), standard_errors


def _strongest_dependence(codes, categorical):
    """Largest maximal correlation of two columns, and which two."""
    correlations = maximal_correlations(column_bases(codes[:_DEPENDENCE_ROWS], categorical))
    pair = np.unravel_index(correlations.argmax(), correlations.shape)
    return float(correlations[pair]), pair


def _warn_if_dependent(dependence, names, n_rows):
    by_chance = 4 * np.sqrt(MAX_DEGREE / n_rows)
    if dependence > max(_STRONG_DEPENDENCE, by_chance):
        warnings.warn(
            f"Columns {names[0]!r} and {names[1]!r} of X depend strongly on each other (maximal "
            f"correlation {dependence:.2f}), and noise stability treats all columns as "
            f"independent, so the estimator is asked about rows unlike the data; "
            f"method='conditional' redraws cells from rows that are alike, and "
            f"method='distillation' keeps to the joint distribution.",
            UserWarning,
            stacklevel=3,
        )


def _block_size(n_features):
    """Number of rows in a block of bounded memory."""
    return max(1, _BLOCK_CELLS // n_features)
