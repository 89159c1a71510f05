"""Which orders of interaction the data support, whatever a model has learnt."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch, check_consistent_length

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count, as_number
from skdropout.inspection._cells import as_table, as_targets, coded, take_rows
from skdropout.inspection._expansion import basis_values, column_bases, fit_expansion, term_products
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import is_a, squarable
from skdropout.inspection._order_spectrum import interaction_order_spectrum

_ORDERS = (1, 2, 3)
_MIN_TESTED = 20
_POINTS_PER_TERM = 20
_NAMES = {1: "main effects", 2: "pairs", 3: "triples"}


class SupportedOrders(Bunch):
    """What :func:`supported_orders` returns; its text is the table."""

    def __str__(self):
        lines = [
            f"{'order':<16}{'model':>12}{'data':>12}{'± 2 s.e.':>12}{'p-value':>10}  supported"
        ]
        for row in zip(*self.table.values(), strict=True):
            order, model, data, error, p_value, supported = row
            name = f"{order} {_NAMES[order]}"
            lines.append(
                f"{name:<16}{model:>12.4g}{data:>12.4g}{2 * error:>12.2g}{p_value:>10.2g}  "
                f"{'yes' if supported else 'no'}"
            )
        lines.append(f"{'above 3':<16}{self.remainder:>12.4g}")
        lines.append(f"{'noise':<16}{'':>12}{self.noise_variance:>12.4g}")
        return "\n".join(lines)


def supported_orders(
    estimator: BaseEstimator,
    X: TableLike,
    y: ArrayLike,
    *,
    alpha: float = 0.05,
    test_size: float = 0.5,
    n_evaluations: int = 50_000,
    random_state: int | np.random.RandomState | None = None,
) -> SupportedOrders:
    """Test which orders of interaction in a model are also in the data.

    The estimator is trained on one part of the rows. What it has learnt is split into its main
    effects, pairs and triples, and each of these is compared with the target on the other
    part. A network that overfits has effects of all orders; only those that are in the data
    too correlate with targets that it has not seen.

    Parameters
    ----------
    estimator : estimator
        Regressor or classifier, fitted or not; a clone of it is fitted. With one that chooses its
        dropout rate the model is as complex as the data allow, which makes the tests powerful.
    X : array-like or DataFrame of shape (n_samples, n_features)
        Rows, in no order that matters. Features are taken as independent.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets. Of classes, the orders are those of the probabilities.
    alpha : float, default=0.05
        Probability that any order which is not in the data is called supported.
    test_size : float, default=0.5
        Share of the rows that is kept for the tests, in (0, 1).
    n_evaluations : int, default=50_000
        Number of rows that the model is asked to predict, once for its spectrum and once to
        split it.
    random_state : int, RandomState instance or None, default=None
        Splits the rows, and draws those that are predicted.

    Returns
    -------
    supported : Bunch
        ``print`` shows it as a table.

        orders : list of int
            The orders that are supported, out of 1, 2, 3.
        table : dict of ndarray of shape (3,)
            Ready for ``pandas.DataFrame``. "order"; "variance_in_model", see
            :func:`interaction_order_spectrum`; "covariance_with_data", between the order's part
            of the model and the target, which is the variance of that part if it is right, in
            squared units of the target; its "standard_error"; "p_value", adjusted for the three
            tests by Holm's method; "supported".
        remainder : float
            Variance in the model of orders above 3, which are not tested.
        noise_variance : float
            Mean squared error of the model on the rows kept for the tests.
        estimator : estimator
            The fitted clone.

    Raises
    ------
    ValueError
        If a parameter is out of range, `X` is not a table, or too few rows are left.

    Warns
    -----
    UserWarning
        If features depend strongly on each other. Orders are then no longer told apart: a
        main effect of one feature is a pair effect of two that stand for it.

    Notes
    -----
    Let ``g_k`` be the part of order `k` of a sparse expansion of the model, a sum of products of
    `k` functions of single features. With independent features it is orthogonal to all effects
    of other orders, so that with `F` the expectation of the target
    ``E[y g_k(x)] = Cov(F_k, g_k)``, which is zero if `F` has no effect of order `k`, however
    wrong the model is. Given the model, the terms of the mean of ``y g_k`` are independent over
    rows that it has not seen, so a one-sided test of this mean against its standard error has the
    level it states. The centres of the functions are estimated from the rows for training; what
    they miss is a shadow of ``g_k`` in the orders below, and these, the products of fewer of the
    same functions, are projected out of both sides. The model is fitted once, not in
    cross-validation: there, every target would enter both sides, which doubles the variance of
    the mean.

    References
    ----------
    Hoeffding (1948), *A class of statistics with asymptotically normal distribution*, for the
    decomposition; Holm (1979), *A simple sequentially rejective multiple test procedure*.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skdropout.datasets import make_pure_interaction
    >>> from skdropout.inspection import supported_orders
    >>> X, y = make_pure_interaction(1000, n_features=4, order=2, noise=0.5, random_state=0)
    >>> trees = HistGradientBoostingRegressor(max_iter=30, random_state=0)
    >>> supported_orders(trees, X, y, n_evaluations=5_000, random_state=0).orders
    [2]
    """
    X, y = as_table(X, min_rows=2), as_targets(y, not is_a(is_classifier, estimator))
    alpha, test_size, n_evaluations = _checked(estimator, X, y, alpha, test_size, n_evaluations)
    if not is_a(is_classifier, estimator):
        squarable(y, "y holds values", "give it in larger units")
    seeds = draw_seeds(random_state, 3)
    stratify = y if is_classifier(estimator) else None
    train, test = train_test_split(
        np.arange(len(X)), test_size=test_size, random_state=seeds[0], stratify=stratify
    )
    model = clone(estimator).fit(take_rows(X, train), y[train])
    learnt_from = take_rows(X, train)
    options = {"class_score": "probability", "n_evaluations": n_evaluations}
    spectrum = interaction_order_spectrum(
        model, learnt_from, max_order=max(_ORDERS), random_state=seeds[1], **options
    )
    bases = [_orthonormal_on(train, basis) for basis in column_bases(*coded(X))]
    rows = np.random.default_rng(seeds[2]).integers(len(train), size=(n_evaluations, X.shape[1]))
    owner = np.repeat(np.arange(-1, len(bases)), [1, *map(len, bases)])
    answers = squarable(look_into(model, learnt_from).answers(rows, "probability")[0])
    expansion = fit_expansion(basis_values(bases, train[rows]), owner, answers)

    target, phi = _as_scores(model, y[test]), basis_values(bases, _in_place(test, X.shape[1]))
    covariances, errors = np.transpose(
        [_held_out_covariance(target, *_effect(expansion, k, phi)) for k in _ORDERS]
    )
    z = np.divide(covariances, errors, out=np.full(len(errors), -np.inf), where=errors > 0)
    p_values = _holm(norm.sf(z))
    in_place = _in_place(np.arange(len(test)), X.shape[1])
    predicted = squarable(look_into(model, take_rows(X, test)).answers(in_place, "probability")[0])
    table = {
        "order": np.array(_ORDERS),
        "variance_in_model": spectrum.variances,
        "covariance_with_data": covariances,
        "standard_error": errors,
        "p_value": p_values,
        "supported": p_values <= alpha,
    }
    return SupportedOrders(
        orders=[k for k, supported in zip(_ORDERS, table["supported"], strict=True) if supported],
        table=table,
        remainder=spectrum.remainder,
        noise_variance=float(((target - predicted) ** 2).sum(1).mean()),
        estimator=model,
    )


def _in_place(rows, n_features):
    """Rows of a table as rows of its cells."""
    return np.repeat(rows[:, None], n_features, axis=1)


def _orthonormal_on(rows, basis):
    """The functions of one column made orthonormal under its distribution in `rows`."""
    basis = basis - basis[:, rows].mean(1, keepdims=True)
    values, vectors = np.linalg.eigh(basis[:, rows] @ basis[:, rows].T / len(rows))
    varies = values > 1e-6
    return (vectors[:, varies] / np.sqrt(values[varies])).T @ basis


def _effect(expansion, order, phi):
    """The effect of one order at points with basis values `phi`, and what it must not be.

    Returns
    -------
    effect : ndarray of shape (n_points, n_outputs)
    lower : ndarray of shape (n_functions, n_points)
        The products of fewer factors that its terms contain, and the constant.
    """
    n_points = phi.shape[1]
    strength = (expansion.coefficients**2).sum(1)
    beyond_rounding = strength > 1e-12 * strength.sum()
    terms = np.flatnonzero((expansion.orders == order) & beyond_rounding)
    terms = terms[np.argsort(-strength[terms])[: n_points // _POINTS_PER_TERM]]
    factors = expansion.factors[terms]
    effect = term_products(phi, factors).T @ expansion.coefficients[terms]
    lower = np.zeros((1, factors.shape[1]), dtype=int)
    for _ in range(order - 1):
        shorter = [np.where(np.arange(factors.shape[1]) == j, 0, factors) for j in range(3)]
        factors = np.unique(np.sort(np.concatenate(shorter), axis=1), axis=0)
        factors = factors[np.count_nonzero(factors, axis=1) < order]
        lower = np.concatenate([lower, factors])
    return effect, term_products(phi, np.unique(lower, axis=0))


def _held_out_covariance(target, effect, lower):
    """Covariance of target and effect given the lower orders, and its standard error."""
    spanned = np.linalg.qr(lower.T)[0]
    target, effect = (part - spanned @ (spanned.T @ part) for part in (target, effect))
    terms = (target * effect).sum(1)
    n_free = len(terms) - len(lower)
    # the projection takes variance from rows of high leverage (the correction called HC3)
    leverage = (spanned**2).sum(1)
    return terms.sum() / n_free, np.linalg.norm(terms / (1 - leverage)) / n_free


def _holm(p_values):
    """Adjust p-values so that all tests together have the level of one."""
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(factors * p_values[order]).clip(max=1)
    return adjusted


def _as_scores(model, y):
    """Targets on the scale of the model's scores; classes as indicators."""
    if not is_classifier(model):
        return y.reshape(len(y), -1).astype(float)
    indicators = (y[:, None] == model.classes_).astype(float)
    return indicators[:, 1:] if len(model.classes_) == 2 else indicators


def _checked(estimator, X, y, alpha, test_size, n_evaluations):
    check_consistent_length(X, y)
    alpha, test_size = (
        as_number(name, value, "a number between 0 and 1", lambda v: 0 < v < 1)
        for name, value in (("alpha", alpha), ("test_size", test_size))
    )
    if not hasattr(estimator, "fit") or isinstance(estimator, type):
        raise ValueError(f"estimator={estimator!r} must be an estimator with fit.")
    if is_classifier(estimator):
        try:
            np.unique(y)
        except TypeError as error:
            raise ValueError(f"y must hold classes of one type: {error}.") from error
    if is_classifier(estimator) and y.ndim == 2:
        raise ValueError("y has several labels per row; test one label at a time.")
    if min(test_size, 1 - test_size) * len(X) < _MIN_TESTED:
        raise ValueError(
            f"X has {len(X)} rows, too few to split with test_size={test_size}; at least "
            f"{_MIN_TESTED} are needed on either side."
        )
    return alpha, test_size, as_count("n_evaluations", n_evaluations)
