"""More functions with known interactions: ten of many kinds, ten easy ones, one of normal columns.

And the triples of F1 to F10.
"""

from itertools import combinations

import numpy as np

__all__ = ["CARRYING", "TRIPLES", "make_function"]


def _g1(x):
    return x[1] * x[2] + np.sin(3 * x[3] * x[4] * x[5]) + x[6] + np.exp(x[7])


def _g2(x):
    corner = np.maximum(x[1], x[2]) + abs(x[2] - x[3]) + (x[4] > 0) * x[5]
    return corner + np.cos(2 * (x[6] + x[7])) + 3 * x[8] + x[9] ** 2


def _g3(x):
    root = np.sqrt(x[1] * x[2] * x[3] + 0.01)
    return root + 4 * x[4] + x[5] / (x[6] + 0.3) + np.log(x[7] + 0.1) + x[8] ** 3


def _g4(x):
    products = x[1] * x[2] + 0.5 * x[3] * x[4] + 0.25 * x[5] * x[6] + 0.12 * x[7] * x[8]
    return products + 2 * x[9] + x[10]


def _g5(x):
    bump = np.exp(-(x[5] ** 2 + x[6] ** 2 + x[7] ** 2) / 3)
    step = 1 / (1 + np.exp(-2 * x[2] - 2 * x[4]))
    return np.tanh(x[1] * x[3]) + step + bump + 0.5 * x[8] + np.sin(2 * x[9])


def _g6(x):
    turned = abs(x[3]) * np.sign(x[8]) * x[7]
    return (
        np.arctan(3 * x[1] * x[10]) + (x[2] + x[9]) ** 2 + turned + np.sin(4 * x[4]) + np.exp(x[5])
    )


def _g7(x):
    star = x[1] * (x[2] + x[3] + x[4] ** 2 + np.sin(3 * x[5]))
    return star + np.cos(3 * x[6]) + 2 * x[7] + 2 * x[8] ** 2


def _g8(x):
    soft = np.log(1 + np.exp(2 * (x[1] + x[2] - x[3] * x[4])))
    return soft + np.hypot(x[6], x[7]) + 3 * np.sin(2 * x[8]) + 2 * x[9]


def _g9(x):
    steps = (x[2] > x[5]) + 0.7 * (x[3] * x[6] > 0)
    return steps + np.minimum(x[7], x[9]) + x[1] + x[4] ** 2 - x[8]


def _g10(x):
    smooth = np.sin(np.pi * x[1]) * x[5] + x[2] ** 2 * x[6] + np.exp(x[3] * x[7])
    return smooth + abs(x[4] + x[8]) + 2 * x[9] + x[10]


# name: function of features counted from 1, what interacts, law of the features
_FUNCTIONS = {
    "G1": (_g1, [(1, 2), (3, 4, 5)], "symmetric"),
    "G2": (_g2, [(1, 2), (2, 3), (4, 5), (6, 7)], "symmetric"),
    "G3": (_g3, [(1, 2, 3), (5, 6)], "positive"),
    "G4": (_g4, [(1, 2), (3, 4), (5, 6), (7, 8)], "normal"),
    "G5": (_g5, [(1, 3), (2, 4), (5, 6, 7)], "normal"),
    "G6": (_g6, [(1, 10), (2, 9), (3, 7, 8)], "symmetric"),
    "G7": (_g7, [(1, 2), (1, 3), (1, 4), (1, 5)], "symmetric"),
    "G8": (_g8, [(1, 2, 3, 4), (6, 7)], "symmetric"),
    "G9": (_g9, [(2, 5), (3, 6), (7, 9)], "symmetric"),
    "G10": (_g10, [(1, 5), (2, 6), (3, 7), (4, 8)], "symmetric"),
}


def make_function(name, n_samples, noise, random_state):
    """Return ``X``, ``y`` and the true pairs, as ``make_interactions`` does.

    G1 to G10 are the functions above, E1 to E10 easy ones: main effects and three pairs, N1 is of
    twelve normal columns, every two of which have a correlation of .7.
    """
    rng = np.random.RandomState(random_state)
    make = {"G": _further, "E": _easy, "N": _of_normal_columns}[name[0]]
    X, y, interactions = make(name, n_samples, rng)
    y = y + noise * y.std() * rng.standard_normal(n_samples)
    pairs = {(i - 1, j - 1) for together in interactions for i, j in combinations(together, 2)}
    return X, y, sorted(pairs)


def _further(name, n_samples, rng):
    f, interactions, law = _FUNCTIONS[name]
    if law == "normal":
        X = rng.standard_normal((n_samples, 10))
    else:
        X = rng.uniform(0.0 if law == "positive" else -1.0, 1.0, (n_samples, 10))
    return X, f([None, *X.T]), interactions


def _easy(name, n_samples, rng):
    which = np.random.RandomState(int(name[1:]))
    shapes = (np.sin, np.exp, np.abs, np.square, np.tanh)
    X = rng.uniform(-1, 1, (n_samples, 10))
    pairs = [sorted(pair) for pair in which.permutation(10)[:6].reshape(3, 2).tolist()]
    y = np.zeros(n_samples)
    for term in (*X.T, *(X[:, i] * X[:, j] for i, j in pairs)):
        effect = shapes[which.randint(5)](2 * term)
        y += which.uniform(0.5, 1.5) * effect / effect.std()
    return X, y, [(i + 1, j + 1) for i, j in pairs]


def _of_normal_columns(name, n_samples, rng):
    common, own = rng.standard_normal((n_samples, 1)), rng.standard_normal((n_samples, 12))
    X = 0.7**0.5 * common + 0.3**0.5 * own
    x = X.T
    pairs = x[0] * x[1] + np.sin(2 * x[2]) * x[3] + np.maximum(x[4], x[5])
    return X, pairs + x[6] + x[7] ** 2 + np.exp(x[8] / 2), [(1, 2), (3, 4), (5, 6)]


# What interacts in F1 to F10 by three columns and more, counted from 1.
_LARGE = {
    "F1": [(1, 2, 3), (7, 8, 9, 10)],
    "F2": [(1, 2, 3), (7, 8, 9, 10)],
    "F3": [(4, 5, 7, 8)],
    "F4": [(4, 5, 7, 8)],
    "F5": [(1, 2, 3), (8, 9, 10)],
    "F6": [(5, 6, 8), (8, 9, 10)],
    "F7": [(3, 4, 6), (4, 5, 6, 7, 8)],
    "F8": [(3, 5, 6), (3, 4, 5, 7), (7, 8, 9)],
    "F9": [(1, 2, 3, 4, 5), (6, 7, 8)],
    "F10": [(3, 5, 7)],
}
TRIPLES = {
    name: sorted(
        {tuple(j - 1 for j in triple) for group in groups for triple in combinations(group, 3)}
    )
    for name, groups in _LARGE.items()
}

# Those that carry a thousandth of the variance and more by themselves, counted from 1 (a million
# rows of the functions; of F3, F4 and F6 none do, each triple of F3 and F4 .0007).
_CARRYING = {
    "F1": [(1, 2, 3)],
    "F2": [(1, 2, 3)],
    "F5": [(8, 9, 10)],
    "F7": [(3, 4, 6)],
    "F8": [(3, 4, 5), (3, 4, 7), (3, 5, 6), (3, 5, 7), (4, 5, 7), (7, 8, 9)],
    "F9": [(1, 2, 5), (3, 4, 5)],
    "F10": [(3, 5, 7)],
}
CARRYING = {
    name: {tuple(j - 1 for j in triple) for triple in _CARRYING.get(name, ())} for name in TRIPLES
}
