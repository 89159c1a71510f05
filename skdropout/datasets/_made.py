"""Ten functions of ten features with known interactions: the benchmark of interaction detectors."""

from itertools import combinations
from typing import Literal

import numpy as np
from scipy.special import ndtr

from skdropout._device import as_random_state
from skdropout.functional._inner import as_count, as_number, check_choice


def _f1(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.pi ** (x1 * x2) * np.sqrt(2 * x3)
        - np.arcsin(x4)
        + np.log(x3 + x5)
        - x9 / x10 * np.sqrt(x7 / x8)
        - x2 * x7
    )


def _f2(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.pi ** (x1 * x2) * np.sqrt(2 * abs(x3))
        - np.arcsin(0.5 * x4)
        + np.log(abs(x3 + x5) + 1)
        - x9 / (1 + abs(x10)) * np.sqrt(abs(x7) / (1 + abs(x8)))
        - x2 * x7
    )


def _f3(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.exp(abs(x1 - x2))
        + abs(x2 * x3)
        - (x3**2) ** abs(x4)
        + np.log(x4**2 + x5**2 + x7**2 + x8**2)
        + x9
        + 1 / (1 + x10**2)
    )


def _f4(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return _f3(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10) + (x1 * x4) ** 2


def _f5(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return 1 / (1 + x1**2 + x2**2 + x3**2) + np.sqrt(np.exp(x4 + x5)) + abs(x6 + x7) + x8 * x9 * x10


def _f6(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.exp(abs(x1 * x2) + 1)
        - np.exp(abs(x3 + x4) + 1)
        + np.cos(x5 + x6 - x8)
        + np.sqrt(x8**2 + x9**2 + x10**2)
    )


def _f7(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        (np.arctan(x1) + np.arctan(x2)) ** 2
        + np.maximum(x3 * x4 + x6, 0)
        - 1 / (1 + (x4 * x5 * x6 * x7 * x8) ** 2)
        + (abs(x7) / (1 + abs(x9))) ** 5
        + (x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10)
    )


def _f8(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        x1 * x2
        + 2 ** (x3 + x5 + x6)
        + 2 ** (x3 + x4 + x5 + x7)
        + np.sin(x7 * np.sin(x8 + x9))
        + np.arccos(0.9 * x10)
    )


def _f9(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.tanh(x1 * x2 + x3 * x4) * np.sqrt(abs(x5))
        + np.exp(x5 + x6)
        + np.log((x6 * x7 * x8) ** 2 + 1)
        + x9 * x10
        + 1 / (1 + abs(x10))
    )


def _f10(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.sinh(x1 + x2) + np.arccos(np.tanh(x3 + x5 + x7)) + np.cos(x4 + x5) + 1 / np.cos(x7 * x9)
    )


FUNCTIONS = {
    f"F{i}": f for i, f in enumerate((_f1, _f2, _f3, _f4, _f5, _f6, _f7, _f8, _f9, _f10), start=1)
}


# Features that interact, counted from 1 as in the formulas.
INTERACTIONS = {
    "F1": [(1, 2, 3), (3, 5), (7, 8, 9, 10), (2, 7)],
    "F2": [(1, 2, 3), (3, 5), (7, 8, 9, 10), (2, 7)],
    "F3": [(1, 2), (2, 3), (3, 4), (4, 5, 7, 8)],
    "F4": [(1, 2), (2, 3), (3, 4), (4, 5, 7, 8), (1, 4)],
    "F5": [(1, 2, 3), (4, 5), (6, 7), (8, 9, 10)],
    "F6": [(1, 2), (3, 4), (5, 6, 8), (8, 9, 10)],
    "F7": [(1, 2), (3, 4, 6), (4, 5, 6, 7, 8), (7, 9)],
    "F8": [(1, 2), (3, 5, 6), (3, 4, 5, 7), (7, 8, 9)],
    "F9": [(1, 2, 3, 4, 5), (5, 6), (6, 7, 8), (9, 10)],
    "F10": [(1, 2), (3, 5, 7), (4, 5), (7, 9)],
}


_MOST_CELLS = 2**60

RandomState = int | np.random.RandomState | None


def make_interactions(
    name: Literal["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10"] = "F1",
    *,
    n_samples: int = 1000,
    noise: float = 0.0,
    correlation: float = 0.0,
    random_state: RandomState = None,
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """One of ten test functions whose interactions are known, F1 to F10.

    Features are uniform on (-1, 1); for F1 on (0, 1), and its 4th, 5th, 8th and 10th on (.6, 1).

    Parameters
    ----------
    name : {"F1", "F2", ..., "F10"}
        The function.
    n_samples : int
        Number of rows.
    noise : float
        Standard deviation of the Gaussian noise in ``y``, relative to that of ``y`` without noise.
    correlation : float
        How much features depend on each other, from 0, not at all, to below 1: every two of them
        are uniform functions of normal variables with this correlation. Their own correlation is
        ``6 / pi * arcsin(correlation / 2)``.
    random_state : int, RandomState instance or None
        Source of randomness; None takes fresh entropy.

    Returns
    -------
    X : ndarray of shape (n_samples, 10)
    y : ndarray of shape (n_samples,)
    pairs : list of tuple of int
        All pairs of columns (from 0, sorted) that interact, by themselves or with others.

    Raises
    ------
    ValueError
        If ``name`` is not one of the ten, ``noise`` is negative, or ``correlation`` is not between
        0 and 1.

    Notes
    -----
    Some true pairs carry almost no variance (in F7 those within features 4 to 8: 1e-5; in F6 those
    of 8, 9, 10: 1e-4), so no detector ranks all of them first.

    References
    ----------
    .. [1] Tsang, Cheng, Liu, "Detecting Statistical Interactions from Neural Network Weights",
       ICLR 2018, Table 1.
    .. [2] Hooker, "Discovering additive structure in black box functions", KDD 2004 (F1).

    Examples
    --------
    >>> from skdropout.datasets import make_interactions
    >>> X, y, pairs = make_interactions("F10", n_samples=100, random_state=0)
    >>> pairs
    [(0, 1), (2, 4), (2, 6), (3, 4), (4, 6), (6, 8)]
    """
    check_choice("name", name, list(FUNCTIONS))
    n_samples, noise = _checked(n_samples, noise, 10)
    correlation = as_number(
        "correlation", correlation, "at least 0 and below 1", lambda v: 0 <= v < 1
    )
    random_state = as_random_state(random_state)
    low = np.full(10, 0.0 if name == "F1" else -1.0)
    if name == "F1":
        low[[3, 4, 7, 9]] = 0.6
    X = _uniform(low, n_samples, correlation, random_state)
    y = _with_noise(FUNCTIONS[name](*X.T), noise, random_state)
    pairs = {
        (i - 1, j - 1) for together in INTERACTIONS[name] for i, j in combinations(together, 2)
    }
    return X, y, sorted(pairs)


def make_pure_interaction(
    n_samples: int = 1000,
    *,
    n_features: int = 10,
    order: int = 2,
    noise: float = 0.0,
    random_state: RandomState = None,
) -> tuple[np.ndarray, np.ndarray]:
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
        Source of randomness; None takes fresh entropy.

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
    >>> X, y = make_pure_interaction(100, n_features=5, order=3, random_state=0)
    >>> X.shape, y.shape
    ((100, 5), (100,))
    """
    n_features, order = as_count("n_features", n_features), as_count("order", order)
    n_samples, noise = _checked(n_samples, noise, n_features)
    if order > n_features:
        raise ValueError(
            f"order={order!r} must be between 1 and n_features={n_features}: it counts features."
        )
    random_state = as_random_state(random_state)
    X = random_state.uniform(-1.0, 1.0, size=(n_samples, n_features))
    y = 3 ** (order / 2) * X[:, :order].prod(axis=1)
    return X, _with_noise(y, noise, random_state)


def make_four_quadrants(
    n_samples: int = 1000, *, noise: float = 0.0, random_state: RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
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
        Source of randomness; None takes fresh entropy.

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
    n_samples, noise = _checked(n_samples, noise, 2)
    random_state = as_random_state(random_state)
    X = random_state.uniform(-2.0, 2.0, size=(n_samples, 2))
    right, up = X[:, 0] > 0, X[:, 1] > 0
    factor = np.where(right, np.where(up, 5.0, 3.0), np.where(up, -10.0, 12.0))
    return X, _with_noise(factor * X[:, 0] * X[:, 1], noise, random_state)


def _checked(n_samples, noise, n_columns):
    noise = as_number(
        "noise", noise, "0 or more: it is a standard deviation", lambda v: 0 <= v < np.inf
    )
    n_samples = as_count("n_samples", n_samples)
    if n_samples * n_columns > _MOST_CELLS:
        raise MemoryError(
            f"n_samples={n_samples} rows of {n_columns} columns are more than any machine holds."
        )
    return n_samples, noise


def _uniform(low, n_samples, correlation, random_state):
    """Draw features on (low, 1); those that depend on each other share a factor."""
    shape = (n_samples, len(low))
    if not correlation:
        return random_state.uniform(low, 1.0, size=shape)
    own = (1 - correlation) ** 0.5 * random_state.standard_normal(shape)
    shared = correlation**0.5 * random_state.standard_normal((n_samples, 1))
    return low + (1 - low) * ndtr(own + shared)


def _with_noise(y, noise, random_state):
    return y + noise * y.std() * random_state.standard_normal(len(y))
