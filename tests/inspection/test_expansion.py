"""The sparse expansion finds products and knows their spectrum."""

import numpy as np
import pytest

from skdropout.inspection._expansion import basis_values, fit_expansion, orthonormal_basis

N_ROWS, N_FEATURES = 300, 6


@pytest.fixture(scope="module")
def setting():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(N_ROWS, N_FEATURES))
    bases = [orthonormal_basis(column, False, 3) for column in X.T]
    rows = rng.integers(N_ROWS, size=(5000, N_FEATURES))
    owner = np.repeat(np.arange(-1, N_FEATURES), [1, *map(len, bases)])
    return basis_values(bases, rows), owner


def test_recovers_products_of_basis_functions(setting):
    phi, owner = setting
    single, pair, triple = phi[1], phi[2] * phi[6], phi[3] * phi[9] * phi[18]
    y = np.stack([7 + 2 * single - 3 * pair, 0.5 * triple + pair], axis=1)
    expansion = fit_expansion(phi, owner, y)
    np.testing.assert_allclose(expansion.variances(N_FEATURES), [4, 10, 0.25, 0, 0, 0], atol=1e-6)
    effects = expansion.effects(phi)
    assert effects.shape == (3, 5000, 2)
    np.testing.assert_allclose(effects[0, :, 0], 2 * single, atol=1e-6)
    np.testing.assert_allclose(effects[1], np.outer(pair, [-3, 1]), atol=1e-6)
    np.testing.assert_allclose(effects[2, :, 1], 0.5 * triple, atol=1e-6)


def test_factors_belong_to_different_features(setting):
    phi, owner = setting
    y = np.exp(phi[1] + phi[4] * phi[7])[:, None]
    factors = fit_expansion(phi, owner, y).factors
    assert len(factors) > 3
    owners = owner[factors]
    for earlier, later in ((0, 1), (1, 2)):
        different = owners[:, earlier] != owners[:, later]
        assert (different | (factors[:, earlier] == 0)).all()
    assert len(np.unique(factors, axis=0)) == len(factors)


@pytest.mark.parametrize("y", [np.full((5000, 1), 3.0), np.zeros((5000, 2))])
def test_nothing_to_expand(setting, y):
    expansion = fit_expansion(*setting, y)
    assert expansion.factors.shape == (0, 3)
    assert expansion.variances(N_FEATURES).tolist() == [0] * N_FEATURES
    assert (expansion.effects(setting[0]) == 0).all()


def test_noise_is_hardly_ever_taken_for_a_term(setting):
    noise = np.random.default_rng(1).normal(size=(5000, 1))
    expansion = fit_expansion(*setting, noise)
    # about 700 products; the threshold is passed by chance once in 2 * 700 * P(z > 4.1) = .06
    assert len(expansion.factors) <= 1


def test_without_any_function():
    expansion = fit_expansion(np.ones((1, 50)), np.array([-1]), np.arange(50.0)[:, None])
    assert len(expansion.factors) == 0
