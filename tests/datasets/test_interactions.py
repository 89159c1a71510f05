from itertools import combinations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from skdropout.datasets import make_four_quadrants, make_interactions, make_pure_interaction
from skdropout.datasets._made import FUNCTIONS

N_PAIRS = dict(zip(FUNCTIONS, (11, 11, 9, 10, 8, 8, 14, 12, 15, 6), strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_pairs_are_those_whose_mixed_difference_is_not_zero(name):
    f = FUNCTIONS[name]
    X, y, pairs = make_interactions(name, n_samples=2000, random_state=0)
    other, _, _ = make_interactions(name, n_samples=2000, random_state=1)
    assert np.isfinite(y).all()
    found = []
    for i, j in combinations(range(10), 2):
        both, only_i, only_j = X.copy(), X.copy(), X.copy()
        both[:, [i, j]] = other[:, [i, j]]
        only_i[:, i] = other[:, i]
        only_j[:, j] = other[:, j]
        mixed = f(*X.T) - f(*only_i.T) - f(*only_j.T) + f(*both.T)
        if abs(mixed).max() > 1e-9:
            found.append((i, j))
    assert pairs == found
    assert len(pairs) == N_PAIRS[name]


def test_ranges_of_the_features():
    X, _, _ = make_interactions("F1", n_samples=5000, random_state=0)
    high = [3, 4, 7, 9]
    assert X[:, high].min() > 0.6
    assert X.min() > 0 > make_interactions("F2", n_samples=5000, random_state=0)[0].min()


@pytest.mark.parametrize(
    "make",
    [
        lambda **kwargs: make_interactions("F5", **kwargs)[:2],
        make_pure_interaction,
        make_four_quadrants,
    ],
)
def test_noise_is_relative_and_reproducible(make):
    X, y = make(n_samples=20_000, random_state=3)
    same_X, noisy = make(n_samples=20_000, noise=0.3, random_state=3)
    np.testing.assert_array_equal(X, same_X)
    # A standard deviation from n draws is known to 1 / sqrt(2 n) = .5 %; four of these allowed.
    assert (noisy - y).std() == pytest.approx(0.3 * y.std(), rel=0.02)
    np.testing.assert_array_equal(noisy, make(n_samples=20_000, noise=0.3, random_state=3)[1])


@pytest.mark.parametrize("order", [1, 2, 4])
def test_pure_interaction_has_no_lower_effect(order):
    n = 100_000
    X, y = make_pure_interaction(n, n_features=5, order=order, random_state=0)
    assert y.var() == pytest.approx(1, abs=4 * 9 ** (order / 2) / n**0.5)
    # Each mean of y times lower-order products has variance below 1 / n times its second moment.
    for size in range(order):
        for columns in combinations(range(5), size):
            product = X[:, columns].prod(axis=1)
            assert abs((y * product).mean()) < 4 / n**0.5


def test_quadrants():
    X, y = make_four_quadrants(1000, random_state=0)
    for signs, k in {(1, 1): 5, (1, -1): 3, (-1, 1): -10, (-1, -1): 12}.items():
        rows = (np.sign(X) == signs).all(axis=1)
        assert rows.sum() > 100
        np.testing.assert_allclose(y[rows], k * X[rows].prod(axis=1))


@pytest.mark.parametrize("name", ["F1", "F2"])
def test_correlated_features_keep_their_law(name):
    n, rho = 20_000, 0.6
    X, y, pairs = make_interactions(name, n_samples=n, correlation=rho, random_state=0)
    independent, _, same_pairs = make_interactions(name, n_samples=n, random_state=1)
    assert np.isfinite(y).all()
    assert pairs == same_pairs
    # Kolmogorov and Smirnov's distance of two samples of one law exceeds 1.95 sqrt(2 / n) with a
    # probability of .001; of ten columns none does.
    for j in range(10):
        assert ks_2samp(X[:, j], independent[:, j]).statistic < 1.95 * (2 / n) ** 0.5
    # Pearson's coefficient of uniform functions of normal variables. Its standard error is below
    # 1 / sqrt(n), five of which the largest of 45 hardly exceeds.
    found = np.corrcoef(X.T)[np.triu_indices(10, 1)]
    np.testing.assert_allclose(found, 6 / np.pi * np.arcsin(rho / 2), atol=5 / n**0.5)


def test_bad_input():
    with pytest.raises(ValueError, match="name='F11'"):
        make_interactions("F11")
    with pytest.raises(ValueError, match=r"noise=-0\.1"):
        make_interactions("F2", noise=-0.1)
    with pytest.raises(ValueError, match=r"correlation=1\.0"):
        make_interactions("F2", correlation=1.0)
    with pytest.raises(ValueError, match="order=6 must be between 1 and n_features=5"):
        make_pure_interaction(10, n_features=5, order=6)
