r"""Variance of a function by order of interaction, from its stability under resampling.

A *walk* leads from a random point `x` to an independent one `y` by resampling the features in
random order, a block of them at a time, and back again in the same order. Any two points of the
walk that are `h` steps apart agree on a random `a` out of `D` features, so an effect of order
`k`, with variance `V_k`, survives between them with probability ``C(D - k, a - k) / C(D, a)``:

.. math:: E f(z_i) f(z_{i+h}) = \sum_k V_k \prod_{i<k} \frac{a - i}{D - i}.

This is dropout with resampling in place of zeros, drawn without replacement; with large `D`
the product is ``(a / D)**k``, that is ``(1 - p)**k``.

Where columns depend on each other, both ends of a walk are drawn *around one row*, each cell from
its column's law given the other cells of that row. Given the row, the cells of an end are
independent, and all above holds for the function around that row; so the mean over rows tells the
mean of ``V_k`` around a row. What differs from row to row is the same at both ends, and is taken
off.
"""

import numpy as np
from scipy.optimize import brentq, nnls

_TWO_SIGMA = 4.0  # rise of the squared error at two standard errors


def walk_rows(n_walks, n_steps, n_features, n_rows, rng):
    """Rows from which each feature is taken, along random walks.

    Returns
    -------
    ndarray of int, shape (n_walks, 2 * n_steps, n_features)
    """
    away = is_away(n_walks, n_steps, n_features, rng)
    start, end = rng.integers(n_rows, size=(2, n_walks, 1, n_features), dtype=np.int32)
    return np.where(away, end, start)


def is_away(n_walks, n_steps, n_features, rng):
    """Where each feature is as at the far end, along random walks.

    Returns
    -------
    ndarray of bool, shape (n_walks, 2 * n_steps, n_features)
    """
    block = _block_size(n_features, n_steps)
    order = rng.random((n_walks, block * n_steps), dtype=np.float32).argsort(1)[:, :n_features]
    moves_at = (order // block)[:, None, :]
    step = np.arange(2 * n_steps)[:, None]
    return (moves_at < step) & (step <= moves_at + n_steps)


def lagged_products(values):
    """Mean product of values `h` steps apart, for each walk.

    Parameters
    ----------
    values : ndarray of shape (n_walks, 2 * n_steps, n_outputs)
        Of a function, in the order of the walks.

    Returns
    -------
    ndarray of shape (n_walks, n_steps + 1)
        Entry `h` belongs to lag `h`; summed over the outputs.
    """
    length = values.shape[1]
    power = (np.abs(np.fft.rfft(values, axis=1)) ** 2).sum(2)
    return np.fft.irfft(power, n=length, axis=1)[:, : length // 2 + 1] / length


def survival_by_lag(n_steps, n_features):
    """Probability that an effect survives between points `h` steps apart.

    Returns
    -------
    ndarray of shape (n_steps + 1, n_features)
        Row `h` for lag `h`, column `k - 1` for order `k`.
    """
    block = _block_size(n_features, n_steps)
    agreeing = block * np.arange(n_steps, -1, -1.0)[:, None]
    removed = np.arange(n_features)
    return np.cumprod((agreeing - removed).clip(min=0) / (block * n_steps - removed), axis=1)


def order_variances(residual, effects, known, groups):
    """Variances by order of ``f = g + r``, for a `g` whose own are known.

    ``V_k(f) = V_k(g) + 2 E[g_k r] + V_k(r)``: only what involves the residual is estimated, so
    the error shrinks with it.

    Parameters
    ----------
    residual : ndarray of shape (n_walks, 2 * n_steps, n_outputs)
        Values of `r` along the walks.
    effects : ndarray of shape (n_known, n_walks, 2 * n_steps, n_outputs)
        The effects of `g` of order 1, ..., n_known there; `g` has no higher ones.
    known : ndarray of shape (n_features,)
        ``V_k(g)``.
    groups : ndarray of shape (n_groups, n_features)
        Sums of orders to be returned: 1 where an order belongs to the group, else 0.

    Returns
    -------
    variances, standard_errors : ndarray of shape (n_groups,)
        A standard error is half the longer arm of the 95 % profile likelihood interval, which
        stays honest where a variance is held at zero.
    """
    n_walks, length, _ = residual.shape
    n_features = len(known)
    offset = np.abs(residual).max()
    # from any one value first: the mean of what is constant is rounded
    residual = residual - residual[:1, :1]
    residual = residual - residual.mean((0, 1))
    scale = np.sqrt((residual**2).sum(-1).mean())
    if scale <= 1e-14 * offset:  # rounding
        return groups @ known, np.zeros(len(groups))
    residual = residual / scale
    # a product of values less their estimated mean is too small by the variance of that mean
    products = lagged_products(residual) + residual.mean(1).var(0).sum() / n_walks
    crossed = (effects * residual).sum(-1).mean(-1).T[:, :n_features]
    survival = survival_by_lag(length // 2, n_features)

    of_products, joint, of_crossed = _covariances_of_means(products, crossed)
    whiten = np.linalg.inv(np.linalg.cholesky(of_products))
    fit = _NonNegativeFit(whiten @ survival, whiten @ products.mean(0))
    # given the variances v of r / scale, E[g_k r / scale] is intercept + slope @ survival @ v
    slope = np.linalg.solve(of_products, joint).T
    intercept = crossed.mean(0) - slope @ products.mean(0)
    spread = of_crossed - slope @ joint

    estimates = []
    for group in groups:
        if not group.any():
            estimates.append((0.0, 0.0))
            continue
        twice = 2 * scale * group[: crossed.shape[1]]
        estimates.append(
            fit.linear_function(
                offset=group @ known + twice @ intercept,
                weights=scale**2 * group + twice @ slope @ survival,
                sd=np.sqrt(max(0.0, twice @ spread @ twice)),
            )
        )
    variances, standard_errors = np.transpose(estimates)
    return variances.clip(min=0), standard_errors


def variances_around_rows(values, groups):
    """Variances by order of a function, of walks that are each around a row of their own.

    Of the increments, ``E (f(z_i) - f(z_{i+h}))**2 / 2 = sum_k V_k (1 - survival)``, which what
    differs from row to row does not enter.

    Parameters
    ----------
    values : ndarray of shape (n_walks, 2 * n_steps, n_outputs)
        Along the walks.
    groups : ndarray of shape (n_groups, n_features)
        As of ``order_variances``.

    Returns
    -------
    variances, standard_errors : ndarray of shape (n_groups,)
    between : float
        Variance, from row to row, of the mean around the row.
    """
    n_walks, length, _ = values.shape
    offset = np.abs(values).max()
    values = values - values[:1, :1]
    values = values - values.mean((0, 1))
    between = max((values * np.roll(values, length // 2, axis=1)).sum(-1).mean(), 0.0)
    values = values - values.mean(1, keepdims=True)
    scale = np.sqrt((values**2).sum(-1).mean())
    if scale <= 1e-14 * offset:  # rounding
        return np.zeros(len(groups)), np.zeros(len(groups)), between
    products = lagged_products(values / scale)
    increments = products[:, :1] - products[:, 1:]
    lost = 1 - survival_by_lag(length // 2, groups.shape[1])[1:]
    covariance, *_ = _covariances_of_means(increments, np.empty((n_walks, 0)))
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    fit = _NonNegativeFit(whiten @ lost, whiten @ increments.mean(0))
    estimates = [
        fit.linear_function(0.0, scale**2 * group, 0.0) if group.any() else (0.0, 0.0)
        for group in groups
    ]
    variances, standard_errors = np.transpose(estimates)
    return variances.clip(min=0), standard_errors, between


class _NonNegativeFit:
    """The ``v >= 0`` nearest to ``equations @ v = target``, and what the equations leave open."""

    def __init__(self, equations, target):
        self.equations = equations
        self.target = target
        self.solution, distance = nnls(equations, target)
        self.squared_error = distance**2

    def linear_function(self, offset, weights, sd):
        """Estimate and standard error of ``offset + weights @ v + noise`` of deviation `sd`."""
        estimate = offset + weights @ self.solution
        size = np.abs(weights).max()
        sd = max(sd, 1e-6 * size / np.linalg.norm(self.equations, 2))
        equations = np.vstack([self.equations, weights / sd])

        def excess(deviations, side):
            target = np.append(self.target, (estimate - offset) / sd + side * deviations)
            return nnls(equations, target)[1] ** 2 - self.squared_error - _TWO_SIGMA

        arms = []
        for side in (-1, 1):
            far = 2.0
            while excess(far, side) < 0:
                far *= 2
            arms.append(brentq(excess, 0, far, args=(side,), rtol=1e-3))
        return estimate, sd * max(arms) / 2


def _covariances_of_means(products, crossed):
    """Covariances of the means over walks: of the products, between both, of the crossed."""
    n_walks, n_lags = products.shape
    covariance = np.cov(np.column_stack([products, crossed]).T) / n_walks
    of_products = covariance[:n_lags, :n_lags]
    ridge = 1e-6 * of_products.trace() / n_lags * np.eye(n_lags)
    return of_products + ridge, covariance[:n_lags, n_lags:], covariance[n_lags:, n_lags:]


def _block_size(n_features, n_steps):
    """Features moved in a step; the last of ``block * n_steps`` may be imaginary."""
    return -(-n_features // n_steps)
