"""Targets whose effects are known in closed form."""

import numpy as np
from sklearn.utils import check_random_state

from skdropout.datasets._interactions import with_noise

__all__ = ["make_four_quadrants", "make_pure_interaction"]


def make_pure_interaction(n_samples=1000, n_features=10, *, order=2, noise=0.0, random_state=None):
    """A target that is one interaction of a given order and nothing else.

    ``y = 3^(order / 2) x_1 x_2 ... x_order`` for independent features uniform on (-1, 1): all its
    variance, which is 1, belongs to the effect of these ``order`` features together.

    Parameters
    ----------
    n_samples, n_features : int
        Number of rows and of columns.
    order : int
        How many features interact, the first ones; 1 gives a main effect.
    noise : float
        Standard deviation of the Gaussian noise in ``y``, relative to that of ``y`` without noise.
    random_state : int, RandomState instance or None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If ``order`` is not between 1 and ``n_features``, or ``noise`` is negative.

    References
    ----------
    .. [1] Lengerich, Xing, Caruana, "Dropout as a Regularizer of Interaction Effects",
       AISTATS 2022, arXiv 2007.00823.

    Examples
    --------
    >>> from skdropout.datasets import make_pure_interaction
    >>> X, y = make_pure_interaction(100, 5, order=3, random_state=0)
    >>> X.shape, y.shape
    ((100, 5), (100,))
    """
    if not 1 <= order <= n_features:
        raise ValueError(
            f"order={order!r} must be between 1 and n_features={n_features}: it counts features."
        )
    random_state = check_random_state(random_state)
    X = random_state.uniform(-1.0, 1.0, size=(n_samples, n_features))
    y = 3 ** (order / 2) * X[:, :order].prod(axis=1)
    return X, with_noise(y, noise, random_state)


def make_four_quadrants(n_samples=1000, *, noise=0.0, random_state=None):
    """A product of two features whose factor changes from quadrant to quadrant.

    ``y = k x_1 x_2`` with ``k = 5, 3, -10, 12`` where the signs of the features are ``(+, +)``,
    ``(+, -)``, ``(-, +)``, ``(-, -)``; features uniform on (-2, 2). Smoothed with noise of standard
    deviation ``sigma`` it has, at the origin, the gradient ``sigma / sqrt(2 pi) * (-10, 3)`` and,
    for every ``sigma``, the Hessian ``[[12 / pi, 2.5], [2.5, 12 / pi]]``.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    noise : float
        Standard deviation of the Gaussian noise in ``y``, relative to that of ``y`` without noise.
    random_state : int, RandomState instance or None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If ``noise`` is negative.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858.

    Examples
    --------
    >>> from skdropout.datasets import make_four_quadrants
    >>> X, y = make_four_quadrants(100, random_state=0)
    >>> X.shape, y.shape
    ((100, 2), (100,))
    """
    random_state = check_random_state(random_state)
    X = random_state.uniform(-2.0, 2.0, size=(n_samples, 2))
    right, up = X[:, 0] > 0, X[:, 1] > 0
    factor = np.where(right, np.where(up, 5.0, 3.0), np.where(up, -10.0, 12.0))
    return X, with_noise(factor * X[:, 0] * X[:, 1], noise, random_state)
